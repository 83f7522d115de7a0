"""Keep a random 30 % of the pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool

tracks = ("corpus",)
SHARE = 0.3


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the ids of 30 % of the pairs.

    Parameters
    ----------
    pool
        Ids are used.
    rules
        Not used.
    seed
        Random seed.

    Returns
    -------
    dict
        ``{"ids": [...]}``: the pairs to keep.
    """
    order = np.random.RandomState(seed).permutation(len(pool))
    return {"ids": pool.ids[np.sort(order[: round(SHARE * len(pool))])].tolist()}
