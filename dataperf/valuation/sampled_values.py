"""Data values for any model: Data Banzhaf and Beta Shapley values, estimated by sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.contracts import FixedModel
from dataperf.errors import Invalid, Problem
from dataperf.records import FloatArray, IntArray

#: Trains on (n, d) features and (n,) labels; returns predicted labels of (t, d) features.
FitPredict = Callable[[FloatArray, IntArray, FloatArray], NDArray[Any]]
#: Utility of a set of training rows, given by their row numbers.
Utility = Callable[[IntArray], float]


@dataclass(frozen=True)
class SampledValues:
    """Values that were estimated by sampling.

    Parameters
    ----------
    values : (n,) array of float64
        In accuracy (0..1); higher is better.
    errors : (n,) array of float64
        Standard errors; nan for rows in too few samples.
    trainings
        Number of models trained.
    """

    values: FloatArray
    errors: FloatArray
    trainings: int


def fit_predict_of(model: FixedModel, *, classes: int, seed: int = 0) -> FitPredict:
    """Return a function that trains a fixed model with one seed and predicts.

    Parameters
    ----------
    model
        A fixed model.
    classes
        Number of classes.
    seed
        Random seed of the model.
    """

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
    """Return the utility function: the accuracy on test rows of a model trained on given rows.

    The utility of no rows is 0. A model is not trained on rows of a single class: it predicts that
    class.

    Parameters
    ----------
    fit_predict
        The model.
    train, labels : (n, d) and (n,) arrays
        All training rows.
    tests, truth : (t, d) and (t,) arrays
        The test rows.
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
) -> SampledValues:
    """Return the Data Banzhaf value of every training row.

    Parameters
    ----------
    fit_predict
        The model, for example ``fit_predict_of(model, classes=3)``.
    train, labels : (n, d) and (n,) arrays
        The rows to value.
    tests, truth : (t, d) and (t,) arrays
        Validation rows; the accuracy on them is the utility of a set of rows.
    draws
        Number of random sets of rows; one model is trained on each.
    seed
        Random seed of the sets.
    progress
        Called with the share done, from 0 to 1.

    Raises
    ------
    Invalid
        If shapes do not match, or there are fewer than 2 draws.

    Notes
    -----
    Wang & Jia, Data Banzhaf: a robust data valuation framework for machine learning, AISTATS
    2023. The value is the mean, over all sets of other rows, of the utility that the row adds. It
    is estimated by maximum sample reuse: each row is in a set with probability 1/2, and its value
    is the mean utility of the sets with it minus that of the sets without it.

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
    utilities = np.empty(draws)
    for draw in range(draws):
        utilities[draw] = utility(np.flatnonzero(inside[draw]))
        _report(progress, draw, draws)
    means, variances = zip(*(_by_row(each, utilities) for each in (inside, ~inside)))
    return SampledValues(means[0] - means[1], np.sqrt(variances[0] + variances[1]), draws)


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
) -> SampledValues:
    """Return the Beta(alpha, beta) Shapley value of every training row.

    Parameters
    ----------
    fit_predict, train, labels, tests, truth
        As in `banzhaf`.
    alpha, beta
        (1, 1) is the Shapley value. The larger alpha is relative to beta, the more small sets
        count.
    draws
        Number of random orders of the rows; each takes up to n trainings.
    ignore
        Share of the weight, that of the largest sets, to leave out in order to train less; the
        error of a value is at most this share.
    seed
        Random seed of the orders.
    progress
        Called with the share done, from 0 to 1.

    Raises
    ------
    Invalid
        As in `banzhaf`, or if alpha or beta is not above 0.

    Notes
    -----
    Kwon & Zou, Beta Shapley: a unified and noise-reduced data valuation framework for machine
    learning, AISTATS 2022: in a random order, the utility that a row at place j adds to the rows
    before it, weighted by `beta_weights`.
    """
    _refuse(train, labels, tests, truth, {"draws": draws}, {"alpha": alpha, "beta": beta})
    utility = accuracy_of(fit_predict, train, labels, tests, truth)
    random, n = np.random.default_rng(seed), len(train)
    weights = beta_weights(n, alpha=alpha, beta=beta)
    beyond = weights[::-1].cumsum()[::-1] / n  # share of the weight of each place and all after it
    places = int(np.count_nonzero(beyond > ignore))
    total, squares = np.zeros(n), np.zeros(n)
    for draw in range(draws):
        order, before = random.permutation(n), 0.0
        for place in range(places):
            after = utility(np.sort(order[: place + 1]))
            total[order[place]] += weights[place] * (after - before)
            squares[order[place]] += (weights[place] * (after - before)) ** 2
            before = after
        _report(progress, draw, draws)
    mean = total / draws
    errors = np.sqrt(np.maximum(squares / draws - mean**2, 0) / (draws - 1))
    return SampledValues(mean, errors, draws * places)


def beta_weights(n: int, *, alpha: float, beta: float) -> FloatArray:
    """Return the weight of each place in an order of n rows; the mean weight is 1.

    Notes
    -----
    Kwon & Zou (2022), section 3: binomial(n - 1, j - 1) n B(j + beta - 1, n - j + alpha) /
    B(alpha, beta) for place j, counted from 1.

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


def _by_row(inside: NDArray[np.bool_], utilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean utility of the sets that contain each row, and its variance."""
    count = inside.sum(axis=0)
    centre = utilities.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (utilities - centre) @ inside / count
        square = (utilities - centre) ** 2 @ inside / count
        variance = np.maximum(square - mean**2, 0) / (count - 1)
    return mean + centre, np.where(count > 1, variance, np.nan)


def _report(progress: Callable[[float], None] | None, draw: int, draws: int) -> None:
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
        Problem(
            "shape",
            name,
            f"{plural(len(given), 'label')} for {plural(len(rows), 'row')}",
            "one label for each row",
        )
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
