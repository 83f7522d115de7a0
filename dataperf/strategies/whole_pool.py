"""Keep every pair."""

from __future__ import annotations

from typing import Any

from dataperf.records import Pool

tracks = ("corpus",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all ids.

    Parameters
    ----------
    pool
        Ids are used.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"ids": [...]}``: the pairs to keep.
    """
    return {"ids": pool.ids.tolist()}
