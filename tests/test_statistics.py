"""Intervals cover, pairing matters, order does not; references agree with scipy and sklearn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise, permutations
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn import metrics as theirs

from dataperf import statistics
from dataperf.metrics import (
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    macro_f1,
    worst_class_recall,
)
from dataperf.records import Estimate
from dataperf.statistics import Outcome, Score, Term, jackknife

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
    fast = statistics.interval(metric, outcome)
    slow = statistics.interval(only_score(metric), outcome)
    assert slow.model_dump() == pytest.approx(fast.model_dump(), abs=1e-12)


@pytest.mark.parametrize("metric", [macro_f1, only_score(macro_f1)])
def test_blocks_of_rows_stand_for_rows(metric: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where leaving out one row at a time takes too long, blocks of rows are left out."""
    outcome = make_outcome(rows=1000, seeds=2)
    exact = statistics.interval(macro_f1, outcome)
    monkeypatch.setattr(jackknife, "_MOST_WORK", 0)
    monkeypatch.setattr(jackknife, "_FEWEST_BLOCKS", 100)
    assert width(statistics.interval(metric, outcome)) == pytest.approx(width(exact), rel=0.25)


@pytest.mark.parametrize("metric", [accuracy, macro_f1, balanced_accuracy])
def test_parts_are_the_jackknife(metric: Any) -> None:
    outcome = make_outcome(seeds=2)
    found = statistics.spread(metric, outcome)
    assert found is not None
    kept = [np.delete(np.arange(outcome.rows), row) for row in range(outcome.rows)]
    left = np.array([statistics.average(metric, take(outcome, rows)) for rows in kept])
    n = outcome.rows
    assert found.parts @ found.parts == pytest.approx((n - 1) * left.var())
    assert found.bias == pytest.approx((n - 1) * (left.mean() - found.value))


@pytest.mark.parametrize("clusters", [0, 6])
@some
@given(seed=st.integers(0, 2**32 - 1))
def test_row_order_does_not_matter(clusters: int, seed: int) -> None:
    outcome = make_outcome(clusters=clusters)
    shuffled = take(outcome, np.random.RandomState(seed).permutation(outcome.rows))
    found = statistics.interval(macro_f1, outcome)
    assert statistics.interval(macro_f1, shuffled).model_dump() == pytest.approx(
        found.model_dump(), abs=1e-12
    )


def test_interval_is_frozen() -> None:
    """Recorded once; a change means that published intervals no longer come out again."""
    found = statistics.interval(macro_f1, make_outcome())
    expected = {"value": 0.758995, "low": 0.702850, "high": 0.811089, "groups": None}
    assert found.model_dump() == pytest.approx(expected, abs=1e-6)


def test_value_is_the_exact_mean_over_seeds() -> None:
    outcome = make_outcome()
    scores = [theirs.f1_score(outcome.truth, row, average="macro") for row in outcome.predicted]
    assert statistics.interval(macro_f1, outcome).value == np.mean(scores)


@pytest.mark.parametrize("wrong", [0, 1, 20, 100, 399, 400])
def test_interval_of_accuracy_is_wilsons(wrong: int) -> None:
    truth = np.zeros(400, dtype=int)
    predicted = (np.arange(400) < wrong).astype(int)[None]
    found = statistics.interval(accuracy, Outcome(truth, predicted, 2))
    exact = scipy_stats.binomtest(400 - wrong, 400).proportion_ci(method="wilson")
    assert [found.low, found.high] == pytest.approx([exact.low, exact.high], abs=0.002)


@pytest.mark.parametrize(
    "metric", [accuracy, macro_f1, balanced_accuracy, worst_class_recall, cohen_kappa]
)
@pytest.mark.parametrize("clusters", [None, 6])
def test_no_interval_is_without_width(metric: Any, clusters: int | None) -> None:
    """All right, or all wrong, is not certain."""
    truth = np.arange(60) % 3
    names = None if clusters is None else np.arange(60) % clusters
    for predicted in (truth, (truth + 1) % 3):
        found = statistics.interval(metric, Outcome(truth, predicted[None], 3, names))
        assert width(found) > 0.02
        assert found.low is not None
        assert found.low >= getattr(metric, "lowest", 0.0)
        assert found.high is not None
        assert found.high <= 1.0


