"""How many flagged labels are really wrong: known errors are injected and looked for.

A detector's flags hold two kinds of rows: wrong labels, and right ones that look wrong. With
G(t) the share of rows that score t or more, R(t) the same share of injected errors, and p the
share of wrong labels, G(t) >= p R(t) at every t. So p is at most the least G(t) / R(t), and is
near it, since above some t there is hardly anything but errors (mixture proportion estimation:
Blanchard, Lee & Scott, Semi-supervised novelty detection, JMLR 11, 2010, theorem 2 and section 4).
Then n p R(t) flags are expected to be real.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray

#: The share of labels that is changed in one round, and how many changed labels are wanted.
INJECTED, WANTED, MOST_ROUNDS = 0.05, 400, 4
#: Thresholds that find fewer of the injected errors tell nothing of the share of errors.
LEAST_FOUND = 0.3
GRID = 200
RESAMPLES = 200


@dataclass(frozen=True)
class Calibration:
    """What injected errors tell of every threshold.

    Parameters
    ----------
    thresholds : (t,) array of float
        From the lowest.
    flagged : (t,) array of float
        Rows that score the threshold or more.
    real, low, high : (t,) array of float
        How many of them are expected to be wrong, with 95 % intervals.
    found : (t,) array of float
        Share of injected errors at or above the threshold.
    share, share_low, share_high : float
        Estimated share of wrong labels in the data.
    injected : int
        Labels that were changed.
    scored : int
        Labels in all.
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
        """Return the number of the threshold with the highest expected F1."""
        wrong = self.share * self.scored
        f1 = 2 * self.real / np.maximum(self.flagged + wrong, 1e-12)
        return len(f1) - 1 - int(np.argmax(f1[::-1]))


def margins(chances: NDArray[np.float32], labels: IntArray) -> tuple[FloatArray, IntArray]:
    """Return by how much another class is likelier than the given one, and which.

    Parameters
    ----------
    chances : (n, k) array
    labels : (n,) array of int
        None of them -1.

    Returns
    -------
    score : (n,) array of float64 in -1..1
    suggested : (n,) array of int

    Examples
    --------
    >>> margins(np.array([[0.25, 0.75], [1.0, 0.0]], np.float32), np.array([0, 0]))
    (array([ 0.5, -1. ]), array([1, 1]))
    """
    rows = np.arange(len(labels))
    given = chances[rows, labels].astype(np.float64)
    others = chances.copy()
    others[rows, labels] = -1.0
    suggested = others.argmax(axis=1)
    return others[rows, suggested].astype(np.float64) - given, suggested


def confusions(
    scores: FloatArray, suggested: IntArray, given: IntArray, classes: int
) -> FloatArray:
    """Return what share of the errors gives each class for each: (k, k), rows the likelier class.

    Only disagreements count, each by its squared margin; a twentieth is spread evenly, so that
    no confusion is impossible. All shares sum to 1, the diagonal is 0.
    """
    found = np.zeros((classes, classes))
    wrong = scores > 0
    np.add.at(found, (suggested[wrong], given[wrong]), scores[wrong] ** 2)
    found = 0.95 * found / max(found.sum(), 1e-12) + 0.05 / classes**2
    np.fill_diagonal(found, 0.0)
    shares: FloatArray = found / found.sum()
    return shares


def inject(
    chances: NDArray[np.float32],
    labels: IntArray,
    candidates: IntArray,
    mix: FloatArray,
    random: np.random.Generator,
    *,
    count: int,
) -> tuple[IntArray, IntArray]:
    """Return labels of which some are changed, and the rows that were.

    Classes are confused as ``mix`` (see `confusions`) says. A changed row gets another class
    than the likeliest; what was given does not count: changing a wrong label could make it right.
    """
    likeliest = chances[candidates].argmax(axis=1)
    sizes = np.bincount(likeliest, minlength=len(mix))
    weight = (mix.sum(axis=1) / np.maximum(sizes, 1))[likeliest]
    keys = random.exponential(size=len(candidates)) / np.maximum(weight, 1e-300)
    chosen = np.sort(np.argsort(keys, kind="stable")[:count])  # without replacement, by weight
    steps = np.cumsum(mix[likeliest[chosen]], axis=1)
    drawn = (random.random((len(chosen), 1)) * steps[:, -1:] >= steps).sum(axis=1)
    changed = labels.copy()
    changed[candidates[chosen]] = drawn
    return changed, candidates[chosen]


