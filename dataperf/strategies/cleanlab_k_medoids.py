"""Drop what confident learning suspects, then take the medoids of every class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import selecting
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)
FOLDS = 5
ROUNDS = 20
KEEP = 0.7  # confident learning flags too few where errors are the rule, so more are dropped


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the medoids of what is left, with a ranking and flags of what is suspected.

    Out-of-fold class probabilities of a logistic regression go to confident learning
    (Northcutt, Jiang & Chuang 2021, section 3; the cleanlab package), which flags likely
    label errors and ranks all rows. Of each class the better 70 % that are not flagged are
    clustered by k-medoids (Kaufman & Rousseeuw 1990; alternating form of Park & Jun 2009), and
    the medoids are chosen, classes evenly.
    """
    quality, flagged = suspicion(pool, seed)
    groups = [better(rows, quality, flagged) for rows in selecting.by_class(pool)]
    counts = selecting.quotas([len(rows) for rows in groups], rules.cap)
    features = selecting.standardised(pool.features)
    random = np.random.RandomState(seed)
    picked = [
        rows[medoids(features[rows], count, random)]
        for rows, count in zip(groups, counts, strict=True)
        if count
    ]
    order = np.argsort(quality, kind="stable")
    return {
        "samples": selecting.filed(pool, np.concatenate(picked)),
        "ranking": pool.ids[order].tolist(),
        "flags": pool.ids[np.flatnonzero(flagged)].tolist(),
    }


def better(rows: IntArray, quality: FloatArray, flagged: NDArray[np.bool_]) -> IntArray:
    """Return the rows of best label quality that are not flagged; all if none is left."""
    order = rows[np.argsort(-quality[rows], kind="stable")][: int(np.ceil(KEEP * len(rows)))]
    kept = order[~flagged[order]]
    return np.sort(kept if len(kept) else rows)


def suspicion(pool: Pool, seed: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return each row's label quality (low is suspect) and whether it is flagged.

    Classes with fewer rows than folds cannot be cross-validated and are never flagged.
    """
    sizes = np.bincount(pool.labels, minlength=len(pool.classes))
    checked = np.flatnonzero(sizes[pool.labels] >= FOLDS)
    quality, flagged = np.ones(len(pool)), np.zeros(len(pool), dtype=bool)
    present, labels = np.unique(pool.labels[checked], return_inverse=True)
    if len(present) < 2:
        return quality, flagged
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    chances = cross_val_predict(
        model, pool.features[checked], labels, cv=folds, method="predict_proba"
    )
    quality[checked] = get_label_quality_scores(labels, chances)
    flagged[checked] = find_label_issues(labels, chances, n_jobs=1)
    return quality, flagged


def medoids(features: FloatArray, count: int, random: np.random.RandomState) -> IntArray:
    """Return the row numbers of ``count`` distinct medoids."""
    if count >= len(features):
        return np.arange(len(features))
    apart = np.sqrt(selecting.distances(features, features))
    chosen = np.sort(random.permutation(len(features))[:count])
    for _ in range(ROUNDS):
        owner = apart[:, chosen].argmin(axis=1)
        owner[chosen] = np.arange(count)  # a medoid always belongs to itself, so none is empty
        better = chosen.copy()
        for cluster in range(count):
            members = np.flatnonzero(owner == cluster)
            better[cluster] = members[apart[np.ix_(members, members)].sum(axis=1).argmin()]
        if np.array_equal(better, chosen):
            break
        chosen = better
    return chosen
