"""Buy from the four sellers whose features correlate most with the label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataperf.records import Pool
from dataperf.strategies.uniform_purchase import spend

tracks = ("acquisition",)
SELLERS = 4


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return a purchase from the four sellers with the strongest correlation, equal money each.

    Wrong labels and damaged features weaken the correlation between features and label, which
    each seller's summary reports.

    Parameters
    ----------
    pool
        Only its ``facts`` are used: rows, prices, budget and summaries.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"purchases": [...]}``: the number of rows to buy from each seller.
    """
    strengths = [strength(each) for each in pool.facts["summaries"]]
    best = sorted(range(len(strengths)), key=lambda seller: -strengths[seller])[:SELLERS]
    return {"purchases": spend([float(each in best) for each in range(len(strengths))], pool.facts)}


def strength(summary: Mapping[str, Any]) -> float:
    """Return how strongly a seller's features correlate with the label, beyond chance.

    The value is the mean squared correlation minus 1 / n, the mean squared correlation of n rows
    whose label is random.
    """
    values = [float(value) for value in summary.get("label_correlation", {}).values()]
    squares = [value * value for value in values if value == value]
    mean = sum(squares) / len(squares) if squares else 0.0
    return mean - 1.0 / max(2, int(summary["row_number"]))