def test_interval_of_the_worst_class_is_exact() -> None:
    """Ten rows of each of three classes, of which 9, 8 and 10 are right."""
    truth = np.repeat(np.arange(3), 10)
    predicted = truth.copy()
    predicted[[0, 10, 11]] = 2
    found = statistics.interval(worst_class_recall, Outcome(truth, predicted[None], 3))
    low = scipy_stats.beta(8, 3).ppf(0.025)
    high = scipy_stats.beta(9, 2).ppf(1 - 0.025 / 3)
    assert [found.value, found.low, found.high] == pytest.approx([0.8, low, high])


def test_seeds_are_paired_not_pooled() -> None:
    """Ten copies of one seed know no more than one: the interval must not shrink."""
    one = make_outcome(seeds=1)
    ten = Outcome(one.truth, np.repeat(one.predicted, 10, axis=0), one.classes)
    alone = statistics.interval(accuracy, one)
    together = statistics.interval(accuracy, ten)
    assert together.model_dump() == pytest.approx(alone.model_dump(), abs=1e-12)


def test_seeds_that_differ_widen_the_interval() -> None:
    random = np.random.RandomState(1)
    truth = np.zeros(2000, dtype=int)
    seeds = (random.rand(4, 2000) > np.array([[0.6], [0.7], [0.8], [0.9]])).astype(int)
    together = width(statistics.interval(accuracy, Outcome(truth, seeds, 2)))
    alone = width(statistics.interval(accuracy, Outcome(truth, seeds[:1], 2)))
    expected = 2 * scipy_stats.t(3).ppf(0.975) * np.std([0.6, 0.7, 0.8, 0.9], ddof=1) / 2
    assert together > 5 * alone
    assert together == pytest.approx(expected, rel=0.15)


COVERAGE = run_path(str(Path(__file__).parents[1] / "benchmarks" / "interval_coverage.py"))


@pytest.mark.parametrize(
    ("table", "cell"),
    [
        ("single", {"k": 2, "imbalanced": True, "level": 0.95, "rows": 50}),
        ("single", {"k": 6, "imbalanced": True, "level": 0.75, "rows": 160}),
        ("several_seeds", {"seeds": 3, "seed_sd": 0.02, "rows": 320, "level": 0.7, "row_sd": 0.15}),
        ("grouped", {"groups": 4, "group_sd": 0.1, "unequal": False}),
        ("grouped", {"groups": 10, "group_sd": 0.2, "unequal": True}),
        ("paired", {"k": 2, "imbalanced": True, "changed": 0.02, "level": 0.8, "rows": 60}),
    ],
)
def test_intervals_hold_the_true_value(table: str, cell: dict[str, Any]) -> None:
    """A short form of `benchmarks/interval_coverage.py`: 150 samples, of which at least 91 % are held."""
    _, found = COVERAGE[table](cell | {"runs": 150, "seed": 3})
    assert {name: each[0] for name, each in found.items() if each[0] < 0.91} == {}
    assert {name: each[2] for name, each in found.items() if each[2] > 0} == {}


def test_interval_is_wider_when_groups_differ() -> None:
    random = np.random.RandomState(2)
    names = np.repeat(np.arange(12), 40)
    wrong = random.rand(2, 480) > random.beta(6, 2, 12)[names]
    outcome = Outcome(np.zeros(480, dtype=int), wrong.astype(int), 2, names)
    flat = Outcome(outcome.truth, outcome.predicted, 2)
    nested = statistics.interval(accuracy, outcome)
    assert nested.groups == 12
    assert width(nested) > 1.8 * width(statistics.interval(accuracy, flat))


def test_groups_of_one_row_are_no_groups() -> None:
    flat = make_outcome()
    alone = Outcome(flat.truth, flat.predicted, flat.classes, np.arange(flat.rows))
    nested, simple = statistics.interval(accuracy, alone), statistics.interval(accuracy, flat)
    assert width(nested) == pytest.approx(width(simple), rel=0.02)
    assert nested.groups == flat.rows


