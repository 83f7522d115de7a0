"""Keep the 30 % of pairs whose image and caption go together best across the pool."""

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

    As a CLIP score does, but with what the pool itself teaches: caption features are
    predicted from the image by ridge regression, and a pair's similarity is the cosine of
    prediction and caption, both less their mean.

    Parameters
    ----------
    pool
        With the fact ``text features``: how many of the last features are the caption's.
    rules, seed
        Not used.
    """
    best = np.argsort(-similarity(pool), kind="stable")[: round(SHARE * len(pool))]
    return {"ids": pool.ids[np.sort(best)].tolist()}


def similarity(pool: Pool) -> FloatArray:
    """Return how well image and caption of every pair go together, (n,)."""
    width = pool.features.shape[1] - pool.facts["text features"]
    image = selection_helpers.standardised(pool.features[:, :width].astype(np.float64))
    text = pool.features[:, width:].astype(np.float64)
    text = text - text.mean(axis=0)
    squares = image.T @ image
    squares[np.diag_indices(width)] += RIDGE * len(image)
    guess = image @ np.linalg.solve(squares, image.T @ text)
    lengths = np.linalg.norm(guess, axis=1) * np.linalg.norm(text, axis=1)
    found: FloatArray = (guess * text).sum(axis=1) / np.maximum(lengths, 1e-12)
    return found
