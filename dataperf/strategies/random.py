"""A uniform random pick of the pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selecting
from dataperf.records import Pool

tracks = ("selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``rules.cap`` ids drawn without replacement."""
    rows = np.random.RandomState(seed).permutation(len(pool))[: rules.cap]
    return {"samples": selecting.filed(pool, rows)}
