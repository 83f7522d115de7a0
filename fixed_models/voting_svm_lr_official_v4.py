"""Soft vote of an RBF support vector machine and logistic regression, as DataPerf ran it.

The literal recipe of DataPerf's speech selection, for every seed s: a ``VotingClassifier``
(soft, equal weights) of ``SVC(probability=True, random_state=s)`` and
``LogisticRegression(random_state=s)``, defaults all. The label is the class of the largest
mean probability, ties to the lowest class.

Logistic regression is the one that the challenge of 2023 was run with (scikit-learn up to
1.3), written out: the summed loss in float64, its gradient below 1e-4 or at most 100 steps
of L-BFGS-B (SciPy's, memory 10). Its stopping rule decides the score's last digits, and
later releases changed it (1.4: the mean loss, so that training stops earlier; 1.9: features
stay float32, so that the processor's kernels have a say). Nothing that is installed can move
it here. ``RULES`` keeps the rule of 1.4 to 1.8 beside it, to show what it did to scores. The
regression draws nothing, so one serves all seeds.

The machine's probabilities are those of ``SVC(probability=True)`` to 1e-12, found without it
(scikit-learn drops it in 1.11) and faster: only the folds of the Platt scaling depend on
the seed, so one kernel matrix and one machine serve all seeds, and all machines of all
folds are trained together, a vector operation at a time. Each follows LIBSVM's path: its
working set selection and shrinking, float32 kernel cache, gap 1e-3, folds and constants.

Rows are predicted in float32 first. One whose label the rounding could touch (the classes lie
close, or as close as another end of the coupling would bring them; the machines are too steep)
is predicted again in float64, so that every label is the one of float64 (ties to 1e-12 go to
the lowest class). How far rounding reaches is an estimate with a margin, no proof.

References
----------
Platt (1999), Probabilistic outputs for support vector machines.
Wu, Lin & Weng (2004), Probability estimates for multi-class classification by pairwise
coupling, JMLR 5.
Fan, Chen & Lin (2005), Working set selection using second order information, JMLR 6.
Lin, Lin & Weng (2007), A note on Platt's probabilistic outputs, Machine Learning 68.
Chang & Lin (2011), LIBSVM: a library for support vector machines, ACM TIST 2.
Lemire (2019), Fast random integer generation in an interval, ACM TOMACS 29.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import combinations
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FOLDS = 5
GAP = 1e-3  # a machine is done when no pair of rows violates optimality by more
MAX_STEPS = 10_000_000
SOLVER_CELLS = 1 << 16  # rows x machines trained together: what fits the cache
BLOCK = 512  # rows multiplied together
FEW = 64  # fewer rows are predicted in float64 alone: products of few add up term by term
TERMS = 128  # columns whose products float32 adds up before they join the others
COUPLED = 1 << 15  # rows x seeds coupled together
CELLS = 1 << 21  # numbers of a matrix that these take at most, unless for one row
ROUNDING = 8 * 2.0**-24  # of float32, over sums of a few thousand terms
LONG = 8192  # columns over which it doubles
SLIP = 1e-4  # what float32 may move by more is predicted again
END = 0.005  # the coupling ends when no class violates optimality by more than END / k
TIE = 1e-12  # votes that lie closer are equal: their last bits depend on the processor
LEAD = 1e-3  # so is a row in which the first class could lead by less
STIFF = 1e-4  # and a coupling in which a coordinate has less curvature
SHORT = 1e-30  # and a row of less squared length: its products may lie below float32

#: By scikit-learn release: whether the loss is a mean over rows, and options of L-BFGS-B.
RULES: dict[str, tuple[bool, dict[str, float]]] = {
    "up to 1.3": (False, {"gtol": 1e-4, "maxiter": 100}),
    "1.4 to 1.8": (
        True,
        {"gtol": 1e-4, "maxiter": 100, "maxls": 50, "ftol": 64 * float(np.finfo(float).eps)},
    ),
}
RULE = "up to 1.3"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned.

    Attributes
    ----------
    present : (k,) int64
        The classes seen in training, ascending.
    seeds : int
        How many seeds were asked for.
    support : (s, d) float64
        The support vectors of any of the p = k(k-1)/2 machines.
    dual : (s, p) float64
        Coefficients of the support vectors in each machine.
    offset : (p,) float64
        Subtracted from each machine's sum to give its decision value.
    gamma : float
        Width of the kernel exp(-gamma |x - z|^2).
    platt : (seeds, p, 2) float64
        A and B of P(lower class of the pair) = 1 / (1 + exp(A f + B)).
    weights : (k, d + 1) float64
        Coefficients and, last, the intercept of every class in the regression.
    """

    present: Ints
    seeds: int
    support: Floats
    dual: Floats
    offset: Floats
    gamma: float
    platt: Floats
    weights: Floats


def era() -> str:
    """Return a name for the numeric behaviour, which no installed release changes."""
    return "float64, scikit-learn up to 1.3"


def size(fitted: Fitted) -> int:
    """Return the bytes of the learned parameters (arrays and gamma)."""
    values = [getattr(fitted, field.name) for field in fields(fitted)]
    return sum(v.nbytes for v in values if isinstance(v, np.ndarray)) + 8


