"""Keep the pairs whose caption names exactly one class."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from dataperf.records import IntArray, Pool

tracks = ("corpus",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the ids of the pairs whose caption names exactly one class.

    Parameters
    ----------
    pool
        The column ``caption`` and the fact ``names`` are used.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"ids": [...]}``: the pairs to keep.
    """
    return {"ids": pool.ids[named(pool) >= 0].tolist()}


def named(pool: Pool) -> IntArray:
    """Return the class that each caption names, (n,) array of int; -1 for none or several."""
    number = {
        word: pool.classes.index(name)
        for name, words in pool.facts["names"].items()
        for word in words
    }
    found = np.full(len(pool), -1, dtype=np.intp)
    for row, caption in enumerate(pool.columns["caption"].tolist()):
        words = re.findall(r"\w+", caption.casefold())
        classes = {number[word] for word in words if word in number}
        if len(classes) == 1:
            found[row] = classes.pop()
    return found
