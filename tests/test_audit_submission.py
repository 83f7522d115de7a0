"""From finding to submission to score: the evaluator reads what an audit writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audit_data import blobs, noisy

import dataperf
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Invalid
from dataperf.own_data import evaluate
from dataperf.reading import split


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A noisy table in a file, and its audit."""
    features, truth = blobs(900, apart=1.5)
    given = noisy(truth, 0.25, classes=3)
    frame = pd.DataFrame(features, columns=[f"x{number}" for number in range(6)])
    words = np.array(["red", "green", "blue"])
    frame["colour"], frame["right"] = words[given], words[truth]
    path = tmp_path_factory.mktemp("own") / "mine.parquet"
    frame.to_parquet(path)
    return path, dataperf.audit(
        path, label="colour", true_label="right", detectors=["label_errors"]
    )


def scored(audited, made: dict, folder: Path, **told):
    path = folder / "made.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    told = {"label": "colour", "true_label": "right", "model": "logistic_v1", **told}
    (result,) = evaluate.evaluate(str(audited[0]), [path], **told)
    return result, result.tasks["own"].summary


def test_a_repair_helps_and_its_interval_excludes_zero(audited, tmp_path):
    result, told = scored(audited, audited[1].to_submission(), tmp_path, model="knn_v1")
    assert result.status == "scored" and told["gain low"] > 0
    assert told["after"] > told["before"] and told["over random low"] > 0
    assert told["put right"] > 10 * told["spoiled"]


def test_a_submission_names_no_row_that_it_is_tested_on(audited):
    path, found = audited
    held = split.in_test(found.rows, seed=5, test_share=0.3)
    tested = set(found.rows.ids[held])
    for track in ("repair", "cleaning", "selection"):
        made = found.to_submission(track, seed=5, test_share=0.3)
        answer = made["answer"]
        named = set(answer.get("drop", [])) | set(answer.get("relabel", {}))
        named |= {each for ids in answer.get("samples", {}).values() for each in ids}
        named |= {each for ids in answer.get("orders", {}).values() for each in ids}
        assert named and not named & tested
        assert made["challenge"] == f"own-{track}"


def test_a_submission_names_no_row_that_is_left_out(tmp_path):
    """Rows without a label cannot be put in order, nor those called test repaired."""
    features, labels = blobs(120, apart=2)
    frame = pd.DataFrame(features).add_prefix("x")
    frame["y"] = frame["right"] = np.array(["red", "green", "blue"])[labels]
    frame["part"] = np.where(np.arange(120) % 4 == 0, "test", "train")
    frame.loc[:7, "y"] = None
    frame.to_parquet(tmp_path / "mine.parquet")
    told = {"label": "y", "true_label": "right", "split": "part"}
    found = dataperf.audit(tmp_path / "mine.parquet", detectors=["label_errors"], **told)
    lines = []
    for track in ("cleaning", "selection", "repair"):
        found.to_submission(track, path=tmp_path / "made.json")
        evaluate.evaluate(
            str(tmp_path / "mine.parquet"),
            [tmp_path / "made.json"],
            on_message=lines.append,
            **told,
        )
    of_test = "left out: 2 rows without a label, 2 of them test rows"
    assert lines == [of_test.replace("2 rows", "8 rows")] * 2 + [of_test]


def test_what_is_tested_on_does_not_move_a_submission(audited):
    """The proof would be worth nothing if labels that test the repair had made it."""
    frame = pd.read_parquet(audited[0]).drop(columns="right")
    frame["part"] = np.where(np.arange(len(frame)) % 5 == 0, "test", "train")
    told = {"label": "colour", "split": "part", "detectors": ["label_errors"]}
    first = dataperf.audit(frame, **told)
    tested = frame["part"] == "test"
    turned = {"red": "green", "green": "blue", "blue": "red"}
    frame.loc[tested, "colour"] = frame.loc[tested, "colour"].map(turned)
    again = dataperf.audit(frame, **told)
    assert not again.table().equals(first.table())
    assert again.to_submission()["answer"] == first.to_submission()["answer"]


def test_budget_and_action_are_kept(audited):
    found = audited[1]
    few = found.to_submission("repair", budget=10)["answer"]
    assert len(few["drop"]) + len(few["relabel"]) == 10
    assert found.to_submission("repair", action="drop")["answer"]["relabel"] == {}
    assert found.to_submission("repair", action="relabel")["answer"]["drop"] == []
    kept = found.to_submission("selection", budget=30)["answer"]["samples"]
    assert {name: len(ids) for name, ids in kept.items()} == {"red": 10, "green": 10, "blue": 10}


