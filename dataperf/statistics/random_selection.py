"""How many errors a random selection of the same size contains."""

from __future__ import annotations

import numpy as np

from dataperf.records import Estimate, FloatArray, IntArray
from dataperf.statistics.estimates import LEVEL


def random_selection(
    total: int, errors: int, *, picked: int, selected_defects: int
) -> tuple[Estimate, float]:
    """Return how many errors a random selection of the same size contains.

    The number of errors in a selection without replacement has the hypergeometric distribution.
    Its probabilities are built outward from the mode by the exact ratio of neighbours and
    then normalized, which keeps about ten digits where differences of log-gamma lose half.

    Parameters
    ----------
    total : int
        Rows to select from.
    errors : int
        How many of them are wrong.
    picked : int
        Rows in the selection.
    selected_defects : int
        Wrong rows in the selection that is judged.

    Returns
    -------
    Estimate
        Mean and 95 % range: ``low`` and ``high`` are the smallest numbers whose cumulative
        probability reaches 2.5 % and 97.5 %.
    float
        Probability that a random selection contains ``selected_defects`` or fewer errors.

    Raises
    ------
    ValueError
        If the numbers contradict each other.

    Notes
    -----
    Johnson, Kemp & Kotz, Univariate Discrete Distributions (3rd ed., 2005), §6.2.

    Examples
    --------
    >>> estimate, p = random_selection(50, 5, picked=10, selected_defects=0)
    >>> estimate.value, estimate.low, estimate.high, round(p, 6)
    (1.0, 0.0, 3.0, 0.310563)
    """
    # Python's integers: the products below do not fit into numpy's.
    total, errors, picked, selected_defects = map(int, (total, errors, picked, selected_defects))
    fewest, most = max(0, picked + errors - total), min(picked, errors)
    if not (0 <= errors <= total and 0 <= picked <= total and fewest <= selected_defects <= most):
        raise ValueError(
            f"no selection of {picked} of {total} rows with {errors} errors contains "
            f"{selected_defects}"
        )
    mean = picked * errors / total if total else 0.0
    support, cumulative = _hypergeometric(total, errors, picked)
    tail = (1 - LEVEL) / 2
    low, high = support[np.searchsorted(cumulative, [tail, 1 - tail])]
    position = int(np.searchsorted(support, selected_defects, side="right")) - 1
    p = 0.0 if position < 0 else 1.0 if selected_defects == most else float(cumulative[position])
    return Estimate(value=mean, low=float(low), high=float(high)), p


def _hypergeometric(total: int, errors: int, picked: int) -> tuple[IntArray, FloatArray]:
    """Return the numbers that have any weight in float64, and their cumulative probability."""
    fewest, most = max(0, picked + errors - total), min(picked, errors)
    mode = min(max((picked + 1) * (errors + 1) // (total + 2), fewest), most)
    spread = picked * errors * (total - errors) * (total - picked) / max(total, 1) ** 3
    reach = 200 + int(40 * np.sqrt(spread))
    support = np.arange(max(fewest, mode - reach), min(most, mode + reach) + 1)
    x = support[:-1].astype(np.float64)
    rising = (errors - x) * (picked - x) / ((x + 1) * (total - errors - picked + x + 1))
    middle = mode - int(support[0])
    above = np.cumprod(rising[middle:])
    below = np.cumprod(1 / rising[:middle][::-1])[::-1]
    weights = np.concatenate([below, [1.0], above])
    cumulative = np.cumsum(weights)
    return support, cumulative / cumulative[-1]
