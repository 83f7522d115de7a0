"""Rows that are there more than once, exactly or nearly, with other labels or in other splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence.discretize import by_rule, chunks, class_names, gravest, row_table
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Neighbours, Severity
from dataperf.records.rows import Rows

title = "Duplicates"

#: Expected number of near duplicates found in clean continuous data, over the whole data set.
FALSE_SETS = 0.05
#: A near duplicate is also nearer than this part of the usual distance to the nearest row.
NEAR = 0.3


def find(evidence: Evidence) -> Finding | str:
    """Return sets of duplicates, those with conflicting labels or across splits first.

    Rows are **exact** duplicates if their features, and the columns those come from, are the
    same. A pair is a **near** duplicate if the distance is under 0.3 of the median
    distance to the nearest row *and* too short to be chance: where rows lie evenly around a row
    in m dimensions, (d_j / d_k)^m is the j-th smallest of k - 1 uniform numbers, which gives a
    p-value for the j-th neighbour; pairs with p under 0.05 / (n k) count, so that clean
    continuous data of any size yields one false pair in twenty audits. m is estimated from the
    same distances but the nearest [1]_: the median over all rows, or the mean over the row's
    neighbours where that is less. A
    near-duplicate set of more rows than there are neighbours is not seen as near.

    Severity: by the share of rows in sets that conflict or lie across splits: high from 1 %,
    medium from 0.1 %, low below; of all rows in sets: medium from 10 %, low below. Where
    shuffled columns coincide at least half as often, coarse columns explain it: at most low.

    References
    ----------
    .. [1] E. Levina & P. Bickel, Maximum likelihood estimation of intrinsic dimension, NIPS 2004.
    """
    rows = evidence.rows
    if not rows.features.shape[1] and not len(rows.frame.columns):
        return "there are no columns to compare"
    exact = exact_groups(rows)
    first, second, distances, usual = near_pairs(rows, evidence.neighbours, exact)
    sets = _sets(len(rows), exact, first, second)
    closest = np.full(len(rows), np.inf)
    for side in (first, second):
        np.minimum.at(closest, side, distances)
    closest[np.bincount(exact)[exact] > 1] = 0.0
    found = _described(rows, sets, exact)
    near = np.where(np.isfinite(closest), 1 - np.minimum(closest / max(usual or 1, 1e-30), 1), 0)
    score = np.zeros(len(rows))  # of its set: all members share it
    np.maximum.at(score, sets, near)
    score = (score[sets] + found.conflict + found.crosses) / 3
    picked = np.flatnonzero(found.member)
    picked = picked[np.lexsort((picked, sets[picked], -score[picked]))]
    order = list(dict.fromkeys(sets[picked].tolist()))
    number = {name: place for place, name in enumerate(order)}
    table = row_table(
        rows,
        picked,
        score[picked],
        set=[number[name] for name in sets[picked].tolist()],
        kind=np.where(found.exact, "exact", "near")[picked],
        given=class_names(rows, rows.labels[picked]),
        conflict=found.conflict[picked],
        crosses=found.crosses[picked],
    )
    numbers: dict[str, Any] = {
        "rows": len(picked),
        "sets": len(order),
        "exact_rows": int((found.exact & found.member).sum()),
        "near_rows": int((~found.exact & found.member).sum()),
        "surplus_rows": len(picked) - len(order),
        "conflict_rows": int(found.conflict.sum()),
        "crossing_rows": int(found.crosses.sum()),
        "exact_rows_by_chance": by_chance(rows, evidence.seed) if found.exact.any() else 0,
        "usual_distance": usual,
    }
    return Finding(
        kind="duplicates",
        title=title,
        sentence=_sentence(numbers, len(rows)),
        severity=_severity(numbers, len(rows)),
        table=table,
        numbers=numbers,
    )


@dataclass(frozen=True)
class _Found:
    """Of every row: in a set, an exact copy of another, in a set that conflicts or crosses."""

    member: NDArray[np.bool_]
    exact: NDArray[np.bool_]
    conflict: NDArray[np.bool_]
    crosses: NDArray[np.bool_]


def exact_groups(rows: Rows) -> IntArray:
    """Return a group number for every row; rows of one group are the same in all that counts.

    What counts are the features and those columns of the frame that they come from: numbers
    that stand for different texts may be equal.
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
    """Return a 64-bit hash of every row, (n, d) to (n,): equal rows have equal hashes.

    Two different rows of a million share one by chance once in ten million data sets.
    """
    weights = np.random.default_rng(20_071).integers(1, 2**63, features.shape[1], dtype=np.uint64)
    hashes = np.empty(len(features), dtype=np.uint64)

    def work(part: slice) -> None:
        hashes[part] = (_bits(features[part]) * (2 * weights + 1)).sum(axis=1, dtype=np.uint64)

    chunks(len(features), 65_536, work)
    return hashes


