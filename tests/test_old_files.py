"""A challenge file in the old form gets one message with the new version and every new key."""

from __future__ import annotations

import json

import own_board
import pytest

from dataperf.definitions import loading
from dataperf.errors import Invalid

OLD = {
    "schema_version": 1,
    "name": "old",
    "version": 1,
    "title": "Old",
    "track": "subset",
    "tasks": {
        "one": {
            "dataset": "optical_digits",
            "model": "logistic_v1",
            "seeds": [1],
            "label_column": "label",
            "classes": ["0", "1"],
            "rest": "0",
            "visible": [],
            "metric": "accuracy",
            "split": "test",
            "pool": {"part": ["train"]},
            "splits": {"test": {"title": "t", "where": {"part": ["test"]}, "cluster": "writer"}},
        }
    },
    "boards": {
        "small": {"tasks": ["one"], "rules": {"cap": 3, "draws": 5}},
        "large": {"tasks": ["one"], "rules": {"cap": 30}},
    },
}


def problems(folder, content):
    import tomli_w

    path = folder / "challenges/old/challenge.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(content))
    with pytest.raises(Invalid) as error:
        loading.read(path)
    return {(each.where, each.rule) for each in error.value.problems}, str(error.value)


def test_one_message_names_the_version_and_every_new_key(tmp_path):
    found, text = problems(tmp_path, OLD)
    assert found == {
        ("schema_version", "schema-version"),
        ("tasks.one.rest", "renamed-key"),
        ("tasks.one.visible", "renamed-key"),
        ("tasks.one.splits.test.cluster", "renamed-key"),
        ("boards.small.rules.cap", "renamed-key"),
        ("boards.small.rules.draws", "renamed-key"),
        ("boards.large.rules.cap", "renamed-key"),
    }
    for key in ("other_class", "visible_columns", "group_column", "budget", "random_draws"):
        assert f'is now "{key}"' in text
    assert "schema_version 2" in text


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"boards": 3}, "boards"),
        ({"boards": {"small": 3}}, "boards.small"),
        ({"boards": {"small": {"tasks": ["one"], "rules": [1]}}}, "boards.small.rules"),
        ({"track": 3}, "track"),
        ({"boards": {}, "title": 3}, "title"),
    ],
)
def test_rules_of_a_wrong_form_are_one_problem_among_others(tmp_path, change, place):
    found, _ = problems(tmp_path, {**OLD, **change})
    assert place in {where for where, _ in found}
    assert ("tasks.one.rest", "renamed-key") in found


def test_an_unknown_track_is_reported_and_its_rules_are_not_read(tmp_path):
    found, _ = problems(tmp_path, {**OLD, "track": "nothing"})
    assert ("schema_version", "schema-version") in found
    assert not any(where.startswith("boards") for where, _ in found)


def test_an_old_submission_gets_one_message(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own_board.make(tmp_path)
    content = json.loads((tmp_path / "a.json").read_text())
    content |= {"schema_version": 1, "answer": {"samples": [], "chosen": 1}}
    (tmp_path / "old.json").write_text(json.dumps(content))
    text = own_board.run("check", "old.json", code=2)
    assert "schema_version 2" in text and 'answer.chosen: unknown key "chosen"' in text
