"""The bootstrap: resamples of the test items, and the metrics of each resample.

The same resample of items is applied to every seed's predictions, and the metric is averaged
over seeds. The seeds are part of the fixed recipe; only the items are a sample of something
larger. Where items cluster (speakers, words), clusters are drawn first and items inside them
second. Resamples come from numpy's frozen legacy stream over items in a canonical order, so
the draws depend only on the outcome, not on row order, machine, thread count or numpy
version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import FloatArray, IntArray
from dataperf.statistics import margins
from dataperf.statistics.outcomes import Outcome, per_seed, same_items

#: Resamples behind an interval or p-value.
RESAMPLES = 2000
#: The same for a metric without ``from_counts``, which is computed anew on every resample.
SLOW_RESAMPLES = 500
#: Seed of every random stream here; a constant, so that results can be reproduced.
SEED = 20_240_229

_MOST_COUNTS = 1 << 20  # numbers of one batch of confusion matrices (8 MiB)
_MOST_WEIGHTS = 1 << 15  # weights that one bincount takes (fits in a processor's cache)
_MOST_CODES = 1 << 62  # what a whole number holds
_MOST_CELLS = 1 << 22  # numbers of either factor of a product that counts patterns
_MANY_ROWS = 1 << 13  # above, counts of patterns are drawn at once instead of row by row


def averages(
    metrics: Mapping[str, Metric], outcome: Outcome, *, resamples: int | None, stream: int
) -> dict[str, FloatArray]:
    """Return for every metric its (resamples,) means over seeds."""
    linear = {name: metric for name, metric in metrics.items() if _is_linear(metric, outcome)}
    others = {name: metric for name, metric in metrics.items() if name not in linear}
    drawn = {
        name: _linear_replicates(metric, [outcome], _resamples_of(metric, resamples), stream)[:, 0]
        for name, metric in linear.items()
    }
    if others:
        found = _replicates(others, outcome, resamples=resamples, stream=stream)
        drawn |= {name: outcome.mean(values) for name, values in found.items()}
    return drawn


def side_by_side(
    metric: Metric, outcomes: Sequence[Outcome], *, resamples: int | None, stream: int = 0
) -> FloatArray:
    """Return (resamples, outcomes) means over seeds, all over the same resamples."""
    first = outcomes[0]
    if not all(same_items(first, other) for other in outcomes[1:]):
        raise ValueError("predictions to compare must be of the same items, in the same order")
    if all(_is_linear(metric, outcome) for outcome in outcomes):
        return _linear_replicates(metric, outcomes, _resamples_of(metric, resamples), stream)
    everything = np.concatenate([outcome.predicted for outcome in outcomes])
    together = Outcome(first.truth, everything, first.classes, first.clusters)
    drawn = _replicates({"": metric}, together, resamples=resamples, stream=stream)[""]
    ends = np.cumsum([outcome.seeds for outcome in outcomes])
    parts = np.split(drawn, ends[:-1], axis=1)
    means = [outcome.mean(part) for outcome, part in zip(outcomes, parts, strict=True)]
    return np.stack(means, axis=1)


@dataclass(frozen=True)
class _Items:
    """An outcome's rows in canonical order: by cluster, truth and every seed's prediction.

    ``pattern`` numbers the rows' distinct (cluster, truth, predictions) combinations, in the
    same order; rows of one pattern are interchangeable.
    """

    truth: IntArray
    predicted: IntArray
    pattern: IntArray
    cluster_sizes: IntArray


def _items(outcome: Outcome) -> _Items:
    truth, predicted = (np.asarray(a, dtype=np.intp) for a in (outcome.truth, outcome.predicted))
    clusters = np.zeros(outcome.rows) if outcome.clusters is None else outcome.clusters
    _, codes = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(codes)
    most = len(sizes)
    for column in (truth, *predicted):
        if most > _MOST_CODES // outcome.classes:  # numbers would not fit: name them anew
            _, codes = np.unique(codes, return_inverse=True)
            most = len(codes)
        codes = codes * outcome.classes + column
        most *= outcome.classes
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    return _Items(
        truth[order],
        predicted.take(order, axis=1),
        np.concatenate([[0], np.cumsum(codes[1:] != codes[:-1])]),
        sizes,
    )


def _resamples(items: _Items, resamples: int, stream: int) -> Iterator[IntArray]:
    """Yield the rows of every resample; the draws do not depend on how they are consumed."""
    random = np.random.RandomState([SEED, stream])
    rows, sizes = len(items.truth), items.cluster_sizes
    starts = np.cumsum(sizes) - sizes
    if _by_pattern(items):
        _, first, counts = np.unique(items.pattern, return_index=True, return_counts=True)
        for _ in range(resamples):
            yield np.repeat(first, random.multinomial(rows, counts / rows))
        return
    for _ in range(resamples):
        if len(sizes) < 2:
            yield random.randint(0, rows, rows, dtype=np.int64).astype(np.intp, copy=False)
            continue
        clusters = random.randint(0, len(sizes), len(sizes), dtype=np.int64)
        span = np.repeat(sizes[clusters], sizes[clusters])
        inside = (random.random_sample(len(span)) * span).astype(np.intp)
        yield np.repeat(starts[clusters], sizes[clusters]) + inside


def _is_linear(metric: Metric, outcome: Outcome) -> bool:
    """Return whether one number a row is enough: a mean over rows, of a weighted series."""
    return (outcome.weights is not None or outcome.seeds_are_draws) and hasattr(
        metric, "row_scores"
    )


def _linear_replicates(
    metric: Any, outcomes: Sequence[Outcome], resamples: int, stream: int
) -> FloatArray:
    """Return (resamples, outcomes) means of a metric that is a mean over rows.

    Each row counts with one number, its mean over the series. Sampled lines are resampled as
    well, independently of the rows (Owen, The pigeonhole bootstrap, Annals of Applied
    Statistics 1, 2007: mildly too wide).
    """
    first = outcomes[0]
    scores = [metric.row_scores(first.truth, outcome.predicted).T for outcome in outcomes]
    columns = np.stack([o.mean(each) for o, each in zip(outcomes, scores, strict=True)], axis=1)
    drawn = np.full((resamples, len(outcomes)), np.nan)
    if first.rows < 2 or first.cluster_count == 1:
        return drawn
    clusters = np.zeros(first.rows) if first.clusters is None else first.clusters
    _, codes, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    order = np.lexsort(
        (*columns.T, first.truth, codes)
    )  # a canonical order, which does not depend on the order of rows
    items = _Items(first.truth[order], first.predicted[:0], order, sizes)
    scores, columns = [each[order] for each in scores], columns[order]
    chance = np.random.RandomState([SEED, stream, 1])
    step = max(1, _MOST_COUNTS // first.rows)
    counts = np.empty((min(step, resamples), first.rows))
    for number, rows in enumerate(_resamples(items, resamples, stream)):
        counts[number % step] = np.bincount(rows, minlength=first.rows)
        for place, outcome in enumerate(outcomes):
            if outcome.seeds_are_draws:
                lines = chance.randint(0, outcome.seeds, len(rows))
                drawn[number, place] = scores[place][rows, lines].mean()
        if number % step + 1 == step or number + 1 == resamples:
            _close_batch(drawn, number, counts, outcomes, scores, columns, chance)
    return drawn


def _close_batch(
    drawn: FloatArray,
    last: int,
    counts: FloatArray,
    outcomes: Sequence[Outcome],
    scores: Sequence[FloatArray],
    columns: FloatArray,
    chance: np.random.RandomState,
) -> None:
    """Fill in the resamples up to ``last`` from how often each row was drawn in them."""
    size = last % len(counts) + 1
    part, shares = slice(last + 1 - size, last + 1), counts[:size]
    rows = shares.sum(axis=1)
    for place, outcome in enumerate(outcomes):
        if outcome.lines_are_sampled:
            means = shares @ scores[place] / rows[:, None]
            lines = chance.randint(0, outcome.seeds, (size, outcome.seeds))
            drawn[part, place] = np.take_along_axis(means, lines, axis=1).mean(axis=1)
        elif not outcome.seeds_are_draws:
            drawn[part, place] = shares @ columns[:, place] / rows


def _replicates(
    metrics: Mapping[str, Metric], outcome: Outcome, *, resamples: int | None, stream: int
) -> dict[str, FloatArray]:
    """Return for every metric its (resamples, seeds) values over resampled items.

    Slow metrics use the first of the resamples that fast metrics use.
    """
    drawn = {
        name: np.full((_resamples_of(metric, resamples), outcome.seeds), np.nan)
        for name, metric in metrics.items()
    }
    most = max(map(len, drawn.values()), default=0)
    if outcome.rows < 2 or outcome.cluster_count == 1:
        return drawn  # no interval is possible
    items = _items(outcome)
    fast = {name: metric for name, metric in metrics.items() if hasattr(metric, "from_counts")}
    slow = {name: metric for name, metric in metrics.items() if name not in fast}
    cells = int(items.pattern[-1] + 1) * outcome.seeds * outcome.classes
    if not slow and _by_pattern(items) and cells <= _MOST_CELLS:
        for batched, stack in _counts_by_pattern(items, outcome.classes, most, stream):
            for name, metric in fast.items():
                wanted = len(drawn[name][batched])
                drawn[name][batched] = metric.from_counts(stack[:wanted])
        return drawn
    if outcome.seeds * outcome.classes**2 > _MOST_COUNTS:
        few = {name: metric for name, metric in fast.items() if margins.suffice(metric)}
        _fill_by_margins(drawn, few, items, outcome.classes, stream)
        fast = {name: metric for name, metric in fast.items() if name not in few}
    most = max((len(drawn[name]) for name in (*fast, *slow)), default=0)
    batch = max(1, _MOST_COUNTS // (outcome.seeds * outcome.classes**2))
    count = _counter(items, outcome.classes) if fast else None
    counts: list[FloatArray] = []
    for number, rows in enumerate(_resamples(items, most, stream)):
        for name, metric in slow.items():
            if number >= len(drawn[name]):
                continue
            part = Outcome(items.truth[rows], items.predicted[:, rows], outcome.classes)
            drawn[name][number] = per_seed(metric, part)
        if count is None:
            continue
        counts.append(count(rows))
        if len(counts) == batch or number == most - 1:
            stack, first = np.stack(counts), number + 1 - len(counts)
            for name, metric in fast.items():
                drawn[name][first : number + 1] = metric.from_counts(stack)
            counts = []
    return drawn


def _fill_by_margins(
    drawn: Mapping[str, FloatArray],
    metrics: Mapping[str, Any],
    items: _Items,
    classes: int,
    stream: int,
) -> None:
    """Fill in the resamples of metrics of many classes without their confusion matrices."""
    most = max((len(drawn[name]) for name in metrics), default=0)
    count = margins.counter(items.truth, items.predicted, classes)
    batch = max(1, _MOST_COUNTS // (4 * len(items.predicted) * classes))
    counts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    for number, rows in enumerate(_resamples(items, most, stream)):
        counts.append(count(rows))
        if len(counts) == batch or number == most - 1:
            stack, first = margins.Margins(*map(np.stack, zip(*counts))), number + 1 - len(counts)
            for name, metric in metrics.items():
                drawn[name][first : number + 1] = metric.from_counts(stack)
            counts = []


def _by_pattern(items: _Items) -> bool:
    """Return whether patterns are drawn instead of rows: the same distribution, far less work."""
    return len(items.cluster_sizes) < 2 and len(items.truth) > _MANY_ROWS


def _counts_by_pattern(
    items: _Items, classes: int, resamples: int, stream: int
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield batches of every seed's confusion matrices, (batch, seeds, k, k).

    The draws and counts equal those of `_resamples`. One matrix product per true class computes
    them.
    """
    random = np.random.RandomState([SEED, stream])
    rows, seeds = len(items.truth), len(items.predicted)
    first, sizes = np.unique(items.pattern, return_index=True, return_counts=True)[1:]
    # Whole numbers below 2**24 are exact in float32, whose products take half the time.
    exact = np.float32 if rows < 1 << 24 else np.float64
    columns = np.arange(seeds) * classes + items.predicted[:, first].T
    table = np.zeros((len(first), seeds * classes), exact)
    np.put_along_axis(table, columns, 1.0, axis=1)
    ends = np.searchsorted(items.truth[first], np.arange(classes + 1))  # patterns go by truth
    step = max(1, min(_MOST_COUNTS // (seeds * classes**2), _MOST_CELLS // len(first)))
    for start in range(0, resamples, step):
        part = slice(start, min(start + step, resamples))
        size = part.stop - start
        weights = random.multinomial(rows, sizes / rows, size=size).astype(exact)
        counts = np.empty((size, seeds, classes, classes))
        for truth, (begin, end) in enumerate(pairwise(ends)):
            product = weights[:, begin:end] @ table[begin:end]
            counts[:, :, truth] = product.reshape(size, seeds, classes)
        yield part, counts


def _resamples_of(metric: Metric, resamples: int | None) -> int:
    if resamples is not None:
        return resamples
    return RESAMPLES if hasattr(metric, "from_counts") else SLOW_RESAMPLES


def _counter(items: _Items, classes: int) -> Callable[[IntArray], FloatArray]:
    """Return a function from drawn rows to every seed's (seeds, k, k) confusion matrix.

    A resample is a weight for every pattern, and a confusion matrix sums the weights by cell. So
    work grows with the number of distinct patterns, not with the number of rows.
    """
    _, first = np.unique(items.pattern, return_index=True)
    cells = items.truth[first] * classes + items.predicted[:, first]
    seeds, patterns = cells.shape
    together = max(1, _MOST_WEIGHTS // patterns)
    groups = []
    for start in range(0, seeds, together):
        part = cells[start : start + together]
        shifted = part + classes**2 * np.arange(len(part))[:, None]
        groups.append((len(part), shifted.ravel()))

    def count(rows: IntArray) -> FloatArray:
        weights = np.bincount(items.pattern[rows], minlength=patterns).astype(np.float64)
        sums = [
            np.bincount(group, weights=np.tile(weights, size), minlength=size * classes**2)
            for size, group in groups
        ]
        matrices = np.concatenate(sums).reshape(seeds, classes, classes)
        return np.asarray(matrices, dtype=np.float64)

    return count
