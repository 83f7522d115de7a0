"""The metric of one line of predictions after a change of one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import FloatArray, IntArray
from dataperf.statistics.margins import MANY_CLASSES, Margins, suffice
from dataperf.statistics.outcomes import Outcome, score_of

_MOST_NUMBERS = 1 << 20  # numbers of one batch of confusion matrices (8 MiB)


def after_change(
    metric: Any, outcome: Outcome, line: int, change: tuple[IntArray, IntArray, IntArray]
) -> FloatArray:
    """Return the metric of one line after each change of one row.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.
    line : int
        Number of the line (seed).
    change : tuple of three (changes,) arrays of int
        True class, prediction and new prediction of a row of that kind; -1 removes the row.

    Returns
    -------
    (changes,) array of float64
        nan where the metric is not defined after the change.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> one = Outcome(np.array([0, 1]), np.array([[0, 0]]), 2)
    >>> after_change(accuracy, one, 0, tuple(np.array([[1], [0], [1]])))
    array([1.])
    """
    true, old, new = change
    found, k = np.empty(len(true)), outcome.classes
    if not hasattr(metric, "from_counts"):
        predicted = outcome.predicted[line]
        for place in range(len(true)):
            row = np.flatnonzero((outcome.truth == true[place]) & (predicted == old[place]))[0]
            changed = predicted.copy()
            changed[row] = new[place]
            found[place] = score_of(metric, outcome.truth, changed, classes=k)
        return found
    stacked = _margins_after if _by_margins(metric, outcome) else _counts_after
    step = max(1, _MOST_NUMBERS // numbers_of_one(metric, outcome))
    for start in range(0, len(true), step):
        part = slice(start, start + step)
        found[part] = metric.from_counts(stacked(outcome, line, true[part], old[part], new[part]))
    return found


def _counts_after(
    outcome: Outcome, line: int, true: IntArray, old: IntArray, new: IntArray
) -> IntArray:
    stack = np.repeat(outcome.counts[line][None], len(true), axis=0)
    each, kept = np.arange(len(true)), new >= 0
    stack[each, true, old] -= 1
    stack[each[kept], true[kept], new[kept]] += 1
    return stack


def _margins_after(
    outcome: Outcome, line: int, true: IntArray, old: IntArray, new: IntArray
) -> Margins:
    hits, rows, predicted = (
        np.repeat(each[None], len(true), axis=0) for each in outcome.margins.line(line).parts
    )
    each, kept = np.arange(len(true)), new >= 0
    predicted[each, old] -= 1
    hits[each, true] -= old == true
    rows[each[~kept], true[~kept]] -= 1
    predicted[each[kept], new[kept]] += 1
    hits[each[kept], true[kept]] += new[kept] == true[kept]
    return Margins(hits, rows, predicted)


def _by_margins(metric: Metric, outcome: Outcome) -> bool:
    return outcome.classes > MANY_CLASSES and suffice(metric)


def numbers_of_one(metric: Metric, outcome: Outcome) -> int:
    """Return how many numbers the metric of one line is computed from.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.

    Returns
    -------
    int
        The number of classes where margins suffice, else its square.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> numbers_of_one(accuracy, Outcome(np.array([0]), np.array([[0]]), 2))
    4
    """
    return outcome.classes ** (1 if _by_margins(metric, outcome) else 2)
