"""Select the best of 100 random candidate sets, each scored on held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)
OUTER, INNER = 10, 10
TARGET_SHARE = 0.6
HELD_OUT = 400  # maximum number of held-out rows; also at most a third of the pool
NONTARGET = "nontarget"


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the best of a hundred random candidate sets.

    The idea is that of the baseline of DataPerf's speech selection [1]_. Each of ten outer shuffle
    splits holds out a part of the pool, stratified by given label. Ten candidate sets of the
    board's size are drawn from the rest. The candidate whose classifier has the best macro-F1 on
    the held-out rows is returned; their labels are as noisy as the pool's. If a class is named
    "nontarget", the other classes get 60 % of a set; otherwise all classes get the same share.

    A logistic regression is trained instead of the frozen model, so that a hundred trainings take
    seconds. The number of trainings does not depend on the size of the pool. A pool that fits the
    budget is returned whole.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the splits and candidates.

    Returns
    -------
    dict
        ``{"samples": {class: [id, ...]}}``, each id under its given class.

    References
    ----------
    .. [1] M. Mazumder et al., "DataPerf: benchmarks for data-centric AI development",
       NeurIPS 2023 Datasets and Benchmarks.
    """
    if len(pool) <= rules.budget:
        return {"samples": selection_helpers.ids_by_class(pool, range(len(pool)))}
    import sklearn.linear_model  # noqa: F401  (loads the thread pools to be limited)
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
    """Return at most ``count`` random rows, the same share of every class, rounded down.

    ``count`` is below the number of rows, so no class is held out completely.
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
    """Return the number of rows of each class in a candidate.

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
    """Return the macro-F1 on the held-out rows of a classifier trained on a candidate."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(pool.labels[rows])) < 2 or not len(held):
        return 0.0
    model = LogisticRegression(C=0.1, tol=0.01, max_iter=50).fit(features[rows], pool.labels[rows])
    return macro_f1(pool.labels[held], model.predict(features[held]), len(pool.classes))


def macro_f1(truth: IntArray, predicted: IntArray, classes: int) -> float:
    """Return the mean F1 over the classes that occur in the truth or the predictions.

    >>> round(macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 3), 3)
    0.667
    """
    right = np.bincount(truth[truth == predicted], minlength=classes)
    both = np.bincount(truth, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float((2 * right[both > 0] / both[both > 0]).mean())