def test_no_interval_where_none_can_be_had() -> None:
    one_row = Outcome(np.array([1]), np.array([[1], [0]]), 2)
    assert statistics.interval(accuracy, one_row) == Estimate(value=0.5)
    nothing = Outcome(np.array([], dtype=int), np.zeros((2, 0), dtype=int), 2)
    assert statistics.interval(accuracy, nothing) == Estimate(value=None)
    flat = make_outcome()
    for count in (1, 2, 3):
        names = np.arange(flat.rows) % count
        few = Outcome(flat.truth, flat.predicted, flat.classes, names)
        found = statistics.interval(accuracy, few)
        assert (found.low, found.high, found.groups) == (None, None, count)
        assert found.value == statistics.interval(accuracy, flat).value


def test_undefined_metric_has_no_value() -> None:
    undefined = SimpleNamespace(higher_is_better=True, score=lambda t, p, *, classes: np.nan)
    assert statistics.interval(undefined, make_outcome()) == Estimate(value=None)


def test_metric_without_limits_has_an_interval_of_students_t() -> None:
    def score(truth: Any, predicted: Any, *, classes: int) -> float:
        return 100.0 * float(np.mean(truth == predicted))

    outcome = make_outcome(rows=150, seeds=1)
    percent = statistics.interval(SimpleNamespace(higher_is_better=True, score=score), outcome)
    share = statistics.interval(accuracy, outcome)
    assert percent.value == pytest.approx(100 * (share.value or 0))
    assert width(percent) == pytest.approx(100 * width(share), rel=0.05)


# Differences and gaps -------------------------------------------------------------------


def test_identical_predictions_are_not_shown_to_differ() -> None:
    outcome = make_outcome(seeds=10, clusters=8)
    found = statistics.difference(macro_f1, outcome, outcome)
    assert (found.estimate.value, found.p_value, found.estimate.groups) == (0.0, 1.0, 8)
    assert 0.0 < width(found.estimate) < 0.1  # other rows might show a difference
    reordered = Outcome(outcome.truth, outcome.predicted[::-1], outcome.classes, outcome.clusters)
    again = statistics.difference(macro_f1, outcome, reordered)
    assert again.p_value == pytest.approx(1.0)


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
    there = statistics.difference(macro_f1, a, b)
    back = statistics.difference(macro_f1, b, a)
    assert there.estimate.value == -(back.estimate.value or 0)
    assert there.p_value == back.p_value
    assert there.p_value is not None
    assert there.p_value < 0.001


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
        found = statistics.difference(accuracy, Outcome(truth, a, 2), Outcome(truth, b, 2))
        assert found.p_value is not None
        low += found.p_value < 0.05
    assert 0.01 <= low / 200 <= 0.10


def test_gap_of_a_split_to_itself_is_nothing_with_doubt() -> None:
    outcome = make_outcome(rows=300)
    found = statistics.gap(accuracy, outcome, outcome)
    alone = statistics.interval(accuracy, outcome)
    assert found.value == 0
    assert width(found) == pytest.approx(np.sqrt(2) * width(alone), rel=0.15)


def test_gap_counts_the_fewer_clusters() -> None:
    many, few, none = make_outcome(clusters=9), make_outcome(clusters=3), make_outcome()
    assert statistics.gap(accuracy, many, few).groups == 3
    assert statistics.gap(accuracy, none, many).groups == 9


