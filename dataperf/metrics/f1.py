"""F1 score of class 1, the positive class.

The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Equal to scikit-learn's
``f1_score`` with ``pos_label=1`` on two classes; with more classes, all others are negative.

>>> float(from_counts(np.array([[1, 1], [1, 1]])))
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

    Rows are true classes, columns are predicted classes; nan where class 1 occurs neither in
    the truth nor in the predictions.
    """
    hits = counts[..., 1, 1]
    return statistics.ratio(2 * hits, counts[..., 1, :].sum(-1) + counts[..., :, 1].sum(-1))
