"""Drop what confident learning suspects, then take the medoids of every class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)
FOLDS = 5
ROUNDS = 20
KEEP = 0.7  # confident learning flags too few where errors are the rule, so more are dropped


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return the medoids of what is left, with a ranking and flags of what is suspected.

    Out-of-fold class probabilities of a logistic regression go to confident learning ([1]_,
    section 3; the cleanlab package), which flags likely label errors and ranks all rows. Of
    each class the better 70 % that are not flagged are clustered by k-medoids ([2]_, in the
    alternating form of [3]_), and the medoids are chosen, classes evenly. A budget that this
    leaves room under takes the other rows that are not flagged too; flagged rows only come
    in where a class has no other.

    Parameters
    ----------
    pool
        What may be chosen.
    rules
        The board's limits; ``budget`` is used.
    seed
        Of the folds and of the first medoids.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating
       uncertainty in dataset labels", Journal of Artificial Intelligence Research 70, 2021.
    .. [2] L. Kaufman and P. J. Rousseeuw, "Finding groups in data", Wiley 1990, chapter 2.
    .. [3] H.-S. Park and C.-H. Jun, "A simple and fast algorithm for k-medoids clustering",
       Expert Systems with Applications 36, 2009.
    """
    quality, flagged = suspicion(pool, seed)
    groups = [
        better(rows, quality, flagged, KEEP) for rows in selection_helpers.rows_by_class(pool)
    ]
    if sum(len(rows) for rows in groups) < rules.budget:
        groups = [
            better(rows, quality, flagged, 1.0) for rows in selection_helpers.rows_by_class(pool)
        ]
    counts = selection_helpers.per_class_counts([len(rows) for rows in groups], rules.budget)
    features = selection_helpers.standardised(pool.features)
    random = np.random.RandomState(seed)
    picked = [
        rows[medoids(features[rows], count, random)]
        for rows, count in zip(groups, counts, strict=True)
    ]
    order = np.argsort(quality, kind="stable")
    return {
        "samples": selection_helpers.ids_by_class(pool, np.concatenate(picked)),
        "ranking": pool.ids[order].tolist(),
        "flags": pool.ids[np.flatnonzero(flagged)].tolist(),
    }


def better(
    rows: IntArray, quality: FloatArray, flagged: NDArray[np.bool_], share: float
) -> IntArray:
    """Return the share of best label quality that is not flagged; all rows if none is left."""
    order = rows[np.argsort(-quality[rows], kind="stable")][: int(np.ceil(share * len(rows)))]
    kept = order[~flagged[order]]
    return np.sort(kept if len(kept) else rows)


def suspicion(pool: Pool, seed: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return each row's label quality (low is suspect) and whether it is flagged.

    Classes with fewer rows than folds cannot be cross-validated and are never flagged.
    """
    quality, flagged = np.ones(len(pool)), np.zeros(len(pool), dtype=bool)
    checked, labels, chances = out_of_fold(pool, seed)
    if not len(checked):
        return quality, flagged
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality[checked] = get_label_quality_scores(labels, chances)
    flagged[checked] = find_label_issues(labels, chances, n_jobs=1)
    return quality, flagged


def out_of_fold(pool: Pool, seed: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return class chances of rows from a regression that has not seen their labels.

    Returns
    -------
    checked : (m,) array of int
        Rows of classes with as many rows as folds; none if these are fewer than two classes.
    labels : (m,) array of int
        Their classes, counted among those that are checked.
    chances : (m, classes checked) array of float
    """
    sizes = np.bincount(pool.labels, minlength=len(pool.classes))
    checked = np.flatnonzero(sizes[pool.labels] >= FOLDS)
    present, labels = np.unique(pool.labels[checked], return_inverse=True)
    if len(present) < 2:
        return checked[:0], labels[:0], np.empty((0, len(present)))
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    with threadpool_limits(limits=1):
        chances: FloatArray = cross_val_predict(
            model, pool.features[checked], labels, cv=folds, method="predict_proba"
        )
    return checked, labels, chances


def medoids(features: FloatArray, count: int, random: np.random.RandomState) -> IntArray:
    """Return the row numbers of ``count`` distinct medoids, from seeded random first ones.

    >>> places = np.array([[0.0], [1.0], [2.0], [50.0], [51.0], [52.0]])
    >>> medoids(places, 2, np.random.RandomState(0)).tolist()
    [1, 4]
    """
    if count < 1 or count >= len(features):
        return np.arange(len(features) if count else 0)
    apart = selection_helpers.distances(features, features)
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
