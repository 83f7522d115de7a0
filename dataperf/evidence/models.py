"""Out-of-fold class probabilities: folds, three models and their consensus.

The models are a softmax regression, votes of the nearest neighbours and, on tables, a forest. They
make different errors: a label that all of them reject is seldom correct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.progress import Progress
from dataperf.evidence import regression
from dataperf.evidence.regression import Probabilities, Softmax
from dataperf.records import IntArray, TextArray
from dataperf.records.findings import Neighbours

FOLDS = 5
#: Maximum number of training rows per fold, for the regression and for the forest.
MOST_TRAINED, MOST_IN_FOREST = 200_000, 30_000
#: The regression sees at most this many principal directions, estimated on this many rows.
WIDEST, ROWS_FOR_DIRECTIONS = 256, 5_000
TREES, LEAF = 60, 3
#: Smallest probability, so that logarithms are finite.
LEAST = np.float32(1e-6)
#: Weight of the prior in a vote of neighbours, in rows.
PRIOR = 1.0


@dataclass(frozen=True)
class Fitted:
    """Out-of-fold probabilities, and the fitted regressions.

    Parameters
    ----------
    probabilities : mapping of str to (n, k) array of float32
        Class probabilities, by model.
    weights : mapping of str to float
        Weight of each model in the consensus; the weights sum to 1.
    penalty : float
        L2 penalty of the regression.
    coefficients : list of (m + 1, k) array of float32
        Coefficients of the regression of each fold, intercepts last.
    directions : (d, m) array of float32, or None
        Principal directions that the regression is fitted on; None for the features themselves.
    """

    probabilities: Mapping[str, Probabilities]
    weights: Mapping[str, float]
    penalty: float
    coefficients: Sequence[NDArray[np.float32]] = field(repr=False, default=())
    directions: NDArray[np.float32] | None = field(repr=False, default=None)

    def regression(self, fold: int) -> Softmax:
        """Return the regression of a fold, in terms of the features."""
        weights = self.coefficients[fold]
        if self.directions is not None:
            weights = np.concatenate([self.directions @ weights[:-1], weights[-1:]])
        return Softmax(weights)

    def consensus(self) -> Probabilities:
        """Return the weighted mean of the models' probabilities, (n, k)."""
        first, *others = self.probabilities
        total = np.float32(self.weights[first]) * self.probabilities[first]
        for name in others:
            total += np.float32(self.weights[name]) * self.probabilities[name]
        return total


def folds(labels: IntArray, groups: TextArray | None, *, seed: int, count: int = FOLDS) -> IntArray:
    """Assign rows to folds with similar class shares; groups stay whole.

    Parameters
    ----------
    labels : (n,) array of int
        Class ids, -1 if missing.
    groups : (n,) array of str or None
        Rows that belong together.
    seed
        Random seed.
    count
        Number of folds.

    Returns
    -------
    (n,) array of int
        Fold of each row, in ``range(count)``.

    Examples
    --------
    >>> folds(np.array([0, 0, 1, 1]), None, seed=0, count=2).tolist()
    [0, 1, 0, 1]
    """
    random = np.random.default_rng(seed)
    if groups is None:
        shuffled = random.permutation(len(labels))
        order = shuffled[np.argsort(labels[shuffled], kind="stable")]
        dealt = np.empty(len(labels), dtype=np.intp)
        dealt[order] = np.arange(len(labels)) % count
        return dealt
    names, member = np.unique(groups, return_inverse=True)
    table = np.zeros((len(names), int(labels.max(initial=0)) + 2))
    np.add.at(table, (member, labels), 1)  # the last column counts rows without a label
    held = np.zeros((count, table.shape[1]))
    place = np.empty(len(names), dtype=np.intp)
    largest_first = random.permutation(len(names))
    largest_first = largest_first[np.argsort(-table[largest_first].sum(axis=1), kind="stable")]
    for name in largest_first:  # to the fold that keeps class shares and sizes most even
        after = held + table[name]
        place[name] = int(np.argmin((after * table[name]).sum(axis=1) + 1e-3 * after.sum(axis=1)))
        held[place[name]] += table[name]
    return place[member]


