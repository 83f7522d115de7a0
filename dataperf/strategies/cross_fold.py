"""Keep the random candidate set that does best on held-out rows, over nested shuffle splits."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)
OUTER, INNER = 10, 10
TARGET_SHARE = 0.6
HELD_OUT = 400  # rows at most, and at most a third of the pool
NONTARGET = "nontarget"


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the best of a hundred candidate sets.

    The idea of the baseline of DataPerf's speech selection [1]_: in each of ten outer
    shuffle splits a part of the pool is held out, stratified by given label; inside, ten
    candidate sets of the board's size are drawn, and the set whose classifier has the best
    macro-F1 on the held-out rows, whose labels are as noisy as the pool's, is kept. Where a
    class is named "nontarget", the others have 60 % of a set; otherwise all share evenly.

    A logistic regression stands in for the frozen model, so that a hundred trainings take
    seconds; the number of trainings is fixed, whatever the pool's size. A pool that fits
    under the budget is taken whole.

    Parameters
    ----------
    pool
        What may be chosen.
    rules
        The board's limits; ``budget`` is used.
    seed
        Of the splits.

    References
    ----------
    .. [1] M. Mazumder et al., "DataPerf: benchmarks for data-centric AI development",
       NeurIPS 2023 Datasets and Benchmarks.
    """
    if len(pool) <= rules.budget:
        return {"samples": selection_helpers.ids_by_class(pool, range(len(pool)))}
    import sklearn.linear_model  # noqa: F401  (loads the thread pools that are to be limited)
    from threadpoolctl import threadpool_limits

    random = np.random.RandomState(seed)
    features = selection_helpers.standardised(pool.features)
    best, best_score = np.empty(0, dtype=np.intp), -1.0
    with threadpool_limits(limits=1):
        for _ in range(OUTER):
            held = held_out(pool, min(HELD_OUT, len(pool) // 3, len(pool) - rules.budget), random)
            rest = np.setdiff1d(np.arange(len(pool)), held)
            for _ in range(INNER):
                rows = candidate(pool, rest, rules.budget, random)
                score = held_out_score(features, pool, rows, held)
                if score > best_score:
                    best, best_score = rows, score
    return {"samples": selection_helpers.ids_by_class(pool, best)}


def held_out(pool: Pool, count: int, random: np.random.RandomState) -> IntArray:
    """Return at most ``count`` random rows, of each class its share, rounded down.

    Fewer than all rows are asked for, so no class is held out whole.
    """
    groups = [random.permutation(rows) for rows in selection_helpers.rows_by_class(pool)]
    return np.concatenate([rows[: len(rows) * count // len(pool)] for rows in groups])


def candidate(pool: Pool, rows: IntArray, budget: int, random: np.random.RandomState) -> IntArray:
    """Return a random set of at most ``budget`` of the rows."""
    groups = [random.permutation(group) for group in selection_helpers.rows_by_class(pool, rows)]
    place = pool.classes.index(NONTARGET) if NONTARGET in pool.classes else None
    counts = shares([len(group) for group in groups], budget, place)
    return np.concatenate([group[:count] for group, count in zip(groups, counts, strict=True)])


def shares(sizes: list[int], budget: int, nontarget: int | None) -> list[int]:
    """Return how many rows of each class a candidate has.

    >>> shares([100, 100, 100], 20, 0)
    [8, 6, 6]
    >>> shares([3, 100, 100], 20, 0)
    [3, 9, 8]
    >>> shares([100, 100, 100], 20, None)
    [7, 7, 6]
    """
    if nontarget is None or budget < len(sizes):
        return selection_helpers.per_class_counts(sizes, budget)
    targets = [*sizes[:nontarget], *sizes[nontarget + 1 :]]
    wanted = max(round(TARGET_SHARE * budget), len(targets))
    others = min(sizes[nontarget], budget - min(wanted, sum(targets), budget - 1))
    counts = selection_helpers.per_class_counts(targets, budget - others)
    return [*counts[:nontarget], others, *counts[nontarget:]]


def held_out_score(features: FloatArray, pool: Pool, rows: IntArray, held: IntArray) -> float:
    """Return macro-F1 on held-out rows of a classifier trained on the candidate."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(pool.labels[rows])) < 2 or not len(held):
        return 0.0
    model = LogisticRegression(C=0.1, tol=0.01, max_iter=50).fit(features[rows], pool.labels[rows])
    return macro_f1(pool.labels[held], model.predict(features[held]), len(pool.classes))


def macro_f1(truth: IntArray, predicted: IntArray, classes: int) -> float:
    """Return the mean F1 over the classes that occur in either.

    >>> round(macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 3), 3)
    0.667
    """
    right = np.bincount(truth[truth == predicted], minlength=classes)
    both = np.bincount(truth, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float((2 * right[both > 0] / both[both > 0]).mean())
