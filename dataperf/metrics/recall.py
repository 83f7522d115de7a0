"""Recall of class 1: the share of class 1 that is found.

The same as scikit-learn's ``recall_score`` with ``pos_label=1`` on two classes; predictions of
further classes count as not class 1.

>>> score(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), classes=2)
0.5
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

    Rows are true classes, columns predicted ones; nan where no row is class 1.
    """
    hits = counts[..., 1, 1]
    return statistics.ratio(hits, counts[..., 1, :].sum(-1))
