"""Inspect first the rows whose nearest neighbours carry other labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import Pool

tracks = ("cleaning",)
NEIGHBOURS = 10


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by rising agreement of the ten nearest other rows.

    The neighbour at place p, by Euclidean distance between standardised columns, has a say
    of 1/p.

    Parameters
    ----------
    pool
        Features and labels as given.
    rules
        Not used.
    seed
        Not used: nothing is drawn.
    """
    features = selection_helpers.standardised(pool.features.astype(np.float64))
    apart = selection_helpers.distances(features, features)
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(pool) - 1)]
    says = 1.0 / np.arange(1, nearest.shape[1] + 1)
    agreed = (pool.labels[nearest] == pool.labels[:, None]) @ says
    return {"order": np.argsort(agreed, kind="stable").tolist()}
