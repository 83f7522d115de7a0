"""Metrics with their 95 % intervals by chance of the test rows and of the seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import Estimate, FloatArray
from dataperf.statistics.jackknife import Spread, spread
from dataperf.statistics.margins import Margins
from dataperf.statistics.outcomes import Outcome, average

#: Share of samples in which an interval is meant to hold the true value.
LEVEL = 0.95


def interval(metric: Metric, outcome: Outcome) -> Estimate:
    """Return the metric's mean over seeds with its 95 % interval.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.

    Returns
    -------
    Estimate
        ``value`` is the exact mean over seeds (None if the metric is undefined for a seed).
        No interval with fewer than two rows or fewer than four groups. ``groups`` is the number
        of groups, if there are groups.

    Notes
    -----
    The interval is Wilson's, for the number of independent rows that would give the variance of
    the jackknife, with a quantile of Student's t (see ``dataperf.statistics.jackknife``). It is
    never of zero width, and stays within the values that the metric can have. For the accuracy of
    one seed it is Wilson's interval for a share of the rows. Where the jackknife sees a bias, the
    interval reaches that much further. Sources: Wilson, Journal of the American Statistical
    Association 22 (1927); Korn & Graubard, Survey Methodology 24 (1998), for the number of rows.

    A metric that takes the worst class (``worst_of``) has the interval from the lowest of the
    classes' lower ends to the lowest of their upper ends, these at 0.025 / number of classes
    (Clopper & Pearson, Biometrika 26, 1934).

    ``benchmarks/interval_coverage.py`` measures in how many of the samples of known populations the
    intervals hold the true value.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> predicted = np.where(np.arange(100) < 10, 1 - truth, truth)[None]
    >>> estimate = interval(accuracy, Outcome(truth, predicted, 2))
    >>> estimate.value, round(estimate.low, 3), round(estimate.high, 3)
    (0.9, 0.824, 0.945)
    """
    value = average(metric, outcome)
    shown = value if np.isfinite(value) else None
    found = spread(metric, outcome)
    if found is None:
        return Estimate(value=shown, groups=outcome.cluster_count)
    if hasattr(metric, "worst_of"):
        low, high = _worst_class(metric, outcome, found)
    else:
        low, high = wilson_like(found, limits_of(metric, found))
    return Estimate(value=shown, low=low, high=high, groups=outcome.cluster_count)


def intervals(metrics: Mapping[str, Metric], outcome: Outcome) -> dict[str, Estimate]:
    """Return ``interval`` of several metrics.

    Parameters
    ----------
    metrics : mapping of str to Metric
        What is measured, by name.
    outcome : Outcome
        What was predicted.

    Returns
    -------
    dict of str to Estimate

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> intervals({"accuracy": accuracy}, Outcome(np.array([1]), np.array([[1]]), 2))
    {'accuracy': Estimate(value=1.0, low=None, high=None, groups=None)}
    """
    return {name: interval(metric, outcome) for name, metric in metrics.items()}


def gap(metric: Metric, outside: Outcome, inside: Outcome) -> Estimate:
    """Return the metric out of distribution minus the metric in distribution.

    The two splits are independent samples; that is right when they share no items and no groups,
    and approximate when the same groups occur in both.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outside, inside : Outcome
        Predictions of the same models for two disjoint sets of items.

    Returns
    -------
    Estimate
        ``groups`` is the smaller number of groups of the two, if there are groups.

    Notes
    -----
    Newcombe, Interval Estimation for the Difference Between Independent Proportions, Statistics
    in Medicine 17 (1998), method 10.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> inside = Outcome(truth, truth[None], 2)
    >>> outside = Outcome(truth, np.zeros((1, 100), dtype=int), 2)
    >>> gap(accuracy, outside, inside).value
    -0.5
    """
    parts = [(1.0, interval(metric, outside)), (-1.0, interval(metric, inside))]
    return total(parts, groups=fewest_groups([outside, inside]))


def total(
    parts: Sequence[tuple[float, Estimate]], *, offset: float = 0.0, groups: int | None = None
) -> Estimate:
    """Return the sum of independent estimates, each times a factor.

    Parameters
    ----------
    parts : sequence of (float, Estimate)
        Factor and estimate.
    offset : float
        Added to the sum.
    groups : int, optional
        Number of groups to record.

    Returns
    -------
    Estimate
        No interval where an estimate has none.

    Notes
    -----
    Zou & Donner, Construction of Confidence Limits About Effect Measures, Statistics in Medicine
    27 (2008).

    Examples
    --------
    >>> one = Estimate(value=0.5, low=0.4, high=0.6)
    >>> total([(1.0, one), (1.0, one)]).value
    1.0
    """
    if any(each.value is None for _, each in parts):
        return Estimate(value=None, groups=groups)
    value = float(np.sum([factor * (each.value or 0.0) for factor, each in parts]) + offset)
    below = above = 0.0
    for factor, each in parts:
        if each.value is None or each.low is None or each.high is None:
            return Estimate(value=value, groups=groups)
        down, up = each.value - each.low, each.high - each.value
        down, up = (down, up) if factor >= 0 else (up, down)
        below, above = below + (factor * down) ** 2, above + (factor * up) ** 2
    low, high = value - np.sqrt(below), value + np.sqrt(above)
    return Estimate(value=value, low=float(low), high=float(high), groups=groups)


def fewest_groups(outcomes: Sequence[Outcome]) -> int | None:
    """Return the smallest number of groups of the outcomes that have groups.

    Parameters
    ----------
    outcomes : sequence of Outcome
        What was predicted.

    Returns
    -------
    int or None

    Examples
    --------
    >>> fewest_groups([Outcome(np.array([0, 1]), np.array([[0, 1]]), 2)]) is None
    True
    """
    counts = [each.cluster_count for each in outcomes]
    return min((count for count in counts if count is not None), default=None)


def limits_of(metric: Metric, found: Spread) -> tuple[float, float] | None:
    """Return the lowest and highest value of a metric, None if they are not known.

    Parameters
    ----------
    metric : Metric
        Says ``lowest`` and ``highest``; by default 0 and 1.
    found : Spread
        A value beyond 0 and 1 shows that these are not the limits.

    Returns
    -------
    (float, float) or None

    Examples
    --------
    >>> from dataperf.metrics import accuracy, cohen_kappa
    >>> one = spread(accuracy, Outcome(np.array([0, 1] * 9), np.array([[0, 1] * 9]), 2))
    >>> limits_of(accuracy, one), limits_of(cohen_kappa, one)
    ((0.0, 1.0), (-1.0, 1.0))
    """
    low = float(getattr(metric, "lowest", 0.0))
    high = float(getattr(metric, "highest", 1.0))
    return (low, high) if low <= found.value <= high else None


def wilson_like(found: Spread, limits: tuple[float, float] | None) -> tuple[float, float]:
    """Return Wilson's interval for the number of rows that would give the same variance.

    Parameters
    ----------
    found : Spread
        Value and variance.
    limits : (float, float) or None
        Lowest and highest value of the metric; None gives a symmetric interval of Student's t.

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> all_right = Outcome(np.zeros(12, int), np.zeros((1, 12), int), 2)
    >>> low, high = wilson_like(spread(accuracy, all_right), (0.0, 1.0))
    >>> round(low, 2), high
    (0.69, 1.0)
    """
    t = t_quantile(found.df)
    if limits is None:
        reach = t * float(np.sqrt(found.variance))
        return found.value - reach, found.value + reach
    least, span = limits[0], limits[1] - limits[0]
    share, margin = (found.value - least) / span, min(found.loss / span, 0.5)
    typical = float(np.clip(share, margin, 1 - margin))
    variance = found.variance / span**2
    rows = typical * (1 - typical) / variance if variance > 0 else np.inf
    bias = found.bias / span
    low = _wilson(max(share - max(bias, 0.0), 0.0), rows, t)[0]
    high = _wilson(min(share - min(bias, 0.0), 1.0), rows, t)[1]
    return float(least + span * min(low, share)), float(least + span * max(high, share))


def _wilson(share: float, rows: float, t: float) -> tuple[float, float]:
    if rows <= 0:
        return 0.0, 1.0
    square = t * t / rows
    middle = (share + square / 2) / (1 + square)
    reach = np.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return max(float(middle - reach), 0.0), min(float(middle + reach), 1.0)


def _worst_class(metric: Any, outcome: Outcome, found: Spread) -> tuple[float, float]:
    parts = (outcome.mean(each.T) / _design_effect(outcome) for each in outcome.margins.parts)
    hits, rows = metric.worst_of(Margins(*parts))
    used = rows > 0
    lows, highs = exact_share(hits[used], rows[used], tail=(1 - LEVEL) / 2, several=used.sum())
    return min(float(lows.min()), found.value), max(float(highs.min()), found.value)


def _design_effect(outcome: Outcome) -> float:
    """Return how many rows of groups count as one independent row, at least 1."""
    if outcome.cluster_count is None:
        return 1.0
    right = SimpleNamespace(from_counts=lambda counts: np.trace(counts, axis1=-2, axis2=-1))
    flat = dataclasses.replace(outcome, clusters=None)
    grouped, alone = spread(cast(Metric, right), outcome), spread(cast(Metric, right), flat)
    if grouped is None or alone is None or alone.row_variance <= 0:
        return 1.0
    return max(grouped.row_variance / alone.row_variance, 1.0)


def exact_share(
    hits: FloatArray, rows: FloatArray, *, tail: float, several: int
) -> tuple[FloatArray, FloatArray]:
    """Return exact limits of shares, the upper ones allowing for the choice of the lowest.

    Parameters
    ----------
    hits, rows : (n,) array of float
        Number of hits, and of rows, of each share.
    tail : float
        Probability that a lower limit is above the share.
    several : int
        Number of shares that the lowest is chosen of.

    Returns
    -------
    lows, highs : (n,) array of float64

    Notes
    -----
    Clopper & Pearson, The Use of Confidence or Fiducial Limits, Biometrika 26 (1934).

    Examples
    --------
    >>> low, high = exact_share(np.array([12.0]), np.array([12.0]), tail=0.025, several=1)
    >>> low.round(3), high
    (array([0.735]), array([1.]))
    """
    from scipy.special import betaincinv

    misses = rows - hits
    lows = np.where(hits > 0, betaincinv(np.maximum(hits, 1e-9), misses + 1, tail), 0.0)
    last = 1 - tail / several
    highs = np.where(misses > 0, betaincinv(hits + 1, np.maximum(misses, 1e-9), last), 1.0)
    return lows, highs


def lowest_share(hits: int, trials: int) -> float:
    """Return the lower end of the exact 95 % interval of a share.

    Parameters
    ----------
    hits, trials : int
        Counts.

    Returns
    -------
    float
        0 without trials.

    Examples
    --------
    >>> round(lowest_share(100, 100), 3)
    0.964
    """
    if not trials:
        return 0.0
    counts = np.array([float(hits)]), np.array([float(trials)])
    return float(exact_share(*counts, tail=(1 - LEVEL) / 2, several=1)[0][0])


def t_quantile(df: float) -> float:
    """Return the quantile of Student's t that an interval of ``LEVEL`` takes.

    Parameters
    ----------
    df : float
        Degrees of freedom, at least 1.

    Returns
    -------
    float

    Examples
    --------
    >>> round(t_quantile(3.0), 2)
    3.18
    """
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + LEVEL) / 2))
