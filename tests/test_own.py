"""Own data as a challenge: the split, repairs and their gain, orders, folders, bad input."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import dataperf
from dataperf import registry, statistics
from dataperf.authoring import conformance
from dataperf.basics import files
from dataperf.boards import rerun
from dataperf.cli import app
from dataperf.definitions import loading
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError, Invalid, NotFound
from dataperf.evaluation import evaluate as evaluation
from dataperf.evaluation import results
from dataperf.metrics import accuracy
from dataperf.own_data import challenge
from dataperf.own_data import evaluate as own
from dataperf.reading import draw, split
from dataperf.records import Plan, Submission
from dataperf.records.rows import Rows

repair = registry.load("tracks", "repair")
CLASSES = ("ant", "bee", "cat")


def made(n=240, wrong=0.35, *, groups=False, truth=True, seed=0) -> Rows:
    """Return three blobs of which some labels are wrong."""
    random = np.random.RandomState(seed)
    right = np.arange(n) % 3
    features = (random.normal(size=(n, 6)) + 2.2 * np.eye(6)[right]).astype(np.float32)
    labels = right.copy()
    bad = random.permutation(n)[: int(wrong * n)]
    labels[bad] = (right[bad] + 1) % 3
    return Rows(
        name="blobs",
        frame=pd.DataFrame(index=range(n)),
        ids=np.array([str(number) for number in range(n)]),
        features=features,
        feature_columns=tuple("abcdef"),
        kinds={},
        label="y",
        labels=labels.astype(np.intp),
        classes=CLASSES,
        groups=np.array([f"g{number % 20}" for number in range(n)]) if groups else None,
        truth=right.astype(np.intp) if truth else None,
    )


def submission(answer, track="repair"):
    content = {"schema_version": 2, "challenge": f"own-{track}", "board": "own", "answer": answer}
    return Submission.model_validate(content)


def pool_of(rows, **options):
    return np.flatnonzero(~draw.split(rows.ids, rows.labels, rows.groups, **options))


def wrong_of(rows):
    pool = pool_of(rows)
    return pool[rows.labels[pool] != rows.truth[pool]]


def put_right(rows, numbers):
    return {"relabel": {str(row): CLASSES[rows.truth[row]] for row in numbers}}


def scored(rows, answer, track="repair", **options):
    own_challenge, data = challenge.challenge(rows, track=track, **options)
    return evaluation.evaluate(own_challenge, submission(answer, track), data=data)


def rules_broken(rows, answer, **options):
    own_challenge, data = challenge.challenge(rows, **options)
    checked = repair.Answer.model_validate(answer)
    rules = loading.rules_of(own_challenge, "own")
    found = repair.check(checked, rules, data, official=False)
    return {problem.rule for problem in found if problem.severity == "error"}


# The split --------------------------------------------------------------------------------


@given(
    st.lists(st.integers(-1, 4), min_size=8, max_size=120),
    st.integers(0, 5),
    st.sampled_from([0.1, 0.2, 0.5]),
)
@settings(max_examples=60, deadline=None)
def test_every_class_has_its_share_tested_and_keeps_a_row(labels, seed, share):
    labels = np.array([0, 0, *labels])
    ids = np.array([f"id{number}" for number in range(len(labels))])
    tested = draw.split(ids, labels, seed=seed, test_share=share)
    assert not tested[labels < 0].any()
    for number in np.unique(labels[labels >= 0]):
        rows, chosen = (labels == number).sum(), tested[labels == number].sum()
        assert chosen <= rows - 1
        assert abs(chosen - share * rows) <= 1
        assert chosen >= 1 or rows == 1
    order = np.random.RandomState(seed).permutation(len(labels))
    again = draw.split(ids[order], labels[order], seed=seed, test_share=share)
    assert np.array_equal(again, tested[order])  # whatever the order of the rows


def test_another_seed_is_another_split():
    rows = made()
    first, second = (draw.split(rows.ids, rows.labels, seed=seed) for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_groups_are_tested_whole():
    rows = made(groups=True)
    for seed in range(5):
        tested = draw.split(rows.ids, rows.labels, rows.groups, seed=seed)
        assert not set(rows.groups[tested]) & set(rows.groups[~tested])
        assert 0.1 <= tested.mean() <= 0.3


@pytest.mark.parametrize(
    ("labels", "groups", "share"),
    [
        ([0, 1], None, 0.2),
        ([0, 0, 1, 1], ["g"] * 4, 0.2),
        ([0] * 4, None, 1.0),
        ([-1] * 4, None, 0.2),
    ],
)
def test_what_cannot_be_split_is_refused(labels, groups, share):
    ids = np.array([str(number) for number in range(len(labels))])
    groups = None if groups is None else np.array(groups)
    with pytest.raises(DataperfError):
        draw.split(ids, np.array(labels), groups, test_share=share)


def test_a_split_of_the_source_is_kept():
    rows = made()
    parts = np.where(np.arange(len(rows)) < 50, "test", "train")
    options = dataclasses.replace(rows, split=parts)
    assert np.array_equal(split.in_test(options), parts == "test")


NAMED = {"split_named": True, "roles": {"split": "part", "group": "who"}}


def parted(rows, values, **more):
    return dataclasses.replace(rows, split=np.array(values), **NAMED, **more)


@pytest.mark.parametrize(
    ("values", "shown", "hint"),
    [
        (["train"] * 200 + ["holdout"] * 40, "train 200, holdout 40", "without --split"),
        (["train"] * 200 + ["Test"] * 40, "train 200, Test 40", 'rename "Test"'),
        (["train"] * 240, "train 240", '"test" in the test rows'),
    ],
)
def test_a_named_split_that_calls_no_row_test_is_refused(values, shown, hint):
    rows = parted(made(), values)
    for act in (split.in_test, challenge.challenge, challenge.table):
        with pytest.raises(Invalid) as error:
            act(rows)
        for words in ('split "part"', 'no row has the value "test"', shown, hint):
            assert words in str(error.value)
    unasked = dataclasses.replace(rows, split_named=False)
    assert np.array_equal(split.in_test(unasked), split.in_test(made()))


def test_a_split_that_leaves_nothing_to_train_or_test_on_is_refused():
    rows = made()
    with pytest.raises(Invalid, match="every labelled row is a test row"):
        challenge.challenge(parted(rows, ["test"] * 240))
    bare = np.where(np.arange(240) < 20, -1, rows.labels)
    with pytest.raises(Invalid, match="no test row has a label"):
        challenge.challenge(parted(rows, ["test"] * 20 + ["train"] * 220, labels=bare))


def test_a_group_on_both_sides_of_a_named_split_is_refused():
    rows = made(groups=True)  # 20 groups, each in both halves
    values = np.where(np.arange(240) < 50, "test", "train")
    with pytest.raises(Invalid) as error:
        challenge.challenge(parted(rows, values))
    assert "20 groups are in test and in pool: g0, g1, g10, g11, g12 and 15 more" in str(
        error.value
    )
    whole = np.where(np.isin(rows.groups, ["g1", "g2"]), "test", "train")
    assert np.array_equal(split.in_test(parted(rows, whole)), whole == "test")


def test_rows_without_a_label_that_would_be_tested_on_are_left_out():
    rows = made(groups=True)
    bare = np.where(np.arange(240) < 9, -1, rows.labels)
    values = np.where(np.isin(rows.groups, ["g1", "g2"]), "test", "train")
    named = challenge.table(parted(rows, values, labels=bare)).columns["part"]
    assert (named[:9] == "left out").tolist() == [False, True, True] + [False] * 6
    drawn = challenge.table(dataclasses.replace(rows, labels=bare)).columns["part"]
    tested = set(rows.groups[drawn == "test"])
    assert set(rows.groups[drawn == "pool"]) & tested == set()
    assert {"left out", "pool"} == set(drawn[:9])


# A repair ---------------------------------------------------------------------------------


def test_a_repair_that_helps_comes_with_its_paired_interval():
    rows = made(600)
    result = scored(rows, put_right(rows, wrong_of(rows)))
    (part,) = result.tasks.values()
    summary = part.summary
    assert result.score.value == summary["after"] == summary["clean"] == summary["oracle"]
    assert summary["gain"] == pytest.approx(summary["after"] - summary["before"])
    assert 0 < summary["gain low"] < summary["gain"] < summary["gain high"]
    assert summary["gain p"] < 0.05
    assert (
        summary["random lowest"]
        <= summary["random"]
        <= summary["random highest"]
        < summary["after"]
    )
    assert summary["put right"] == summary["wrong labels"] == len(wrong_of(rows))
    assert part.notes[0] == "the repair helps"
    count = len(wrong_of(rows))
    assert part.notes[1].startswith(f"of {count} wrong labels it puts {count} right")
    assert result.warnings == []


def test_the_gain_is_the_difference_of_two_single_trainings():
    rows = made(300)
    drop = wrong_of(rows)[:40]
    part = scored(rows, {"drop": [str(row) for row in drop]}).tasks["own"]
    model = registry.load("fixed_models", "logistic_v1")
    pool, tested = pool_of(rows), draw.split(rows.ids, rows.labels)
    outs = []
    for kept in (np.setdiff1d(pool, drop), pool):
        fitted = model.fit(rows.features[kept], rows.labels[kept], classes=3, seeds=(1,))
        predicted = model.predict(fitted, rows.features[tested])
        outs.append(statistics.Outcome(rows.truth[tested], predicted, 3))
    found = statistics.difference(accuracy, *outs)
    assert part.summary["gain"] == pytest.approx(found.estimate.value)
    assert part.summary["gain low"] == pytest.approx(found.estimate.low)
    assert part.summary["gain p"] == pytest.approx(found.p_value)
    assert part.summary["wrong dropped"] == 40
    assert part.detection.selected == len(pool) - 40


def test_nothing_to_repair_shows_no_gain():
    """On clean data random drops neither help nor are said to."""
    rows = made(600, wrong=0.0)
    drop = np.random.RandomState(0).permutation(pool_of(rows))[:30]
    part = scored(rows, {"drop": [str(row) for row in drop]}).tasks["own"]
    assert part.summary["gain low"] <= 0 <= part.summary["gain high"]
    assert part.notes[0] == "the gain's interval contains zero: no gain shown"
    assert part.notes[1].endswith("of the others it makes 0 wrong and drops 30")
    assert part.summary["wrong labels"] == 0
    assert part.summary["right dropped"] == 30


def test_a_repair_that_harms_is_reported():
    rows = made(600, wrong=0.0)
    spoil = pool_of(rows)[::2]
    options = {str(row): CLASSES[(rows.labels[row] + 1) % 3] for row in spoil}
    part = scored(rows, {"relabel": options}).tasks["own"]
    assert part.notes[0] == "the repair harms"
    assert part.summary["spoiled"] == len(spoil)


def test_an_empty_repair_changes_nothing_and_equal_sets_are_trained_once():
    result = scored(made(), {})
    part = result.tasks["own"]
    assert part.summary["gain"] == 0
    assert part.notes[0] == "the gain's interval contains zero: no gain shown"
    assert part.summary["gain low"] < 0 < part.summary["gain high"]  # other rows might differ
    assert len(part.training_runs) == 2  # as it is, and clean
    assert any("nothing is dropped" in warning for warning in result.warnings)


def test_without_truth_the_labels_are_tested_as_given_and_that_is_said():
    rows = made(truth=False)
    result = scored(rows, {"drop": [str(pool_of(rows)[0])]})
    assert any("noisy-test" in warning for warning in result.warnings)
    assert "oracle" not in result.tasks["own"].summary
    assert result.tasks["own"].detection is None
    tested = draw.split(rows.ids, rows.labels)
    _, data = challenge.challenge(rows)
    assert np.array_equal(data["own"].tests["test"].labels, rows.labels[tested])
    _, data = challenge.challenge(made())
    assert np.array_equal(data["own"].tests["test"].labels, made().truth[tested])


def test_a_truth_that_is_not_known_of_every_row_is_the_label_there():
    rows = made()
    truth = rows.truth.copy()
    truth[::2] = -1
    _, data = challenge.challenge(dataclasses.replace(rows, truth=truth))
    pool = pool_of(rows)
    expected = np.where(truth >= 0, truth, rows.labels)[pool]
    assert np.array_equal(data["own"].truth.labels, expected)


def test_rows_without_a_label_stay_out_until_they_get_one():
    rows = made()
    labels = rows.labels.copy()
    labels[:12] = -1
    rows = dataclasses.replace(rows, labels=labels)
    _, data = challenge.challenge(rows)
    answer = repair.Answer(relabel={"3": "ant"})
    plan = repair.plans(answer, repair.Rules(), data, official=False)["own"]
    sizes = {
        role: [len(plan.sets[place].rows) for place in plan.roles[role]] for role in plan.roles
    }
    assert sizes["after"][0] == sizes["before"][0] + 1
    for track in ("cleaning", "selection"):
        _, data = challenge.challenge(rows, track=track)
        assert data["own"].pool.labels.min() == 0
        assert not set(map(str, range(12))) & set(data["own"].pool.ids.tolist())


def test_random_drops_are_as_many_as_the_answer_names():
    rows = made()
    pool = pool_of(rows)
    answer = repair.Answer(drop=[int(pool[0]), str(pool[1])], relabel={str(pool[2]): "bee"})
    _, data = challenge.challenge(rows)
    plan: Plan = repair.plans(answer, repair.Rules(random_draws=4), data, official=False)["own"]
    assert [len(pool) - len(plan.sets[place].rows) for place in plan.roles["random"]] == [3] * 4
    before = plan.sets[plan.roles["before"][0]].labels
    changed = [(plan.sets[place].labels != before).sum() for place in plan.roles["oracle"]]
    assert changed == [3] * 5
    assert [each.weight for each in plan.sets] == [1.0] + [0.0] * (len(plan.sets) - 1)


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ({"drop": ["9999"]}, "unknown-id"),
        ({"relabel": {"nobody": "ant"}}, "unknown-id"),
        ({"drop": ["TEST"]}, "test-id"),
        ({"relabel": {"TEST": "ant"}}, "test-id"),
        ({"drop": ["POOL", "POOL"]}, "duplicate-id"),
        ({"drop": ["POOL"], "relabel": {"POOL": "ant"}}, "dropped-and-relabelled"),
        ({"relabel": {"POOL": "aunt"}}, "unknown-class"),
    ],
)
def test_bad_repairs_are_refused(answer, rule):
    rows = made()
    names = {"TEST": str(np.flatnonzero(draw.split(rows.ids, rows.labels))[0])}
    names["POOL"] = str(pool_of(rows)[0])
    text = json.dumps(answer)
    for word, name in names.items():
        text = text.replace(word, name)
    assert rules_broken(rows, json.loads(text)) == {rule}


def test_a_class_may_not_be_emptied_and_a_budget_not_be_passed():
    rows = made()
    ants = [str(row) for row in pool_of(rows) if rows.labels[row] == 0]
    assert rules_broken(rows, {"drop": ants}) == {"emptied-class"}
    assert rules_broken(rows, {"relabel": dict.fromkeys(ants, "bee")}) == {"emptied-class"}
    assert rules_broken(rows, {"drop": ants[:3]}, budget=2) == {"over-budget"}
    assert rules_broken(rows, {"drop": ants[:2]}, budget=2) == set()


def test_the_nearest_class_is_proposed():
    rows = made()
    with pytest.raises(Invalid, match='Did you mean "ant"'):
        scored(rows, {"relabel": {str(pool_of(rows)[0]): "ants"}})


# The other tracks -------------------------------------------------------------------------


def test_a_cleaning_order_is_scored_on_own_data():
    rows = made(600)
    order = [str(row) for row in wrong_of(rows)]
    part = scored(rows, {"orders": {"own": order}}, "cleaning", budget=len(order)).tasks["own"]
    steps = registry.load("tracks", "cleaning").STEPS
    assert steps - 2 <= len(part.curves["accuracy"]) - 1 <= steps
    assert part.curves["accuracy"][-1] == part.summary["clean"]
    assert part.detection.ranking["average_precision"] == 1.0


def test_a_selection_is_scored_on_own_data():
    rows = made(600)
    kept = np.setdiff1d(pool_of(rows), wrong_of(rows))
    filed = {
        name: [str(row) for row in kept if rows.labels[row] == number]
        for number, name in enumerate(CLASSES)
    }
    result = scored(rows, {"samples": filed}, "selection")
    whole = scored(rows, {}).tasks["own"].summary["before"]
    assert result.score.value > whole
    assert result.tasks["own"].detection.selected_defects == 0


def test_groups_cluster_the_interval():
    result = scored(made(groups=True), {})
    assert result.score.groups >= 2


# Digests ----------------------------------------------------------------------------------


def test_results_on_the_same_data_compare_and_on_others_do_not():
    rows = made()
    own_challenge, data = challenge.challenge(rows)
    again, same = challenge.challenge(
        dataclasses.replace(rows, name="other name", source="elsewhere")
    )
    assert loading.digests(own_challenge, "own") == loading.digests(again, "own")
    assert data_digest(data) == data_digest(same)
    changed = rows.features.copy()
    changed[0, 0] += 1
    for other, options in (
        (dataclasses.replace(rows, features=changed), {}),
        (dataclasses.replace(rows, truth=None), {}),
        (rows, {"seed": 1}),
        (rows, {"model": "knn_v1"}),
        (rows, {"budget": 5}),
    ):
        different, _ = challenge.challenge(other, **options)
        assert (
            loading.digests(different, "own")["board"]
            != loading.digests(own_challenge, "own")["board"]
        )


# Bad data ---------------------------------------------------------------------------------


def test_what_cannot_be_a_challenge_is_refused():
    rows = made()
    with pytest.raises(DataperfError, match="needs true labels"):
        challenge.challenge(made(truth=False), track="cleaning")
    with pytest.raises(NotFound, match="repair"):
        challenge.challenge(rows, track="repairs")
    with pytest.raises(Invalid, match="one-class"):
        challenge.challenge(dataclasses.replace(rows, labels=np.zeros(len(rows), dtype=np.intp)))
    with pytest.raises(Invalid, match="stands for a missing label"):
        challenge.challenge(dataclasses.replace(rows, classes=("ant", "?", "cat")))
    with pytest.raises(NotFound, match="logistic_v1"):
        challenge.challenge(rows, model="logistc_v1")
    with pytest.raises(NotFound, match="accuracy"):
        challenge.challenge(rows, metric="acuracy")
    with pytest.raises(DataperfError, match="budget"):
        challenge.challenge(rows, budget=0)


def test_a_challenge_with_a_folder_may_not_be_called_own(tmp_path, monkeypatch):
    folder = tmp_path / "challenges" / "own-mine"
    folder.mkdir(parents=True)
    kept = loading.folder_of(loading.load("digit-cleaning")) / "challenge.toml"
    text = kept.read_text(encoding="utf-8").replace('"digit-cleaning"', '"own-mine"')
    (folder / "challenge.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    with pytest.raises(Invalid, match="wrong-name"):
        loading.load("own-mine")


# The command ------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with mine.csv and a repair of it."""
    monkeypatch.setenv("DATAPERF_PATH", "")
    monkeypatch.chdir(tmp_path)
    rows = made(300)
    names = np.array(CLASSES)
    frame = pd.DataFrame(rows.features, columns=list("abcdef"))
    frame["y"], frame["right"], frame["who"] = names[rows.labels], names[rows.truth], rows.ids
    frame["who"] = "row-" + frame["who"]
    frame.to_csv("mine.csv", index=False)
    wrong = wrong_of(rows)
    write("repair.json", "own-repair", put_right(rows, wrong))
    write("order.json", "own-cleaning", {"orders": {"own": [str(row) for row in wrong]}})
    return tmp_path


