"""Intervals cover, pairing matters, order does not; references agree with scipy and sklearn."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from itertools import pairwise, permutations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn import metrics as theirs

from dataperf import statistics
from dataperf.metrics import accuracy, balanced_accuracy, macro_f1
from dataperf.records import Estimate
from dataperf.statistics import Outcome, resampling

FEW = 300  # resamples, where only behaviour is tested

#: Property tests that never fail because the machine is busy.
some = settings(deadline=None, max_examples=50)


def make_outcome(
    *, rows: int = 120, seeds: int = 4, classes: int = 5, clusters: int = 0, seed: int = 0
) -> Outcome:
    random = np.random.RandomState(seed)
    truth = random.randint(0, classes, rows)
    guess = random.randint(0, classes, (seeds, rows))
    predicted = np.where(random.rand(seeds, rows) < 0.7, truth, guess)
    if not clusters:
        return Outcome(truth, predicted, classes)
    names = np.array([f"speaker {n}" for n in random.randint(0, clusters, rows)])
    return Outcome(truth, predicted, classes, names)


def take(outcome: Outcome, rows: Any) -> Outcome:
    clusters = None if outcome.clusters is None else outcome.clusters[rows]
    return Outcome(outcome.truth[rows], outcome.predicted[:, rows], outcome.classes, clusters)


def only_score(metric: Any) -> Any:
    return SimpleNamespace(higher_is_better=True, score=partial(statistics.score_of, metric))


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


# Confusion matrices ---------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:A single label was found")
@some
@given(st.integers(0, 50), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_confusion_equals_scikit_learn(rows: int, classes: int, seed: int) -> None:
    truth, predicted = np.random.RandomState(seed).randint(0, classes, (2, rows))
    found = statistics.confusion(truth, predicted, classes)
    assert found.shape == (classes, classes)
    if rows:
        expected = theirs.confusion_matrix(truth, predicted, labels=range(classes))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [([0, 1], [0]), ([0, 3], [0, 0]), ([0, 1], [0, -1]), ([0.5, 1.0], [0, 1])],
)
def test_confusion_refuses_nonsense(truth: list[Any], predicted: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"truth|predictions"):
        statistics.confusion(truth, predicted, 3)


@pytest.mark.parametrize(
    ("truth", "predicted", "clusters"),
    [
        ([0, 1], [0, 1], None),
        ([0, 1], [[0, 1, 1]], None),
        ([0, 1], [[0, 9]], None),
        ([0, 1], [[0, 1]], ["a"]),
        ([0, 1], np.zeros((0, 2), dtype=int), None),
    ],
)
def test_outcome_refuses_nonsense(truth: Any, predicted: Any, clusters: Any) -> None:
    with pytest.raises(ValueError, match=r"shape|predictions|clusters"):
        Outcome(np.array(truth), np.array(predicted), 2, clusters)


# Intervals ------------------------------------------------------------------------------


@pytest.mark.parametrize("clusters", [0, 6])
@pytest.mark.parametrize("metric", [macro_f1, accuracy])
def test_slow_path_equals_fast_path(metric: Any, clusters: int) -> None:
    outcome = make_outcome(clusters=clusters)
    fast = statistics.interval(metric, outcome, resamples=FEW)
    slow = statistics.interval(only_score(metric), outcome, resamples=FEW)
    assert slow.model_dump() == pytest.approx(fast.model_dump(), abs=1e-12)


def test_slow_metric_takes_the_first_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 90)
    monkeypatch.setattr(resampling, "SLOW_RESAMPLES", 40)
    outcome, calls = make_outcome(seeds=1), []

    def score(truth: Any, predicted: Any, *, classes: int) -> float:
        calls.append(1)
        return statistics.score_of(accuracy, truth, predicted, classes=classes)

    slow = SimpleNamespace(higher_is_better=True, score=score)
    found = statistics.intervals({"slow": slow, "fast": accuracy}, outcome)
    assert len(calls) == 40 + 1  # and once for the value
    assert found["fast"] == statistics.interval(accuracy, outcome, resamples=90)
    expected = statistics.interval(accuracy, outcome, resamples=40)
    assert found["slow"].model_dump() == pytest.approx(expected.model_dump(), abs=1e-12)
    explicit = statistics.interval(slow, outcome, resamples=60)
    same = statistics.interval(accuracy, outcome, resamples=60)
    assert explicit.model_dump() == pytest.approx(same.model_dump(), abs=1e-12)


@pytest.mark.parametrize("clusters", [0, 6])
@some
@given(seed=st.integers(0, 2**32 - 1))
def test_row_order_does_not_matter(clusters: int, seed: int) -> None:
    outcome = make_outcome(clusters=clusters)
    shuffled = take(outcome, np.random.RandomState(seed).permutation(outcome.rows))
    found = statistics.interval(macro_f1, outcome, resamples=10)
    assert statistics.interval(macro_f1, shuffled, resamples=10) == found


def test_interval_is_frozen() -> None:
    """Recorded once; a change means that published intervals no longer come out again."""
    found = statistics.interval(macro_f1, make_outcome())
    expected = {"value": 0.758995, "low": 0.712860, "high": 0.794123, "groups": None}
    assert found.model_dump() == pytest.approx(expected, abs=1e-6)


def test_value_is_the_exact_mean_over_seeds() -> None:
    outcome = make_outcome()
    scores = [theirs.f1_score(outcome.truth, row, average="macro") for row in outcome.predicted]
    assert statistics.interval(macro_f1, outcome, resamples=5).value == np.mean(scores)


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = make_outcome()
    found = statistics.interval(macro_f1, outcome, resamples=FEW)
    monkeypatch.setattr(resampling, "_MOST_COUNTS", 700)
    monkeypatch.setattr(resampling, "_MOST_WEIGHTS", 150)
    assert statistics.interval(macro_f1, outcome, resamples=FEW) == found


def test_several_metrics_share_resamples() -> None:
    outcome = make_outcome()
    both = statistics.intervals(
        {"macro": macro_f1, "slow": only_score(accuracy), "fast": accuracy}, outcome, resamples=FEW
    )
    assert both["macro"] == statistics.interval(macro_f1, outcome, resamples=FEW)
    assert both["slow"].model_dump() == pytest.approx(both["fast"].model_dump())


def test_flat_interval_is_that_of_a_binomial_share() -> None:
    truth = np.zeros(400, dtype=int)
    predicted = (np.arange(400) < 100).astype(int)[None]
    found = statistics.interval(accuracy, Outcome(truth, predicted, 2))
    exact = scipy_stats.binom(400, 0.75).ppf([0.025, 0.975]) / 400
    assert [found.low, found.high] == pytest.approx(exact, abs=0.006)


def test_seeds_are_paired_not_pooled() -> None:
    """Ten copies of one seed know no more than one: the interval must not shrink."""
    one = make_outcome(seeds=1)
    ten = Outcome(one.truth, np.repeat(one.predicted, 10, axis=0), one.classes)
    alone = statistics.interval(accuracy, one)
    together = statistics.interval(accuracy, ten)
    assert together.model_dump() == pytest.approx(alone.model_dump(), abs=1e-12)


def simulate(random: np.random.RandomState, *, clusters: int, size: int) -> Outcome:
    """Draw items of accuracy 0.75 on average; clusters differ if there are any."""
    rows = clusters * size if clusters else size
    chance = np.full(rows, 0.75)
    names = None
    if clusters:
        chance = np.repeat(random.beta(6, 2, clusters), size)
        names = np.repeat(np.arange(clusters), size)
    wrong = random.rand(2, rows) > chance
    return Outcome(np.zeros(rows, dtype=int), wrong.astype(int), 2, names)


@pytest.mark.parametrize(("clusters", "size", "least"), [(0, 120, 0.90), (25, 12, 0.88)])
def test_interval_covers(clusters: int, size: int, least: float) -> None:
    random = np.random.RandomState(11)
    covered = 0
    for _ in range(150):
        outcome = simulate(random, clusters=clusters, size=size)
        found = statistics.interval(accuracy, outcome, resamples=200)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.75 <= found.high
    assert least <= covered / 150 <= 0.995


def test_nested_interval_is_wider_when_clusters_differ() -> None:
    outcome = simulate(np.random.RandomState(2), clusters=12, size=40)
    flat = Outcome(outcome.truth, outcome.predicted, 2)
    nested = statistics.interval(accuracy, outcome)
    assert nested.groups == 12
    assert width(nested) > 2 * width(statistics.interval(accuracy, flat))


def test_singleton_clusters_are_no_clusters() -> None:
    flat = make_outcome()
    alone = Outcome(flat.truth, flat.predicted, flat.classes, np.arange(flat.rows))
    nested, simple = statistics.interval(accuracy, alone), statistics.interval(accuracy, flat)
    assert width(nested) == pytest.approx(width(simple), rel=0.15)
    assert nested.groups == flat.rows


def test_no_interval_where_none_can_be_had() -> None:
    one_row = Outcome(np.array([1]), np.array([[1], [0]]), 2)
    assert statistics.interval(accuracy, one_row) == Estimate(value=0.5)
    nothing = Outcome(np.array([], dtype=int), np.zeros((2, 0), dtype=int), 2)
    assert statistics.interval(accuracy, nothing) == Estimate(value=None)
    flat = make_outcome()
    one_cluster = Outcome(flat.truth, flat.predicted, flat.classes, np.zeros(flat.rows))
    found = statistics.interval(accuracy, one_cluster)
    assert (found.low, found.high, found.groups) == (None, None, 1)
    assert found.value == statistics.interval(accuracy, flat).value


def test_undefined_metric_has_no_value_and_rare_definition_no_interval() -> None:
    undefined = SimpleNamespace(higher_is_better=True, score=lambda t, p, *, classes: np.nan)
    outcome = make_outcome()
    assert statistics.interval(undefined, outcome, resamples=10) == Estimate(value=None)

    def rarely(truth: Any, predicted: Any, *, classes: int) -> float:
        return 1.0 if len(np.unique(truth)) == 10 else np.nan

    all_different = Outcome(np.arange(10), np.arange(10)[None], 10)
    metric = SimpleNamespace(higher_is_better=True, score=rarely)
    assert statistics.interval(metric, all_different, resamples=50) == Estimate(value=1.0)


# Differences and gaps -------------------------------------------------------------------


def test_identical_predictions_differ_by_exactly_nothing() -> None:
    outcome = make_outcome(seeds=10, clusters=8)
    found = statistics.difference(macro_f1, outcome, outcome, resamples=FEW)
    assert found.estimate == Estimate(value=0.0, low=0.0, high=0.0, groups=8)
    assert found.p_value == 1.0
    reordered = Outcome(outcome.truth, outcome.predicted[::-1], outcome.classes, outcome.clusters)
    assert statistics.difference(macro_f1, outcome, reordered, resamples=FEW).p_value == 1.0


def test_pairing_finds_what_two_intervals_do_not() -> None:
    a = make_outcome(rows=300, seeds=1)
    wrong = a.predicted.copy()
    right = np.flatnonzero(a.predicted[0] == a.truth)[:12]
    wrong[0, right] = (a.truth[right] + 1) % a.classes
    b = Outcome(a.truth, wrong, a.classes)
    found = statistics.difference(accuracy, a, b)
    assert found.estimate.value == pytest.approx(12 / 300)
    assert found.p_value is not None
    assert found.p_value < 0.01
    apart = statistics.gap(accuracy, a, b)
    assert apart.low is not None
    assert apart.low < 0  # unpaired, the same difference drowns
    assert width(apart) > 2 * width(found.estimate)


def test_difference_turns_around() -> None:
    a, b = make_outcome(seed=1), make_outcome(seed=1, seeds=4)
    b = Outcome(a.truth, np.roll(b.predicted, 1, axis=1), a.classes)
    there = statistics.difference(macro_f1, a, b, resamples=FEW)
    back = statistics.difference(macro_f1, b, a, resamples=FEW)
    assert there.estimate.value == -(back.estimate.value or 0)
    assert there.p_value == back.p_value == pytest.approx(2 / (FEW + 1))


def test_difference_of_other_items_is_refused() -> None:
    a = make_outcome()
    for b in (make_outcome(seed=1), make_outcome(clusters=3), make_outcome(classes=6)):
        with pytest.raises(ValueError, match="same items"):
            statistics.difference(accuracy, a, b)


def test_p_value_is_calibrated() -> None:
    """Two models equally good: about 5 % of p-values lie below 0.05."""
    random = np.random.RandomState(5)
    truth = np.zeros(100, dtype=int)
    low = 0
    for _ in range(200):
        a, b = (random.rand(2, 1, 100) > 0.7).astype(int)
        found = statistics.difference(
            accuracy, Outcome(truth, a, 2), Outcome(truth, b, 2), resamples=150
        )
        assert found.p_value is not None
        low += found.p_value < 0.05
    assert 0.01 <= low / 200 <= 0.10


def test_table_of_p_values() -> None:
    a = make_outcome(rows=200, seeds=2)
    b = Outcome(a.truth, make_outcome(rows=200, seeds=3, seed=0).predicted, a.classes)
    c = Outcome(a.truth, np.roll(a.predicted, 1, axis=1), a.classes)
    table = statistics.p_values(balanced_accuracy, [a, b, c], resamples=FEW)
    np.testing.assert_array_equal(table, table.T)
    np.testing.assert_array_equal(np.diag(table), 1)
    assert table[0, 2] == pytest.approx(2 / (FEW + 1))
    alone = statistics.difference(balanced_accuracy, a, b, resamples=FEW).p_value
    assert table[0, 1] == pytest.approx(alone, abs=0.2)
    assert statistics.p_values(accuracy, []).shape == (0, 0)
    one_row = take(a, [0])
    assert (statistics.p_values(accuracy, [one_row, one_row]) == 1).all()
    assert statistics.difference(accuracy, one_row, one_row).p_value is None


def test_gap_of_a_split_to_itself_is_nothing_with_doubt() -> None:
    outcome = make_outcome(rows=300)
    found = statistics.gap(accuracy, outcome, outcome)
    alone = statistics.interval(accuracy, outcome)
    assert found.value == 0
    assert width(found) == pytest.approx(np.sqrt(2) * width(alone), rel=0.15)


def test_gap_counts_the_fewer_clusters() -> None:
    many, few, none = make_outcome(clusters=9), make_outcome(clusters=3), make_outcome()
    assert statistics.gap(accuracy, many, few, resamples=20).groups == 3
    assert statistics.gap(accuracy, none, many, resamples=20).groups == 9


# Ties -----------------------------------------------------------------------------------


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(statistics.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([]).shape == (0,)


def reference_ranks(table: np.ndarray, alpha: float) -> list[int]:
    """Follow the definition step by step: reject while p <= alpha / (tests that are left)."""
    ranks: list[int] = []
    while len(ranks) < len(table):
        leader = len(ranks)
        below = sorted(range(leader + 1, len(table)), key=lambda j: table[leader, j])
        separable: set[int] = set()
        for done, j in enumerate(below):
            if table[leader, j] > alpha / (len(below) - done):
                break
            separable.add(j)
        end = min(separable, default=len(table))
        ranks += [leader + 1] * (end - leader)
    return ranks


def test_ties_of_many_need_enough_resamples() -> None:
    """One entry that is right beats 60 that guess, once p-values can be small enough."""
    random = np.random.RandomState(0)
    truth = random.randint(0, 2, 200)
    best = Outcome(truth, truth[None], 2)
    rest = [Outcome(truth, random.randint(0, 2, (1, 200)), 2) for _ in range(60)]
    coarse = statistics.p_values(accuracy, [best, *rest], resamples=1000)
    assert statistics.group_ties(61, coarse) == [1] * 61
    fine = statistics.p_values(accuracy, [best, *rest], resamples=2 * 60 * 20)
    assert statistics.group_ties(61, fine)[:2] == [1, 2]


@some
@given(st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_ties_follow_their_definition(count: int, seed: int) -> None:
    table = np.random.RandomState(seed).rand(count, count) ** 4
    found = statistics.group_ties(count, table)
    assert found == reference_ranks(table, 0.05)
    assert statistics.group_ties(count, lambda i, j: float(table[i, j])) == found
    assert found == sorted(found)


def test_nothing_known_separates_nobody() -> None:
    assert statistics.group_ties(3, lambda i, j: None) == [1, 1, 1]
    assert statistics.group_ties(3, np.full((3, 3), np.nan)) == [1, 1, 1]
    assert statistics.group_ties(3, np.zeros((3, 3))) == [1, 2, 3]
    assert statistics.group_ties(0, np.zeros((0, 0))) == []


# Random picks ---------------------------------------------------------------------------


@some
@given(st.data())
def test_random_picks_equal_scipy(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 3000))
    errors, picked = (data.draw(st.integers(0, total)) for _ in range(2))
    least, most = max(0, errors + picked - total), min(errors, picked)
    selected_defects = data.draw(st.integers(least, most))
    exact = scipy_stats.hypergeom(total, errors, picked)
    found, p = statistics.random_selection(
        total, errors, picked=picked, selected_defects=selected_defects
    )
    assert found.value == pytest.approx(picked * errors / total)
    assert p == pytest.approx(exact.cdf(selected_defects), rel=1e-7)
    assert found.low is not None
    assert found.high is not None
    # The smallest numbers that reach the levels, up to the last digits of scipy's sums.
    for bound, level in ((found.low, 0.025), (found.high, 0.975)):
        assert exact.cdf(bound) >= level - 1e-9
        assert exact.cdf(bound - 1) < level + 1e-9


@pytest.mark.parametrize(
    ("total", "errors", "picked", "selected_defects"),
    [(10**7, 2 * 10**6, 10**6, 199_000), (10**7, 5, 10**6, 0), (10**7, 10**7 - 5, 300, 299)],
)
def test_random_picks_of_millions(
    total: int, errors: int, picked: int, selected_defects: int
) -> None:
    from fractions import Fraction

    found, p = statistics.random_selection(
        total, errors, picked=picked, selected_defects=selected_defects
    )
    assert found.value == picked * errors / total
    if picked == 10**6 and errors > 5:
        spread = np.sqrt(picked * 0.2 * 0.8 * 0.9)
        assert p == pytest.approx(
            scipy_stats.norm.cdf((selected_defects + 0.5 - 200_000) / spread), rel=0.01
        )
        assert found.low == pytest.approx(200_000 - 1.96 * spread, abs=2)
        return
    # Few errors (or few rows that are right): exact, in fractions.
    rare, drawn_rare = (
        (errors, selected_defects) if errors == 5 else (total - errors, picked - selected_defects)
    )
    none = Fraction(1)
    for i in range(rare):
        none *= Fraction(total - picked - i, total - i)
    exact = none if errors == 5 else 1 - none
    assert drawn_rare == (0 if errors == 5 else 1)
    assert p == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_random_picks_take_numbers_of_numpy(kind: Any) -> None:
    total, errors, picked, selected_defects = 10**7, 2 * 10**6, 10**6, 199_000
    expected = statistics.random_selection(
        total, errors, picked=picked, selected_defects=selected_defects
    )
    found = statistics.random_selection(
        kind(total), kind(errors), picked=kind(picked), selected_defects=kind(selected_defects)
    )
    assert found == expected


def test_random_picks_at_the_edges() -> None:
    for total, errors, picked, selected_defects in (
        (0, 0, 0, 0),
        (9, 0, 4, 0),
        (9, 9, 4, 4),
        (9, 3, 9, 3),
    ):
        found, p = statistics.random_selection(
            total, errors, picked=picked, selected_defects=selected_defects
        )
        assert (found.value, found.low, found.high, p) == (
            selected_defects,
            selected_defects,
            selected_defects,
            1.0,
        )
    far_below = statistics.random_selection(10**6, 5 * 10**5, picked=10**5, selected_defects=0)[1]
    assert far_below == 0.0
    for picked, selected_defects in ((11, 0), (4, 5), (9, 1), (-1, 0)):
        with pytest.raises(ValueError, match="no selection"):
            statistics.random_selection(10, 3, picked=picked, selected_defects=selected_defects)


# Rankings and flags ---------------------------------------------------------------------


@some
@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_ranking_without_ties_equals_scikit_learn(rows: int, seed: int) -> None:
    random = np.random.RandomState(seed)
    errors = random.rand(rows) < 0.4
    errors[:2] = [True, False]
    suspicion = random.permutation(rows).astype(float)
    found = statistics.ranking_scores(suspicion, errors, ks=[1, rows, rows + 1])
    expected = theirs.average_precision_score(errors, suspicion)
    assert found["average_precision"] == pytest.approx(expected)
    assert found["auroc"] == pytest.approx(theirs.roc_auc_score(errors, suspicion))
    assert found["precision@1"] == errors[np.argmax(suspicion)]
    assert found[f"precision@{rows}"] == pytest.approx(errors.mean())
    assert found[f"recall@{rows}"] == pytest.approx(1)
    assert found[f"precision@{rows + 1}"] is None


@some
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=5))
def test_ties_are_expectations_over_every_order(rows: list[tuple[int, bool]]) -> None:
    suspicion = np.array([value for value, _ in rows], dtype=float)
    errors = np.array([wrong for _, wrong in rows])
    found = statistics.ranking_scores(suspicion, errors, ks=[2])
    each = []
    for order in permutations(range(len(rows))):
        if all(suspicion[a] >= suspicion[b] for a, b in pairwise(order)):
            broken = statistics.suspicion_of(np.array(order), len(rows))
            each.append(statistics.ranking_scores(broken, errors, ks=[2]))
    for name, value in found.items():
        values = [scores[name] for scores in each]
        if value is None:
            assert set(values) == {None}
        else:
            assert value == pytest.approx(np.mean([v for v in values if v is not None]))


@some
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=2, max_size=40))
def test_auroc_with_ties_equals_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    suspicion = np.array([value for value, _ in rows], dtype=float)
    errors = np.array([wrong for _, wrong in rows])
    found = statistics.ranking_scores(suspicion, errors)["auroc"]
    if errors.all() or not errors.any():
        assert found is None
    else:
        assert found == pytest.approx(theirs.roc_auc_score(errors, suspicion))


def test_partial_order_ties_at_the_end() -> None:
    np.testing.assert_array_equal(statistics.suspicion_of([], 2), [0, 0])
    errors = np.array([True, False, False, False])
    found = statistics.ranking_scores(statistics.suspicion_of([1], 4), errors, ks=[2])
    assert found["precision@2"] == pytest.approx(1 / 3 / 2)
    assert found["average_precision"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)
    for order in ([0, 0], [4], [-1]):
        with pytest.raises(ValueError, match="listed"):
            statistics.suspicion_of(order, 4)


def test_rankings_of_nothing_are_undefined() -> None:
    empty = statistics.ranking_scores(np.array([]), np.array([], dtype=bool), ks=[1])
    assert set(empty.values()) == {None}
    with pytest.raises(ValueError, match="suspicion"):
        statistics.ranking_scores(np.array([np.nan]), np.array([True]))


@some
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_flags_equal_scikit_learn(rows: list[tuple[bool, bool]]) -> None:
    flagged = np.array([flag for flag, _ in rows], dtype=bool)
    errors = np.array([wrong for _, wrong in rows], dtype=bool)
    found = statistics.flag_scores(flagged, errors)
    assert (found["precision"] is None) == (not flagged.any())
    assert (found["recall"] is None) == (not errors.any())
    if flagged.any() and errors.any():
        expected = theirs.precision_recall_fscore_support(
            errors, flagged, average="binary", zero_division=0
        )[:3]
        assert [found["precision"], found["recall"], found["f1"]] == pytest.approx(expected)


# Balance --------------------------------------------------------------------------------

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(any)


@some
@given(COUNTS)
def test_entropy_equals_scipy(counts: list[int]) -> None:
    expected = scipy_stats.entropy(counts) / np.log(len(counts))
    assert statistics.normalized_entropy(counts) == pytest.approx(expected, abs=1e-12)


@some
@given(COUNTS)
def test_total_variation_is_a_distance(counts: list[int]) -> None:
    equal = np.ones(len(counts))
    found = statistics.total_variation(counts, equal)
    assert 0 <= found <= 1
    assert found == pytest.approx(statistics.total_variation(equal, counts))
    assert statistics.total_variation(counts, np.array(counts) * 3) == pytest.approx(0, abs=1e-12)


def test_balance_at_the_edges() -> None:
    assert statistics.normalized_entropy([7]) == 1
    assert np.isnan(statistics.normalized_entropy([0, 0]))
    assert np.isnan(statistics.normalized_entropy([]))
    assert statistics.imbalance_ratio([]) is None
    assert statistics.imbalance_ratio([3, 0]) is None
    assert statistics.imbalance_ratio([3, 12]) == 4
    assert np.isnan(statistics.total_variation([0, 0], [1, 1]))
    assert statistics.total_variation([1, 0], [0, 1]) == 1
    with pytest.raises(ValueError, match="reference"):
        statistics.total_variation([1, 2], [1, 1, 1])
    with pytest.raises(ValueError, match="negative"):
        statistics.normalized_entropy([-1, 2])


def test_import_is_light() -> None:
    """Nothing of scipy or scikit-learn is imported before it is needed."""
    code = "import sys, dataperf.statistics; print({'scipy', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# Scores of several tests ----------------------------------------------------------------


def shares(rows: int, right: float, lines: int = 1, seed: int = 0, **told: Any) -> Outcome:
    """Return lines of predictions of two classes, each row right by chance."""
    random = np.random.RandomState(seed)
    truth = np.ones(rows, dtype=np.intp)
    return Outcome(truth, (random.rand(lines, rows) < right).astype(np.intp), 2, **told)


def test_score_is_a_sum_of_terms() -> None:
    one, other = shares(100, 0.9), shares(50, 0.5, seed=1)
    score = statistics.Score(
        (statistics.Term(accuracy, one, 0.5), statistics.Term(accuracy, other, 0.25)), 0.1
    )
    values = [statistics.average(accuracy, each) for each in (one, other)]
    assert score.value == pytest.approx(0.1 + 0.5 * values[0] + 0.25 * values[1])
    found = score.interval()
    variance = sum(
        (scale * np.sqrt(value * (1 - value) / rows)) ** 2
        for scale, value, rows in zip((0.5, 0.25), values, (100, 50))
    )
    assert width(found) == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.1)


def test_a_lone_score_is_its_metric() -> None:
    one = shares(100, 0.8)
    score = statistics.Score((statistics.Term(accuracy, one),))
    assert score.value == statistics.average(accuracy, one)
    assert score.interval() == statistics.interval(accuracy, one)


def test_weights_count_lines_by_their_share() -> None:
    truth = np.array([1, 1, 1, 1])
    lines = np.array([[1, 1, 1, 1], [0, 0, 0, 0]])
    outcome = Outcome(truth, lines, 2, weights=np.array([3.0, 1.0]))
    assert statistics.average(accuracy, outcome) == 0.75


def test_long_series_take_the_short_way_to_the_same_interval() -> None:
    plain = shares(200, 0.7, lines=30)
    weighted = Outcome(plain.truth, plain.predicted, 2, weights=np.ones(30))
    slow, fast = (statistics.interval(accuracy, each) for each in (plain, weighted))
    assert slow.value == pytest.approx(fast.value)
    assert width(slow) == pytest.approx(width(fast), rel=0.1)


def test_lines_that_came_by_chance_widen_the_interval() -> None:
    random = np.random.RandomState(0)
    level = random.uniform(0.4, 1.0, (10, 1))  # draws of very different luck
    truth = np.ones(500, dtype=np.intp)
    lines = (random.rand(10, 500) < level).astype(np.intp)
    told = {"weights": np.ones(10)}
    fixed, chance = (
        statistics.interval(accuracy, Outcome(truth, lines, 2, lines_are_sampled=by, **told))
        for by in (False, True)
    )
    assert fixed.value == chance.value
    spread = lines.mean(axis=1).std() / np.sqrt(10)
    assert width(chance) > max(width(fixed), 3.5 * spread)


def test_draws_carry_the_doubt_of_every_row() -> None:
    """Rows that are right in half of the draws: no row differs, all are in doubt."""
    truth = np.ones(100, dtype=np.intp)
    lines = np.repeat([[0], [1]], 100, axis=1)
    sure, doubt = (
        statistics.interval(
            accuracy, Outcome(truth, lines, 2, weights=np.ones(2), seeds_are_draws=each)
        )
        for each in (False, True)
    )
    assert width(sure) == 0.0
    assert width(doubt) == pytest.approx(2 * 1.96 * 0.5 / 10, rel=0.1)


def test_answers_tested_on_their_own_items_are_compared_unpaired() -> None:
    one = shares(400, 0.8, items="a")
    same, apart = shares(400, 0.8), shares(400, 0.8, items="b")
    score = {
        name: statistics.Score((statistics.Term(accuracy, each),))
        for name, each in {"one": one, "same": same, "apart": apart}.items()
    }
    paired = statistics.score_difference(score["same"], score["same"])
    unpaired = statistics.score_difference(score["one"], score["apart"])
    assert paired.p_value == 1.0
    assert width(paired.estimate) == 0.0
    assert width(unpaired.estimate) == pytest.approx(2 * 1.96 * 0.4 / 20 * np.sqrt(2), rel=0.1)
    assert unpaired.p_value > 0.5


def test_a_difference_of_scores_is_paired_test_by_test() -> None:
    one, other = shares(300, 0.8), shares(300, 0.6, seed=1)
    scores = [
        statistics.Score((statistics.Term(accuracy, each, 0.5),) * 2, offset)
        for each, offset in ((one, 0.0), (other, 0.3))
    ]
    found = statistics.score_difference(*scores)
    assert found.estimate.value == pytest.approx(scores[0].value - scores[1].value)
    plain = statistics.difference(accuracy, one, other)
    assert width(found.estimate) == pytest.approx(width(plain.estimate) / np.sqrt(2), rel=0.15)


@pytest.mark.parametrize("metric", [accuracy, macro_f1])
def test_counts_of_patterns_give_the_interval_of_rows(
    metric: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = make_outcome(rows=3000, seeds=2)
    by_row = statistics.interval(metric, many)
    monkeypatch.setattr(resampling, "_MANY_ROWS", 1000)
    by_pattern = statistics.interval(metric, many)
    monkeypatch.setattr(resampling, "_MOST_CELLS", 0)
    by_repeats = statistics.interval(metric, many)
    assert by_pattern == by_repeats  # the same draws, two ways to count
    assert width(by_pattern) == pytest.approx(width(by_row), rel=0.1)


def test_unsigned_class_ids_give_the_same_interval() -> None:
    """20 seeds of 7 classes: names of patterns beyond what a float holds."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 7, 9000)
    predicted = np.where(random.random((20, 9000)) < 0.5, truth, random.integers(0, 7, (20, 9000)))
    found = [
        statistics.interval(accuracy, Outcome(truth, predicted.astype(kind), 7), resamples=50)
        for kind in ("int64", "uint64")
    ]
    assert found[0] == found[1]
