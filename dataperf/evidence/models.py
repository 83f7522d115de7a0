"""What a row's label would be to models that did not see it: folds, three models, their consensus.

A softmax regression, votes of the nearest neighbours and, on tables, a forest. They err in
different ways, so that what all of them reject is seldom right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dataperf.records import IntArray, TextArray
from dataperf.records.findings import Neighbours

Probabilities = NDArray[np.float32]
Progress = Callable[[str, int, int | None], None]

FOLDS = 5
#: Rows of a fold's training part that the regression learns from at most; the forest's are fewer.
MOST_TRAINED, MOST_IN_FOREST = 200_000, 30_000
#: Penalties that the regression chooses from, per row trained on: down to the first that is worse.
PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4)
#: Principal directions that the regression sees of wider features, told from so many rows.
WIDEST, ROWS_FOR_DIRECTIONS = 256, 5_000
ITERATIONS = 60
TREES, LEAF = 60, 3
#: No chance is smaller, so that logarithms stay finite.
LEAST = np.float32(1e-6)
#: How many rows the prior of a neighbours' vote weighs.
PRIOR = 1.0


@dataclass(frozen=True)
class Fitted:
    """Out-of-fold chances, and where the regression of every fold ended.

    Parameters
    ----------
    chances : mapping of str to (n, k) array of float32
        By model.
    weights : mapping of str to float
        Share of every model in the consensus; they sum to 1.
    penalty : float
        The one that the regression chose.
    ends : list of (m + 1, k) array of float32
        The regression's coefficients of every fold, intercepts last.
    directions : (d, m) array of float32, or None
        What the regression sees of the features; None for the features themselves.
    """

    chances: Mapping[str, Probabilities]
    weights: Mapping[str, float]
    penalty: float
    ends: Sequence[NDArray[np.float32]] = field(repr=False, default=())
    directions: NDArray[np.float32] | None = field(repr=False, default=None)

    def regression(self, fold: int) -> Softmax:
        """Return the regression of a fold, on the features themselves."""
        weights = self.ends[fold]
        if self.directions is not None:
            weights = np.concatenate([self.directions @ weights[:-1], weights[-1:]])
        return Softmax(weights)

    def consensus(self) -> Probabilities:
        """Return the weighted mean of the models' chances, (n, k)."""
        first, *others = self.chances
        total = np.float32(self.weights[first]) * self.chances[first]
        for name in others:
            total += np.float32(self.weights[name]) * self.chances[name]
        return total


@dataclass(frozen=True)
class Softmax:
    """A fitted regression with the attributes that scikit-learn's have.

    Parameters
    ----------
    weights : (d + 1, k) array of float32
        Coefficients, the intercepts last.
    """

    weights: NDArray[np.float32]

    @property
    def coef_(self) -> NDArray[np.float32]:
        """Coefficients, (k, d)."""
        weights: NDArray[np.float32] = self.weights[:-1].T
        return weights

    @property
    def intercept_(self) -> NDArray[np.float32]:
        """Intercepts, (k,)."""
        intercepts: NDArray[np.float32] = self.weights[-1]
        return intercepts

    @property
    def classes_(self) -> IntArray:
        """The class ids."""
        return np.arange(self.weights.shape[1])

    def predict_proba(self, features: NDArray[np.floating]) -> Probabilities:
        """Return chances, (n, k)."""
        chances: Probabilities = softmax(np.asarray(features, dtype=np.float32), self.weights)
        return chances


