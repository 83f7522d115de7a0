"""p-values adjusted for the number of tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dataperf.records import FloatArray


def holm(p: ArrayLike) -> FloatArray:
    """Adjust p-values for their number: Holm's step-down method.

    Parameters
    ----------
    p : (n,) array of float
        p-values.

    Returns
    -------
    (n,) array of float64
        Adjusted p-values. If those of at most alpha are rejected, the probability of any wrong
        rejection among the n is at most alpha, however the tests depend on each other.

    Notes
    -----
    Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
    Statistics 6 (1979), §3.

    Examples
    --------
    >>> holm([0.04, 0.01, 0.03])
    array([0.06, 0.03, 0.06])
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted
