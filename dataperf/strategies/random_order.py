"""Inspect the rows in random order."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers, shuffled.

    Parameters
    ----------
    pool
        The pool; only its number of rows is used.
    rules
        Not used.
    seed
        Random seed.

    Returns
    -------
    dict
        ``{"order": [...]}``: all row numbers of the pool, the most suspect first.
    """
    return {"order": np.random.RandomState(seed).permutation(len(pool)).tolist()}
