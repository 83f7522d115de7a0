"""Data in memory: tables, pools, what is known of them, tests."""

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
    """Rows of a dataset.

    Parameters
    ----------
    ids : (n,) array of str
        Unique.
    features : (n, d) array of float
    columns : mapping of str to (n,) array
        Labels and metadata.
    digest : str
        sha256 of all that, where it is known already.
    """

    ids: TextArray
    features: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    digest: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[Any]) -> Table:
        """Return the rows that an index or mask array picks; neighbours are not copied."""
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
    """What a participant sees: the rows that may be chosen.

    Parameters
    ----------
    ids : (n,) array of str
    features : (n, d) array of float
    labels : (n,) array of int
        Class ids as given, right or wrong; -1 for rows without a label.
    classes : tuple of str
        Class names; ``classes[labels[i]]`` names the given class of row i.
    columns : mapping of str to (n,) array
        Visible metadata.
    facts : mapping
        What else the dataset tells participants, such as prices.
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
        """Return some of the rows."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        ids, features, labels = self.ids[rows], self.features[rows], self.labels[rows]
        return Pool(ids, features, labels, self.classes, columns, self.facts)

    @functools.cached_property
    def row_of(self) -> dict[str, int]:
        """The row number of every id."""
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
    """What is known to be right: class ids and, by row, the name of its defect or ""."""

    labels: IntArray
    defects: TextArray


@dataclass(frozen=True)
class TestSplit:
    """Rows that a trained model is tested on; ``groups`` are rows that belong together."""

    ids: TextArray
    features: FloatArray
    labels: IntArray
    groups: TextArray | None

    def take(self, rows: IntArray) -> TestSplit:
        """Return some of the rows."""
        groups = None if self.groups is None else self.groups[rows]
        return TestSplit(self.ids[rows], self.features[rows], self.labels[rows], groups)


@dataclass(frozen=True)
class TaskData:
    """A task with its data loaded.

    ``prompts`` holds text features of every class, shape (classes, d), for models that are
    told their classes in words.
    """

    pool: Pool
    truth: Truth | None
    tests: Mapping[str, TestSplit]
    digest: str
    prompts: FloatArray | None = None


def replace(record: Any, **changes: Any) -> Any:
    """Return a copy of a dataclass record with some fields changed."""
    return dataclasses.replace(record, **changes)
