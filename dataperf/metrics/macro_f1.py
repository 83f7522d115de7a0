"""F1 score averaged over classes, each counting the same.

F1 of a class is 2 TP / (2 TP + FP + FN), and 0 for a class that is only missed or only
predicted wrongly. The mean runs over classes that occur in truth or predictions, as in
scikit-learn's ``f1_score(average="macro")``: a class in neither does not count.

>>> score(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), classes=4)
0.7777777777777777
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
    either = counts.sum(axis=-1) + counts.sum(axis=-2)
    return statistics.mean_over_classes(statistics.ratio(2 * hits, either), either > 0)
