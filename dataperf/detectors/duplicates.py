"""Duplicate rows, exact or near, and whether they conflict in labels or lie across splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import agreed
from dataperf.evidence.copies import by_chance, exact_groups
from dataperf.evidence.discretize import by_rule, class_names, gravest, row_table
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Neighbours, Severity
from dataperf.records.rows import Rows

title = "Duplicates"

#: Expected number of false near-duplicate pairs in a clean data set of continuous values.
FALSE_SETS = 0.05
#: Maximum distance of near duplicates, relative to the median distance to the nearest row.
NEAR = 0.3


def find(evidence: Evidence) -> Finding | str:
    """Find sets of duplicates; sets with conflicting labels or across splits come first.

    Rows are **exact** duplicates if their features, and the columns behind them, are equal. Two
    rows are **near** duplicates if their distance is below 0.3 of the median distance to the
    nearest row *and* too small to be chance. If rows lie evenly around a row in m dimensions,
    (d_j / d_k)^m is the j-th smallest of k - 1 uniform numbers. This gives a p-value for the j-th
    neighbour; it must be below 0.05 / (n k). Clean continuous data of any size thus has one false
    pair in 20 audits. The dimension m is estimated from the same distances without the nearest
    [1]_: it is the median over all rows, or the mean over the row's neighbours if that is lower. A
    set of near duplicates with more rows than there are neighbours is not found.

    Severity: by the share of rows in sets that conflict or lie across splits, high from 1 %,
    medium from 0.1 %, otherwise low; by the share of rows in all sets, medium from 10 %, otherwise
    low. If shuffled columns coincide at least half as often, coarse columns are the reason, and
    the severity is at most low.

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
    score = np.zeros(len(rows))  # all members of a set have the same score
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
    """For each row: in a set; an exact copy; in a set with conflicting labels; across splits."""

    member: NDArray[np.bool_]
    exact: NDArray[np.bool_]
    conflict: NDArray[np.bool_]
    crosses: NDArray[np.bool_]


def near_pairs(
    rows: Rows, neighbours: Neighbours, exact: IntArray
) -> tuple[IntArray, IntArray, FloatArray, float | None]:
    """Return pairs of rows that are too close to be chance.

    Parameters
    ----------
    rows
        The data.
    neighbours
        Nearest rows of each row.
    exact : (n,) array of int
        Group of exact duplicates of each row; see `exact_groups`.

    Returns
    -------
    first, second : (p,) arrays of int
        Row numbers.
    distances : (p,) array of float64
    usual
        Median distance to the nearest row that is not an exact copy; None if there are too few.
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
    found = np.sqrt(
        (difference**2).sum(axis=1)
    )  # computed again: distances of an index are rounded
    around = neighbours.rows[first]
    local = (spread * usable)[around].sum(axis=1) / np.maximum(usable[around].sum(axis=1), 1)
    dimension = 1 / np.maximum(np.maximum(np.median(spread[usable]), local), 1e-6)
    within = np.minimum(found / last[first], 1.0) ** dimension
    copies = (distances[first] == 0).sum(axis=1)  # exact copies take the first places
    order = np.maximum(place + 1 - copies, 1)
    p = betainc(order, np.maximum(k - copies - order, 1), within)
    flagged = (p <= FALSE_SETS / (len(rows) * k)) & (found <= NEAR * usual)
    return first[flagged], second[flagged], found[flagged], usual


def _spreads(distances: FloatArray, usable: NDArray[np.bool_]) -> FloatArray:
    """Estimate 1 / m for each usable row, where m is the dimension around it.

    It is the mean of log(d_k / d_j) without the nearest row, which may be a duplicate. The expected
    sum of all k - 1 logarithms is k - 1, that of the largest is 1 + 1/2 + ... + 1/(k - 1) (both
    divided by m).
    """
    k = distances.shape[1]
    ratios = np.maximum(distances[usable], 1e-30) / distances[usable, -1:]
    spread = np.ones(len(distances))
    spread[usable] = -np.log(ratios[:, 1 : k - 1]).sum(axis=1)
    spread[usable] /= k - 1 - (1 / np.arange(1, k)).sum()
    return spread


def _sets(rows: int, exact: IntArray, first: IntArray, second: IntArray) -> IntArray:
    """Return a set number for each row; exact copies and near pairs are connected."""
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
    """Return whether the set of each row has two different values; negative values are unknown."""
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
        return f"None of the {rows:,} rows has an exact or near duplicate."
    text = (
        f"{numbers['rows']:,} of {rows:,} rows form {numbers['sets']:,}"
        f" {'set' if numbers['sets'] == 1 else 'sets'} of duplicates"
        f" ({numbers['exact_rows']:,} exact, {numbers['near_rows']:,} near)"
    )
    harm = [
        f"{numbers[name]:,} {words}"
        for name, words in (
            ("conflict_rows", "are in sets whose labels conflict"),
            ("crossing_rows", "are in sets across splits"),
        )
        if numbers[name]
    ]
    text += (
        f"; {' and '.join(harm)}." if harm else ", none with conflicting labels or across splits."
    )
    if numbers["exact_rows_by_chance"] >= 0.5 * numbers["rows"]:
        text += " The columns are coarse: " + agreed(
            numbers["exact_rows_by_chance"], "row coincides by chance.", "rows coincide by chance."
        )
    return text
