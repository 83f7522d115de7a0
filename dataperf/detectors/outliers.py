"""Rows far from all others: their nearest neighbours are much farther away than is usual."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence.discretize import by_rule, class_names, row_table
from dataperf.records import FloatArray
from dataperf.records.findings import Evidence, Finding, Neighbours

title = "Outliers"

#: Share of clean rows that lie beyond the threshold, if distances have an exponential tail.
TAIL = 0.0025
#: Factor over the median distance, at least: in many dimensions all are much the same.
LEAST = 1.25
#: Factor over what is usual nearby, at least.
NEARBY = 1.5
#: Share of all rows from which neighbours that are far from all others are a region of its own.
REGION = 0.02
#: Fewer rows have no usual distance.
FEWEST = 8


def find(evidence: Evidence) -> Finding | str:
    """Return rows whose score is at least one half; see ``scores``.

    Severity: none if no more rows are flagged than chance allows and none lies beyond twice
    the threshold (score 2/3); else high from 5 % of the rows, medium from 0.5 %, low below.
    """
    rows, neighbours = evidence.rows, evidence.neighbours
    if len(rows) < FEWEST or not rows.features.shape[1]:
        return f"outliers need at least {FEWEST} rows and one feature"
    distances = mean_distances(neighbours)
    score = scores(neighbours)
    usual = float(np.median(distances))
    picked = np.flatnonzero(score >= 0.5)
    picked = picked[np.argsort(-score[picked], kind="stable")]
    count = len(rows)
    chance = TAIL * count + 2 * np.sqrt(TAIL * count)
    quiet = not len(picked) or (len(picked) <= chance and score.max() < 2 / 3)
    cuts = by_rule(len(picked) / count, {"high": 0.05, "medium": 0.005, "low": 0.0})
    table = row_table(
        rows,
        picked,
        score[picked],
        distance=distances[picked],
        times_usual=distances[picked] / max(usual, 1e-30),
        given=class_names(rows, rows.labels[picked]),
    )
    words = f"{len(picked):,} of {count:,} rows ({len(picked) / count:.2%}) lie far from all others"
    if len(picked):
        words += f", the farthest at {table['times_usual'].max():.1f} times the usual distance"
    words += "; no more than clean data would show." if quiet and len(picked) else "."
    return Finding(
        kind="outliers",
        title=title,
        sentence=words if len(picked) else f"None of the {count:,} rows lies far from all others.",
        severity="none" if quiet else cuts,
        table=table,
        numbers={
            "rows": len(picked),
            "expected_by_chance_at_most": round(float(chance), 1),
            "usual_distance": usual,
            "neighbours": neighbours.distances.shape[1],
        },
    )


def scores(neighbours: Neighbours) -> FloatArray:
    """Return how far out every row lies, 0 to 1; 1/2 is the threshold.

    A row's distance is the mean over its k nearest rows [1]_. It is held to two thresholds, on
    the scale of logarithms:

    - of all rows: the smaller of two guesses of where one row in 400 lies beyond, if
      the tail falls off exponentially (of lighter tails fewer): from median and upper quartile,
      Q3 + s log(0.25 / 0.0025) with s = (Q3 - Q2) / log 2, which a quarter of the rows being
      outliers does not move; and likewise from upper quartile and 95th percentile, which is
      nearer where the tail is light. Never less than 1.25 times the median;
    - nearby, where rows beyond the first threshold are each other's neighbours and make up at
      least 2 % of all: 1.5 times the lower quartile of its neighbours' distances. A region or
      class that is sparse as a whole is no outlier (after the local outlier factor [2]_).

    The score is z / (1 + z), z being the ratio to the threshold, the smaller if there are two.

    Parameters
    ----------
    neighbours
        Of all rows.

    Returns
    -------
    (n,) array of float64

    References
    ----------
    .. [1] F. Angiulli & C. Pizzuti, Fast outlier detection in high dimensional spaces, PKDD 2002.
    .. [2] M. Breunig et al., LOF: identifying density-based local outliers, SIGMOD 2000.
    """
    distances = mean_distances(neighbours)
    positive = distances[distances > 0]
    if not len(positive):
        return np.zeros(len(distances))
    log = np.log(np.maximum(distances, positive.min()))
    middle, upper, top = np.quantile(log, [0.5, 0.75, 0.95])
    guesses = (
        upper + (upper - middle) * np.log(0.25 / TAIL) / np.log(2),
        top + (top - upper) * np.log(0.05 / TAIL) / np.log(5),
    )
    beyond = (log - middle) / max(float(min(guesses) - middle), np.log(LEAST))
    nearby = (log - _nearby(neighbours, log)) / np.log(NEARBY)
    sparse = _regions(neighbours, beyond >= 1)
    ratio = np.maximum(np.where(sparse, np.minimum(beyond, nearby), beyond), 0)
    found: FloatArray = ratio / (1 + ratio)
    return found


def mean_distances(neighbours: Neighbours) -> FloatArray:
    """Return every row's mean distance to its neighbours; those that are not there are left out."""
    there = np.isfinite(neighbours.distances)
    total = np.where(there, neighbours.distances, 0).sum(axis=1, dtype=np.float64)
    found: FloatArray = total / np.maximum(there.sum(axis=1), 1)
    return found


def _nearby(neighbours: Neighbours, log: FloatArray) -> FloatArray:
    """Return the lower quartile of the neighbours' own log distances."""
    there: NDArray[np.bool_] = neighbours.rows >= 0
    of_neighbours = np.sort(np.where(there, log[neighbours.rows], np.inf), axis=1)
    place = np.maximum(there.sum(axis=1) - 1, 0) // 4
    found: FloatArray = of_neighbours[np.arange(len(log)), place]
    near: FloatArray = np.where(np.isfinite(found), found, log)
    return near


def _regions(neighbours: Neighbours, far: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which far rows belong to a large set that neighbourhood connects."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers = np.flatnonzero(far)
    place = np.full(len(far) + 1, -1)
    place[numbers] = np.arange(len(numbers))
    start, column = np.nonzero(place[neighbours.rows[numbers]] >= 0)
    end = place[neighbours.rows[numbers][start, column]]
    shape = (len(numbers), len(numbers))
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=shape)
    part = connected_components(graph, directed=False)[1]
    least = max(REGION * len(far), 2 * neighbours.rows.shape[1])
    regions = np.zeros(len(far), dtype=bool)
    regions[numbers] = np.bincount(part)[part] >= least
    return regions
