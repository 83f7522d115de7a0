"""Agreement with the true classes beyond chance (Cohen's kappa).

One minus the observed disagreement divided by the disagreement of independent guesses with
the same class shares: 1 is perfect, 0 is chance, below 0 is worse than chance. It is undefined
when all true and all predicted classes are one and the same class, because chance agrees there
too.

Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and
Psychological Measurement 20, 1960.

>>> float(from_counts(np.array([[2, 0], [1, 1]])))
0.5
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray

higher_is_better = True
lowest = -1.0


def from_counts(counts: NDArray[np.number]) -> FloatArray:
    """Return the metric of (..., k, k) confusion matrices as a (...) array.

    Rows are true classes, columns are predicted classes; nan without rows or with a single class.
    """
    rows = np.asarray(counts.sum(axis=(-2, -1)), dtype=np.float64)
    differing = rows - np.trace(counts, axis1=-2, axis2=-1)
    true, predicted = counts.sum(axis=-1).astype(np.float64), counts.sum(axis=-2)
    by_chance = rows**2 - (true * predicted).sum(axis=-1)
    return np.asarray(1 - statistics.ratio(differing * rows, by_chance))
