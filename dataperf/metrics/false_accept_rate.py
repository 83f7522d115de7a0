"""Share of rows predicted as any class but class 0, for test splits without targets.

Class 0 stands for everything that is not a target; the challenge must list it first. On a
split without targets, such as words that the model has never heard, every prediction of
another class is a false alarm. The rate equals one minus ``rejection_rate``.

>>> float(from_counts(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 0]])))
0.25
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray

higher_is_better = False


def from_counts(counts: NDArray[np.number]) -> FloatArray:
    """Return the metric of (..., k, k) confusion matrices as a (...) array.

    Rows are true classes, columns are predicted classes; nan without rows.
    """
    accepted = counts[..., :, 1:].sum(axis=(-2, -1))
    return statistics.ratio(accepted, counts.sum(axis=(-2, -1)))
