"""Inspect first the rows that pull a model most towards themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.strategies.highest_loss import STRENGTH, fitted

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by falling self-influence in a logistic regression.

    That is g' H^-1 g for a row's gradient g and the Hessian H of the penalised loss: what the
    row's own loss would lose if the row weighed more (Koh & Liang, Understanding black-box
    predictions via influence functions, ICML 2017, section 2).

    Parameters
    ----------
    pool
        Features and labels as given.
    rules
        Not used.
    seed
        Not used: nothing is drawn.
    """
    chance, rows = fitted(pool)
    penalty = np.ones(rows.shape[1]) / STRENGTH
    penalty[-1] = 1e-6
    hessian = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
    spread = np.einsum("ij,ji->i", rows, np.linalg.solve(hessian, rows.T))
    influence = (chance - (pool.labels == 1)) ** 2 * spread
    return {"order": np.argsort(-influence, kind="stable").tolist()}
