"""What each row is worth to any model: Data Banzhaf and Beta Shapley values by sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.contracts import FixedModel
from dataperf.errors import Invalid, Problem
from dataperf.records import FloatArray, IntArray

#: Trains on (n, d) features and (n,) labels; returns predicted labels of (t, d) features.
FitPredict = Callable[[FloatArray, IntArray, FloatArray], NDArray[Any]]
#: The worth of a set of training rows, given by their row numbers.
Utility = Callable[[IntArray], float]


@dataclass(frozen=True)
class Worth:
    """Values that were estimated by sampling.

    Parameters
    ----------
    values : (n,) array of float64
        Higher is better; in shares of right answers.
    errors : (n,) array of float64
        Their standard errors; nan where a row was seen too seldom to tell.
    trainings
        Models that were trained.
    """

    values: FloatArray
    errors: FloatArray
    trainings: int


def fit_predict_of(model: FixedModel, *, classes: int, seed: int = 0) -> FitPredict:
    """Return a fixed model, trained with one seed, as one function."""

    def fit_predict(features: FloatArray, labels: IntArray, tests: FloatArray) -> NDArray[Any]:
        predicted: NDArray[Any] = model.predict(
            model.fit(features, labels, classes=classes, seeds=[seed]), tests
        )[0]
        return predicted

    return fit_predict


def accuracy_of(
    fit_predict: FitPredict,
    train: FloatArray,
    labels: IntArray,
    tests: FloatArray,
    truth: IntArray,
) -> Utility:
    """Return the worth of rows: the accuracy on test rows of a model trained on them.

    No rows are worth 0. Rows of one class only are not trained on: a model that knows no
    other class answers with that.
    """

    def utility(rows: IntArray) -> float:
        if not len(rows):
            return 0.0
        given = labels[rows]
        if (given == given[0]).all():
            return float(np.mean(truth == given[0]))
        return float(np.mean(fit_predict(train[rows], given, tests) == truth))

    return utility


def banzhaf(
    fit_predict: FitPredict,
    train: FloatArray,
    labels: IntArray,
    tests: FloatArray,
    truth: IntArray,
    *,
    draws: int = 1000,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Worth:
    """Return the Data Banzhaf value of every training row.

    Parameters
    ----------
    fit_predict
        The model, for example ``fit_predict_of(model, classes=3)``.
    train, labels : (n, d) and (n,) arrays
        The rows to value.
    tests, truth : (t, d) and (t,) arrays
        A validation part, on which accuracy is the worth of a set of rows.
    draws
        Sets of rows; each is trained on once and tells of every row.
    seed
        Of the sets.
    progress
        Is told the share that is done, from 0 to 1.

    Raises
    ------
    Invalid
        Shapes that do not fit, or fewer than 2 draws.

    Notes
    -----
    Wang & Jia, Data Banzhaf: a robust data valuation framework for machine learning, AISTATS
    2023: the mean over all sets of the other rows of what the row adds, estimated by maximum
    sample reuse: every row is in a set with chance 1/2, and its value is the mean worth of
    the sets with it less that of the sets without it.

    Examples
    --------
    >>> def first_label(features, labels, tests):
    ...     return np.full(len(tests), labels[0])
    >>> rows, given = np.zeros((2, 1)), np.array([1, 0])
    >>> found = banzhaf(first_label, rows, given, rows[:1], given[:1], draws=400)
    >>> bool(abs(found.values[0] - 1) < 3 * found.errors[0] + 1e-9)
    True
    """
    _refuse(train, labels, tests, truth, {"draws": draws})
    utility = accuracy_of(fit_predict, train, labels, tests, truth)
    inside = np.random.default_rng(seed).integers(0, 2, (draws, len(train))).astype(bool)
    worth = np.empty(draws)
    for draw in range(draws):
        worth[draw] = utility(np.flatnonzero(inside[draw]))
        _tell(progress, draw, draws)
    means, variances = zip(*(_by_row(each, worth) for each in (inside, ~inside)))
    return Worth(means[0] - means[1], np.sqrt(variances[0] + variances[1]), draws)


def beta_shapley(
    fit_predict: FitPredict,
    train: FloatArray,
    labels: IntArray,
    tests: FloatArray,
    truth: IntArray,
    *,
    alpha: float = 16.0,
    beta: float = 1.0,
    draws: int = 50,
    ignore: float = 0.0,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Worth:
    """Return the Beta(alpha, beta) Shapley value of every training row.

    Parameters
    ----------
    fit_predict, train, labels, tests, truth
        As of ``banzhaf``.
    alpha, beta
        (1, 1) is the Shapley value; the larger alpha against beta, the more small sets count.
    draws
        Orders of the rows; each takes up to n trainings.
    ignore
        Share of the weight, that of the largest sets, that may be left out to save their
        trainings; a value errs by no more than that.
    seed
        Of the orders.
    progress
        Is told the share that is done, from 0 to 1.

    Raises
    ------
    Invalid
        As of ``banzhaf``, or an alpha or beta that is not above 0.

    Notes
    -----
    Kwon & Zou, Beta Shapley: a unified and noise-reduced data valuation framework for machine
    learning, AISTATS 2022: in an order drawn by chance, what a row at place j adds to those
    before it, weighted by ``beta_weights``.
    """
    _refuse(train, labels, tests, truth, {"draws": draws}, {"alpha": alpha, "beta": beta})
    utility = accuracy_of(fit_predict, train, labels, tests, truth)
    random, n = np.random.default_rng(seed), len(train)
    weights = beta_weights(n, alpha=alpha, beta=beta)
    beyond = weights[::-1].cumsum()[::-1] / n  # share of the weight from each place on
    places = int(np.count_nonzero(beyond > ignore))
    total, squares = np.zeros(n), np.zeros(n)
    for draw in range(draws):
        order, before = random.permutation(n), 0.0
        for place in range(places):
            after = utility(np.sort(order[: place + 1]))
            total[order[place]] += weights[place] * (after - before)
            squares[order[place]] += (weights[place] * (after - before)) ** 2
            before = after
        _tell(progress, draw, draws)
    mean = total / draws
    errors = np.sqrt(np.maximum(squares / draws - mean**2, 0) / (draws - 1))
    return Worth(mean, errors, draws * places)


def beta_weights(n: int, *, alpha: float, beta: float) -> FloatArray:
    """Return the weight of each place in an order of n rows; their mean is 1.

    Notes
    -----
    Kwon & Zou (2022), section 3: binomial(n - 1, j - 1) n B(j + beta - 1, n - j + alpha) /
    B(alpha, beta) of place j, counted from 1.

    Examples
    --------
    >>> beta_weights(4, alpha=1, beta=1).round(6)
    array([1., 1., 1., 1.])
    >>> beta_weights(3, alpha=2, beta=1).round(6)
    array([1.5, 1. , 0.5])
    """
    from scipy.special import betaln, gammaln

    place = np.arange(1, n + 1)
    ways = gammaln(n) - gammaln(place) - gammaln(n - place + 1)
    each = betaln(place + beta - 1, n - place + alpha) - betaln(alpha, beta)
    weights: FloatArray = n * np.exp(ways + each)
    return weights


def _by_row(inside: NDArray[np.bool_], worth: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean worth of the sets that hold each row, and that mean's variance."""
    count = inside.sum(axis=0)
    centre = worth.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (worth - centre) @ inside / count
        square = (worth - centre) ** 2 @ inside / count
        variance = np.maximum(square - mean**2, 0) / (count - 1)
    return mean + centre, np.where(count > 1, variance, np.nan)


def _tell(progress: Callable[[float], None] | None, draw: int, draws: int) -> None:
    if progress is not None:
        progress((draw + 1) / draws)


def _refuse(
    train: FloatArray,
    labels: IntArray,
    tests: FloatArray,
    truth: IntArray,
    counts: dict[str, int],
    above: dict[str, float] | None = None,
) -> None:
    pairs: Sequence[tuple[str, FloatArray, IntArray]] = [
        ("train", train, labels),
        ("tests", tests, truth),
    ]
    problems = [
        Problem("shape", name, f"{len(given)} labels for {len(rows)} rows", "one label a row")
        for name, rows, given in pairs
        if len(rows) != len(given) or not len(rows)
    ]
    problems += [
        Problem("count", name, str(count), "2 or more")
        for name, count in counts.items()
        if count < 2
    ]
    problems += [
        Problem("not-positive", name, str(number), "above 0")
        for name, number in (above or {}).items()
        if not number > 0
    ]
    if problems:
        raise Invalid("rows to value", problems)
