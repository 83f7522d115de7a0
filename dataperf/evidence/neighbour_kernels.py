"""Compiled inner loops of the neighbour search; imported only when they run."""

from __future__ import annotations

import numpy as np

from dataperf.evidence.compiled import compiled

#: Columns that are compared together; most such pieces have no row that is near enough.
PIECE = 64


@compiled(nogil=True)
def keep_nearest(keys, norms, queries, columns, best, rows):  # type: ignore[no-untyped-def]
    """Update the nearest rows of some rows with some candidates.

    Parameters
    ----------
    keys : (q, c) array of float32
        Minus twice the inner products.
    norms : (c,) array of float32
        Squared lengths of the candidates.
    queries : (q,) array of int32
        Row number of each line; a row is never its own neighbour.
    columns : (c,) array of int32
        Row number of each candidate.
    best : (n, k) array of float32
        Squared distances minus the squared length of the row, ascending; initially infinity.
    rows : (n, k) array of int32
        Row numbers of the neighbours; initially -1.
    """
    width = keys.shape[1]
    last = best.shape[1] - 1
    for line in range(keys.shape[0]):
        query, key = queries[line], keys[line]
        for start in range(0, width, PIECE):
            end = min(start + PIECE, width)
            if _least(key[start:end], norms[start:end]) > best[query, last]:
                continue
            for column in range(start, end):
                own = key[column] + norms[column]
                if own <= best[query, last]:
                    _offer(best, rows, query, own, columns[column])


@compiled(nogil=True)
def keep_nearest_both(keys, norms, first, second, best, rows, limits):  # type: ignore[no-untyped-def]
    """Update the nearest rows of two blocks with the rows of the other block.

    Parameters
    ----------
    keys : (q, c) array of float32
        Minus twice the inner products of the rows from ``first`` on with those from ``second``.
    norms, best, rows
        For all rows, as in `keep_nearest`.
    limits : (n,) array of float32
        Last value of ``best`` of each row; updated too.
    """
    width = keys.shape[1]
    last = best.shape[1] - 1
    for line in range(keys.shape[0]):
        query, key = first + line, keys[line]
        for start in range(0, width, PIECE):
            end = min(start + PIECE, width)
            low, high = second + start, second + end
            near, far = _least_both(key[start:end], norms[low:high], limits[low:high])
            if near <= limits[query]:
                for column in range(start, end):
                    other = second + column
                    own = key[column] + norms[other]
                    if own <= best[query, last]:
                        _offer(best, rows, query, own, other)
                limits[query] = best[query, last]
            if far <= -norms[query]:
                for column in range(start, end):
                    other = second + column
                    own = key[column] + norms[query]
                    if own <= limits[other]:
                        _offer(best, rows, other, own, query)
                        limits[other] = best[other, last]


@compiled(nogil=True)
def _offer(best, rows, own, key, row):  # type: ignore[no-untyped-def]
    """Insert a row into the sorted neighbours; ties are broken by row number."""
    place = best.shape[1] - 1
    if row == own or (key == best[own, place] and row > rows[own, place] >= 0):
        return
    while place > 0 and (
        key < best[own, place - 1] or (key == best[own, place - 1] and row < rows[own, place - 1])
    ):
        best[own, place], rows[own, place] = best[own, place - 1], rows[own, place - 1]
        place -= 1
    best[own, place], rows[own, place] = key, row


@compiled(nogil=True, fastmath={"nnan", "nsz"})
def _least(key, norms):  # type: ignore[no-untyped-def]
    least = np.float32(np.inf)
    for column in range(len(key)):
        least = min(least, key[column] + norms[column])
    return least


@compiled(nogil=True, fastmath={"nnan", "nsz"})
def _least_both(key, norms, limits):  # type: ignore[no-untyped-def]
    near, far = np.float32(np.inf), np.float32(np.inf)
    for column in range(len(key)):
        near = min(near, key[column] + norms[column])
        far = min(far, key[column] - limits[column])
    return near, far


@compiled(nogil=True)
def measure(features, queries, rows):  # type: ignore[no-untyped-def]
    """Return distances computed from differences, which are exactly 0 for equal rows.

    Parameters
    ----------
    features : (n, d) array of float32
    queries : (q, d) array of float32
    rows : (q, k) array of int32
        Row numbers for each query; -1 for none.

    Returns
    -------
    (q, k) array of float32
        Infinity where there is no row.
    """
    found = np.empty(rows.shape, np.float32)
    for line in range(rows.shape[0]):
        for place in range(rows.shape[1]):
            row = rows[line, place]
            total = np.float32(np.inf) if row < 0 else _apart(features[row], queries[line])
            found[line, place] = np.sqrt(total)
    return found


@compiled(nogil=True, fastmath={"reassoc", "nsz", "contract"})
def _apart(one, other):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for column in range(len(one)):
        total += (one[column] - other[column]) * (one[column] - other[column])
    return total


@compiled(nogil=True)
def spread(group, members, starts, near, far, rows, distances):  # type: ignore[no-untyped-def]
    """Write the neighbours of each row: first its equals, then the rows of the nearest groups.

    Parameters
    ----------
    group : (n,) array of int
        Group of equal rows that each row belongs to.
    members : (n,) array of int
        Row numbers by group, ascending within each group.
    starts : (groups + 1,) array of int
        First place of each group in ``members``.
    near, far : (groups, k) array
        The nearest groups, -1 for none, and their distances.
    rows, distances : (n, k) array
        Are filled; initially -1 and infinity.
    """
    width = rows.shape[1]
    for row in range(len(group)):
        own, filled = group[row], 0
        for at in range(starts[own], starts[own + 1]):
            if filled == width:
                break
            if members[at] != row:
                rows[row, filled], distances[row, filled] = members[at], 0
                filled += 1
        for place in range(near.shape[1]):
            other = near[own, place]
            if other < 0 or filled == width:
                break
            for at in range(starts[other], min(starts[other + 1], starts[other] + width - filled)):
                rows[row, filled], distances[row, filled] = members[at], far[own, place]
                filled += 1
