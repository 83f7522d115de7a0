"""Which rows of a data set are tested on: by seed and id, or by group (pure)."""

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
    """Return which rows are tested on; the others are the pool that may be repaired.

    Parameters
    ----------
    ids : (n,) array of str
        Unique. The same ids and seed give the same split, whatever the order of the rows.
    labels : (n,) array of int
        Class ids; rows without one (-1) are never tested on.
    groups : (n,) array of str, optional
        Rows that belong together: whole groups are tested on, and classes are as they fall.
        Without groups every class has the same share of its rows tested.
    seed : int
        Another one, another split.
    test_share : float
        Of the labelled rows, between 0 and 1.

    Returns
    -------
    (n,) array of bool

    Raises
    ------
    DataperfError
        If nothing is left to train or test on.

    Notes
    -----
    Rows, or groups, come in the order of the sha256 of seed and id, and the first are tested.
    A class keeps at least one row in the pool, and with two or more has one tested.

    Examples
    --------
    >>> ids, labels = np.array(list("abcdefgh")), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> split(ids, labels, test_share=0.25).tolist()
    [False, False, True, False, False, False, True, False]
    """
    if not 0.0 < test_share < 1.0:
        raise DataperfError(
            f"the share to test on is {test_share}: expected more than 0, less than 1"
        )
    labels = np.asarray(labels)
    chosen = _by_class(ids, labels, seed, test_share) if groups is None else None
    if groups is not None:
        chosen = _by_group(np.asarray(groups).astype(str), labels, seed, test_share)
    assert chosen is not None
    chosen &= labels >= 0
    if not chosen.any() or not (~chosen & (labels >= 0)).any():
        what = "groups" if groups is not None else "labelled rows"
        raise DataperfError(f"too few {what} to split: nothing is left to train or to test on")
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
