"""Rank rows by how few of their nearest neighbours share their label."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import Pool

tracks = ("cleaning",)
NEIGHBOURS = 10


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by rising agreement with the ten nearest other rows.

    Distances are Euclidean between standardised features. The p-th nearest neighbour has weight
    1 / p.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"order": [...]}``: all row numbers of the pool, the most suspect first.
    """
    features = selection_helpers.standardised(pool.features.astype(np.float64))
    distances = selection_helpers.distances(features, features)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(pool) - 1)]
    weights = 1.0 / np.arange(1, nearest.shape[1] + 1)
    agreed = (pool.labels[nearest] == pool.labels[:, None]) @ weights
    return {"order": np.argsort(agreed, kind="stable").tolist()}
