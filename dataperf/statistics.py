"""Intervals, paired tests, ties, random-pick references, ranking and balance scores (pure).

Intervals are percentile bootstrap intervals over test items. The same resample of items is
applied to every seed's predictions, and the metric is averaged over seeds: the seeds are
part of the fixed recipe, so only the items are a sample of something larger. Where items
cluster (speakers, words), clusters are drawn first and items inside them second. Resamples
come from numpy's frozen legacy stream over items in a canonical order, so an interval
depends on nothing but the outcome: not on row order, machine, thread count or numpy version.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataperf.contracts import Metric
from dataperf.records import Estimate, FloatArray, IntArray

#: Resamples behind an interval or p-value.
RESAMPLES = 2000
#: The same for a metric without ``from_counts``, which is run anew on every resample.
SLOW_RESAMPLES = 500
#: Share of resamples that an interval spans.
LEVEL = 0.95
#: Start of every random stream here; a constant, so that results can be made again.
SEED = 20_240_229

_MOST_COUNTS = 1 << 20  # numbers of one batch of confusion matrices (8 MiB)
_MOST_WEIGHTS = 1 << 15  # weights that one bincount takes (fits in a processor's cache)
_MOST_CODES = 1 << 62  # what a whole number holds
_MOST_CELLS = 1 << 22  # numbers of the table of patterns and cells that a product takes
_MANY_ROWS = 1 << 13  # above, counts of patterns are drawn at once instead of row by row


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
        Which items are not independent of each other; None if all are.
    weights : (seeds,) array or None
        Each line's share in the score; None weighs all alike.
    by_chance : bool
        Whether the lines are a sample of what might have come, so that an interval must
        carry their chance too (the rows that a seller hands over).
    draws : bool
        Whether a line is one draw of every row from what is uncertain of it, so that an
        interval takes some line's draw for each row (whether raters' doubts are borne out).
    items : str
        What tells the test items apart from others', where answers have their own.

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
    by_chance: bool = False
    draws: bool = False
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
        _check_ids(truth, self.classes, "truth")
        _check_ids(predicted, self.classes, "predictions")

    def mean(self, values: FloatArray) -> FloatArray:
        """Return the weighted mean of per-line values over their last axis."""
        if self.weights is None:
            return np.asarray(values.mean(axis=-1))
        return np.asarray(values @ self.weights / self.weights.sum())

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

    @property
    def cluster_count(self) -> int | None:
        """Number of distinct clusters, None if items do not cluster."""
        return None if self.clusters is None else len(np.unique(self.clusters))


@dataclass(frozen=True)
class Difference:
    """A paired difference with its interval, and the two-sided p-value of there being none.

    ``p_value`` is None where ``estimate`` has no interval.
    """

    estimate: Estimate
    p_value: float | None


# Confusion matrices ---------------------------------------------------------------------


def confusion(truth: ArrayLike, predicted: ArrayLike, classes: int) -> IntArray:
    """Count how often each class was taken for each class.

    Parameters
    ----------
    truth, predicted : (rows,) array of int
        Class ids in ``range(classes)``.
    classes : int
        Number of classes.

    Returns
    -------
    (classes, classes) array of int
        Rows are true classes, columns predicted ones.

    Raises
    ------
    ValueError
        If lengths differ or a class id is out of range.

    Examples
    --------
    >>> confusion([0, 1, 1], [0, 0, 1], 2)
    array([[1, 0],
           [1, 1]])
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.ndim != 1 or truth.shape != predicted.shape:
        raise ValueError(f"truth has shape {truth.shape}, predictions {predicted.shape}")
    _check_ids(truth, classes, "truth")
    _check_ids(predicted, classes, "predictions")
    cells = truth.astype(np.intp) * classes + predicted.astype(np.intp)
    counts = np.bincount(cells, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.intp)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    """Divide, with nan where the denominator is zero.

    Parameters
    ----------
    numerator, denominator : array of float
        Of shapes that broadcast.

    Returns
    -------
    array of float64

    Examples
    --------
    >>> ratio([1, 0], [2, 0])
    array([0.5, nan])
    """
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient: FloatArray = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient


def mean_over_classes(
    values: FloatArray, present: NDArray[np.bool_], *, weights: FloatArray | None = None
) -> FloatArray:
    """Average a number over the classes that are present.

    A single vector is averaged the way scikit-learn does it (absent classes are dropped
    before the sum), so that scores agree to the last bit.

    Parameters
    ----------
    values : (..., k) array of float
        One number for each class; what absent classes hold is ignored.
    present : (..., k) array of bool
    weights : (..., k) array of float, optional
        Equal by default.

    Returns
    -------
    (...) array of float64
        nan where no class is present or all weights are zero.

    Examples
    --------
    >>> mean_over_classes(np.array([0.5, 1.0, 9.0]), np.array([True, True, False]))
    array(0.75)
    """
    weights = np.ones(values.shape) if weights is None else weights
    if values.ndim == 1:
        values, weights = values[present], weights[present]
    else:
        values, weights = np.where(present, values, 0.0), np.where(present, weights, 0.0)
    return ratio((values * weights).sum(axis=-1), weights.sum(axis=-1))


def per_seed(metric: Metric, outcome: Outcome) -> FloatArray:
    """Return the metric of every seed's predictions.

    Parameters
    ----------
    metric : Metric
    outcome : Outcome

    Returns
    -------
    (seeds,) array of float64
        nan where the metric is not defined.
    """
    if hasattr(metric, "from_counts"):  # one count of the rows serves all metrics
        return np.array([metric.from_counts(each) for each in outcome.counts], dtype=np.float64)
    scores = [
        metric.score(outcome.truth, predicted, classes=outcome.classes)
        for predicted in outcome.predicted
    ]
    return np.array(scores, dtype=np.float64)


def average(metric: Metric, outcome: Outcome) -> float:
    """Return the metric's (weighted) mean over seeds; nan where it is not defined for one."""
    return float(outcome.mean(per_seed(metric, outcome)))


# Intervals over test items --------------------------------------------------------------


def interval(
    metric: Metric, outcome: Outcome, *, resamples: int | None = None, stream: int = 0
) -> Estimate:
    """Return the metric's mean over seeds with its 95 % interval over test items.

    Parameters
    ----------
    metric : Metric
        Fast if it offers ``from_counts``.
    outcome : Outcome
    resamples : int, optional
        By default ``RESAMPLES``, or ``SLOW_RESAMPLES`` for a metric without ``from_counts``.
    stream : int
        Number of the random stream; two intervals of different streams are independent.

    Returns
    -------
    Estimate
        ``value`` is the exact mean over seeds (None if the metric is undefined for a seed).
        No interval with fewer than two rows, fewer than two clusters, or when the metric is
        undefined in more than half of the resamples (those that are undefined are left out).
        ``clusters`` counts clusters where rows cluster: with few, the interval is rough, and
        mostly too narrow.

    Notes
    -----
    Percentile interval: Efron & Tibshirani, An Introduction to the Bootstrap (1993), §13.3.
    Two stages: Davison & Hinkley, Bootstrap Methods and their Application (1997), §3.8. When
    all items are right under every seed the interval has no width, as for any bootstrap.

    In a simulation of clusters with accuracies drawn from Beta(6, 2), intervals meant to cover
    the truth in 95 % of cases did so in 67 % with 2 clusters, 81 % with 4, 88 % with 6 and
    92 % with 10.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> predicted = np.where(np.arange(100) < 10, 1 - truth, truth)[None]
    >>> estimate = interval(accuracy, Outcome(truth, predicted, 2))
    >>> estimate.value, estimate.low, round(estimate.high, 6)
    (0.9, 0.84, 0.95)
    """
    return intervals({"metric": metric}, outcome, resamples=resamples, stream=stream)["metric"]


def intervals(
    metrics: Mapping[str, Metric],
    outcome: Outcome,
    *,
    resamples: int | None = None,
    stream: int = 0,
) -> dict[str, Estimate]:
    """Return ``interval`` of several metrics, all over the same resamples.

    Parameters
    ----------
    metrics : mapping of str to Metric
    outcome : Outcome
    resamples, stream : int
        As in ``interval``.

    Returns
    -------
    dict of str to Estimate

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> intervals({"accuracy": accuracy}, Outcome(np.array([1]), np.array([[1]]), 2))
    {'accuracy': Estimate(value=1.0, low=None, high=None, clusters=None)}
    """
    drawn = _averages(metrics, outcome, resamples=resamples, stream=stream)
    return {
        name: _estimate(average(metric, outcome), drawn[name], [outcome])
        for name, metric in metrics.items()
    }


def difference(
    metric: Metric, a: Outcome, b: Outcome, *, resamples: int | None = None
) -> Difference:
    """Compare two sets of predictions of the same items: metric of ``a`` minus that of ``b``.

    Every resample of items is applied to both, so what makes an item hard for both cancels.

    Parameters
    ----------
    metric : Metric
    a, b : Outcome
        The same truth and clusters in the same order; numbers of seeds may differ.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    Difference
        The p-value is twice the smaller share of resamples on either side of zero, ties on
        both sides, each count plus one: at least ``2 / (resamples + 1)``, at most 1. It is
        below 0.05 when (up to that "plus one") the interval leaves zero out.

    Raises
    ------
    ValueError
        If the items are not the same.

    Notes
    -----
    Paired bootstrap: Koehn, Statistical Significance Tests for Machine Translation Evaluation
    (EMNLP 2004), §4; the "plus one": Davison & Hinkley (1997), §4.2.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> good = Outcome(truth, truth[None], 2)
    >>> bad = Outcome(truth, np.zeros((1, 100), dtype=int), 2)
    >>> found = difference(accuracy, good, bad)
    >>> found.estimate.value, round(found.p_value, 4)
    (0.5, 0.001)
    >>> difference(accuracy, good, good).p_value
    1.0
    """
    drawn = _side_by_side(metric, [a, b], resamples=resamples)
    value = average(metric, a) - average(metric, b)
    return _difference(value, drawn[:, 0] - drawn[:, 1], [a])


def p_values(
    metric: Metric, outcomes: Sequence[Outcome], *, resamples: int | None = None
) -> FloatArray:
    """Compare every pair of sets of predictions of the same items, in one pass.

    Each entry is the p-value of ``difference`` up to the luck of the draw: the canonical
    order of items, and so the draw, depends on all the predictions that are compared.

    Parameters
    ----------
    metric : Metric
    outcomes : sequence of Outcome
        The same truth and clusters in the same order.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    (n, n) array of float64
        Symmetric; 1 on the diagonal and wherever no p-value can be had.

    Raises
    ------
    ValueError
        If the items are not the same.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> good, bad = Outcome(truth, truth[None], 2), Outcome(truth, 0 * truth[None], 2)
    >>> p_values(accuracy, [good, good, bad]).round(3)
    array([[1.   , 1.   , 0.001],
           [1.   , 1.   , 0.001],
           [0.001, 0.001, 1.   ]])
    """
    matrix = np.ones((len(outcomes), len(outcomes)))
    if not outcomes:
        return matrix
    drawn = _side_by_side(metric, outcomes, resamples=resamples)
    values = [average(metric, outcome) for outcome in outcomes]
    for i in range(len(outcomes)):
        for j in range(i):
            found = _difference(values[i] - values[j], drawn[:, i] - drawn[:, j], outcomes[:1])
            matrix[i, j] = matrix[j, i] = 1.0 if found.p_value is None else found.p_value
    return matrix


def gap(
    metric: Metric, outside: Outcome, inside: Outcome, *, resamples: int | None = None
) -> Estimate:
    """Return the metric out of distribution minus the metric in distribution.

    The two splits are resampled independently of each other; that is right when they share
    no items and no clusters, and approximate when the same clusters occur in both.

    Parameters
    ----------
    metric : Metric
    outside, inside : Outcome
        Predictions of the same models for two disjoint sets of items.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    Estimate
        ``clusters`` is the smaller number of clusters of the two, where they cluster.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> inside = Outcome(truth, truth[None], 2)
    >>> outside = Outcome(truth, np.zeros((1, 100), dtype=int), 2)
    >>> gap(accuracy, outside, inside).value
    -0.5
    """
    value = average(metric, outside) - average(metric, inside)
    drawn = [
        _averages({"": metric}, outcome, resamples=resamples, stream=stream)[""]
        for stream, outcome in enumerate((outside, inside), start=1)
    ]
    return _estimate(value, drawn[0] - drawn[1], [outside, inside])


def _estimate(value: float, replicates: FloatArray, outcomes: Sequence[Outcome]) -> Estimate:
    counts = [outcome.cluster_count for outcome in outcomes]
    clusters = min((count for count in counts if count is not None), default=None)
    shown = value if np.isfinite(value) else None
    defined = replicates[np.isfinite(replicates)]
    too_few = min(outcome.rows for outcome in outcomes) < 2 or clusters in (0, 1)
    if shown is None or too_few or 2 * len(defined) < max(len(replicates), 1):
        return Estimate(value=shown, clusters=clusters)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Estimate(value=shown, low=float(low), high=float(high), clusters=clusters)


def _difference(value: float, replicates: FloatArray, outcomes: Sequence[Outcome]) -> Difference:
    estimate = _estimate(value, replicates, outcomes)
    if estimate.low is None:
        return Difference(estimate, None)
    settled = np.round(replicates[np.isfinite(replicates)], 12)  # no sign from rounding noise
    fewer = int(min(np.count_nonzero(settled <= 0), np.count_nonzero(settled >= 0)))
    return Difference(estimate, min(1.0, 2 * (fewer + 1) / (len(settled) + 1)))


def _side_by_side(
    metric: Metric, outcomes: Sequence[Outcome], *, resamples: int | None, stream: int = 0
) -> FloatArray:
    """Return (resamples, outcomes) means over seeds, all over the same resamples."""
    first = outcomes[0]
    if not all(same_items(first, other) for other in outcomes[1:]):
        raise ValueError("predictions to compare must be of the same items, in the same order")
    if all(_is_linear(metric, outcome) for outcome in outcomes):
        return _linear_replicates(metric, outcomes, _resamples_of(metric, resamples), stream)
    everything = np.concatenate([outcome.predicted for outcome in outcomes])
    together = Outcome(first.truth, everything, first.classes, first.clusters)
    drawn = _replicates({"": metric}, together, resamples=resamples, stream=stream)[""]
    ends = np.cumsum([outcome.seeds for outcome in outcomes])
    parts = np.split(drawn, ends[:-1], axis=1)
    means = [outcome.mean(part) for outcome, part in zip(outcomes, parts, strict=True)]
    return np.stack(means, axis=1)


def same_items(a: Outcome, b: Outcome) -> bool:
    """Return whether two outcomes are of the same test items in the same order."""
    return (
        a.classes == b.classes
        and a.items == b.items
        and np.array_equal(a.truth, b.truth)
        and _same_clusters(a.clusters, b.clusters)
    )


def _same_clusters(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.array_equal(a, b))


# Scores of several tests ------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """A metric of one outcome, and how much of it goes into a score."""

    metric: Metric
    outcome: Outcome
    scale: float = 1.0


@dataclass(frozen=True)
class Score:
    """What ranks: a sum of metrics of independent tests, plus what is no matter of chance.

    Parameters
    ----------
    terms : tuple of Term
        At least one; tests that share no items.
    offset : float
        Added to the sum.
    """

    terms: tuple[Term, ...]
    offset: float = 0.0

    @property
    def higher_is_better(self) -> bool:
        """Which way the first term's metric points."""
        return self.terms[0].metric.higher_is_better

    @property
    def value(self) -> float:
        """The score; nan where a metric is not defined."""
        if len(self.terms) == 1 and self.terms[0].scale == 1.0 and self.offset == 0.0:
            return average(self.terms[0].metric, self.terms[0].outcome)
        parts = [term.scale * average(term.metric, term.outcome) for term in self.terms]
        return float(np.sum(parts) + self.offset)

    def interval(self) -> Estimate:
        """Return the score with its 95 % interval over the items of all tests."""
        drawn = [
            term.scale
            * _averages({"": term.metric}, term.outcome, resamples=None, stream=stream)[""]
            for stream, term in enumerate(self.terms)
        ]
        return _estimate(self.value, _total(drawn) + self.offset, [t.outcome for t in self.terms])


def _total(drawn: Sequence[FloatArray]) -> FloatArray:
    shortest = min(map(len, drawn))
    total: FloatArray = np.sum([each[:shortest] for each in drawn], axis=0)
    return total


def score_difference(a: Score, b: Score, *, resamples: int | None = None) -> Difference:
    """Compare two scores: ``a`` minus ``b``, paired wherever their tests are of the same items.

    Parameters
    ----------
    a, b : Score
        With equally many terms. Tests of different items (answers that are tested on what
        they hand in) are resampled independently.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    Difference
        See ``difference``.
    """
    drawn = []
    for stream, (one, other) in enumerate(zip(a.terms, b.terms, strict=True)):
        if same_items(one.outcome, other.outcome):
            pair = [one.outcome, other.outcome]
            both = _side_by_side(one.metric, pair, resamples=resamples, stream=stream)
            drawn.append(one.scale * both[:, 0] - other.scale * both[:, 1])
            continue
        apart = [
            term.scale
            * _averages({"": term.metric}, term.outcome, resamples=resamples, stream=s)[""]
            for s, term in ((stream, one), (stream + len(a.terms), other))
        ]
        drawn.append(apart[0] - apart[1])
    outcomes = [term.outcome for term in (*a.terms, *b.terms)]
    return _difference(a.value - b.value, _total(drawn) + a.offset - b.offset, outcomes)


# Resampling -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Items:
    """An outcome's rows in canonical order: by cluster, truth and every seed's prediction.

    ``pattern`` numbers the rows' distinct (cluster, truth, predictions) combinations, in the
    same order; rows of one pattern are interchangeable.
    """

    truth: IntArray
    predicted: IntArray
    pattern: IntArray
    cluster_sizes: IntArray


