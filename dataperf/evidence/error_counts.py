"""Estimate how many suspicious labels are wrong, by comparing them with injected errors.

Two kinds of rows look suspicious: wrong labels, and correct labels of hard rows. Let u be the share
of injected errors that look at least as suspicious as a row, among errors of the same suggested
class. Wrong labels that resemble the injected ones are spread evenly over u. Correct labels of
overlapping classes are not: they get rarer towards u = 0, where the models are surest. So the
density of rows over u is flat where errors are suspicious, and rises where correct labels are. What
is left at u = 0 bounds the share of errors from above (mixture proportion estimation: Blanchard,
Lee & Scott, Semi-supervised novelty detection, JMLR 11, 2010, theorem 2 and section 4).

This needs places where nothing but errors is suspicious; without them errors and overlap look the
same. So an estimate is only a claim if the density is flat, or has a flat part that no overlap
would explain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dataperf.records import FloatArray, IntArray

#: Thresholds, resamples, and bins of u.
GRID, RESAMPLES, BINS = 200, 200, 40
#: u ends here: the injected errors that look least suspicious lie among hard rows in any data.
RANGE = 0.8
#: Suggested classes with fewer injected errors are ranked together; if all of these have fewer,
#: they are left out, because their place among so few says nothing.
LEAST_OF_CLASS = 20
#: Least rise of the logarithmic density of correct labels over `RANGE`. In simulations of
#: overlapping classes that models predict better than `LEAST_SKILL` it was 1.2 to 10.
LEAST_RISE = 1.2
#: A flat part is a claim if it holds this share of the rows, and its likelihood ratio statistic
#: (chi-squared with one degree of freedom) exceeds this.
LEAST_PART, LEAST_RATIO = 0.4, 4.0
#: Curves of correct labels are possible if twice their logarithmic likelihood is less than this
#: below that of the best one (chi-squared, one degree of freedom, 95 %).
POSSIBLE = 3.84
#: Least share of the errors of guessing the largest class that the models must avoid. Below it,
#: classes overlap nearly everywhere, and a flat density shows nothing.
LEAST_SKILL = 0.5
#: Rises of an exponential density on 0..1, and their means.
_RISES = np.linspace(-30.0, 30.0, 6000)  # without 0, where the formula has a gap
_MEANS = 1 / (1 - np.exp(-_RISES)) - 1 / _RISES
#: Densities of correct labels over the bins, one for each of several rises.
_STEEP = np.array([LEAST_RISE, 1.7, 2.4, 3.4, 4.8, 6.8, 9.6, 14.0])
_CURVES = np.exp(_STEEP[:, None] * ((np.arange(BINS) + 0.5) / BINS - 1.0))
_CURVES /= _CURVES.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Scored:
    """Rows that were scored together with injected errors.

    Parameters
    ----------
    scores : (m,) array of float
        Margins; see `dataperf.evidence.calibration.margins`.
    suggested : (m,) array of int
        The best other class.
    half : (m,) array of int
        0 or 1: the half of the data that a row belongs to.
    """

    scores: FloatArray
    suggested: IntArray
    half: IntArray

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class Calibration:
    """The expected number of wrong labels at each threshold.

    Parameters
    ----------
    thresholds : (t,) array of float
        Ascending.
    flagged : (t,) array of float
        Number of rows that score the threshold or more.
    real, low, high : (t,) array of float
        Expected number of wrong labels among them, with 95 % interval.
    found : (t,) array of float
        Share of errors like the injected ones at or above the threshold.
    share, share_low, share_high : float
        Estimated share of wrong labels in the data, with 95 % interval.
    best : int
        The threshold with the highest expected F1.
    rise, rise_error : float
        Rise of the logarithmic density of suspicious rows over `RANGE`, and its standard error.
    part, ratio : float
        Share of the flat part of the density, and its likelihood ratio statistic.
    injected : int
        Number of changed labels.
    scored : int
        Number of all labels.
    """

    thresholds: FloatArray
    flagged: FloatArray
    real: FloatArray
    low: FloatArray
    high: FloatArray
    found: FloatArray
    share: float
    share_low: float
    share_high: float
    best: int
    rise: float
    rise_error: float
    part: float
    ratio: float
    injected: int
    scored: int

    @property
    def separates_errors(self) -> bool:
        """Whether errors can be distinguished from the correct labels of overlapping classes."""
        flat = self.rise + self.rise_error < LEAST_RISE
        return flat or (self.part >= LEAST_PART and self.ratio > LEAST_RATIO)


def compare(scores: FloatArray, known: Scored, others: Scored, *, seed: int) -> Calibration:
    """Estimate the number of errors from the scores of known errors and of the other rows.

    Injected errors make models less certain. So known errors are compared with the rows that were
    scored together with them, and thresholds are carried over to ``scores`` at equal shares of
    rows above. The number of errors and the threshold come from one half of the data, the
    precision from the other half, and both ways are added. The interval goes from "the rise of the
    density is due to correct labels" to "every suspicious row is an error", each resampled.

    Parameters
    ----------
    scores : (m,) array of float
        Scores of all rows without injected errors.
    known
        The injected errors.
    others
        The other rows of the same rounds.
    seed
        Random seed of the intervals.

    Returns
    -------
    Calibration
    """
    grid = np.unique(np.quantile(known.scores, np.linspace(0.0, 0.98, GRID)))
    scale = len(scores) / len(others)
    tables = _Tables.of(known, others, grid, scale)
    above = [_above(others.scores[others.half == half], grid) * scale for half in (0, 1)]
    real, wrong = tables.errors(_shares(tables.density())[1])
    flagged = above[0] + above[1]
    bounds = tables.bounds(flagged, np.random.default_rng([seed, 8]))
    # the threshold of one half is used on the other; the mean of both is carried to all rows
    chosen = [_best(real[1 - half], above[half], wrong[1 - half]) for half in (0, 1)]
    count = sum(float(above[1 - half][chosen[half]]) for half in (0, 1))
    counts = tables.density().sum(axis=0)
    part, _, ratio = (float(each[0]) for each in _flat_part(counts[None]))
    return Calibration(
        thresholds=_carried(scores, flagged),
        flagged=flagged,
        real=bounds.mean,
        low=bounds.low,
        high=bounds.high,
        found=real.sum(axis=0) / max(float(wrong.sum()), 1e-12),
        share=min(1.0, float(wrong.sum()) / len(scores)),
        share_low=min(1.0, bounds.fewest / len(scores)),
        share_high=min(1.0, bounds.most / len(scores)),
        best=int(np.argmin(np.abs(flagged - count))),
        rise=float(_rise(counts[None])[0]),
        rise_error=float(np.sqrt(12 / max(counts.sum(), 1e-3))),
        part=part,
        ratio=ratio,
        injected=len(known),
        scored=len(scores),
    )


@dataclass(frozen=True)
class _Tables:
    """Counts that the estimate rests on, for both halves and each group of suggested classes.

    Parameters
    ----------
    known : (2, g, t + 1) array of float
        Injected errors between the thresholds, those below the first one first.
    others : (2, g, BINS + 1) array of float
        Other rows by u, in `BINS` bins up to `RANGE` and those beyond; in rows of the data.
    """

    known: FloatArray
    others: FloatArray

    @classmethod
    def of(cls, known: Scored, others: Scored, grid: FloatArray, scale: float) -> _Tables:
        most = int(max(known.suggested.max(), others.suggested.max(initial=0))) + 1
        own = np.bincount(known.suggested, minlength=most) >= LEAST_OF_CLASS
        group = np.where(own, np.cumsum(own), 0)
        size = int(own.sum()) + 1
        a = np.zeros((2, size, len(grid) + 1))
        place = np.searchsorted(grid, known.scores, side="right")
        np.add.at(a, (known.half, group[known.suggested], place), 1.0)
        b = np.zeros((2, size, BINS + 1))
        mine, theirs = (2 * group[each.suggested] + each.half for each in (known, others))
        few = 0 < np.count_nonzero(mine < 2) < LEAST_OF_CLASS and size > 1
        for key in np.unique(mine[mine >= 2] if few else mine).tolist():
            part = known.scores[mine == key]
            u = (_above(part, others.scores[theirs == key]) + 0.5) / (len(part) + 1)
            bins = np.minimum((u / RANGE * BINS).astype(np.intp), BINS)
            b[key % 2, key // 2] = np.bincount(bins, minlength=BINS + 1) * scale
        return cls(a, b)

    def density(self) -> FloatArray:
        """Return the other rows of each half by u, up to `RANGE`, (2, BINS)."""
        found: FloatArray = self.others[:, :, :-1].sum(axis=1)
        return found

    def errors(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the expected errors above each threshold, (2, t), and in all, (2,), by half.

        An injected error of a class stands for as many errors as the other half of the data has
        for each of its injected errors of that class. ``share`` says for each half what share of
        its suspicious rows are errors, (..., 2): the results have the same first axes.
        """
        rows, injected = self.others[:, :, :-1].sum(axis=2), self.known.sum(axis=2)
        each = share[..., None] * (rows / RANGE / np.maximum(injected, 1.0))
        between = np.stack([each[..., 1 - half, :] @ self.known[half] for half in (0, 1)], axis=-2)
        found = np.cumsum(between[..., ::-1], axis=-1)[..., ::-1]
        return found[..., 1:], found[..., 0]

    def bounds(self, flagged: FloatArray, random: np.random.Generator) -> _Bounds:
        """Return the mean and the 95 % interval of the errors above each threshold, and of all.

        It is a bootstrap: the counts are multinomial. No more errors than flagged rows are
        counted in any sample, so the mean is below that number unless all samples reach it.
        """
        drawn = [
            _Tables(_drawn(self.known, random), _drawn(self.others, random))
            for _ in range(RESAMPLES)
        ]
        shares = _shares(np.concatenate([each.density() for each in drawn]))
        kinds = np.array([*shares, np.ones_like(shares[0])]).reshape(3, -1, 2)
        pairs = [each.errors(kinds[:, place]) for place, each in enumerate(drawn)]
        real = np.minimum([found.sum(axis=1) for found, _ in pairs], flagged)  # draws, kinds, t
        wrong = np.array([found.sum(axis=1) for _, found in pairs])
        return _Bounds(
            mean=real[:, 1].mean(axis=0),
            low=np.percentile(real[:, 0], 2.5, axis=0),
            high=np.percentile(real[:, 2], 97.5, axis=0),
            fewest=float(np.percentile(wrong[:, 0], 2.5)),
            most=float(np.percentile(wrong[:, 2], 97.5)),
        )


