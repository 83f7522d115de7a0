"""Paired differences of one metric, with intervals and p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import Estimate
from dataperf.statistics.estimates import fewest_groups, t_quantile
from dataperf.statistics.jackknife import Spread, joint_df, spread
from dataperf.statistics.outcomes import Outcome, average, same_items


@dataclass(frozen=True)
class Difference:
    """A paired difference with its interval and p-value.

    Parameters
    ----------
    estimate : Estimate
        The difference, with its 95 % interval.
    p_value : float or None
        Two-sided p-value of no difference; None where ``estimate`` has no interval. It is below
        0.05 exactly where the interval excludes zero.

    Examples
    --------
    >>> Difference(Estimate(value=0.1, low=0.05, high=0.15), p_value=0.001).estimate.value
    0.1
    """

    estimate: Estimate
    p_value: float | None


def difference(metric: Metric, a: Outcome, b: Outcome) -> Difference:
    """Compare two sets of predictions of the same items: metric of ``a`` minus that of ``b``.

    What makes an item hard for both cancels, because the difference is taken item by item.

    Parameters
    ----------
    metric : Metric
        What is measured.
    a, b : Outcome
        The same truth and groups in the same order; numbers of seeds may differ.

    Returns
    -------
    Difference

    Raises
    ------
    ValueError
        If the items are not the same.

    Notes
    -----
    The variance is the jackknife's, plus that of two rows more on which the two differ: for the
    accuracy of one seed, the interval is that of Bonett & Price, Adjusted Wald Confidence Interval
    for a Difference of Binomial Proportions Based on Paired Data, Journal of Educational and
    Behavioral Statistics 37 (2012), around the observed difference. So no interval has zero
    width. Seeds count as chance: equal numbers of seeds are paired.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> good = Outcome(truth, truth[None], 2)
    >>> bad = Outcome(truth, np.zeros((1, 100), dtype=int), 2)
    >>> found = difference(accuracy, good, bad)
    >>> found.estimate.value, found.p_value < 0.001
    (0.5, True)
    >>> difference(accuracy, good, good).p_value
    1.0
    """
    if not same_items(a, b):
        raise ValueError("predictions to compare must be of the same items, in the same order")
    value = average(metric, a) - average(metric, b)
    found = paired_variance(spread(metric, a), spread(metric, b))
    return difference_of(value, found, groups=fewest_groups([a, b]))


def paired_variance(a: Spread | None, b: Spread | None) -> tuple[float, float] | None:
    """Return the variance of a difference on the same items, and its degrees of freedom.

    Parameters
    ----------
    a, b : Spread or None
        What chance does to each, on the same items.

    Returns
    -------
    (float, float) or None

    Examples
    --------
    >>> paired_variance(None, None) is None
    True
    """
    if a is None or b is None:
        return None
    apart = a.parts - b.parts
    by_rows = float(apart @ apart) + a.draws + b.draws + a.unit**2 + b.unit**2
    if len(a.lines) == len(b.lines) and len(a.lines):
        by_lines = float((a.lines - b.lines).var(ddof=1) / len(a.lines))
        line_df = a.line_df
    else:
        by_lines = a.line_variance + b.line_variance
        line_df = joint_df((a.line_variance, b.line_variance), (a.line_df, b.line_df))
    return by_rows + by_lines, joint_df((by_rows, by_lines), (a.parts_df, line_df))


def difference_of(
    value: float, found: tuple[float, float] | None, *, groups: int | None = None
) -> Difference:
    """Return a difference with the interval of Student's t.

    Parameters
    ----------
    value : float
        The difference; nan if undefined.
    found : (float, float) or None
        The variance and the degrees of freedom.
    groups : int, optional
        Number of groups to record.

    Returns
    -------
    Difference

    Examples
    --------
    >>> difference_of(0.0, (0.01, 50.0)).p_value
    1.0
    """
    shown = value if np.isfinite(value) else None
    if shown is None or found is None:
        return Difference(Estimate(value=shown, groups=groups), None)
    from scipy.special import stdtr

    variance, df = found
    error = float(np.sqrt(variance))
    reach = t_quantile(df) * error
    p_value = min(1.0, 2 * float(stdtr(df, -abs(value) / error))) if error > 0 else 1.0
    estimate = Estimate(value=shown, low=shown - reach, high=shown + reach, groups=groups)
    return Difference(estimate, p_value)
