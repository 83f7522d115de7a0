"""Evidence that detectors share, computed on first use: neighbours, folds, probabilities."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dataperf.basics.progress import Progress, report
from dataperf.evidence import copies, models
from dataperf.evidence.models import Fitted
from dataperf.evidence.regression import Probabilities, Softmax
from dataperf.records import IntArray
from dataperf.records.findings import Neighbours
from dataperf.records.rows import Rows

#: Number of neighbours of each row: with fewer, votes are less accurate; more cost time.
NEIGHBOURS = 15
#: Maximum number of features and of classes for which forests are trained.
WIDEST, MOST_CLASSES = 200, 50


@dataclass(frozen=True)
class Collected:
    """Evidence of an audit; see `dataperf.records.findings.Evidence`.

    Parameters
    ----------
    rows
        The data.
    seed
        Random seed.
    on_progress
        Called with the name of the step, the amount done, and the total amount (or None).
    seconds
        Wall-clock seconds of each shared part; filled while they are computed.
    parts
        Cache for judgements of subsets of the rows; filled while submissions are written.
    """

    rows: Rows
    seed: int = 0
    on_progress: Progress = report
    seconds: dict[str, float] = field(default_factory=dict)
    parts: dict[bytes, Any] = field(default_factory=dict)

    def progress(self, words: str, done: int, total: int | None) -> None:
        """Report progress: the name of the step, the amount done, the total amount or None."""
        self.on_progress(words, done, total)

    @functools.cached_property
    def labelled(self) -> IntArray:
        """Row numbers of the rows with a label."""
        found: IntArray = np.flatnonzero(self.rows.labels >= 0)
        return found

    @functools.cached_property
    def can_group(self) -> bool:
        """Whether folds of whole groups leave labelled rows outside each fold."""
        groups = self.rows.groups
        return groups is not None and len(np.unique(groups[self.labelled])) > 1

    @functools.cached_property
    def copies(self) -> IntArray | None:
        """First equal row of each row; see `dataperf.evidence.copies.copied`."""
        return copies.copied(self.rows, self.seed)

    @functools.cached_property
    def fold(self) -> IntArray:
        """Fold of each row; copies of a row are in one fold."""
        groups = self.rows.groups if self.can_group else None
        count = models.FOLDS if groups is None else min(models.FOLDS, len(np.unique(groups)))
        found = models.folds(self.rows.labels, groups, seed=self.seed, count=max(2, count))
        return found if groups is not None or self.copies is None else found[self.copies]

    @functools.cached_property
    def neighbours(self) -> Neighbours:
        """Nearest other rows of each row."""
        from dataperf.evidence import neighbours

        def report(share: float) -> None:
            self.progress("neighbours", round(100 * share), 100)

        with self._timed("neighbours"):
            return neighbours.nearest(
                self.rows.features, k=NEIGHBOURS, seed=self.seed, progress=report
            )

    @functools.cached_property
    def fitted(self) -> Fitted:
        """All models, out of fold."""
        near = self.neighbours
        with self._timed("models"):
            return self._fit(self.rows.labels, near, None)

    @property
    def by_model(self) -> Mapping[str, Probabilities]:
        """Out-of-fold probabilities of each model, (n, k), by name."""
        return self.fitted.probabilities

    def regression_for(self, row: int) -> Softmax:
        """Return the regression that was not trained on a row."""
        return self.fitted.regression(int(self.fold[row]))

    @functools.cached_property
    def probabilities(self) -> Probabilities:
        """Out-of-fold probabilities of the consensus, (n, k)."""
        return self.fitted.consensus()

    def relabelled(self, labels: IntArray) -> Probabilities:
        """Return the consensus probabilities, (n, k), if the labels were these."""
        return self._fit(labels, self.neighbours, self.fitted).consensus()

    def _fit(self, labels: IntArray, near: Neighbours, start: Fitted | None) -> Fitted:
        rows = self.rows
        table = rows.media is None and len(rows.kinds) > 0
        narrow = rows.features.shape[1] <= WIDEST and len(rows.classes) <= MOST_CLASSES
        return models.out_of_fold(
            rows.features,
            labels,
            near,
            classes=len(rows.classes),
            fold=self.fold,
            copies=self.copies,
            trees=table and narrow and set(rows.kinds.values()) != {"text"},
            seed=self.seed,
            start=start,
            progress=self.on_progress,
        )

    def _timed(self, name: str) -> _Timer:
        return _Timer(name, self.seconds)


@dataclass
class _Timer:
    """Context manager: adds the seconds that a block takes to a table."""

    name: str
    seconds: dict[str, float]
    clock: Callable[[], float] = time.perf_counter
    started: float = 0.0

    def __enter__(self) -> None:
        self.started = self.clock()

    def __exit__(self, *failure: object) -> None:
        took = self.clock() - self.started
        self.seconds[self.name] = round(self.seconds.get(self.name, 0.0) + took, 3)
