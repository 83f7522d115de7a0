"""Drop the rows that confident learning flags as label errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.cleanlab_k_medoids import suspicion

tracks = ("repair",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the flagged rows, the most suspect first, up to the budget.

    The row with the best label quality of each class is never dropped.

    Parameters
    ----------
    pool
        Features and given labels are used; rows without a label are left alone.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the folds.

    Returns
    -------
    dict
        ``{"drop": [id, ...]}``.
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