def write(name, named, answer):
    content = {"schema_version": 2, "challenge": named, "board": "own", "answer": answer}
    Path(name).write_text(json.dumps(content), encoding="utf-8")


def run(*words, code=0):
    found = CliRunner().invoke(app.app, [str(word) for word in words])
    if isinstance(found.exception, DataperfError):
        assert code == 2, found.exception
        return str(found.exception)
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


DATA = ["--data", "mine.csv", "--label", "y", "--true-label", "right", "--id", "who"]
OWN = [each for each in DATA if each not in ("--id", "who")]


@pytest.fixture
def numbered(folder):
    """The same, its rows known by their numbers."""
    frame = pd.read_csv("mine.csv").drop(columns="who")
    frame.to_csv("mine.csv", index=False)
    return folder


def test_evaluate_says_whether_the_repair_helps_and_can_be_verified(numbered, monkeypatch):
    text = run("evaluate", *OWN, "repair.json", "order.json")
    for words in (
        "THE REPAIR",
        "gain [95 %, paired]",
        "the repair helps",
        "own data",
        "own-cleaning",
    ):
        assert words in text
    assert "not ranked" not in text
    kept = sorted((numbered / "dataperf-results").rglob("*.json"))
    assert len(kept) == 2
    monkeypatch.chdir(numbered.parent)
    for path in kept:
        found = rerun.result(path, data=numbered / "mine.csv")
        assert found == {"name": str(path), "ok": True, "problems": [], "notes": []}
    frame = pd.read_csv(numbered / "mine.csv")
    frame.loc[0, "a"] += 1
    frame.to_csv(numbered / "mine.csv", index=False)
    for path in kept:
        (problem,) = rerun.result(path, data=numbered / "mine.csv")["problems"]
        assert "mine.csv has changed" in problem


def test_a_result_of_own_data_is_verified_only_with_the_data(numbered):
    own_challenge, data = own.load("mine.csv", label="y", true_label="right")
    result = evaluation.evaluate(own_challenge, numbered / "repair.json", data=data)
    assert result.own_data == {}
    path = results.keep(result, "kept")
    with pytest.raises(DataperfError, match="Give the data: dataperf verify RESULT --data FILE"):
        rerun.result(numbered / path)


BAD_OWN_DATA = {
    "bogus": 1,
    "rows": [],
    "test_share": "x",
    "track": 3,
    "budget": "x",
    "source": None,
    "drop": "a",
    "seed": True,
}


@pytest.mark.parametrize("key", BAD_OWN_DATA)
def test_a_record_of_odd_own_data_is_refused_and_the_next_is_verified(numbered, key, monkeypatch):
    run("evaluate", *OWN, "repair.json")
    (good,) = (numbered / "dataperf-results").rglob("*.json")
    content = json.loads(good.read_bytes())
    content["own_data"][key] = BAD_OWN_DATA[key]
    sealed = json.dumps(content).encode()
    bad = numbered / f"{files.digest_bytes(sealed)[: results.NAME_LENGTH]}.json"
    bad.write_bytes(sealed)
    text = run("verify", bad, good, "--data", "mine.csv", code=1)
    assert f"own_data.{key}" in text and f"ok   {good}" in text


def test_no_record_keeps_verify_from_the_next(numbered, monkeypatch):
    run("evaluate", *OWN, "repair.json")
    (good,) = (numbered / "dataperf-results").rglob("*.json")
    before = rerun.result

    def result(path, **options):
        return before(path, **options) if path.is_file() else 1 / 0

    monkeypatch.setattr(rerun, "result", result)
    text = run("verify", "other.json", good, "--data", "mine.csv", code=1)
    assert "a defect of dataperf: ZeroDivisionError" in text and f"ok   {good}" in text
    assert "Traceback" in text


def test_what_is_not_said_of_own_data_is_not_there(numbered):
    run("evaluate", *OWN, "repair.json")
    (path,) = (numbered / "dataperf-results").rglob("*.json")
    options = {"source": str(numbered / "mine.csv"), "label": "y", "true_label": "right"}
    assert results.read(path).own_data == {**options, "track": "repair"}


@pytest.mark.parametrize("named", [["x"], {"a": 1}, 3, None, ""])
def test_a_submission_that_names_no_challenge_is_refused(numbered, named):
    write("odd.json", named, {"drop": []})
    text = run("evaluate", *OWN, "odd.json", code=2)
    assert "for own data one of own-cleaning, own-repair" in text


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_path_is_not_the_folder_one_is_in(numbered, empty):
    for words in (["evaluate", "-c", "digit-cleaning"], ["check", "-c", "digit-cleaning"]):
        found = CliRunner().invoke(app.app, [*words, empty])
        assert found.exit_code == 2 and "empty path" in found.output
    assert "2 problems" not in run("evaluate", *OWN, "repair.json", "order.json")


def test_options_in_other_types_are_kept_in_plain_ones(numbered):
    numbers = {"seed": np.int64(0), "test_share": np.float64(0.2), "budget": np.int64(200)}
    options = {"label": "y", "drop": "right", **numbers}
    (result,) = own.evaluate("mine.csv", [Path("repair.json")], **options)
    kept = results.read(Path(results.keep(result, "kept"))).own_data
    expected = {"label": "y", "drop": ["right"], "seed": 0, "test_share": 0.2, "budget": 200}
    assert kept == {"source": str(numbered / "mine.csv"), "track": "repair", **expected}
    with pytest.raises(Invalid, match="label: a list.*\n.*name of a column"):
        own.evaluate("mine.csv", [Path("repair.json")], label=["a", "b"])


ALL_WRONG = {"test_share": 2, "seed": -5, "budget": -1, "model": "nope", "metric": "acuracy"}


def test_everything_wrong_with_options_is_reported_before_the_data_is_read(numbered):
    words = ["--test-share", 2, "--seed", -5, "--budget", -1, "--model", "nope"]
    text = run("evaluate", *OWN, *words, "--metric", "acuracy", "repair.json", code=2)
    for options in (
        "5 problems",
        "share of test rows is 2",
        "seed is -5",
        "budget is -1",
        "'nope'",
    ):
        assert options in text
    assert 'Did you mean "accuracy"?' in text
    new = ["new", "challenge", "mine", "--from-data", "not-there.csv", "--track", "repairs"]
    assert "6 problems" in run(*new, *words, "--metric", "x", "--plugins", "mine", code=2)
    with pytest.raises(Invalid, match="6 problems"):
        own.load("not-there.csv", track="x", **ALL_WRONG)
    with pytest.raises(Invalid, match="3 problems"):
        challenge.challenge(made(), **ALL_WRONG)


