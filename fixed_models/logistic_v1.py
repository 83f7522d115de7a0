"""Multinomial logistic regression on standardised columns, solved until nothing moves any more.

Columns are given mean 0 and deviation 1 on the training rows (a constant one becomes 0). The
summed cross-entropy plus ||W||^2 / 2 (C = 1; no penalty on the intercepts) is brought to its
one minimum, a gradient of length below 1e-8 where float64 allows: the penalty makes the loss
curve at least as 1 in every direction, so no weight is farther than that from its place and no
solver, start or order of rows can move a prediction. With two classes the rows of W are each
other's negative; they bear ||W||^2, which is the w^2 / 2 of the one row that others fit.
Nothing is drawn, so one model serves all seeds.

The solver is Newton's method, its steps found by conjugate gradients, which another matrix
makes quick: the Hessian itself in float32 where it is small, else the part of it that all
classes share. Neither has a say in where the minimum is.

References
----------
Nocedal & Wright, Numerical Optimization, 2nd ed. (2006), algorithms 5.3 and 7.1.
Boehning, Multinomial logistic regression algorithm (1992), on the part that is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Solve = Callable[[Floats], Floats]

GRADIENT = 1e-8
#: Sums that differ by less are equal: the first of their classes is predicted.
TIE = 1e-6
MOST_STEPS = 200
MOST_PRODUCTS = 1000
#: Largest number of weights whose Hessian is written out, and the products that call for it.
WRITTEN_OUT = 4096
SLOW = 16


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned.

    Attributes
    ----------
    present : (k,) int64
        The classes seen in training, ascending.
    seeds : int
        How many seeds were asked for.
    centre, scale : (d,) float64
        What is taken from every column, and what it is then multiplied by.
    weights : (k, d + 1) float64
        Coefficients of the standardised columns and, last, the intercept of every class.
    """

    present: Ints
    seeds: int
    centre: Floats
    scale: Floats
    weights: Floats


def era() -> str:
    """Return a name for the numeric behaviour, which no installed release changes."""
    return "float64, converged"


def size(fitted: Fitted) -> int:
    """Return the bytes of the learned parameters."""
    return int(fitted.weights.nbytes + fitted.centre.nbytes + fitted.scale.nbytes)


def fit(features: ArrayLike, labels: ArrayLike, *, classes: int, seeds: Sequence[int]) -> Fitted:
    """Train on the rows.

    Parameters
    ----------
    features : (n, d) array of finite numbers
        All arithmetic is float64.
    labels : (n,) integers in ``range(classes)``
        Classes that are absent are never predicted; of one class alone, it always is.
    classes : int
        Number of classes of the challenge.
    seeds : sequence of int
        How often the one prediction is repeated.

    Raises
    ------
    ValueError
        No rows, numbers that are not finite, labels out of range, or shapes that do not fit.
    """
    return next(fit_series(features, [labels], classes=classes, seeds=seeds))


def fit_series(
    features: ArrayLike, label_sets: Sequence[ArrayLike], *, classes: int, seeds: Sequence[int]
) -> Iterator[Fitted]:
    """Train on the same rows with one labelling after the other; the same as `fit` on each.

    Each search begins where the last one ended. See `fit` for what is taken and refused.
    """
    rows = np.array(features, dtype=np.float64)
    if rows.ndim != 2 or not rows.size or not len(seeds):
        raise ValueError(f"features of shape {rows.shape}, {len(seeds)} seeds")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite")
    centre = rows.mean(axis=0)
    spread = np.where(rows.min(axis=0) == rows.max(axis=0), 0.0, rows.std(axis=0))
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    rows = np.column_stack([(rows - centre) * scale, np.ones(len(rows))])
    if not np.isfinite(rows).all():
        raise ValueError("features are too large or too small for float64")
    before: Fitted | None = None
    solve: Solve | None = None
    for labels in label_sets:
        ids = np.asarray(labels)
        if ids.shape != (len(rows),) or ids.dtype.kind not in "iu":
            raise ValueError(f"labels must be {len(rows)} integers")
        if ids.min() < 0 or ids.max() >= classes:
            raise ValueError(f"labels must be integers from 0 to {classes - 1}")
        present, codes = np.unique(ids, return_inverse=True)
        weights = np.zeros((len(present), rows.shape[1]))
        if before is not None and np.array_equal(before.present, present):
            weights = before.weights
        else:
            solve = None
        if len(present) > 1:
            weights, solve = _solve(rows, codes, weights, solve)
        before = Fitted(present.astype(np.int64), len(seeds), centre, scale, weights)
        yield before


