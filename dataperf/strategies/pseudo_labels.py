"""Self-training: label the rows that a model of the known examples is most sure of."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("labelled_selection",)
ROUNDS = 4
SHARE = 0.25  # share of the budget that is labelled positive; the rest is negative


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return known examples and confident rows; a quarter of the budget is positive.

    A logistic regression separates the known examples from random rows. In each of four rounds it
    labels the rows it is most sure of, more of them each time, and is trained again on these.
    Negatives are drawn at random from the half with the lowest scores, so that they differ from
    each other.

    Parameters
    ----------
    pool
        Features are used, and label 1, which marks the known examples.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the negatives.

    Returns
    -------
    dict
        ``{"samples": [[id, "0" or "1"], ...]}``.
    """
    random = np.random.RandomState(seed)
    features = selection_helpers.standardised(pool.features.astype(np.float64))
    known = np.flatnonzero(pool.labels == 1)
    budget = min(rules.budget, len(pool))
    positive, negative = known, others(random, len(pool), known, 5 * len(known))
    for number in range(1, ROUNDS + 1):
        score = scores(features, positive, negative)
        order = np.argsort(-score, kind="stable")
        wanted = max(len(known), int(SHARE * budget * number / ROUNDS))
        positive = np.unique(np.concatenate([known, order[:wanted]]))[:wanted]
        lower = order[len(order) // 2 :]
        negative = random.permutation(lower)[: int((1 - SHARE) * budget)]
    return {"samples": pairs(pool, positive, negative, budget)}


def others(random: np.random.RandomState, size: int, known: IntArray, count: int) -> IntArray:
    """Return at most ``count`` random row numbers that are not known examples."""
    order = random.permutation(size)
    return order[~np.isin(order, known)][:count]


def scores(features: FloatArray, positive: IntArray, negative: IntArray) -> FloatArray:
    """Return the decision score of every row under a balanced logistic regression.

    Higher scores are more likely positive.
    """
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([positive, negative])
    labels = np.repeat([1, 0], [len(positive), len(negative)])
    model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    sure: FloatArray = model.fit(features[rows], labels).decision_function(features)
    return sure


def pairs(pool: Pool, positive: IntArray, negative: IntArray, budget: int) -> list[list[str]]:
    """Return at most ``budget`` ids with their labels: positives first, each row once."""
    negative = negative[~np.isin(negative, positive)]
    labelled = [(row, "1") for row in positive.tolist()] + [(row, "0") for row in negative.tolist()]
    return [[str(pool.ids[row]), label] for row, label in labelled[:budget]]