@pytest.mark.parametrize(
    "options", [{"seed": "a"}, {"seed": True}, {"test_share": "x"}, {"budget": 1.5}]
)
def test_numbers_that_are_none_are_refused(options):
    (name,) = options
    with pytest.raises(Invalid, match=name):
        challenge.challenge(made(), **options)


def test_a_path_that_no_result_can_keep_is_refused(numbered):
    place = Path(os.fsdecode(b"mine\xff.csv"))
    Path("mine.csv").rename(place)
    with pytest.raises(Invalid, match="rename it"):
        own.evaluate(str(place), [Path("repair.json")], label="y", true_label="right")
    (numbered / os.fsdecode(b"in\xff")).mkdir()
    place.rename(numbered / os.fsdecode(b"in\xff") / "mine.csv")
    os.chdir(numbered / os.fsdecode(b"in\xff"))
    with pytest.raises(Invalid, match="rename it"):
        own.evaluate("mine.csv", [Path("../repair.json")], label="y", true_label="right")


def test_ids_of_a_column_and_other_options(folder):
    rows = made(300)
    names = np.array([f"row-{name}" for name in rows.ids])
    tested = draw.split(names, rows.labels, seed=3, test_share=0.3)
    write("named.json", "own-repair", {"drop": [names[~tested][0]]})
    options = ["--model", "knn_v1", "--metric", "macro_f1", "--seed", 3, "--test-share", 0.3]
    (found,) = json.loads(run("evaluate", *DATA, *options, "--budget", 1, "--json", "named.json"))
    assert found["metric"] == "macro_f1"
    assert found["own_data"]["seed"] == 3 and found["own_data"]["id"] == "who"
    assert found["tasks"]["own"]["splits"]["test"]["rows"] == 90
    assert found["provenance"]["frozen"] is True


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name a challenge .*, a submission, or your own data"),
        (["repair.json"], "stands for your own data.*\n.*give the data: --data"),
        (
            ["-c", "digit-cleaning", "--data", "mine.csv", "repair.json"],
            "--challenge is for challenges, and --data for your own data",
        ),
        (["-c", "digit-cleaning", "--label", "y", "repair.json"], "--label is for your own data"),
        (["-c", "digit-cleaning", "--test-share", "0.1"], "--test-share is for your own data"),
        (["--data", "mine.csv", "repair.json"], "no label column was named"),
        ([*OWN], "name a submission"),
        ([*OWN, "-b", "own", "repair.json"], "--board is for challenges"),
        ([*OWN, "--rules", "official", "repair.json"], "--rules official is for challenges"),
        ([*OWN, "other.json"], "for own data one of own-cleaning, own-repair, own-selection"),
        ([*OWN, "--test-share", "1.5", "repair.json"], "share of test rows is 1.5"),
        (["--data", "plain.csv", "--label", "right", "hidden.json"], "needs true labels"),
        ([*OWN, "--seed", "5", "repair.json"], "belong to the test rows"),
    ],
)
def test_wrong_requests_are_refused(numbered, words, message):
    write("other.json", "digit-cleaning", {"orders": {}})
    write("hidden.json", "own-cleaning", {"orders": {"own": ["0"]}})
    pd.read_csv("mine.csv").drop(columns="y").to_csv("plain.csv", index=False)
    assert re.search(message, run("evaluate", *words, code=2))


# A folder of own data ---------------------------------------------------------------------


@pytest.mark.parametrize(("track", "file"), [("repair", "repair.json"), ("cleaning", "order.json")])
def test_a_challenge_folder_scores_as_the_data_does(numbered, monkeypatch, track, file):
    before = json.loads(run("evaluate", *OWN, "--json", file))[0]
    budget = ["--budget", len(wrong_of(made(300)))] if track == "cleaning" else []
    words = ["new", "challenge", "my-ants", "--from-data", "mine.csv", *OWN[2:]]
    text = run(*words, "--track", track, *budget, "--plugins", "mine")
    assert text.count("wrote mine") == 4
    (numbered / "mine.csv").unlink()  # the data was copied
    content = json.loads((numbered / file).read_text())
    (numbered / file).write_text(json.dumps({**content, "challenge": "my-ants"}))
    monkeypatch.setenv("DATAPERF_PATH", str(numbered / "mine"))
    after = json.loads(run("evaluate", "-c", "my-ants", "--json", file))[0]
    assert after["score"] == before["score"]
    assert after["tasks"]["own"]["summary"] == before["tasks"]["own"]["summary"]
    for kind, name in (("challenges", "my-ants"), ("datasets", "my_ants")):
        assert conformance.plugin(registry.get(kind, name)) == []
    page = (numbered / "mine/challenges/my-ants/README.md").read_text()
    for part in ("## Task", "## Data card", "Known limits", "## Rules", "## Reading the score"):
        assert part in page
    assert "240 in the pool, 60 in the test" in " ".join(page.split())
    with pytest.raises(DataperfError, match="already; choose another name"):
        dataperf.new("challenge", "my-ants", folder=numbered / "mine", data="x", label="y")


