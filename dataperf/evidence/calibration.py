"""Score labels, inject known errors, and score again: what an estimate of wrong labels rests on.

See `dataperf.evidence.error_counts` for the estimate itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence.error_counts import Calibration, Scored, compare
from dataperf.records import FloatArray, IntArray

#: Share of labels changed in a round, wanted number of changed labels, and maximum of rounds.
INJECTED, WANTED, MOST_ROUNDS = 0.05, 400, 4


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
    half = np.random.default_rng([seed, 9]).permutation(len(candidates)) % 2
    known, others = [], []
    given = labels[candidates]
    suggested = margins(probabilities[candidates], given)[1]
    mix = confusions(scores, suggested, given, probabilities.shape[1])
    for _ in range(rounds):
        changed, rows = inject(probabilities, labels, candidates, mix, random, count=count)
        found, other = margins(rerun(changed)[candidates], changed[candidates])
        was_changed = np.isin(candidates, rows)
        known.append(Scored(found[was_changed], other[was_changed], half[was_changed]))
        others.append(Scored(found[~was_changed], other[~was_changed], half[~was_changed]))
    return compare(scores, _joined(known), _joined(others), seed=seed)


def _joined(parts: list[Scored]) -> Scored:
    return Scored(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.suggested for part in parts]),
        np.concatenate([part.half for part in parts]),
    )
