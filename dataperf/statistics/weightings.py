"""How the order of entries depends on the weights of the parts of a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dataperf.records import FloatArray, IntArray
from dataperf.statistics.jackknife import SEED

#: Weightings that are drawn.
WEIGHTINGS = 20_000

_MOST_NUMBERS = 1 << 22  # scores that are ranked at a time


@dataclass(frozen=True)
class Sensitivity:
    """How the order of entries depends on the weights of the parts of a score.

    Parameters
    ----------
    leads : (entries,) array of float64
        Share of all weightings under which each entry is first; a tie counts for each.
    best, worst : (entries,) array of int
        The smallest and largest rank of each entry under any weighting that was drawn.
    ranks : (entries,) array of int
        Ranks with equal weights.
    without : (parts, entries) array of int
        Ranks with equal weights when one part is left out.

    Examples
    --------
    >>> found = sensitivity(np.array([[0.9, 0.1], [0.4, 0.4]]))
    >>> found.leads.round(1).tolist(), found.without.tolist()
    ([0.6, 0.4], [[2, 1], [1, 2]])
    """

    leads: FloatArray
    best: IntArray
    worst: IntArray
    ranks: IntArray
    without: IntArray


def sensitivity(parts: FloatArray) -> Sensitivity:
    """Return how the order of entries depends on the weights of the parts of a score.

    Parameters
    ----------
    parts : (entries, parts) array of float
        The parts of each entry's score, at least two; a higher value is better.

    Returns
    -------
    Sensitivity

    Raises
    ------
    ValueError
        If there are fewer than two parts, or a value is not finite.

    Notes
    -----
    Weightings are ``WEIGHTINGS`` draws from the uniform distribution on all weights that are not
    negative and add up to 1 (Dirichlet with all parameters 1; Rubin, The Bayesian Bootstrap, Annals
    of Statistics 9, 1981), with the weightings of one part alone and that of equal weights for
    ``best`` and ``worst``. A share is exact to about 0.7 percentage points. Chance in the scores
    does not count.

    Examples
    --------
    >>> three = np.eye(3)
    >>> sensitivity(three).leads.round(2).tolist()
    [0.33, 0.34, 0.33]
    """
    values = np.asarray(parts, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
        raise ValueError("parts must be finite, of shape (entries, parts) with at least two parts")
    entries, count = values.shape
    random = np.random.RandomState(SEED)
    leads, best, worst = np.zeros(entries), np.full(entries, entries), np.ones(entries, np.intp)
    corners = np.vstack([np.eye(count), np.full((1, count), 1 / count)])
    step = max(1, _MOST_NUMBERS // max(entries * count, 1))
    left = WEIGHTINGS
    while left:
        weights = random.dirichlet(np.ones(count), min(step, left))
        left -= len(weights)
        found = _ranks(_weighted(values, weights))
        leads += (found == 1).sum(axis=0)
        best, worst = np.minimum(best, found.min(axis=0)), np.maximum(worst, found.max(axis=0))
    found = _ranks(_weighted(values, corners))
    best, worst = np.minimum(best, found.min(axis=0)), np.maximum(worst, found.max(axis=0))
    kept = (1 - np.eye(count)) / (count - 1)
    without = _ranks(_weighted(values, kept))
    return Sensitivity(leads / WEIGHTINGS, best, worst, found[-1], without)


def _weighted(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the scores under each weighting, (weightings, entries), summed in a fixed order."""
    total = np.zeros((len(weights), len(values)))
    for part in range(values.shape[1]):
        total += weights[:, part, None] * values[:, part]
    return total


def _ranks(scores: FloatArray) -> IntArray:
    """Return the ranks in each line; entries that are equal but for rounding share the best."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    close = 1e-12 * np.maximum(np.abs(ordered[:, :-1]), 1e-300)
    apart = ordered[:, :-1] - ordered[:, 1:] > close
    first = np.ones(scores.shape, dtype=np.intp)
    places = np.arange(2, scores.shape[1] + 1)
    first[:, 1:] = np.where(apart, places, 1)
    ranks = np.empty(scores.shape, dtype=np.intp)
    np.put_along_axis(ranks, order, np.maximum.accumulate(first, axis=1), axis=1)
    return ranks
