"""Greedy k-center (farthest-point sampling) within every class, classes balanced."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ids that cover each class: the next row is the farthest from all chosen rows.

    This is the greedy 2-approximation of k-center [1]_, proposed for selecting training data by
    [2]_ (algorithm 1). There it runs over an unlabelled pool. Here labels are given and every class
    must be covered, so it runs within each class, from a random first row, over standardised
    features. It prefers outliers, and so it collects wrong labels.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the first row of each class.

    Returns
    -------
    dict
        ``{"samples": {class: [id, ...]}}``, each id under its given class.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance",
       Theoretical Computer Science 38, 1985.
    .. [2] O. Sener and S. Savarese, "Active learning for convolutional neural networks: a
       core-set approach", ICLR 2018.
    """
    random = np.random.RandomState(seed)
    features = selection_helpers.standardised(pool.features)
    groups = selection_helpers.rows_by_class(pool)
    counts = selection_helpers.per_class_counts([len(rows) for rows in groups], rules.budget)
    chosen_rows = [
        rows[farthest(features[rows], count, random)]
        for rows, count in zip(groups, counts, strict=True)
    ]
    return {"samples": selection_helpers.ids_by_class(pool, np.concatenate(chosen_rows))}


def farthest(features: FloatArray, count: int, random: np.random.RandomState) -> IntArray:
    """Return ``count`` distinct row numbers, each the farthest from those before it.

    >>> farthest(np.array([[0.0], [1.0], [5.0], [9.0]]), 3, np.random.RandomState(2)).tolist()
    [0, 3, 2]
    """
    if count < 1:
        return np.empty(0, dtype=np.intp)
    chosen = [int(random.randint(len(features)))]
    nearest = np.full(len(features), np.inf)
    while len(chosen) < count:
        distances = selection_helpers.distances(features, features[chosen[-1:]])[:, 0]
        nearest = np.minimum(nearest, distances)
        nearest[chosen] = -1.0  # below every other row, even one with the same features
        chosen.append(int(nearest.argmax()))
    return np.array(chosen, dtype=np.intp)
