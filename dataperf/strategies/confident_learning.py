"""Rank rows by confident learning: flagged rows first, lowest label quality first."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import suspicion

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers: flagged rows first, each part sorted by rising label quality.

    Confident learning (the cleanlab package) takes out-of-fold class probabilities of a logistic
    regression.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules
        Not used.
    seed
        Random seed of the folds.

    Returns
    -------
    dict
        ``{"order": [...]}``: all row numbers of the pool, the most suspect first.

    References
    ----------
    C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating uncertainty in
    dataset labels", Journal of Artificial Intelligence Research 70, 2021, section 3.
    """
    quality, flagged = suspicion(pool, seed)
    return {"order": np.lexsort((quality, ~flagged)).tolist()}
