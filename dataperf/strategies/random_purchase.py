"""Spend a random share of the budget with every seller."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.uniform_purchase import spend

tracks = ("acquisition",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return a purchase whose shares of the budget are uniform over all possible shares.

    Parameters
    ----------
    pool
        Only its ``facts`` are used: rows, prices and budget.
    rules
        Not used.
    seed
        Random seed.

    Returns
    -------
    dict
        ``{"purchases": [...]}``: the number of rows to buy from each seller.
    """
    shares = np.random.RandomState(seed).exponential(size=len(pool.facts["rows"]))
    return {"purchases": spend(shares.tolist(), pool.facts)}
