"""Share of rows whose predicted class is the true class.

Equal to scikit-learn's ``accuracy_score``. A class with many rows dominates it; see
``balanced_accuracy``.

>>> float(from_counts(np.array([[1, 0], [1, 2]])))
0.75
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray, IntArray

higher_is_better = True


def from_counts(counts: NDArray[np.number]) -> FloatArray:
    """Return the metric of (..., k, k) confusion matrices as a (...) array.

    Rows are true classes, columns are predicted classes; nan without rows.
    """
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return statistics.ratio(hits, counts.sum(axis=(-2, -1)))


def row_scores(truth: IntArray, predicted: IntArray) -> FloatArray:
    """Return 1 for correct and 0 for wrong rows of (..., rows) predictions, as a float array.

    The metric is the mean of these values, which makes the interval of a long series fast.
    """
    correct: FloatArray = (predicted == truth).astype(np.float64)
    return correct
