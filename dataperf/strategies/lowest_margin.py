"""Inspect first the rows whose label a model holds least likely against the likeliest other."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import out_of_fold

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by rising margin: chance of the given class less the best other's.

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
    checked, labels, chances = out_of_fold(pool, seed)
    margin = np.full(len(pool), np.inf)
    if len(checked):
        rows = np.arange(len(checked))
        own = chances[rows, labels]
        others = chances.copy()
        others[rows, labels] = -np.inf
        margin[checked] = own - others.max(axis=1)
    return {"order": np.argsort(margin, kind="stable").tolist()}
