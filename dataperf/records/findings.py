"""What an audit finds: findings, the evidence that detectors share, and what a detector offers."""

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
        -1 where fewer than k others exist.
    distances : (n, k) array of float32
        Euclidean, inf where there is none.
    exact
        Whether every pair was compared.
    recall
        The share of the true neighbours that was found, as a sample tells.
    """

    rows: NDArray[np.int32]
    distances: NDArray[np.float32]
    exact: bool
    recall: float = 1.0


@dataclass(frozen=True)
class Finding:
    """One kind of problem.

    Parameters
    ----------
    kind
        The detector's name.
    title
        A few words.
    sentence
        What was found and what it means, for a reader in a hurry.
    severity
        How much it matters.
    table : DataFrame
        Tidy, worst first. Where it is about rows: ``row`` (number), ``id``, ``score`` (higher is
        worse), then what else there is to say (``given``, ``suggested``, ``set``, ...).
    numbers
        What was measured beside it.
    tables
        More tables, by name.
    """

    kind: str
    title: str
    sentence: str
    severity: Severity
    table: pd.DataFrame
    numbers: Mapping[str, float | int | str | None] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


class Evidence(Protocol):
    """What all detectors share; each part is computed when first asked for, once.

    Attributes
    ----------
    rows
        The data.
    seed
        Of everything drawn.
    labelled : (m,) array of int
        Row numbers of the rows that have a label.
    probabilities : (n, k) array of float32
        Consensus of the models, out of fold: no row's chances come from a model that saw its
        label. Rows without a label get the mean over the folds' models.
    by_model
        The same of every model.
    neighbours
        At least ten, over all rows, by Euclidean distance between features.
    relabelled
        A function of (n,) labels: the probabilities if those had been given.
    progress
        A function that is told what is being done, how much of it is done, and of how much.
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