def out_of_fold(
    features: NDArray[np.float32],
    labels: IntArray,
    neighbours: Neighbours,
    *,
    classes: int,
    fold: IntArray,
    trees: bool,
    seed: int,
    copies: IntArray | None = None,
    start: Fitted | None = None,
    progress: Progress = lambda words, done, total: None,
) -> Fitted:
    """Return the probabilities of each row by models that were not trained on it.

    Parameters
    ----------
    features : (n, d) array of float32
        Finite.
    labels : (n,) array of int
        Class ids. Rows without a label (-1) get the mean over the models of all folds.
    neighbours
        Nearest rows of each row.
    classes
        Number of classes, k.
    fold : (n,) array of int
        Fold of each row.
    trees
        Whether to train a forest too.
    seed
        Random seed.
    copies : (n,) array of int or None
        First equal row of each row: equal rows have no vote on each other.
    start
        A fit on nearly the same labels: regressions start from it, with its penalty and weights.
    progress
        Called with the name of the step, the amount done, and the total amount or None.

    Returns
    -------
    Fitted
    """
    directions = _directions(features, seed) if start is None else start.directions
    seen = features if directions is None else features @ directions
    probabilities = {}
    found, penalty, coefficients = _regressions(
        seen, labels, fold, classes=classes, seed=seed, start=start, progress=progress
    )
    probabilities["regression"] = found
    probabilities["neighbours"] = votes(labels, neighbours, classes=classes, copies=copies)
    if trees:
        progress("forest", 0, None)
        probabilities["forest"] = _forest(features, labels, fold, classes=classes, seed=seed)
    weights = start.weights if start is not None else shares(probabilities, labels)
    return Fitted(probabilities, weights, penalty, coefficients, directions)


def shares(probabilities: Mapping[str, Probabilities], labels: IntArray) -> dict[str, float]:
    """Return the weight of each model in the consensus, by its skill.

    The skill is 1 - (cross-entropy of the model) / (cross-entropy of the class shares). Weights are
    proportional to the squared skill, which is at least 0.01; they sum to 1.

    Parameters
    ----------
    probabilities : mapping of str to (n, k) array of float32
        Out-of-fold class probabilities, by model.
    labels : (n,) array of int
        Class ids, -1 if missing.
    """
    known = labels >= 0
    rows, given = np.flatnonzero(known), labels[known]
    prior = np.bincount(given) / len(given)
    base = -float(np.log(prior[given]).mean())
    skill = {}
    for name, each in probabilities.items():
        loss = -float(np.log(np.maximum(each[rows, given], 1e-3), dtype=np.float64).mean())
        skill[name] = max(1.0 - loss / base, 0.01) ** 2 if base > 0 else 1.0
    total = sum(skill.values())
    return {name: value / total for name, value in skill.items()}


def votes(
    labels: IntArray, neighbours: Neighbours, *, classes: int, copies: IntArray | None = None
) -> Probabilities:
    """Return the weighted shares of the neighbours' labels, with a weak prior, (n, k).

    The weight of a neighbour is exp(-(distance / scale)^2); the scale is the row's median distance.

    Parameters
    ----------
    labels : (n,) array of int
        Class ids, -1 if missing.
    neighbours
        Nearest rows of each row.
    classes
        Number of classes, k.
    copies : (n,) array of int or None
        First equal row of each row: equal rows have no vote on each other.
    """
    near, apart = neighbours.rows, neighbours.distances
    given = np.where(near >= 0, labels[near], -1)
    if copies is not None:
        given = np.where(copies[near] == copies[:, None], -1, given)
    with np.errstate(invalid="ignore"):
        middle = np.median(np.where(np.isfinite(apart), apart, np.nan), axis=1, keepdims=True)
    middle = np.where(middle > 0, middle, 1.0)
    weight = np.exp(-((np.where(np.isfinite(apart), apart, 1e9) / middle) ** 2)).astype(np.float32)
    weight *= given >= 0
    known = labels[labels >= 0]
    prior = (np.bincount(known, minlength=classes) / max(1, len(known))).astype(np.float32)
    found = np.tile(np.float32(PRIOR) * prior, (len(labels), 1)) * np.float32(0.2)
    rows = np.arange(len(labels))
    for place in range(near.shape[1]):  # one neighbour of each row at a time
        found[rows, np.maximum(given[:, place], 0)] += weight[:, place]
    found /= found.sum(axis=1, keepdims=True)
    return np.maximum(found, LEAST)


