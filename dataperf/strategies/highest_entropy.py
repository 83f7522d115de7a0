"""Inspect first the rows of whose class a model is least sure, whatever their label."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import out_of_fold

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by falling entropy of the class chances.

    Chances are out of fold, of a logistic regression. Rows of classes with fewer rows than
    folds come last.

    Parameters
    ----------
    pool
        Features and labels as given.
    rules
        Not used.
    seed
        Of the folds.
    """
    checked, _, chances = out_of_fold(pool, seed)
    entropy = np.full(len(pool), -np.inf)
    chances = np.maximum(chances, np.finfo(chances.dtype).tiny)  # nothing times log 0 is nan
    entropy[checked] = -(chances * np.log(chances)).sum(axis=1)
    return {"order": np.argsort(-entropy, kind="stable").tolist()}