def fit(features: ArrayLike, labels: ArrayLike, *, classes: int, seeds: Sequence[int]) -> Fitted:
    """Train on the rows, once for every seed.

    Parameters
    ----------
    features : (n, d) array of finite numbers
        Turned into float64.
    labels : (n,) integers in ``range(classes)``
        Integral floats are accepted. Classes may be absent.
    classes : int
        Number of classes of the challenge.
    seeds : sequence of int in [0, 2**32)

    Returns
    -------
    Fitted

    Raises
    ------
    TypeError
        Seeds that are no whole numbers.
    ValueError
        Fewer than two classes in the labels (as scikit-learn does), no rows, no columns, no
        seeds, numbers that are not finite or whose squares or variance are not within float64,
        labels out of range, or shapes that do not fit.
    RuntimeError
        A machine did not converge (not seen; a guard).
    """
    rows, ids = _checked(features, labels, classes, seeds)
    present, codes = np.unique(ids, return_inverse=True)
    if len(present) == 1:
        raise ValueError(f"two classes are needed to train, the labels hold one: {present[0]}")
    with np.errstate(all="ignore"):
        gamma = _gamma(rows)
        centred = rows - rows.mean(axis=0)
        kernel = _train_kernel(centred @ centred.T, gamma)
    if not (0.0 < gamma < np.inf and np.isfinite(kernel).all()):
        raise ValueError("features must have squares and a variance within float64")
    dual, offset, platt = _machines(kernel, codes, [index(seed) for seed in seeds])
    used = np.flatnonzero(dual.any(axis=1))
    return Fitted(
        present=present,
        seeds=len(seeds),
        support=rows[used],
        dual=dual[used],
        offset=offset,
        gamma=gamma,
        platt=platt,
        weights=_regression(rows, codes, RULE),
    )


def _regression(rows: Floats, codes: Ints, rule: str) -> Floats:
    """Return the (k, d + 1) weights of a logistic regression with penalty |w|^2 / 2.

    Minimises sum_i [log sum_c exp(x_i w_c + b_c) - (x_i w_yi + b_yi)] + |w|^2 / 2 from zero;
    with two classes one row of weights tells them apart (the binomial loss).
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    mean, options = RULES[rule]
    n, d = rows.shape
    k = int(codes.max()) + 1
    lines = k if k > 2 else 1
    share = 1.0 / n if mean else 1.0
    truth = (codes[:, None] == np.arange(k)).astype(np.float64)

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape((lines, d + 1), order="F")
        raw = rows @ weights[:, :d].T + weights[:, d]
        if k == 2:
            raw = np.hstack([np.zeros((n, 1)), raw])
        top = raw.max(axis=1, keepdims=True)
        powers = np.exp(raw - top)
        total = powers.sum(axis=1, keepdims=True)
        value = (np.log(total) + top - raw[np.arange(n), codes][:, None]).sum() * share
        value += 0.5 * share * (weights[:, :d] ** 2).sum()
        slope = (powers / total - truth)[:, k - lines :] * share
        gradient = np.empty((lines, d + 1), order="F")
        gradient[:, :d] = slope.T @ rows + share * weights[:, :d]
        gradient[:, d] = slope.sum(axis=0)
        return float(value), gradient.ravel(order="F")

    start = np.zeros(lines * (d + 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    weights: Floats = found.x.reshape((lines, d + 1), order="F")
    return np.vstack([np.zeros_like(weights), weights]) if k == 2 else np.ascontiguousarray(weights)


def predict(fitted: Fitted, features: ArrayLike) -> Ints:
    """Return the label of every row for every seed.

    Parameters
    ----------
    fitted : Fitted
    features : (n, d) array of finite numbers

    Returns
    -------
    (seeds, n) int64
        Class ids of the challenge.

    Raises
    ------
    ValueError
        Not a table, not as wide as the training rows, or not finite.
    """
    rows = _table(features, fitted.support.shape[1])
    result = np.empty((fitted.seeds, len(rows)), dtype=np.int64)
    unsure = np.ones(len(rows), dtype=bool)
    many = rows if len(rows) >= FEW else rows[:0]
    with np.errstate(all="ignore"):
        for part, votes, doubt in _votes(fitted, many, np.float32):
            first, lead = _first(votes)
            result[:, part] = fitted.present[first]
            lead -= 2.0 * doubt  # one class may gain what another loses
            unsure[part] = ~(lead.min(axis=0) > LEAD)
    left = np.flatnonzero(unsure)
    for part, votes, _ in _votes(fitted, rows[left], np.float64):
        winner = (votes >= votes.max(axis=0) - TIE).argmax(axis=0)
        result[:, left[part]] = fitted.present[winner]
    return result


def _probabilities(fitted: Fitted, features: ArrayLike) -> tuple[Floats, Floats]:
    """Return the two voters' probabilities: machine (seeds, n, k) and regression (n, k)."""
    rows = _table(features, fitted.support.shape[1])
    k = len(fitted.present)
    machine = np.empty((fitted.seeds, len(rows), k))
    linear = np.empty((len(rows), k))
    for part, svm, regression, _ in _parts(fitted, rows, np.float64):
        machine[:, part] = svm.transpose(1, 2, 0)
        linear[part] = regression.T
    return machine, linear


# ---------------------------------------------------------------------- input


def _checked(
    features: ArrayLike, labels: ArrayLike, classes: int, seeds: Sequence[int]
) -> tuple[Floats, Ints]:
    """Return the features as float64 and the labels as int64, or raise ValueError."""
    rows = np.array(features, dtype=np.float64, order="C")
    given = np.asarray(labels)
    ids = given.astype(np.int64)
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"features must be a table with rows and columns, got {rows.shape}")
    if ids.shape != rows.shape[:1] or (ids != given).any():
        raise ValueError(f"labels must be {len(rows)} whole numbers, got shape {ids.shape}")
    if ids.min() < 0 or ids.max() >= classes:
        raise ValueError(f"labels must be in range({classes})")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite")
    if len(seeds) == 0:
        raise ValueError("at least one seed is needed")
    return rows, ids


def _table(features: ArrayLike, width: int) -> NDArray[Any]:
    """Return features as a two-dimensional array of the width learned, dtype untouched."""
    rows = np.asarray(features)
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ValueError(f"features must be (n, {width}), got {rows.shape}")
    return rows


# --------------------------------------------------------------------- kernel


def _gamma(rows: Floats) -> float:
    """Return scikit-learn's gamma="scale": 1 / (d var), 1 where nothing varies."""
    variance = float(rows.var())
    return 1.0 / (rows.shape[1] * variance) if variance != 0.0 else 1.0


