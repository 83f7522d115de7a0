"""Random selection with the same number of rows from every class."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import Pool

tracks = ("selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ids drawn class by class, as evenly as the sizes of the classes allow.

    Parameters
    ----------
    pool
        Given labels are used.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed.

    Returns
    -------
    dict
        ``{"samples": {class: [id, ...]}}``, each id under its given class.
    """
    random = np.random.RandomState(seed)
    groups = selection_helpers.rows_by_class(pool)
    counts = selection_helpers.per_class_counts([len(rows) for rows in groups], rules.budget)
    chosen = [random.permutation(rows)[:count] for rows, count in zip(groups, counts, strict=True)]
    return {"samples": selection_helpers.ids_by_class(pool, np.concatenate(chosen))}
