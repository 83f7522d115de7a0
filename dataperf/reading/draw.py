"""Draw the test rows of a data set by seed and id, or by group (pure)."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.validation import SHARE
from dataperf.errors import DataperfError
from dataperf.records import IntArray, TextArray


def split(
    ids: TextArray,
    labels: IntArray,
    groups: TextArray | None = None,
    *,
    seed: int = 0,
    test_share: float = SHARE,
) -> NDArray[np.bool_]:
    """Draw the test rows; the other rows are the pool.

    Parameters
    ----------
    ids : (n,) array of str
        Unique. The same ids and seed give the same split, in any order of the rows.
    labels : (n,) array of int
        Class ids. Rows without a label (-1) are never test rows.
    groups : (n,) array of str, optional
        Rows that belong together. Whole groups are drawn, without regard to the classes.
        Without groups, the same share of each class is drawn.
    seed : int
        Random seed.
    test_share : float
        Share of the labelled rows, more than 0 and less than 1.

    Returns
    -------
    (n,) array of bool
        True for test rows.

    Raises
    ------
    DataperfError
        If no row is left to train or to test on.

    Notes
    -----
    Rows, or groups, are ordered by the sha256 of seed and id; the first ones are test rows.
    At least one row of each class stays in the pool, and of two or more rows at least one is a
    test row.

    Examples
    --------
    >>> ids, labels = np.array(list("abcdefgh")), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> split(ids, labels, test_share=0.25).tolist()
    [False, False, True, False, False, False, True, False]
    """
    if not 0.0 < test_share < 1.0:
        raise DataperfError(
            f"the share of test rows is {test_share}: expected more than 0, less than 1"
        )
    labels = np.asarray(labels)
    chosen = _by_class(ids, labels, seed, test_share) if groups is None else None
    if groups is not None:
        chosen = _by_group(np.asarray(groups).astype(str), labels, seed, test_share)
    assert chosen is not None
    chosen &= labels >= 0
    if not chosen.any() or not (~chosen & (labels >= 0)).any():
        what = "groups" if groups is not None else "labelled rows"
        raise DataperfError(f"too few {what} to split: no row is left to train or to test on")
    return chosen


def _by_class(ids: TextArray, labels: IntArray, seed: int, test_share: float) -> NDArray[np.bool_]:
    keys = _keys(ids, seed)
    chosen = np.zeros(len(ids), dtype=bool)
    order = np.lexsort((keys, labels))
    for rows in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        most = min(max(1, round(test_share * len(rows))), len(rows) - 1)
        chosen[rows[:most]] = True
    return chosen


def _by_group(
    groups: TextArray, labels: IntArray, seed: int, test_share: float
) -> NDArray[np.bool_]:
    names, codes = np.unique(groups, return_inverse=True)
    sizes = np.bincount(codes, weights=labels >= 0, minlength=len(names))
    order = np.argsort(_keys(names, seed), kind="stable")
    passed = np.cumsum(sizes[order])
    count = int(np.argmin(np.abs(passed - test_share * sizes.sum()))) + 1  # nearest to the share
    return np.isin(codes, order[: min(count, len(names) - 1)])


def _keys(names: TextArray, seed: int) -> NDArray[np.uint64]:
    digests = [hashlib.sha256(f"{seed}/{name}".encode()).digest() for name in names.tolist()]
    return np.array([int.from_bytes(each[:8], "big") for each in digests], dtype=np.uint64)