def _train_kernel(gram: Floats, gamma: float) -> Floats:
    """Return exp(-gamma |x - z|^2) of the training rows from their inner products."""
    squares = np.diagonal(gram)
    distance = squares[:, None] + squares[None, :] - 2.0 * gram
    np.fill_diagonal(distance, 0.0)
    return np.asarray(np.exp(-gamma * np.maximum(distance, 0.0)))


# -------------------------------------------------------- support vector machines


@dataclass(frozen=True)
class _Problems:
    """Two-class machines to train: row numbers, signs (0 pads) and how many rows each has."""

    rows: Ints  # (m, width)
    signs: Floats  # (m, width)
    lengths: Ints  # (m,)


@dataclass(frozen=True)
class _Fold:
    """One fold of one pair of classes, for every seed."""

    pair: int
    train: Ints  # (seeds, t) positions in the pair's rows
    test: Ints  # (seeds, v)


def _machines(kernel: Floats, codes: Ints, seeds: Sequence[int]) -> tuple[Floats, Floats, Floats]:
    """Train every pair's machine and, by five folds for every seed, its Platt constants.

    Parameters
    ----------
    kernel : (n, n) float64
    codes : (n,) int64
        Labels 0..k-1, all present.
    seeds : sequence of int

    Returns
    -------
    dual : (n, p) float64
    offset : (p,) float64
    platt : (seeds, p, 2) float64
        Pairs in the order (0, 1), (0, 2), ..., (k-2, k-1).
    """
    groups = [np.flatnonzero(codes == c) for c in range(int(codes.max()) + 1)]
    pairs = [(groups[a], groups[b]) for a, b in combinations(range(len(groups)), 2)]
    folds = _folds([len(a) + len(b) for a, b in pairs], seeds)
    whole, parts = _whole_problems(pairs), [_fold_problems(pairs[f.pair], f) for f in folds]
    dual, offset = _train(kernel, [whole, *parts])
    decisions = dual[len(pairs) :] @ kernel
    decisions -= offset[len(pairs) :, None]
    values = _held_out(decisions, pairs, folds, len(seeds))
    targets = np.zeros((len(pairs), values.shape[2]))
    for row, (first, second) in zip(targets, pairs, strict=True):
        row[: len(first)] = 1.0
        row[len(first) : len(first) + len(second)] = -1.0
    signs = np.broadcast_to(targets, values.shape).reshape(-1, values.shape[2])
    platt = _sigmoids(values.reshape(signs.shape), signs)
    return dual[: len(pairs)].T.copy(), offset[: len(pairs)], platt.reshape(len(seeds), -1, 2)


def _whole_problems(pairs: Sequence[tuple[Ints, Ints]]) -> _Problems:
    """Return one problem a pair: the lower class first and positive."""
    lengths = np.array([len(a) + len(b) for a, b in pairs], dtype=np.int64)
    rows = np.zeros((len(pairs), int(lengths.max())), dtype=np.int64)
    signs = np.zeros(rows.shape)
    for index, (first, second) in enumerate(pairs):
        rows[index, : lengths[index]] = np.concatenate([first, second])
        signs[index, : len(first)] = 1.0
        signs[index, len(first) : lengths[index]] = -1.0
    return _Problems(rows, signs, lengths)


def _folds(lengths: Sequence[int], seeds: Sequence[int]) -> list[_Fold]:
    """Return the folds of every pair that hold rows out, pair by pair."""
    orders = {n: np.array([_shuffled(n, s) for s in seeds]) for n in sorted(set(lengths))}
    result = []
    for pair, n in enumerate(lengths):
        order = orders[n]
        for fold in range(FOLDS):
            begin, end = fold * n // FOLDS, (fold + 1) * n // FOLDS
            if begin < end:
                train = np.concatenate([order[:, :begin], order[:, end:]], axis=1)
                result.append(_Fold(pair, train, order[:, begin:end]))
    return result


def _fold_problems(pair: tuple[Ints, Ints], fold: _Fold) -> _Problems:
    """Return one problem a seed: LIBSVM sorts the labels -1, +1, so the higher class leads.

    A seed whose fold holds one class only gets length 0; ``_held_out`` decides it.
    """
    both = np.concatenate(pair)
    lower = fold.train < len(pair[0])
    order = np.argsort(lower, axis=1, kind="stable")
    lower = np.take_along_axis(lower, order, axis=1)
    rows = both[np.take_along_axis(fold.train, order, axis=1)]
    mixed = lower.any(axis=1) & ~lower.all(axis=1)
    lengths = np.where(mixed, rows.shape[1], 0)
    return _Problems(rows, np.where(lower, -1.0, 1.0), lengths)


def _held_out(
    decisions: Floats, pairs: Sequence[tuple[Ints, Ints]], folds: Sequence[_Fold], seeds: int
) -> Floats:
    """Return each pair's held-out decision values, (seeds, pairs, most rows of a pair)."""
    width = max(len(a) + len(b) for a, b in pairs)
    values = np.zeros((seeds, len(pairs), width))
    every = np.arange(seeds)[:, None]
    for index, fold in enumerate(folds):
        first, second = pairs[fold.pair]
        block = decisions[index * seeds : (index + 1) * seeds]
        held = -block[every, np.concatenate([first, second])[fold.test]]
        lower = fold.train < len(first)
        held[lower.all(axis=1)] = 1.0
        held[~lower.any(axis=1)] = -1.0
        values[every, fold.pair, fold.test] = held
    return values


@lru_cache(maxsize=256)
def _shuffled(length: int, seed: int) -> Ints:
    """Return LIBSVM's order of ``length`` rows for scikit-learn's ``random_state=seed``.

    A Fisher-Yates shuffle from the front by Lemire's bounded integers of a Mersenne
    twister that is seeded with the first bounded draw of ``RandomState(seed)``.
    """
    twister = np.random.RandomState(np.random.RandomState(seed).randint(2**31 - 1))
    words = iter(_words(twister, length))
    order = list(range(length))
    for place in range(length):
        other = place + _below(length - place, words)
        order[place], order[other] = order[other], order[place]
    result = np.array(order, dtype=np.int64)
    result.flags.writeable = False  # others are given the same
    return result


