"""Drop the rows that confident learning flags."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import suspicion

tracks = ("repair",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the flagged rows, the worst of them up to the board's most; a class keeps one row.

    Parameters
    ----------
    pool
        Features and labels as given; rows without a label are let be.
    rules
        The board's limits; ``budget`` is used.
    seed
        Of the folds.
    """
    part = pool.take(np.flatnonzero(pool.labels >= 0))
    labels = part.labels
    quality, flagged = suspicion(part, seed)
    for number in np.unique(labels):
        own = np.flatnonzero(labels == number)
        flagged[own[quality[own].argmax()]] = False
    worst = np.argsort(quality, kind="stable")
    chosen = worst[flagged[worst]][: rules.budget]
    return {"drop": [str(name) for name in part.ids[chosen]]}
