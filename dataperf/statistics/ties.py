"""Ranks that entries share if noise explains their difference; p-values adjusted for that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataperf.records import FloatArray


def holm(p: ArrayLike) -> FloatArray:
    """Adjust p-values for their number: Holm's step-down method.

    Parameters
    ----------
    p : (n,) array of float
        p-values.

    Returns
    -------
    (n,) array of float64
        Adjusted p-values. If those of at most alpha are rejected, the probability of any wrong
        rejection among the n is at most alpha, however the tests depend on each other.

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
    group ends before the first separable entry, which leads the next group. All entries of a
    group have the rank 1 + the number of entries in better groups.

    So no entry of a group is separable from its leader, and ranks follow the order of scores.
    An entry of a later group may still be inseparable from an earlier leader when its own
    interval is wide. Sharing a rank says "not shown to be worse", never "shown to be equal".

    A bootstrap p-value is never below ``2 / (resamples + 1)``. With fewer than
    ``2 * (count - 1) / alpha`` resamples even the clearest difference may not survive the
    adjustment: 2,000 resamples are enough for 51 entries.

    Parameters
    ----------
    count : int
        Number of entries.
    p_value : function of two positions, or (count, count) array
        Two-sided p-value of the paired difference. None or nan means that there is none; such a
        pair is never separated. See ``p_values``.
    alpha : float
        Probability, for each leader, of separating from it any entry that is truly equal.

    Returns
    -------
    list of int
        A rank for each entry; 1 is the best.

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