def calibrate(
    scores: FloatArray,
    chances: NDArray[np.float32],
    labels: IntArray,
    candidates: IntArray,
    *,
    again: Callable[[IntArray], NDArray[np.float32]],
    seed: int,
) -> Calibration:
    """Inject known errors, score all labels again, and compare.

    Parameters
    ----------
    scores : (m,) array of float
        Of the candidates.
    chances : (n, k) array
    labels : (n,) array of int
    candidates : (m,) array of int
        Rows that are scored.
    again
        Returns the models' chances for other labels.
    seed
        Of the rows that are changed, and of the interval.
    """
    random = np.random.default_rng([seed, 7])
    count = max(1, min(round(INJECTED * len(candidates)), 20_000))
    rounds = int(np.clip(np.ceil(WANTED / count), 1, MOST_ROUNDS))
    known, beside = [], []
    given = labels[candidates]
    suggested = margins(chances[candidates], given)[1]
    mix = confusions(scores, suggested, given, chances.shape[1])
    for _ in range(rounds):
        changed, rows = inject(chances, labels, candidates, mix, random, count=count)
        found = margins(again(changed)[candidates], changed[candidates])[0]
        was_changed = np.isin(candidates, rows)
        known.append(found[was_changed])
        beside.append(found[~was_changed])
    return compare(scores, np.concatenate(known), np.concatenate(beside), seed=seed)


def compare(scores: FloatArray, known: FloatArray, beside: FloatArray, *, seed: int) -> Calibration:
    """Estimate the share of errors from the scores of known errors and of all others beside them.

    More errors make models less sure, so known errors are held against the rows that were
    scored together with them; their thresholds are carried over to ``scores`` by the share of
    rows that lies above. The interval is a bootstrap over both.
    """
    grid = np.unique(np.quantile(known, np.linspace(0.0, 0.98, GRID)))
    all_above = _above(beside, grid) * len(scores) / len(beside)
    known_above = _above(known, grid) / len(known)
    share = _share(all_above, known_above, len(scores), len(known))
    random = np.random.default_rng([seed, 8])
    shares, reals = [], []
    for _ in range(RESAMPLES):  # counts of a bootstrap over sorted scores are multinomial
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
    """Return thresholds of scores at or above which so many lie; above all of them for none."""
    ordered = np.append(np.sort(scores)[::-1], np.inf)
    place: IntArray = np.round(above).astype(np.intp)
    found: FloatArray = np.where(place > 0, ordered[np.maximum(place, 1) - 1], np.inf)
    return found


def _above(scores: FloatArray, grid: FloatArray) -> FloatArray:
    ordered = np.sort(scores)
    return (len(scores) - np.searchsorted(ordered, grid, side="left")).astype(np.float64)


def _resampled(above: FloatArray, total: int, random: np.random.Generator) -> FloatArray:
    """Return counts above each threshold in a bootstrap sample."""
    bins = -np.diff(np.append(np.concatenate([[total], above]), 0.0))
    drawn = random.multinomial(total, np.maximum(bins, 0) / max(bins.sum(), 1e-12))
    return np.cumsum(drawn[::-1])[::-1][1:].astype(np.float64)


def _share(all_above: FloatArray, known_above: FloatArray, total: int, known: int) -> float:
    """Return the least ratio, each raised by its standard error: a minimum of noisy ratios
    would lie below the least of them."""
    enough = known_above >= LEAST_FOUND
    above, found = all_above[enough], known_above[enough]
    spread = np.sqrt(1 / np.maximum(above, 1) + (1 - found) / (known * found))
    ratio = above / total / found * (1 + spread)
    return float(min(1.0, ratio.min(initial=1.0)))
