"""Comparing results: differences, verdicts, test rows and training rows that differ."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import dataperf
from dataperf.boards.verdicts import about
from dataperf.errors import Invalid
from dataperf.metrics import accuracy
from dataperf.statistics import (
    Outcome,
    PairVariance,
    Score,
    Term,
    holm,
    pair_variance,
    score_difference,
)
from tests.own_board import run

BOARD = "speech-selection/digits-60"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return a folder of results of three strategies, and the results."""
    folder = tmp_path_factory.mktemp("kept")
    made = [
        dataperf.baseline(BOARD, strategy, seed=seed)
        for strategy, seed in (("cleanlab_k_medoids", 0), ("random", 1), ("random", 2))
    ]
    found = [dataperf.evaluate(each, results=folder) for each in made]
    return folder, found


def test_a_clear_difference_is_shown_with_its_rows(kept):
    _, (good, bad, _) = kept
    found = dataperf.compare([good, bad])
    (pair,) = found.pairs
    assert pair.separable and pair.rows_needed is None
    assert pair.verdict.startswith("A is better than B by 0.1")
    assert pair.score.values == (good.score.value, bad.score.value)
    low, high = pair.score.difference.low, pair.score.difference.high
    assert 0 < low < pair.score.difference.value < high
    assert [line.where for line in found.splits] == ["test", "ood-speakers", "ood-words"]
    assert found.splits[1].p_value is None  # two speakers
    assert any("ood-speakers" in note for note in found.notes)
    assert len(found.classes) == 6
    recall = good.tasks["digits"].splits["test"].per_class["three"]["recall"]
    line = next(each for each in found.classes if each.where.endswith("three"))
    assert line.values[0] == pytest.approx(recall) and line.rows == 40


def test_close_results_are_not_separable_and_the_rows_needed_are_named(kept):
    _, (_, one, other) = kept
    (pair,) = dataperf.compare([one, other]).pairs
    assert not pair.separable and pair.rows_needed > 320
    words = (
        f"not separable with these 320 test rows; about {about(pair.rows_needed)} would be needed"
    )
    assert words in pair.verdict
    assert pair.visible > abs(pair.score.difference.value)


def test_rows_that_differ_are_listed_with_content(kept):
    _, (good, bad, _) = kept
    (pair,) = dataperf.compare([good, bad]).pairs
    first = pair.disagreements[0]
    assert len(first.examples) == first.only_a + first.only_b + first.both_wrong
    for place, row in enumerate(first.examples):
        right = [each == row.truth for each in row.predicted]
        wanted = [True, False] if place < first.only_a else [False, True]
        if place < first.only_a + first.only_b:
            assert right == wanted
        assert set(row.content) == {"speaker"}  # neither label nor defect
    (training,) = pair.training
    chosen = [
        {name for names in each.submission.answer["samples"].values() for name in names}
        for each in (good, bad)
    ]
    assert set(training.only_a) == chosen[0] - chosen[1]
    assert set(training.only_b) == chosen[1] - chosen[0]
    assert training.shared == len(chosen[0] & chosen[1]) and not training.relabelled


