"""Remove likely label errors by confident learning, then select the medoids of every class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("selection",)
FOLDS = 5
ROUNDS = 20
KEEP = 0.7  # confident learning flags too few where most labels are wrong, so more are dropped


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return medoids of the rows that are likely correct, with a ranking and flags of all rows.

    Confident learning ([1]_, section 3; the cleanlab package) takes out-of-fold class
    probabilities of a logistic regression, flags likely label errors and ranks all rows by label
    quality. In each class, the 70 % of rows with the best label quality, without flagged rows, are
    clustered by k-medoids ([2]_, in the alternating form of [3]_). The medoids are selected, the
    same number from each class. If these rows do not fill the budget, all rows that are not
    flagged take part. A flagged row is selected only where its class has no other row.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules
        The board's limits; ``budget`` (rows) is used.
    seed
        Random seed of the folds and of the first medoids.

    Returns
    -------
    dict
        ``samples`` ({class: [id, ...]}), ``ranking`` (all ids, the most suspect first) and
        ``flags`` (ids of likely label errors).

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
    chosen = [
        rows[medoids(features[rows], count, random)]
        for rows, count in zip(groups, counts, strict=True)
    ]
    order = np.argsort(quality, kind="stable")
    return {
        "samples": selection_helpers.ids_by_class(pool, np.concatenate(chosen)),
        "ranking": pool.ids[order].tolist(),
        "flags": pool.ids[np.flatnonzero(flagged)].tolist(),
    }


def better(
    rows: IntArray, quality: FloatArray, flagged: NDArray[np.bool_], share: float
) -> IntArray:
    """Return the rows with the best label quality that are not flagged.

    Parameters
    ----------
    rows : (m,) array of int
        Row numbers of one class.
    quality, flagged : (n,) array
        Values for all rows of the pool; see `suspicion`.
    share : float
        Share of the rows to consider, 0 to 1.

    Returns
    -------
    (k,) array of int
        Sorted row numbers; all considered rows if every one is flagged.
    """
    order = rows[np.argsort(-quality[rows], kind="stable")][: int(np.ceil(share * len(rows)))]
    kept = order[~flagged[order]]
    return np.sort(kept if len(kept) else rows)


def suspicion(pool: Pool, seed: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the label quality of every row and whether it is a likely label error.

    A class with fewer rows than there are folds cannot be cross-validated. Its rows get quality 1
    and are never flagged.

    Returns
    -------
    quality : (n,) array of float
        0 to 1; low values are suspect.
    flagged : (n,) array of bool
    """
    quality, flagged = np.ones(len(pool)), np.zeros(len(pool), dtype=bool)
    checked, labels, probabilities = out_of_fold(pool, seed)
    if not len(checked):
        return quality, flagged
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality[checked] = get_label_quality_scores(labels, probabilities)
    flagged[checked] = find_label_issues(labels, probabilities, n_jobs=1)
    return quality, flagged


def out_of_fold(pool: Pool, seed: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return class probabilities of rows from a regression that has not seen their labels.

    Returns
    -------
    checked : (m,) array of int
        Rows of the classes with at least as many rows as there are folds; empty if there are
        fewer than two such classes.
    labels : (m,) array of int
        Their classes, numbered among the classes that are checked.
    probabilities : (m, classes checked) array of float
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
        probabilities: FloatArray = cross_val_predict(
            model, pool.features[checked], labels, cv=folds, method="predict_proba"
        )
    return checked, labels, probabilities


def medoids(features: FloatArray, count: int, random: np.random.RandomState) -> IntArray:
    """Return the row numbers of ``count`` distinct medoids, starting from random rows.

    >>> places = np.array([[0.0], [1.0], [2.0], [50.0], [51.0], [52.0]])
    >>> medoids(places, 2, np.random.RandomState(0)).tolist()
    [1, 4]
    """
    if count < 1 or count >= len(features):
        return np.arange(len(features) if count else 0)
    distances = selection_helpers.distances(features, features)
    chosen = np.sort(random.permutation(len(features))[:count])
    for _ in range(ROUNDS):
        owner = distances[:, chosen].argmin(axis=1)
        owner[chosen] = np.arange(count)  # so no cluster is empty
        updated = chosen.copy()
        for cluster in range(count):
            members = np.flatnonzero(owner == cluster)
            updated[cluster] = members[distances[np.ix_(members, members)].sum(axis=1).argmin()]
        if np.array_equal(updated, chosen):
            break
        chosen = updated
    return chosen
