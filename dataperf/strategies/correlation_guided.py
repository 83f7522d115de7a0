"""Buy most from sellers whose features tell much about the label, for their price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataperf.records import Pool
from dataperf.strategies.uniform_purchase import spend

tracks = ("acquisition",)
SELLERS = 4


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return a purchase from the four most telling sellers, equal money each.

    Wrong labels and spoilt features weaken the correlation between features and label, which
    a seller's summary tells.

    Parameters
    ----------
    pool
        ``facts`` are all that is used: rows, prices, budget and summaries.
    rules, seed
        Not used.
    """
    told = [strength(each) for each in pool.facts["summaries"]]
    best = sorted(range(len(told)), key=lambda seller: -told[seller])[:SELLERS]
    return {"purchases": spend([float(each in best) for each in range(len(told))], pool.facts)}


def strength(summary: Mapping[str, Any]) -> float:
    """Return how much features tell about the label beyond chance: mean squared correlation.

    Of n rows with a label that means nothing it is 1 / n, which is taken off.
    """
    values = [float(value) for value in summary.get("label_correlation", {}).values()]
    squares = [value * value for value in values if value == value]
    mean = sum(squares) / len(squares) if squares else 0.0
    return mean - 1.0 / max(2, int(summary["row_number"]))
