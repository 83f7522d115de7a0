"""Paired differences of one metric, with intervals and p-values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import Estimate, FloatArray
from dataperf.statistics.estimates import estimate_of
from dataperf.statistics.outcomes import Outcome, average
from dataperf.statistics.resampling import side_by_side


@dataclass(frozen=True)
class Difference:
    """A paired difference with its interval and p-value.

    Parameters
    ----------
    estimate : Estimate
        The difference, with its 95 % interval.
    p_value : float or None
        Two-sided p-value of no difference; None where ``estimate`` has no interval.

    Examples
    --------
    >>> Difference(Estimate(value=0.1, low=0.05, high=0.15), p_value=0.001).estimate.value
    0.1
    """

    estimate: Estimate
    p_value: float | None


def difference(
    metric: Metric, a: Outcome, b: Outcome, *, resamples: int | None = None
) -> Difference:
    """Compare two sets of predictions of the same items: metric of ``a`` minus that of ``b``.

    Every resample of items is applied to both, so what makes an item hard for both cancels.

    Parameters
    ----------
    metric : Metric
        What is measured.
    a, b : Outcome
        The same truth and clusters in the same order; numbers of seeds may differ.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    Difference
        The p-value is twice the smaller share of resamples on either side of zero, ties on
        both sides, each count plus one: at least ``2 / (resamples + 1)``, at most 1. It is
        below 0.05 when (up to that "plus one") the interval excludes zero.

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
    drawn = side_by_side(metric, [a, b], resamples=resamples)
    value = average(metric, a) - average(metric, b)
    return difference_of(value, drawn[:, 0] - drawn[:, 1], [a])


def p_values(
    metric: Metric, outcomes: Sequence[Outcome], *, resamples: int | None = None
) -> FloatArray:
    """Compare every pair of sets of predictions of the same items, in one pass.

    Each entry is the p-value of ``difference``, except that other items may be drawn: the
    canonical order of items, and so the draw, depends on all predictions that are compared.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcomes : sequence of Outcome
        The same truth and clusters in the same order.
    resamples : int, optional
        As in ``interval``.

    Returns
    -------
    (n, n) array of float64
        Symmetric; 1 on the diagonal and wherever there is no p-value.

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
    drawn = side_by_side(metric, outcomes, resamples=resamples)
    values = [average(metric, outcome) for outcome in outcomes]
    for i in range(len(outcomes)):
        for j in range(i):
            found = difference_of(values[i] - values[j], drawn[:, i] - drawn[:, j], outcomes[:1])
            matrix[i, j] = matrix[j, i] = 1.0 if found.p_value is None else found.p_value
    return matrix


def difference_of(value: float, replicates: FloatArray, outcomes: Sequence[Outcome]) -> Difference:
    estimate = estimate_of(value, replicates, outcomes)
    if estimate.low is None:
        return Difference(estimate, None)
    settled = np.round(replicates[np.isfinite(replicates)], 12)  # no sign from rounding noise
    fewer = int(min(np.count_nonzero(settled <= 0), np.count_nonzero(settled >= 0)))
    return Difference(estimate, min(1.0, 2 * (fewer + 1) / (len(settled) + 1)))