# Ranks ----------------------------------------------------------------------------------


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(statistics.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([]).shape == (0,)


def entries(levels: Sequence[float], *, rows: int = 320, seed: int = 0) -> list[Outcome]:
    random = np.random.RandomState(seed)
    truth = random.randint(0, 3, rows)
    other = (truth + random.randint(1, 3, rows)) % 3
    return [
        Outcome(truth, np.where(random.rand(rows) < level, truth, other)[None], 3)
        for level in levels
    ]


def scores(outcomes: Sequence[Outcome], metric: Any = accuracy) -> list[Score]:
    return [Score((Term(metric, each),)) for each in outcomes]


def test_ranks_of_clear_differences() -> None:
    found = statistics.ranks(scores(entries([0.5, 0.95, 0.75])))
    assert (found.best, found.worst) == ([3, 1, 2], [3, 1, 2])
    assert found.visible is not None
    assert 0.03 < found.visible < 0.25


def test_ranks_turn_around_where_lower_is_better() -> None:
    lower = SimpleNamespace(higher_is_better=False, from_counts=accuracy.from_counts)
    found = statistics.ranks(scores(entries([0.5, 0.95, 0.75]), lower))
    assert (found.best, found.worst) == ([1, 3, 2], [1, 3, 2])


def test_order_of_entries_does_not_matter() -> None:
    made = scores(entries(np.linspace(0.5, 0.9, 9)))
    order = np.random.RandomState(0).permutation(9)
    there = statistics.ranks(made)
    back = statistics.ranks([made[place] for place in order])
    assert np.array_equal(there.better[np.ix_(order, order)], back.better)


@pytest.mark.parametrize("copied", [0, 4])
def test_copies_cost_nobody_a_rank(copied: int) -> None:
    outcomes = entries([0.85, 0.8, 0.75, 0.7, 0.6])
    alone = statistics.ranks(scores(outcomes))
    random, copies = np.random.RandomState(1), []
    for _ in range(60):  # one prediction changed
        line = outcomes[copied].predicted.copy()
        line[0, random.randint(320)] = random.randint(3)
        copies.append(Outcome(outcomes[0].truth, line, 3))
    flooded = statistics.ranks(scores([*outcomes, *copies]))
    assert np.array_equal(flooded.better[:5, :5], alone.better)
    assert not flooded.better[5:, copied].any()


def test_boards_of_equal_entries_mostly_separate_nobody() -> None:
    random = np.random.RandomState(7)
    shown = [
        statistics.ranks(scores(entries([0.75] * 10, rows=160, seed=random.randint(10**6))))
        for _ in range(150)
    ]
    assert sum(each.better.any() for each in shown) / 150 <= 0.09


def test_an_entry_without_an_interval_is_never_separated() -> None:
    outcomes = entries([0.3, 0.9, 0.6])
    names = np.arange(320) % 2
    grouped = [Outcome(each.truth, each.predicted, 3, names) for each in outcomes]
    found = statistics.ranks(scores(grouped))
    assert (found.best, found.worst, found.visible) == ([1, 1, 1], [3, 3, 3], None)
    assert statistics.ranks([]).best == []
    assert statistics.ranks(scores(outcomes[:1])).best == [1]


def test_identical_entries_are_not_separated() -> None:
    one = entries([0.9])[0]
    found = statistics.ranks(scores([one, one, one]))
    assert (found.best, found.worst) == ([1, 1, 1], [3, 3, 3])


def test_seeds_that_move_the_score_keep_twins_together() -> None:
    """One answer, trained twice under other seeds, is not shown to be better than itself."""
    random, apart = np.random.RandomState(3), 0
    truth, runs = np.zeros(400, dtype=int), 60
    for _ in range(runs):
        luck = random.normal(0.7, 0.03, (6, 3, 1))
        lines = (random.rand(6, 3, 400) > luck).astype(int)
        found = statistics.ranks(scores([Outcome(truth, each, 2) for each in lines]))
        apart += found.better.any()
    assert apart / runs <= 0.12


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
    assert width(sure) < 0.07  # no row differs from another
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
    assert width(paired.estimate) < 0.02
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


def test_unsigned_class_ids_give_the_same_interval() -> None:
    """20 seeds of 7 classes: names of patterns beyond what a float holds."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 7, 9000)
    predicted = np.where(random.random((20, 9000)) < 0.5, truth, random.integers(0, 7, (20, 9000)))
    found = [
        statistics.interval(accuracy, Outcome(truth, predicted.astype(kind), 7))
        for kind in ("int64", "uint64")
    ]
    assert found[0] == found[1]
