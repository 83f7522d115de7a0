"""What an organizer relies on: metrics that rank the right way, clear refusals, versions, folders."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

import dataperf
from dataperf import registry
from dataperf.authoring import conformance
from dataperf.basics import files
from dataperf.boards import reference_points, separation
from dataperf.definitions import freezing, loading
from dataperf.errors import DataperfError, DigestMismatch, Invalid, Unavailable
from dataperf.evaluation import evaluate, metric_direction, train
from dataperf.registry import first_use
from dataperf.report.scorecard import _repair
from dataperf.sources import locate
from tests import own_board
from tests.own_board import run

SCORE = (
    "import numpy as np\nhigher_is_better = {up}\n\n\ndef score(truth, predicted, *, classes):\n"
    '    return {scale} * float(np.mean(truth {op} predicted)) if len(truth) else float("nan")\n'
)
#: Our metrics that look at no true class: any direction may be meant.
WITHOUT_TRUTH = ("false_accept_rate", "fooling_rate", "rejection_rate")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    own_board.make(folder)
    return folder


@pytest.fixture
def mine(made, tmp_path, monkeypatch):
    """A copy of the challenge ``ants`` with two answers; it is the current folder."""
    shutil.copytree(made, tmp_path / "mine")
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


def edit(mine: Path, old: str, new: str, name: str = "ants") -> None:
    path = mine / "challenges" / name / "challenge.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def command(*words, cwd, code, **environment):
    """Run the installed command; return what it printed on both streams."""
    env = {name: value for name, value in {**os.environ, **environment}.items() if value}
    done = subprocess.run(
        [sys.executable, "-m", "dataperf", *words], cwd=cwd, capture_output=True, text=True, env=env
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


# The direction of a metric ------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 100, -1])
@pytest.mark.parametrize("op", ["==", "!="])
@pytest.mark.parametrize("up", ["True", "False", '"false"', "None", "1", "np.True_"])
def test_a_direction_that_contradicts_the_values_is_refused(mine, up, op, scale):
    own_board.write(mine, "metrics/m.py", SCORE.format(up=up, op=op, scale=scale))
    found = " ".join(conformance.plugin(registry.get("metrics", "m")))
    if up not in ("True", "False"):
        assert "expected True or False" in found
    else:
        better = (op == "==") == (scale > 0)
        assert ("higher_is_better is" in found) == (better != (up == "True"))


@pytest.mark.parametrize("classes", [2, 3, 7, 40])
def test_our_metrics_rank_in_the_direction_that_they_declare(classes):
    for name in registry.find("metrics"):
        module = registry.load("metrics", name)
        assert metric_direction.problems(module, classes) == [], name
        turned = SimpleNamespace(
            higher_is_better=not module.higher_is_better, from_counts=module.from_counts
        )
        assert bool(metric_direction.problems(turned, classes)) == (name not in WITHOUT_TRUTH), name


def test_a_metric_that_gives_everybody_the_same_is_refused():
    same = SimpleNamespace(higher_is_better=True, score=lambda truth, predicted, *, classes: 0.5)
    assert "all score the same" in metric_direction.problems(same, 3)[0]


def test_freeze_and_own_data_refuse_a_metric_that_ranks_the_wrong_way(mine):
    own_board.write(mine, "metrics/m.py", SCORE.format(up=False, op="==", scale=1))
    edit(mine, 'metric = "accuracy"', 'metric = "m"')
    with pytest.raises(Invalid, match="expected higher_is_better = True"):
        dataperf.freeze("ants")
    assert not (mine / "challenges/ants/frozen.txt").exists()
    repair = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": {}}
    with pytest.raises(Invalid, match="expected higher_is_better = True"):
        dataperf.evaluate_data(mine / "rows.csv", repair, label="y", metric="m")


def test_a_direction_of_a_wrong_type_stops_an_evaluation(mine):
    own_board.write(mine, "metrics/m.py", SCORE.format(up='"false"', op="==", scale=1))
    edit(mine, 'metric = "accuracy"', 'metric = "m"')
    with pytest.raises(DataperfError, match="'false', expected True or False"):
        dataperf.evaluate(mine / "a.json")


def test_a_gain_is_positive_if_a_metric_that_should_be_low_fell(mine):
    own_board.write(mine, "metrics/wrong.py", SCORE.format(up=False, op="!=", scale=1))
    numbers = {"before": 0.3, "after": 0.2, "gain": -0.1, "gain low": -0.15, "gain high": -0.05}
    numbers |= {"over random": 0.04, "over random low": 0.01, "over random high": 0.08}

    def shown(metric):
        splits = {"test": SimpleNamespace(metric=metric)}
        console = Console(width=110, file=io.StringIO())
        console.print(_repair(SimpleNamespace(summary=numbers, splits=splits, notes=[])))
        return " ".join(console.file.getvalue().split())

    for words in ("wrong (lower is better)", "0.100 [0.050, 0.150]", "-0.040 [-0.080, -0.010]"):
        assert words in shown("wrong")
        assert words not in shown("accuracy")
    assert "-0.100 [-0.150, -0.050]" in shown("accuracy")
    assert "gain [95 %, paired]" in shown("not_here")  # a metric that is not installed


# No home folder -----------------------------------------------------------------------------


def test_a_user_without_a_home_is_asked_for_folders(monkeypatch, tmp_path):
    nowhere = {name: "" for name in ("DATAPERF_CACHE", "DATAPERF_DATA")}
    for name in (*nowhere, "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", no_home)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr("platformdirs.user_cache_dir", no_home)
    monkeypatch.setattr("platformdirs.user_data_dir", no_home)
    with pytest.raises(Unavailable, match="DATAPERF_CACHE=FOLDER"):
        files.cache_folder()
    with pytest.raises(Unavailable, match="--data-dir FOLDER"):
        locate.data_folder("dataperf_speech")
    assert files.optional_cache_folder() is None
    assert len(dataperf.load_dataset("optical-digits")) > 1000  # what needs no cache works
    monkeypatch.setenv("DATAPERF_CACHE", str(tmp_path / "c"))
    assert files.cache_folder() == tmp_path / "c"


def no_home(*_, **__):
    raise RuntimeError("could not determine the home directory")


def test_a_folder_that_may_not_be_read_is_named_with_the_way_out(monkeypatch):
    def refused(self):
        raise PermissionError(13, "Permission denied", str(self))

    source = registry.load("datasets", "dataperf_speech").source
    monkeypatch.setattr("pathlib.Path.exists", refused)
    with pytest.raises(Unavailable, match="permission denied\n  Name another folder: --data-dir"):
        locate.locate("dataperf_speech", source)


# Own models ---------------------------------------------------------------------------------

MODEL = """import numpy as np

