"""Compiled inner loops of nearest-neighbour Shapley values; imported only when they run."""

from __future__ import annotations

import numpy as np

from dataperf.evidence.compiled import compiled

#: Buckets per match. Many are empty, so that most rows find their place at once.
SPREAD = 3
#: With more matches than this in one bucket, radix sort replaces insertion sort.
CROWDED = 48


@compiled(nogil=True)
def add_shapley(keys, norms, tests, rows, starts, k, total):  # type: ignore[no-untyped-def]
    """Add the Shapley values of all training rows for each of some test rows.

    Parameters
    ----------
    keys : (tests, n) array of float32
        Plus ``norms``, they order the training rows by distance; overwritten by the sum. The
        training rows are grouped by class.
    norms : (n,) array of float32
    tests : (tests,) array of int
        Class of each test row.
    rows : (n,) array of int32
        Row number of each column of ``keys``, ascending within a class; breaks ties.
    starts : (classes + 1,) array of int
        First column of each class.
    k : int
        Number of neighbours.
    total : (n,) array of float64
        The values are added to it, in the order of the columns.

    Notes
    -----
    Theorem 1 of Jia et al. (2019), summed by parts. Let r be the rank of a row, counted from 1,
    and T(r) the sum of 1 / (j (j - 1)) over the ranks j > max(r, k) of the rows of the test
    row's class. A row of that class has the value 1 / max(r, k) - T(r), any other -T(r). So only
    the rows of one class must be sorted; for all others it is enough to know between which two
    of them they lie.
    """
    n = keys.shape[1]
    shares = 1.0 / np.maximum(np.arange(max(n, k) + 1), 1)
    gaps, spare = np.empty(n, np.uint32), np.empty(n, np.uint32)
    for test in range(keys.shape[0]):
        first, last = starts[tests[test]], starts[tests[test] + 1]
        m = last - first
        if m == 0:
            continue
        key = keys[test]
        _add(key, norms)
        lowest, highest = _span(key[first:last])
        buckets = SPREAD * m + 1
        scale = np.float32(0)
        if highest > lowest:
            scale = np.float32(buckets - 1) / (highest - lowest)
        _find_buckets(key, lowest, scale, np.float32(buckets - 1), gaps)
        bounds, order = np.zeros(buckets + 1, np.uint32), np.empty(m, np.uint32)
        own = key[first:last]
        near = np.full(m + 3, np.float32(np.inf))
        if _count_in(own, gaps[first:last], bounds, order, near) > CROWDED:
            _sort_radix(own, order, spare)
            for place in range(m):
                near[place] = own[order[place]]
        else:
            _sort_nearly(near[:m], order)
        count = np.zeros(m + 1, np.uint32)
        _find_gaps(
            key[:first], rows[:first], near, order, rows[first:last], bounds, gaps[:first], count
        )
        _find_gaps(
            key[last:], rows[last:], near, order, rows[first:last], bounds, gaps[last:], count
        )
        tails = np.empty(m + 1)
        _add_matches(order, count, n - m, k, shares, tails, total[first:last])
        _subtract(total[:first], tails, gaps[:first])
        _subtract(total[last:], tails, gaps[last:])


@compiled(nogil=True)
def _add(key, norms):  # type: ignore[no-untyped-def]
    for column in range(len(key)):
        key[column] += norms[column]


@compiled(nogil=True, fastmath={"nnan", "nsz"})
def _span(key):  # type: ignore[no-untyped-def]
    lowest, highest = key[0], key[0]
    for column in range(len(key)):
        lowest = min(lowest, key[column])
        highest = max(highest, key[column])
    return lowest, highest


@compiled(nogil=True, fastmath={"nnan", "nsz"})
def _find_buckets(key, lowest, scale, top, found):  # type: ignore[no-untyped-def]
    """Write the bucket of each key; larger keys never have a lower bucket."""
    for column in range(len(key)):
        place = min(max((key[column] - lowest) * scale, np.float32(0)), top)
        found[column] = np.uint32(np.int32(place))


