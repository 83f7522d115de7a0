"""What selection strategies share: quotas by class, ids filed under their class (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dataperf.records import FloatArray, IntArray, Pool


def quotas(sizes: Sequence[int], cap: int) -> list[int]:
    """Share a cap out evenly over classes; what a small class leaves goes to the others.

    >>> quotas([10, 2, 10], 12)
    [5, 2, 5]
    >>> quotas([3, 3], 100)
    [3, 3]
    """
    given = [0] * len(sizes)
    left = min(cap, sum(sizes))
    while left:
        for number in sorted(range(len(sizes)), key=lambda each: (given[each], each)):
            if left and given[number] < sizes[number]:
                given[number] += 1
                left -= 1
                break
        else:
            break
        open_classes = [n for n in range(len(sizes)) if given[n] < sizes[n]]
        if not open_classes:
            break
    return given


def by_class(pool: Pool, rows: IntArray | None = None) -> list[IntArray]:
    """Return the row numbers of each class, of all rows or of some."""
    kept = np.arange(len(pool)) if rows is None else np.sort(rows)
    return [kept[pool.labels[kept] == number] for number in range(len(pool.classes))]


def filed(pool: Pool, rows: Iterable[int]) -> dict[str, list[str]]:
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
    """Return squared Euclidean distances, (n, m), never negative."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None]
    apart: FloatArray = np.maximum(squares - 2.0 * first @ second.T, 0.0)
    return apart