def test_p_values_are_corrected_for_the_number_compared(kept):
    _, results = kept
    three = dataperf.compare([*results])
    alone = [
        dataperf.compare([results[a], results[b]]).pairs[0] for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    raw = [pair.score.p_value for pair in alone]
    assert [pair.score.p_value for pair in three.pairs] == pytest.approx(holm(raw).tolist())
    assert three.pairs[2].rows_needed > alone[2].rows_needed


def test_the_command_prints_the_same(kept, tmp_path):
    folder, (good, bad, _) = kept
    files = sorted(folder.rglob("*.json"))
    out = run("compare", *files)
    assert "not separable with these 320 test rows" in out and "TRAINING ROWS" in out
    found = json.loads(run("compare", *files, "--json"))
    assert len(found["pairs"]) == 3 and set(found["results"]) == set("ABC")
    assert found["pairs"][0]["difference"]["low"] is not None


def test_what_cannot_be_compared_is_refused_with_every_reason(kept, tmp_path):
    _, (good, bad, _) = kept
    other = dataperf.evaluate(dataperf.baseline("speech-selection/digits-25", "random"))
    changed = bad.model_copy(
        update={"score": bad.score.model_copy(update={"value": 0.9}), "status": "scored"}
    )
    failed = bad.model_copy(update={"status": "failed", "error": "no\x1b rows", "score": None})
    with pytest.raises(Invalid) as error:
        dataperf.compare([good, other, changed, failed])
    words = str(error.value)
    assert "it is of speech-selection/digits-25" in words
    assert "its score is not that of its predictions" in words
    assert "it failed: no\\x1b rows" in words
    for given in ((), (good,), (good,) * 11):
        with pytest.raises(Invalid, match="2 to 10"):
            dataperf.compare([*given])
    with pytest.raises(Invalid, match="wrong-type"):
        dataperf.compare([good, 3])
    with pytest.raises(Invalid, match="nowhere.json"):
        dataperf.compare([good, "nowhere.json"])


def test_the_same_result_twice_is_said(kept):
    _, (good, _, _) = kept
    found = dataperf.compare([good, good])
    assert "they score the same" in found.pairs[0].verdict
    assert "A and B are the same answer" in found.notes


@pytest.mark.parametrize("kind", ["frame", "csv", "parquet"])
def test_results_of_own_data_are_compared_on_the_data_given(tmp_path, kind):
    random = np.random.RandomState(0)
    right = np.arange(300) % 3
    frame = pd.DataFrame(random.normal(size=(300, 3)) + 1.5 * np.eye(3)[right], columns=list("efg"))
    frame["words"] = [f"row number {each}" for each in range(300)]
    frame["y"] = np.array(list("abc"))[np.where(random.rand(300) < 0.2, (right + 1) % 3, right)]
    data = frame
    if kind != "frame":
        data = tmp_path / f"rows.{kind}"
        frame.to_csv(data, index=False) if kind == "csv" else frame.to_parquet(data)
    given = {"label": "y", "drop": ["words"]}
    train = [str(each) for each in range(300)]
    made = [
        {
            "schema_version": 2,
            "challenge": "own-repair",
            "board": "own",
            "method": f"repair {number}",
            "answer": {"drop": []},
        }
        for number in range(2)
    ]
    first = dataperf.evaluate_data(data, made[0], on_message=lambda words: None, **given)
    pool = sorted(set(train) - _tested(first, data, given))
    made[1]["answer"] = {"drop": pool[:20]}
    second = dataperf.evaluate_data(data, made[1], on_message=lambda words: None, **given)
    found = dataperf.compare([first, second], data=data)
    (pair,) = found.pairs
    assert sorted(pair.training[0].only_a) == sorted(pool[:20])
    assert pair.training[0].only_b == []
    for row in pair.disagreements[0].examples:
        assert {"e", "f", "g"} <= set(row.content) and "y" not in row.content
    with pytest.raises(Invalid, match="name the data too"):
        dataperf.compare([first, second])
    with pytest.raises(Invalid, match="other data"):
        dataperf.compare([first, second], data=frame.iloc[::-1].reset_index(drop=True))


def _tested(result, data, given):
    from dataperf.own_data import evaluate as own

    _, loaded = own.load(data, track="repair", **given)
    return set(loaded["own"].tests["test"].ids.tolist())


# Power ------------------------------------------------------------------------------------


def drawn(random, rows, seeds, difference, seed_sd):
    """Draw the scores of two models of which the first is better by a known difference."""
    luck, hard = random.normal(0, seed_sd, (2, seeds, 1)), random.normal(0, 0.05, rows)
    scores = []
    for place, level in enumerate((0.75, 0.75 - difference)):
        right = random.rand(seeds, rows) < np.clip(level + hard + luck[place], 0, 1)
        outcome = Outcome(np.ones(rows, np.intp), right.astype(np.intp), 2)
        scores.append(Score((Term(accuracy, outcome),)))
    return scores


@pytest.mark.parametrize(
    ("seeds", "seed_sd", "difference", "power"),
    [(1, 0.0, 0.05, 0.8), (1, 0.0, 0.1, 0.6), (3, 0.01, 0.06, 0.8), (10, 0.02, 0.04, 0.8)],
)
def test_the_rows_needed_separate_at_the_stated_power(seeds, seed_sd, difference, power):
    random = np.random.RandomState(0)
    pilot = drawn(random, 3000, seeds if seeds == 1 else 40, difference, seed_sd)
    rows = pair_variance(*pilot).rows_needed(difference, seeds=seeds, power=power)
    shown = [
        score_difference(*drawn(random, rows, seeds, difference, seed_sd)).p_value < 0.05
        for _ in range(400)
    ]
    assert abs(np.mean(shown) - power) < 0.1


def test_rows_seeds_and_visible_differences_agree():
    made = PairVariance(0.0004, 0.0002, 0.0003, 0.0, count=300, seed_count=3, parts=300)
    rows = made.rows_needed(0.08, seeds=10)
    assert made.power(0.08, rows, 10) >= 0.8 > made.power(0.08, rows - 1, 10)
    seeds = made.seeds_needed(0.04, rows=1000)
    assert made.power(0.04, 1000, seeds) >= 0.8 > made.power(0.04, 1000, seeds - 1)
    assert made.power(made.visible(1000, 5), 1000, 5) == pytest.approx(0.8, abs=1e-6)
    assert made.rows_needed(0.01, seeds=3) is None  # seeds matter too much
    assert made.seeds_needed(0.001) is None  # too few rows
    assert made.rows_needed(0.08, seeds=10, comparisons=45) > rows


def test_groups_count_as_the_independent_parts():
    random = np.random.RandomState(0)
    groups = np.repeat(np.arange(8), 25)
    scores = []
    for level in (0.8, 0.7):
        right = (random.rand(200) < level).astype(np.intp)
        outcome = Outcome(np.ones(200, np.intp), right[None], 2, groups)
        scores.append(Score((Term(accuracy, outcome),)))
    found = pair_variance(*scores)
    assert (found.count, found.parts) == (200, 8)
    assert found.visible() > 0.05
