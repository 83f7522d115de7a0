"""Keep 30 %: captions that name a class, no near-copies, and those a classifier believes most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray, Pool
from dataperf.strategies.text_filter import named

tracks = ("corpus",)
SHARE = 0.3
FOLDS = 5
COPY = 0.95  # cosine of two images of the same class from which on one is left out


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the ids of the pairs that agree with themselves and with others.

    Parameters
    ----------
    pool
        With the column ``caption`` and the facts ``names`` and ``text features``.
    rules
        Not used.
    seed
        Of the folds.
    """
    classes = named(pool)
    width = pool.features.shape[1] - pool.facts["text features"]
    images = pool.features[:, :width].astype(np.float64)
    rows = without_copies(images, classes)
    believed = _believed(images[rows], classes[rows], seed)
    best = rows[np.argsort(-believed, kind="stable")[: round(SHARE * len(pool))]]
    return {"ids": pool.ids[np.sort(best)].tolist()}


def without_copies(images: FloatArray, classes: IntArray) -> IntArray:
    """Return rows with a class, of near-copies within a class only the first, ascending."""
    kept = []
    for number in range(int(classes.max()) + 1):
        rows = np.flatnonzero(classes == number)
        unit = images[rows] / np.maximum(np.linalg.norm(images[rows], axis=1), 1e-12)[:, None]
        alike = np.tril(unit @ unit.T >= COPY, -1)
        gone: NDArray[np.bool_] = np.zeros(len(rows), dtype=bool)
        for place, near in enumerate(alike):
            gone[place] = (near & ~gone).any()
        kept.append(rows[~gone])
    return np.sort(np.concatenate(kept))


def _believed(images: FloatArray, classes: IntArray, seed: int) -> FloatArray:
    """Return the out-of-fold probability of every row's own class."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    _, codes = np.unique(classes, return_inverse=True)
    folds = StratifiedKFold(min(FOLDS, np.bincount(codes).min()), shuffle=True, random_state=seed)
    model = LogisticRegression(C=0.1, max_iter=300)
    chance = cross_val_predict(model, images, codes, cv=folds, method="predict_proba")
    found: FloatArray = chance[np.arange(len(codes)), codes]
    return found
