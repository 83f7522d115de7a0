"""Find the nearest other rows of each row: exactly if affordable, else approximately."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem
from dataperf.records.findings import Neighbours

Rows32 = NDArray[np.float32]
Progress = Callable[[float], None]

#: Maximum number of multiplications (rows x rows x columns) for an exact search: about 20 s.
EXACT = 1.0e12
#: Rows of a block; its products stay in the processor's cache.
BLOCK = 512
#: Rows whose lists are searched together.
CHUNK = 16_384
#: Required recall on the sample; 0.5 points above the promised 98 %, because of sampling error.
RECALL = 0.985
#: Maximum number of multiplications of an approximate search; recall is lower if it is reached.
AFFORDED = 2.5e12
#: Number of rows on which the recall is measured.
SAMPLE = 200
#: Candidates beyond k: matrix products are rounded, and the exact order is found afterwards.
SLACK = 4


def nearest(
    features: NDArray[np.floating],
    *,
    k: int = 10,
    exact: bool | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Neighbours:
    """Return the nearest other rows of each row.

    Parameters
    ----------
    features : (n, d) array of float
        Finite. They are converted to float32.
    k
        Number of neighbours of each row.
    exact
        Whether to compare all pairs; None decides by size.
    seed
        Random seed of the lists and the sample of an approximate search.
    progress
        Called with the share done, from 0 to 1.

    Returns
    -------
    Neighbours
        Nearest first; ties are broken by row number. Equal rows have distance 0 and are always
        found. An approximate search finds at least 98 % of the true neighbours of 200 random rows
        if that is affordable, and reports its recall. If it would compare half of all pairs, all
        pairs are compared, if that is affordable.

    Raises
    ------
    Invalid
        If features are not a table of finite numbers, or ``k`` is below 1.

    Notes
    -----
    It runs on one thread, or on ``OMP_NUM_THREADS`` threads. Additional memory: a float32 copy
    of the features, 20 bytes per neighbour, and 200 MiB.

    Examples
    --------
    >>> nearest(np.array([[0.0], [1.0], [3.0]]), k=2).rows
    array([[1, 2],
           [0, 2],
           [1, 0]], dtype=int32)
    """
    _refuse(features, k)
    table = _float32(features)
    report = progress or (lambda share: None)
    with _threads():
        group, members, starts = _equal_rows(table)
        all_differ = len(starts) == len(table) + 1
        distinct = table if all_differ else table[members[starts[:-1]]]
        wide = min(k, len(distinct) - 1)
        near, far, recall = _among(distinct, wide, exact, seed, report)
        rows = np.full((len(table), k), -1, dtype=np.int32)
        distances = np.full((len(table), k), np.inf, dtype=np.float32)
        if all_differ:
            rows[:, :wide], distances[:, :wide] = near, far
        else:
            from dataperf.evidence import neighbour_kernels

            neighbour_kernels.spread(group, members, starts, near, far, rows, distances)
    report(1.0)
    return Neighbours(rows, distances, recall is None, 1.0 if recall is None else recall)


def _among(
    table: Rows32, k: int, exact: bool | None, seed: int, report: Progress
) -> tuple[NDArray[np.int32], Rows32, float | None]:
    """Return the neighbours among distinct rows, and the recall; None for an exact search."""
    n, d = table.shape
    wide = min(k + SLACK, n - 1)
    best = np.full((n, wide), np.inf, dtype=np.float32)
    rows = np.full((n, wide), -1, dtype=np.int32)
    every = float(n) * n * d <= EXACT if exact is None else exact
    recall = None
    if wide:
        centred = table - _centre(table)
        lists = None if every else _lists(centred, k, seed)
        if lists is None:
            _compare_all(centred, best, rows, report)
        else:
            centres, home, visits, recall = lists
            _compare_lists(centred, centres, home, visits, best, rows, report)
    return *_ranked(table, table, rows, k), recall


def _compare_all(centred: Rows32, best: Rows32, rows: NDArray[np.int32], report: Progress) -> None:
    """Compare each pair once, for both rows."""
    from dataperf.evidence import neighbour_kernels

    n = len(centred)
    norms = np.einsum("ij,ij->i", centred, centred)
    limits = np.full(n, np.inf, dtype=np.float32)
    space = np.empty((BLOCK, BLOCK), dtype=np.float32)
    for first in range(0, n, BLOCK):
        some = -2 * centred[first : first + BLOCK]
        for second in range(first, n, BLOCK):
            others = centred[second : second + BLOCK]
            keys = np.matmul(some, others.T, out=space[: len(some), : len(others)])
            if first == second:
                own = np.arange(first, first + len(some), dtype=np.int32)
                neighbour_kernels.keep_nearest(keys, norms[own], own, own, best, rows)
                limits[own] = best[own, -1]
            else:
                neighbour_kernels.keep_nearest_both(keys, norms, first, second, best, rows, limits)
        left = 1 - min(1.0, (first + BLOCK) / n)
        report(1 - left * left)


def _lists(
    centred: Rows32, k: int, seed: int
) -> tuple[Rows32, NDArray[np.int64], int, float] | None:
    """Return the centres of lists, each row's list, the number of lists to visit, and the recall.

    The number of lists is the smallest with the required recall on a sample, or the largest that is
    affordable. Return None if comparing all pairs costs less.
    """
    import faiss

    n, d = centred.shape
    count = max(1, min(int(2 * np.sqrt(n)), n // 40))
    kmeans = faiss.Kmeans(d, count, niter=8, seed=seed + 1, max_points_per_centroid=64)
    kmeans.train(centred)
    centres = np.ascontiguousarray(kmeans.centroids, dtype=np.float32)
    index = faiss.IndexFlatL2(d)
    index.add(centres)
    home = index.search(centred, 1)[1][:, 0]
    drawn = np.random.default_rng(seed).choice(n, min(SAMPLE, n), replace=False)
    flat = faiss.IndexFlatL2(d)
    flat.add(centred)
    true = flat.search(centred[drawn], k + 1)[1]
    _, order = index.search(centred[drawn], count)
    place = np.argsort(order, axis=1)  # rank of each list by its distance to a row
    visited = np.take_along_axis(place, home[true], axis=1)[true != drawn[:, None]]
    needed = int(np.quantile(visited, RECALL, method="higher")) + 1
    afforded = max(1, int(count * AFFORDED / (float(n) * n * d)))
    if 2 * needed >= count and 2 * afforded >= count:
        return None
    needed = min(needed, afforded)
    return centres, home, needed, float((visited < needed).mean())


def _compare_lists(
    centred: Rows32,
    centres: Rows32,
    home: NDArray[np.int64],
    visits: int,
    best: Rows32,
    rows: NDArray[np.int32],
    report: Progress,
) -> None:
    """Compare each row with the rows of its nearest lists, list by list."""
    from dataperf.evidence import neighbour_kernels

    n = len(centred)
    norms = np.einsum("ij,ij->i", centred, centred)
    order = np.argsort(home, kind="stable").astype(np.int32)
    starts = np.searchsorted(home[order], np.arange(len(centres) + 1))
    packed = centred[order]
    lengths = np.einsum("ij,ij->i", centres, centres)
    for start in range(0, n, CHUNK):
        own = order[start : start + CHUNK]  # rows of the same lists visit the same lists
        some = -2 * packed[start : start + CHUNK]
        apart = some @ centres.T + lengths
        limit = np.partition(apart, visits - 1, axis=1)[:, visits - 1, None]
        wanted = np.ascontiguousarray((apart <= limit).T)
        for number in range(len(centres)):
            visitors = np.flatnonzero(wanted[number])
            members = order[starts[number] : starts[number + 1]]
            others = packed[starts[number] : starts[number + 1]].T
            for place in range(0, len(visitors), BLOCK):
                part = visitors[place : place + BLOCK]
                neighbour_kernels.keep_nearest(
                    some[part] @ others, norms[members], own[part], members, best, rows
                )
        report(min(1.0, (start + CHUNK) / n))


def _ranked(
    table: Rows32, queries: Rows32, rows: NDArray[np.int32], k: int
) -> tuple[NDArray[np.int32], Rows32]:
    """Return the k nearest candidates by exact distance; ties are broken by row number."""
    from dataperf.evidence import neighbour_kernels

    far = neighbour_kernels.measure(table, queries, rows)
    order = np.lexsort((rows, far), axis=1)[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(far, order, axis=1)


def _equal_rows(table: Rows32) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return each row's group of equal rows, the rows by group, and the start of each group.

    Groups are in the order of their first rows. Rows are compared only if a weighted sum of their
    bits, modulo 2**64, is equal.
    """
    n, d = table.shape
    weights = np.random.default_rng(0).integers(0, 1 << 63, d, dtype=np.uint64) * 2 + 1
    sums = np.empty(n, dtype=np.uint64)
    for start in range(0, n, CHUNK):
        bits = table[start : start + CHUNK].view(np.uint32)
        sums[start : start + CHUNK] = (bits * weights).sum(axis=1, dtype=np.uint64)
    order = np.argsort(sums, kind="stable")
    same = np.zeros(n, dtype=bool)
    alike = np.flatnonzero(sums[order[1:]] == sums[order[:-1]])
    same[alike + 1] = [
        bool((table[order[at + 1]] == table[order[at]]).all()) for at in alike.tolist()
    ]
    number = np.cumsum(~same) - 1
    firsts = order[~same]  # a stable sort puts the first row of each group first
    rank = np.empty(len(firsts), dtype=np.int64)
    rank[np.argsort(firsts)] = np.arange(len(firsts))
    group = np.empty(n, dtype=np.int64)
    group[order] = rank[number]
    members = np.argsort(group, kind="stable")
    return group, members, np.searchsorted(group[members], np.arange(len(firsts) + 1))


