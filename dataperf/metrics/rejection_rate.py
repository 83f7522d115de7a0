"""Share of rows predicted as class 0, the class of all that is no target.

For splits that hold no targets at all, such as words the model has never heard: the truth
does not matter, rejecting all of them is perfect. The challenge must list the class of
everything else first. One minus it is ``false_accept_rate``.

>>> score(np.array([0, 0, 0, 0]), np.array([0, 2, 0, 0]), classes=3)
0.75
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
    rejected = counts[..., :, 0].sum(axis=-1)
    return statistics.ratio(rejected, counts.sum(axis=(-2, -1)))
