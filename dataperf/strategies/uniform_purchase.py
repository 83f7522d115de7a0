"""Spend the same with every seller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataperf.records import Pool

tracks = ("acquisition",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return how many rows an equal part of the budget buys from each seller.

    Parameters
    ----------
    pool
        ``facts`` are all that is used: rows, prices and budget.
    rules, seed
        Not used.
    """
    return {"purchases": spend([1.0] * len(pool.facts["rows"]), pool.facts)}


def spend(shares: Sequence[float], facts: Mapping[str, Any]) -> list[int]:
    """Return the rows that a budget buys when sellers get these shares of it, rounded down.

    >>> spend([1, 1], {"rows": [10, 100], "prices": [100.0, 50.0], "budget": 60.0})
    [3, 60]
    """
    total = sum(shares)
    terms = zip(shares, facts["rows"], facts["prices"], strict=True)
    return [
        min(rows, int(facts["budget"] * share / total / price * rows))
        for share, rows, price in terms
    ]
