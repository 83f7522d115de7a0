"""Helpers for selection strategies: counts per class, ids by class, distances (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray, Pool


def per_class_counts(sizes: Sequence[int], budget: int) -> list[int]:
    """Divide a budget evenly over classes; what a small class leaves goes to the others.

    Parameters
    ----------
    sizes : sequence of int
        Number of rows of each class.
    budget : int
        Maximum total. If it cannot be divided evenly, the first classes get one row more.

    Returns
    -------
    list of int
        Rows to take from each class, at most the size of the class.

    Examples
    --------
    >>> per_class_counts([10, 2, 10], 12)
    [5, 2, 5]
    >>> per_class_counts([10, 10, 10], 11)
    [4, 4, 3]
    >>> per_class_counts([3, 0], 100)
    [3, 0]
    """
    counts = [0] * len(sizes)
    left = min(budget, sum(sizes))
    while left > 0:
        unfilled = [number for number, size in enumerate(sizes) if counts[number] < size]
        each = max(1, left // len(unfilled))
        for number in unfilled[:left]:
            more = min(each, sizes[number] - counts[number])
            counts[number] += more
            left -= more
    return counts


def rows_by_class(pool: Pool, rows: NDArray[Any] | None = None) -> list[IntArray]:
    """Return the sorted row numbers of each class.

    Parameters
    ----------
    pool : Pool
    rows : array of int, optional
        Row numbers to consider; all by default.

    Returns
    -------
    list of array of int
        One array for each class, in the order of ``pool.classes``.
    """
    chosen = np.arange(len(pool)) if rows is None else np.sort(rows)
    return [chosen[pool.labels[chosen] == number] for number in range(len(pool.classes))]


def ids_by_class(pool: Pool, rows: Iterable[int]) -> dict[str, list[str]]:
    """Return ids grouped by their counts class, in pool order.

    Parameters
    ----------
    pool : Pool
    rows : iterable of int
        Row numbers of the pool.

    Returns
    -------
    dict
        Class name to ids: the form of ``samples`` in a selection answer.
    """
    samples: dict[str, list[str]] = {}
    for row in sorted(int(row) for row in rows):
        samples.setdefault(pool.classes[pool.labels[row]], []).append(str(pool.ids[row]))
    return samples


def standardised(features: FloatArray) -> FloatArray:
    """Return features scaled to mean 0 and standard deviation 1; constant columns become 0.

    Parameters
    ----------
    features : (n, d) array of float

    Returns
    -------
    (n, d) array of float
    """
    spread = features.std(axis=0)
    scaled: FloatArray = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return Euclidean distances between two sets of rows.

    No matrix product is used: its sums, and therefore ties, depend on the number of threads. These
    distances are the same to the last bit on any number of threads.

    Parameters
    ----------
    first : (n, d) array of float
    second : (m, d) array of float

    Returns
    -------
    (n, m) array of float
    """
    from scipy.spatial.distance import cdist

    found: FloatArray = cdist(first, second)
    return found
