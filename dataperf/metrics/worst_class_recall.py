"""Recall of the class that fares worst, among the classes in the truth.

A model that has never seen a class in training scores 0, whatever its mean scores say.

>>> score(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), classes=3)
0.5
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray, IntArray

higher_is_better = True


def score(truth: IntArray, predicted: IntArray, *, classes: int) -> float:
    """Return the metric, or nan where it is not defined."""
    return float(from_counts(statistics.confusion(truth, predicted, classes)))


def from_counts(counts: NDArray[np.number]) -> FloatArray:
    """Return the metric of (..., k, k) confusion matrices as a (...) array.

    Rows are true classes, columns predicted ones; nan without rows.
    """
    support = counts.sum(axis=-1)
    recall = statistics.ratio(np.diagonal(counts, axis1=-2, axis2=-1), support)
    worst = np.where(support > 0, recall, np.inf).min(axis=-1)
    return np.asarray(np.where(np.isinf(worst), np.nan, worst))
