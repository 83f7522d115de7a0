"""Spend the same share of the budget with every seller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataperf.records import Pool

tracks = ("acquisition",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the number of rows that an equal part of the budget buys from each seller.

    Parameters
    ----------
    pool
        Only its ``facts`` are used: rows, prices and budget.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"purchases": [...]}``: the number of rows to buy from each seller.
    """
    return {"purchases": spend([1.0] * len(pool.facts["rows"]), pool.facts)}


def spend(shares: Sequence[float], facts: Mapping[str, Any]) -> list[int]:
    """Return the number of rows that each seller's share of the budget buys, rounded down.

    Parameters
    ----------
    shares : sequence of float
        Relative share of the budget for each seller; they need not add up to 1.
    facts : mapping
        ``rows`` (rows on offer), ``prices`` (price of all rows of a seller) and ``budget``.

    Returns
    -------
    list of int
        Rows to buy from each seller, at most the rows on offer.

    Examples
    --------
    >>> spend([1, 1], {"rows": [10, 100], "prices": [100.0, 50.0], "budget": 60.0})
    [3, 60]
    """
    total = sum(shares)
    terms = zip(shares, facts["rows"], facts["prices"], strict=True)
    return [
        min(rows, int(facts["budget"] * share / total / price * rows))
        for share, rows, price in terms
    ]
