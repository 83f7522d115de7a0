"""Confusion matrices of many classes by their diagonal and their sums, which is all many metrics use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import FloatArray, IntArray

#: With more classes, confusion matrices are neither kept nor used where margins suffice.
MANY_CLASSES = 1_000


class Margins:
    """What a stack of (k, k) confusion matrices is to a metric that only asks for its margins.

    It answers ``sum``, ``numpy.diagonal`` and ``numpy.trace`` over the last two axes with the numbers
    that the matrices would give, bit for bit. Anything else is a TypeError.

    Parameters
    ----------
    hits, true, predicted : (..., k) array of float64
        Diagonal, sums of the rows and sums of the columns.

    Examples
    --------
    >>> one = Margins(np.array([1.0, 2.0]), np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    >>> np.diagonal(one, axis1=-2, axis2=-1), float(one.sum(axis=(-2, -1)))
    (array([1., 2.]), 4.0)
    """

    def __init__(self, hits: FloatArray, true: FloatArray, predicted: FloatArray) -> None:
        self._hits, self._true, self._predicted = hits, true, predicted

    @property
    def parts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The diagonal, the sums of the rows and the sums of the columns."""
        return self._hits, self._true, self._predicted

    def line(self, place: int) -> Margins:
        """Return the margins of one matrix of the stack."""
        return Margins(self._hits[place], self._true[place], self._predicted[place])

    def sum(self, axis: int | tuple[int, int]) -> FloatArray:
        """Return the sums over one or both of the last two axes."""
        if axis in (-1, -2):
            return self._true if axis == -1 else self._predicted
        if axis in ((-2, -1), (-1, -2)):
            total: FloatArray = self._true.sum(axis=-1)
            return total
        raise TypeError(f"the sum over axis {axis} is not known")

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        axes = {kwargs.get("axis1", 0), kwargs.get("axis2", 1)}
        if len(args) == 1 and axes == {-1, -2} and set(kwargs) <= {"axis1", "axis2"}:
            if function is np.diagonal:
                return self._hits
            if function is np.trace:
                return self._hits.sum(axis=-1)
        return NotImplemented


def suffice(metric: Metric) -> bool:
    """Return whether a metric with ``from_counts`` asks for margins only."""
    one = np.ones(2)
    from_counts: Any = getattr(metric, "from_counts", None)
    try:
        from_counts(Margins(one, one, one))
    except (TypeError, AttributeError, ValueError, IndexError):
        return False
    return True


def counter(
    truth: IntArray, predicted: IntArray, classes: int
) -> Callable[[IntArray], tuple[FloatArray, FloatArray, FloatArray]]:
    """Return a function from drawn rows to every seed's hits, true and predicted counts.

    Parameters
    ----------
    truth : (rows,) array of int
    predicted : (seeds, rows) array of int
    classes : int
        Number of classes, k; each of the counts has the shape (seeds, k).
    """
    right = [truth == series for series in predicted]

    def count(rows: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        def counts(ids: IntArray) -> FloatArray:
            return np.bincount(ids, minlength=classes).astype(np.float64)

        drawn = truth[rows]
        hits = np.stack([counts(drawn[each[rows]]) for each in right])
        guessed = np.stack([counts(series[rows]) for series in predicted])
        return hits, np.broadcast_to(counts(drawn), hits.shape), guessed

    return count
