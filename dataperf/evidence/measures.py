"""Statistics that detectors share: intervals of shares, association, AUROC, kappa (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataperf.records import FloatArray, IntArray

Z95 = 1.959963984540054


def wilson(
    successes: ArrayLike, trials: ArrayLike, *, several: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's intervals of shares: all of them hold their share in 95 % of samples.

    Parameters
    ----------
    successes, trials : (...) array of numbers
        Counts.
    several : int
        Number of intervals that are meant to hold at once (Bonferroni); 1 for each alone.

    Returns
    -------
    low, high : (...) arrays of float64
        0 and 1 where there are no trials.

    Notes
    -----
    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22
    (1927).

    Examples
    --------
    >>> [round(float(end), 3) for end in wilson(5, 10)]
    [0.237, 0.763]
    """
    good, total = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    safe = np.maximum(total, 1.0)
    share = good / safe
    z = Z95 if several == 1 else NormalDist().inv_cdf(1 - 0.025 / several)
    middle = (share + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = np.sqrt(share * (1 - share) / safe + z**2 / (4 * safe**2)) * z / (1 + z**2 / safe)
    low = np.where(total > 0, np.clip(middle - half, 0.0, 1.0), 0.0)
    return low, np.where(total > 0, np.clip(middle + half, 0.0, 1.0), 1.0)


def crossed(a: NDArray[np.integer], b: NDArray[np.integer], shape: tuple[int, int]) -> IntArray:
    """Return the contingency table of two columns of codes; rows with a negative code are left out.

    >>> crossed(np.array([0, 1, 1, -1]), np.array([0, 0, 1, 1]), (2, 2)).tolist()
    [[1, 0], [1, 1]]
    """
    both = (a >= 0) & (b >= 0)
    place = a[both].astype(np.int64) * shape[1] + b[both]
    return np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)


def association(table: ArrayLike) -> tuple[float, float]:
    """Return bias-corrected Cramér's V and the p-value of Pearson's chi-squared test.

    Parameters
    ----------
    table : (r, c) array of counts
        Empty rows and columns are left out.

    Returns
    -------
    v : float
        From 0 (independent) to 1 (one determines the other); nan with fewer than two rows or
        columns.
    p : float
        1 if V is nan.

    Notes
    -----
    W. Bergsma, A bias-correction for Cramér's V and Tschuprow's T, Journal of the Korean
    Statistical Society 42 (2013).

    Examples
    --------
    >>> [round(part, 2) for part in association([[30, 0], [0, 30]])]
    [1.0, 0.0]
    """
    from scipy.stats import chi2

    counts = np.asarray(table, dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    rows, columns = counts.shape
    total = counts.sum()
    if min(rows, columns) < 2 or total < 3:
        return float("nan"), 1.0
    expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0) / total
    statistic = float(((counts - expected) ** 2 / expected).sum())
    freedom = (rows - 1) * (columns - 1)
    phi = max(0.0, statistic / total - freedom / (total - 1))
    least = min(rows - (rows - 1) ** 2 / (total - 1), columns - (columns - 1) ** 2 / (total - 1))
    v = min(1.0, float(np.sqrt(phi / (least - 1)))) if least > 1 else float("nan")
    return v, float(chi2.sf(statistic, freedom))


@dataclass(frozen=True)
class Area:
    """Area under the ROC curve with its 95 % interval."""

    value: float
    low: float
    high: float


def auroc(scores: ArrayLike, positive: NDArray[np.bool_]) -> Area:
    """Return the area under the ROC curve; ties count half.

    Parameters
    ----------
    scores : (n,) array of float
        Higher for positives.
    positive : (n,) array of bool
        At least one true and one false.

    Returns
    -------
    Area
        With its 95 % interval.

    Notes
    -----
    The variance is by DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988), computed from ranks
    as by Sun & Xu, IEEE Signal Processing Letters 21 (2014).

    Examples
    --------
    >>> auroc([0.1, 0.4, 0.35, 0.8], np.array([False, False, True, True])).value
    0.75
    """
    from scipy.stats import rankdata

    values = np.asarray(scores, dtype=np.float64)
    first, second = values[positive], values[~positive]
    ranks = rankdata(values)
    above = (ranks[positive] - rankdata(first)) / len(second)
    below = 1 - (ranks[~positive] - rankdata(second)) / len(first)
    area = float(above.mean())
    spread = sum(part.var(ddof=1) / len(part) for part in (above, below) if len(part) > 1)
    half = Z95 * float(np.sqrt(spread))
    return Area(area, max(0.0, area - half), min(1.0, area + half))


def kappa(table: ArrayLike) -> float:
    """Return Cohen's kappa of two raters from their (k, k) table; nan if chance agreement is 1.

    J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20 (1960).

    >>> round(kappa([[20, 5], [10, 15]]), 3)
    0.4
    """
    counts = np.asarray(table, dtype=np.float64)
    total = counts.sum()
    if total == 0:
        return float("nan")
    agreed = np.trace(counts) / total
    chance = float(counts.sum(axis=1) @ counts.sum(axis=0)) / total**2
    return float((agreed - chance) / (1 - chance)) if chance < 1 else float("nan")


def holm_of_many(p: FloatArray, tests: int) -> FloatArray:
    """Adjust the smallest p-values of a larger number of tests: Holm's step-down method.

    Like `statistics.holm`, but only the smallest p-values are given. The others count as larger,
    which can only make the adjusted values larger.

    Parameters
    ----------
    p : (m,) array of float
        The smallest p-values.
    tests
        Number of all tests.

    Returns
    -------
    (m,) array of float64

    Examples
    --------

    >>> holm_of_many(np.array([0.01, 0.02]), 4).tolist()
    [0.04, 0.06]
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.maximum(tests - np.arange(len(p)), 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted
