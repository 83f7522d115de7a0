"""Confusion matrices, and the means and quotients that metrics make of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataperf.records import FloatArray, IntArray
from dataperf.statistics.class_ids import check_ids


def confusion(truth: ArrayLike, predicted: ArrayLike, classes: int) -> IntArray:
    """Count how often each class was taken for each class.

    Parameters
    ----------
    truth, predicted : (rows,) array of int
        Class ids in ``range(classes)``.
    classes : int
        Number of classes.

    Returns
    -------
    (classes, classes) array of int
        Rows are true classes, columns predicted ones.

    Raises
    ------
    ValueError
        If lengths differ or a class id is out of range.

    Examples
    --------
    >>> confusion([0, 1, 1], [0, 0, 1], 2)
    array([[1, 0],
           [1, 1]])
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.ndim != 1 or truth.shape != predicted.shape:
        raise ValueError(f"truth has shape {truth.shape}, predictions {predicted.shape}")
    check_ids(truth, classes, "truth")
    check_ids(predicted, classes, "predictions")
    cells = truth.astype(np.intp) * classes + predicted.astype(np.intp)
    counts = np.bincount(cells, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.intp, copy=False)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    """Divide, with nan where the denominator is zero.

    Parameters
    ----------
    numerator, denominator : array of float
        Two arrays of shapes that broadcast.

    Returns
    -------
    array of float64
        nan where the denominator is zero.

    Examples
    --------
    >>> ratio([1, 0], [2, 0])
    array([0.5, nan])
    """
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient: FloatArray = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient


def mean_over_classes(
    values: FloatArray, present: NDArray[np.bool_], *, weights: FloatArray | None = None
) -> FloatArray:
    """Average a number over the classes that are present.

    A single vector is averaged the way scikit-learn does it (absent classes are dropped
    before the sum), so that scores agree to the last bit.

    Parameters
    ----------
    values : (..., k) array of float
        One number for each class; what absent classes hold is ignored.
    present : (..., k) array of bool
        Which classes count.
    weights : (..., k) array of float, optional
        Equal by default.

    Returns
    -------
    (...) array of float64
        nan where no class is present or all weights are zero.

    Examples
    --------
    >>> mean_over_classes(np.array([0.5, 1.0, 9.0]), np.array([True, True, False]))
    array(0.75)
    """
    weights = np.ones(values.shape) if weights is None else weights
    if values.ndim == 1:
        values, weights = values[present], weights[present]
    else:
        values, weights = np.where(present, values, 0.0), np.where(present, weights, 0.0)
    return ratio((values * weights).sum(axis=-1), weights.sum(axis=-1))
