"""Estimate how many flagged labels are wrong, by injecting known errors.

A detector flags two kinds of rows: wrong labels, and correct labels of hard rows. Let G(t) be the
share of rows that score t or more, R(t) the same share of the injected errors, and p the share of
wrong labels. Then G(t) >= p R(t) at every t, so p is at most the minimum of G(t) / R(t). It is near
this minimum, because above some t nearly all rows are errors (mixture proportion estimation:
Blanchard, Lee & Scott, Semi-supervised novelty detection, JMLR 11, 2010, theorem 2 and section 4).
So n p R(t) of the flagged labels are expected to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray

#: Share of labels changed in a round, wanted number of changed labels, and maximum of rounds.
INJECTED, WANTED, MOST_ROUNDS = 0.05, 400, 4
#: Thresholds that find a smaller share of the injected errors are not used for the estimate.
LEAST_FOUND = 0.3
GRID = 200
RESAMPLES = 200


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
        Share of injected errors at or above the threshold.
    share, share_low, share_high : float
        Estimated share of wrong labels in the data, with 95 % interval.
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
    injected: int
    scored: int

    def best(self) -> int:
        """Return the index of the threshold with the highest expected F1."""
        wrong = self.share * self.scored
        f1 = 2 * self.real / np.maximum(self.flagged + wrong, 1e-12)
        return len(f1) - 1 - int(np.argmax(f1[::-1]))


def margins(probabilities: NDArray[np.float32], labels: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the probability of the best other class minus that of the given label.

    Parameters
    ----------
    probabilities : (n, k) array
        Class probabilities.
    labels : (n,) array of int
        Class ids; none is -1.

    Returns
    -------
    score : (n,) array of float64
        In -1..1; positive if another class is more probable.
    suggested : (n,) array of int
        The best other class.

    Examples
    --------
    >>> margins(np.array([[0.25, 0.75], [1.0, 0.0]], np.float32), np.array([0, 0]))
    (array([ 0.5, -1. ]), array([1, 1]))
    """
    rows = np.arange(len(labels))
    given = probabilities[rows, labels].astype(np.float64)
    others = probabilities.copy()
    others[rows, labels] = -1.0
    suggested = others.argmax(axis=1)
    return others[rows, suggested].astype(np.float64) - given, suggested


def confusions(
    scores: FloatArray, suggested: IntArray, given: IntArray, classes: int
) -> FloatArray:
    """Return the share of errors by suggested class (rows) and given class (columns), (k, k).

    Only rows with a positive score count, each by its squared score. 5 % is spread evenly, so
    that every confusion is possible. The shares sum to 1; the diagonal is 0.

    Parameters
    ----------
    scores, suggested : (m,) arrays
        As `margins` returns them.
    given : (m,) array of int
        The given labels.
    classes
        Number of classes, k.
    """
    found = np.zeros((classes, classes))
    wrong = scores > 0
    np.add.at(found, (suggested[wrong], given[wrong]), scores[wrong] ** 2)
    found = 0.95 * found / max(found.sum(), 1e-12) + 0.05 / classes**2
    np.fill_diagonal(found, 0.0)
    shares: FloatArray = found / found.sum()
    return shares


def inject(
    probabilities: NDArray[np.float32],
    labels: IntArray,
    candidates: IntArray,
    mix: FloatArray,
    random: np.random.Generator,
    *,
    count: int,
) -> tuple[IntArray, IntArray]:
    """Change some labels to wrong ones.

    A changed row gets a class other than its most probable one. The given label is not considered:
    changing a wrong label could make it correct.

    Parameters
    ----------
    probabilities : (n, k) array
        Class probabilities.
    labels : (n,) array of int
        Class ids.
    candidates : (m,) array of int
        Rows that may be changed.
    mix : (k, k) array
        Shares of the confusions; see `confusions`.
    random
        Source of random numbers.
    count
        Number of labels to change.

    Returns
    -------
    labels : (n,) array of int
        With the changes.
    rows : (count,) array of int
        The changed rows.
    """
    most_probable = probabilities[candidates].argmax(axis=1)
    sizes = np.bincount(most_probable, minlength=len(mix))
    weight = (mix.sum(axis=1) / np.maximum(sizes, 1))[most_probable]
    keys = random.exponential(size=len(candidates)) / np.maximum(weight, 1e-300)
    chosen = np.sort(np.argsort(keys, kind="stable")[:count])  # without replacement, by weight
    steps = np.cumsum(mix[most_probable[chosen]], axis=1)
    drawn = (random.random((len(chosen), 1)) * steps[:, -1:] >= steps).sum(axis=1)
    changed = labels.copy()
    changed[candidates[chosen]] = drawn
    return changed, candidates[chosen]