@compiled(nogil=True)
def _count_in(key, buckets, bounds, order, near):  # type: ignore[no-untyped-def]
    """Order places by bucket, then by number; return the size of the fullest bucket.

    ``bounds`` becomes the start of each bucket, and the end of the last one. ``near`` becomes the
    keys in that order.
    """
    for place in range(len(buckets)):
        bounds[buckets[place]] += np.uint32(1)
    most, run = np.uint32(0), np.uint32(0)
    for bucket in range(len(bounds)):
        most = max(most, bounds[bucket])
        run += bounds[bucket]
        bounds[bucket] = run
    for place in range(len(buckets) - 1, -1, -1):
        bucket = buckets[place]
        bounds[bucket] -= np.uint32(1)
        order[bounds[bucket]] = place
        near[bounds[bucket]] = key[place]
    return most


@compiled(nogil=True)
def _find_gaps(key, rows, near, order, matches, bounds, gaps, count):  # type: ignore[no-untyped-def]
    """Replace the bucket of each key by the number of matches before it; count keys by gap.

    ``near`` ends with three infinities after the matches.
    """
    one = np.uint32(1)
    for column in range(len(key)):
        own = key[column]
        bucket = gaps[column]
        low = bounds[bucket]
        first, second, third = near[low], near[low + one], near[low + one + one]
        if (first == own) | (second == own) | (third <= own):
            high = bounds[bucket + one]
            low = _search(own, rows[column], near, order, matches, low, high)
        else:  # the usual case, without an unpredictable branch
            low += np.uint32(first < own) + np.uint32(second < own)
        gaps[column] = low
        count[low] += one


@compiled(nogil=True)
def _search(key, row, near, order, matches, low, high):  # type: ignore[no-untyped-def]
    while low < high:
        middle = (low + high) >> np.uint32(1)
        other = near[middle]
        if other < key or (other == key and matches[order[middle]] < row):
            low = middle + np.uint32(1)
        else:
            high = middle
    return low


@compiled(nogil=True)
def _add_matches(order, count, others, k, shares, tails, total):  # type: ignore[no-untyped-def]
    """Add the values of the test row's class; ``tails`` becomes T before each match."""
    m = len(order)
    before, tail = others, 0.0
    tails[m] = 0.0
    for place in range(m - 1, -1, -1):
        before -= np.int64(count[place + 1])
        rank = before + place + 1
        total[order[place]] += shares[max(rank, k)] - tail
        if rank > k:
            tail += shares[rank] * shares[rank - 1]
        tails[place] = tail


@compiled(nogil=True)
def _subtract(total, tails, gaps):  # type: ignore[no-untyped-def]
    for column in range(len(total)):
        total[column] -= tails[gaps[column]]


@compiled(nogil=True)
def _sort_nearly(near, order):  # type: ignore[no-untyped-def]
    """Sort keys that are already ordered by bucket, and their places; stable insertion sort."""
    for place in range(1, len(order)):
        own = near[place]
        if near[place - 1] <= own:
            continue
        column, before = order[place], place
        while before > 0 and near[before - 1] > own:
            near[before], order[before] = near[before - 1], order[before - 1]
            before -= 1
        near[before], order[before] = own, column


@compiled(nogil=True)
def _sort_radix(key, order, spare):  # type: ignore[no-untyped-def]
    """Sort places by key; stable radix sort, lowest digit first."""
    raw = key.view(np.int32)
    for place in range(len(key)):
        spare[place] = place
    _by_digit(raw, spare, order, 0)
    _by_digit(raw, order, spare, 11)
    _by_digit(raw, spare, order, 22)


@compiled(nogil=True)
def _by_digit(raw, source, target, shift):  # type: ignore[no-untyped-def]
    starts = np.zeros(2049, np.int64)
    for place in range(len(raw)):
        starts[((_rising(raw[place]) >> shift) & 2047) + 1] += 1
    for digit in range(2048):
        starts[digit + 1] += starts[digit]
    for place in range(len(raw)):
        column = source[place]
        digit = (_rising(raw[column]) >> shift) & 2047
        target[starts[digit]] = column
        starts[digit] += 1


@compiled(nogil=True)
def _rising(raw):  # type: ignore[no-untyped-def]
    """Map the bits of a float32 to an unsigned integer with the same order."""
    return np.int64(raw ^ ((raw >> 31) & 0x7FFFFFFF)) + 2147483648
