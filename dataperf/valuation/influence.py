"""What leaving out each row does to a linear model, without training anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem
from dataperf.records import FloatArray, IntArray

#: Most parameters (classes x (columns + 1)): their Hessian takes 8 bytes a pair.
MOST = 8000


def influence(
    features: NDArray[np.floating],
    labels: IntArray,
    tests: NDArray[np.floating],
    truth: IntArray,
    *,
    penalty: float = 1.0,
) -> FloatArray:
    """Return how much the test loss of a logistic regression rises when a row is left out.

    Parameters
    ----------
    features : (n, d) array of float
    labels : (n,) array of int
    tests : (t, d) array of float
    truth : (t,) array of int
        Of classes that ``labels`` holds.
    penalty
        Half of it times the squared weights (not the intercepts) is added to the sum of the
        rows' losses.

    Returns
    -------
    (n,) array of float64
        In nats a test row; below 0 for rows that do harm.

    Raises
    ------
    Invalid
        One class only, test classes that no row has, or too many parameters.

    Notes
    -----
    One Newton step of the remaining rows' objective, with their exact Hessian: with H the
    Hessian of all rows, x a row with a 1 for the intercept, p its chances, y its label as ones
    and zeros, A = diag(p) - p p' and U = I (x) x, leaving it out moves the parameters by
    inv(H - U A U') U (p - y) = inv(H) U inv(I - A U' inv(H) U) (p - y). The change of the loss
    is that move times the gradient of the test loss (Pregibon, Logistic regression
    diagnostics, Annals of Statistics 1981; Koh & Liang, ICML 2017, without their
    approximation of the Hessian).

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
    right = (labels[:, None] == classes).astype(np.float64)
    weights = fit(rows, right, penalty)
    gradient = _gradient(weights, others, (truth[:, None] == classes).astype(np.float64))
    inverse = np.linalg.inv(_hessian(weights, rows, penalty))
    k, d = weights.shape
    chances = _chances(weights, rows)
    along = rows @ (inverse @ gradient.ravel() / len(others)).reshape(k, d).T
    blocks = inverse.reshape(k, d, k, d)
    squares = np.empty((len(rows), k, k))
    for one in range(k):
        for other in range(one, k):
            both = np.einsum("ij,ij->i", rows @ blocks[one, :, other], rows)
            squares[:, one, other] = squares[:, other, one] = both
    spread = np.einsum("ij,jk->ijk", chances, np.eye(k)) - chances[:, :, None] * chances[:, None]
    step = np.linalg.solve(np.eye(k) - spread @ squares, (chances - right)[:, :, None])
    found: FloatArray = np.einsum("ij,ij->i", along, step[:, :, 0])
    return found


def fit(rows: FloatArray, right: FloatArray, penalty: float) -> FloatArray:
    """Return the (classes, d) weights of a logistic regression.

    ``rows`` : (n, d), the last column the intercept's ones; ``right`` : (n, classes) of ones
    and zeros.
    """
    from scipy.optimize import minimize

    shape = (right.shape[1], rows.shape[1])
    free = np.append(np.ones(shape[1] - 1), 0.0)

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(shape)
        logits = rows @ weights.T
        top = logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0] - (logits * right).sum(axis=1)
        ridge = penalty * weights * free
        slope = _gradient(weights, rows, right) + ridge
        return float(total.sum() + (ridge * weights).sum() / 2), slope.ravel()

    options = {"maxiter": 2000, "gtol": 1e-7 * len(rows), "ftol": 1e-15, "maxcor": 20}
    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    weights: FloatArray = found.x.reshape(shape)
    return weights


def _chances(weights: FloatArray, rows: FloatArray) -> FloatArray:
    logits = rows @ weights.T
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: FloatArray = raised / raised.sum(axis=1, keepdims=True)
    return chances


def _gradient(weights: FloatArray, rows: FloatArray, right: FloatArray) -> FloatArray:
    """Return the (classes, d) gradient of the sum of the rows' losses."""
    gradient: FloatArray = (_chances(weights, rows) - right).T @ rows
    return gradient


def _hessian(weights: FloatArray, rows: FloatArray, penalty: float) -> FloatArray:
    """Return the Hessian, (classes * d, classes * d), of the penalised sum of losses.

    Where the intercepts all rise alike nothing changes, so that there the Hessian would be 0
    and have no inverse. It is given a slope there; no gradient has a part in that direction.
    """
    k, d = weights.shape
    chances = _chances(weights, rows)
    hessian = np.empty((k, d, k, d))
    for one in range(k):
        for other in range(one, k):
            share = chances[:, one] * ((one == other) - chances[:, other])
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
        problems.append(Problem("one-class", "labels", "hold one class", "two or more"))
    unknown = np.setdiff1d(truth, classes)
    if len(unknown):
        what = f"class {unknown[0]}, which no row has"
        problems.append(Problem("unknown-class", "truth", what, "leave such test rows out"))
    size = len(classes) * (features.shape[1] + 1)
    if size > MOST:
        what = f"{size:,} parameters (classes x columns)"
        problems.append(Problem("size", "features", what, f"{MOST:,} at most: fewer columns"))
    if not penalty > 0:
        problems.append(Problem("not-positive", "penalty", str(penalty), "above 0"))
    if problems:
        raise Invalid("rows to value", problems)
