"""Rank rows by their self-influence in a logistic regression, highest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import selection_helpers
from dataperf.records import FloatArray, Pool
from dataperf.strategies.highest_loss import STRENGTH

tracks = ("cleaning",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by falling self-influence.

    The self-influence of a row is g' H^-1 g, with the row's gradient g and the Hessian H of the
    penalised loss: how much the row's own loss would fall if the row had more weight. With more
    than two classes, one regression per class against the rest is fitted and the influences of a
    row are added.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules, seed
        Not used.

    Returns
    -------
    dict
        ``{"order": [...]}``: all row numbers of the pool, the most suspect first.

    References
    ----------
    P. W. Koh and P. Liang, "Understanding black-box predictions via influence functions", ICML
    2017, section 2.
    """
    rows = selection_helpers.standardised(pool.features.astype(np.float64))
    present = np.unique(pool.labels)
    fitted = present[1:] if len(present) <= 2 else present
    influence = np.zeros(len(rows))
    for number in fitted:
        influence += _influence(rows, pool.labels == number)
    return {"order": np.argsort(-influence, kind="stable").tolist()}


def _influence(rows: FloatArray, own: NDArray[np.bool_]) -> FloatArray:
    """Return the self-influence of every row in a model of one class against the rest."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(rows, own)
    probability = model.predict_proba(rows)[:, 1]
    rows = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.ones(rows.shape[1]) / STRENGTH
    penalty[-1] = 1e-6
    hessian = (rows * (probability * (1 - probability))[:, None]).T @ rows + np.diag(penalty)
    spread = np.einsum("ij,ji->i", rows, np.linalg.solve(hessian, rows.T))
    found: FloatArray = (probability - own) ** 2 * spread
    return found
