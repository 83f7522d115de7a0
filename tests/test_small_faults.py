"""Small faults of commands and calls: what is wrong is said, and what is no news is not."""

from __future__ import annotations

import json

import numpy as np
import own_board
import pytest
from own_board import run

import dataperf
from dataperf.basics import json_files
from dataperf.definitions import freezing, loading, submission
from dataperf.errors import Invalid, NotFound, Unavailable
from dataperf.sources import tables


@pytest.fixture
def board(tmp_path, monkeypatch):
    """Stand in a folder of plug-ins with the challenge ``ants`` and its answers."""
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own_board.make(tmp_path)
    return tmp_path


# Options of datasets ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["spoken-digits", "mnist_5k", "digit_concepts"])
def test_a_dataset_without_options_takes_none(name):
    with pytest.raises(
        Invalid, match=r"foo: the dataset reads no such option[^$]*it has no options"
    ):
        dataperf.load_dataset(name, foo=3)


def test_an_unknown_option_of_a_dataset_comes_with_those_it_has():
    with pytest.raises(Invalid, match="its options: market") as error:
        dataperf.load_dataset("digit_market", markt=0)
    rules = {(each.rule, each.where) for each in error.value.problems}
    assert rules == {("unknown-option", "markt"), ("missing-option", "market")}


def test_options_that_a_table_reads_are_its_own_business():
    def reads(path, **options):
        return options.get("foo")

    def passes(path, **options):
        return reads(path, **options)

    def closes(path, **options):
        return [name for name in (1,) if options]

    def ignores(path, **options):
        return path

    found = [tables._reads_more(each) for each in (reads, passes, closes, ignores)]
    assert found == [True, True, True, False]


# Freezing ---------------------------------------------------------------------------------


def test_the_engine_is_checked_also_where_all_is_frozen(board):
    freezing.freeze_boards(loading.load("ants"), ["own"])
    for name in ("ants", "logistic_v1"):
        with pytest.raises(NotFound, match='no engine named "nope"'):
            dataperf.freeze(name, engine="nope")


def test_a_board_without_data_is_news_only_once(board, monkeypatch):
    from dataperf.boards import reference_points

    def gone(*_, **__):
        raise Unavailable("the data is not here")

    monkeypatch.setattr(reference_points, "compute", gone)
    monkeypatch.setattr(reference_points, "load", lambda *_: None)
    said = []
    for _ in range(2):
        dataperf.freeze("ants", on_message=said.append)
    assert said == ["own: frozen without reference points, its data is not here"]


# Submissions that are no object, or too large ---------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"), [("null", "null"), ("[]", "list"), ("3", "number"), ('"a"', "string")]
)
def test_a_submission_that_is_no_object_is_called_that(board, text, kind):
    (board / "bad.json").write_text(text)
    for words in (
        ["evaluate", "bad.json"],
        ["check", "bad.json"],
        ["evaluate", "-c", "ants", "bad.json"],
        ["evaluate", "--data", "rows.csv", "-l", "y", "bad.json"],
        ["apply", "bad.json", "--data", "rows.csv", "-l", "y", "-o", "out.csv"],
    ):
        said = run(*words, code=2)
        assert f"a JSON {kind} [wrong-type]" in said and "a JSON object" in said


def test_a_file_over_the_limit_is_refused_before_it_is_parsed(board, monkeypatch):
    content = json.loads((board / "a.json").read_text())
    large = board / "large.json"
    large.write_text(json.dumps(content) + " " * 20_000)
    monkeypatch.setattr(json_files, "LARGEST_JSON", 10_000)
    monkeypatch.setattr(json_files, "parse_json", lambda *_, **__: pytest.fail("parsed"))
    own = {**content, "challenge": "own-selection"}
    (board / "own.json").write_text(json.dumps(own) + " " * 20_000)
    for words in (
        ["check", "large.json"],
        ["check", "-c", "ants", "large.json"],
        ["evaluate", "--data", "rows.csv", "-l", "y", "own.json"],
    ):
        assert "at most" in run(*words, code=2)


def test_data_with_many_ids_makes_room(board, monkeypatch):
    """The ids of the pool, each once, always fit."""
    monkeypatch.setattr(json_files, "LARGEST_JSON", 100)
    path = board / "a.json"
    assert path.stat().st_size > 100
    assert submission.read(path, loading.load("ants")).challenge == "ants"
    assert submission.read_named(path)[0].challenge == "ants"


@pytest.mark.parametrize("ids", [["a", "b"], ["é" * 50], ["長" * 90, "x"], [], ["\U0001f600" * 9]])
def test_the_room_holds_every_id_once(ids):
    text = json.dumps(ids, indent=1, ensure_ascii=False).encode()
    assert json_files.room_for(np.array(ids, dtype=str)) + 4 >= len(text)


# Lists ------------------------------------------------------------------------------------


def test_one_broken_challenge_does_not_hide_the_others(board):
    own_board.write(board, "challenges/broken/challenge.toml", "")
    (board / "challenges/broken/challenge.toml").write_text('name = "other"\n')
    with pytest.warns(UserWarning, match="not listed: .*broken"):
        found = dataperf.list_challenges(track="selection")
    assert set(found) == {"ants", "speech-selection"}
    assert "broken" in dataperf.list_challenges()
