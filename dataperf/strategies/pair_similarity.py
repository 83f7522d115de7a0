"""Keep the 30 % of pairs with the highest similarity of image and caption."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, Pool

tracks = ("corpus",)
SHARE = 0.3
RIDGE = 0.1


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the ids of the pairs with the highest similarity.

    The similarity replaces a CLIP score by what the pool itself teaches. Ridge regression predicts
    caption features from the image. The similarity of a pair is the cosine between the prediction
    and the caption features, both centred.

    Parameters
    ----------
    pool
        The fact ``text features`` is used: how many of the last features are the caption's.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"ids": [...]}``: the pairs to keep.
    """
    best = np.argsort(-similarity(pool), kind="stable")[: round(SHARE * len(pool))]
    return {"ids": pool.ids[np.sort(best)].tolist()}


def similarity(pool: Pool) -> FloatArray:
    """Return the similarity of image and caption of every pair, (n,), -1 to 1."""
    width = pool.features.shape[1] - pool.facts["text features"]
    image = selection_helpers.standardised(pool.features[:, :width].astype(np.float64))
    text = pool.features[:, width:].astype(np.float64)
    text = text - text.mean(axis=0)
    squares = image.T @ image
    squares[np.diag_indices(width)] += RIDGE * len(image)
    predicted = image @ np.linalg.solve(squares, image.T @ text)
    lengths = np.linalg.norm(predicted, axis=1) * np.linalg.norm(text, axis=1)
    found: FloatArray = (predicted * text).sum(axis=1) / np.maximum(lengths, 1e-12)
    return found
