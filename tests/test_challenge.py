"""A challenge file with mistakes is told all of them; a digest changes with what scores rest on."""

from __future__ import annotations

import pytest

from dataperf.definitions import loading as challenges
from dataperf.errors import Invalid

GOOD = """
schema_version = 2
name = "small"
version = 1
title = "A small one"
track = "selection"

[tasks.main]
dataset = "tiny_rows"
model = "tiny_model"
seeds = [1, 2]
label_column = "given"
true_label_column = "right"
classes = ["no", "yes"]
visible_columns = ["speaker"]
split = "test"
metric = "tiny_metric"

[tasks.main.splits.test]
title = "other rows"
where = { part = ["test"] }

[boards.two]
tasks = ["main"]
title = "two rows"
rules = { budget = 2 }
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Return a function that writes the challenge, changed as asked, beside its plug-ins."""
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    plugins = {
        "datasets/tiny_rows.py": (
            "from dataperf.records import Generated\ncard, source = None, Generated()\n"
            'def table(path):\n    raise AssertionError("not needed")\n'
        ),
        "fixed_models/tiny_model.py": "def fit(): pass\n",
        "metrics/tiny_metric.py": '"""A metric."""\nhigher_is_better = True  # always\ndef score(): pass\n',
    }
    for place, text in plugins.items():
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text(text)

    def write(*changes):
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "challenges" / "small" / "challenge.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def refused(path):
    with pytest.raises(Invalid) as caught:
        challenges.read(path)
    assert len(str(caught.value)) < 20_000
    return {problem.rule for problem in caught.value.problems}, str(caught.value)


def test_good_challenge_is_read(small):
    small()
    assert challenges.load("small").boards["two"].rules == {"budget": 2}


BAD = {
    "unknown key": (
        ("true_label_column =", "true_lable_column ="),
        "unknown-key",
        'Did you mean "true_label_column"',
    ),
    "unknown task": (
        ('tasks = ["main"]', 'tasks = ["mian"]'),
        "unknown-task",
        'Did you mean "main"?',
    ),
    "unknown metric": (("tiny_metric", "tiny_metrik"), "unknown-plugin", '"tiny_metric"'),
    "unknown model": (("tiny_model", "tiny_modell"), "unknown-plugin", '"tiny_model"'),
    "unknown dataset": (("tiny_rows", "tiny_row"), "unknown-plugin", '"tiny_rows"'),
    "unknown track": (('"selection"', '"selektion"'), "unknown-plugin", '"selection"'),
    "unknown split": (('split = "test"', 'split = "tset"'), "unknown-split", '"test"'),
    "unknown rest": (
        ("visible_columns", 'other_class = "noo"\nvisible_columns'),
        "unknown-class",
        '"no"',
    ),
    "class twice": (('"no", "yes"', '"no", "no"'), "duplicate-class", "classes"),
    "one class": (('"no", "yes"', '"no"'), "too-short", "classes"),
    "seed twice": (("[1, 2]", "[1, 1]"), "duplicate-seed", "seeds"),
    "seed a word": (("[1, 2]", '[1, "two"]'), "wrong-type", "tasks.main.seeds[1]"),
    "balance": (
        ("visible_columns", "balance = { no = 1.0 }\nvisible_columns"),
        "balance",
        "balance",
    ),
    "other name": (('name = "small"', 'name = "tiny"'), "wrong-name", '"small"'),
    "truth shown": (('["speaker"]', '["speaker", "right"]'), "leak", "right"),
    "budget of none": (
        ("budget = 2", "budget = 0"),
        "greater-than-equal",
        "boards.two.rules.budget",
    ),
    "budget a float": (("budget = 2", "budget = 2.5"), "wrong-type", "boards.two.rules.budget"),
    "unknown rule": (
        ("budget = 2", "budget = 2, budgt = 3"),
        "unknown-key",
        'Did you mean "budget"?',
    ),
    "no rules": (("rules = { budget = 2 }", ""), "missing-key", "boards.two.rules.budget"),
    "other schema": (("schema_version = 2", "schema_version = 9"), "schema-version", "version"),
    "not TOML": (("[tasks.main]", "[tasks.main"), "not-toml", "line"),
    "deep": (("[1, 2]", "[" * 50_000 + "]" * 50_000), "too-deep", "deep"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_challenge_is_refused(small, kind):
    change, rule, hint = BAD[kind]
    rules, message = refused(small(change))
    assert rule in rules
    assert hint in message


def test_every_problem_is_told_at_once(small):
    path = small(
        ('tasks = ["main"]', 'tasks = ["mian"]'),
        ("tiny_metric", "tiny_metrik"),
        ("tiny_model", "tiny_modell"),
        ('["speaker"]', '["right"]'),
        ("budget = 2", "budget = 0, budgt = 1"),
        ("[1, 2]", "[1, 1]"),
    )
    rules, message = refused(path)
    assert rules == {
        "unknown-task", "unknown-plugin", "leak", "greater-than-equal", "unknown-key",
        "duplicate-seed",
    }  # fmt: skip
    assert "tiny_metric" in message and "tiny_model" in message


def test_a_key_of_the_old_form_is_one_problem_that_names_the_new_key(small):
    changes = (
        (('label_column = "given"', 'label = "given"'), "tasks.main.label", "label_column"),
        (("budget = 2", "cap = 2"), "boards.two.rules.cap", "budget"),
    )
    for change, where, new in changes:
        with pytest.raises(Invalid) as error:
            challenges.read(small(change))
        (problem,) = error.value.problems  # not also that the new key is missing
        assert (problem.rule, problem.where) == ("renamed-key", where)
        assert f'"{new}"' in problem.what


def test_every_problem_of_form_is_told_at_once(small):
    path = small(
        ("true_label_column =", "true_lable_column ="),
        ("version = 1", "version = 0"),
        ("[1, 2]", "[]"),
    )
    rules, _ = refused(path)
    assert {"unknown-key", "too-short"} <= rules and len(rules) >= 3


def test_file_that_is_not_there_is_refused(tmp_path):
    assert refused(tmp_path / "challenge.toml")[0] == {"not-toml"}


def board_digest(path):
    return challenges.digests(challenges.read(path), "two")["board"]


@pytest.mark.parametrize(
    "change",
    [
        ("A small one", "A tiny one"),
        ("two rows", "at most two"),
        ("other rows", "the rest"),
        ("[tasks.main]", "# a note\n[tasks.main]"),
    ],
)
def test_rewording_keeps_a_board_digest(small, change):
    before = board_digest(small())
    assert board_digest(small(change)) == before


@pytest.mark.parametrize(
    "change",
    [
        ("[1, 2]", "[1, 3]"),
        ("budget = 2", "budget = 3"),
        ("budget = 2", 'budget = 2, missing_class = "error"'),
        ("\nversion = 1", "\nversion = 2"),
        ('"no", "yes"', '"yes", "no"'),
        ('["test"]', '["other"]'),
    ],
)
def test_change_of_what_is_scored_changes_a_board_digest(small, change):
    before = board_digest(small())
    assert board_digest(small(change)) != before


def test_metric_comment_keeps_a_board_digest_and_its_code_changes_it(small, tmp_path):
    before = board_digest(small())
    metric = tmp_path / "metrics" / "tiny_metric.py"
    metric.write_text(metric.read_text().replace("# always", "# or so").replace("A metric", "One"))
    assert board_digest(small()) == before
    metric.write_text(metric.read_text().replace("True", "False"))
    assert board_digest(small()) != before
