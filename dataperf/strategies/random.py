"""A uniform random pick of the pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import IntArray, Pool

tracks = ("selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``rules.budget`` ids drawn without replacement, every class among them.

    The pick is uniform over all rows whatever their class. Only if it leaves out a class
    that the budget has room for, the class's first row of the same shuffle takes the place of
    the last drawn row that its own class can spare: a model never predicts what it has not
    seen, and a baseline should not be weak for that reason alone.

    Parameters
    ----------
    pool
        What may be chosen.
    rules
        The board's limits; ``budget`` is used.
    seed
        Of the shuffle.
    """
    order = np.random.RandomState(seed).permutation(len(pool))
    return {
        "samples": selection_helpers.ids_by_class(pool, covering(order, pool.labels, rules.budget))
    }


def covering(order: IntArray, labels: IntArray, budget: int) -> list[int]:
    """Return the first ``budget`` rows of an order, changed only to leave no class out.

    >>> covering(np.array([0, 1, 2, 3]), np.array([0, 0, 0, 1]), 2)
    [0, 3]
    """
    picked = [int(row) for row in order[:budget]]
    counts = np.bincount(labels[picked], minlength=labels.max(initial=0) + 1)
    for row in order[budget:]:
        if counts[labels[row]]:
            continue
        spare = [place for place, had in enumerate(picked) if counts[labels[had]] > 1]
        if not spare:
            break
        counts[labels[picked[spare[-1]]]] -= 1
        counts[labels[row]] += 1
        picked[spare[-1]] = int(row)
    return picked