def fit(features, labels, *, classes, seeds):
    {fit}
    return seeds

def predict(fitted, features):
    {predict}
    return np.zeros((len(fitted), len(features)), dtype=int)

def size(fitted):
    {size}
    return 1

def era():
    {era}
    return "1"
"""


def model(mine: Path, **places: str) -> Path:
    """Write the model ``odd_v1`` that raises in a function, and let ``ants`` train it."""
    rest = dict.fromkeys(("fit", "predict", "size", "era"), "pass")
    path = own_board.write(mine, "fixed_models/odd_v1.py", MODEL.format(**{**rest, **places}))
    edit(mine, "logistic_v1", "odd_v1")
    return path


@pytest.mark.parametrize("place", ["fit", "predict", "size"])
@pytest.mark.parametrize("what", ['raise RuntimeError("boom")', "raise SystemExit(3)", "1 / 0"])
def test_a_model_that_raises_is_named_with_its_line(mine, place, what):
    path = model(mine, **{place: what})
    number = 1 + path.read_text().splitlines().index(f"    {what}")
    result = dataperf.evaluate(mine / "a.json")
    assert result.status == "failed" and result.error.endswith(f"(odd_v1.py, line {number})")
    dataperf.freeze("odd_v1")
    text = run("freeze", "ants", code=2)
    assert str(path) in text and f"odd_v1.py, line {number}" in text
    (problem,) = conformance.plugin(registry.get("fixed_models", "odd_v1"))
    assert f"line {number}" in problem


def test_a_model_of_which_a_helper_raises_is_named_with_the_line_of_the_helper(mine):
    own_board.write(mine, "fixed_models/_inner.py", "def solve():\n    raise ValueError('odd')\n")
    model(mine, fit="import _inner; _inner.solve()")
    assert dataperf.evaluate(mine / "a.json").error == "ValueError: odd (_inner.py, line 3)"


@pytest.mark.parametrize("what", ['raise RuntimeError("boom")', "return None", "return 3"])
def test_a_model_without_a_numeric_version_is_one_error_everywhere(mine, what):
    path = model(mine, era=what)
    for words in (["freeze", "odd_v1"], ["evaluate", "a.json"]):
        assert f"the fixed model odd_v1 ({path}" in run(*words, code=2)
    assert len(conformance.plugin(registry.get("fixed_models", "odd_v1"))) == 1
    assert not (mine / "fixed_models/frozen.txt").exists()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("import numpy\nraise RuntimeError('boom')\n", "RuntimeError: boom (odd_v1.py, line 3)"),
        ("def fit(:\n", "line 2"),
        ("import not_there\n", "No module named 'not_there' (odd_v1.py, line 2)"),
        ("x = 1\n", "it lacks fit, predict, size, era"),
    ],
)
def test_a_model_that_cannot_be_imported_is_named_with_its_line(mine, text, place):
    model(mine)
    path = own_board.write(mine, "fixed_models/odd_v1.py", text)
    for words in (["freeze", "odd_v1"], ["evaluate", "a.json"]):
        found = run(*words, code=2)
        assert str(path) in found and place in found


def test_failures_of_our_models_are_recorded_as_before():
    ours = registry.load("fixed_models", "logistic_v1")
    with pytest.raises(DataperfError) as error, train._failing("logistic_v1", ours):
        raise ValueError("odd")
    assert error.value.reason == "ValueError: odd"


# Folders of plug-ins ------------------------------------------------------------------------


def test_new_sees_the_plugins_of_the_folder_that_it_writes_to(mine, monkeypatch, tmp_path):
    monkeypatch.delenv("DATAPERF_PATH")
    own_board.write(mine, "metrics/wrong.py", SCORE.format(up=False, op="!=", scale=1))
    own_board.write(
        mine,
        "fixed_models/odd_v1.py",
        MODEL.format(**dict.fromkeys(("fit", "predict", "size", "era"), "pass")),
    )
    options = ["--label", "y", "--metric", "wrong", "--model", "odd_v1", "--plugins", "."]
    run("new", "challenge", "bees", "--from-data", "rows.csv", *options)
    text = (mine / "challenges/bees/challenge.toml").read_text()
    assert 'metric = "wrong"' in text and 'model = "odd_v1"' in text
    assert "DATAPERF_PATH" not in os.environ
    assert "already" in run("new", "metric", "wrong", "--plugins", ".", code=2)


def test_code_of_others_is_named_once_for_each_state(mine, monkeypatch, tmp_path):
    said = []
    monkeypatch.setattr(first_use, "on_message", [said.append])
    monkeypatch.setenv("DATAPERF_CACHE", str(tmp_path / "cache"))

    def use(folder):
        monkeypatch.setattr(first_use, "_done", set())
        monkeypatch.setenv("DATAPERF_PATH", str(folder))
        registry.find("metrics")
        if (folder / "metrics/m.py").exists():
            registry.load("metrics", "m")
        first_use.say(folder)  # as every command does
        return len(said)

    theirs, code = tmp_path / "theirs", SCORE.format(up=True, op="==", scale=1)
    (theirs / "challenges").mkdir(parents=True)
    assert use(theirs) == 0  # no code, nothing to say
    path = own_board.write(theirs, "metrics/m.py", code)
    assert use(theirs) == use(theirs) == 1
    assert "metrics/m.py" in said[0] and "all your rights" in said[0]
    path.write_text(path.read_text() + "\n# another state\n")
    assert use(theirs) == use(theirs) == 2
    dataperf.new("metric", "other", folder=theirs)  # does not make the folder yours
    assert use(theirs) == 3
    monkeypatch.delenv("DATAPERF_PATH")
    dataperf.new("metric", "m", folder=tmp_path / "own")
    (tmp_path / "own/metrics/m.py").write_text('"""M."""\n' + code + "# mine\n")
    assert use(tmp_path / "own") == 3
    monkeypatch.setenv("DATAPERF_CACHE", "/proc/nothing")  # cannot be remembered, never blocks
    assert use(theirs) == 4 and "not remembered" in said[-1]


def test_the_note_on_code_leaves_standard_output_to_json(mine, tmp_path):
    own_board.write(tmp_path, "theirs/metrics/m.py", SCORE.format(up=True, op="==", scale=1))
    repair = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": {}}
    (mine / "r.json").write_text(json.dumps(repair))
    data = ["--data", "rows.csv", "-l", "y", "--metric", "m"]
    evaluated = ["evaluate", *data, "r.json", "--json", "--plugins", str(tmp_path / "theirs")]
    here = {"DATAPERF_CACHE": str(tmp_path / "cache"), "DATAPERF_PATH": ""}
    listed = ["list", "metrics", "--json", "--plugins", str(tmp_path / "theirs")]
    for words, said in ((listed, False), (evaluated, True), (evaluated, False)):
        out, err = command(*words, cwd=mine, code=0, **here)
        assert json.loads(out) and ("all your rights" in err) == said


# Boards that hide others, errors as JSON, places ---------------------------------------------


@pytest.fixture
def two_boards(mine):
    """``ants`` with a second board, whose data is gone after results were kept on both."""
    toml = mine / "challenges/ants/challenge.toml"
    text = toml.read_text(encoding="utf-8")
    start = text.index("[tasks.own]")
    end = text.index("[boards.own]")
    other = text[start:end].replace("tasks.own", "tasks.other").replace('"ants"', '"gone"')
    board = text[end:].replace("boards.own", "boards.other").replace('"own"', '"other"')
    toml.write_text(text + "\n" + other + "\n" + board, encoding="utf-8")
    for suffix in (".py", ".npz"):
        (mine / f"datasets/gone{suffix}").write_bytes(
            (mine / f"datasets/ants{suffix}").read_bytes()
        )
    answer = json.loads((mine / "a.json").read_text())
    (mine / "other.json").write_text(json.dumps({**answer, "board": "other"}))
    run("evaluate", "a.json", "other.json")
    (mine / "datasets/gone.npz").unlink()
    return mine


def test_a_board_without_data_does_not_hide_the_others(two_boards):
    text = run("leaderboard", "-c", "ants", code=2)
    assert "not ranked: ants/other: the dataset gone" in text and "ants/own" in text
    out, _ = command("leaderboard", "-c", "ants", "--json", cwd=two_boards, code=2)
    own, other = json.loads(out)
    assert own["board"] == "own" and "error" not in own
    assert other["board"] == "other" and other["error"]["type"] == "DataperfError"
    assert "the dataset gone" in run("leaderboard", "-c", "ants", "-b", "other", code=2)
    assert run("leaderboard", "-c", "ants", "-b", "own")


def test_a_broken_challenge_does_not_hide_the_others(mine):
    own_board.write(mine, "challenges/bad/challenge.toml", "not = [toml")
    with pytest.warns(UserWarning, match="not listed: .*bad/challenge.toml"):
        assert "ants" in dataperf.list_challenges(track="selection")
    assert "ants" in run("list", "challenges")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["show", "nope"], "NotFound"),
        (["show"], "UsageError"),
        (["list", "--nope"], "UsageError"),
        (["evaluate", "--jobs", "many", "x.json"], "UsageError"),
        (["evaluate", "--truth", "t"], "DataperfError"),
        (["schema", "nope"], "NotFound"),
        (["apply", "a.json", "--data", "nofile.csv", "-o", "x.csv"], "Invalid"),
        (["verify"], "DataperfError"),
        (["nope"], "UsageError"),
    ],
    ids=lambda each: each if isinstance(each, str) else " ".join(each),
)
def test_every_error_is_json_where_json_is_asked_for(words, kind, tmp_path):
    out, err = command(*words, "--json", cwd=tmp_path, code=2)
    (error,) = json.loads(out).values()
    assert set(error) == {"type", "message", "problems"} and error["type"] == kind
    assert all(set(each) >= {"rule", "where", "what"} for each in error["problems"])
    assert err.startswith("error: ")


def test_places_that_cannot_be_written_are_refused_before_training(mine, monkeypatch):
    def trained(*_):
        raise AssertionError("it was trained")

    monkeypatch.setattr("dataperf.evaluation.evaluate.train", trained)
    monkeypatch.setattr("dataperf.boards.baselines.answer", trained)
    (mine / "file").write_text("x")
    (mine / "R/ants").mkdir(parents=True)
    (mine / "R/ants/own").write_text("in the way")
    for place in ("file", "file/deeper", "R", "/proc/nothing"):
        with pytest.raises(Invalid, match="places to write"):
            dataperf.evaluate(mine / "a.json", results=place)
        assert "places to write" in run("evaluate", "a.json", "--results", place, code=2)
        answer = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": {}}
        if place != "R":
            with pytest.raises(Invalid, match="places to write"):
                dataperf.evaluate_data(mine / "rows.csv", answer, label="y", results=place)
    for place in ("file/x.json", "R", "/proc/nothing.json"):
        words = ["-c", "ants", "-s", "random", "--force", "-o", place]
        assert "places to write" in run("baseline", *words, code=2)


# Verify a folder, freeze a new version --------------------------------------------------------


def test_verify_takes_folders_of_results_and_of_a_challenge(mine):
    (mine / "empty").mkdir()
    assert "holds no results" in run("verify", "empty", code=2)
    run("freeze", "ants")
    run("evaluate", "a.json", "b.json", "--results", "R")
    for words in (["R"], ["R/ants"], ["R/ants/own"], ["--results", "R"], ["R/ants", "R/ants/own"]):
        text = run("verify", *words)
        count = 4 if len(words) == 2 and words[0] != "--results" else 2
        assert text.splitlines()[-1] == f"{count} of {count} verified"
    assert "2 of 2 verified" in run("verify", "--results", "R", "ants/own")
    text = run("verify", "challenges/ants")
    assert text.splitlines() == ["ok   ants/own", "1 of 1 verified"]
    record = next((mine / "R/ants/own").glob("*.json"))
    record.write_bytes(record.read_bytes().replace(b'"scored"', b'"failed"'))
    text = run("verify", "R", code=1)
    assert (
        text.splitlines()[-1] == "1 of 2 verified, 1 not"
        and f"FAIL {record.relative_to(mine)}" in text
    )
    edit(mine, "budget = 96", "budget = 95")
    assert "0 of 1 verified, 1 not" in run("verify", "challenges/ants", code=1)


def test_freeze_says_what_changed_and_raises_the_version(mine):
    path = own_board.write(mine, "metrics/m.py", SCORE.format(up=True, op="==", scale=1))
    edit(mine, 'metric = "accuracy"', 'metric = "m"')
    assert "never frozen" in run("freeze", "ants", "--new-version", code=2)
    run("freeze", "ants")
    before = freezing.read_list(mine / "challenges/ants/frozen.txt")
    run("evaluate", "a.json", "--results", "R")
    path.write_text(path.read_text() + "\n\nEXTRA = 1\n")
    found = run("freeze", "ants", code=2)
    old, new = before["metrics/m.py"][:8], registry.digest(registry.get("metrics", "m"))[:8]
    assert f"Changed: {path} ({old} → {new})." in found and "freeze ants --new-version" in found
    said = []
    dataperf.freeze("ants", new_version=True, on_message=said.append)
    assert said[:2] == [f"ants: Changed: {path} ({old} → {new}).", "ants: version 1 → 2"]
    assert loading.load("ants").version == 2
    assert reference_points.load(loading.load("ants"), "own") is not None
    text = run("leaderboard", "-c", "ants", "--results", "R")
    assert "another version of the board" in " ".join(text.split())
    said.clear()
    dataperf.freeze("ants", on_message=said.append)
    assert not [each for each in said if not each.startswith("warning")]


def test_a_new_version_leaves_the_rest_of_the_file_as_it_is(mine):
    run("freeze", "ants")
    edit(mine, "version = 1\n", "version  =  1  # by hand\n")
    before = (mine / "challenges/ants/challenge.toml").read_text()
    edit(mine, "budget = 96", "budget = 95")
    run("freeze", "ants", "--new-version")
    after = (mine / "challenges/ants/challenge.toml").read_text()
    assert after == before.replace("version  =  1", "version  =  2").replace("= 96", "= 95")
    assert "in its name" in run("freeze", "logistic_v1", "--new-version", code=2)


def test_other_data_than_was_frozen_is_named(mine):
    run("freeze", "ants")
    with np.load(mine / "datasets/ants.npz") as arrays:
        content = {name: arrays[name] for name in arrays.files}
    content["features"] = content["features"] + 1
    np.savez(mine / "datasets/ants.npz", **content)
    with pytest.raises(DigestMismatch, match="ants.npz"):
        dataperf.freeze("ants")


def test_other_data_of_an_official_source_is_said_when_freezing(mine, monkeypatch):
    run("freeze", "ants")
    monkeypatch.setattr(freezing, "data_digest", lambda data: "f" * 64)
    said = []
    dataperf.freeze("ants", on_message=said.append)
    assert said[0].startswith("ants: Changed: the data of own (")
    assert "→ ffffffff). Results are not ranked until you freeze a --new-version." in said[0]


def points(**scores):
    made = {
        name: {"title": name, "runs": 1, "scores": {"test": each}} for name, each in scores.items()
    }
    board = {"board": "0" * 64, "split": "test", "higher_is_better": True, "random_scores": []}
    return reference_points.ReferencePoints.model_validate({**board, "points": made})


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ({"oracle": (0.9,) * 3, "random": (0.5, 0.4, 0.6), "k_center": (0.7,) * 3}, []),
        ({"oracle": (0.55,) * 3, "random": (0.5, 0.4, 0.6)}, ["oracle", "random answers"]),
        ({"k_center": (0.55,) * 3, "random": (0.5, 0.4, 0.6)}, ["best baseline", "random"]),
        ({"oracle": (0.8,) * 3, "nothing": (0.79,) * 3}, ["pool as it is", "fewer than 6"]),
        ({"oracle": (0.6,) * 3, "k_center": (0.7,) * 3}, ["oracle", "best baseline", "no better"]),
    ],
)
def test_boards_that_rank_noise_are_named(mine, scores, words):
    challenge = loading.load("ants")
    data = {
        "own": SimpleNamespace(tests={"test": SimpleNamespace(labels=np.zeros(100), groups=None)})
    }
    found = separation.warnings(challenge, "own", points(**scores), data)
    assert len(found) == bool(words)
    assert all(word in found[0] for word in words)


def test_numeric_versions_of_our_models_are_texts():
    for name in ("logistic_v1", "knn_v1"):
        assert evaluate.era_of(registry.load("fixed_models", name))
