"""Metrics with their percentile bootstrap intervals over test items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import Estimate, FloatArray
from dataperf.statistics.outcomes import Outcome, average
from dataperf.statistics.resampling import averages

#: Share of resamples that an interval spans.
LEVEL = 0.95


def interval(
    metric: Metric, outcome: Outcome, *, resamples: int | None = None, stream: int = 0
) -> Estimate:
    """Return the metric's mean over seeds with its 95 % interval over test items.

    Parameters
    ----------
    metric : Metric
        Fast if it offers ``from_counts``.
    outcome : Outcome
        What was predicted.
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
        ``groups`` is the number of clusters, if there are clusters. With few of them the interval
        is rough, and mostly too narrow.

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
        What is measured, by name.
    outcome : Outcome
        What was predicted.
    resamples, stream : int
        As in ``interval``.

    Returns
    -------
    dict of str to Estimate

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> intervals({"accuracy": accuracy}, Outcome(np.array([1]), np.array([[1]]), 2))
    {'accuracy': Estimate(value=1.0, low=None, high=None, groups=None)}
    """
    drawn = averages(metrics, outcome, resamples=resamples, stream=stream)
    return {
        name: estimate_of(average(metric, outcome), drawn[name], [outcome])
        for name, metric in metrics.items()
    }


def gap(
    metric: Metric, outside: Outcome, inside: Outcome, *, resamples: int | None = None
) -> Estimate:
    """Return the metric out of distribution minus the metric in distribution.

    The two splits are resampled independently of each other; that is right when they share
    no items and no clusters, and approximate when the same clusters occur in both.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outside, inside : Outcome
        Predictions of the same models for two disjoint sets of items.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    Estimate
        ``groups`` is the smaller number of clusters of the two, if there are clusters.

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
        averages({"": metric}, outcome, resamples=resamples, stream=stream)[""]
        for stream, outcome in enumerate((outside, inside), start=1)
    ]
    return estimate_of(value, drawn[0] - drawn[1], [outside, inside])


def estimate_of(value: float, replicates: FloatArray, outcomes: Sequence[Outcome]) -> Estimate:
    counts = [outcome.cluster_count for outcome in outcomes]
    clusters = min((count for count in counts if count is not None), default=None)
    shown = value if np.isfinite(value) else None
    defined = replicates[np.isfinite(replicates)]
    too_few = min(outcome.rows for outcome in outcomes) < 2 or clusters in (0, 1)
    if shown is None or too_few or 2 * len(defined) < max(len(replicates), 1):
        return Estimate(value=shown, groups=clusters)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Estimate(value=shown, low=float(low), high=float(high), groups=clusters)