@dataclass(frozen=True)
class _Bounds:
    """Mean and interval of the errors above each threshold, (t,), and of all errors."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    fewest: float
    most: float


def _shares(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what share of suspicious rows are errors, if the rise is overlap, and half of it.

    Parameters
    ----------
    counts : (m, BINS) array of float
        Rows by u.

    Returns
    -------
    least, middle : (m,) arrays of float
        The density at u = 0 over its mean, if it is exponential; but no less than its flat part
        (for ``least`` the smallest possible one).
    """
    rise = np.maximum(_rise(counts), 0.0)
    part, smallest, _ = _flat_part(counts)
    return np.maximum(_at_zero(rise), smallest), np.maximum(_at_zero(rise / 2), part)


def _at_zero(rise: FloatArray) -> FloatArray:
    """Return the density at 0 of an exponential density on 0..1."""
    steep = np.maximum(rise, 1e-6)
    found: FloatArray = steep / np.expm1(steep)
    return found


def _rise(counts: FloatArray) -> FloatArray:
    """Return the rises of the logarithm of exponential densities, (m,).

    They are the maximum likelihood estimates: the mean of each density is that of the counts.
    """
    total = counts.sum(axis=1)
    middles = (np.arange(counts.shape[1]) + 0.5) / counts.shape[1]
    mean = np.where(total > 0, counts @ middles / np.maximum(total, 1e-12), 0.5)
    return np.interp(mean, _MEANS, _RISES)


