"""What all detectors share, computed when first asked for: neighbours, folds, chances."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dataperf.evidence import models
from dataperf.evidence.models import Fitted, Probabilities, Progress
from dataperf.records import IntArray
from dataperf.records.findings import Neighbours
from dataperf.records.rows import Rows

#: Neighbours of each row; fewer cost accuracy of their votes, more cost time.
NEIGHBOURS = 15
#: Forests are grown for tables up to this many features and classes.
WIDEST, MOST_CLASSES = 200, 50


@dataclass(frozen=True)
class Collected:
    """Evidence of an audit; see `dataperf.records.findings.Evidence`.

    Parameters
    ----------
    rows
        The data.
    seed
        Of everything drawn.
    tell
        Called with what is being done, how much of it is done, and of how much (or None).
    seconds
        Wall clock of every shared part, filled in as they are computed.
    parts
        How some of the rows were judged by them alone, filled in as manifests are written.
    """

    rows: Rows
    seed: int = 0
    tell: Progress = lambda words, done, total: None
    seconds: dict[str, float] = field(default_factory=dict)
    parts: dict[bytes, Any] = field(default_factory=dict)

    def progress(self, words: str, done: int, total: int | None) -> None:
        """Say what is being done."""
        self.tell(words, done, total)

    @functools.cached_property
    def labelled(self) -> IntArray:
        """The rows that have a label."""
        found: IntArray = np.flatnonzero(self.rows.labels >= 0)
        return found

    @functools.cached_property
    def can_group(self) -> bool:
        """Whether a fold can be made of whole groups with labelled rows left outside it."""
        groups = self.rows.groups
        return groups is not None and len(np.unique(groups[self.labelled])) > 1

    @functools.cached_property
    def fold(self) -> IntArray:
        """The fold of every row."""
        groups = self.rows.groups if self.can_group else None
        count = models.FOLDS if groups is None else min(models.FOLDS, len(np.unique(groups)))
        return models.folds(self.rows.labels, groups, seed=self.seed, count=max(2, count))

    @functools.cached_property
    def neighbours(self) -> Neighbours:
        """The nearest other rows of every row."""
        from dataperf.evidence import neighbours

        def tell(share: float) -> None:
            self.progress("neighbours", round(100 * share), 100)

        with self._timed("neighbours"):
            return neighbours.nearest(
                self.rows.features, k=NEIGHBOURS, seed=self.seed, progress=tell
            )

    @functools.cached_property
    def fitted(self) -> Fitted:
        """Every model, out of fold."""
        near = self.neighbours
        with self._timed("models"):
            return self._fit(self.rows.labels, near, None)

    @property
    def by_model(self) -> Mapping[str, Probabilities]:
        """Chances of every model."""
        return self.fitted.chances

    def regression_for(self, row: int) -> models.Softmax:
        """Return the regression that did not see a row's label."""
        return self.fitted.regression(int(self.fold[row]))

    @functools.cached_property
    def probabilities(self) -> Probabilities:
        """Chances of the consensus."""
        return self.fitted.consensus()

    def relabelled(self, labels: IntArray) -> Probabilities:
        """Return the consensus if the labels were others, all else being the same."""
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
            trees=table and narrow and set(rows.kinds.values()) != {"text"},
            seed=self.seed,
            start=start,
            progress=self.tell,
        )

    def _timed(self, name: str) -> _Timer:
        return _Timer(name, self.seconds)


@dataclass
class _Timer:
    """Adds what a block took to a table of seconds."""

    name: str
    seconds: dict[str, float]
    clock: Callable[[], float] = time.perf_counter
    started: float = 0.0

    def __enter__(self) -> None:
        self.started = self.clock()

    def __exit__(self, *failure: object) -> None:
        took = self.clock() - self.started
        self.seconds[self.name] = round(self.seconds.get(self.name, 0.0) + took, 3)
