"""Rank rows by exact KNN-Shapley value, lowest first."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf import selection_helpers
from dataperf.records import FloatArray, IntArray, Pool

tracks = ("cleaning",)
NEIGHBOURS = 3
FOLDS = 5


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return all row numbers by rising value.

    The value of a row is how much it helps a 3-nearest-neighbour classifier to predict the given
    labels of the rows in the other folds.

    Parameters
    ----------
    pool
        Features and given labels are used.
    rules
        Not used.
    seed
        Random seed of the folds.

    Returns
    -------
    dict
        ``{"order": [...]}``: all row numbers of the pool, the most suspect first.
    """
    features = pool.features.astype(np.float64)
    fold = np.random.RandomState(seed).permutation(len(pool)) % FOLDS
    value = np.zeros(len(pool))
    for number in range(FOLDS):
        own, other = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        distances = selection_helpers.distances(features[other], features[own])
        value[own] = shapley(distances, pool.labels[own], pool.labels[other], NEIGHBOURS)
    return {"order": np.argsort(value, kind="stable").tolist()}


def shapley(distances: FloatArray, labels: IntArray, truth: IntArray, k: int) -> FloatArray:
    """Return the exact Shapley value of training rows for a k-nearest-neighbour classifier.

    Parameters
    ----------
    distances : (tests, rows) array of float
        Distances from the test rows to the training rows.
    labels : (rows,) array of int
        Class ids of the training rows.
    truth : (tests,) array of int
        Class ids of the test rows.
    k : int
        Number of neighbours.

    Returns
    -------
    (rows,) array of float64
        Mean over the test rows. The values add up to the classifier's mean share of correct votes.

    Notes
    -----
    From the farthest row on, s_i = s_(i+1) + (same_i - same_(i+1)) / k * min(k, i) / i, where i
    counts neighbours from 1 (theorem 1 of the reference).

    References
    ----------
    R. Jia et al., "Efficient task-specific data valuation for nearest neighbor algorithms", VLDB
    2019.

    Examples
    --------
    >>> shapley(np.array([[0.0, 1.0]]), np.array([1, 0]), np.array([1]), 1)
    array([1., 0.])
    """
    tests, rows = distances.shape
    order = np.argsort(distances, axis=1, kind="stable")
    same = (labels[order] == truth[:, None]).astype(np.float64)
    place = np.arange(1, rows)
    change = (same[:, :-1] - same[:, 1:]) / k * (np.minimum(k, place) / place)
    last = same[:, -1:] / max(rows, k) if rows >= k else same[:, -1:] / k
    values = np.concatenate([change, last], axis=1)[:, ::-1].cumsum(axis=1)[:, ::-1]
    total = np.zeros(rows)
    np.add.at(total, order.ravel(), values.ravel())
    mean: FloatArray = total / tests
    return mean