def test_a_challenge_of_own_data_is_frozen_with_its_baseline(numbered, monkeypatch):
    run("new", "challenge", "my-ants", "--from-data", "mine.csv", *OWN[2:], "--plugins", "mine")
    monkeypatch.setenv("DATAPERF_PATH", str(numbered / "mine"))
    assert "frozen: " in run("freeze", "my-ants")
    run("baseline", "-c", "my-ants", "-b", "own", "-s", "drop-flagged", "-o", "a.json")
    text = run("evaluate", "-c", "my-ants", "a.json")
    for words in ("oracle", "unchanged pool", "drop_flagged", "> this submission"):
        assert words in text
    assert "not frozen" not in text


def with_parts(values):
    frame = pd.read_csv("mine.csv")
    frame["part"] = values
    frame.to_csv("mine.csv", index=False)
    return frame


def page_of(folder):
    return (folder / "mine/challenges/my-ants/README.md").read_text(encoding="utf-8")


NEW = [
    "new",
    "challenge",
    "my-ants",
    "--from-data",
    "mine.csv",
    "--label",
    "y",
    "--plugins",
    "mine",
]


def test_commands_say_what_became_of_the_values_of_a_split(numbered):
    frame = with_parts(["test"] * 60 + ["val"] * 40 + ["train"] * 200)
    frame.loc[:1, "y"] = None
    frame.to_csv("mine.csv", index=False)
    write("repair.json", "own-repair", {"drop": ["100"]})
    options = ["--true-label", "right", "--split", "part"]
    found = [run("evaluate", *OWN, *options[2:], "repair.json"), run(*NEW, *options)]
    for text in [*found, page_of(numbered)]:
        assert "pool: train 200, val 40\n" in text
        assert "left out: 2 rows without a label, 2 of them test rows\n" in text
    assert "58 in the test (by the column part)" in " ".join(page_of(numbered).split())
    (kept,) = (numbered / "dataperf-results").rglob("*.json")
    assert rerun.result(kept, data="mine.csv")["problems"] == []


def test_a_truth_that_is_no_class_is_refused_and_an_empty_one_is_not(numbered):
    frame = pd.read_csv("mine.csv")
    frame.loc[:2, "right"] = ["Ant", "Ant", None]
    frame.loc[9, "right"] = "zebra"
    frame.to_csv("mine.csv", index=False)
    for words in (["evaluate", *OWN, "repair.json"], [*NEW, "--true-label", "right"]):
        text = run(*words, code=2)
        assert 'true label "right": "Ant" in 2 rows is not a class of the label' in text
        assert 'Did you mean "ant"' in text
        assert '"zebra" in 1 row is not a class' in text
        assert "ant, bee, cat; empty where it is not known" in text
        assert "2 problems" in text
    assert not (numbered / "mine").exists()
    frame["right"] = frame["right"].where(frame["right"].isin(CLASSES))
    frame.to_csv("mine.csv", index=False)
    run(*NEW, "--true-label", "right")


def test_a_truth_of_many_strange_values_names_the_commonest():
    strange = {f"odd{number}": number for number in range(1, 9)}
    with pytest.raises(Invalid, match="3 more values in 6 rows are not classes") as error:
        challenge.challenge(dataclasses.replace(made(), strange_truths=strange))
    assert '"odd8" in 8 rows' in str(error.value)


def test_lines_on_hostile_names_stay_lines(numbered):
    frame = with_parts(["test"] * 60 + ["two\nlines\x1b[31m"] * 240)
    frame.rename(columns={"a": "col\numn\x1b[31m"}).to_csv("mine.csv", index=False)
    text = run(*NEW, "--true-label", "right", "--split", "part")
    assert "\x1b" not in text
    assert "features: 6 columns (col umn\\x1b[31m, b, c, d, e, f)\n" in text
    assert "pool: two lines\\x1b[31m 240\n" in text


def test_commands_refuse_a_split_without_a_test(numbered):
    with_parts(["train"] * 240 + ["holdout"] * 60)
    for words in (["evaluate", *OWN, "repair.json"], NEW):
        text = run(*words, "--split", "part", code=2)
        assert 'no row has the value "test": train 240, holdout 60' in text
    assert not (numbered / "mine").exists()


def shown_answer(page):
    """Return the example of a page: the indented lines that are JSON."""
    return json.loads(re.search(r'^    (\{"schema_version".*\n.*)$', page, re.M)[1])


def commands(page):
    """Return the commands that a page names, with the folder put in."""
    named = re.findall(r"^    dataperf (.*)$", page.replace("FOLDER", "mine"), re.M)
    return [words.split() for words in named]


