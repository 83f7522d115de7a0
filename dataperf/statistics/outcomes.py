"""Predictions for test items, and the metrics of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.contracts import Metric
from dataperf.records import FloatArray, IntArray
from dataperf.statistics import margins
from dataperf.statistics.class_ids import check_ids
from dataperf.statistics.confusion_matrices import confusion
from dataperf.statistics.margins import Margins


@dataclass(frozen=True)
class Outcome:
    """What was predicted for one set of test items.

    Parameters
    ----------
    truth : (rows,) array of int
        Class ids in ``range(classes)``.
    predicted : (seeds, rows) array of int
        Class ids in ``range(classes)``, one line for each seed.
    classes : int
        Number of classes.
    clusters : (rows,) array or None
        Cluster of each item; items of one cluster are not independent. None if all are independent.
    weights : (seeds,) array or None
        Weight of each line in the score; None if all are equal.
    lines_are_sampled : bool
        Whether the lines are a random sample, such as rows that a seller hands over. An interval
        then covers the chance of the lines too.
    seeds_are_draws : bool
        Whether a line is one draw of every uncertain row, such as a rating that may be wrong. An
        interval then covers the chance of the draw of each row.
    items : str
        Name of the set of test items, where each answer is tested on its own items.

    Raises
    ------
    ValueError
        If shapes disagree, there is no seed, or a class id is out of range.

    Examples
    --------
    >>> outcome = Outcome(np.array([0, 1, 1]), np.array([[0, 1, 0], [0, 1, 1]]), 2)
    >>> outcome.rows, outcome.seeds
    (3, 2)
    """

    truth: IntArray
    predicted: IntArray
    classes: int
    clusters: NDArray[Any] | None = None
    weights: FloatArray | None = None
    lines_are_sampled: bool = False
    seeds_are_draws: bool = False
    items: str = ""

    def __post_init__(self) -> None:
        truth, predicted = np.asarray(self.truth), np.asarray(self.predicted)
        if truth.ndim != 1 or predicted.ndim != 2 or predicted.shape[1] != len(truth):
            shapes = f"{truth.shape} and {predicted.shape}"
            raise ValueError(f"truth and predictions have shapes {shapes}, not (n,) and (seeds, n)")
        if not len(predicted):
            raise ValueError("predictions of no seed at all")
        if self.clusters is not None and np.shape(self.clusters) != truth.shape:
            raise ValueError(f"{np.shape(self.clusters)} clusters for {len(truth)} rows")
        if self.weights is not None and np.shape(self.weights) != (len(predicted),):
            raise ValueError(f"{np.shape(self.weights)} weights for {len(predicted)} lines")
        check_ids(truth, self.classes, "truth")
        check_ids(predicted, self.classes, "predictions")

    def mean(self, values: FloatArray) -> FloatArray:
        """Return the mean of one value for each line, weighted by the shares of the lines.

        Parameters
        ----------
        values : (..., seeds) array of float
            One value for each line.

        Returns
        -------
        (...) array of float64
            Means over the last axis.

        Examples
        --------
        >>> two = np.array([[0], [1]])
        >>> Outcome(np.array([0]), two, 2, weights=np.array([3.0, 1.0])).mean(np.array([1.0, 0.0]))
        array(0.75)
        """
        if self.weights is None:
            return np.asarray(values.mean(axis=-1))
        # A sum in a fixed order: a product by BLAS has other last digits on another processor.
        return np.asarray((values * self.weights).sum(axis=-1) / self.weights.sum())

    @property
    def rows(self) -> int:
        """Number of test items."""
        return len(self.truth)

    @property
    def seeds(self) -> int:
        """Number of trained models."""
        return len(self.predicted)

    @functools.cached_property
    def counts(self) -> IntArray:
        """The confusion matrix of every line, shape (seeds, classes, classes)."""
        return np.stack([confusion(self.truth, row, self.classes) for row in self.predicted])

    @functools.cached_property
    def items_key(self) -> tuple[object, ...]:
        """A key that is equal for outcomes of the same test items in the same order."""
        names = None if self.clusters is None else tuple(np.asarray(self.clusters).tolist())
        truth = np.asarray(self.truth, dtype=np.int64).tobytes()
        return self.classes, self.items, truth, names

    @functools.cached_property
    def margins(self) -> Margins:
        """The diagonal and the sums of the confusion matrix of every line."""
        rows = np.arange(self.rows)
        return Margins(*margins.counter(self.truth, self.predicted, self.classes)(rows))

    @property
    def cluster_count(self) -> int | None:
        """Number of distinct clusters, None if items do not cluster."""
        return None if self.clusters is None else len(np.unique(self.clusters))


def per_seed(metric: Metric, outcome: Outcome) -> FloatArray:
    """Return the metric of every seed's predictions.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.

    Returns
    -------
    (seeds,) array of float64
        nan where the metric is not defined.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> per_seed(accuracy, Outcome(np.array([0, 1]), np.array([[0, 0], [0, 1]]), 2))
    array([0.5, 1. ])
    """
    if outcome.classes > margins.MANY_CLASSES and margins.suffice(metric):
        lines = [outcome.margins.line(place) for place in range(outcome.seeds)]
        from_counts: Any = getattr(metric, "from_counts")  # noqa: B009
        return np.array([from_counts(line) for line in lines], dtype=np.float64)
    if hasattr(metric, "from_counts"):  # one count of the rows serves all metrics
        return np.array([metric.from_counts(each) for each in outcome.counts], dtype=np.float64)
    scores = [
        score_of(metric, outcome.truth, predicted, classes=outcome.classes)
        for predicted in outcome.predicted
    ]
    return np.array(scores, dtype=np.float64)


def score_of(metric: Metric, truth: IntArray, predicted: IntArray, *, classes: int) -> float:
    """Return the metric of one line of predictions, by ``from_counts`` or else ``score``.

    Parameters
    ----------
    metric : Metric
        What is measured.
    truth, predicted : (rows,) array of int
        Class ids in ``range(classes)``.
    classes : int
        Number of classes.

    Returns
    -------
    float
        nan where the metric is not defined.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> score_of(accuracy, np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), classes=2)
    0.75
    """
    if classes > margins.MANY_CLASSES and margins.suffice(metric):
        return float(per_seed(metric, Outcome(truth, predicted[None], classes))[0])
    if hasattr(metric, "from_counts"):
        return float(metric.from_counts(confusion(truth, predicted, classes)))
    return metric.score(truth, predicted, classes=classes)


def average(metric: Metric, outcome: Outcome) -> float:
    """Return the metric's mean over seeds, weighted if the outcome has weights.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.

    Returns
    -------
    float
        nan if the metric is not defined for a seed.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> average(accuracy, Outcome(np.array([0, 1]), np.array([[0, 0], [0, 1]]), 2))
    0.75
    """
    return float(outcome.mean(per_seed(metric, outcome)))


def same_items(a: Outcome, b: Outcome) -> bool:
    """Return whether two outcomes are of the same test items in the same order.

    Parameters
    ----------
    a, b : Outcome
        What was predicted.

    Returns
    -------
    bool
        Whether classes, true labels and groups are equal, so that a paired test is valid.

    Examples
    --------
    >>> one = Outcome(np.array([0, 1]), np.array([[0, 0]]), 2)
    >>> same_items(one, Outcome(np.array([0, 1]), np.array([[1, 1]]), 2))
    True
    >>> same_items(one, Outcome(np.array([1, 0]), np.array([[1, 1]]), 2))
    False
    """
    return a.items_key == b.items_key
