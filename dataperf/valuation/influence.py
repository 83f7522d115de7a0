"""Influence: the effect of leaving out a row on a linear model, without retraining."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem
from dataperf.records import FloatArray, IntArray

#: Maximum number of parameters (classes x (columns + 1)); their Hessian takes 8 bytes a pair.
MOST = 8000


def influence(
    features: NDArray[np.floating],
    labels: IntArray,
    tests: NDArray[np.floating],
    truth: IntArray,
    *,
    penalty: float = 1.0,
) -> FloatArray:
    """Return the rise of the test loss of a logistic regression if a row is left out.

    Parameters
    ----------
    features : (n, d) array of float
        Training rows.
    labels : (n,) array of int
        Their class ids.
    tests : (t, d) array of float
        Test rows.
    truth : (t,) array of int
        Their class ids; each class must occur in ``labels``.
    penalty
        L2 penalty: half of it times the squared weights (without the intercepts) is added to the
        sum of the rows' losses.

    Returns
    -------
    (n,) array of float64
        In nats per test row; negative for harmful rows.

    Raises
    ------
    Invalid
        If there is only one class, a test class has no rows, or there are too many parameters.

    Notes
    -----
    One Newton step on the objective of the remaining rows, with their exact Hessian. Let H be
    the Hessian of all rows, x a row with a 1 for the intercept, p its class probabilities, y its
    label as ones and zeros, A = diag(p) - p p' and U = I (x) x. Leaving out the row moves the
    parameters by inv(H - U A U') U (p - y) = inv(H) U inv(I - A U' inv(H) U) (p - y). The change
    of the loss is this step times the gradient of the test loss (Pregibon, Logistic regression
    diagnostics, Annals of Statistics 1981; Koh & Liang, ICML 2017, without their approximation
    of the Hessian).

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [2.0], [3.0], [2.9]])
    >>> found = influence(rows, np.array([0, 0, 1, 1, 0]), rows[:4], np.array([0, 0, 1, 1]))
    >>> int(found.argmin())
    4
    """
    classes = np.unique(labels)
    _refuse(features, classes, truth, penalty)
    rows, others = _with_one(features), _with_one(tests)
    targets = (labels[:, None] == classes).astype(np.float64)
    weights = fit(rows, targets, penalty)
    gradient = _gradient(weights, others, (truth[:, None] == classes).astype(np.float64))
    inverse = np.linalg.inv(_hessian(weights, rows, penalty))
    k, d = weights.shape
    probabilities = _probabilities(weights, rows)
    projected = rows @ (inverse @ gradient.ravel() / len(others)).reshape(k, d).T
    inverse_blocks = inverse.reshape(k, d, k, d)
    squares = np.empty((len(rows), k, k))
    for one in range(k):
        for other in range(one, k):
            both = np.einsum("ij,ij->i", rows @ inverse_blocks[one, :, other], rows)
            squares[:, one, other] = squares[:, other, one] = both
    spread = (
        np.einsum("ij,jk->ijk", probabilities, np.eye(k))
        - probabilities[:, :, None] * probabilities[:, None]
    )
    step = np.linalg.solve(np.eye(k) - spread @ squares, (probabilities - targets)[:, :, None])
    found: FloatArray = np.einsum("ij,ij->i", projected, step[:, :, 0])
    return found


def fit(rows: FloatArray, targets: FloatArray, penalty: float) -> FloatArray:
    """Fit a logistic regression.

    Parameters
    ----------
    rows : (n, d) array of float64
        The last column is 1, for the intercept.
    targets : (n, classes) array of float64
        Ones and zeros.
    penalty
        L2 penalty, as in `influence`.

    Returns
    -------
    (classes, d) array of float64
        Weights, the intercepts last.
    """
    from scipy.optimize import minimize

    shape = (targets.shape[1], rows.shape[1])
    free = np.append(np.ones(shape[1] - 1), 0.0)

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(shape)
        logits = rows @ weights.T
        top = logits.max(axis=1, keepdims=True)
        total = (
            np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0] - (logits * targets).sum(axis=1)
        )
        ridge = penalty * weights * free
        slope = _gradient(weights, rows, targets) + ridge
        return float(total.sum() + (ridge * weights).sum() / 2), slope.ravel()

    options = {"maxiter": 2000, "gtol": 1e-7 * len(rows), "ftol": 1e-15, "maxcor": 20}
    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    weights: FloatArray = found.x.reshape(shape)
    return weights


def _probabilities(weights: FloatArray, rows: FloatArray) -> FloatArray:
    logits = rows @ weights.T
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = raised / raised.sum(axis=1, keepdims=True)
    return probabilities


def _gradient(weights: FloatArray, rows: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the (classes, d) gradient of the sum of the rows' losses."""
    gradient: FloatArray = (_probabilities(weights, rows) - targets).T @ rows
    return gradient


def _hessian(weights: FloatArray, rows: FloatArray, penalty: float) -> FloatArray:
    """Return the Hessian, (classes * d, classes * d), of the penalised sum of losses.

    Adding a constant to all intercepts changes nothing, so the Hessian would be singular in that
    direction. A constant is added there; no gradient has a component in that direction.
    """
    k, d = weights.shape
    probabilities = _probabilities(weights, rows)
    hessian = np.empty((k, d, k, d))
    for one in range(k):
        for other in range(one, k):
            share = probabilities[:, one] * ((one == other) - probabilities[:, other])
            block = (rows * share[:, None]).T @ rows
            hessian[one, :, other] = block
            hessian[other, :, one] = block.T
    hessian[:, -1, :, -1] += 1.0
    for one in range(k):
        hessian[one, np.arange(d - 1), one, np.arange(d - 1)] += penalty
    return hessian.reshape(k * d, k * d)


def _with_one(rows: NDArray[np.floating]) -> FloatArray:
    return np.column_stack([rows, np.ones(len(rows))]).astype(np.float64)


def _refuse(
    features: NDArray[np.floating], classes: IntArray, truth: IntArray, penalty: float
) -> None:
    problems = []
    if len(classes) < 2:
        problems.append(Problem("one-class", "labels", "only one class", "two or more classes"))
    unknown = np.setdiff1d(truth, classes)
    if len(unknown):
        what = f"class {unknown[0]} has no rows"
        problems.append(Problem("unknown-class", "truth", what, "leave such test rows out"))
    size = len(classes) * (features.shape[1] + 1)
    if size > MOST:
        what = f"{size:,} parameters (classes x columns)"
        problems.append(Problem("size", "features", what, f"at most {MOST:,}: use fewer columns"))
    if not penalty > 0:
        problems.append(Problem("not-positive", "penalty", str(penalty), "above 0"))
    if problems:
        raise Invalid("rows to value", problems)
