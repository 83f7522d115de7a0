"""Keep 30 % of the pairs at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool

tracks = ("corpus",)
SHARE = 0.3


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return 30 % of the ids."""
    order = np.random.RandomState(seed).permutation(len(pool))
    return {"ids": pool.ids[np.sort(order[: round(SHARE * len(pool))])].tolist()}