@pytest.mark.parametrize(
    ("track", "budget", "rules"),
    [
        ("repair", 5, ["drops or relabels at most 5 rows"]),
        ("repair", 1, ["drops or relabels at most 1 row (`budget`)"]),
        ("repair", None, ["no class loses all its rows"]),
        (
            "cleaning",
            30,
            ["first 30 rows of the pool's 64", "after every 2 rows", "ends after 30 rows"],
        ),
        ("cleaning", None, ["All 64 rows of the pool are listed, each exactly once"]),
        ("selection", 12, ["selects at most 12 rows", "12 rows in total"]),
        ("selection", None, ["selects at most 64 rows"]),
    ],
)
def test_what_a_page_shows_passes_its_own_check(numbered, track, budget, rules):
    frame = pd.read_csv("mine.csv").iloc[:80]
    frame.assign(who=[f"d{row:04}" for row in range(80)]).to_csv("mine.csv", index=False)
    options = ["--true-label", "right", "--id", "who", "--track", track]
    run(*NEW, *options, *([] if budget is None else ["--budget", budget]))
    page = page_of(numbered)
    for words in rules:
        assert words in page
    answer = shown_answer(page)
    if track == "cleaning":  # "the order goes on": the rest of the pool
        with np.load("mine/datasets/my_ants.npz") as arrays:
            pool = arrays["ids"][arrays["column:part"] == "pool"].tolist()
        order = answer["answer"]["orders"]["own"]
        assert len(order) == 3 and set(order) < set(pool)
        order += [each for each in pool if each not in order]
    Path("shown.json").write_text(json.dumps(answer), encoding="utf-8")
    audit, check, _ = (words for words in commands(page) if words[0] != "freeze")
    assert "shown.json: valid" in run(*check[:-1], "shown.json")
    assert audit[1] == "challenge:my-ants/own"
    run(*audit, "--detector", "imbalance")
    assert "json: valid" in run(*check)


def test_a_new_challenge_says_which_columns_became_features(numbered):
    frame = with_parts("train")
    frame["part"] = ["test"] * 60 + ["train"] * 240
    frame["note"], frame["same"] = "x" + frame.index.astype(str), 1
    for number in range(8):
        frame[f"more{number}"] = frame["a"] + number * frame["b"]
    frame.to_csv("mine.csv", index=False)
    text = run(*NEW, "--true-label", "right", "--split", "part", "--drop", "f", "--drop", "more7")
    for each in (text, page_of(numbered)):
        assert (
            "features: 12 columns (a, b, c, d, e, more0, more1, more2, more3, more4 and 2 more)"
            in each
        )
        assert "not features: y (label), part (split), right (true label)\n" in each
        assert "dropped: f, more7\n" in each
        assert "ignored (constant, or unique per row): note, same\n" in each
    with np.load("mine/datasets/my_ants.npz") as arrays:
        assert arrays["features"].shape == (300, 12)


def test_a_forgotten_truth_gives_a_warning(numbered):
    frame = pd.read_csv("mine.csv")
    frame["y"] = frame["y"].where(frame.index % 10 == 0, frame["right"])
    frame[list("abcdef")] = np.random.RandomState(0).normal(size=(300, 6))
    frame.to_csv("mine.csv", index=False)
    write("repair.json", "own-repair", {"drop": [str(pool_of(made(300))[5])]})
    words = "warning: the feature right nearly determines the label"
    command = ["evaluate", *OWN[:4], "--json", "repair.json"]
    assert words in run(*command) and words in run(*NEW)
    for options in (["--true-label", "right"], ["--drop", "right"]):
        assert words not in run(*command, *options)
        assert words not in run(*NEW, "--plugins", options[0].strip("-"), *options)


def test_a_page_says_how_the_test_was_chosen():
    rows = made()
    for more, said in (
        ({}, "the same share of every class"),
        ({"groups": rows.ids}, "whole groups"),
        ({"split": np.array(["train"] * 200 + ["validation"] * 40)}, "the same share"),
        ({"split": np.array(["train"] * 200 + ["test"] * 40)}, "by the column part"),
    ):
        assert said in split.how_chosen(dataclasses.replace(rows, **more, roles=NAMED["roles"]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["challenge", "mine", "--from-data", "mine.csv"], "no label column was named"),
        (["challenge", "own-mine", "--from-data", "mine.csv", "--label", "y"], "begin with"),
        (["metric", "mine", "--from-data", "mine.csv", "--label", "y"], "only a challenge"),
        (["challenge", "mine", "--label", "y"], "--from-data"),
        (["challenge", "mnist-5k", "--from-data", "mine.csv", "--label", "y"], "dataset named"),
    ],
)
def test_folders_that_cannot_be_made(numbered, words, message):
    assert message in run("new", *words, "--plugins", "mine", code=2)
    assert not (numbered / "mine").exists()


def test_drop_flagged_finds_wrong_labels_and_keeps_every_class():
    rows = made(600)
    own_challenge, data = challenge.challenge(rows, budget=20)
    strategy = registry.load("strategies", "drop_flagged")
    rules = loading.rules_of(own_challenge, "own")
    answer = strategy.answer(data["own"].pool, rules, seed=0)
    assert answer == strategy.answer(data["own"].pool, rules, seed=0)
    assert len(answer["drop"]) == 20
    assert np.isin([int(each) for each in answer["drop"]], wrong_of(rows)).mean() > 0.7
    assert repair.check(repair.Answer(**answer), rules, data, official=False) == []