def _regressions(
    features: NDArray[np.float32],
    labels: IntArray,
    fold: IntArray,
    *,
    classes: int,
    seed: int,
    start: Fitted | None,
    progress: Progress,
) -> tuple[Probabilities, float, list[NDArray[np.float32]]]:
    found = np.zeros((len(labels), classes), dtype=np.float32)
    count = int(fold.max()) + 1
    random = np.random.default_rng([seed, 1])
    coefficients: list[NDArray[np.float32]] = []
    penalty = start.penalty if start is not None else None
    for number in range(count):
        progress("regression", number, count)
        rows = np.flatnonzero((fold != number) & (labels >= 0))
        if len(rows) > MOST_TRAINED:
            rows = np.sort(random.choice(rows, MOST_TRAINED, replace=False))
        inside = features[rows] if len(rows) < len(labels) else features
        held = np.flatnonzero((fold == number) & (labels >= 0))
        if penalty is None:
            penalty = regression.best_penalty(
                inside, labels[rows], features[held], labels[held], classes
            )
        at = None if start is None else start.coefficients[number]
        coefficients.append(regression.fit(inside, labels[rows], classes, penalty, start=at))
        found[held] = regression.softmax(features[held], coefficients[-1])
        blank = np.flatnonzero(labels < 0)
        if len(blank):
            found[blank] += regression.softmax(features[blank], coefficients[-1]) / np.float32(
                count
            )
    assert penalty is not None
    return np.maximum(found, LEAST), penalty, coefficients


def _directions(features: NDArray[np.float32], seed: int) -> NDArray[np.float32] | None:
    """Return the principal directions of wide features, (d, m); None for narrow ones."""
    if features.shape[1] <= WIDEST:
        return None
    from sklearn.utils.extmath import randomized_svd

    random = np.random.default_rng([seed, 3])
    rows = np.arange(len(features))
    if len(rows) > ROWS_FOR_DIRECTIONS:
        rows = np.sort(random.choice(rows, ROWS_FOR_DIRECTIONS, replace=False))
    centred = features[rows] - features[rows].mean(axis=0)
    most = min(WIDEST, len(rows))
    found: NDArray[np.float32] = randomized_svd(centred, most, n_iter=2, random_state=seed)[2].T
    return np.ascontiguousarray(found, dtype=np.float32)


def _forest(
    features: NDArray[np.float32], labels: IntArray, fold: IntArray, *, classes: int, seed: int
) -> Probabilities:
    """Return the probabilities of extremely randomized trees (Geurts et al. 2006), one forest a fold."""
    from sklearn.ensemble import ExtraTreesClassifier

    found = np.zeros((len(labels), classes), dtype=np.float32)
    count = int(fold.max()) + 1
    random = np.random.default_rng([seed, 2])
    for number in range(count):
        rows = np.flatnonzero((fold != number) & (labels >= 0))
        if len(rows) > MOST_IN_FOREST:
            rows = np.sort(random.choice(rows, MOST_IN_FOREST, replace=False))
        model = ExtraTreesClassifier(
            TREES, min_samples_leaf=LEAF, random_state=seed + number, n_jobs=1
        ).fit(features[rows], labels[rows])
        held = np.flatnonzero((fold == number) & (labels >= 0))
        blank = np.flatnonzero(labels < 0)
        if len(held):
            found[np.ix_(held, model.classes_)] = model.predict_proba(features[held])
        if len(blank):
            found[np.ix_(blank, model.classes_)] += model.predict_proba(features[blank]) / count
    found += LEAST
    found /= found.sum(axis=1, keepdims=True)
    return found
