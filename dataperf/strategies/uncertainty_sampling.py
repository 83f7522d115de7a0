"""Grow the set where a model is unsure, labelled by the nearest rows that are labelled."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import Pool
from dataperf.strategies.pseudo_labels import others, pairs, scores

tracks = ("labelled_selection",)
ROUNDS = 5
NEIGHBOURS = 5
CANDIDATES = 4  # rows looked at for each one that is taken


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return a set grown in five rounds from the known examples and random rows.

    Plain uncertainty sampling asks a person for the labels of the rows a model is least sure
    of. Nobody can be asked here: of the least sure rows those are taken on whose label the
    five nearest labelled rows agree most, and that is their label.

    Parameters
    ----------
    pool
        Features, and label 1 for the known examples.
    rules
        The board's limits; ``budget`` is used.
    seed
        Of the random rows.

    References
    ----------
    Lewis & Gale, A sequential algorithm for training text classifiers, SIGIR 1994; S.
    Mussmann's entry to the vision selection of DataPerf 2023 modified it.
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
        apart = selection_helpers.distances(features[unsure], features[taken])
        nearest = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
        votes = (nearest < len(positive)).mean(axis=1)
        agreed = np.argsort(-np.abs(votes - 0.5), kind="stable")[:more]
        said = votes[agreed] > 0.5
        positive = np.concatenate([positive, unsure[agreed][said]])
        negative = np.concatenate([negative, unsure[agreed][~said]])
    return {"samples": pairs(pool, positive, negative, budget)}
