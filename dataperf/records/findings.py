"""Findings of an audit, the evidence that detectors share, and the contract of a detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dataperf.records.data import IntArray
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["none", "low", "medium", "high"]
SEVERITIES: tuple[Severity, ...] = ("none", "low", "medium", "high")


@dataclass(frozen=True)
class Neighbours:
    """The nearest other rows of every row, nearest first.

    Parameters
    ----------
    rows : (n, k) array of int32
        Row numbers; -1 where there are fewer than k other rows.
    distances : (n, k) array of float32
        Euclidean distances; inf where there is no neighbour.
    exact : bool
        Whether all pairs of rows were compared.
    recall : float
        Share of the true neighbours that were found, 0 to 1, estimated on a sample.
    """

    rows: NDArray[np.int32]
    distances: NDArray[np.float32]
    exact: bool
    recall: float = 1.0


@dataclass(frozen=True)
class Finding:
    """One kind of problem, found by one detector.

    Parameters
    ----------
    kind : str
        Name of the detector.
    title : str
        A few words.
    sentence : str
        What was found and what it means.
    severity : str
        ``none``, ``low``, ``medium`` or ``high``.
    table : DataFrame
        One finding per row, worst first. A table about rows of the data has the columns ``row``
        (number), ``id`` and ``score`` (higher is worse), then further columns (``given``,
        ``suggested``, ``set``, ...).
    numbers : mapping
        Further measurements, by name.
    tables : mapping of str to DataFrame
        Further tables, by name.
    """

    kind: str
    title: str
    sentence: str
    severity: Severity
    table: pd.DataFrame
    numbers: Mapping[str, float | int | str | None] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


class Evidence(Protocol):
    """Evidence that all detectors share; each part is computed once, when it is first used.

    Attributes
    ----------
    rows : Rows
        The data.
    seed : int
        Random seed.
    labelled : (m,) array of int
        Row numbers of the rows that have a label.
    probabilities : (n, k) array of float32
        Consensus of the models, out of fold: the probabilities of a row come from models that did
        not see its label. Rows without a label get the mean over the models of all folds.
    by_model : mapping of str to (n, k) array of float32
        The same for each model.
    neighbours : Neighbours
        At least ten, over all rows, by Euclidean distance between features.
    relabelled : callable
        Takes (n,) labels; returns the probabilities if these were the given labels.
    progress : callable
        Takes a description, the amount done and the total (or None).
    """

    rows: Rows
    seed: int

    @property
    def labelled(self) -> IntArray: ...

    @property
    def probabilities(self) -> NDArray[np.float32]: ...

    @property
    def by_model(self) -> Mapping[str, NDArray[np.float32]]: ...

    @property
    def neighbours(self) -> Neighbours: ...

    def relabelled(self, labels: IntArray) -> NDArray[np.float32]: ...

    def progress(self, words: str, done: int, total: int | None) -> None: ...


class Detector(Protocol):
    """``detectors/NAME.py``: one kind of problem for an audit to look for.

    Attributes
    ----------
    title : str
        A few words, for reports.

    Examples
    --------
    >>> from dataperf.detectors import duplicates
    >>> duplicates.title
    'Duplicates'
    """

    title: str

    def find(self, evidence: Any) -> Finding | str:
        """Look for the problem.

        Parameters
        ----------
        evidence : Evidence
            The rows, and what detectors share: models out of fold, neighbours.

        Returns
        -------
        Finding or str
            What was found; or a sentence why there is nothing to look at.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> from dataperf.detectors import fairness
        >>> fairness.find(SimpleNamespace(rows=SimpleNamespace(sensitive={})))
        'no sensitive columns were named'
        """