def calibrate(
    scores: FloatArray,
    probabilities: NDArray[np.float32],
    labels: IntArray,
    candidates: IntArray,
    *,
    rerun: Callable[[IntArray], NDArray[np.float32]],
    seed: int,
) -> Calibration:
    """Inject known errors, score all labels again, and compare the scores.

    Parameters
    ----------
    scores : (m,) array of float
        Scores of the candidates.
    probabilities : (n, k) array
        Class probabilities.
    labels : (n,) array of int
        Class ids.
    candidates : (m,) array of int
        Rows that are scored.
    rerun
        Returns the probabilities that the models would give if the labels were these.
    seed
        Random seed of the changed rows and of the intervals.

    Returns
    -------
    Calibration
    """
    random = np.random.default_rng([seed, 7])
    count = max(1, min(round(INJECTED * len(candidates)), 20_000))
    rounds = int(np.clip(np.ceil(WANTED / count), 1, MOST_ROUNDS))
    known, others = [], []
    given = labels[candidates]
    suggested = margins(probabilities[candidates], given)[1]
    mix = confusions(scores, suggested, given, probabilities.shape[1])
    for _ in range(rounds):
        changed, rows = inject(probabilities, labels, candidates, mix, random, count=count)
        found = margins(rerun(changed)[candidates], changed[candidates])[0]
        was_changed = np.isin(candidates, rows)
        known.append(found[was_changed])
        others.append(found[~was_changed])
    return compare(scores, np.concatenate(known), np.concatenate(others), seed=seed)


def compare(scores: FloatArray, known: FloatArray, others: FloatArray, *, seed: int) -> Calibration:
    """Estimate the share of errors from the scores of known errors and of the other rows.

    Injected errors make models less certain. So known errors are compared with the rows that were
    scored together with them, and thresholds are carried over to ``scores`` at equal shares of
    rows above. The intervals are bootstrap intervals over both.

    Parameters
    ----------
    scores : (m,) array of float
        Scores of all rows without injected errors.
    known : (i,) array of float
        Scores of the injected errors.
    others : (o,) array of float
        Scores of the other rows of the same rounds.
    seed
        Random seed of the intervals.

    Returns
    -------
    Calibration
    """
    grid = np.unique(np.quantile(known, np.linspace(0.0, 0.98, GRID)))
    all_above = _above(others, grid) * len(scores) / len(others)
    known_above = _above(known, grid) / len(known)
    share = _share(all_above, known_above, len(scores), len(known))
    random = np.random.default_rng([seed, 8])
    shares, reals = [], []
    for _ in range(RESAMPLES):  # bootstrap counts of sorted scores are multinomial
        a = _resampled(all_above, len(scores), random)
        k = _resampled(known_above * len(known), len(known), random) / len(known)
        shares.append(_share(a, k, len(scores), len(known)))
        reals.append(np.minimum(shares[-1] * k * len(scores), a))
    low, high = np.percentile(np.array(reals), [2.5, 97.5], axis=0)
    return Calibration(
        thresholds=_carried(scores, all_above),
        flagged=all_above,
        real=np.minimum(share * known_above * len(scores), all_above),
        low=low,
        high=np.minimum(high, all_above),
        found=known_above,
        share=share,
        share_low=float(np.percentile(shares, 2.5)),
        share_high=float(np.percentile(shares, 97.5)),
        injected=len(known),
        scored=len(scores),
    )


def _carried(scores: FloatArray, above: FloatArray) -> FloatArray:
    """Return the thresholds at or above which this many scores lie; infinity for none."""
    ordered = np.append(np.sort(scores)[::-1], np.inf)
    place: IntArray = np.round(above).astype(np.intp)
    found: FloatArray = np.where(place > 0, ordered[np.maximum(place, 1) - 1], np.inf)
    return found


def _above(scores: FloatArray, grid: FloatArray) -> FloatArray:
    ordered = np.sort(scores)
    return (len(scores) - np.searchsorted(ordered, grid, side="left")).astype(np.float64)


def _resampled(above: FloatArray, total: int, random: np.random.Generator) -> FloatArray:
    """Return the number of rows above each threshold in a bootstrap sample."""
    bins = -np.diff(np.append(np.concatenate([[total], above]), 0.0))
    drawn = random.multinomial(total, np.maximum(bins, 0) / max(bins.sum(), 1e-12))
    return np.cumsum(drawn[::-1])[::-1][1:].astype(np.float64)


def _share(all_above: FloatArray, known_above: FloatArray, total: int, known: int) -> float:
    """Return the smallest ratio, each raised by its standard error.

    Without the raise, the minimum of noisy ratios would be too small.
    """
    enough = known_above >= LEAST_FOUND
    above, found = all_above[enough], known_above[enough]
    spread = np.sqrt(1 / np.maximum(above, 1) + (1 - found) / (known * found))
    ratio = above / total / found * (1 + spread)
    return float(min(1.0, ratio.min(initial=1.0)))
