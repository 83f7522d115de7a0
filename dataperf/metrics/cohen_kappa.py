"""Agreement with the truth beyond what chance would give (Cohen's kappa).

One minus disagreement over the disagreement of independent guesses with the same class
shares: 1 is perfect, 0 is chance, less is worse than chance (Cohen, Educational and
Psychological Measurement 20, 1960). Undefined when truth and predictions are all of one
and the same class, since chance agrees there too.

>>> score(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), classes=2)
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

    Rows are true classes, columns predicted ones; nan without rows or with a single class.
    """
    rows = np.asarray(counts.sum(axis=(-2, -1)), dtype=np.float64)
    differing = rows - np.trace(counts, axis1=-2, axis2=-1)
    true, guessed = counts.sum(axis=-1).astype(np.float64), counts.sum(axis=-2)
    by_chance = rows**2 - (true * guessed).sum(axis=-1)
    return np.asarray(1 - statistics.ratio(differing * rows, by_chance))
