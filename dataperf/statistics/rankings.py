"""How well a ranking or a set of flags finds the errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataperf.records import FloatArray
from dataperf.statistics.class_ids import check_ids


def suspicion_of(order: ArrayLike, rows: int) -> FloatArray:
    """Return a suspicion score of each row from an order; rows that are not listed tie at the end.

    Parameters
    ----------
    order : (m,) array of int
        Row numbers, most suspicious first, each at most once.
    rows : int
        Number of all rows.

    Returns
    -------
    (rows,) array of float64
        Higher means more suspicious.

    Raises
    ------
    ValueError
        If a row is listed twice or does not exist.

    Examples
    --------
    >>> suspicion_of([2, 0], 4)
    array([1., 0., 2., 0.])
    """
    listed = np.asarray(order, dtype=np.intp)
    if len(np.unique(listed)) != len(listed):
        raise ValueError("a row is listed more than once")
    check_ids(listed, rows, "listed rows")
    suspicion = np.zeros(rows)
    suspicion[listed] = np.arange(len(listed), 0, -1)
    return suspicion


def ranking_scores(
    suspicion: FloatArray, is_error: NDArray[np.bool_], *, ks: Sequence[int] = ()
) -> dict[str, float | None]:
    """Score how well suspicion puts the errors first.

    Rows of equal suspicion are in random order: average precision, precision@k and recall@k
    are exact expectations over it, and AUROC gives such pairs one half.

    Parameters
    ----------
    suspicion : (rows,) array of float
        Higher means more likely to be wrong.
    is_error : (rows,) array of bool
        Which rows are wrong.
    ks : sequence of int
        Depths from 1 to the number of rows; others give None.

    Returns
    -------
    dict of str to float or None
        ``average_precision``, ``auroc``, ``precision@K`` and ``recall@K``; None where
        undefined (no errors; for AUROC also nothing but errors).

    Raises
    ------
    ValueError
        If lengths differ or suspicion is nan.

    Notes
    -----
    Ties: McSherry & Najork, Computing Information Retrieval Performance Measures Efficiently
    in the Presence of Tied Scores (ECIR 2008), average precision. scikit-learn's
    ``average_precision_score`` treats a tie as one threshold instead; without ties both
    agree. AUROC: Hanley & McNeil, Radiology 143 (1982), the Wilcoxon statistic.

    Examples
    --------
    >>> errors = np.array([True, False, True, False])
    >>> ranking_scores(np.array([3.0, 2.0, 1.0, 0.0]), errors, ks=[2])
    {'average_precision': 0.8333333333333333, 'auroc': 0.75, 'precision@2': 0.5, 'recall@2': 0.5}
    """
    if suspicion.shape != is_error.shape or np.isnan(suspicion).any():
        raise ValueError("suspicion must be one number, not nan, for every row")
    rows, wrong = len(is_error), int(np.count_nonzero(is_error))
    _, block = np.unique(-suspicion, return_inverse=True)
    size = np.bincount(block)
    inside = np.bincount(block, weights=is_error)
    before = np.cumsum(size) - size
    wrong_before = np.cumsum(inside) - inside
    # By place 1..rows: probability of an error there, and expected errors up to there given one.
    place = np.arange(1, rows + 1)
    at = np.repeat(np.arange(len(size)), size)
    chance = (inside / np.maximum(size, 1))[at]
    others = (place - before[at] - 1) * (inside - 1)[at] / np.maximum(size - 1, 1)[at]
    down_to = wrong_before[at] + 1 + others
    expected = np.cumsum(chance)
    right = size - inside
    later = rows - wrong - np.cumsum(right)
    pairs = float(np.sum(inside * (later + right / 2)))
    scores: dict[str, float | None] = {
        "average_precision": _share(float(np.sum(chance * down_to / place)), wrong),
        "auroc": _share(pairs, wrong * (rows - wrong)),
    }
    for k in ks:
        hits = float(expected[k - 1]) if 1 <= k <= rows else None
        scores[f"precision@{k}"] = None if hits is None else hits / k
        scores[f"recall@{k}"] = None if hits is None else _share(hits, wrong)
    return scores


def flag_scores(flagged: NDArray[np.bool_], is_error: NDArray[np.bool_]) -> dict[str, float | None]:
    """Score a set of flagged rows against the errors.

    Parameters
    ----------
    flagged, is_error : (rows,) array of bool
        Which rows are flagged, and which are wrong.

    Returns
    -------
    dict of str to float or None
        ``precision`` (None if nothing is flagged), ``recall`` (None without errors), ``f1``
        (None if both are empty).

    Raises
    ------
    ValueError
        If lengths differ.

    Examples
    --------
    >>> flag_scores(np.array([True, True, False]), np.array([True, False, False]))
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666}
    """
    if flagged.shape != is_error.shape:
        raise ValueError(f"{flagged.shape} flags for {is_error.shape} rows")
    hits = int(np.count_nonzero(flagged & is_error))
    found, wrong = int(np.count_nonzero(flagged)), int(np.count_nonzero(is_error))
    return {
        "precision": _share(hits, found),
        "recall": _share(hits, wrong),
        "f1": _share(2 * hits, found + wrong),
    }


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
