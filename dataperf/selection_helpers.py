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
    """Return the sorted row numbers of each class, of all rows or of some.

    Parameters
    ----------
    pool : Pool
        What may be chosen.
    rows : array of int, optional
        The rows to look at; all by default.

    Returns
    -------
    list of array of int
        Row numbers of each class, in the order of ``pool.classes``.

    Examples
    --------
    >>> pool = Pool(np.array(["a", "b", "c"]), np.eye(3), np.array([1, 0, 1]), ("no", "yes"), {})
    >>> [rows.tolist() for rows in rows_by_class(pool)]
    [[1], [0, 2]]
    """
    kept = np.arange(len(pool)) if rows is None else np.sort(rows)
    return [kept[pool.labels[kept] == number] for number in range(len(pool.classes))]


def ids_by_class(pool: Pool, rows: Iterable[int]) -> dict[str, list[str]]:
    """Return ids listed under their given class, in pool order.

    Parameters
    ----------
    pool : Pool
        What may be chosen.
    rows : iterable of int
        Row numbers that were chosen.

    Returns
    -------
    dict of str to list of str
        Ids by name of their given class: the ``samples`` of a selection.

    Examples
    --------
    >>> pool = Pool(np.array(["a", "b", "c"]), np.eye(3), np.array([1, 0, 1]), ("no", "yes"), {})
    >>> ids_by_class(pool, [2, 1, 0])
    {'yes': ['a', 'c'], 'no': ['b']}
    """
    samples: dict[str, list[str]] = {}
    for row in sorted(int(row) for row in rows):
        samples.setdefault(pool.classes[pool.labels[row]], []).append(str(pool.ids[row]))
    return samples


def standardised(features: FloatArray) -> FloatArray:
    """Return features with mean 0 and standard deviation 1 in every column.

    Parameters
    ----------
    features : (n, d) array of float64
        Any numbers.

    Returns
    -------
    (n, d) array of float64
        Constant columns become 0.

    Examples
    --------
    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]]))
    array([[-1.,  0.],
           [ 1.,  0.]])
    """
    spread = features.std(axis=0)
    scaled: FloatArray = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return Euclidean distances between two sets of rows.

    No matrix product is used: its sums, and so its ties, depend on the machine's threads.

    Parameters
    ----------
    first : (n, d) array of float64
        Some rows.
    second : (m, d) array of float64
        Other rows.

    Returns
    -------
    (n, m) array of float64
        Distances of every pair.

    Examples
    --------
    >>> distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]))
    array([[5., 1.]])
    """
    from scipy.spatial.distance import cdist

    found: FloatArray = cdist(first, second)
    return found
