"""Values of rows: equal to the plain formulas and to sums over all subsets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from dataperf import registry
from dataperf.errors import Invalid
from dataperf.strategies.knn_shapley import shapley
from dataperf.valuation import influence, knn_shapley, sampled_values


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
    found = knn_shapley.knn_shapley(train, labels, tests, truth, k=k)
    np.testing.assert_allclose(found, plain(train, labels, tests, truth, k), rtol=0, atol=1e-12)


def test_shapley_of_crowded_and_far_rows_is_the_plain_formula():
    """One row so far away that all others fall together: they are sorted another way."""
    train, tests = whole_numbers(400, 20, most=3)
    train[0], train[200] = 1000, -1000
    labels = np.arange(400) % 2
    found = knn_shapley.knn_shapley(train, labels, tests, np.arange(20) % 2)
    expected = plain(train, labels, tests, np.arange(20) % 2, 5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_shapley_in_blocks_is_the_same(monkeypatch):
    train, tests = whole_numbers(100, 50, most=50)
    labels, truth = np.arange(100) % 3, np.arange(50) % 4  # class 3 is nowhere in train
    shares: list[float] = []
    whole = knn_shapley.knn_shapley(train, labels, tests, truth)
    monkeypatch.setattr(knn_shapley, "BLOCK", 1)
    found = knn_shapley.knn_shapley(train, labels, tests, truth, progress=shares.append)
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-15)
    np.testing.assert_allclose(whole, plain(train, labels, tests, truth, 5), rtol=0, atol=1e-12)
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) == 3


def test_shapley_sums_to_the_share_of_right_votes():
    random = np.random.default_rng(3)
    train, tests = random.normal(size=(60, 4)), random.normal(size=(9, 4))
    labels, truth = random.integers(0, 2, 60), random.integers(0, 2, 9)
    nearest = np.argsort(((tests[:, None] - train) ** 2).sum(axis=2), axis=1)[:, :5]
    right = (labels[nearest] == truth[:, None]).mean()
    assert knn_shapley.knn_shapley(train, labels, tests, truth).sum() == pytest.approx(right)


def test_shapley_does_not_mind_where_the_rows_lie():
    """Rows far from the origin lose nothing: they are centred first."""
    random = np.random.default_rng(4)
    train, tests = random.normal(size=(300, 8)), random.normal(size=(20, 8))
    labels, truth = np.arange(300) % 2, np.arange(20) % 2
    near = knn_shapley.knn_shapley(train, labels, tests, truth)
    far = knn_shapley.knn_shapley(train + 1e4, labels, tests + 1e4, truth)
    np.testing.assert_allclose(near, far, rtol=0, atol=1e-12)


def test_all_problems_are_listed_at_once():
    bad = np.array([[np.inf, 0.0]])
    with pytest.raises(Invalid) as caught:
        knn_shapley.knn_shapley(bad, np.array([0]), np.zeros((2, 3)), np.array([0]), k=0)
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
    found = knn_shapley.own_values(features, given, seed=2)
    assert np.array_equal(np.isnan(found), given < 0)
    worst = np.argsort(np.where(np.isnan(found), np.inf, found))[:40]
    assert np.isin(worst, wrong).mean() > 0.9
    assert np.array_equal(found, knn_shapley.own_values(features, given, seed=2), equal_nan=True)
    few = knn_shapley.own_values(features, given, seed=2, most=50)
    assert np.corrcoef(few[given >= 0], found[given >= 0])[0, 1] > 0.8


def test_own_values_see_a_row_among_all_its_neighbours():
    random = np.random.default_rng(1)
    group = np.arange(480) % 48  # ten rows a group: a fifth of the data has two of each
    features = 3 * random.normal(size=(48, 12))[group] + random.normal(size=(480, 12))
    given = group % 4
    wrong = random.choice(480, 48, replace=False)
    given[wrong] = (given[wrong] + 1) % 4
    worst = np.argsort(knn_shapley.own_values(features, given, seed=0))[:48]
    assert np.isin(worst, wrong).mean() > 0.7


def test_own_values_refuse_too_few_rows():
    with pytest.raises(Invalid, match="2 folds of 1 labelled row"):
        knn_shapley.own_values(np.zeros((3, 2)), np.array([-1, 0, -1]), folds=2)


# By sampling, for any model --------------------------------------------------------------


def nearest_label(features, labels, tests):
    return labels[np.abs(tests[:, None, 0] - features[None, :, 0]).argmin(axis=1)]


def small():
    """Return 7 rows and 40 tests on a line, one row's label wrong."""
    train = np.array([0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 2.6])[:, None]
    tests = np.random.default_rng(0).uniform(-1, 12, size=(40, 1))
    return train, np.array([0, 0, 0, 0, 1, 1, 1]), tests, (tests[:, 0] > 6).astype(int)


