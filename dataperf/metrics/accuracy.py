"""Share of rows predicted right.

The same as scikit-learn's ``accuracy_score``. A class with many rows dominates it; see
``balanced_accuracy``.

>>> score(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), classes=2)
0.75
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
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return statistics.ratio(hits, counts.sum(axis=(-2, -1)))


def row_scores(truth: IntArray, predicted: IntArray) -> FloatArray:
    """Return 1 for every right and 0 for every wrong row of (..., rows) predictions.

    The metric is their mean, which makes the interval of a long series fast.
    """
    right: FloatArray = (predicted == truth).astype(np.float64)
    return right
