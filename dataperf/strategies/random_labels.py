"""Random rows with random labels, the published chance baseline."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool

tracks = ("labelled_selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return at most 500 random rows with random labels, both labels included.

    Parameters
    ----------
    pool
        Ids are used.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed.

    Returns
    -------
    dict
        ``{"samples": [[id, "0" or "1"], ...]}``.
    """
    random = np.random.RandomState(seed)
    chosen = random.permutation(len(pool))[: min(500, rules.budget, len(pool))]
    labels = random.randint(0, 2, len(chosen))
    labels[:2] = (0, 1)[: len(labels)]
    return {"samples": [[str(pool.ids[row]), str(label)] for row, label in zip(chosen, labels)]}
