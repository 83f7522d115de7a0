"""Spend the whole budget with the seller whose features tell most about the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.correlation_guided import strength

tracks = ("acquisition",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return what one seller's rows the budget buys; other seeds take the next best sellers.

    Parameters
    ----------
    pool
        ``facts`` are all that is used: rows, prices, budget and summaries.
    rules
        Not used.
    seed
        0 for the best seller, 1 for the second, and so on, beginning again.
    """
    rows, prices, budget = (pool.facts[key] for key in ("rows", "prices", "budget"))
    ranked = np.argsort([-strength(each) for each in pool.facts["summaries"]], kind="stable")
    seller = int(ranked[seed % len(ranked)])
    counts = [0] * len(rows)
    counts[seller] = max(1, min(rows[seller], int(budget / prices[seller] * rows[seller])))
    return {"purchases": counts}
