"""How evenly counts spread over categories, and how far from a reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dataperf.records import FloatArray
from dataperf.statistics.confusion_matrices import ratio


def normalized_entropy(counts: ArrayLike) -> float:
    """Return how evenly counts spread: 1 if all are equal, 0 if one category has everything.

    Parameters
    ----------
    counts : (categories,) array of numbers, none negative
        Counts with empty categories included: the number of categories sets the scale.

    Returns
    -------
    float
        Shannon entropy over the logarithm of the number of categories (Pielou's evenness, J.
        Theor. Biol. 13 (1966), over categories that could occur). A single category gives 1;
        nothing counted gives nan.

    Raises
    ------
    ValueError
        If a count is negative, or they are not a list.

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
        Rows of each category.

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
        If lengths differ, a count is negative, or they are not a list.

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