def predict(fitted: Fitted, features: ArrayLike) -> Ints:
    """Return the label of every row, repeated for every seed.

    Parameters
    ----------
    fitted : Fitted
    features : (n, d) array of finite numbers

    Returns
    -------
    (seeds, n) int64

    Raises
    ------
    ValueError
        Not a table as wide as the training rows, or not finite.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(fitted.centre):
        raise ValueError(f"features have shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite")
    raw = (rows - fitted.centre) * fitted.scale @ fitted.weights[:, :-1].T + fitted.weights[:, -1]
    codes = (raw >= raw.max(axis=1, keepdims=True) - TIE).argmax(axis=1)
    return np.tile(fitted.present[codes], (fitted.seeds, 1))


# The solver -----------------------------------------------------------------------------


def _solve(
    rows: Floats, codes: Ints, weights: Floats, solve: Solve | None
) -> tuple[Floats, Solve | None]:
    """Return the weights, (k, d + 1), of the least loss, searched from those given.

    ``solve`` is a rough inverse of the Hessian nearby, as the last search left it.
    """
    k = len(weights)
    truth = (codes[:, None] == np.arange(k)).astype(np.float64)
    penalty = np.full(rows.shape[1], 2.0 if k == 2 else 1.0)
    penalty[-1] = 0.0
    loss, chance = _loss(rows, codes, weights, penalty)
    products, slope = 0, np.inf
    for _ in range(MOST_STEPS):
        gradient = (chance - truth).T @ rows + weights * penalty
        before, slope = slope, float(np.linalg.norm(gradient))
        if slope <= GRADIENT:
            break
        if solve is None or products > SLOW:
            near = before < 100.0 or slope < 100.0
            solve = _approximation(rows, chance, penalty, near)
        share = min(0.1, float(np.sqrt(slope)))
        step, products = _newton_step(rows, chance, penalty, gradient, solve, share * slope)
        found = _search(rows, codes, weights, penalty, step, loss, float((gradient * step).sum()))
        if found is None:  # as low as float64 can tell
            break
        weights, loss, chance = found
    weights = weights.copy()
    weights[:, -1] -= weights[:, -1].mean()  # what all intercepts share changes nothing
    return weights, solve


def _loss(rows: Floats, codes: Ints, weights: Floats, penalty: Floats) -> tuple[float, Floats]:
    """Return the penalised loss and every row's chances, (n, k)."""
    raw = rows @ weights.T
    raw -= raw.max(axis=1, keepdims=True)
    own = raw[np.arange(len(rows)), codes]
    np.exp(raw, out=raw)
    total = raw.sum(axis=1, keepdims=True)
    raw /= total
    return float((np.log(total[:, 0]) - own).sum() + 0.5 * (weights**2 * penalty).sum()), raw


def _newton_step(
    rows: Floats,
    chance: Floats,
    penalty: Floats,
    gradient: Floats,
    solve: Solve,
    enough: float,
) -> tuple[Floats, int]:
    """Return a step whose residual is shorter than ``enough``, and the products it took."""
    step, rest = np.zeros_like(gradient), -gradient
    better = solve(rest)
    direction, length = better, float((rest * better).sum())
    for count in range(1, MOST_PRODUCTS + 1):
        moved = rows @ direction.T
        moved -= (chance * moved).sum(axis=1, keepdims=True)
        moved *= chance
        bent = moved.T @ rows + direction * penalty
        curve = float((direction * bent).sum())
        if curve <= 0.0:  # only rounding can make it so
            break
        step = step + length / curve * direction
        rest = rest - length / curve * bent
        if np.linalg.norm(rest) <= enough:
            break
        better = solve(rest)
        longer = float((rest * better).sum())
        direction, length = better + longer / length * direction, longer
    return step, count


def _search(
    rows: Floats,
    codes: Ints,
    weights: Floats,
    penalty: Floats,
    step: Floats,
    loss: float,
    slope: float,
) -> tuple[Floats, float, Floats] | None:
    """Return weights along the step, their loss and chances; None if nothing is lower."""
    rounding = 1e-12 * max(1.0, abs(loss))
    share = 1.0
    while share > 1e-10:
        moved = weights + share * step
        value, chance = _loss(rows, codes, moved, penalty)
        if value <= loss + 1e-4 * share * slope + (rounding if share == 1.0 else 0.0):
            return moved, value, chance
        share /= 2.0
    return None


def _approximation(rows: Floats, chance: Floats, penalty: Floats, near: bool) -> Solve:
    """Return a quick and rough inverse of the Hessian, for conjugate gradients."""
    from scipy.linalg.blas import strsv

    k, width = chance.shape[1], rows.shape[1]
    if near and k * width <= WRITTEN_OUT:
        factor = _written_out(rows.astype(np.float32), chance, penalty)

        def by_all(values: Floats) -> Floats:
            half: Any = strsv(factor, values.astype(np.float32).ravel(), lower=1)
            whole: Any = strsv(factor, half, lower=1, trans=1)
            return np.asarray(whole, dtype=np.float64).reshape(k, width)

        return by_all
    shared = (rows * (chance * (1.0 - chance)).mean(axis=1)[:, None]).T @ rows
    shared += np.diag(penalty + 1e-6 * max(1.0, float(np.diag(shared).max())))
    inverse = np.linalg.inv(shared)
    return lambda values: np.asarray(values @ inverse)


def _written_out(rows: NDArray[np.float32], chance: Floats, penalty: Floats) -> NDArray[Any]:
    """Return the lower Cholesky factor of the Hessian, (k * width, k * width)."""
    k, width = chance.shape[1], rows.shape[1]
    whole = np.zeros((k * width, k * width), dtype=np.float32)
    for one in range(k):
        for other in range(one + 1):
            weight = (chance[:, one] * ((one == other) - chance[:, other])).astype(np.float32)
            part = (rows * weight[:, None]).T @ rows
            whole[one * width : (one + 1) * width, other * width : (other + 1) * width] = part
    places = np.arange(k * width)
    highest = max(1.0, float(whole[places, places].max()))
    whole[places, places] += np.tile(penalty, k).astype(np.float32) + np.float32(1e-4 * highest)
    return np.asfortranarray(np.linalg.cholesky(whole))  # what the solver takes without a copy
