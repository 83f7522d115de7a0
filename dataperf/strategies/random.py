"""Uniform random selection from the pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import IntArray, Pool

tracks = ("selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``budget`` ids drawn without replacement, at least one of every class.

    The draw is uniform over all rows, whatever their class. If it misses a class although the
    budget has room for it, the first row of that class in the same shuffle replaces the last drawn
    row whose class has another row. A model never predicts a class that it has not seen, and a
    baseline should not be weak for that reason alone.

    Parameters
    ----------
    pool
        Given labels are used.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the shuffle.

    Returns
    -------
    dict
        ``{"samples": {class: [id, ...]}}``, each id under its given class.
    """
    order = np.random.RandomState(seed).permutation(len(pool))
    return {
        "samples": selection_helpers.ids_by_class(pool, covering(order, pool.labels, rules.budget))
    }


def covering(order: IntArray, labels: IntArray, budget: int) -> list[int]:
    """Return the first ``budget`` rows of an order, changed only to include every class.

    >>> covering(np.array([0, 1, 2, 3]), np.array([0, 0, 0, 1]), 2)
    [0, 3]
    """
    chosen = [int(row) for row in order[:budget]]
    counts = np.bincount(labels[chosen], minlength=labels.max(initial=0) + 1)
    for row in order[budget:]:
        if counts[labels[row]]:
            continue
        spare = [place for place, had in enumerate(chosen) if counts[labels[had]] > 1]
        if not spare:
            break
        counts[labels[chosen[spare[-1]]]] -= 1
        counts[labels[row]] += 1
        chosen[spare[-1]] = int(row)
    return chosen
