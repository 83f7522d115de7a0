"""Random rows with random labels: the published point of comparison that knows nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool

tracks = ("labelled_selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return at most 500 rows, each labelled by the toss of a coin, both labels among them."""
    random = np.random.RandomState(seed)
    chosen = random.permutation(len(pool))[: min(500, rules.budget, len(pool))]
    labels = random.randint(0, 2, len(chosen))
    labels[:2] = (0, 1)[: len(labels)]
    return {"samples": [[str(pool.ids[row]), str(said)] for row, said in zip(chosen, labels)]}
