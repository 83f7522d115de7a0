"""Positives near the known examples, negatives by farthest-point sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool
from dataperf.strategies.pseudo_labels import others, pairs, scores

tracks = ("labelled_selection",)
POSITIVES = (0.1, 0.2, 0.4)  # shares of the budget to try
FOLDS = 5


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the best of three mixes of near positives and far negatives.

    A logistic regression that separates the known examples from random rows ranks all rows.
    Positives are the known examples and the best-ranked rows. Negatives come from the lower half:
    each is the row farthest from the negatives before it. The number of positives is chosen by
    cross-validation over the known examples: the mix, trained without one fold of them, that ranks
    this fold highest among random rows.

    Parameters
    ----------
    pool
        Features are used, and label 1, which marks the known examples.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the random rows, the first negative and the folds.

    Returns
    -------
    dict
        ``{"samples": [[id, "0" or "1"], ...]}``.

    References
    ----------
    P. Climaco, entry to the vision selection of DataPerf 2023. The sampling: T. F. Gonzalez,
    "Clustering to minimize the maximum intercluster distance", Theoretical Computer Science 38,
    1985.
    """
    random = np.random.RandomState(seed)
    features = selection_helpers.standardised(pool.features.astype(np.float64))
    known = np.flatnonzero(pool.labels == 1)
    budget = min(rules.budget, len(pool))
    fold = random.permutation(len(known)) % FOLDS
    compared = others(random, len(pool), known, 20 * len(known))
    rated = []
    for share in POSITIVES:
        ranks = []
        for number in range(FOLDS):
            kept, held = known[fold != number], known[fold == number]
            mix = _mix(features, kept, share, budget, np.random.RandomState(seed))
            sure = scores(features, *mix)
            ranks.append((sure[compared][:, None] < sure[held]).mean())
        rated.append((float(np.mean(ranks)), share))
    best = max(rated)[1]
    mix = _mix(features, known, best, budget, np.random.RandomState(seed))
    return {"samples": pairs(pool, *mix, budget)}


def _mix(
    features: FloatArray, known: IntArray, share: float, budget: int, random: np.random.RandomState
) -> tuple[IntArray, IntArray]:
    """Return the row numbers of positives and negatives."""
    sure = scores(features, known, others(random, len(features), known, 5 * len(known)))
    order = np.argsort(-sure, kind="stable")
    wanted = max(len(known), int(share * budget))
    positive = np.concatenate([known, order[~np.isin(order, known)]])[:wanted]
    far = order[len(order) // 2 :]
    return positive, far[spread(features[far], budget - wanted, random)]


def spread(features: FloatArray, count: int, random: np.random.RandomState) -> IntArray:
    """Return ``count`` rows, each the farthest from those before it; the first is random.

    >>> spread(np.array([[0.0], [1.0], [9.0]]), 2, np.random.RandomState(0)).tolist()
    [0, 2]
    """
    if count <= 0 or not len(features):
        return np.zeros(0, dtype=np.intp)
    chosen = [int(random.randint(len(features)))]
    squares = np.einsum("ij,ij->i", features, features)
    nearest = np.full(len(features), np.inf)
    while len(chosen) < min(count, len(features)):
        last = chosen[-1]
        apart = squares - 2 * (features @ features[last]) + squares[last]
        nearest = np.minimum(nearest, apart)
        nearest[chosen] = -np.inf
        chosen.append(int(nearest.argmax()))
    return np.array(chosen, dtype=np.intp)
