"""Data in memory: tables, pools, truth, test splits."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import card, cards

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.intp]
FloatArray = NDArray[np.float64]
TextArray = NDArray[np.str_]


@dataclass(frozen=True)
class Table:
    """The rows of a dataset.

    Parameters
    ----------
    ids : (n,) array of str
        Unique.
    features : (n, d) array of float
        What a model is trained on.
    columns : mapping of str to (n,) array
        Labels and metadata.
    digest : str
        sha256 of all that, where it is known already.

    Examples
    --------
    >>> table = Table(np.array(["a", "b"]), np.eye(2), {"label": np.array(["no", "yes"])})
    >>> len(table), table.take(np.array([1])).ids.tolist()
    (2, ['b'])
    """

    ids: TextArray
    features: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    digest: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[Any]) -> Table:
        """Return some of the rows.

        Parameters
        ----------
        rows : array of int or bool
            Row numbers, or a mask. The rows of a mask without gaps are not copied.
        """
        if rows.dtype == bool and rows.any():
            first, last = int(rows.argmax()), len(rows) - int(rows[::-1].argmax())
            if rows[first:last].all():
                return self._part(slice(first, last))
        return self._part(rows)

    def _part(self, rows: Any) -> Table:
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Table(self.ids[rows], self.features[rows], columns)


@dataclass(frozen=True)
class Pool:
    """The rows that may be selected, as a participant sees them.

    Parameters
    ----------
    ids : (n,) array of str
        Unique.
    features : (n, d) array of float
        What a model is trained on.
    labels : (n,) array of int
        Given class ids, correct or wrong; -1 for rows without a label.
    classes : tuple of str
        Class names; ``classes[labels[i]]`` is the given class of row i.
    columns : mapping of str to (n,) array
        Visible metadata.
    facts : mapping
        What else the dataset shows participants, such as prices.

    Examples
    --------
    >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
    >>> pool.classes[pool.labels[pool.row_of["b"]]]
    'yes'
    """

    ids: TextArray
    features: FloatArray
    labels: IntArray
    classes: tuple[str, ...]
    columns: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: IntArray) -> Pool:
        """Return the rows with the given row numbers."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        ids, features, labels = self.ids[rows], self.features[rows], self.labels[rows]
        return Pool(ids, features, labels, self.classes, columns, self.facts)

    @functools.cached_property
    def row_of(self) -> dict[str, int]:
        """Row number of every id."""
        return {name: row for row, name in enumerate(self.ids.tolist())}

    @functools.cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a table: ``id``, ``label`` (a class name, None without one), visible columns."""
        import pandas as pd

        names = np.array([*self.classes, None], dtype=object)
        given = {"id": self.ids, "label": names[self.labels]}
        others = {name: each for name, each in self.columns.items() if name not in given}
        return pd.DataFrame({**given, **others})

    def __repr__(self) -> str:
        """Return a few lines: how many rows, which classes, which columns."""
        return card.text(cards.of_pool(self))

    def _repr_html_(self) -> str:
        return card.html(cards.of_pool(self))


@dataclass(frozen=True)
class Truth:
    """What is known to be true of the rows of a pool.

    Parameters
    ----------
    labels : (n,) array of int
        True class ids.
    defects : (n,) array of str
        Name of each row's defect; "" for none.

    Examples
    --------
    >>> Truth(np.array([0, 1]), np.array(["", "swapped"])).defects.tolist()
    ['', 'swapped']
    """

    labels: IntArray
    defects: TextArray


@dataclass(frozen=True)
class TestSplit:
    """Rows that a trained model is tested on.

    Parameters
    ----------
    ids : (n,) array of str
        Unique, and not in the pool.
    features : (n, d) array of float
        As those of the pool.
    labels : (n,) array of int
        True class ids.
    groups : (n,) array of str or None
        Which rows belong together; None if all are independent.

    Examples
    --------
    >>> test = TestSplit(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), None)
    >>> test.take(np.array([1])).labels.tolist()
    [1]
    """

    ids: TextArray
    features: FloatArray
    labels: IntArray
    groups: TextArray | None

    def take(self, rows: IntArray) -> TestSplit:
        """Return the rows with the given row numbers."""
        groups = None if self.groups is None else self.groups[rows]
        return TestSplit(self.ids[rows], self.features[rows], self.labels[rows], groups)


@dataclass(frozen=True)
class TaskData:
    """The data of a task.

    Parameters
    ----------
    pool : Pool
        What a participant sees.
    truth : Truth or None
        What is known to be true of the pool.
    tests : mapping
        Rows that are tested on, by split.
    digest : str
        sha256 of all that.
    prompts : (classes, d) array of float or None
        Text features of the classes, for models that get their classes in words.

    Examples
    --------
    >>> pool = Pool(np.array(["a"]), np.eye(1), np.array([0]), ("no", "yes"), {})
    >>> TaskData(pool, None, {}, digest="").truth is None
    True
    """

    pool: Pool
    truth: Truth | None
    tests: Mapping[str, TestSplit]
    digest: str
    prompts: FloatArray | None = None


def replace(record: Any, **changes: Any) -> Any:
    """Return a copy of a dataclass record with some fields changed.

    Parameters
    ----------
    record
        A dataclass instance.
    **changes
        New values, by field.
    """
    return dataclasses.replace(record, **changes)
