"""Mean recall over the true classes, all classes weighted equally.

Equal to scikit-learn's ``balanced_accuracy_score``. Predicting one class for all rows gives
1 / number of classes, however unequal the classes are.

>>> float(from_counts(np.array([[1, 0, 0], [2, 1, 0], [0, 0, 0]])))
0.6666666666666666
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
    support = counts.sum(axis=-1)
    recall = statistics.ratio(np.diagonal(counts, axis1=-2, axis2=-1), support)
    return statistics.mean_over_classes(recall, support > 0)
