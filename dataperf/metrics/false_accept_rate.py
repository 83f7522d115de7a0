"""Share of rows predicted as any class but 0, on rows that hold no target.

For splits that hold no targets at all, such as words the model has never heard: each such
prediction is a false alarm. The challenge must list the class of everything else first.
One minus it is ``rejection_rate``.

>>> score(np.array([0, 0, 0, 0]), np.array([0, 2, 0, 0]), classes=3)
0.25
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray, IntArray

higher_is_better = False


def score(truth: IntArray, predicted: IntArray, *, classes: int) -> float:
    """Return the metric, or nan where it is not defined."""
    return float(from_counts(statistics.confusion(truth, predicted, classes)))


def from_counts(counts: NDArray[np.number]) -> FloatArray:
    """Return the metric of (..., k, k) confusion matrices as a (...) array.

    Rows are true classes, columns predicted ones; nan without rows.
    """
    accepted = counts[..., :, 1:].sum(axis=(-2, -1))
    return statistics.ratio(accepted, counts.sum(axis=(-2, -1)))
