"""The public face: its names and signatures, what it accepts, what it shows."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dataperf
from dataperf.definitions import submission as submissions
from dataperf.errors import DataperfError, Invalid, NotFound

BOARD = "speech-selection/digits-60"

#: Every public name with its parameters. A change here is a change for everybody who uses dataperf.
FACE = {
    "Audit": "class",
    "DataperfError": "class",
    "Invalid": "class",
    "Result": "class",
    "Submission": "class",
    "apply": "(submission, data, *, output=None, log=None, label=None, id=None, drop=None, missing=None, merge_labels=False)",
    "audit": "(data, *, label=None, detectors=None, seed=0, progress=<function>, **reading)",
    "baseline": "(challenge, strategy, *, board=None, seed=0, submitter='baseline')",
    "check": "(submission, challenge=None, *, board=None, rules='strict')",
    "compare": "(results, *, data=None)",
    "evaluate": "(submission, challenge=None, *, board=None, rules='strict', safety=(), "
    "results=None)",
    "evaluate_data": "(data, submissions, *, results=None, on_message=<function>, **options)",
    "freeze": "(name, *, new_version=False, engine=None, jobs=1, on_message=<function>, on_progress=None)",
    "leaderboard": "(challenge, board=None, *, results='dataperf-results', data=None, "
    "on_message=<function>)",
    "list_challenges": "(*, track=None)",
    "load_challenge": "(name)",
    "load_dataset": "(name, **options)",
    "new": "(kind, name, *, folder='.', data=None, track=None, on_message=<function>, **options)",
    "plan": "(challenge, board=None, *, difference=0.02, power=0.8, entries=2, "
    "results='dataperf-results')",
    "pool": "(challenge, board=None)",
    "rank_scores": "(scores, *, lower_is_better=False, entry=None, item=None, task=None, "
    "seed=None, score=None, drop=(), entries_in=None, missing='items')",
    "read_results": "(results, *, challenge=None, on_message=<function>)",
    "verify": "(result, *, data=None, safety=())",
    "wrong_rows": "(result, *, data=None)",
}
FUNCTIONS = [name for name, what in FACE.items() if what != "class"]


def signature(value) -> str:
    if inspect.isclass(value):
        return "class"
    found = inspect.signature(value)
    bare = [
        each.replace(
            annotation=inspect.Parameter.empty,
            default=_Function()
            if callable(each.default) and each.default is not each.empty
            else each.default,
        )
        for each in found.parameters.values()
    ]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


class _Function:
    def __repr__(self) -> str:
        return "<function>"


def test_the_names_and_signatures_are_these():
    assert {name: signature(getattr(dataperf, name)) for name in dataperf.__all__} == FACE
    assert sorted(dataperf.__all__) == dataperf.__all__
    assert set(FACE) <= set(dir(dataperf))
    with pytest.raises(AttributeError, match="evaluate_all"):
        _ = dataperf.evaluate_all


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_documented_and_typed(name):
    function = getattr(dataperf, name)
    words = inspect.getdoc(function) or ""
    for part in ("Returns\n-------", "Raises\n------", "Examples\n--------", ">>> "):
        assert part in words
    found = inspect.signature(function)
    for parameter in found.parameters.values():
        assert re.search(rf"^(\w+, )*\**{parameter.name}(, \w+)*$", words, re.M), parameter.name
        assert parameter.annotation is not parameter.empty
    assert found.return_annotation is not found.empty


def test_import_loads_nothing_heavy():
    code = "import sys, dataperf; print({'numpy', 'pandas', 'pydantic'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


# What may be given ------------------------------------------------------------------------

FRAME = pd.DataFrame({"a": [1, 2, 3, 4], "y": ["x", "z", "x", "z"]})
ODD = {
    "None": None,
    "int": 3,
    "float": float("nan"),
    "bytes": b"x",
    "list": [1],
    "set": {1},
    "frame": FRAME,
    "array": np.arange(3),
    "function": len,
    "empty text": "",
    "NUL": "a\0b",
    "long": "x" * 10_000,
    "missing path": Path("nowhere.json"),
    "folder": Path(),
    "dict": {1: {2}},
    "bool": True,
}
#: Arguments that are fine, where another one is odd.
FINE = {
    "apply": {"submission": {}, "data": FRAME, "label": "y"},
    "audit": {"data": FRAME, "label": "y"},
    "baseline": {"challenge": BOARD, "strategy": "random"},
    "check": {"submission": {}},
    "compare": {"results": ["nowhere.json", "nowhere.json"]},
    "evaluate": {"submission": {}},
    "evaluate_data": {"data": FRAME, "submissions": {}},
    "freeze": {"name": "nothing"},
    "leaderboard": {"challenge": BOARD, "results": []},
    "list_challenges": {},
    "load_challenge": {"name": "speech-selection"},
    "load_dataset": {"name": "optical-digits"},
    "new": {"kind": "metric", "name": "accuracy"},
    "plan": {"challenge": BOARD, "results": []},
    "pool": {"challenge": BOARD},
    "rank_scores": {"scores": FRAME.assign(b=[1, 2, 3, 4], y=list("stuv"))},
    "read_results": {"results": "nowhere"},
    "verify": {"result": "nowhere"},
    "wrong_rows": {"result": "nowhere"},
}
#: Odd values that a parameter takes.
TAKEN = {
    ("audit", "data"): {"frame"},
    ("audit", "detectors"): {"None"},
    ("audit", "label"): {"None"},
    ("audit", "progress"): {"function"},
    ("baseline", "board"): {"None"},
    ("baseline", "seed"): {"int"},
    ("baseline", "submitter"): {"empty text"},
    ("leaderboard", "board"): {"None"},
    ("leaderboard", "data"): {"None"},
    ("leaderboard", "on_message"): {"function"},
    ("leaderboard", "results"): {"folder"},
    ("plan", "board"): {"None"},
    ("plan", "difference"): {"int"},
    ("plan", "entries"): {"int"},
    ("plan", "results"): {"folder"},
    ("read_results", "results"): {"folder"},
    ("list_challenges", "track"): {"None"},
    ("pool", "board"): {"None"},
}


def odd_calls():
    """Yield each function with each of its arguments."""
    for name in FUNCTIONS:
        for parameter in inspect.signature(getattr(dataperf, name)).parameters.values():
            if parameter.kind is not parameter.VAR_KEYWORD:
                yield name, parameter.name
    for name in ("label", "drop", "embedding", "model", "seed", "test_share", "budget"):
        yield "evaluate_data", name
    for name in ("id", "split", "drop", "sensitive", "annotators", "embedding"):
        yield "audit", name


@pytest.mark.parametrize(("name", "argument"), [*odd_calls()])
def test_an_odd_argument_is_one_of_our_errors(name, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, taken = [], []
    for kind, odd in ODD.items():
        if kind in TAKEN.get((name, argument), ()):
            continue
        try:
            getattr(dataperf, name)(**{**FINE[name], argument: odd})
        except DataperfError as error:
            assert str(error)
        except Exception as error:
            failed.append((kind, repr(error)[:200]))
        else:
            taken.append(kind)
    assert failed == []
    assert name == "audit" and argument in OPTIONAL_OF_AN_AUDIT or taken == []
    assert list(tmp_path.iterdir()) == []


#: Options of an audit for which None, an empty text or an empty list means none.
OPTIONAL_OF_AN_AUDIT = ("id", "split", "drop", "sensitive", "annotators", "seed")


def test_the_error_names_the_argument_what_came_and_what_is_expected():
    with pytest.raises(Invalid) as error:
        dataperf.check(FRAME, 3, board=["x"], rules="lax")
    assert [problem.where for problem in error.value.problems] == [
        "submission",
        "challenge",
        "board",
        "rules",
    ]
    for words in (
        "submission: a DataFrame [wrong-type]",
        "expected a path or a dict or a Submission",
        "expected a challenge's name or a Challenge or None",
        'expected "strict" or "official"',
    ):
        assert words in str(error.value)


@pytest.mark.parametrize("values", [1, "abc", b"ab", {"x": 1}], ids=repr)
def test_a_column_that_is_not_a_list_is_refused(values):
    with pytest.raises(Invalid, match="a list of the column's values"):
        dataperf.audit({"a": values, "y": [0, 1]}, label="y")


@pytest.mark.parametrize("option", [{"jobs": 0}, {"jobs": "2"}, {"engine": 3}], ids=str)
def test_freeze_checks_where_it_runs(option):
    with pytest.raises(Invalid, match=f"{next(iter(option))}: .*wrong-type"):
        dataperf.freeze("logistic_v1", **option)


def test_an_unknown_option_is_refused_with_the_nearest():
    with pytest.raises(Invalid, match='Did you mean "label"'):
        dataperf.evaluate_data(FRAME, {}, lable="y")
    with pytest.raises(Invalid, match='Did you mean "true_label"'):
        dataperf.new("challenge", "mine", data=FRAME, truelabel="y")


# Challenges and pools ---------------------------------------------------------------------


def test_a_board_is_named_in_one_word_or_two():
    challenge = dataperf.load_challenge("speech-selection")
    for given in ((BOARD,), ("speech-selection", "digits-60"), (challenge, "digits-60")):
        assert len(dataperf.pool(*given)) == 1304
    with pytest.raises(Invalid, match="has several boards"):
        dataperf.pool("speech-selection")
    with pytest.raises(Invalid, match="name it once"):
        dataperf.pool(BOARD, "digits-25")
    with pytest.raises(NotFound, match='Did you mean "digits-60"'):
        dataperf.pool("speech-selection/digits-6")


def test_a_pool_has_neither_truth_nor_tests():
    challenge = dataperf.load_challenge("speech-selection")
    pool = dataperf.pool(BOARD)
    (whole,) = submissions.board_data(challenge, "digits-60").values()
    assert not set(pool.ids.tolist()) & {
        name for test in whole.tests.values() for name in test.ids.tolist()
    }
    assert list(pool.frame["label"]) == [pool.classes[each] for each in pool.labels]
    assert list(pool.frame["id"]) == pool.ids.tolist()
    shown = json.dumps([pool.frame.to_dict("list"), list(pool.facts)], default=str)
    (task,) = (challenge.tasks[name] for name in challenge.boards["digits-60"].tasks)
    assert task.true_label_column not in pool.frame and task.defect_column not in pool.frame
    assert "truncated" not in shown  # the name of a defect


def test_a_board_of_several_tasks_gives_a_pool_for_each():
    challenge = dataperf.load_challenge("vision-selection")
    board = next(name for name, each in challenge.boards.items() if len(each.tasks) > 1)
    pools = dataperf.pool(challenge, board)
    assert list(pools) == challenge.boards[board].tasks


def test_prices_stay_hidden_as_the_track_hides_them():
    challenge = dataperf.load_challenge("data-acquisition")
    board = next(iter(challenge.boards))
    data = submissions.board_data(challenge, board)
    pools = dataperf.pool(challenge, board)
    assert list(pools) == list(data)
    assert all(len(pools[name]) < len(data[name].pool) for name in data)


def test_unlabelled_rows_have_no_label_in_the_frame():
    challenge = dataperf.load_challenge("vision-selection")
    board = next(iter(challenge.boards))
    pools = dataperf.pool(challenge, board)
    pool = next(iter(pools.values())) if isinstance(pools, dict) else pools
    assert (pool.frame["label"].isna() == (pool.labels < 0)).all()


def test_challenges_are_listed_by_track():
    every = dataperf.list_challenges()
    assert every["speech-selection"].startswith("Choose the few recordings")
    assert "speech-selection" not in dataperf.list_challenges(track="cleaning")
    with pytest.raises(NotFound, match="cleaning"):
        dataperf.list_challenges(track="cleanin")


# One submission in three forms ------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    return dataperf.baseline(BOARD, "random")


@pytest.fixture(scope="module")
def result(made):
    return dataperf.evaluate(made)


def test_a_path_a_dict_and_a_record_give_the_same(made, result, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(submissions.dump(made), encoding="utf-8")
    content = made.model_dump()
    content["answer"]["samples"] = {
        name: np.array(ids) for name, ids in content["answer"]["samples"].items()
    }
    for given in (path, str(path), content):
        again = dataperf.evaluate(given)
        assert again.score == result.score
        assert again.tasks == result.tasks
        assert dataperf.check(given).submission == made


def test_a_challenge_that_is_given_must_be_the_one_that_is_named(made, tmp_path):
    content = made.model_dump()
    for given in (made, content):
        with pytest.raises(Invalid, match="other-challenge"):
            dataperf.check(given, "digit-cleaning")
        with pytest.raises(Invalid, match="other-board"):
            dataperf.evaluate(given, board="digits-25")
    with pytest.raises(Invalid, match="give the challenge: --challenge NAME"):
        dataperf.check({key: each for key, each in content.items() if key != "challenge"})
    with pytest.raises(Invalid, match='Did you mean "speech-selection"'):
        dataperf.check({**content, "challenge": "speech-selecton"})
    with pytest.raises(Invalid, match="your own data"):
        dataperf.evaluate({**content, "challenge": "own-repair"})
    (tmp_path / "en_25_train.json").write_text('{"one": ["a"]}')
    with pytest.raises(Invalid, match="does not name its challenge"):
        dataperf.check(tmp_path / "en_25_train.json")


def test_a_data_frame_is_evaluated_without_a_place_to_read_it_from():
    repair = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": {}}
    features = np.concatenate([np.zeros((20, 2)), np.ones((20, 2))])
    features += np.random.default_rng(0).normal(0, 0.1, features.shape)
    frame = pd.DataFrame(features, columns=["u", "v"]).assign(y=["a"] * 20 + ["b"] * 20)
    frame["y2"] = frame["y"]
    lines = []
    one = dataperf.evaluate_data(frame, repair, label="y", on_message=lines.append)
    several = dataperf.evaluate_data(frame, [repair, repair], label="y", on_message=lines.append)
    assert one.score == several[0].score == several[1].score
    assert "source" not in one.own_data and one.own_data["label"] == "y"
    assert lines and all(line.startswith("warning: the feature") for line in lines)
    with pytest.warns(UserWarning, match="the feature y2"):
        dataperf.evaluate_data(frame, repair, label="y")
    assert any("nothing is dropped" in warning for warning in one.warnings)
    outcome = dataperf.verify(one)
    assert not outcome.ok and "Give the data" in outcome.problems[0]
    assert dataperf.verify(one, data=frame).ok


# Kept results -----------------------------------------------------------------------------


def test_results_are_kept_read_ranked_and_verified(made, tmp_path):
    result = dataperf.evaluate(made, results=tmp_path)
    (path,) = tmp_path.rglob("*.json")
    path.with_name("damaged.json").write_text("{")
    lines = []
    assert dataperf.read_results(tmp_path, on_message=lines.append) == [result]
    assert len(lines) == 1 and "damaged" in lines[0]
    assert dataperf.read_results(tmp_path, challenge="digit-cleaning") == []
    with pytest.warns(UserWarning, match="damaged"):
        board = dataperf.leaderboard(BOARD, results=tmp_path)
    assert [row.result for row in board.rows] == [result]
    assert dataperf.verify(path) == dataperf.verify(str(path))
    assert dataperf.verify(path).ok and dataperf.verify(result).ok
    forged = result.model_copy(update={"score": result.score.model_copy(update={"value": 1.0})})
    outcome = dataperf.verify(forged)
    assert not outcome.ok and "score" in outcome.problems[0]
    path.write_bytes(path.read_bytes().replace(b'"submitter": "baseline"', b'"submitter": "me"'))
    assert "results never change" in dataperf.verify(path).problems[0]


# What is shown ----------------------------------------------------------------------------


class Tags(HTMLParser):
    """Reads HTML; every tag must be closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def html_of(thing) -> str:
    """Return the words of a thing's HTML, which is whole and loads nothing."""
    page = thing._repr_html_()
    reader = Tags()
    reader.feed(page)
    assert reader.open == []
    assert reader.seen <= {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert not re.search("https?:|src=|href=", page)
    return " ".join(reader.words)


def shown(made, result):
    board = dataperf.leaderboard(BOARD, results=[result])
    return {
        "result": (result, ["Result on speech-selection/digits-60, baseline: random, seed 0"]),
        "leaderboard": (board, ["Leaderboard speech-selection/digits-60", "random, seed 0"]),
        "challenge": (dataperf.load_challenge("speech-selection"), ["digits-60", "selection"]),
        "pool": (dataperf.pool(BOARD), ["1,304 rows", "nontarget", "speaker"]),
        "check": (dataperf.check(made), ["Valid submission to speech-selection/digits-60"]),
        "verify": (dataperf.verify(result), ["every prediction and score is the same"]),
    }


@pytest.mark.parametrize("what", ["result", "leaderboard", "challenge", "pool", "check", "verify"])
def test_what_is_returned_shows_itself_in_a_few_lines_and_in_html(what, made, result):
    thing, words = shown(made, result)[what]
    text = repr(thing)
    assert len(text) < 1000 and text.count("\n") < 12
    assert str(thing) == text
    for each in words:
        assert each in text and each in html_of(thing)


def test_a_result_says_its_score_and_whether_it_can_be_ranked(result):
    value = result.score.value
    assert f"scored: macro_f1 {value:.3f} [" in repr(result)
    assert "can be ranked on speech-selection/digits-60" in repr(result)
    for changes, words in (
        ({"rules": "official"}, "not ranked: scored by the official rules"),
        ({"status": "failed", "error": "it broke"}, "failed: it broke"),
        ({"own_data": {"label": "y"}}, "part of no leaderboard"),
        (
            {
                "provenance": result.provenance.model_copy(
                    update={"frozen": False, "unfrozen": ["board x"]}
                )
            },
            "not ranked: not frozen: board x",
        ),
    ):
        other = result.model_copy(update=changes)
        assert words in repr(other) and words in html_of(other)


def test_what_comes_from_data_is_escaped(result):
    evil = "<script>alert(1)</script>\x1b[31m"
    other = result.model_copy(
        update={
            "status": "failed",
            "error": evil,
            "submission": result.submission.model_copy(update={"submitter": "<b>&me"}),
        }
    )
    assert "\x1b" not in repr(other)
    assert "<b>&me" in html_of(other)  # as words, not as a tag
    assert "alert(1)" in html_of(other)
