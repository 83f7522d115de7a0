"""Exact copies of rows: which rows are equal, and whether that is more than chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence.discretize import chunks
from dataperf.records import IntArray
from dataperf.records.rows import Rows

#: A set of equal rows with a larger share of all rows is a common value, not copies.
MOST_COPIES = 0.05


def copied(rows: Rows, seed: int) -> IntArray | None:
    """Return the first equal row of each row; None where no row is there more often than by chance.

    Two copies of a wrong label support each other if a model is trained on one and judges the
    other. Coarse columns make different rows equal; such rows are not copies of each other.

    Parameters
    ----------
    rows
        The data.
    seed
        Random seed of the shuffled columns that show what is chance.

    Returns
    -------
    (n,) array of int or None
    """
    if not rows.features.shape[1]:
        return None
    groups = exact_groups(rows)
    sizes = np.bincount(groups)
    repeated = (sizes > 1) & (sizes <= max(2, MOST_COPIES * len(rows)))
    count = int(sizes[repeated].sum())
    if not count or 2 * by_chance(rows, seed) >= count:
        return None
    first = np.full(len(sizes), len(rows), dtype=np.intp)
    np.minimum.at(first, groups, np.arange(len(rows)))
    found: IntArray = np.where(repeated[groups], first[groups], np.arange(len(rows)))
    return found


def exact_groups(rows: Rows) -> IntArray:
    """Return a group number for each row; rows of a group are exact duplicates.

    Features and the columns of the frame behind them are compared, because different texts may
    have equal features.
    """
    import pandas as pd

    keys = [feature_hashes(rows.features)] if rows.features.shape[1] else []
    used = [name for name in rows.frame.columns if name in set(rows.feature_columns)]
    used = used if keys else list(rows.frame.columns)
    if used:
        part = rows.frame[used]
        try:
            keys.append(pd.util.hash_pandas_object(part, index=False).to_numpy())
        except TypeError:  # lists and the like cannot be hashed as they are
            keys.append(pd.util.hash_pandas_object(part.astype(str), index=False).to_numpy())
    groups: IntArray = np.unique(_mixed(keys), return_inverse=True)[1]
    return groups


def _mixed(keys: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    mixed = keys[0].copy()
    for key in keys[1:]:
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) ^ key
    return mixed


def feature_hashes(features: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row, (n, d) to (n,); equal rows have equal hashes.

    Among a million different rows, two have the same hash in one of ten million data sets.
    """
    weights = np.random.default_rng(20_071).integers(1, 2**63, features.shape[1], dtype=np.uint64)
    hashes = np.empty(len(features), dtype=np.uint64)

    def work(part: slice) -> None:
        hashes[part] = (_bits(features[part]) * (2 * weights + 1)).sum(axis=1, dtype=np.uint64)

    chunks(len(features), 65_536, work)
    return hashes


def _bits(values: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return the bits of numbers, mixed so that sums of them do not collide."""
    bits = (values + np.float32(0)).view(np.uint32).astype(np.uint64)  # + 0 turns -0 into 0
    bits = (bits ^ (bits >> np.uint64(15))) * np.uint64(0xBF58476D1CE4E5B9)
    return bits ^ (bits >> np.uint64(31))


def by_chance(rows: Rows, seed: int) -> int:
    """Return the number of rows with an exact copy after each feature is shuffled separately."""
    random = np.random.default_rng(seed)
    total = np.zeros(len(rows), dtype=np.uint64)
    for number in range(rows.features.shape[1]):
        bits = _bits(np.ascontiguousarray(rows.features[:, number]))
        total += random.permutation(bits) * np.uint64(2 * random.integers(1, 2**62) + 1)
    counts = np.unique(total, return_counts=True)[1]
    return int(counts[counts > 1].sum()) if rows.features.shape[1] else 0