def test_a_class_too_small_to_judge_is_left_as_it_is():
    features, truth = blobs(200)
    given = truth.copy()
    given[0] = 3  # the only row of its class, which no model knows
    words = np.array(["red", "green", "blue", "grey"])
    frame = pd.DataFrame(features, columns=[f"x{number}" for number in range(6)])
    frame["colour"] = words[given]
    frame["part"] = np.where(np.arange(200) % 5 == 4, "test", "train")
    found = dataperf.audit(frame, label="colour", split="part", detectors=["label_errors"])
    answer = found.to_submission("repair", budget=20)["answer"]
    assert "0" not in {*answer["drop"], *answer["relabel"]}


def test_a_column_left_out_of_the_audit_is_left_out_of_its_proof(audited, tmp_path):
    path = audited[0]
    told = {"label": "colour", "drop": ["right"]}
    found = dataperf.audit(path, detectors=["label_errors"], **told)
    made = tmp_path / "made.json"
    found.to_submission(path=made)
    (result,) = evaluate.evaluate(str(path), [made], **told)
    assert result.tasks["own"].summary["before"] < 0.99  # the right label was no feature
    assert result.own_data["drop"] == ["right"]
    _, data = evaluate.reload(result, str(path))
    assert data["own"].digest == result.provenance.digests["data"]


def test_orders_and_selections_are_scored_too(audited, tmp_path):
    result, told = scored(audited, audited[1].to_submission("cleaning"), tmp_path)
    assert result.score.value > told["before"]
    result, _ = scored(audited, audited[1].to_submission("selection"), tmp_path)
    assert result.status == "scored" and result.score.low is not None


def test_where_nothing_is_wrong_nothing_is_gained(tmp_path):
    features, truth = blobs(600, apart=1.5)
    frame = pd.DataFrame(features, columns=[f"x{number}" for number in range(6)])
    frame["colour"] = np.array(["red", "green", "blue"])[truth]
    path = tmp_path / "clean.parquet"
    frame.to_parquet(path)
    found = dataperf.audit(path, label="colour", detectors=["label_errors"])
    result, told = scored((path, found), found.to_submission(), tmp_path, true_label=None)
    assert told["gain low"] <= 0 <= told["gain high"]
    assert any("no gain shown" in line for line in result.tasks["own"].notes)


def test_the_pool_of_a_challenge_becomes_an_answer_to_it():
    source = "challenge:digit-cleaning/knn"
    found = dataperf.audit(source, detectors=["label_errors"])
    assert found.rows.truth is None  # only the organizer knows the true labels
    made = found.to_submission()
    asked = dataperf.load_challenge("digit-cleaning")
    assert submission.check(submission.parse(made, asked), asked) == []
    with pytest.raises(DataperfError, match="asks for cleaning"):
        found.to_submission("selection")


def test_tracks_that_are_not_there_are_suggested(audited):
    with pytest.raises(Invalid, match='Did you mean "cleaning"'):
        audited[1].to_submission("cleanin")


WRONG = {
    "less than no rows": ({"budget": -1}, "budget is -1"),
    "no rows": ({"budget": 0}, "budget is 0"),
    "half rows": ({"budget": 1.5}, "budget is 1.5"),
    "a text for a budget": ({"budget": "3"}, "budget is '3'"),
    "yes for a budget": ({"budget": True}, "budget is True"),
    "an action": ({"action": "rellabel"}, 'Did you mean "relabel"'),
    "no action": ({"action": None}, "one of auto, drop, relabel"),
    "a text for a seed": ({"seed": "a"}, "seed is 'a'"),
    "a seed below zero": ({"seed": -1}, "seed is -1"),
    "a text for a share": ({"test_share": "x"}, "test_share: the share of test rows is 'x'"),
    "all for the test": ({"test_share": 1.0}, "share of test rows is 1.0"),
    "no number for a share": ({"test_share": float("nan")}, "share of test rows is nan"),
    "a number for a track": ({"track": 3}, "there is no 3"),
    "no name for a track": ({"track": ""}, "there is no ''"),
    "a submitter of two lines": ({"submitter": "x\ny"}, "submitter"),
    "no submitter": ({"submitter": None}, "submitter"),
}


@pytest.mark.parametrize(("told", "words"), WRONG.values(), ids=WRONG)
def test_what_would_make_another_submission_is_refused(audited, tmp_path, told, words):
    for place in (None, tmp_path / "made.json"):
        with pytest.raises(Invalid, match=words) as refused:
            audited[1].to_submission(**told, path=place)
        assert len(refused.value.problems) == 1
    assert not (tmp_path / "made.json").exists()


def test_everything_wrong_with_a_submission_is_told_at_once(audited):
    told = {"budget": 0, "action": "x", "seed": -1, "test_share": 2, "submitter": "a\nb"}
    with pytest.raises(Invalid, match="(?s)track.*action.*seed.*test_share.*budget.*submitter"):
        audited[1].to_submission("repairs", **told)


def test_numbers_of_numpy_may_be_asked_for(audited):
    told = {"budget": np.int64(3), "seed": np.int64(1), "test_share": np.float32(0.25)}
    answer = audited[1].to_submission(**told)["answer"]
    assert len(answer["drop"]) + len(answer["relabel"]) == 3
