"""Spend the whole budget with the seller whose features correlate most with the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.correlation_guided import strength

tracks = ("acquisition",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return as many rows of one seller as the budget buys.

    Parameters
    ----------
    pool
        Only its ``facts`` are used: rows, prices, budget and summaries.
    rules
        Not used.
    seed
        Rank of the seller: 0 is the best, 1 the second best, and so on,
        starting over at the end.

    Returns
    -------
    dict
        ``{"purchases": [...]}``: the number of rows to buy from each seller.
    """
    rows, prices, budget = (pool.facts[key] for key in ("rows", "prices", "budget"))
    ranked = np.argsort([-strength(each) for each in pool.facts["summaries"]], kind="stable")
    seller = int(ranked[seed % len(ranked)])
    counts = [0] * len(rows)
    counts[seller] = max(1, min(rows[seller], int(budget / prices[seller] * rows[seller])))
    return {"purchases": counts}