def _bits(values: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return the bits of numbers, stirred so that sums of them do not collide."""
    bits = (values + np.float32(0)).view(np.uint32).astype(np.uint64)  # + 0 turns -0 into 0
    bits = (bits ^ (bits >> np.uint64(15))) * np.uint64(0xBF58476D1CE4E5B9)
    return bits ^ (bits >> np.uint64(31))


def by_chance(rows: Rows, seed: int) -> int:
    """Return how many rows have an exact copy once every feature is shuffled by itself."""
    random = np.random.default_rng(seed)
    total = np.zeros(len(rows), dtype=np.uint64)
    for number in range(rows.features.shape[1]):
        bits = _bits(np.ascontiguousarray(rows.features[:, number]))
        total += random.permutation(bits) * np.uint64(2 * random.integers(1, 2**62) + 1)
    counts = np.unique(total, return_counts=True)[1]
    return int(counts[counts > 1].sum()) if rows.features.shape[1] else 0


def near_pairs(
    rows: Rows, neighbours: Neighbours, exact: IntArray
) -> tuple[IntArray, IntArray, FloatArray, float | None]:
    """Return pairs that are too close to be chance.

    Returns
    -------
    first, second : (p,) arrays of int
        Row numbers.
    distances : (p,) array of float64
    usual
        The median distance to the nearest row that is no exact copy; None where too few are.
    """
    from scipy.special import betainc

    none = np.empty(0, dtype=np.intp)
    distances = neighbours.distances.astype(np.float64)
    last = distances[:, -1]
    apart = np.where(exact[neighbours.rows] != exact[:, None], distances, np.inf)
    nearest = apart.min(axis=1, initial=np.inf)
    usable = np.isfinite(nearest) & np.isfinite(last) & (last > 0)
    k = distances.shape[1]
    if usable.sum() < 3 or k < 3:
        return none, none, np.empty(0), None
    usual = float(np.median(nearest[usable]))
    spread = _spreads(distances, usable)
    first, place = np.nonzero(neighbours.rows[:, : k - 1] >= 0)
    second = neighbours.rows[first, place].astype(np.intp)
    kept = (apart[first, place] <= NEAR * usual) & usable[first]
    first, second, place = first[kept], second[kept], place[kept]
    difference = rows.features[first].astype(np.float64) - rows.features[second]
    found = np.sqrt((difference**2).sum(axis=1))  # again: those of an index are rounded
    around = neighbours.rows[first]
    local = (spread * usable)[around].sum(axis=1) / np.maximum(usable[around].sum(axis=1), 1)
    dimension = 1 / np.maximum(np.maximum(np.median(spread[usable]), local), 1e-6)
    within = np.minimum(found / last[first], 1.0) ** dimension
    copies = (distances[first] == 0).sum(axis=1)  # exact copies crowd out the first places
    order = np.maximum(place + 1 - copies, 1)
    p = betainc(order, np.maximum(k - copies - order, 1), within)
    flagged = (p <= FALSE_SETS / (len(rows) * k)) & (found <= NEAR * usual)
    return first[flagged], second[flagged], found[flagged], usual


def _spreads(distances: FloatArray, usable: NDArray[np.bool_]) -> FloatArray:
    """Return of every usable row an estimate of 1 / m, m being the dimension around it.

    The mean of log(d_k / d_j) without the nearest row, which a duplicate would be: of all k - 1
    logarithms the largest is 1 + 1/2 + ... + 1/(k - 1) on the average, the sum k - 1 (over m).
    """
    k = distances.shape[1]
    ratios = np.maximum(distances[usable], 1e-30) / distances[usable, -1:]
    spread = np.ones(len(distances))
    spread[usable] = -np.log(ratios[:, 1 : k - 1]).sum(axis=1)
    spread[usable] /= k - 1 - (1 / np.arange(1, k)).sum()
    return spread


def _sets(rows: int, exact: IntArray, first: IntArray, second: IntArray) -> IntArray:
    """Return a set number for every row: what exact copies and near pairs connect."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    heads = np.unique(exact, return_index=True)[1]
    start = np.concatenate([np.arange(rows), first])
    end = np.concatenate([heads[exact], second])
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(rows, rows))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)


def _described(rows: Rows, sets: IntArray, exact: IntArray) -> _Found:
    member = np.bincount(sets)[sets] > 1
    copied = np.bincount(exact)[exact] > 1
    labels = np.where(rows.labels >= 0, rows.labels, -1)
    conflict = member & _differ(sets, labels)
    crosses = np.zeros(len(rows), dtype=bool)
    if rows.split is not None:
        crosses = member & _differ(sets, np.unique(rows.split, return_inverse=True)[1])
    return _Found(member, copied, conflict, crosses)


def _differ(sets: IntArray, values: IntArray) -> NDArray[np.bool_]:
    """Say of every row whether its set holds two different values; negative ones are unknown."""
    low = np.full(sets.max() + 1, np.iinfo(np.intp).max)
    high = np.full(sets.max() + 1, -1)
    known = values >= 0
    np.minimum.at(low, sets[known], values[known])
    np.maximum.at(high, sets[known], values[known])
    differs: NDArray[np.bool_] = (high > low)[sets]
    return differs


def _severity(numbers: dict[str, Any], rows: int) -> Severity:
    if not numbers["rows"]:
        return "none"
    harm = max(numbers["conflict_rows"], numbers["crossing_rows"])
    found = gravest(
        "low",
        by_rule(harm / rows, {"high": 0.01, "medium": 0.001}),
        by_rule(numbers["rows"] / rows, {"medium": 0.1}),
    )
    return "low" if numbers["exact_rows_by_chance"] >= 0.5 * numbers["rows"] else found


def _sentence(numbers: dict[str, Any], rows: int) -> str:
    if not numbers["rows"]:
        return f"None of the {rows:,} rows is there twice, exactly or nearly."
    text = (
        f"{numbers['rows']:,} of {rows:,} rows form {numbers['sets']:,}"
        f" {'set' if numbers['sets'] == 1 else 'sets'} of duplicates"
        f" ({numbers['exact_rows']:,} exact, {numbers['near_rows']:,} near)"
    )
    harm = [
        f"{numbers[name]:,} {words}"
        for name, words in (
            ("conflict_rows", "are in sets whose labels conflict"),
            ("crossing_rows", "in sets that lie across splits"),
        )
        if numbers[name]
    ]
    text += f"; {' and '.join(harm)}." if harm else ", none with other labels or in other splits."
    if numbers["exact_rows_by_chance"] >= 0.5 * numbers["rows"]:
        text += f" Columns this coarse coincide by chance ({numbers['exact_rows_by_chance']:,})."
    return text
