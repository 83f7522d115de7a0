"""Share of rows predicted as class 0, for test splits without targets.

Class 0 stands for everything that is not a target; the challenge must list it first. On a
split without targets, such as words that the model has never heard, rejecting every row is
perfect. The true classes are not used. The rate equals one minus ``false_accept_rate``.

>>> float(from_counts(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 0]])))
0.75
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
    rejected = counts[..., :, 0].sum(axis=-1)
    return statistics.ratio(rejected, counts.sum(axis=(-2, -1)))
