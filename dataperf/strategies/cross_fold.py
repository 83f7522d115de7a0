"""Keep the random candidate set that does best on held-out rows, over nested shuffle splits."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selecting
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)
OUTER, INNER = 5, 5
TARGET_SHARE = 0.6
HELD_OUT = 400


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the best of 25 candidate sets.

    The idea of DataPerf's own speech baseline: in each of several outer shuffles a part of
    the pool is held out; inside, candidate sets of the board's size (60 % targets, evenly)
    are drawn, a classifier is trained on each, and the set with the best macro-F1 on the
    held-out rows, whose labels are as noisy as the pool's, is kept. Five by five splits and
    a logistic regression stand in for its ten by ten splits and the full model.
    """
    random = np.random.RandomState(seed)
    features = selecting.standardised(pool.features)
    best, best_score = np.arange(min(len(pool), rules.cap)), -1.0
    for _ in range(OUTER):
        order = random.permutation(len(pool))
        held = order[: min(HELD_OUT, len(pool) // 3)]
        rest = order[len(held) :]
        for _ in range(INNER):
            rows = candidate(pool, rest, rules.cap, random)
            score = held_out_score(features, pool, rows, held)
            if score > best_score:
                best, best_score = rows, score
    return {"samples": selecting.filed(pool, best)}


def candidate(pool: Pool, rows: IntArray, cap: int, random: np.random.RandomState) -> IntArray:
    """Return a random set of which targets (all classes but the first) have 60 %."""
    groups = [random.permutation(group) for group in selecting.by_class(pool, rows)]
    sizes = [len(group) for group in groups]
    targets = selecting.quotas(sizes[1:], round(cap * TARGET_SHARE))
    counts = [min(sizes[0], cap - sum(targets)), *targets]
    return np.concatenate([group[:count] for group, count in zip(groups, counts, strict=True)])


def held_out_score(features: FloatArray, pool: Pool, rows: IntArray, held: IntArray) -> float:
    """Return macro-F1 on held-out rows of a classifier trained on the candidate."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    if len(np.unique(pool.labels[rows])) < 2 or not len(held):
        return 0.0
    model = LogisticRegression(C=0.1, max_iter=200).fit(features[rows], pool.labels[rows])
    predicted = model.predict(features[held])
    return float(f1_score(pool.labels[held], predicted, average="macro"))
