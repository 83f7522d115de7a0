"""Softmax regression with an L2 penalty, in single precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.records import IntArray

Probabilities = NDArray[np.float32]

#: L2 penalties per training row; tried in this order until one is worse than the one before.
PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4)
ITERATIONS = 60


@dataclass(frozen=True)
class Softmax:
    """A fitted softmax regression with the attributes of scikit-learn's LogisticRegression.

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
        """Return class probabilities, (n, k)."""
        probabilities: Probabilities = softmax(np.asarray(features, dtype=np.float32), self.weights)
        return probabilities


def best_penalty(
    features: NDArray[np.float32],
    labels: IntArray,
    held: NDArray[np.float32],
    truth: IntArray,
    classes: int,
    most: int = 20_000,
) -> float:
    """Return the penalty whose regression has the lowest loss on held-out rows.

    Parameters
    ----------
    features, labels : (n, d) and (n,) arrays
        Training rows and their class ids.
    held, truth : (h, d) and (h,) arrays
        Held-out rows and their class ids.
    classes
        Number of classes.
    most
        Maximum number of rows of each kind.

    Returns
    -------
    float
        One of `PENALTIES`.
    """
    if not len(truth):
        return PENALTIES[0]
    step = max(1, len(labels) // most)
    features, labels, held, truth = features[::step], labels[::step], held[:most], truth[:most]
    best, least, at = PENALTIES[0], np.inf, None
    for penalty in PENALTIES:
        at = fit(features, labels, classes, penalty, start=at)
        right = softmax(held, at)[np.arange(len(truth)), truth]
        loss = float(-np.log(np.maximum(right, 1e-4), dtype=np.float64).mean())
        if loss >= least:
            break
        best, least = penalty, loss
    return best


def fit(
    features: NDArray[np.float32],
    labels: IntArray,
    classes: int,
    penalty: float,
    *,
    start: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Fit a softmax regression: mean cross-entropy plus ``penalty / 2`` times squared weights.

    Parameters
    ----------
    features : (n, d) array of float32
        Training rows.
    labels : (n,) array of int
        Class ids; none is -1.
    classes
        Number of classes, k.
    penalty
        L2 penalty; intercepts are not penalised.
    start : (d + 1, k) array of float32, optional
        Coefficients to start from; zeros by default.

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
        probabilities = softmax(features, weights)
        right = np.maximum(probabilities[np.arange(rows), labels], 1e-30)
        probabilities -= truth
        slope = np.empty((width + 1, classes))
        slope[:-1] = features.T @ probabilities
        slope[-1] = probabilities.sum(axis=0)
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
    """Return the probabilities, (n, k), of a regression with coefficients (d + 1, k)."""
    scores: Probabilities = features @ weights[:-1]
    scores += weights[-1]
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