def by_enumeration(data, weight):
    """Return the weighted sum over all sets of the other rows of what each row adds.

    ``weight`` is of one set of a size; the weights of all sets sum to 1.
    """
    train, labels, tests, truth = data
    n = len(train)
    utility = sampled_values.accuracy_of(nearest_label, train, labels, tests, truth)
    utilities = [
        utility(np.flatnonzero([(which >> row) & 1 for row in range(n)])) for which in range(2**n)
    ]
    found = np.zeros(n)
    for which in range(2**n):
        for row in range(n):
            if not (which >> row) & 1:
                found[row] += weight(which.bit_count()) * (
                    utilities[which | 1 << row] - utilities[which]
                )
    return found


def assert_within_errors(found, exact):
    away = np.abs(found.values - exact) / found.errors
    assert away.max() < 4 and np.mean(away**2) < 2.5 and found.errors.max() < 0.06


def test_banzhaf_is_the_mean_over_all_sets():
    found = sampled_values.banzhaf(nearest_label, *small(), draws=2000)
    assert_within_errors(found, by_enumeration(small(), lambda size: 2.0**-6))
    assert found.trainings == 2000 and found.values.argmin() == 6


@pytest.mark.parametrize(("alpha", "beta"), [(1, 1), (4, 1), (1, 4)])
def test_beta_shapley_is_the_weighted_mean_over_all_sets(alpha, beta):
    found = sampled_values.beta_shapley(nearest_label, *small(), alpha=alpha, beta=beta, draws=600)
    total = special.beta(alpha, beta)
    exact = by_enumeration(
        small(), lambda size: special.beta(size + beta, 6 - size + alpha) / total
    )
    assert_within_errors(found, exact)
    if alpha == beta:
        assert found.values.sum() == pytest.approx(
            sampled_values.accuracy_of(nearest_label, *small())(np.arange(7))
        )


def test_beta_shapley_may_leave_large_sets_out():
    whole = sampled_values.beta_shapley(nearest_label, *small(), draws=200)
    less = sampled_values.beta_shapley(nearest_label, *small(), draws=200, ignore=0.05)
    assert less.trainings < whole.trainings == 1400
    assert np.abs(less.values - whole.values).max() < 0.2


def test_sampling_depends_on_the_seed_alone():
    shares: list[float] = []
    one = sampled_values.banzhaf(nearest_label, *small(), draws=50, seed=3, progress=shares.append)
    other = sampled_values.banzhaf(nearest_label, *small(), draws=50, seed=3)
    assert np.array_equal(one.values, other.values) and shares[-1] == 1
    assert not np.array_equal(
        one.values, sampled_values.banzhaf(nearest_label, *small(), draws=50).values
    )


def test_fixed_models_are_valued_for():
    model = registry.load("fixed_models", "logistic_official_v1")
    random = np.random.default_rng(0)
    truth = np.arange(40) % 2
    features = 3.0 * truth[:, None] + random.normal(size=(40, 3))
    given = truth.copy()
    given[:4] = 1 - given[:4]
    fit_predict = sampled_values.fit_predict_of(model, classes=2)
    found = sampled_values.banzhaf(fit_predict, features, given, features, truth, draws=60)
    assert found.values[:4].mean() < found.values[4:].mean()


def test_sampling_refuses_all_that_is_wrong_at_once():
    train, labels, tests, truth = small()
    with pytest.raises(Invalid) as caught:
        sampled_values.beta_shapley(
            nearest_label, train, labels[:3], tests, truth, alpha=0, draws=1
        )
    rules = [problem.rule for problem in caught.value.problems]
    assert rules == ["shape", "count", "not-positive"]


# Influence -------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3])
def test_influence_is_what_training_without_the_row_does(classes):
    random = np.random.default_rng(classes)
    truth = np.arange(120) % classes
    features = 1.5 * random.normal(size=(classes, 4))[truth] + random.normal(size=(120, 4))
    given = truth.copy()
    given[:12] = (given[:12] + 1) % classes
    tests, answers, train, labels = features[60:], truth[60:], features[:60], given[:60]
    found = influence.influence(train, labels, tests, answers)

    def loss(kept):
        rows = np.column_stack([train, np.ones(60)])[kept]
        weights = influence.fit(rows, np.eye(classes)[labels[kept]], 1.0)
        logits = np.column_stack([tests, np.ones(60)]) @ weights.T
        return (special.logsumexp(logits, axis=1) - logits[np.arange(60), answers]).mean()

    whole = loss(np.arange(60))
    again = np.array([loss(np.delete(np.arange(60), row)) for row in range(60)]) - whole
    assert np.corrcoef(found, again)[0, 1] > 0.99
    assert np.abs(found - again).mean() < 0.1 * np.abs(again).mean()
    assert found[:12].mean() < found[12:].mean()


def test_influence_refuses_what_it_cannot_do():
    with pytest.raises(Invalid) as caught:
        influence.influence(
            np.zeros((3, 9000)), np.zeros(3, int), np.zeros((1, 9000)), np.array([4])
        )
    rules = [problem.rule for problem in caught.value.problems]
    assert rules == ["one-class", "unknown-class", "size"]