def folds(labels: IntArray, groups: TextArray | None, *, seed: int, count: int = FOLDS) -> IntArray:
    """Deal rows into folds of like class shares; groups stay whole.

    Parameters
    ----------
    labels : (n,) array of int
    groups : (n,) array of str or None
    seed, count

    Returns
    -------
    (n,) array of int
        Fold of every row, in ``range(count)``.

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
    for name in largest_first:  # where the fold's shares and size stay most even
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
    start: Fitted | None = None,
    progress: Progress = lambda words, done, total: None,
) -> Fitted:
    """Return every model's chances for every row, from models that did not see its label.

    Parameters
    ----------
    features : (n, d) array of float32
    labels : (n,) array of int
        -1 where there is none; such rows get the mean of the folds' chances.
    neighbours
        Of all rows.
    classes
        Number of classes, k.
    fold : (n,) array of int
    trees
        Whether to grow a forest too.
    seed
    start
        What was fitted on nearly the same labels: the regressions go on from there, with the
        same penalty and weights.
    progress
        Told what is done, out of how much.
    """
    directions = _directions(features, seed) if start is None else start.directions
    seen = features if directions is None else features @ directions
    chances = {}
    found, penalty, ends = _regressions(
        seen, labels, fold, classes=classes, seed=seed, start=start, progress=progress
    )
    chances["regression"] = found
    chances["neighbours"] = votes(labels, neighbours, classes=classes)
    if trees:
        progress("forest", 0, None)
        chances["forest"] = _forest(features, labels, fold, classes=classes, seed=seed)
    weights = start.weights if start is not None else shares(chances, labels)
    return Fitted(chances, weights, penalty, ends, directions)


def shares(chances: Mapping[str, Probabilities], labels: IntArray) -> dict[str, float]:
    """Return every model's share in the consensus: by how much it beats the class shares.

    Skill is 1 - loss / loss of the class shares, loss the mean cross-entropy; a model without
    skill gets next to nothing.
    """
    known = labels >= 0
    rows, given = np.flatnonzero(known), labels[known]
    prior = np.bincount(given) / len(given)
    base = -float(np.log(prior[given]).mean())
    skill = {}
    for name, each in chances.items():
        loss = -float(np.log(np.maximum(each[rows, given], 1e-3), dtype=np.float64).mean())
        skill[name] = max(1.0 - loss / base, 0.01) ** 2 if base > 0 else 1.0
    total = sum(skill.values())
    return {name: value / total for name, value in skill.items()}


def votes(labels: IntArray, neighbours: Neighbours, *, classes: int) -> Probabilities:
    """Return shares of the neighbours' labels, near ones weighing more, with a weak prior.

    A neighbour weighs exp(-(distance / scale)^2), the scale being the row's median distance.
    """
    near, apart = neighbours.rows, neighbours.distances
    given = np.where(near >= 0, labels[near], -1)
    with np.errstate(invalid="ignore"):
        middle = np.median(np.where(np.isfinite(apart), apart, np.nan), axis=1, keepdims=True)
    middle = np.where(middle > 0, middle, 1.0)
    weight = np.exp(-((np.where(np.isfinite(apart), apart, 1e9) / middle) ** 2)).astype(np.float32)
    weight *= given >= 0
    known = labels[labels >= 0]
    prior = (np.bincount(known, minlength=classes) / max(1, len(known))).astype(np.float32)
    found = np.tile(np.float32(PRIOR) * prior, (len(labels), 1)) * np.float32(0.2)
    rows = np.arange(len(labels))
    for place in range(near.shape[1]):  # no row has two neighbours in one place
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
    ends: list[NDArray[np.float32]] = []
    penalty = start.penalty if start is not None else None
    for number in range(count):
        progress("regression", number, count)
        rows = np.flatnonzero((fold != number) & (labels >= 0))
        if len(rows) > MOST_TRAINED:
            rows = np.sort(random.choice(rows, MOST_TRAINED, replace=False))
        inside = features[rows] if len(rows) < len(labels) else features
        held = np.flatnonzero((fold == number) & (labels >= 0))
        if penalty is None:
            penalty = _best_penalty(inside, labels[rows], features[held], labels[held], classes)
        at = None if start is None else start.ends[number]
        ends.append(regression(inside, labels[rows], classes, penalty, start=at))
        found[held] = softmax(features[held], ends[-1])
        blank = np.flatnonzero(labels < 0)
        if len(blank):
            found[blank] += softmax(features[blank], ends[-1]) / np.float32(count)
    assert penalty is not None
    return np.maximum(found, LEAST), penalty, ends


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


def _best_penalty(
    features: NDArray[np.float32],
    labels: IntArray,
    held: NDArray[np.float32],
    truth: IntArray,
    classes: int,
    most: int = 20_000,
) -> float:
    """Return the penalty whose regression tells held-out labels best."""
    if not len(truth):
        return PENALTIES[0]
    step = max(1, len(labels) // most)
    features, labels, held, truth = features[::step], labels[::step], held[:most], truth[:most]
    best, least, at = PENALTIES[0], np.inf, None
    for penalty in PENALTIES:
        at = regression(features, labels, classes, penalty, start=at)
        right = softmax(held, at)[np.arange(len(truth)), truth]
        loss = float(-np.log(np.maximum(right, 1e-4), dtype=np.float64).mean())
        if loss >= least:
            break
        best, least = penalty, loss
    return best


def regression(
    features: NDArray[np.float32],
    labels: IntArray,
    classes: int,
    penalty: float,
    *,
    start: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Fit a softmax regression: mean cross-entropy plus ``penalty / 2`` times squared weights.

    Returns
    -------
    (d + 1, k) array of float32
        Coefficients, the intercepts last, after at most 60 steps of L-BFGS.
    """
    from scipy.optimize import minimize

    rows, width = features.shape
    truth = np.zeros((rows, classes), dtype=np.float32)
    truth[np.arange(rows), labels] = 1.0

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(width + 1, classes).astype(np.float32)
        chances = softmax(features, weights)
        right = np.maximum(chances[np.arange(rows), labels], 1e-30)
        chances -= truth
        slope = np.empty((width + 1, classes))
        slope[:-1] = features.T @ chances
        slope[-1] = chances.sum(axis=0)
        slope /= rows
        slope[:-1] += penalty * weights[:-1]
        size = 0.5 * penalty * float((weights[:-1].astype(np.float64) ** 2).sum())
        return size - float(np.log(right, dtype=np.float64).mean()), slope.ravel()

    at = np.zeros((width + 1, classes)) if start is None else start.astype(np.float64)
    done = minimize(
        loss,
        at.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "gtol": 1e-4, "ftol": 1e-6},
    )
    found: NDArray[np.float32] = done.x.reshape(width + 1, classes).astype(np.float32)
    return found


def softmax(features: NDArray[np.float32], weights: NDArray[np.float32]) -> Probabilities:
    """Return chances (n, k) of a regression with coefficients (d + 1, k)."""
    scores: Probabilities = features @ weights[:-1]
    scores += weights[-1]
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _forest(
    features: NDArray[np.float32], labels: IntArray, fold: IntArray, *, classes: int, seed: int
) -> Probabilities:
    """Return chances of extremely randomized trees (Geurts et al. 2006), one forest a fold."""
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
