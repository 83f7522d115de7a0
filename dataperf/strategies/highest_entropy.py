"""Rank rows by the entropy of their predicted class probabilities, highest first."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import out_of_fold

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by falling entropy of the class probabilities.

    The probabilities are out of fold, from a logistic regression; the label of a row does not
    count. Rows of classes with fewer rows than there are folds come last.

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
    checked, _, probabilities = out_of_fold(pool, seed)
    entropy = np.full(len(pool), -np.inf)
    tiny = np.finfo(probabilities.dtype).tiny  # 0 * log(0) is nan
    probabilities = np.maximum(probabilities, tiny)
    entropy[checked] = -(probabilities * np.log(probabilities)).sum(axis=1)
    return {"order": np.argsort(-entropy, kind="stable").tolist()}
