"""Labelled data with known errors, for `label_error_claims.py`: real tables, and overlapping classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

NOISES = ("uniform", "class", "feature")
RATES = (0.0, 0.05, 0.10, 0.20, 0.40)
BAYES = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.45)
SIZES = (300, 500, 1000, 2000, 5000)
MNIST_ROWS, MNIST_COLUMNS = 1000, 40


@dataclass(frozen=True)
class Case:
    """A data set whose wrong labels are known.

    Parameters
    ----------
    kind, name
        Group of the report's table, and what it is.
    noise, rate
        How labels were changed, and the share of them.
    features : (n, d) array, or data frame with n rows
        Values.
    given, truth : (n,) arrays of int
        Labels as given, and the true ones.
    """

    kind: str
    name: str
    noise: str
    rate: float
    features: Any
    given: np.ndarray
    truth: np.ndarray


def noisy(features: np.ndarray, truth: np.ndarray, noise: str, rate: float, seed: int):
    """Return labels of which a share is wrong.

    ``uniform``: any row, any other class. ``class``: any row, mostly the next class, some classes
    more often. ``feature``: rows near the border between two classes, the other class.
    """
    random = np.random.default_rng(seed)
    n, classes = len(truth), truth.max() + 1
    count, given = round(rate * n), truth.copy()
    if not count:
        return given
    if noise == "uniform":
        wrong = random.choice(n, count, replace=False)
        given[wrong] = (truth[wrong] + random.integers(1, classes, count)) % classes
    elif noise == "class":
        weight = np.linspace(0.2, 1.8, classes)[truth]
        wrong = random.choice(n, count, replace=False, p=weight / weight.sum())
        step = np.where(random.random(count) < 0.8, 1, random.integers(1, classes, count))
        given[wrong] = (truth[wrong] + step) % classes
    else:
        middles = np.stack([features[truth == label].mean(axis=0) for label in range(classes)])
        distances = (middles**2).sum(axis=1) - 2 * features @ middles.T
        own = distances[np.arange(n), truth]
        distances[np.arange(n), truth] = np.inf
        gap = distances.min(axis=1) - own  # small or negative where the other class is near
        wrong = np.argsort(gap / gap.std() + random.gumbel(size=n))[:count]
        given[wrong] = distances[wrong].argmin(axis=1)
    return given


# Data sets without (known) errors --------------------------------------------------------------


def digits(seed: int):
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def wine(seed: int):
    from sklearn.datasets import load_wine

    return _frame(*load_wine(return_X_y=True))


def breast_cancer(seed: int):
    from sklearn.datasets import load_breast_cancer

    return _frame(*load_breast_cancer(return_X_y=True))


def generated_2(seed: int):
    return _generated(2, seed)


def generated_5(seed: int):
    return _generated(5, seed)


def mnist(seed: int):
    from sklearn.decomposition import PCA

    from dataperf.datasets import mnist_5k

    table = mnist_5k.table(None)
    rows = np.random.default_rng([seed, 11]).permutation(len(table.features))[:MNIST_ROWS]
    labels = np.unique(table.columns["digit"], return_inverse=True)[1]
    features = PCA(MNIST_COLUMNS, random_state=0).fit_transform(table.features[rows])
    return features.astype(np.float32), labels[rows]


def categories_2(seed: int):
    return _with_categories(1000, 2, seed)


def categories_3(seed: int):
    return _with_categories(800, 3, seed)


TABLES = {
    "digits": digits,
    "wine": wine,
    "breast cancer": breast_cancer,
    "generated, 2 classes": generated_2,
    "generated, 5 classes": generated_5,
    "MNIST": mnist,
    "categories, 2 classes": categories_2,
    "categories, 3 classes": categories_3,
}


def _frame(features: np.ndarray, labels: np.ndarray):
    import pandas as pd

    names = [f"x{number}" for number in range(features.shape[1])]
    return pd.DataFrame(features, columns=names), np.asarray(labels)


def _generated(classes: int, seed: int):
    from sklearn.datasets import make_classification

    features, labels = make_classification(
        1000, 20, n_informative=8, n_classes=classes, class_sep=2.0, flip_y=0, random_state=seed
    )
    return _frame(features, labels)


def _with_categories(n: int, classes: int, seed: int):
    """Return a table whose label follows from two categories and two numbers together."""
    import pandas as pd

    random = np.random.default_rng([seed, 5])
    labels = random.integers(0, classes, n)
    towns, goods = np.array(list("ABCDEFGH")), np.array(["red", "green", "blue", "grey", "black"])
    usual = random.permutation(8)[: 2 * classes].reshape(classes, 2)
    town = np.where(random.random(n) < 0.9, usual[labels, random.integers(0, 2, n)], -1)
    town = np.where(town < 0, random.integers(0, 8, n), town)
    good = np.where(random.random(n) < 0.7, labels, random.integers(0, 5, n))
    numbers = random.normal(size=(n, 4))
    numbers[:, 0] += 2.5 * labels
    numbers[:, 1] += 2.5 * (labels == classes - 1)
    table = {"town": towns[town], "good": goods[good]}
    table |= {f"x{place}": np.round(numbers[:, place], 3) for place in range(4)}
    return pd.DataFrame(table), labels


def _numbers(features: Any) -> np.ndarray:
    """Return standardized columns, categories as indicators: what feature noise is drawn from."""
    import pandas as pd

    if isinstance(features, pd.DataFrame):
        features = pd.get_dummies(features).to_numpy(dtype=np.float64)
    return (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)


# Overlapping classes ---------------------------------------------------------------------------


def gaussians(n: int, classes: int, bayes: float, seed: int, columns: int = 5):
    """Return Gaussian classes whose best possible error is ``bayes``; labels are the true classes."""
    random = np.random.default_rng([seed, 3])
    labels = np.arange(n) % classes
    features = random.normal(size=(n, columns))
    if classes == 2:
        features[:, 0] += 2 * _tail(bayes) * (labels - 0.5)
    else:  # corners of a square: right in both coordinates
        apart = _tail(1 - np.sqrt(1 - bayes))
        features[:, 0] += 2 * apart * (labels % 2 - 0.5)
        features[:, 1] += 2 * apart * (labels // 2 - 0.5)
    return _frame(np.round(features, 3), labels)


def _tail(share: float) -> float:
    """Return the point that a standard normal number exceeds with this probability."""
    from scipy.stats import norm

    return float(norm.isf(share))


def logistic(n: int, slope: float, seed: int):
    """Return outcomes drawn from a logistic model of two of six columns."""
    random = np.random.default_rng([seed, 4])
    features = random.normal(size=(n, 6))
    odds = slope * (features[:, 0] - 0.7 * features[:, 1]) - 0.5
    return _frame(np.round(features, 3), (random.random(n) < 1 / (1 + np.exp(-odds))).astype(int))


def pure_noise(n: int, classes: int, seed: int):
    """Return columns that say nothing about the label."""
    random = np.random.default_rng([seed, 6])
    return _frame(np.round(random.normal(size=(n, 5)), 3), random.integers(0, classes, n))


# The cases of the two tables -------------------------------------------------------------------


def with_errors(seeds: Iterable[int], names: Any = TABLES, rates: Any = RATES) -> Iterator[Case]:
    """Yield the eight data sets with each noise and rate, once for each seed."""
    for seed in seeds:
        for name in names:
            features, truth = TABLES[name](seed)
            for noise in NOISES:
                for rate in rates:
                    if rate or noise == NOISES[0]:
                        given = noisy(_numbers(features), truth, noise, rate, seed)
                        kind = noise if rate else "none"
                        yield Case(kind, name, kind, rate, features, given, truth)


def overlapping(seeds: Iterable[int], sizes: Any = SIZES) -> Iterator[Case]:
    """Yield overlapping classes whose labels are all right, once for each seed."""
    for seed in seeds:
        for n in sizes:
            for bayes in BAYES:
                for classes in (2, 4):
                    if (classes, bayes) != (2, 0.45) or n <= 1000:
                        made = gaussians(n, classes, bayes, seed)
                        yield _right(f"{classes} Gaussians", f"n {n}, Bayes {bayes:.2f}", *made)
            for slope in (0.5, 1.0, 2.0):
                yield _right("logistic", f"n {n}, slope {slope}", *logistic(n, slope, seed))
            for classes in (2, 4):
                made = pure_noise(n, classes, seed)
                yield _right("pure noise", f"n {n}, {classes} classes", *made)


def _right(kind: str, name: str, features: Any, truth: np.ndarray) -> Case:
    return Case(kind, name, "none", 0.0, features, truth, truth)


def hard(seeds: Iterable[int]) -> Iterator[Case]:
    """Yield what is hard: overlap with errors, few rows, copied rows, a relabelled corner."""
    for seed in seeds:
        for n in (500, 1000, 2000):
            for bayes in (0.05, 0.10, 0.20, 0.30):
                for rate in (0.02, 0.05, 0.10, 0.20):
                    features, truth = gaussians(n, 2, bayes, seed)
                    given = noisy(_numbers(features), truth, "uniform", rate, seed)
                    name = f"n {n}, Bayes {bayes:.2f}, errors {rate:.2f}"
                    yield Case("overlap and errors", name, "uniform", rate, features, given, truth)
        for n in (60, 100, 150):
            for rate in (0.0, 0.1, 0.2):
                features, truth = gaussians(n, 2, 0.01, seed)
                given = noisy(_numbers(features), truth, "uniform", rate, seed)
                yield Case("few rows", f"n {n}", "uniform", rate, features, given, truth)
        yield from _copied(seed)
        yield from _corner(seed)


def _copied(seed: int) -> Iterator[Case]:
    """Yield a table in which every row is there twice, errors included."""
    import pandas as pd

    features, truth = gaussians(400, 2, 0.02, seed)
    given = noisy(_numbers(features), truth, "uniform", 0.1, seed)
    twice = pd.concat([features, features], ignore_index=True)
    truth, given = np.tile(truth, 2), np.tile(given, 2)
    yield Case("rows twice", "n 800", "uniform", 0.1, twice, given, truth)


def _corner(seed: int) -> Iterator[Case]:
    """Yield a table with a corner of one class relabelled as the other."""
    features, truth = gaussians(1000, 2, 0.02, seed)
    values = _numbers(features)
    corner = (truth == 1) & (values[:, 1] > 0.4) & (values[:, 2] > 0.4)
    given = np.where(corner, 0, truth)
    yield Case("corner", "n 1000", "corner", float(corner.mean()), features, given, truth)
