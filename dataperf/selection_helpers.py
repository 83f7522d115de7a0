"""What selection strategies share: quotas by class, ids filed under their class (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray, Pool


def per_class_counts(sizes: Sequence[int], budget: int) -> list[int]:
    """Share a budget out evenly over classes; what a small class leaves goes to the others.

    Parameters
    ----------
    sizes
        Rows of each class.
    budget
        Most rows to hand out; of an uneven rest the first classes get one more.

    Examples
    --------
    >>> per_class_counts([10, 2, 10], 12)
    [5, 2, 5]
    >>> per_class_counts([10, 10, 10], 11)
    [4, 4, 3]
    >>> per_class_counts([3, 0], 100)
    [3, 0]
    """
    given = [0] * len(sizes)
    left = min(budget, sum(sizes))
    while left > 0:
        unfilled = [number for number, size in enumerate(sizes) if given[number] < size]
        each = max(1, left // len(unfilled))
        for number in unfilled[:left]:
            more = min(each, sizes[number] - given[number])
            given[number] += more
            left -= more
    return given


def rows_by_class(pool: Pool, rows: NDArray[Any] | None = None) -> list[IntArray]:
    """Return the sorted row numbers of each class, of all rows or of some."""
    kept = np.arange(len(pool)) if rows is None else np.sort(rows)
    return [kept[pool.labels[kept] == number] for number in range(len(pool.classes))]


def ids_by_class(pool: Pool, rows: Iterable[int]) -> dict[str, list[str]]:
    """Return ids filed under their given class, in pool order."""
    samples: dict[str, list[str]] = {}
    for row in sorted(int(row) for row in rows):
        samples.setdefault(pool.classes[pool.labels[row]], []).append(str(pool.ids[row]))
    return samples


def standardised(features: FloatArray) -> FloatArray:
    """Return features with mean 0 and deviation 1 in every column; constant columns stay 0."""
    spread = features.std(axis=0)
    scaled: FloatArray = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return Euclidean distances, (n, m), the same to the last bit on any number of threads.

    No matrix product is used: its sums, and so its ties, depend on the machine's threads.
    """
    from scipy.spatial.distance import cdist

    apart: FloatArray = cdist(first, second)
    return apart
