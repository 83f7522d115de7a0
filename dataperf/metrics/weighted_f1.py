"""F1 score averaged over classes, each class weighted by its number of true rows.

The F1 score of a class is 2 TP / (2 TP + FP + FN). Equal to scikit-learn's
``f1_score(average="weighted")``. A class that occurs only in the predictions has weight 0; its
wrong predictions count as misses of the true classes.

>>> float(from_counts(np.array([[2, 1], [0, 1]])))
0.7666666666666667
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
    support = counts.sum(axis=-1)
    either = support + counts.sum(axis=-2)
    f1 = statistics.ratio(2 * hits, either)
    return statistics.mean_over_classes(f1, either > 0, weights=support.astype(np.float64))
