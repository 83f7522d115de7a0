"""Exact Shapley values of rows for a k-nearest-neighbour classifier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.errors import Invalid, Problem
from dataperf.records import FloatArray, IntArray

#: Bytes of one block of distances; large enough for a fast matrix product.
BLOCK = 1 << 26
#: Minimum number of test rows in a block.
FEWEST = 16


def knn_shapley(
    train: NDArray[np.floating],
    labels: IntArray,
    tests: NDArray[np.floating],
    test_labels: IntArray,
    *,
    k: int = 5,
    progress: Callable[[float], None] | None = None,
) -> FloatArray:
    """Return the exact Shapley value of each training row for a k-nearest-neighbour classifier.

    Parameters
    ----------
    train : (n, d) array of float
        Training rows; finite. They are converted to float32.
    labels : (n,) array of int
        Class ids of the training rows.
    tests : (t, d) array of float
        Test rows; finite.
    test_labels : (t,) array of int
        Class ids of the test rows.
    k : int
        Number of neighbours that vote.
    progress
        Called with the share done, from 0 to 1.

    Returns
    -------
    (n,) array of float64
        Mean over the test rows. The values sum to the classifier's mean share of correct votes.
        Ties of distance are broken by row number.

    Raises
    ------
    Invalid
        If shapes do not match, values are not finite, or ``k`` is below 1.

    Notes
    -----
    Jia et al., Efficient task-specific data valuation for nearest neighbor algorithms, VLDB
    2019, theorem 1. The cost is one matrix product and, for each test row, a sort of the rows of
    its class. Additional memory: a float32 copy of ``train`` (two while it is made) and 64 MiB, or
    64 bytes per training row if that is more.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0]])
    >>> knn_shapley(rows, np.array([1, 0]), np.array([[0.1]]), np.array([1]), k=1)
    array([1., 0.])
    """
    _refuse(train, labels, tests, test_labels, k)
    from dataperf.valuation import ranking_kernels

    n, count = len(train), len(tests)
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    starts = np.append(starts, n).astype(np.int64)
    known = np.flatnonzero(np.isin(test_labels, names))  # other test rows do not change any value
    centre: FloatArray = train.mean(axis=0, dtype=np.float64)
    grouped = _centred(train, centre)[order]
    norms = np.einsum("ij,ij->i", grouped, grouped)
    total = np.zeros(n)
    size = max(FEWEST, BLOCK // (4 * n))
    keys = np.empty((min(size, max(1, len(known))), n), dtype=np.float32)
    for start in range(0, len(known), size):
        some = known[start : start + size]
        block = keys[: len(some)]
        np.matmul(-2 * _centred(tests[some], centre), grouped.T, out=block)
        which = np.searchsorted(names, test_labels[some])
        ranking_kernels.add_shapley(block, norms, which, order.astype(np.int32), starts, k, total)
        if progress is not None:
            progress((start + len(some)) / len(known))
    values = np.empty(n)
    values[order] = total / count
    return values


def own_values(
    features: NDArray[np.floating],
    labels: IntArray,
    *,
    k: int = 5,
    folds: int = 5,
    seed: int = 0,
    most: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> FloatArray:
    """Return the value of each row for predicting the labels of the rows in other folds.

    Each fold is predicted from all rows outside it, so that a row is valued among nearly all of
    its neighbours. Its value is the mean over the folds that it is not in.

    Parameters
    ----------
    features : (n, d) array of float
        Finite.
    labels : (n,) array of int
        -1 for missing labels.
    k
        Number of neighbours that vote.
    folds
        Number of random folds.
    seed
        Random seed of the folds and of the test rows.
    most
        Maximum number of test rows that value a row; a random sample if there are more. None
        uses all of them, which takes time quadratic in n.
    progress
        Called with the share done, from 0 to 1.

    Returns
    -------
    (n,) array of float64
        nan for rows without a label.

    Raises
    ------
    Invalid
        If there are fewer than 2 folds, or fewer labelled rows than folds.

    Examples
    --------
    >>> rows = np.repeat([[0.0], [9.0]], 20, axis=0)
    >>> given = np.repeat([0, 1], 20)
    >>> given[3] = 1
    >>> int(np.argmin(own_values(rows + np.arange(40)[:, None] / 100, given)))
    3
    """
    random = np.random.default_rng(seed)
    labelled = np.flatnonzero(np.asarray(labels) >= 0)
    if not 2 <= folds <= len(labelled):
        what = f"{plural(folds, 'fold')} of {plural(len(labelled), 'labelled row')}"
        raise Invalid(
            "folds", [Problem("folds", "", what, "from 2 to the number of labelled rows")]
        )
    values = np.full(len(labels), np.nan)
    values[labelled] = 0.0
    fold = random.permutation(len(labelled)) % folds
    for number in range(folds):
        own, other = labelled[fold == number], labelled[fold != number]
        few = len(own) if most is None else max(1, most // (folds - 1))
        if few < len(own):
            own = np.sort(random.choice(own, few, replace=False))

        def report(share: float, done: int = number) -> None:
            if progress is not None:
                progress((done + share) / folds)

        found = knn_shapley(
            features[other], labels[other], features[own], labels[own], k=k, progress=report
        )
        values[other] += found / (folds - 1)
    return values


def _centred(rows: NDArray[np.floating], centre: FloatArray) -> NDArray[np.float32]:
    """Return float32 rows minus a centre; small values keep their squares exact."""
    return (rows - centre.astype(rows.dtype)).astype(np.float32, copy=False)


def _refuse(
    train: NDArray[np.floating],
    labels: IntArray,
    tests: NDArray[np.floating],
    test_labels: IntArray,
    k: int,
) -> None:
    problems = []
    for name, rows, given in (("train", train, labels), ("tests", tests, test_labels)):
        if rows.ndim != 2 or not len(rows):
            problems.append(Problem("shape", name, f"shape {rows.shape}", "one line for each row"))
        elif given.shape != (len(rows),):
            what = f"{given.shape} labels for {plural(len(rows), 'row')}"
            problems.append(Problem("shape", name, what, "one label for each row"))
        elif not np.isfinite(rows.sum(dtype=np.float64)) and not np.isfinite(rows).all():
            problems.append(
                Problem("not-finite", name, "contains nan or infinity", "fill them first")
            )
    if not problems and train.shape[1] != tests.shape[1]:
        what = f"{plural(tests.shape[1], 'column')}, but train has {train.shape[1]}"
        problems.append(Problem("shape", "tests", what, "the same number of columns"))
    if k < 1:
        problems.append(Problem("k", "k", f"{k} neighbours", "1 or more"))
    if problems:
        raise Invalid("rows to value", problems)
