"""Measure how well a single column predicts the label: a cross-validated one-column tree (pure)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray

#: Maximum number of cells (codes x classes) of a full table.
CELLS = 4_000_000


def balanced_accuracy(
    codes: NDArray[np.integer], labels: IntArray, fold: IntArray, *, classes: int
) -> float:
    """Return the cross-validated balanced accuracy of predicting the label from a column.

    In each fold, a code predicts the class that it has the largest share of in the other folds. This
    is a decision tree on one column with balanced class weights and one leaf for each code. A code
    that does not occur in the other folds predicts the most frequent class.

    Parameters
    ----------
    codes : (n,) array of int
        Codes of the column; not negative.
    labels, fold : (n,) array of int
        Class id and fold of each row.
    classes
        Number of classes; classes without rows do not count.

    Returns
    -------
    float
        Mean recall over the classes with rows, 0..1.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1] * 5)
    >>> balanced_accuracy(labels, labels, np.arange(20) % 5, classes=2)
    1.0
    """
    present, labels = np.unique(labels, return_inverse=True)
    found = len(present)
    height, count = int(codes.max(initial=0)) + 1, int(fold.max(initial=0)) + 1
    place = codes.astype(np.int64) * found + labels
    right = np.zeros(found)
    if height * found <= CELLS:
        total = np.bincount(place, minlength=height * found).reshape(height, found)
        for number in range(count):
            held = np.bincount(place[fold == number], minlength=height * found)
            held = held.reshape(height, found)
            right += _right(total - held, held)
    else:
        for number in range(count):
            right += _right_sparse(place, fold == number, found)
    return float(np.mean(right / np.bincount(labels, minlength=found)))


def _right(seen: IntArray, held: IntArray) -> FloatArray:
    """Return the number of correctly predicted held-out rows of each class."""
    of_class = np.maximum(seen.sum(axis=0), 1)
    guess = (seen / of_class).argmax(axis=1)
    guess[seen.sum(axis=1) == 0] = int(of_class.argmax())
    codes = np.arange(len(held))
    found = np.bincount(guess, weights=held[codes, guess], minlength=seen.shape[1])
    return found.astype(np.float64)


def _right_sparse(place: IntArray, held: NDArray[np.bool_], classes: int) -> FloatArray:
    """Like `_right`, but only from the pairs that occur: a full table would be too large."""
    pairs, counts = np.unique(place[~held], return_counts=True)
    of_class = np.bincount(pairs % classes, weights=counts, minlength=classes)
    share = counts / of_class[pairs % classes]
    order = np.lexsort((pairs, -share))
    codes, first = np.unique(pairs[order] // classes, return_index=True)
    best = pairs[order][first] % classes
    held_codes, label = place[held] // classes, place[held] % classes
    where = np.minimum(np.searchsorted(codes, held_codes), len(codes) - 1)
    guess = np.where(codes[where] == held_codes, best[where], int(of_class.argmax()))
    return np.bincount(label[guess == label], minlength=classes).astype(np.float64)


def lift(accuracy: float, classes: int) -> float:
    """Scale a balanced accuracy to 0 (chance) .. 1 (perfect).

    >>> lift(0.75, 2)
    0.5
    """
    return max(0.0, (accuracy - 1 / classes) / (1 - 1 / classes)) if classes > 1 else 0.0
