"""Outliers: rows whose nearest neighbours are much farther away than usual."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.evidence.discretize import by_rule, class_names, row_table
from dataperf.records import FloatArray
from dataperf.records.findings import Evidence, Finding, Neighbours

title = "Outliers"

#: Share of clean rows beyond the threshold, if distances have an exponential tail.
TAIL = 0.0025
#: Minimum threshold, as a factor of the median distance: it matters in many dimensions.
LEAST = 1.25
#: Local threshold, as a factor of the usual distance nearby.
NEARBY = 1.5
#: Minimum share of rows of a sparse region; its rows must also pass the local threshold.
REGION = 0.02
#: Minimum number of rows.
FEWEST = 8


def find(evidence: Evidence) -> Finding | str:
    """Find rows with a score of at least 1/2; see `scores`.

    Severity: none if no more rows are flagged than expected by chance, and none is beyond twice the
    threshold (score 2/3); otherwise high from 5 % of the rows, medium from 0.5 %, else low.
    """
    rows, neighbours = evidence.rows, evidence.neighbours
    if len(rows) < FEWEST or not rows.features.shape[1]:
        return f"there are fewer than {FEWEST} rows, or no features"
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
    verb = "lies" if len(picked) == 1 else "lie"
    share = f"{len(picked) / count:.2%}"
    words = f"{len(picked):,} of {plural(count, 'row')} ({share}) {verb} far from all others"
    if len(picked):
        words += f", the farthest at {table['times_usual'].max():.1f} times the usual distance"
    words += "; clean data would show as many." if quiet and len(picked) else "."
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
    """Return the outlier score of each row, 0 to 1; 1/2 is the threshold.

    A row's distance is the mean distance to its k nearest rows [1]_. Its logarithm is compared with
    two thresholds:

    - global: the value that 1 row in 400 exceeds if the tail is exponential (fewer rows if it is
      lighter). It is the smaller of two estimates. The first, from median and upper quartile, is
      Q3 + s log(0.25 / 0.0025) with s = (Q3 - Q2) / log 2; it is robust to a quarter of the rows
      being outliers. The second is the same from upper quartile and 95th percentile; it is closer
      if the tail is light. The threshold is at least 1.25 times the median;
    - local: 1.5 times the lower quartile of the neighbours' distances. It is used for rows beyond
      the global threshold that are each other's neighbours and make up at least 2 % of all rows. A
      region or class that is sparse as a whole is not an outlier (cf. local outlier factor [2]_).

    The score is z / (1 + z), where z is the ratio to the threshold, or the smaller of two ratios.

    Parameters
    ----------
    neighbours
        Nearest rows of each row.

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
    """Return the mean distance of each row to its neighbours, (n,); missing neighbours do not count."""
    there = np.isfinite(neighbours.distances)
    total = np.where(there, neighbours.distances, 0).sum(axis=1, dtype=np.float64)
    found: FloatArray = total / np.maximum(there.sum(axis=1), 1)
    return found


def _nearby(neighbours: Neighbours, log: FloatArray) -> FloatArray:
    """Return the lower quartile of the neighbours' log distances."""
    there: NDArray[np.bool_] = neighbours.rows >= 0
    of_neighbours = np.sort(np.where(there, log[neighbours.rows], np.inf), axis=1)
    place = np.maximum(there.sum(axis=1) - 1, 0) // 4
    found: FloatArray = of_neighbours[np.arange(len(log)), place]
    near: FloatArray = np.where(np.isfinite(found), found, log)
    return near


def _regions(neighbours: Neighbours, far: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which far rows belong to a large connected set of neighbours."""
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