def _centre(table: Rows32) -> Rows32:
    """Return the mean row; subtracting it keeps squares small and rounding errors low."""
    centre: Rows32 = table.mean(axis=0, dtype=np.float64).astype(np.float32)
    return centre


def _float32(rows: NDArray[np.floating]) -> Rows32:
    return np.ascontiguousarray(rows, dtype=np.float32) + np.float32(0)  # -0.0 becomes 0.0


@contextlib.contextmanager
def _threads() -> Iterator[Any]:
    """Limit BLAS and faiss to ``OMP_NUM_THREADS`` threads, by default 1; give faiss."""
    import faiss
    from threadpoolctl import threadpool_limits

    wanted = os.environ.get("OMP_NUM_THREADS", "")
    number = int(wanted) if wanted.isdigit() and int(wanted) else 1
    before = faiss.omp_get_max_threads()
    with threadpool_limits(number):
        faiss.omp_set_num_threads(number)
        try:
            yield faiss
        finally:
            faiss.omp_set_num_threads(before)


def _refuse(rows: NDArray[np.floating], k: int) -> None:
    problems = []
    if rows.ndim != 2 or not rows.size:
        problems.append(Problem("shape", "features", f"shape {rows.shape}", "a table of numbers"))
    elif not np.isfinite(rows.sum(dtype=np.float64)) and not np.isfinite(rows).all():
        problems.append(
            Problem("not-finite", "features", "contains nan or infinity", "fill them first")
        )
    if k < 1:
        problems.append(Problem("k", "k", f"{k} neighbours", "1 or more"))
    if problems:
        raise Invalid("rows", problems)
