"""Recall averaged over the classes in the truth, each counting the same.

The same as scikit-learn's ``balanced_accuracy_score``. Guessing one class for all rows
gives 1 / number of classes, however unequal the classes are.

>>> score(np.array([0, 1, 1, 1]), np.array([0, 0, 0, 1]), classes=3)
0.6666666666666666
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
    return statistics.mean_over_classes(recall, support > 0)
