"""Lowest recall among the true classes.

A model that has never seen one of the classes in training scores 0, whatever its mean scores
are.

>>> float(from_counts(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]])))
0.5
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray

higher_is_better = True


def from_counts(counts: NDArray[np.number]) -> FloatArray:
    """Return the metric of (..., k, k) confusion matrices as a (...) array.

    Rows are true classes, columns are predicted classes; nan without rows.
    """
    hits, support = worst_of(counts)
    worst = np.where(support > 0, statistics.ratio(hits, support), np.inf).min(axis=-1)
    return np.asarray(np.where(np.isinf(worst), np.nan, worst))


def worst_of(counts: NDArray[np.number]) -> tuple[NDArray[np.number], NDArray[np.number]]:
    """Return hits and rows of every class, (..., k) each: the metric is the lowest quotient."""
    return np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1)
