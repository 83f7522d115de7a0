"""The two general models: scikit-learn's converged predictions, ties by rule, series like single fits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from dataperf import registry

logistic = registry.load("fixed_models", "logistic_v1")
knn = registry.load("fixed_models", "knn_v1")
MODELS = pytest.mark.parametrize("model", [logistic, knn], ids=["logistic", "knn"])


def noisy(load, *, seed: int = 0, share: float = 0.15):
    """Return training and test rows of real data with some labels drawn at random."""
    features, labels = load(return_X_y=True)
    random = np.random.RandomState(seed)
    order = random.permutation(len(labels))[:900]
    features, labels = features[order], labels[order].copy()
    cut = len(labels) * 2 // 3
    wrong = random.permutation(cut)[: int(share * cut)]
    labels[wrong] = random.randint(0, labels.max() + 1, len(wrong))
    return features[:cut], labels[:cut], features[cut:]


def two_classes(return_X_y):
    features, labels = load_wine(return_X_y=True)
    return features[labels < 2], labels[labels < 2]


def predicted(model, features, labels, test, **told):
    classes = told.pop("classes", int(labels.max()) + 1)
    return model.predict(model.fit(features, labels, classes=classes, seeds=(1,)), test)[0]


@pytest.mark.parametrize("load", [load_digits, load_iris, load_wine, two_classes])
def test_logistic_is_the_converged_regression(load):
    features, labels, test = noisy(load)
    scaler = StandardScaler().fit(features)
    theirs = LogisticRegression(C=1, tol=1e-10, max_iter=20_000)
    theirs.fit(scaler.transform(features), labels)
    fitted = logistic.fit(features, labels, classes=10, seeds=(1,))
    assert np.array_equal(logistic.predict(fitted, test)[0], theirs.predict(scaler.transform(test)))
    ours = fitted.weights[1:] - fitted.weights[:1]
    other = np.column_stack([theirs.coef_, theirs.intercept_])
    other = other if len(other) == 1 else other[1:] - other[:1]
    assert np.abs(ours - other).max() < 1e-4


def test_logistic_cannot_be_moved_by_the_order_of_rows_or_the_solver(monkeypatch):
    """The gradient is nil; other inner matrices and another order give the same weights."""
    features, labels, test = noisy(load_digits)
    fitted = logistic.fit(features, labels, classes=10, seeds=(1,))
    rows = np.column_stack([(features - fitted.centre) * fitted.scale, np.ones(len(features))])
    penalty = np.append(np.ones(features.shape[1]), 0.0)
    _, chance = logistic._loss(rows, labels, fitted.weights, penalty)
    gradient = (chance - np.eye(10)[labels]).T @ rows + fitted.weights * penalty
    assert np.linalg.norm(gradient) < 2e-8
    order = np.random.RandomState(1).permutation(len(labels))
    again = logistic.fit(features[order], labels[order], classes=10, seeds=(1,))
    monkeypatch.setattr(logistic, "WRITTEN_OUT", 0)
    rough = logistic.fit(features, labels, classes=10, seeds=(1,))
    for other in (again, rough):
        assert np.abs(other.weights - fitted.weights).max() < 1e-7
        assert np.array_equal(logistic.predict(other, test), logistic.predict(fitted, test))


def test_logistic_gives_equal_sums_to_the_first_class():
    features = np.array([[-1.0], [1.0]])
    for labels in ([0, 1], [1, 0]):
        found = predicted(logistic, features, np.array(labels), np.array([[0.0], [-9.0]]))
        assert found.tolist() == [0, labels[0]]


@pytest.mark.parametrize("load", [load_digits, load_wine])
def test_knn_is_the_plain_vote_where_nothing_ties(load):
    features, labels, test = noisy(load)
    scaler = StandardScaler().fit(features)
    theirs = KNeighborsClassifier(5).fit(scaler.transform(features), labels)
    nearest = theirs.kneighbors(scaler.transform(test), return_distance=False)
    votes = np.stack([np.bincount(row, minlength=10) for row in labels[nearest]])
    plain = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) == 1
    assert plain.mean() > 0.5
    found = predicted(knn, features, labels, test)
    assert np.array_equal(found[plain], theirs.predict(scaler.transform(test))[plain])
    for row in np.flatnonzero(~plain):  # of those tied, the one met first
        tied = np.flatnonzero(votes[row] == votes[row].max())
        assert found[row] == next(each for each in labels[nearest[row]] if each in tied)


def test_knn_takes_the_first_of_rows_equally_far(monkeypatch):
    features = np.repeat(np.array([[0.0, 1.0], [3.0, 1.0]]), 20, axis=0)
    labels = np.arange(40) % 7
    found = predicted(knn, features, labels, np.array([[0.1, 5.0], [2.9, 1.0]]))
    assert found.tolist() == [0, 6]  # rows 0..4 are five classes; rows 20..24 begin with 6
    monkeypatch.setattr(knn, "BLOCK", 1)
    again = predicted(knn, features, labels, np.array([[0.1, 5.0], [2.9, 1.0]]))
    assert again.tolist() == found.tolist()


def test_knn_with_fewer_rows_than_neighbours():
    features, labels = np.array([[0.0], [1.0], [5.0]]), np.array([1, 1, 0])
    assert predicted(knn, features, labels, np.array([[5.0]])).tolist() == [1]


@MODELS
def test_a_series_predicts_what_single_fits_do(model):
    features, labels, test = noisy(load_digits)
    sets, random = [labels], np.random.RandomState(3)
    for _ in range(3):
        labels = labels.copy()
        labels[random.permutation(len(labels))[:20]] = random.randint(0, 10, 20)
        sets.append(labels)
    sets.append(np.minimum(labels, 8))  # a class is gone
    told = {"classes": 10, "seeds": (1, 2)}
    series = [model.predict(f, test) for f in model.fit_series(features, sets, **told)]
    for found, each in zip(series, sets, strict=True):
        alone = model.predict(model.fit(features, each, **told), test)
        assert found.shape == (2, len(test))
        assert np.array_equal(found, alone)
    assert not np.array_equal(series[0], series[3])


@MODELS
def test_absent_classes_and_constant_columns(model):
    features, labels, test = noisy(load_iris)
    plain = predicted(model, features, labels, test)
    wide = np.column_stack([features, np.full(len(features), 0.1)])
    moved = np.column_stack([test, np.full(len(test), 7.0)])
    assert np.array_equal(predicted(model, wide, labels, moved), plain)
    spread = predicted(model, features, labels * 3 + 1, test, classes=11)
    assert np.array_equal(spread, plain * 3 + 1)
    one = predicted(model, features, np.full(len(features), 2), test, classes=4)
    assert set(one.tolist()) == {2}


@MODELS
def test_scaling_a_column_changes_nothing(model):
    features, labels, test = noisy(load_wine)
    scale = np.array([1024.0, 0.5] + [1.0] * (features.shape[1] - 2))
    found = predicted(model, features * scale, labels, test * scale)
    assert np.array_equal(found, predicted(model, features, labels, test))


@MODELS
@pytest.mark.parametrize(
    ("features", "labels"),
    [
        (np.ones((0, 2)), np.ones(0, dtype=int)),
        (np.array([[np.nan], [1.0]]), np.array([0, 1])),
        (np.ones((2, 1)), np.array([0, 2])),
        (np.ones((2, 1)), np.array([0, -1])),
        (np.ones((2, 1)), np.array([0.0, 1.0])),
        (np.ones((2, 1)), np.array([0])),
    ],
)
def test_what_cannot_be_trained_on_is_refused(model, features, labels):
    with pytest.raises(ValueError):
        model.fit(features, labels, classes=2, seeds=(1,))


@MODELS
def test_what_cannot_be_predicted_is_refused(model):
    fitted = model.fit(np.eye(3), np.arange(3), classes=3, seeds=(1,))
    for wrong in (np.ones((2, 2)), np.full((1, 3), np.inf)):
        with pytest.raises(ValueError):
            model.predict(fitted, wrong)
    assert model.size(fitted) > 0
