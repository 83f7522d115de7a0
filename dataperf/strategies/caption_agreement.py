"""Keep 30 % of the pairs: one class in the caption, no near-copies, highest probability."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray, Pool
from dataperf.strategies.text_filter import named

tracks = ("corpus",)
SHARE = 0.3
FOLDS = 5
COPY = 0.95  # cosine between two images of a class from which the second is a near-copy


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the pairs whose image and caption agree best.

    Pairs whose caption does not name exactly one class are removed, then near-copies. The rest
    are ranked by the out-of-fold probability that a logistic regression on the images gives to the
    class in the caption.

    Parameters
    ----------
    pool
        The column ``caption`` and the facts ``names`` and ``text features`` are used.
    rules
        Not used.
    seed
        Random seed of the folds.

    Returns
    -------
    dict
        ``{"ids": [...]}``: the pairs to keep.
    """
    classes = named(pool)
    width = pool.features.shape[1] - pool.facts["text features"]
    images = pool.features[:, :width].astype(np.float64)
    rows = without_copies(images, classes)
    own = _own_probabilities(images[rows], classes[rows], seed)
    best = rows[np.argsort(-own, kind="stable")[: round(SHARE * len(pool))]]
    return {"ids": pool.ids[np.sort(best)].tolist()}


def without_copies(images: FloatArray, classes: IntArray) -> IntArray:
    """Return the rows with a class, sorted; of near-copies within a class, only the first."""
    parts = []
    for number in range(int(classes.max()) + 1):
        rows = np.flatnonzero(classes == number)
        unit = images[rows] / np.maximum(np.linalg.norm(images[rows], axis=1), 1e-12)[:, None]
        alike = np.tril(unit @ unit.T >= COPY, -1)
        dropped: NDArray[np.bool_] = np.zeros(len(rows), dtype=bool)
        for place, near in enumerate(alike):
            dropped[place] = (near & ~dropped).any()
        parts.append(rows[~dropped])
    return np.sort(np.concatenate(parts))


def _own_probabilities(images: FloatArray, classes: IntArray, seed: int) -> FloatArray:
    """Return the out-of-fold probability of every row's own class."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    _, codes = np.unique(classes, return_inverse=True)
    folds = StratifiedKFold(min(FOLDS, np.bincount(codes).min()), shuffle=True, random_state=seed)
    model = LogisticRegression(C=0.1, max_iter=300)
    probabilities = cross_val_predict(model, images, codes, cv=folds, method="predict_proba")
    found: FloatArray = probabilities[np.arange(len(codes)), codes]
    return found
