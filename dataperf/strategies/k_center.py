"""Farthest-point sampling (greedy k-center) inside every class, classes evenly."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selecting
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ids that cover each class: the next one is the farthest from all chosen.

    The greedy 2-approximation of k-center (Gonzalez 1985; as a core set: Sener & Savarese,
    ICLR 2018, section 4.1), started from a random row of the class.
    """
    random = np.random.RandomState(seed)
    features = selecting.standardised(pool.features)
    groups = selecting.by_class(pool)
    counts = selecting.quotas([len(rows) for rows in groups], rules.cap)
    picked = [
        rows[farthest(features[rows], count, random)]
        for rows, count in zip(groups, counts, strict=True)
        if count
    ]
    return {"samples": selecting.filed(pool, np.concatenate(picked))}


def farthest(features: FloatArray, count: int, random: np.random.RandomState) -> IntArray:
    """Return ``count`` row numbers, each the farthest from those before it."""
    chosen = [int(random.randint(len(features)))]
    nearest = selecting.distances(features, features[chosen])[:, 0]
    while len(chosen) < count:
        nearest[chosen[-1]] = -1.0
        chosen.append(int(nearest.argmax()))
        apart = selecting.distances(features, features[chosen[-1:]])[:, 0]
        nearest = np.minimum(nearest, apart)
    return np.array(chosen, dtype=np.intp)
