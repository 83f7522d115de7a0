"""Values of rows: equal to the plain formulas and to sums over all subsets."""

from __future__ import annotations

import numpy as np
import pytest

from dataperf.audit import values
from dataperf.errors import Invalid
from dataperf.strategies.knn_shapley import shapley


def whole_numbers(n: int, t: int, *, most: int, seed: int = 0):
    """Return rows of whole numbers: their distances are exact in float32, their mean is 0."""
    random = np.random.default_rng(seed)
    train = random.integers(-most, most + 1, size=(n // 2, 6)).astype(np.float64)
    train = np.concatenate([train, -train])
    return train, random.integers(-most, most + 1, size=(t, 6)).astype(np.float64)


def plain(train, labels, tests, truth, k):
    apart = ((tests[:, None, :] - train[None]) ** 2).sum(axis=2)
    return shapley(apart, labels, truth, k)


@pytest.mark.parametrize("k", [1, 5, 300])
@pytest.mark.parametrize("classes", [1, 2, 7])
@pytest.mark.parametrize("most", [0, 1, 400])
def test_shapley_is_the_plain_formula_with_and_without_ties(most, classes, k):
    train, tests = whole_numbers(202, 37, most=most)
    random = np.random.default_rng(1)
    labels, truth = random.integers(0, classes, 202), random.integers(0, classes, 37)
    found = values.knn_shapley(train, labels, tests, truth, k=k)
    np.testing.assert_allclose(found, plain(train, labels, tests, truth, k), rtol=0, atol=1e-12)


def test_shapley_of_crowded_and_far_rows_is_the_plain_formula():
    """One row so far away that all others fall together: they are sorted another way."""
    train, tests = whole_numbers(400, 20, most=3)
    train[0], train[200] = 1000, -1000
    labels = np.arange(400) % 2
    found = values.knn_shapley(train, labels, tests, np.arange(20) % 2)
    expected = plain(train, labels, tests, np.arange(20) % 2, 5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_shapley_in_blocks_is_the_same(monkeypatch):
    train, tests = whole_numbers(100, 50, most=50)
    labels, truth = np.arange(100) % 3, np.arange(50) % 4  # class 3 is nowhere in train
    told: list[float] = []
    whole = values.knn_shapley(train, labels, tests, truth)
    monkeypatch.setattr(values, "BLOCK", 1)
    found = values.knn_shapley(train, labels, tests, truth, progress=told.append)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-15)
    np.testing.assert_allclose(whole, plain(train, labels, tests, truth, 5), rtol=0, atol=1e-12)
    assert told == sorted(told) and told[-1] == 1 and len(told) == 3


def test_shapley_sums_to_the_share_of_right_votes():
    random = np.random.default_rng(3)
    train, tests = random.normal(size=(60, 4)), random.normal(size=(9, 4))
    labels, truth = random.integers(0, 2, 60), random.integers(0, 2, 9)
    nearest = np.argsort(((tests[:, None] - train) ** 2).sum(axis=2), axis=1)[:, :5]
    right = (labels[nearest] == truth[:, None]).mean()
    assert values.knn_shapley(train, labels, tests, truth).sum() == pytest.approx(right)


def test_shapley_does_not_mind_where_the_rows_lie():
    """Rows far from the origin lose nothing: they are centred first."""
    random = np.random.default_rng(4)
    train, tests = random.normal(size=(300, 8)), random.normal(size=(20, 8))
    labels, truth = np.arange(300) % 2, np.arange(20) % 2
    near = values.knn_shapley(train, labels, tests, truth)
    far = values.knn_shapley(train + 1e4, labels, tests + 1e4, truth)
    np.testing.assert_allclose(near, far, rtol=0, atol=1e-12)


def test_all_problems_are_told_at_once():
    bad = np.array([[np.inf, 0.0]])
    with pytest.raises(Invalid) as caught:
        values.knn_shapley(bad, np.array([0]), np.zeros((2, 3)), np.array([0]), k=0)
    rules = [problem.rule for problem in caught.value.problems]
    assert rules == ["not-finite", "shape", "k"]


def test_own_values_put_wrong_labels_last_and_leave_missing_ones_out():
    random = np.random.default_rng(5)
    truth = np.arange(400) % 4
    features = 3 * random.normal(size=(4, 10))[truth] + random.normal(size=(400, 10))
    given = truth.copy()
    wrong = random.choice(400, 40, replace=False)
    given[wrong] = (given[wrong] + 1) % 4
    given[np.setdiff1d(np.arange(30), wrong)] = -1
    found = values.own_values(features, given, seed=2)
    assert np.array_equal(np.isnan(found), given < 0)
    worst = np.argsort(np.where(np.isnan(found), np.inf, found))[:40]
    assert np.isin(worst, wrong).mean() > 0.9
    assert np.array_equal(found, values.own_values(features, given, seed=2), equal_nan=True)
    few = values.own_values(features, given, seed=2, most=50)
    assert np.corrcoef(few[given >= 0], found[given >= 0])[0, 1] > 0.8


def test_own_values_refuse_too_few_rows():
    with pytest.raises(Invalid, match="2 folds of 1 labelled row"):
        values.own_values(np.zeros((3, 2)), np.array([-1, 0, -1]), folds=2)
