"""The jackknife: how much each test row moves a metric, and what chance does to it.

Every interval, p-value and rank of this package starts here. Leaving out one row at a time says
how much each row moves the metric; the sum of squares is the variance by chance of the test
rows. Two things are added that the rows at hand do not show: errors of classes that happen to
have none, and the chance of the seeds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import FloatArray, IntArray
from dataperf.statistics.changes import after_change, numbers_of_one
from dataperf.statistics.outcomes import Outcome, per_seed

#: Fewest groups of rows that give an interval.
FEWEST_GROUPS = 4
#: With fewer groups than this an interval is rough.
MANY_GROUPS = 20
#: Seed of every random stream of the statistics; a constant, so that results can be reproduced.
SEED = 20_240_229

_MOST_BLOCKS = 200  # blocks of rows that are left out, where single rows take too long
_FEWEST_BLOCKS = 20
_MOST_WORK = 1 << 29  # numbers of all matrices that one metric is computed from
_SEEDS_OF_EFFECTS = 5  # lines that the effect of one more error is averaged over
_DESTINATIONS = 8  # classes that one more error may be taken for


@dataclass(frozen=True)
class Spread:
    """A metric's value, and how far chance moves it.

    Parameters
    ----------
    value : float
        Mean over the lines (seeds), weighted if the outcome has weights; nan if undefined.
    parts : (parts,) array of float64
        How much each independent part of the test (a row, or a group of rows) moves the value.
        The sum of squares is the variance by chance of the test rows.
    parts_df : float
        Degrees of freedom of that variance.
    draws : float
        Variance by chance of what a row is, where every line is one draw of it.
    hidden : float
        Variance of errors that the test rows do not show: of classes that have none, or nothing
        else.
    loss : float
        How much these errors are expected to move the value.
    unit : float
        How much one row moves the value: root mean square over rows.
    lines : (lines,) array of float64
        Values of the lines, if they are a matter of chance; else empty.
    line_variance, line_df : float
        Variance of the value by chance of the lines, and its degrees of freedom.
    bias : float
        The jackknife's estimate of the value's bias.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> found = spread(accuracy, Outcome(np.array([0, 1] * 50), np.array([[0, 1] * 50]), 2))
    >>> found.value, found.variance > 0
    (1.0, True)
    """

    value: float
    parts: FloatArray
    parts_df: float
    draws: float
    hidden: float
    loss: float
    unit: float
    lines: FloatArray
    line_variance: float
    line_df: float
    bias: float

    @property
    def variance(self) -> float:
        """Variance of the value by all that is chance."""
        return self.row_variance + self.hidden + self.line_variance

    @property
    def row_variance(self) -> float:
        """Variance of the value by chance of the test rows that are seen."""
        return float(self.parts @ self.parts) + self.draws

    def times(self, factor: float) -> Spread:
        """Return the spread of the value times a factor.

        Parameters
        ----------
        factor : float
            What the value is multiplied by.

        Returns
        -------
        Spread

        Examples
        --------
        >>> from dataperf.metrics import accuracy
        >>> one = spread(accuracy, Outcome(np.array([0, 1] * 9), np.array([[0, 1] * 9]), 2))
        >>> one.times(2.0).value
        2.0
        """
        square = factor**2
        return dataclasses.replace(
            self,
            value=self.value * factor,
            parts=self.parts * factor,
            draws=self.draws * square,
            hidden=self.hidden * square,
            loss=self.loss * abs(factor),
            unit=self.unit * abs(factor),
            lines=self.lines * factor,
            line_variance=self.line_variance * square,
            bias=self.bias * factor,
        )

    @property
    def df(self) -> float:
        """Degrees of freedom of ``variance`` (Satterthwaite 1946)."""
        return joint_df(
            (self.row_variance + self.hidden, self.line_variance), (self.parts_df, self.line_df)
        )


def joint_df(variances: tuple[float, ...], dfs: tuple[float, ...]) -> float:
    """Return the degrees of freedom of a sum of independent variances.

    Parameters
    ----------
    variances, dfs : tuple of float
        The variances, and the degrees of freedom of each.

    Returns
    -------
    float
        At least 1.

    Notes
    -----
    Satterthwaite, An Approximate Distribution of Estimates of Variance Components, Biometrics
    Bulletin 2 (1946).

    Examples
    --------
    >>> joint_df((1.0, 1.0), (10.0, 10.0))
    20.0
    """
    total, weighed = sum(variances), 0.0
    for variance, df in zip(variances, dfs, strict=True):
        weighed += variance**2 / df if variance > 0 else 0.0
    return max(total**2 / weighed, 1.0) if weighed > 0 else max(dfs[0], 1.0)


def spread(metric: Metric, outcome: Outcome) -> Spread | None:
    """Return how far chance moves a metric; None where that can't be said.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.

    Returns
    -------
    Spread or None
        None with fewer than two rows, fewer than ``FEWEST_GROUPS`` groups, or a metric that is
        undefined for a line.

    Notes
    -----
    Delete-one jackknife: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 11.
    Groups: the sum of their rows' influences, as in linearized variance of cluster samples
    (Wolter, Introduction to Variance Estimation, 2007, chapter 6).

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> spread(accuracy, Outcome(np.array([1]), np.array([[1]]), 2)) is None
    True
    """
    values = per_seed(metric, outcome)
    shares = _shares(outcome)
    value = float(outcome.mean(values))
    groups = outcome.cluster_count
    if outcome.rows < 2 or not np.isfinite(value) or (groups or FEWEST_GROUPS) < FEWEST_GROUPS:
        return None
    left_out, blocks = _left_out(metric, outcome, values)
    joint = shares @ left_out
    count = len(joint)
    moves = np.sqrt((count - 1) / count) * (joint.mean() - joint)
    within = 0.0
    if outcome.seeds_are_draws:  # what a row is in one draw, not only on average
        each = left_out.mean(axis=1, keepdims=True) - left_out
        each += (values - value)[:, None] / outcome.rows
        within = float((shares @ (each - shares @ each) ** 2).sum())
    parts, df = _parts(moves, blocks, outcome)
    hidden, loss, unit = _unseen(metric, outcome, values)
    lines, line_variance, line_df = _lines(values, shares, outcome)
    return Spread(
        value,
        parts,
        df,
        within,
        hidden,
        loss,
        unit,
        lines,
        line_variance,
        line_df,
        float((count - 1) * (joint.mean() - value)),
    )


def _shares(outcome: Outcome) -> FloatArray:
    weights = np.ones(outcome.seeds) if outcome.weights is None else outcome.weights
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _left_out(
    metric: Metric, outcome: Outcome, values: FloatArray
) -> tuple[FloatArray, IntArray | None]:
    """Return each line's value without each row, (lines, rows), or without each block of rows.

    The blocks are None for single rows. What is undefined without a row is taken as unchanged.
    """
    numbers = numbers_of_one(metric, outcome)
    if hasattr(metric, "from_counts"):
        codes = outcome.truth.astype(np.intp) * outcome.classes + outcome.predicted.astype(np.intp)
        cells = [np.unique(each, return_inverse=True) for each in codes]
        if sum(len(used) for used, _ in cells) * numbers <= _MOST_WORK:
            found = np.empty(codes.shape)
            for line, (used, place) in enumerate(cells):
                true, old = np.divmod(used, outcome.classes)
                without = after_change(metric, outcome, line, (true, old, np.full(len(used), -1)))
                found[line] = without[place]
            return np.where(np.isfinite(found), found, values[:, None]), None
    affordable = _MOST_WORK // (outcome.seeds * numbers)
    count = min(int(np.clip(affordable, _FEWEST_BLOCKS, _MOST_BLOCKS)), outcome.rows)
    blocks = np.random.RandomState(SEED).permutation(outcome.rows) % count
    found = np.empty((outcome.seeds, count))
    for block in range(count):
        kept = blocks != block
        part = Outcome(outcome.truth[kept], outcome.predicted[:, kept], outcome.classes)
        found[:, block] = per_seed(metric, part)
    return np.where(np.isfinite(found), found, values[:, None]), np.asarray(blocks, dtype=np.intp)


def _parts(
    moves: FloatArray, blocks: IntArray | None, outcome: Outcome
) -> tuple[FloatArray, float]:
    """Return what each independent part moves, and the degrees of freedom."""
    if outcome.clusters is None:
        return moves, float(len(moves) - 1)
    _, codes = np.unique(outcome.clusters, return_inverse=True)
    by_row = moves if blocks is None else moves[blocks] / np.bincount(blocks)[blocks]
    sums = np.bincount(codes, weights=by_row)
    count = len(sums)
    parts = (sums - sums.mean()) * np.sqrt(count / (count - 1))
    # Groups that happen to be alike do not make rows more certain than independent rows are.
    alone, together = float(moves @ moves), float(parts @ parts)
    if together < alone:
        parts = parts * np.sqrt(alone / together) if together > 0 else _even(alone, count)
    return parts, float(count - 1)


def _even(variance: float, count: int) -> FloatArray:
    signs = np.where(np.arange(count) % 2, 1.0, -1.0)
    return np.asarray(signs * np.sqrt(variance / count))


def _unseen(metric: Metric, outcome: Outcome, values: FloatArray) -> tuple[float, float, float]:
    """Return the variance and loss by errors that no row shows, and the effect of one row."""
    right, rows, taken = (outcome.mean(each.T) for each in outcome.margins.parts)
    wrong = rows - right
    effects = _effects(metric, outcome, rows, taken + 1.0, values)
    k = int(np.count_nonzero(rows))
    rate = (wrong.sum() + 1) / outcome.rows
    expected = np.minimum(1.0, np.maximum(rows * rate, 2 / max(k, 1)))
    # A class of which everything is right, or wrong, has the other kind with this probability.
    missing = np.clip(1 - np.minimum(wrong, right), 0.0, 1.0) * expected * (rows > 0)
    hidden = float(missing @ effects**2)
    unit = float(np.sqrt(rows @ effects**2 / outcome.rows))
    return hidden, float(missing @ effects), unit


def _effects(
    metric: Metric, outcome: Outcome, rows: FloatArray, taken: FloatArray, values: FloatArray
) -> FloatArray:
    """Return how much one more error (or one fewer) of each class moves the metric, (k,)."""
    k = outcome.classes
    present = np.flatnonzero(rows)
    affordable = max(1, _MOST_WORK // numbers_of_one(metric, outcome))
    lines = min(outcome.seeds, _SEEDS_OF_EFFECTS, max(1, affordable // len(present)))
    destinations = int(np.clip(affordable // (len(present) * lines), 1, _DESTINATIONS))
    likely = np.argsort(-taken, kind="stable")[: destinations + 1]
    some = present[:: -(-len(present) // affordable)]  # of very many classes, some
    squares, weights = np.zeros(k), np.zeros(k)
    for line in range(lines):
        changes = list(_changes(outcome, line, some, likely))
        if not changes:
            continue
        true, old, new = np.array(changes, dtype=np.intp).T
        moved = after_change(metric, outcome, line, (true, old, new)) - values[line]
        moved = np.where(np.isfinite(moved), moved, 0.0)
        weight = taken[np.where(old == true, new, old)]
        squares += np.bincount(true, weights=weight * moved**2, minlength=k)
        weights += np.bincount(true, weights=weight, minlength=k)
    effects = np.sqrt(squares / np.where(weights > 0, weights, 1.0))
    others = np.setdiff1d(present, some)
    effects[others] = np.sqrt((effects[some] ** 2).mean())
    return effects


def _changes(
    outcome: Outcome, line: int, classes: IntArray, likely: IntArray
) -> Iterator[tuple[np.intp, np.intp, np.intp]]:
    """Yield true class, old and new prediction of changes that make a row wrong, or right."""
    predicted, hits = outcome.predicted[line], outcome.margins.parts[0][line]
    for true in classes:
        if hits[true]:
            yield from ((true, true, new) for new in likely if new != true)
        else:
            mistaken = np.unique(predicted[outcome.truth == true])
            yield from ((true, old, true) for old in mistaken)


def _lines(
    values: FloatArray, shares: FloatArray, outcome: Outcome
) -> tuple[FloatArray, float, float]:
    """Return the values of lines that came by chance, and the variance of their mean."""
    by_chance = outcome.lines_are_sampled or outcome.weights is None
    if len(values) < 2 or outcome.seeds_are_draws or not by_chance:
        return np.empty(0), 0.0, 1.0
    away = shares * (values - values @ shares)
    count = len(values)
    return values, float(away @ away) * count / (count - 1), float(count - 1)
