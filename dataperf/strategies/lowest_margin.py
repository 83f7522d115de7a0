"""Rank rows by margin: probability of the given label minus that of the best other class."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import out_of_fold

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by rising margin.

    The probabilities are out of fold, from a logistic regression. Rows of classes with fewer rows
    than there are folds come last.

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
    """
    checked, labels, probabilities = out_of_fold(pool, seed)
    margin = np.full(len(pool), np.inf)
    if len(checked):
        rows = np.arange(len(checked))
        own = probabilities[rows, labels]
        others = probabilities.copy()
        others[rows, labels] = -np.inf
        margin[checked] = own - others.max(axis=1)
    return {"order": np.argsort(margin, kind="stable").tolist()}