def _words(twister: np.random.RandomState, block: int) -> Iterator[int]:
    """Yield the 32-bit outputs of the twister without end."""
    while True:
        yield from np.frombuffer(twister.bytes(4 * block), dtype="<u4").tolist()


def _below(bound: int, words: Iterator[int]) -> int:
    """Return a number in range(bound) without bias (Lemire 2019)."""
    product = next(words) * bound
    if product % 2**32 < bound:
        while product % 2**32 < (2**32 - bound) % bound:
            product = next(words) * bound
    return product >> 32


def _train(kernel: Floats, batches: Sequence[_Problems]) -> tuple[Floats, Floats]:
    """Solve the problems of all batches in order.

    Returns
    -------
    dual : (m, n) float64
        Sign times multiplier of every training row, 0 where it takes no part.
    offset : (m,) float64
    """
    lengths = np.concatenate([b.lengths for b in batches])
    width = max(b.rows.shape[1] for b in batches)
    rows = np.zeros((len(lengths), width), dtype=np.int64)
    signs = np.zeros((len(lengths), width))
    start = 0
    for batch in batches:
        stop, wide = start + len(batch.lengths), batch.rows.shape[1]
        rows[start:stop, :wide] = batch.rows
        signs[start:stop, :wide] = batch.signs
        start = stop
    rounded = kernel.astype(np.float32).astype(np.float64)
    dual, offset = np.zeros((len(lengths), len(kernel))), np.zeros(len(lengths))
    order = np.argsort(-lengths, kind="stable")
    order = order[: np.count_nonzero(lengths)]
    begin = 0
    while begin < len(order):
        wide = int(lengths[order[begin]])
        part = order[begin : begin + max(1, SOLVER_CELLS // wide)]
        begin += len(part)
        solver = _Solver(rounded, rows[part, :wide], signs[part, :wide], lengths[part])
        dual[part], offset[part] = solver.solve()
    return dual, offset


class _Solver:
    """Sequential minimal optimisation of many two-class machines, one step of each at a time.

    Each machine minimises a'Qa/2 - sum(a), Q = y y' K, over 0 <= a <= 1 and y'a = 0 by
    the second-order working sets of Fan, Chen & Lin (2005) with the shrinking of Chang &
    Lin (2011, section 5.1). Ties go to the last position, hence positions lie backwards:
    position t of a machine is column width - 1 - t and ``argmax`` finds the last first.
    ``lead`` is -y times the gradient; a row that comes back from shrinking gets it from
    ``bound``, the kernel times y of rows at 1, and the free rows, added in order: after
    each step two leads are equal but for rounding, so rounding chooses the path.
    """

    def __init__(self, kernel: Floats, rows: Ints, signs: Floats, lengths: Ints) -> None:
        """Take the (n, n) kernel and (m, w) rows and signs; columns past a length are padding."""
        width = rows.shape[1]
        real = np.arange(width) < lengths[:, None]
        self.kernel = kernel.ravel()
        self.count = len(kernel)
        self.rows = rows[:, ::-1].copy()
        self.signs = np.where(real, signs, 0.0)[:, ::-1].copy()
        self.lead = self.signs.copy()
        self.bound = np.zeros(rows.shape)
        self.alpha = np.zeros(rows.shape)
        self.upper = np.empty(rows.shape)
        self.lower = np.empty(rows.shape)
        self.lengths = lengths
        self.active = lengths.copy()
        self.period = np.minimum(lengths, 1000)
        self.counter = self.period + 1
        self.unshrunk = np.zeros(len(rows), dtype=bool)
        self.alive = np.ones(len(rows), dtype=bool)
        self.names = np.arange(len(rows))
        self.dual = np.zeros((len(rows), self.count))
        self.offset = np.zeros(len(rows))
        self._mark(np.arange(len(rows)))

    def solve(self) -> tuple[Floats, Floats]:
        """Run to the end; return dual (m, n) and offset (m,), or raise RuntimeError."""
        for _ in range(MAX_STEPS):
            self.counter -= 1
            due = np.flatnonzero((self.counter == 0) & self.alive)
            if len(due):
                self._shrink(due)
            first, second, done, row = self._select(None)
            if done.any():
                self._finish(np.flatnonzero(done & self.alive), first, second, row)
                if not self.alive.any():
                    return self.dual, self.offset
            self._step(first, second, row)
            if np.count_nonzero(self.alive) < 0.75 * len(self.alive):
                self._compact()
        raise RuntimeError(f"a support vector machine did not converge in {MAX_STEPS} steps")

    def _mark(self, which: Ints) -> None:
        """Set who may go up and down (0, else -inf): active and not at that bound."""
        alpha, signs = self.alpha[which], self.signs[which]
        width = alpha.shape[1]
        active = np.arange(width - 1, -1, -1) < self.active[which, None]
        positive = signs > 0
        rises = np.where(positive, alpha < 1.0, alpha > 0.0) & active
        falls = np.where(positive, alpha > 0.0, alpha < 1.0) & active
        self.upper[which] = np.where(rises, 0.0, -np.inf)
        self.lower[which] = np.where(falls, 0.0, -np.inf)

    def _select(self, which: Ints | None) -> tuple[Ints, Ints, Bools, Floats]:
        """Return the pair to move, whether the gap is closed, and the first one's kernel row."""
        part = slice(None) if which is None else which
        lead, rows = self.lead[part], self.rows[part]
        every = np.arange(len(lead))
        climb = lead + self.upper[part]
        first = climb.argmax(axis=1)
        row = self.kernel.take(rows + (rows[every, first] * self.count)[:, None])
        gain = climb[every, first][:, None] - lead
        gain += self.lower[part]
        done = gain.max(axis=1) < GAP
        curve = row * -2.0
        curve += 2.0
        np.maximum(curve, 1e-12, out=curve)
        np.maximum(gain, 0.0, out=gain)
        gain *= gain
        gain /= curve
        return first, gain.argmax(axis=1), done, row

    def _step(self, first: Ints, second: Ints, row: Floats) -> None:
        """Move each living machine's pair along its constraint to the best point of the box."""
        every = np.arange(len(first))
        other = self.rows[every, second] * self.count
        other_row = self.kernel.take(self.rows + other[:, None])
        sign_1, sign_2 = self.signs[every, first], self.signs[every, second]
        old_1, old_2 = self.alpha[every, first], self.alpha[every, second]
        curve = np.maximum(2.0 - 2.0 * row[every, second], 1e-12)
        step = (self.lead[every, first] - self.lead[every, second]) / curve
        same = sign_1 == sign_2
        total = np.where(same, old_1 + old_2, old_1 - old_2)
        low = np.where(same, total - 1.0, total)
        high = np.where(same, total, 1.0 + total)
        new_1 = _clip(old_1 + sign_1 * step, low, high)
        low, high = np.where(same, low, -total), np.where(same, high, 1.0 - total)
        new_2 = _clip(old_2 - sign_2 * step, low, high)
        new_1, new_2 = np.where(self.alive, new_1, old_1), np.where(self.alive, new_2, old_2)
        self.alpha[every, first], self.alpha[every, second] = new_1, new_2
        self._pin(row, sign_1, old_1, new_1)
        self._pin(other_row, sign_2, old_2, new_2)
        row *= ((new_1 - old_1) * sign_1)[:, None]
        other_row *= ((new_2 - old_2) * sign_2)[:, None]
        row += other_row
        self.lead -= row
        self._move_bounds(every, first, sign_1, new_1)
        self._move_bounds(every, second, sign_2, new_2)

    def _pin(self, row: Floats, sign: Floats, old: Floats, new: Floats) -> None:
        """Count a row in ``bound`` that comes to 1, discount one that leaves it."""
        change = sign * ((new >= 1.0).astype(np.float64) - (old >= 1.0))
        which = np.flatnonzero(change)
        if len(which):
            self.bound[which] += change[which, None] * row[which]

    def _rebuild(self, which: Ints) -> None:
        """Compute the leads of rows set aside anew."""
        width = self.rows.shape[1]
        rows, alpha, signs = self.rows[which], self.alpha[which], self.signs[which]
        free = (alpha > 0.0) & (alpha < 1.0)
        count = free.sum(axis=1)
        order = width - 1 - np.argsort(~free[:, ::-1], axis=1, kind="stable")
        weight = np.take_along_axis(np.where(free, signs * alpha, 0.0), order, axis=1)
        start = np.take_along_axis(rows, order, axis=1) * self.count
        lead = signs - self.bound[which]
        for turn in range(int(count.max())):
            kernel = self.kernel.take(rows + start[:, turn, None])
            kernel *= weight[:, turn, None]
            lead -= kernel
        aside = np.arange(width - 1, -1, -1) >= self.active[which, None]
        self.lead[which] = np.where(aside, lead, self.lead[which])

    def _move_bounds(self, every: Ints, column: Ints, sign: Floats, alpha: Floats) -> None:
        """Update who may go up and down in one column of each machine."""
        grows = np.where(alpha < 1.0, 0.0, -np.inf)
        falls = np.where(alpha > 0.0, 0.0, -np.inf)
        self.upper[every, column] = np.where(sign > 0, grows, falls)
        self.lower[every, column] = np.where(sign > 0, falls, grows)

    def _finish(self, which: Ints, first: Ints, second: Ints, row: Floats) -> None:
        """Where the gap is closed look at shrunk rows too; record machines that are optimal."""
        shrunk = which[self.active[which] < self.lengths[which]]
        final = which[self.active[which] == self.lengths[which]]
        if len(shrunk):
            self._rebuild(shrunk)
            self.active[shrunk] = self.lengths[shrunk]
            self._mark(shrunk)
            first[shrunk], second[shrunk], done, row[shrunk] = self._select(shrunk)
            self.counter[shrunk[~done]] = 1
            final = np.concatenate([final, shrunk[done]])
        self.alive[final] = False
        dual = self.signs[final] * self.alpha[final]
        machine, column = np.nonzero(dual)
        rows = self.rows[final][machine, column]
        self.dual[self.names[final][machine], rows] = dual[machine, column]
        self.offset[self.names[final]] = self._offsets(final)

    def _offsets(self, which: Ints) -> Floats:
        """Return minus the mean lead of free rows, else minus the middle of the bounds."""
        lead, alpha = self.lead[which], self.alpha[which]
        free = (alpha > 0.0) & (alpha < 1.0)
        count = free.sum(axis=1)
        mean = -np.where(free, lead, 0.0).sum(axis=1) / np.maximum(count, 1)
        above = (lead + self.upper[which]).max(axis=1)
        below = (lead - self.lower[which]).min(axis=1)
        return np.asarray(np.where(count > 0, mean, -0.5 * (above + below)))

    def _shrink(self, which: Ints) -> None:
        """Set rows aside that are firmly at a bound, moving them behind the active ones."""
        self.counter[which] = self.period[which]
        lead, upper, lower = self.lead[which], self.upper[which], self.lower[which]
        above, below = (lead + upper).max(axis=1), (lead - lower).min(axis=1)
        near = ~self.unshrunk[which] & (above - below <= 10.0 * GAP)
        if near.any():
            self.unshrunk[which[near]] = True
            self._rebuild(which[near])
            self.active[which[near]] = self.lengths[which[near]]
            self._mark(which)
            lead, upper, lower = self.lead[which], self.upper[which], self.lower[which]
        idle = np.isinf(upper) & (lead > above[:, None])
        idle |= np.isinf(lower) & (lead < below[:, None])
        position = np.arange(lead.shape[1] - 1, -1, -1)
        active = position < self.active[which, None]
        keep = active & ~idle
        self.active[which] = keep.sum(axis=1)
        self._reorder(which, keep, active & idle, position)
        self._mark(which)

    def _reorder(self, which: Ints, keep: Bools, idle: Bools, position: Ints) -> None:
        """Fill the foremost idle position with the hindmost kept row, and so on inwards."""
        front = position < self.active[which, None]
        machine, hole = np.nonzero((idle & front)[:, ::-1])
        other, filler = np.nonzero(keep & ~front)
        if len(hole) == 0:
            return
        hole = keep.shape[1] - 1 - hole  # columns run backwards: both lists run inwards
        left, right = which[machine], which[other]
        for array in (self.rows, self.signs, self.alpha, self.lead, self.bound):
            array[left, hole], array[right, filler] = array[right, filler], array[left, hole]

    def _compact(self) -> None:
        """Drop the machines that are done."""
        keep = np.flatnonzero(self.alive)
        for name in ("rows", "signs", "lead", "bound", "alpha", "upper", "lower", "lengths"):
            setattr(self, name, getattr(self, name)[keep])
        for name in ("active", "period", "counter", "unshrunk", "alive", "names"):
            setattr(self, name, getattr(self, name)[keep])


def _clip(value: Floats, low: Floats, high: Floats) -> Floats:
    """Return the value inside [low, high] and [0, 1]."""
    inside = np.minimum(np.maximum(value, low), high)
    return np.asarray(np.minimum(np.maximum(inside, 0.0), 1.0))


# -------------------------------------------------------------- Platt scaling


def _sigmoids(values: Floats, signs: Floats) -> Floats:
    """Fit P(+) = 1 / (1 + exp(A f + B)) to many sets of decision values.

    The Newton method with backtracking of Lin, Lin & Weng (2007) on Platt's smoothed
    targets: ridge 1e-12, at most 100 steps, gradient 1e-5, shortest step 1e-10.

    Parameters
    ----------
    values : (m, w) float64
    signs : (m, w) float64
        +1, -1, or 0 for padding.

    Returns
    -------
    (m, 2) float64
    """
    plus, minus = (signs > 0).sum(axis=1), (signs < 0).sum(axis=1)
    high, low = (plus + 1.0) / (plus + 2.0), 1.0 / (minus + 2.0)
    target = np.where(signs > 0, high[:, None], low[:, None])
    real = (signs != 0).astype(np.float64)
    constants = np.stack([np.zeros(len(plus)), np.log((minus + 1.0) / (plus + 1.0))], axis=1)
    loss = _sigmoid_loss(constants, values, target, real)
    live = np.arange(len(constants))
    for _ in range(100):
        part = values[live], target[live], real[live]
        gradient, step = _sigmoid_step(constants[live], *part)
        moving = (np.abs(gradient) >= 1e-5).any(axis=1)
        live, gradient, step = live[moving], gradient[moving], step[moving]
        if len(live) == 0:
            break
        part = values[live], target[live], real[live]
        slope = (gradient * step).sum(axis=1)
        moved, new_loss, stuck = _backtrack(constants[live], step, slope, loss[live], part)
        constants[live], loss[live] = moved, new_loss
        live = live[~stuck]
    return constants


def _sigmoid_loss(constants: Floats, values: Floats, target: Floats, real: Floats) -> Floats:
    """Return the cross entropy of each set, without cancellation or overflow."""
    z = values * constants[:, :1] + constants[:, 1:]
    cost = np.where(z >= 0, target, target - 1.0) * z + np.log(1.0 + np.exp(-np.abs(z)))
    return _summed(cost * real)


def _summed(terms: Floats) -> Floats:
    """Return the sums of rows, added from left to right."""
    return np.asarray(np.add.accumulate(terms, axis=1)[:, -1])


def _sigmoid_step(
    constants: Floats, values: Floats, target: Floats, real: Floats
) -> tuple[Floats, Floats]:
    """Return the gradient and the Newton step in (A, B), each (m, 2).

    Added in LIBSVM's order: where all values are alike the Hessian is singular but for its
    ridge, and rounding decides.
    """
    z = values * constants[:, :1] + constants[:, 1:]
    small = np.exp(-np.abs(z))
    positive = np.where(z >= 0, small, 1.0) / (1.0 + small)
    negative = np.where(z >= 0, 1.0, small) / (1.0 + small)
    curve, residual = positive * negative * real, (target - positive) * real
    slope_a, slope_b = _summed(values * residual), _summed(residual)
    h_aa = _summed(np.insert(values * values * curve, 0, 1e-12, axis=1))
    h_bb = _summed(np.insert(curve, 0, 1e-12, axis=1))
    h_ab = _summed(values * curve)
    determinant = h_aa * h_bb - h_ab * h_ab
    step_a = -(h_bb * slope_a - h_ab * slope_b) / determinant
    step_b = -(-h_ab * slope_a + h_aa * slope_b) / determinant
    return np.stack([slope_a, slope_b], axis=1), np.stack([step_a, step_b], axis=1)


def _backtrack(
    constants: Floats,
    step: Floats,
    slope: Floats,
    loss: Floats,
    data: tuple[Floats, Floats, Floats],
) -> tuple[Floats, Floats, Bools]:
    """Halve the steps until each loss falls enough; return constants, losses, who got stuck."""
    result, new_loss = constants.copy(), loss.copy()
    pending, length = np.arange(len(loss)), 1.0
    while len(pending) and length >= 1e-10:
        trial = constants[pending] + length * step[pending]
        value = _sigmoid_loss(trial, *(array[pending] for array in data))
        good = value < loss[pending] + 1e-4 * length * slope[pending]
        result[pending[good]], new_loss[pending[good]] = trial[good], value[good]
        pending, length = pending[~good], length / 2.0
    stuck = np.zeros(len(loss), dtype=bool)
    stuck[pending] = True
    return result, new_loss, stuck


# ----------------------------------------------------------------- prediction


def _votes(
    fitted: Fitted, rows: NDArray[Any], dtype: type[np.floating[Any]]
) -> Iterator[tuple[slice, NDArray[Any], NDArray[Any]]]:
    """Yield slices of rows, the voters' summed probabilities (k, seeds, rows), `_parts`' last."""
    for part, svm, regression, doubt in _parts(fitted, rows, dtype):
        svm += regression[:, None, :]
        yield part, svm, doubt


def _first(votes: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Return the class of most votes, ties to the lowest, and by how much it leads the next."""
    label = (votes[1] > votes[0]).astype(np.int64)
    most, next_most = np.maximum(votes[0], votes[1]), np.minimum(votes[0], votes[1])
    for place, vote in enumerate(votes[2:], start=2):
        label[vote > most] = place
        np.maximum(next_most, np.minimum(most, vote), out=next_most)
        np.maximum(most, vote, out=most)
    most -= next_most
    return label, most


def _parts(
    fitted: Fitted, rows: NDArray[Any], dtype: type[np.floating[Any]]
) -> Iterator[tuple[slice, NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Yield slices of rows with the voters' probabilities: (k, seeds, rows) and (k, rows).

    Last, (seeds, rows), the doubt: how far the machines' probabilities may lie from those of
    float64 beyond rounding, inf where float32 is not near enough. Rounding moves the exponent of
    a pair's probability by |A| times the sum of its coefficients times kernels, each of which
    errs by its own rounding and by gamma times that of the squared distance of x and z, which is
    relative to |x|^2 + |z|^2; and the exponents of the regression by that of the product of x
    and w, relative to |x||w|. Steep constants round too: the machine's offset moves the
    exponent by |A| times itself, B and the regression's intercept by themselves.
    """
    support = fitted.support.astype(dtype)
    basis = np.ascontiguousarray(np.vstack([support, fitted.weights[:, :-1]]).T, dtype=dtype)
    k, vectors = len(fitted.present), len(support)
    squares = (support * support).sum(axis=1)
    dual, offset = fitted.dual.astype(dtype), fitted.offset.astype(dtype)
    platt, bias = fitted.platt.astype(dtype), fitted.weights[:, -1].astype(dtype)
    constants = np.abs(fitted.platt)
    reach = (constants[:, :, 0].max(axis=0) * np.abs(fitted.dual)).astype(dtype)
    own = 4.0 + (constants[:, :, 0] * np.abs(fitted.offset) + constants[:, :, 1]).max()
    own += np.abs(fitted.weights[:, -1]).max()
    weight = np.sqrt((fitted.weights[:, :-1] ** 2).sum(axis=1).max())
    rounding = ROUNDING * (1.0 + rows.shape[1] / LONG)
    near_enough = min(SLIP, 0.2 * END / k)
    step = min(COUPLED, CELLS // k**2) // fitted.seeds
    step = max(1, min(step, CELLS // max(1, vectors)))
    for part in _slices(len(rows), step):
        products, lengths = _products(rows[part], basis)
        regression = _softmax((products[:, vectors:] + bias).T)
        kernel = products[:, :vectors] * 2.0
        kernel -= squares
        kernel -= lengths[:, None]
        np.minimum(kernel, 0.0, out=kernel)
        kernel *= fitted.gamma
        np.exp(kernel, out=kernel)
        decisions = (kernel @ dual - offset).T
        steep = (kernel @ reach).max(axis=1)
        steep *= 1.0 + fitted.gamma * (lengths + squares.max(initial=0.0))
        slip = rounding * (np.maximum(steep, weight * np.sqrt(lengths)) + own)
        far = ~((slip < near_enough) & (lengths > SHORT))
        slip[far] = 0.0
        if dtype == np.float64:
            slip[:] = 0.0
        else:
            decisions[:, far] = 0.0  # whatever they are: what is not finite would never end
        machine, doubt = _coupled(_pairwise(decisions, platt), k, np.tile(slip, fitted.seeds))
        doubt = doubt.reshape(fitted.seeds, -1)
        doubt[:, far] = np.inf
        yield part, machine.reshape(k, fitted.seeds, -1), regression, doubt


def _slices(count: int, most: int) -> Iterator[slice]:
    """Yield slices of equal lengths, at most so many each, so that none is short."""
    parts = -(-count // most)
    for number in range(parts):
        yield slice(count * number // parts, count * (number + 1) // parts)


def _softmax(raw: NDArray[Any]) -> NDArray[Any]:
    """Return exp(raw) divided by its sum over the first axis."""
    powers: NDArray[Any] = np.exp(raw - raw.max(axis=0))
    powers /= powers.sum(axis=0)
    return powers


def _products(rows: NDArray[Any], basis: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows @ basis, (n, b), and the squared lengths of the rows, (n,), in its dtype."""
    dtype = basis.dtype
    products, lengths = np.empty((len(rows), basis.shape[1]), dtype), np.empty(len(rows), dtype)
    width = TERMS if dtype == np.float32 else max(1, len(basis))
    for part in _slices(len(rows), BLOCK):
        block = np.asarray(rows[part], dtype=dtype)
        first = block[:, :width]
        np.matmul(first, basis[:width], out=products[part])
        np.vecdot(first, first, out=lengths[part])
        for start in range(width, len(basis), width):
            terms = block[:, start : start + width]
            products[part] += terms @ basis[start : start + width]
            lengths[part] += np.vecdot(terms, terms)
    if dtype == np.float64 and not np.isfinite(lengths).all():
        raise ValueError("features must be finite, and their squares within float64")
    return products, lengths


def _pairwise(decisions: NDArray[Any], platt: NDArray[Any]) -> NDArray[Any]:
    """Return P(lower class | pair) inside [1e-7, 1 - 1e-7], (p, seeds x rows)."""
    shape = (len(decisions), len(platt), decisions.shape[1])
    result = np.empty(shape, decisions.dtype)
    with np.errstate(over="ignore"):  # exp may be infinite: the probability is 1e-7 then
        for z, values, constants in zip(result, decisions, platt.transpose(1, 2, 0), strict=True):
            np.multiply(constants[0][:, None], values, out=z)
            z += constants[1][:, None]
            np.exp(z, out=z)
            z += 1.0
            np.reciprocal(z, out=z)
            np.clip(z, 1e-7, 1.0 - 1e-7, out=z)
    return result.reshape(shape[0], -1)


def _coupled(
    pairwise: NDArray[Any], k: int, slip: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return class probabilities that fit pairwise ones, by algorithm 2 of Wu, Lin & Weng.

    Minimises p'Qp over the simplex, Q_tt = sum of r_jt^2 over j, Q_tj = -r_jt r_tj, one
    coordinate after another from the centre, until |Qp - p'Qp| < END / k or, as LIBSVM does,
    max(100, k) rounds. Here p = u / sum(u): u need not be normalised at each step. Where the
    test is closer than the slip, the end may be in this round or in a later one: the rounds go
    on until one ends it for sure, and how far p moved meanwhile is the doubt.

    Parameters
    ----------
    pairwise : (k(k-1)/2, m) array
    k : int
    slip : (m,) array
        By how much the probabilities may be wrong.

    Returns
    -------
    (k, m) array
        As of the last round that may be the end.
    (m,) array
        By how much a class's probability may change with the round that is the end; inf where
        a Q_tt is small, or where the rounds were used up after one that may be the end.
    """
    minus = _coupling_matrix(pairwise, k)
    m, dtype = pairwise.shape[1], minus.dtype
    result, p = np.empty((k, m), dtype), np.full((k, m), 1.0 / k, dtype)
    doubt = np.zeros(m, dtype)
    doubt[minus[np.arange(k), np.arange(k)].max(axis=0) >= -STIFF] = np.inf
    image = minus.sum(axis=1)
    image /= -k
    start = minus, p, image, image.sum(axis=0) / k, np.ones(m, dtype)
    _settle(start, slip, np.zeros(m, dtype=bool), result, doubt, max(100, k))
    return result, doubt


def _settle(
    state: Sequence[NDArray[Any]],
    slip: NDArray[Any],
    met: Bools,
    result: NDArray[Any],
    doubt: NDArray[Any],
    rounds: int,
) -> None:
    """Fill in result and doubt, as `_coupled` returns them, in at most so many rounds.

    ``state`` is -Q, p, Qp, p'Qp and the sum of p; ``met`` says where the end may have been met
    in an earlier round.
    """
    _, p, image, value, total = state
    shut = np.zeros(len(slip), dtype=bool)
    for left in range(rounds, 0, -1):
        excess, margin = _excess(image, value / total, total), slip * total
        ends = (excess < margin) & ~shut
        new = np.flatnonzero(ends)
        if len(new):
            again = new[met[new]]
            if len(again):
                doubt[again] += np.abs(p[:, again] / total[again] - result[:, again]).max(axis=0)
            if 8 * len(new) < len(ends):  # either is slow for the other's number
                result[:, new] = p[:, new] / total[new]
            else:
                np.divide(p, total, out=result, where=ends)
            met |= ends
            shut |= excess < -margin
        count = np.count_nonzero(shut)
        if count == len(shut):
            return
        if count > 0.4 * len(shut):  # the rest apart
            rest = np.flatnonzero(~shut)
            state = [each.take(rest, axis=-1) for each in state]
            mine, doubts = result.take(rest, axis=-1), doubt[rest]
            _sweep(*state)
            _settle(state, slip[rest], met[rest], mine, doubts, left - 1)
            result[:, rest], doubt[rest] = mine, doubts
            return
        _sweep(*state)
    doubt[met & ~shut] = np.inf
    np.divide(p, total, out=result, where=~shut)


def _coupling_matrix(pairwise: NDArray[Any], k: int) -> NDArray[Any]:
    """Return -Q, (k, k, m): r_jt = 1 - r_tj for the pair t < j."""
    minus = np.empty((k, k, pairwise.shape[1]), pairwise.dtype)
    minus[np.arange(k), np.arange(k)] = 0.0
    square = np.empty(pairwise.shape[1], pairwise.dtype)
    for wins, (a, b) in zip(pairwise, combinations(range(k), 2), strict=True):
        loses = np.subtract(1.0, wins, out=minus[b, a])
        minus[a, a] -= np.multiply(loses, loses, out=square)
        minus[b, b] -= np.multiply(wins, wins, out=square)
        loses *= wins
        minus[a, b] = loses
    return minus


def _excess(image: NDArray[Any], mean: NDArray[Any], total: NDArray[Any]) -> NDArray[Any]:
    """Return by how much the optimality condition fails to hold to END / k."""
    worst = image.max(axis=0) - mean
    np.maximum(worst, mean - image.min(axis=0), out=worst)
    worst -= END / len(image) * total
    return np.asarray(worst)


def _sweep(
    minus: NDArray[Any],
    p: NDArray[Any],
    image: NDArray[Any],
    value: NDArray[Any],
    total: NDArray[Any],
) -> None:
    """Move every coordinate once, in place: image = Qp, value = p'Qp, total = sum of p."""
    mean, move = np.empty_like(value), np.empty_like(value)
    change = np.empty_like(image)
    for t in range(len(p)):
        np.divide(value, total, out=mean)
        np.subtract(image[t], mean, out=move)
        move /= minus[t, t]
        mean += image[t]
        mean *= move
        value += mean
        total += move
        p[t] += move
        np.multiply(minus[t], move, out=change)
        image -= change
