"""F1 score averaged over classes, each counting by its rows in the truth.

F1 of a class is 2 TP / (2 TP + FP + FN), as in scikit-learn's
``f1_score(average="weighted")``. Wrong predictions of a class that the truth lacks only
count through the class they should have been.

>>> score(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), classes=2)
0.7666666666666667
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
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    support = counts.sum(axis=-1)
    either = support + counts.sum(axis=-2)
    f1 = statistics.ratio(2 * hits, either)
    return statistics.mean_over_classes(f1, either > 0, weights=support.astype(np.float64))
