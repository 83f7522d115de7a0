"""Every detector finds what was planted, and nothing much where nothing was."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from audit_tiny import Fake, added, blobs, made

from dataperf import registry, statistics
from dataperf.authoring import detector_trial, example_rows
from dataperf.detectors import (
    annotators,
    drift,
    duplicates,
    fairness,
    features,
    imbalance,
    outliers,
    slices,
)
from dataperf.evidence import agreement, conditions, discretize, measures, one_column
from dataperf.records.findings import Finding

OURS = (annotators, drift, duplicates, fairness, features, imbalance, outliers, slices)
RANDOM = np.random.default_rng


def looked_for(detector, rows, **more) -> Finding:
    found = detector.find(Fake(rows, **more))
    assert isinstance(found, Finding), found
    return found


def right(rows, *, wrong=()):
    """Return probabilities of the given label, but of the next class for the wrong rows."""
    labels = np.where(rows.labels >= 0, rows.labels, 0).copy()
    labels[np.asarray(wrong, dtype=np.intp)] += 1
    return np.eye(len(rows.classes))[labels % len(rows.classes)]


# Clean data ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("detector", OURS, ids=lambda each: each.__name__.rpartition(".")[2])
def test_clean_data_is_nothing_to_worry_about(detector, seed):
    random = RANDOM(seed + 50)
    rows = blobs(seed=seed)
    rows = added(rows, "categorical", sex=random.choice(["f", "m"], 600))
    raters = {name: np.where(random.random(600) < 0.97, rows.labels, 0) for name in "abc"}
    rows = replace(rows, sensitive=("sex",), annotators=raters)
    found = looked_for(
        detector, rows, given_probabilities=right(rows, wrong=random.permutation(600)[:60])
    )
    assert found.severity == "none", found.sentence
    if detector in (duplicates, outliers, slices, features, imbalance):
        assert len(found.table) <= 3


@pytest.mark.parametrize("dimensions", [1, 2, 8, 40])
@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential", "standard_t"])
def test_clean_continuous_data_of_any_shape_has_next_to_no_flags(draw, dimensions):
    random = RANDOM(dimensions)
    shape = (5,) if draw == "standard_t" else ()
    values = getattr(random, draw)(*shape, size=(1500, dimensions))
    rows = made(values, random.integers(0, 2, 1500))
    assert len(looked_for(duplicates, rows).table) <= 2
    # half a per cent of light tails; heavy ones do hold rows at a hundred times the usual distance
    assert len(looked_for(outliers, rows).table) <= (22 if draw == "standard_t" else 8)


def test_a_sparse_class_next_to_a_dense_one_is_neither_near_duplicates_nor_outliers():
    random = RANDOM(4)
    labels = np.arange(1200) % 2
    spread = np.where(labels == 0, 0.02, 2.0)[:, None]
    rows = made(random.normal(size=(1200, 12)) * spread + 5 * labels[:, None], labels)
    assert len(looked_for(duplicates, rows).table) <= 2
    assert len(looked_for(outliers, rows).table) <= 12


def test_regions_of_other_dimensions_hold_no_near_duplicates():
    random = RANDOM(62)
    values = np.zeros((1600, 24))
    values[:800, :2] = random.normal(size=(800, 2))
    values[800:] = 10 + random.normal(size=(800, 24))
    assert len(looked_for(duplicates, made(values, np.arange(1600) % 2)).table) <= 2


# Duplicates ------------------------------------------------------------------------------


def test_planted_duplicates_are_grouped_and_their_harm_is_marked():
    rows = blobs(seed=1)
    values, labels, split = rows.features.copy(), rows.labels.copy(), rows.split.copy()
    values[[1, 2]] = values[0]  # three exact copies, other labels
    values[11] = values[10]  # across splits
    values[21] = values[20] + 1e-3  # near, the same label and split
    labels[[0, 1, 2]], labels[11], labels[21] = [0, 0, 1], labels[10], labels[20]
    split[[0, 1, 2]], split[[10, 11]], split[21] = "train", ["train", "test"], split[20]
    found = looked_for(duplicates, made(values, labels, split=split))
    sets = {tuple(part["row"]): part for _, part in found.table.groupby("set")}
    assert set(sets) == {(0, 1, 2), (10, 11), (20, 21)}
    sets = {
        key: (part["kind"].unique().tolist(), part["conflict"].all(), part["crosses"].all())
        for key, part in sets.items()
    }
    assert sets[0, 1, 2] == (["exact"], True, False)
    assert sets[10, 11] == (["exact"], False, True)
    assert sets[20, 21] == (["near"], False, False)
    assert found.table["row"].tolist()[-2:] == [20, 21]  # harmless ones last
    assert found.table["id"].iloc[-1] == "id-21"
    assert (found.numbers["conflict_rows"], found.numbers["crossing_rows"]) == (3, 2)
    assert found.severity == "medium"
    assert "3 are in sets whose labels conflict" in found.sentence


def test_duplicates_of_many_rows_are_grave():
    rows = blobs(seed=2)
    values = rows.features.copy()
    values[300:330] = values[:30]
    labels = rows.labels.copy()
    labels[300:330] = (labels[:30] + 1) % 3
    found = looked_for(duplicates, made(values, labels))
    assert found.severity == "high"
    assert (found.numbers["sets"], found.numbers["surplus_rows"]) == (30, 30)


def test_near_duplicates_are_found_in_many_dimensions_and_a_chain_is_one_set():
    random = RANDOM(3)
    values = random.normal(size=(800, 32))
    values[1] = values[0] + 0.05 * random.normal(size=32)
    values[2] = values[1] + 0.05 * random.normal(size=32)
    found = looked_for(duplicates, made(values, np.arange(800) % 2))
    assert sorted(found.table["row"]) == [0, 1, 2]
    assert found.table["set"].nunique() == 1
    assert set(found.table["kind"]) == {"near"}


def test_near_duplicates_of_a_third_of_the_rows_are_found():
    random = RANDOM(63)
    values = random.normal(size=(300, 16))
    values[:50] = values[50:100] + 0.01 * random.normal(size=(50, 16))
    found = looked_for(duplicates, made(values, np.arange(300) % 2))
    assert sorted(found.table["row"]) == list(range(100))
    assert found.numbers["sets"] == 50


def test_same_numbers_of_different_texts_are_near_not_exact():
    rows = blobs(seed=3)
    values = rows.features.copy()
    values[1] = values[0]
    frame = pd.DataFrame({"x0": [f"text {number}" for number in range(600)]})
    found = looked_for(duplicates, made(values, rows.labels, frame=frame, kinds={"x0": "text"}))
    assert found.table["kind"].tolist() == ["near", "near"]


def test_a_negative_zero_is_a_zero_and_more_copies_than_neighbours_are_one_set():
    rows = blobs(seed=4)
    values = rows.features.copy()
    values[:40] = 0.0
    values[::2][:20] = -0.0
    found = looked_for(duplicates, made(values, rows.labels))
    assert sorted(found.table["row"]) == list(range(40))
    assert found.table["set"].nunique() == 1


def test_coarse_columns_coincide_by_chance_and_that_is_said():
    random = RANDOM(5)
    rows = made(random.integers(0, 3, size=(600, 3)), random.integers(0, 2, 600))
    found = looked_for(duplicates, rows)
    assert len(found.table) > 500
    assert found.severity == "low"
    assert "by chance" in found.sentence


def test_only_columns_that_features_come_from_count():
    rows = blobs(seed=6)
    values = rows.features.copy()
    values[1] = values[0]
    rows = made(values, rows.labels)
    rows = added(rows, "categorical", name=[f"n{number}" for number in range(600)])
    assert looked_for(duplicates, rows).table["kind"].tolist() == ["exact", "exact"]


# Outliers --------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [2, 20])
def test_planted_outliers_are_found_first(dimensions):
    rows = blobs(dimensions=dimensions, seed=7)
    values = rows.features.copy()
    random = RANDOM(8)
    away = random.normal(size=(12, dimensions))
    values[:12] = 40 * away / np.linalg.norm(away, axis=1, keepdims=True)
    found = looked_for(outliers, made(values, rows.labels))
    assert set(range(12)) <= set(found.table["row"])
    assert set(found.table["row"][:10]) <= set(range(12))
    assert len(found.table) <= 15
    assert found.severity == "medium"
    assert found.table["score"].between(0.5, 1).all()


def test_a_knot_of_few_outliers_is_found():
    rows = blobs(seed=9)
    values = rows.features.copy()
    values[:4] = 30 + 0.01 * RANDOM(1).normal(size=(4, 6))
    assert set(range(4)) <= set(looked_for(outliers, made(values, rows.labels)).table["row"])


def test_a_crowd_of_outliers_larger_than_the_neighbourhood_is_found():
    random = RANDOM(61)
    rows = blobs(2000, dimensions=30, seed=61)
    values = rows.features.copy()
    values[:30] = random.uniform(-7, 7, size=(30, 30))
    found = looked_for(outliers, made(values, rows.labels))
    assert set(range(30)) <= set(found.table["row"])
    assert len(found.table) <= 40
    scores = outliers.scores(Fake(made(values, rows.labels)).neighbours)
    assert scores[:30].min() > scores[30:].max()


# Imbalance -------------------------------------------------------------------------------


def test_scarce_classes_values_and_associations_are_found():
    random = RANDOM(10)
    labels = np.r_[np.zeros(560), np.ones(36), np.full(4, 2)].astype(int)
    rows = made(random.normal(size=(600, 3)), labels)
    place = np.where(random.random(600) < 0.99, "town", "farm")
    tied = np.where(labels == 1, "blue", "red")
    rows = added(rows, "categorical", place=place, colour=tied)
    found = looked_for(imbalance, rows)
    assert found.severity == "high"
    assert found.numbers["classes_under_5"] == 1
    assert found.numbers["ratio"] == 140
    listed = {(line.what, line.column, line.value) for line in found.table.itertuples()}
    assert ("class", "label", "c2") in listed
    assert ("value", "place", "farm") in listed
    assert [key for key in listed if key[0] == "associated with class"][0][1] == "colour"
    assert found.tables["classes"]["rows"].tolist() == [560, 36, 4]


def test_a_scarce_cluster_is_found():
    random = RANDOM(11)
    centre = np.r_[np.zeros(590), np.full(10, 25)]
    values = random.normal(size=(600, 5)) + centre[:, None]
    found = looked_for(imbalance, made(values, random.integers(0, 2, 600)))
    assert found.table["what"].tolist() == ["cluster"]
    assert found.table["rows"].tolist() == [10]
    assert found.severity == "low"


def test_columns_that_name_rows_are_no_kinds_of_rows():
    rows = added(blobs(), "categorical", name=[f"n{number}" for number in range(600)])
    assert "values" not in looked_for(imbalance, rows).tables


# Features --------------------------------------------------------------------------------


def test_planted_leaks_and_empty_columns_are_found():
    random = RANDOM(12)
    rows = blobs(seed=12)
    rows = added(
        rows,
        "numeric",
        leak=rows.labels * 10 + random.normal(size=600),
        same=np.ones(600),
        nearly=np.r_[5.0, np.zeros(599)],
        number=np.arange(600)[::-1],
        holes=np.where(random.random(600) < 0.6, np.nan, random.normal(size=600)),
        gone=np.full(600, np.nan),
        gaps=np.where((rows.labels == 1) & (random.random(600) < 0.5), np.nan, 1 + rows.labels),
    )
    files = [f"{'abc'[label]}/{place:04}.png" for place, label in enumerate(rows.labels)]
    rows = added(rows, "text", file=files)
    found = looked_for(features, rows)
    listed = {(line.column, line.problem) for line in found.table.itertuples()}
    assert {("leak", "leak"), ("file", "leak"), ("gaps", "missingness")} <= listed
    assert {("same", "constant"), ("nearly", "nearly constant"), ("gone", "constant")} <= listed
    assert {("number", "identifier"), ("file", "identifier"), ("holes", "missing")} <= listed
    assert not {(f"x{number}", "leak") for number in range(6)} & listed
    assert found.severity == "high"
    assert found.table["problem"].iloc[0] == "leak"
    assert "text before the first digit" in " ".join(found.table["detail"])


def test_sorted_rows_are_found_and_shuffled_ones_are_not():
    rows = blobs(seed=13)
    order = np.argsort(rows.labels, kind="stable")
    ordered = made(rows.features[order], rows.labels[order])
    found = looked_for(features, ordered)
    assert found.table["problem"].tolist() == ["order"]
    assert found.severity == "low"
    assert "order" not in looked_for(features, rows).table["problem"].tolist()


def test_a_good_feature_is_no_leak():
    random = RANDOM(14)
    labels = np.arange(600) % 2
    random.shuffle(labels)
    values = random.normal(size=(600, 4)) + labels[:, None]
    assert looked_for(features, made(values, labels)).severity == "none"


def test_a_column_that_names_groups_does_not_leak_when_groups_are_kept_whole():
    random = RANDOM(15)
    person = np.repeat(np.arange(60), 10)
    labels = random.integers(0, 2, 60)[person]
    rows = made(random.normal(size=(600, 2)), labels)
    rows = added(rows, "categorical", person=[f"p{'xyz'[each % 3]}-{each}" for each in person])
    assert looked_for(features, rows).numbers["leak"] == 1
    grouped = replace(rows, groups=person.astype(str))
    assert looked_for(features, grouped).numbers["leak"] == 0


def test_features_without_a_frame_are_looked_at_one_by_one():
    rows = blobs(seed=16)
    values = rows.features.copy()
    values[:, 2] = rows.labels
    rows = made(values, rows.labels, frame=pd.DataFrame(index=range(600)))
    rows = replace(rows, feature_columns=("e",) * 6)
    assert looked_for(features, rows).table["column"].tolist() == ["e[2]"]


def test_a_one_column_tree_agrees_with_scikit_learn():
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    random = RANDOM(17)
    labels = random.integers(0, 3, 900)
    codes = np.clip(labels * 2 + random.integers(-2, 3, 900), 0, 7)
    fold = random.permutation(900) % 5
    guess = np.empty(900, dtype=int)
    for number in range(5):
        held = fold == number
        tree = DecisionTreeClassifier(class_weight="balanced").fit(
            codes[~held, None], labels[~held]
        )
        guess[held] = tree.predict(codes[held, None])
    ours = one_column.balanced_accuracy(codes, labels, fold, classes=3)
    assert ours == pytest.approx(balanced_accuracy_score(labels, guess), abs=1e-12)


def test_the_sparse_way_of_a_one_column_tree_is_the_same(monkeypatch):
    random = RANDOM(18)
    labels, codes = random.integers(0, 4, 500), random.integers(0, 60, 500)
    fold = random.permutation(500) % 5
    dense = one_column.balanced_accuracy(codes, labels, fold, classes=4)
    monkeypatch.setattr(one_column, "CELLS", 0)
    assert one_column.balanced_accuracy(codes, labels, fold, classes=4) == pytest.approx(dense)


# Slices ----------------------------------------------------------------------------------


def sliced(seed=19, count=2000):
    random = RANDOM(seed)
    rows = blobs(count, seed=seed)
    return added(rows, "categorical", site=random.choice(list("pqrst"), count)), random


def test_a_planted_weak_value_is_the_first_slice():
    rows, random = sliced()
    chance = np.where(rows.frame["site"] == "q", 0.45, 0.08)
    wrong = np.flatnonzero(random.random(2000) < chance)
    found = looked_for(slices, rows, given_probabilities=right(rows, wrong=wrong))
    worst = found.table.iloc[0]
    assert worst["condition"] == "site = q"
    assert worst["rows"] == (rows.frame["site"] == "q").sum()
    assert worst["low"] < worst["error"] < worst["high"]
    assert len(found.table) == 1
    assert found.severity == "high"


def test_a_planted_weak_corner_of_two_columns_is_found():
    rows, random = sliced(seed=20, count=4000)
    x0 = rows.frame["x0"]
    corner = (rows.frame["site"] == "q") & (x0 > x0.quantile(0.6))
    wrong = np.flatnonzero(random.random(4000) < np.where(corner, 0.6, 0.05))
    found = looked_for(slices, rows, given_probabilities=right(rows, wrong=wrong))
    words = found.table["condition"].iloc[0]
    assert "site = q" in words and "x0 over" in words
    assert found.table["rows"].iloc[0] == pytest.approx(corner.sum(), rel=0.02)


def test_missing_values_make_a_slice():
    rows, random = sliced(seed=21)
    gone = random.random(2000) < 0.1
    rows = added(rows, "numeric", age=np.where(gone, np.nan, random.normal(50, 9, 2000)))
    wrong = np.flatnonzero(random.random(2000) < np.where(gone, 0.5, 0.05))
    found = looked_for(slices, rows, given_probabilities=right(rows, wrong=wrong))
    assert found.table["condition"].iloc[0] == "age is missing"


def test_rows_of_a_slice_are_those_the_models_get_wrong():
    rows, random = sliced(seed=23)
    wrong = np.flatnonzero(random.random(2000) < np.where(rows.frame["site"] == "q", 0.45, 0.08))
    found = looked_for(slices, rows, given_probabilities=right(rows, wrong=wrong))
    listed = found.tables["rows"]
    assert len(listed) == found.table["errors"].sum()
    assert set(listed["row"]) <= set(wrong)
    assert (listed["given"] != listed["predicted"]).all()


def test_embeddings_are_described_by_their_clusters():
    random = RANDOM(24)
    part = random.integers(0, 3, 1500)
    values = random.normal(size=(1500, 16)) + 12 * np.eye(3, 16)[part]
    rows = made(values, random.integers(0, 2, 1500), frame=pd.DataFrame(index=range(1500)))
    rows = replace(rows, feature_columns=("e",) * 16)
    wrong = np.flatnonzero(random.random(1500) < np.where(part == 1, 0.5, 0.05))
    found = looked_for(slices, rows, given_probabilities=right(rows, wrong=wrong))
    assert found.table["condition"].iloc[0].startswith("(cluster) = ")
    assert found.table["rows"].iloc[0] == (part == 1).sum()


def test_counted_conditions_are_those_that_rows_meet():
    rows, random = sliced(seed=22, count=300)
    wrong = random.random(300) < 0.3
    parts = [
        discretize.coded(name, rows.kinds[name], rows.frame[name], bins=4, most=3)
        for name in ("x0", "x1", "site")
    ]
    for counted in (
        conditions.singles(parts, wrong, 5),
        conditions.pairs(parts, wrong, 5, chosen=range(3), keep=-99),
    ):
        assert counted.tests == len(counted.terms) > 10
        for place, terms in enumerate(counted.terms):
            met = conditions.met(parts, terms)
            assert (counted.rows[place], counted.errors[place]) == (met.sum(), wrong[met].sum())


def test_random_errors_make_no_slice():
    quiet = 0
    for seed in range(10):
        rows, random = sliced(seed=30 + seed, count=1000)
        wrong = np.flatnonzero(random.random(1000) < 0.2)
        quiet += not len(
            looked_for(slices, rows, given_probabilities=right(rows, wrong=wrong)).table
        )
    assert quiet >= 9


# Fairness --------------------------------------------------------------------------------


def people(count=1200, seed=40):
    random = RANDOM(seed)
    labels = random.integers(0, 2, count)
    rows = made(random.normal(size=(count, 3)), labels, classes=("no", "yes"))
    rows = added(rows, "categorical", sex=random.choice(["f", "m"], count))
    return replace(rows, sensitive=("sex",)), random


def test_an_unfair_group_is_found_and_measured_as_fairlearn_does():
    from fairlearn import metrics

    rows, random = people()
    sex = rows.frame["sex"]
    missed = (sex == "f") & (rows.labels == 1) & (random.random(1200) < 0.5)
    found = looked_for(
        fairness, rows, given_probabilities=right(rows, wrong=np.flatnonzero(missed))
    )
    assert found.severity == "high"
    guess = np.where(missed, 0, rows.labels)
    values = found.table.set_index("measure")["value"]
    given = {"sensitive_features": sex}
    for name, function in (
        ("demographic parity difference", metrics.demographic_parity_difference),
        ("disparate impact ratio", metrics.demographic_parity_ratio),
        ("equal opportunity difference", metrics.equal_opportunity_difference),
    ):
        assert values[name] == function(rows.labels, guess, **given)
    of_groups = metrics.MetricFrame(
        metrics=lambda truth, guess: (truth == guess).mean(),
        y_true=rows.labels,
        y_pred=guess,
        **given,
    )
    assert values["accuracy difference"] == of_groups.difference()
    worst = found.table.iloc[0]
    assert (worst["measure"], worst["lowest_group"]) == ("equal opportunity difference", "f")
    assert worst["low"] < worst["value"] < worst["high"]
    groups = found.tables["groups"].set_index("group")
    assert groups.loc["m", "accuracy"] == 1.0 > groups.loc["f", "accuracy"]


def test_small_groups_are_named_and_not_compared():
    rows, _ = people()
    sex = rows.frame["sex"].to_numpy(dtype=object)
    sex[:5] = "x"
    rows = added(rows, "categorical", sex=sex)
    found = looked_for(fairness, rows, given_probabilities=right(rows, wrong=range(5)))
    assert found.numbers["small_groups"] == 1
    assert "x" not in set(found.table["lowest_group"])
    assert "not compared" in found.sentence


def test_shares_that_differ_as_labels_do_are_not_grave():
    rows, random = people()
    labels = np.where(
        rows.frame["sex"] == "f", random.random(1200) < 0.2, random.random(1200) < 0.6
    )
    rows = replace(rows, labels=labels.astype(np.intp))
    found = looked_for(fairness, rows, given_probabilities=right(rows))
    assert found.severity == "low"


def test_fairness_needs_sensitive_columns_but_no_extra(monkeypatch):
    rows, _ = people()
    assert "sensitive" in fairness.find(Fake(replace(rows, sensitive=())))
    monkeypatch.setitem(sys.modules, "fairlearn", None)
    assert looked_for(fairness, rows, given_probabilities=right(rows)).numbers["groups"] == 2


@pytest.mark.parametrize("seed", range(5))
def test_fairness_measures_equal_those_of_fairlearn(seed):
    """Also where no row of a group, or none at all, is predicted to have the class."""
    from fairlearn import metrics

    cells = RANDOM(seed).integers(0, 40, (4, 2, 2))
    cells[:, 1, 0] += 30
    cells[: seed + 1 if seed < 4 else 0, :, 1] = 0
    group, truth, guess = np.nonzero(cells)
    weights = cells[group, truth, guess]
    rows = [np.repeat(each, weights) for each in (truth, guess, group)]
    given = {"y_true": rows[0], "y_pred": rows[1], "sensitive_features": rows[2]}
    for name, function in (
        ("demographic parity difference", metrics.demographic_parity_difference),
        ("disparate impact ratio", metrics.demographic_parity_ratio),
        ("equal opportunity difference", metrics.equal_opportunity_difference),
    ):
        ours = fairness._between(name, statistics.ratio(*fairness._counts(name, cells)))
        assert np.array_equal(ours, function(**given), equal_nan=True)


@pytest.mark.parametrize(("groups", "apart"), [(2, 0.0), (5, 0.0), (5, 0.1)])
def test_fairness_intervals_hold_the_true_difference(groups, apart):
    """Also where groups do not differ, although a largest difference is never negative."""
    random, shares = RANDOM(0), np.full(groups, 0.7)
    shares[-1] += apart
    held = 0
    for _ in range(200):
        hits, rows = random.binomial(100, shares), np.full(groups, 100)
        low, high = fairness._bounds("accuracy difference", hits, rows)
        held += low - 1e-12 <= apart <= high
    assert held / 200 >= 0.92


# Drift -----------------------------------------------------------------------------------


def test_a_shifted_split_is_found():
    rows = blobs(800, seed=41)
    test = rows.split == "test"
    values = rows.features.copy()
    values[test, 3] += 1.5
    found = looked_for(drift, made(values, rows.labels, split=rows.split))
    assert found.severity == "high"
    assert found.table[found.table["drifted"]]["column"].tolist() == ["x3"]
    assert found.numbers["auroc_low"] > 0.7
    assert found.table.iloc[0][["split", "reference"]].tolist() == ["test", "train"]


def test_other_labels_and_other_categories_are_drift():
    rows = blobs(900, seed=42)
    random = RANDOM(42)
    test = rows.split == "test"
    labels = np.where(test & (random.random(900) < 0.5), 0, rows.labels)
    site = np.where(test & (random.random(900) < 0.4), "new", random.choice(["p", "q"], 900))
    rows = added(made(rows.features, labels, split=rows.split), "categorical", site=site)
    drifted = looked_for(drift, rows).table.query("drifted")
    assert set(zip(drifted["column"], drifted["test"], strict=True)) == {
        ("site", "categories"),
        ("label", "labels"),
    }


def test_a_change_of_spread_is_found():
    rows = blobs(1500, seed=43)
    values = rows.features.copy()
    values[rows.split == "test", 0] *= 4
    assert looked_for(drift, made(values, rows.labels, split=rows.split)).numbers["auroc_low"] > 0.6


def test_area_under_the_curve_agrees_with_scikit_learn_and_its_interval_covers():
    from sklearn.metrics import roc_auc_score

    random = RANDOM(44)
    positive = random.random(80) < 0.4
    scores = np.round(random.normal(size=80) + positive, 1)
    area = measures.auroc(scores, positive)
    assert area.value == pytest.approx(roc_auc_score(positive, scores))
    covered = 0
    for _ in range(300):
        drawn = measures.auroc(
            np.r_[random.normal(size=60) + 1, random.normal(size=60)], np.arange(120) < 60
        )
        covered += drawn.low <= 0.7602 <= drawn.high  # the true area of N(1, 1) above N(0, 1)
    assert 270 <= covered <= 298


def test_no_splits_no_drift():
    assert "split" in drift.find(Fake(made(np.ones((30, 1)), np.arange(30) % 2)))


# Annotators ------------------------------------------------------------------------------


def rated(accuracies, *, count=500, classes=3, seed=45):
    random = RANDOM(seed)
    truth = random.integers(0, classes, count)
    raters = {}
    for number, accuracy in enumerate(accuracies):
        other = (truth + random.integers(1, classes, count)) % classes
        raters[f"r{number}"] = np.where(random.random(count) < accuracy, truth, other)
    given = truth.copy()
    given[:25] = (given[:25] + 1) % classes
    rows = made(random.normal(size=(count, 2)), given, annotators=raters)
    return replace(rows, truth=truth), truth


@pytest.mark.parametrize("classes", [3, 40])
def test_a_bad_annotator_stands_out_and_wrong_labels_are_named(classes):
    rows, truth = rated([0.95, 0.93, 0.55, 0.94], classes=classes)
    found = looked_for(annotators, rows)
    table = found.tables["annotators"]
    assert table.loc[table["stands_out"], "annotator"].tolist() == ["r2"]
    accuracy = table.set_index("annotator")["accuracy"]
    assert accuracy["r2"] == pytest.approx(0.55, abs=0.06)
    assert found.severity in ("medium", "high")
    worst = found.table.head(25)
    assert len(set(worst["row"]) & set(range(25))) >= 22
    names = np.array(rows.classes)[truth]
    assert (worst["suggested"].to_numpy() == names[worst["row"]]).mean() >= 0.88
    assert found.numbers["consensus"] == ("dawid-skene" if classes == 3 else "one-coin")
    assert "r2 is correct on only" in found.sentence


def test_consensus_beats_the_majority_where_annotators_differ_in_skill():
    rows, truth = rated([0.97, 0.5, 0.5, 0.5, 0.95], count=2000, seed=46)
    answers = np.stack(list(rows.annotators.values()))
    counts = np.stack([(answers == number).sum(axis=0) for number in range(3)])
    votes = agreement.votes(answers, 3)
    found = agreement.consensus(votes, rows.labels)
    ours, majority = (found.labels == truth).mean(), (counts.argmax(axis=0) == truth).mean()
    assert ours > majority + 0.05
    assert found.confidence.mean() == pytest.approx(ours, abs=0.03)


def test_coefficients_are_those_of_a_published_table():
    # Krippendorff (2011), section C: four observers, twelve units, missing answers; alpha 0.743
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    found = agreement.coefficients(agreement.votes(np.array(table) - 1, 5))
    assert found["krippendorff_alpha"] == pytest.approx(0.743, abs=5e-4)


def test_cohens_kappa_agrees_with_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    random = RANDOM(47)
    a = random.integers(0, 4, 200)
    b = np.where(random.random(200) < 0.6, a, random.integers(0, 4, 200))
    ours = measures.kappa(measures.crossed(a, b, (4, 4)))
    assert ours == pytest.approx(cohen_kappa_score(a, b))


def test_one_annotator_is_compared_with_the_given_label():
    rows, _ = rated([0.9])
    found = looked_for(annotators, rows)
    assert found.numbers["annotators"] == 2
    differ = np.flatnonzero(rows.annotators["r0"] != rows.labels)
    assert set(found.table["row"]) == set(differ)


def test_answers_that_never_meet_are_reported():
    rows, _ = rated([1.0, 1.0])
    half = np.arange(500) < 250
    raters = dict(zip("ab", (np.where(half, 0, -1), np.where(half, -1, 0)), strict=True))
    assert "two annotators" in annotators.find(Fake(replace(rows, annotators=raters)))


# Hard data -------------------------------------------------------------------------------


def hard(name):
    random = RANDOM(60)
    if name == "one-row classes":
        labels = np.r_[np.arange(5), np.arange(195) % 2]
        return made(random.normal(size=(200, 3)), labels)
    if name == "all-missing columns":
        rows = added(blobs(200), "numeric", gone=np.full(200, np.nan))
        rows = added(rows, "categorical", nothing=np.full(200, None))
        return added(rows, "datetime", never=pd.Series([pd.NaT] * 200))
    if name == "1,000 classes":
        return made(random.normal(size=(2000, 4)), random.permutation(2000) % 1000)
    if name == "12 rows":
        return made(random.normal(size=(12, 2)), np.arange(12) % 2)
    if name == "2 rows":
        return made(random.normal(size=(2, 2)), [0, 1])
    if name == "no labels":
        return made(random.normal(size=(100, 2)), np.full(100, -1))
    if name == "one class":
        return made(random.normal(size=(100, 2)), np.zeros(100))
    if name == "all rows the same":
        return made(np.zeros((100, 2)), np.arange(100) % 2)
    if name == "no features":
        frame = pd.DataFrame({"a": ["x", "y"] * 50})
        return made(np.zeros((100, 0)), np.arange(100) % 2, frame=frame, kinds={"a": "text"})
    if name == "missing labels":
        rows = blobs(200)
        return replace(rows, labels=np.where(np.arange(200) % 3 == 0, -1, rows.labels))
    assert name == "all kinds"
    rows = added(blobs(200), "datetime", when=pd.date_range("2020-01-01", periods=200, freq="h"))
    rows = added(rows, "text", words=[None, *[f"some words here {each}" for each in range(199)]])
    rows = added(rows, "categorical", pairs=[[each % 3] for each in range(200)])
    return added(rows, "constant", same=np.ones(200))


HARD = (
    *("one-row classes", "all-missing columns", "1,000 classes", "12 rows", "2 rows"),
    *("no labels", "one class", "all rows the same", "no features", "missing labels", "all kinds"),
)


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("detector", OURS, ids=lambda each: each.__name__.rpartition(".")[2])
def test_hard_data_is_looked_at_or_declined_with_a_reason(detector, name):
    rows = hard(name)
    count = len(rows)
    split = np.where(np.arange(count) % 4 == 0, "test", "train")
    raters = {each: np.roll(rows.labels, each) for each in range(3)}
    raters = {f"r{each}": labels for each, labels in raters.items()}
    named = tuple(rows.frame.columns)[-2:]
    rows = replace(rows, split=split, annotators=raters, sensitive=named)
    given_probabilities = RANDOM(1).dirichlet(np.ones(len(rows.classes)), count)
    evidence = Fake(rows, given_probabilities=given_probabilities)
    found = detector.find(evidence)
    if isinstance(found, str):
        assert found
        return
    assert found.severity in ("none", "low", "medium", "high")
    assert "nan" not in found.sentence
    scores = found.table["score"].to_numpy(float)
    assert np.isfinite(scores).all() and (np.diff(scores) <= 0).all()
    if "row" in found.table:
        assert found.table["id"].tolist() == rows.ids[found.table["row"]].tolist()
    again = detector.find(Fake(rows, given_probabilities=given_probabilities))
    pd.testing.assert_frame_equal(found.table, again.table)


# Contract --------------------------------------------------------------------------------


def test_every_detector_of_ours_is_tested_here():
    names = {each.__name__.rpartition(".")[2] for each in OURS}
    assert names <= set(registry.find("detectors"))


BROKEN = {
    "kind is": "kind='other'",
    "severity is": "severity='awful'",
    "full stop": "sentence='hm'",
    "written as JSON": "numbers={'a': np.zeros(2)}",
    "no column score": "table=pd.DataFrame({'row': [1]})",
    "must be sorted": "table=pd.DataFrame({'score': [0.1, 0.2]})",
    "do not exist": "table=pd.DataFrame({'score': [0.1], 'row': [999], 'id': ['x']})",
    "ids of these rows": "table=pd.DataFrame({'score': [0.1], 'row': [1], 'id': ['x']})",
    "not deterministic": "numbers={'a': np.random.random()}",
    "uses the truth": "numbers={'a': evidence.rows.truth is None}",
}


@pytest.mark.parametrize(("words", "change"), BROKEN.items())
def test_a_detector_that_breaks_its_contract_is_reported(words, change, tmp_path, monkeypatch):
    from dataperf.authoring import conformance

    text = f'''"""Broken."""
import numpy as np
import pandas as pd
from dataperf.records import Finding

title = "Broken"

def find(evidence):
    given = dict(kind="broken", title=title, sentence="It is.", severity="low")
    given |= dict(table=pd.DataFrame({{"score": [0.5]}}))
    return Finding(**(given | dict({change})))
'''
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "broken.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    found = conformance.plugin(registry.get("detectors", "broken"))
    assert len(found) == 1 and words in found[0], found


def test_example_is_clean_and_its_evidence_is_out_of_fold():
    evidence = example_rows.Plain(example_rows.rows())
    labels = evidence.rows.labels
    assert evidence.probabilities.shape == (240, 3)
    assert evidence.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert 0.6 < (evidence.probabilities.argmax(axis=1) == labels).mean() < 1
    assert list(detector_trial.problems(outliers, "outliers")) == []


def test_detectors_may_import_their_nouns_from_the_old_place():
    from dataperf import records
    from dataperf.curation.records import Finding

    assert Finding is records.Finding
