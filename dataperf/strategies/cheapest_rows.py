"""Buy from the sellers with the lowest price per row until the budget is spent."""

from __future__ import annotations

from typing import Any

from dataperf.records import Pool

tracks = ("acquisition",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the purchase with the most rows for the budget.

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
    rows, prices, left = (pool.facts[key] for key in ("rows", "prices", "budget"))
    counts = [0] * len(rows)
    for seller in sorted(range(len(rows)), key=lambda each: prices[each] / rows[each]):
        counts[seller] = min(rows[seller], int(left / prices[seller] * rows[seller]))
        left -= prices[seller] * counts[seller] / rows[seller]
    return {"purchases": counts}