def _items(outcome: Outcome) -> _Items:
    clusters = np.zeros(outcome.rows) if outcome.clusters is None else outcome.clusters
    _, codes = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(codes)
    most = len(sizes)
    for column in (outcome.truth, *outcome.predicted):
        if most > _MOST_CODES // outcome.classes:  # numbers would not fit: name them anew
            _, codes = np.unique(codes, return_inverse=True)
            most = len(codes)
        codes = codes * outcome.classes + column
        most *= outcome.classes
    _, codes = np.unique(codes, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    return _Items(
        np.asarray(outcome.truth)[order].astype(np.intp),
        np.asarray(outcome.predicted)[:, order].astype(np.intp),
        codes[order],
        sizes,
    )


def _resamples(items: _Items, resamples: int, stream: int) -> Iterator[IntArray]:
    """Yield the rows of every resample; the draw never depends on who consumes it how."""
    random = np.random.RandomState([SEED, stream])
    rows, sizes = len(items.truth), items.cluster_sizes
    starts = np.cumsum(sizes) - sizes
    if _by_pattern(items):
        _, first, counts = np.unique(items.pattern, return_index=True, return_counts=True)
        for _ in range(resamples):
            yield np.repeat(first, random.multinomial(rows, counts / rows))
        return
    for _ in range(resamples):
        if len(sizes) < 2:
            yield random.randint(0, rows, rows, dtype=np.int64).astype(np.intp, copy=False)
            continue
        clusters = random.randint(0, len(sizes), len(sizes), dtype=np.int64)
        span = np.repeat(sizes[clusters], sizes[clusters])
        inside = (random.random_sample(len(span)) * span).astype(np.intp)
        yield np.repeat(starts[clusters], sizes[clusters]) + inside


def _averages(
    metrics: Mapping[str, Metric], outcome: Outcome, *, resamples: int | None, stream: int
) -> dict[str, FloatArray]:
    """Return for every metric its (resamples,) means over seeds."""
    linear = {name: metric for name, metric in metrics.items() if _is_linear(metric, outcome)}
    others = {name: metric for name, metric in metrics.items() if name not in linear}
    drawn = {
        name: _linear_replicates(metric, [outcome], _resamples_of(metric, resamples), stream)[:, 0]
        for name, metric in linear.items()
    }
    if others:
        found = _replicates(others, outcome, resamples=resamples, stream=stream)
        drawn |= {name: outcome.mean(values) for name, values in found.items()}
    return drawn


def _is_linear(metric: Metric, outcome: Outcome) -> bool:
    """Return whether one number a row says all: a mean over rows, of a weighted series."""
    return (outcome.weights is not None or outcome.draws) and hasattr(metric, "row_scores")


def _linear_replicates(
    metric: Any, outcomes: Sequence[Outcome], resamples: int, stream: int
) -> FloatArray:
    """Return (resamples, outcomes) means of a metric that is a mean over rows.

    However long the series, each row counts with one number: its mean over the series. Lines
    that came by chance are resampled as well, independently of the rows (Owen, The
    pigeonhole bootstrap, Annals of Applied Statistics 1, 2007: mildly too wide).
    """
    first = outcomes[0]
    scores = [metric.row_scores(first.truth, outcome.predicted).T for outcome in outcomes]
    columns = np.stack([o.mean(each) for o, each in zip(outcomes, scores, strict=True)], axis=1)
    drawn = np.full((resamples, len(outcomes)), np.nan)
    if first.rows < 2 or first.cluster_count == 1:
        return drawn
    clusters = np.zeros(first.rows) if first.clusters is None else first.clusters
    _, codes, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    order = np.lexsort((*columns.T, first.truth, codes))  # a canonical order, whatever the rows'
    items = _Items(first.truth[order], first.predicted[:0], order, sizes)
    scores, columns = [each[order] for each in scores], columns[order]
    chance = np.random.RandomState([SEED, stream, 1])
    step = max(1, _MOST_COUNTS // first.rows)
    counts = np.empty((min(step, resamples), first.rows))
    for number, rows in enumerate(_resamples(items, resamples, stream)):
        counts[number % step] = np.bincount(rows, minlength=first.rows)
        for place, outcome in enumerate(outcomes):
            if outcome.draws:
                lines = chance.randint(0, outcome.seeds, len(rows))
                drawn[number, place] = scores[place][rows, lines].mean()
        if number % step + 1 == step or number + 1 == resamples:
            _close_batch(drawn, number, counts, outcomes, scores, columns, chance)
    return drawn


def _close_batch(
    drawn: FloatArray,
    last: int,
    counts: FloatArray,
    outcomes: Sequence[Outcome],
    scores: Sequence[FloatArray],
    columns: FloatArray,
    chance: np.random.RandomState,
) -> None:
    """Fill in the resamples up to ``last`` from how often each row was drawn in them."""
    size = last % len(counts) + 1
    part, shares = slice(last + 1 - size, last + 1), counts[:size]
    rows = shares.sum(axis=1)
    for place, outcome in enumerate(outcomes):
        if outcome.by_chance:
            means = shares @ scores[place] / rows[:, None]
            lines = chance.randint(0, outcome.seeds, (size, outcome.seeds))
            drawn[part, place] = np.take_along_axis(means, lines, axis=1).mean(axis=1)
        elif not outcome.draws:
            drawn[part, place] = shares @ columns[:, place] / rows


def _replicates(
    metrics: Mapping[str, Metric], outcome: Outcome, *, resamples: int | None, stream: int
) -> dict[str, FloatArray]:
    """Return for every metric its (resamples, seeds) values over resampled items.

    Slow metrics take the first resamples of those that the fast ones take.
    """
    drawn = {
        name: np.full((_resamples_of(metric, resamples), outcome.seeds), np.nan)
        for name, metric in metrics.items()
    }
    most = max(map(len, drawn.values()), default=0)
    if outcome.rows < 2 or outcome.cluster_count == 1:
        return drawn  # no interval can be had
    items = _items(outcome)
    fast = {name: metric for name, metric in metrics.items() if hasattr(metric, "from_counts")}
    slow = {name: metric for name, metric in metrics.items() if name not in fast}
    cells = int(items.pattern.max() + 1) * outcome.seeds * outcome.classes**2
    if not slow and _by_pattern(items) and cells <= _MOST_CELLS:
        for batched, stack in _counts_by_pattern(items, outcome.classes, most, stream):
            for name, metric in fast.items():
                wanted = len(drawn[name][batched])
                drawn[name][batched] = metric.from_counts(stack[:wanted])
        return drawn
    batch = max(1, _MOST_COUNTS // (outcome.seeds * outcome.classes**2))
    count = _counter(items, outcome.classes) if fast else None
    counts: list[FloatArray] = []
    for number, rows in enumerate(_resamples(items, most, stream)):
        for name, metric in slow.items():
            if number >= len(drawn[name]):
                continue
            part = Outcome(items.truth[rows], items.predicted[:, rows], outcome.classes)
            drawn[name][number] = per_seed(metric, part)
        if count is None:
            continue
        counts.append(count(rows))
        if len(counts) == batch or number == most - 1:
            stack, first = np.stack(counts), number + 1 - len(counts)
            for name, metric in fast.items():
                drawn[name][first : number + 1] = metric.from_counts(stack)
            counts = []
    return drawn


def _by_pattern(items: _Items) -> bool:
    """Return whether patterns are drawn instead of rows: the same chances, far less work."""
    return len(items.cluster_sizes) < 2 and len(items.truth) > _MANY_ROWS


def _counts_by_pattern(
    items: _Items, classes: int, resamples: int, stream: int
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield batches of every seed's confusion matrices, (batch, seeds, k, k).

    The same draws as `_resamples`, and the same whole numbers, by one product a batch.
    """
    random = np.random.RandomState([SEED, stream])
    _, first, sizes = np.unique(items.pattern, return_index=True, return_counts=True)
    cells = items.truth[first] * classes + items.predicted[:, first]
    seeds, patterns = cells.shape
    table = np.zeros((patterns, seeds * classes**2))
    places = cells + classes**2 * np.arange(seeds)[:, None]
    table[np.arange(patterns), places] = 1.0
    step = max(1, _MOST_COUNTS // (seeds * classes**2))
    for start in range(0, resamples, step):
        part = slice(start, min(start + step, resamples))
        rows = len(items.truth)
        weights = random.multinomial(rows, sizes / rows, size=part.stop - start)
        counts = weights.astype(np.float64) @ table
        yield part, counts.reshape(-1, seeds, classes, classes)


def _resamples_of(metric: Metric, resamples: int | None) -> int:
    if resamples is not None:
        return resamples
    return RESAMPLES if hasattr(metric, "from_counts") else SLOW_RESAMPLES


def _counter(items: _Items, classes: int) -> Callable[[IntArray], FloatArray]:
    """Return a function from drawn rows to every seed's (seeds, k, k) confusion matrix.

    A resample is a weight for every pattern, and a confusion matrix the sum of the weights
    by cell: work grows with the number of distinct patterns, not with the number of rows.
    """
    _, first = np.unique(items.pattern, return_index=True)
    cells = items.truth[first] * classes + items.predicted[:, first]
    seeds, patterns = cells.shape
    together = max(1, _MOST_WEIGHTS // patterns)
    groups = []
    for start in range(0, seeds, together):
        part = cells[start : start + together]
        shifted = part + classes**2 * np.arange(len(part))[:, None]
        groups.append((len(part), shifted.ravel()))

    def count(rows: IntArray) -> FloatArray:
        weights = np.bincount(items.pattern[rows], minlength=patterns).astype(np.float64)
        sums = [
            np.bincount(group, weights=np.tile(weights, size), minlength=size * classes**2)
            for size, group in groups
        ]
        matrices = np.concatenate(sums).reshape(seeds, classes, classes)
        return np.asarray(matrices, dtype=np.float64)

    return count


# Ties -----------------------------------------------------------------------------------


def holm(p: ArrayLike) -> FloatArray:
    """Adjust p-values for their number: Holm's step-down method.

    Parameters
    ----------
    p : (n,) array of float

    Returns
    -------
    (n,) array of float64
        An adjusted p-value of at most alpha rejects, and the chance of any wrong rejection
        among the n is at most alpha, however the tests depend on each other.

    Notes
    -----
    Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
    Statistics 6 (1979), §3.

    Examples
    --------
    >>> holm([0.04, 0.01, 0.03])
    array([0.06, 0.03, 0.06])
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted


def group_ties(
    count: int,
    p_value: Callable[[int, int], float | None] | NDArray[np.float64],
    *,
    alpha: float = 0.05,
) -> list[int]:
    """Rank entries so that those not separable from the best of their group share a rank.

    Entries come best first. The first entry leads the first group. A leader is compared
    with every entry below it, these p-values are adjusted for their number by ``holm``, and
    an entry whose adjusted p-value is at most ``alpha`` is separable from the leader. The
    group ends before the first separable entry, which leads the next group. All of a group
    have the rank 1 + the number of entries in better groups.

    So nobody of a group is separable from its leader, and ranks follow the order of scores.
    An entry of a later group may still be inseparable from an earlier leader when its own
    interval is wide: sharing a rank says "not shown to be worse", never "shown to be equal".

    A bootstrap p-value is never below ``2 / (resamples + 1)``. With fewer than
    ``2 * (count - 1) / alpha`` resamples even the clearest difference may not survive the
    adjustment: 2,000 resamples are enough for 51 entries.

    Parameters
    ----------
    count : int
        Number of entries.
    p_value : function of two positions, or (count, count) array
        Two-sided p-value of the paired difference; None or nan where it cannot be had, which
        never separates. See ``p_values``.
    alpha : float
        Chance of wrongly separating any entry from a leader it is truly as good as, for
        each leader.

    Returns
    -------
    list of int

    Examples
    --------
    >>> table = np.array([[1, 0.3, 0.001], [0.3, 1, 0.04], [0.001, 0.04, 1]])
    >>> group_ties(3, table)
    [1, 1, 3]
    """
    if callable(p_value):
        look_up = p_value
    else:
        matrix = np.asarray(p_value, dtype=np.float64)

        def look_up(i: int, j: int) -> float | None:
            return float(matrix[i, j])

    ranks: list[int] = []
    while len(ranks) < count:
        leader = len(ranks)
        found = [look_up(leader, other) for other in range(leader + 1, count)]
        adjusted = holm([1.0 if p is None or np.isnan(p) else p for p in found])
        separable = np.flatnonzero(adjusted <= alpha)
        members = 1 + (int(separable[0]) if len(separable) else len(found))
        ranks += [leader + 1] * members
    return ranks


# Random picks ---------------------------------------------------------------------------


def random_picks(total: int, errors: int, *, picked: int, let_in: int) -> tuple[Estimate, float]:
    """Say how many errors a random pick of the same size lets in.

    The number of errors in a pick without replacement has the hypergeometric distribution.
    Its probabilities are built outward from the mode by the exact ratio of neighbours and
    then normalized, which keeps about ten digits where differences of log-gamma lose half.

    Parameters
    ----------
    total : int
        Rows to pick from.
    errors : int
        How many of them are wrong.
    picked : int
        Size of the pick.
    let_in : int
        Wrong rows in the pick that is judged.

    Returns
    -------
    Estimate
        Mean and 95 % range: ``low`` and ``high`` are the smallest numbers whose cumulative
        probability reaches 2.5 % and 97.5 %.
    float
        Chance that a random pick lets in ``let_in`` or fewer (lower tail, ends included).

    Raises
    ------
    ValueError
        If the numbers contradict each other.

    Notes
    -----
    Johnson, Kemp & Kotz, Univariate Discrete Distributions (3rd ed., 2005), §6.2.

    Examples
    --------
    >>> estimate, p = random_picks(50, 5, picked=10, let_in=0)
    >>> estimate.value, estimate.low, estimate.high, round(p, 6)
    (1.0, 0.0, 3.0, 0.310563)
    """
    # Python's integers: the products below do not fit into numpy's.
    total, errors, picked, let_in = map(int, (total, errors, picked, let_in))
    fewest, most = max(0, picked + errors - total), min(picked, errors)
    if not (0 <= errors <= total and 0 <= picked <= total and fewest <= let_in <= most):
        raise ValueError(f"no pick of {picked} of {total} with {errors} errors lets in {let_in}")
    mean = picked * errors / total if total else 0.0
    support, cumulative = _hypergeometric(total, errors, picked)
    tail = (1 - LEVEL) / 2
    low, high = support[np.searchsorted(cumulative, [tail, 1 - tail])]
    position = int(np.searchsorted(support, let_in, side="right")) - 1
    p = 0.0 if position < 0 else 1.0 if let_in == most else float(cumulative[position])
    return Estimate(value=mean, low=float(low), high=float(high)), p


def _hypergeometric(total: int, errors: int, picked: int) -> tuple[IntArray, FloatArray]:
    """Return the numbers that have any weight in float64, and their cumulative probability."""
    fewest, most = max(0, picked + errors - total), min(picked, errors)
    mode = min(max((picked + 1) * (errors + 1) // (total + 2), fewest), most)
    spread = picked * errors * (total - errors) * (total - picked) / max(total, 1) ** 3
    reach = 200 + int(40 * np.sqrt(spread))
    support = np.arange(max(fewest, mode - reach), min(most, mode + reach) + 1)
    x = support[:-1].astype(np.float64)
    rising = (errors - x) * (picked - x) / ((x + 1) * (total - errors - picked + x + 1))
    middle = mode - int(support[0])
    above = np.cumprod(rising[middle:])
    below = np.cumprod(1 / rising[:middle][::-1])[::-1]
    weights = np.concatenate([below, [1.0], above])
    cumulative = np.cumsum(weights)
    return support, cumulative / cumulative[-1]


# Rankings and flags ---------------------------------------------------------------------


def suspicion_of(order: ArrayLike, rows: int) -> FloatArray:
    """Turn an order of rows into a number for each; rows that are not listed tie at the end.

    Parameters
    ----------
    order : (m,) array of int
        Row numbers, most suspicious first, each at most once.
    rows : int
        Number of rows there are.

    Returns
    -------
    (rows,) array of float64

    Raises
    ------
    ValueError
        If a row is listed twice or does not exist.

    Examples
    --------
    >>> suspicion_of([2, 0], 4)
    array([1., 0., 2., 0.])
    """
    listed = np.asarray(order, dtype=np.intp)
    if len(np.unique(listed)) != len(listed):
        raise ValueError("a row is listed more than once")
    _check_ids(listed, rows, "listed rows")
    suspicion = np.zeros(rows)
    suspicion[listed] = np.arange(len(listed), 0, -1)
    return suspicion


def ranking_scores(
    suspicion: FloatArray, is_error: NDArray[np.bool_], *, ks: Sequence[int] = ()
) -> dict[str, float | None]:
    """Score how well suspicion puts the errors first.

    Rows of equal suspicion are in random order: average precision, precision@k and recall@k
    are exact expectations over it, and AUROC gives such pairs one half.

    Parameters
    ----------
    suspicion : (rows,) array of float
        Higher means more likely to be wrong.
    is_error : (rows,) array of bool
    ks : sequence of int
        Depths from 1 to the number of rows; others give None.

    Returns
    -------
    dict of str to float or None
        ``average_precision``, ``auroc``, ``precision@K`` and ``recall@K``; None where
        undefined (no errors; for AUROC also nothing but errors).

    Raises
    ------
    ValueError
        If lengths differ or suspicion is nan.

    Notes
    -----
    Ties: McSherry & Najork, Computing Information Retrieval Performance Measures Efficiently
    in the Presence of Tied Scores (ECIR 2008), average precision. scikit-learn's
    ``average_precision_score`` treats a tie as one threshold instead; without ties both
    agree. AUROC: Hanley & McNeil, Radiology 143 (1982), the Wilcoxon statistic.

    Examples
    --------
    >>> errors = np.array([True, False, True, False])
    >>> ranking_scores(np.array([3.0, 2.0, 1.0, 0.0]), errors, ks=[2])
    {'average_precision': 0.8333333333333333, 'auroc': 0.75, 'precision@2': 0.5, 'recall@2': 0.5}
    """
    if suspicion.shape != is_error.shape or np.isnan(suspicion).any():
        raise ValueError("suspicion must be one number, not nan, for every row")
    rows, wrong = len(is_error), int(np.count_nonzero(is_error))
    _, block = np.unique(-suspicion, return_inverse=True)
    size = np.bincount(block)
    inside = np.bincount(block, weights=is_error)
    before = np.cumsum(size) - size
    wrong_before = np.cumsum(inside) - inside
    # By place 1..rows: the chance of an error there, and errors down to it if it is one.
    place = np.arange(1, rows + 1)
    at = np.repeat(np.arange(len(size)), size)
    chance = (inside / np.maximum(size, 1))[at]
    others = (place - before[at] - 1) * (inside - 1)[at] / np.maximum(size - 1, 1)[at]
    down_to = wrong_before[at] + 1 + others
    expected = np.cumsum(chance)
    right = size - inside
    later = rows - wrong - np.cumsum(right)
    pairs = float(np.sum(inside * (later + right / 2)))
    scores: dict[str, float | None] = {
        "average_precision": _share(float(np.sum(chance * down_to / place)), wrong),
        "auroc": _share(pairs, wrong * (rows - wrong)),
    }
    for k in ks:
        hits = float(expected[k - 1]) if 1 <= k <= rows else None
        scores[f"precision@{k}"] = None if hits is None else hits / k
        scores[f"recall@{k}"] = None if hits is None else _share(hits, wrong)
    return scores


def flag_scores(flagged: NDArray[np.bool_], is_error: NDArray[np.bool_]) -> dict[str, float | None]:
    """Score a set of flagged rows against the errors.

    Parameters
    ----------
    flagged, is_error : (rows,) array of bool

    Returns
    -------
    dict of str to float or None
        ``precision`` (None if nothing is flagged), ``recall`` (None without errors), ``f1``
        (None if both are empty).

    Raises
    ------
    ValueError
        If lengths differ.

    Examples
    --------
    >>> flag_scores(np.array([True, True, False]), np.array([True, False, False]))
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666}
    """
    if flagged.shape != is_error.shape:
        raise ValueError(f"{flagged.shape} flags for {is_error.shape} rows")
    hits = int(np.count_nonzero(flagged & is_error))
    found, wrong = int(np.count_nonzero(flagged)), int(np.count_nonzero(is_error))
    return {
        "precision": _share(hits, found),
        "recall": _share(hits, wrong),
        "f1": _share(2 * hits, found + wrong),
    }


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


# Balance --------------------------------------------------------------------------------


def normalized_entropy(counts: ArrayLike) -> float:
    """Return how evenly counts spread: 1 if all are equal, 0 if one category has everything.

    Parameters
    ----------
    counts : (categories,) array of numbers, none negative
        Empty categories included: their number sets the scale.

    Returns
    -------
    float
        Shannon entropy over the logarithm of the number of categories (Pielou's evenness, J.
        Theor. Biol. 13 (1966), over categories that could occur). A single category gives 1;
        nothing counted gives nan.

    Examples
    --------
    >>> normalized_entropy([5, 5]), normalized_entropy([10, 0])
    (1.0, 0.0)
    """
    shares = _shares(counts)
    if not len(shares) or np.isnan(shares).any():
        return float("nan")
    if len(shares) == 1:
        return 1.0
    filled = shares[shares > 0]
    entropy = -float(np.sum(filled * np.log(filled))) / float(np.log(len(shares)))
    return min(1.0, max(0.0, entropy))


def imbalance_ratio(counts: ArrayLike) -> float | None:
    """Return the largest count over the smallest.

    Parameters
    ----------
    counts : (categories,) array of numbers, none negative

    Returns
    -------
    float or None
        At least 1; None if a category is empty (or there is none).

    Examples
    --------
    >>> imbalance_ratio([10, 5]), imbalance_ratio([10, 0])
    (2.0, None)
    """
    values = np.asarray(counts, dtype=np.float64)
    if not len(values) or values.min() <= 0:
        return None
    return float(values.max() / values.min())


def total_variation(counts: ArrayLike, reference: ArrayLike) -> float:
    """Return the total variation distance between counts and a reference distribution.

    Parameters
    ----------
    counts, reference : (categories,) array of numbers, none negative
        Each is scaled to sum to 1.

    Returns
    -------
    float
        Half the sum of absolute differences of shares: the share of rows that would have to
        change category. From 0 to 1; nan if either is all zero.

    Raises
    ------
    ValueError
        If lengths differ.

    Notes
    -----
    Levin, Peres & Wilmer, Markov Chains and Mixing Times (2009), §4.1, proposition 4.2.

    Examples
    --------
    >>> total_variation([3, 1], [1, 1])
    0.25
    """
    found, wanted = _shares(counts), _shares(reference)
    if found.shape != wanted.shape:
        raise ValueError(f"{len(found)} counts for {len(wanted)} reference shares")
    return float(np.abs(found - wanted).sum() / 2)


def _shares(counts: ArrayLike) -> FloatArray:
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != 1 or (values < 0).any():
        raise ValueError("counts must be a list of numbers, none negative")
    return ratio(values, values.sum())


def _check_ids(ids: NDArray[Any], classes: int, what: str) -> None:
    if ids.size == 0:
        return
    if not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"{what}: whole numbers expected, not {ids.dtype}")
    if ids.min() < 0 or ids.max() >= classes:
        raise ValueError(f"{what}: {ids.min()} to {ids.max()}, expected 0 to {classes - 1}")