def _flat_part(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the share of the flat part, its smallest possible share, and the ratio, each (m,).

    Each density is a mixture of a flat one and one of `_CURVES`. The likelihood is concave in the
    share, so that bisection of its slope finds the maximum. The smallest share is that of all
    curves that are `POSSIBLE`: overlap of several kinds at once is less regular than any curve. The
    likelihood ratio statistic compares the best mixture with the best curve alone.
    """
    flat = 1 / BINS
    low = np.zeros((len(counts), len(_CURVES)))
    high = np.ones_like(low)
    for _ in range(10):
        middle = (low + high) / 2
        density = _CURVES + middle[:, :, None] * (flat - _CURVES)
        slope = np.einsum("mb,mcb->mc", counts, (flat - _CURVES) / density)
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    share = (low + high) / 2
    density = _CURVES + share[:, :, None] * (flat - _CURVES)
    fit = np.einsum("mb,mcb->mc", counts, np.log(density))
    alone = counts @ np.log(_CURVES).T
    best = fit.argmax(axis=1)
    ratio = 2 * (fit.max(axis=1) - alone.max(axis=1))
    possible = 2 * (fit.max(axis=1, keepdims=True) - fit) < POSSIBLE
    smallest = np.where(possible, share, 1.0).min(axis=1)
    return share[np.arange(len(share)), best], smallest, ratio


def _best(real: FloatArray, flagged: FloatArray, wrong: float) -> int:
    """Return the threshold with the highest expected F1; of equal ones the highest."""
    f1 = 2 * np.minimum(real, flagged) / np.maximum(flagged + wrong, 1e-12)
    return len(f1) - 1 - int(np.argmax(f1[::-1]))


def _carried(scores: FloatArray, above: FloatArray) -> FloatArray:
    """Return the thresholds at or above which this many scores lie; infinity for none."""
    ordered = np.append(np.sort(scores)[::-1], np.inf)
    place: IntArray = np.round(above).astype(np.intp)
    found: FloatArray = np.where(place > 0, ordered[np.maximum(place, 1) - 1], np.inf)
    return found


def _above(scores: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the number of scores at or above each value of a grid."""
    ordered = np.sort(scores)
    return (len(scores) - np.searchsorted(ordered, grid, side="left")).astype(np.float64)


def _drawn(table: FloatArray, random: np.random.Generator) -> FloatArray:
    total = table.sum()
    cells = random.multinomial(round(total), table.ravel() / max(total, 1e-12))
    return cells.reshape(table.shape).astype(np.float64)
