"""Inspect first the rows that pull a model most towards themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import selection_helpers
from dataperf.records import FloatArray, Pool
from dataperf.strategies.highest_loss import STRENGTH

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by falling self-influence in a logistic regression.

    Of more than two classes each is told from the rest, and a row's influences are summed.

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
    rows = selection_helpers.standardised(pool.features.astype(np.float64))
    present = np.unique(pool.labels)
    told_apart = present[1:] if len(present) <= 2 else present
    influence = np.zeros(len(rows))
    for number in told_apart:
        influence += _influence(rows, pool.labels == number)
    return {"order": np.argsort(-influence, kind="stable").tolist()}


def _influence(rows: FloatArray, own: NDArray[np.bool_]) -> FloatArray:
    """Return the self-influence of every row in telling one class from the rest."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(rows, own)
    chance = model.predict_proba(rows)[:, 1]
    rows = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.ones(rows.shape[1]) / STRENGTH
    penalty[-1] = 1e-6
    hessian = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
    spread = np.einsum("ij,ji->i", rows, np.linalg.solve(hessian, rows.T))
    found: FloatArray = (chance - own) ** 2 * spread
    return found
