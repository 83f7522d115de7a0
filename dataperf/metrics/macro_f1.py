"""F1 score averaged over classes, all classes weighted equally.

The F1 score of a class is 2 TP / (2 TP + FP + FN). It is 0 for a class that is always missed,
and for a class that is only predicted wrongly. A class that occurs neither in the truth nor in
the predictions is left out of the mean, as in scikit-learn's ``f1_score(average="macro")``.

>>> float(from_counts(np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])))
0.7777777777777777
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
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    either = counts.sum(axis=-1) + counts.sum(axis=-2)
    return statistics.mean_over_classes(statistics.ratio(2 * hits, either), either > 0)
