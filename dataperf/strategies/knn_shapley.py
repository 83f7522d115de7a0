"""Inspect first the rows of lowest exact Shapley value for nearest neighbours."""

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

    Every row is valued by how it helps a nearest-neighbour classifier to tell the given
    labels of the rows in the other folds.

    Parameters
    ----------
    pool
        Features and labels as given.
    rules
        Not used.
    seed
        Of the folds.
    """
    features = pool.features.astype(np.float64)
    fold = np.random.RandomState(seed).permutation(len(pool)) % FOLDS
    value = np.zeros(len(pool))
    for number in range(FOLDS):
        own, other = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        apart = selection_helpers.distances(features[other], features[own])
        value[own] = shapley(apart, pool.labels[own], pool.labels[other], NEIGHBOURS)
    return {"order": np.argsort(value, kind="stable").tolist()}


def shapley(apart: FloatArray, labels: IntArray, truth: IntArray, k: int) -> FloatArray:
    """Return the exact Shapley value of training rows for a k-nearest-neighbour classifier.

    Parameters
    ----------
    apart : (tests, rows) array of float
        Distances of the test rows to the training rows.
    labels : (rows,) array of int
    truth : (tests,) array of int
    k : int
        Number of neighbours.

    Returns
    -------
    (rows,) array of float64
        The mean over the test rows; their sum is the classifier's mean share of right votes.

    Notes
    -----
    Jia et al., Efficient task-specific data valuation for nearest neighbor algorithms, VLDB
    2019, theorem 1: from the farthest row on, s_i = s_(i+1) + (same_i - same_(i+1)) / k *
    min(k, i) / i, where i counts neighbours from 1.

    Examples
    --------
    >>> shapley(np.array([[0.0, 1.0]]), np.array([1, 0]), np.array([1]), 1)
    array([1., 0.])
    """
    tests, rows = apart.shape
    order = np.argsort(apart, axis=1, kind="stable")
    same = (labels[order] == truth[:, None]).astype(np.float64)
    place = np.arange(1, rows)
    change = (same[:, :-1] - same[:, 1:]) / k * (np.minimum(k, place) / place)
    last = same[:, -1:] / max(rows, k) if rows >= k else same[:, -1:] / k
    values = np.concatenate([change, last], axis=1)[:, ::-1].cumsum(axis=1)[:, ::-1]
    total = np.zeros(rows)
    np.add.at(total, order.ravel(), values.ravel())
    mean: FloatArray = total / tests
    return mean
