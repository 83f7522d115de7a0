"""Grow the selection by uncertainty sampling, labelled by the nearest labelled rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import Pool
from dataperf.strategies.pseudo_labels import others, pairs, scores

tracks = ("labelled_selection",)
ROUNDS = 5
NEIGHBOURS = 5
CANDIDATES = 4  # rows considered for each row that is taken


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return a set grown in five rounds from the known examples and random rows.

    Plain uncertainty sampling asks a person to label the rows that a model is least sure of. No
    person is available here. Of the least sure rows, those whose five nearest labelled rows agree
    most on a label are taken, with that label.

    Parameters
    ----------
    pool
        Features are used, and label 1, which marks the known examples.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the random rows.

    Returns
    -------
    dict
        ``{"samples": [[id, "0" or "1"], ...]}``.

    References
    ----------
    D. D. Lewis and W. A. Gale, "A sequential algorithm for training text classifiers", SIGIR 1994;
    modified as in S. Mussmann's entry to the vision selection of DataPerf 2023.
    """
    random = np.random.RandomState(seed)
    features = selection_helpers.standardised(pool.features.astype(np.float64))
    known = np.flatnonzero(pool.labels == 1)
    budget = min(rules.budget, len(pool))
    positive = known
    negative = others(random, len(pool), known, max(1, min(5 * len(known), budget // 3)))
    for number in range(1, ROUNDS + 1):
        more = budget * number // ROUNDS - len(positive) - len(negative)
        if more <= 0:
            continue
        sure = np.abs(scores(features, positive, negative))
        taken = np.concatenate([positive, negative])
        sure[taken] = np.inf
        unsure = np.argsort(sure, kind="stable")[: CANDIDATES * more]
        distances = selection_helpers.distances(features[unsure], features[taken])
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
        votes = (nearest < len(positive)).mean(axis=1)
        chosen = np.argsort(-np.abs(votes - 0.5), kind="stable")[:more]
        positive_label = votes[chosen] > 0.5
        positive = np.concatenate([positive, unsure[chosen][positive_label]])
        negative = np.concatenate([negative, unsure[chosen][~positive_label]])
    return {"samples": pairs(pool, positive, negative, budget)}
