"""Logistic regression as DataPerf's vision selection and data acquisition ran it.

``LogisticRegression(random_state=0)``, defaults all, of the scikit-learn of the challenges
(2022 and 2023, up to 1.3), written out: penalty |w|^2 / 2, the summed loss in float64, its
gradient below 1e-4 or at most 100 steps of L-BFGS-B (SciPy's, memory 10) from zero. Nothing
is drawn, so one model serves all seeds.

Where it stops decides the label of single rows close to the boundary, and scikit-learn 1.4
changed that (the mean loss, so that training stops earlier). Nothing that is installed can
move it here; ``RULES`` keeps the later rule beside it, to show what it did to scores.

References
----------
Byrd, Lu, Nocedal & Zhu (1995), A limited memory algorithm for bound constrained optimization.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: By scikit-learn release: whether the loss is a mean over rows, and options of L-BFGS-B.
RULES: dict[str, tuple[bool, dict[str, float]]] = {
    "up to 1.3": (False, {"gtol": 1e-4, "maxiter": 100}),
    "1.4 and later": (
        True,
        {"gtol": 1e-4, "maxiter": 100, "maxls": 50, "ftol": 64 * float(np.finfo(float).eps)},
    ),
}
RULE = "up to 1.3"
BLOCK = 1 << 18  # numbers of a block of rows: what fits the cache


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned.

    Attributes
    ----------
    present : (k,) int64
        The classes seen in training, ascending.
    seeds : int
        How many seeds were asked for.
    weights : (k, d + 1) float64
        Coefficients and, last, the intercept of every class; with two classes one row.
    """

    present: Ints
    seeds: int
    weights: Floats


def era() -> str:
    """Return a name for the numeric behaviour, which no installed release changes."""
    return "float64, scikit-learn up to 1.3"


def size(fitted: Fitted) -> int:
    """Return the bytes of the learned parameters."""
    return int(fitted.weights.nbytes + fitted.present.nbytes)


def fit(features: ArrayLike, labels: ArrayLike, *, classes: int, seeds: Sequence[int]) -> Fitted:
    """Train on the rows.

    Parameters
    ----------
    features : (n, d) array of finite numbers
        All arithmetic is float64.
    labels : (n,) integers in ``range(classes)``
        At least two classes; others may be absent.
    classes : int
        Number of classes of the challenge.
    seeds : sequence of int
        How often the one prediction is repeated.

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        No rows, fewer than two classes, numbers that are not finite, labels out of range, or
        shapes that do not fit.
    """
    rows = np.asarray(features)
    if rows.dtype != np.float32:
        rows = rows.astype(np.float64, copy=False)
    ids = np.asarray(labels)
    if rows.ndim != 2 or ids.shape != (len(rows),) or not rows.size or not len(seeds):
        raise ValueError(f"features {rows.shape}, labels {ids.shape}, {len(seeds)} seeds")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite")
    if ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= classes:
        raise ValueError(f"labels must be integers from 0 to {classes - 1}")
    present, codes = np.unique(ids, return_inverse=True)
    if len(present) < 2:
        raise ValueError(f"two classes are needed to train, the labels hold one: {present[0]}")
    return Fitted(present.astype(np.int64), len(seeds), _solve(rows, codes, RULE))


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
    if rows.ndim != 2 or rows.shape[1] != fitted.weights.shape[1] - 1:
        raise ValueError(f"features have shape {rows.shape}")
    raw = rows @ fitted.weights[:, :-1].T + fitted.weights[:, -1]
    if not np.isfinite(raw).all():
        raise ValueError("features must be finite")
    codes = (raw[:, 0] > 0).astype(np.intp) if raw.shape[1] == 1 else raw.argmax(axis=1)
    return np.tile(fitted.present[codes], (fitted.seeds, 1))


def _solve(rows: NDArray[Any], codes: Ints, rule: str) -> Floats:
    """Minimise the penalised loss; see the module's head."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    mean, options = RULES[rule]
    n, d = rows.shape
    k = int(codes.max()) + 1
    lines = k if k > 2 else 1
    share = 1.0 / n if mean else 1.0
    rows, codes, counts = _grouped(rows, codes)
    truth = (codes[:, None] == np.arange(k)).astype(np.float64)[:, k - lines :]
    step = max(1, BLOCK // d)
    space = np.empty((min(step, len(rows)), d))
    parts = [
        slice(start, min(start + step, len(rows))) for start in range(0, len(rows), step)
    ]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape((lines, d + 1), order="F")
        gradient = np.zeros((lines, d + 1), order="F")
        total = 0.0
        for part in parts:  # a block goes through the cache once, for loss and gradient
            block, times = space[: part.stop - part.start], counts[part]
            np.copyto(block, rows[part])
            raw = block @ weights[:, :d].T + weights[:, d]
            value, chance = (_binary if k == 2 else _several)(raw, codes[part])
            slope = (chance - truth[part]) * (share * times)
            gradient[:, :d] += slope.T @ block
            gradient[:, d] += slope.sum(axis=0)
            total += float((value * times).sum())
        gradient[:, :d] += share * weights[:, :d]
        penalty = 0.5 * (weights[:, :d] ** 2).sum()
        return float(share * (total + penalty)), gradient.ravel(order="F")

    start = np.zeros(lines * (d + 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    weights: Floats = np.ascontiguousarray(found.x.reshape((lines, d + 1), order="F"))
    return weights


def _grouped(rows: NDArray[Any], codes: Ints) -> tuple[NDArray[Any], Ints, Floats]:
    """Return rows without repeats, their classes, and how often each is there, (n, 1).

    Of rows drawn with replacement a third and more are repeats. Equal rows have equal sums
    with any weights; those that follow each other in the order of the sums are compared.
    """
    waves = np.sin(np.arange(1.0, rows.shape[1] + 1.0)).astype(rows.dtype)
    sums = rows @ waves
    order = np.lexsort((codes, sums))
    new = np.ones(len(rows), dtype=bool)
    near = np.flatnonzero((np.diff(sums[order]) == 0) & (np.diff(codes[order]) == 0))
    for place in near:
        new[place + 1] = not np.array_equal(rows[order[place]], rows[order[place + 1]])
    if new.all():
        return rows, codes, np.ones((len(rows), 1))
    group = np.cumsum(new) - 1
    first = np.full(group[-1] + 1, len(rows))
    np.minimum.at(first, group, order)
    counts = np.bincount(group).astype(np.float64)
    kept = np.argsort(first)
    first = first[kept]
    return rows[first], codes[first], counts[kept][:, None]


def _binary(raw: Floats, codes: Ints) -> tuple[Floats, Floats]:
    """Return the losses, (n, 1), and the chances of class 1, (n, 1), of (n, 1) logits."""
    value: Floats = np.logaddexp(0.0, raw) - codes[:, None] * raw
    return value, 0.5 * (1.0 + np.tanh(0.5 * raw))


def _several(raw: Floats, codes: Ints) -> tuple[Floats, Floats]:
    """Return the losses, (n, 1), and the chance of every class, (n, k), of (n, k) logits."""
    top = raw.max(axis=1, keepdims=True)
    powers = np.exp(raw - top)
    total = powers.sum(axis=1, keepdims=True)
    value: Floats = np.log(total) + top - raw[np.arange(len(raw)), codes][:, None]
    return value, powers / total
