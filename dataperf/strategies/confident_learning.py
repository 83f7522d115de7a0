"""Inspect first what confident learning is least sure of."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import suspicion

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers: flagged rows first, each part by rising label quality.

    Out-of-fold chances of a logistic regression go to the cleanlab package (Northcutt, Jiang
    & Chuang, Confident learning, JAIR 70, 2021, section 3).

    Parameters
    ----------
    pool
        Features and labels as given.
    rules
        Not used.
    seed
        Of the folds.
    """
    quality, flagged = suspicion(pool, seed)
    return {"order": np.lexsort((quality, ~flagged)).tolist()}
