"""Who is to blame for a failure: the frozen model, a user's plug-in, dataperf, or nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dataperf import registry
from dataperf.boards import rerun
from dataperf.errors import DataperfError
from dataperf.evaluation import evaluate, scorecard, train
from tests import own_board
from tests.own_board import run

#: A frozen model; what it does when it is trained is put in.
MODEL = """
import hashlib
import os
import sys
import time
from pathlib import Path

import numpy as np

def fit(features, labels, *, classes, seeds):
    {fit}
    return len(seeds)

def predict(fitted, features):
    return np.zeros((fitted, len(features)), dtype=int)

def size(fitted):
    return 1

def era():
    return "1"
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    own_board.make(folder)
    return folder


@pytest.fixture
def here(board, tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_PATH", str(board))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(board, here, monkeypatch):
    """Return a function that writes a model and a challenge ``bees`` that trains it."""

    def write(fit):
        folder = here / "mine"
        own_board.write(folder, "fixed_models/odd_v1.py", MODEL.format(fit=fit))
        toml = (board / "challenges/ants/challenge.toml").read_text()
        path = own_board.write(folder, "challenges/bees/challenge.toml", "")
        path.write_text(
            toml.replace('name = "ants"', 'name = "bees"').replace("logistic_v1", "odd_v1")
        )
        for name in ("a.json", "b.json"):
            answer = json.loads((board / name).read_text()) | {"challenge": "bees"}
            (here / name).write_text(json.dumps(answer))
        monkeypatch.setenv("DATAPERF_PATH", os.pathsep.join([str(board), str(folder)]))
        return folder

    return write


def kept(folder: Path) -> list[Path]:
    return list((folder / "dataperf-results").rglob("*.json"))


# The frozen model --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fit", "reason"),
    [
        ('raise ValueError("no convergence")', "ValueError: no convergence"),
        ("sys.exit(143)", "SystemExit: 143"),
        ("return 7", "predicted shape (7, 24)"),
    ],
)
def test_a_model_that_fails_makes_a_failed_result_that_verifies(model, here, fit, reason):
    model(fit)
    assert reason in run("evaluate", "-c", "bees", "a.json", code=1)
    (path,) = kept(here)
    assert reason in json.loads(path.read_text())["error"]
    assert rerun.result(path)["ok"]


def test_too_little_memory_is_nobodys_failure(model, here):
    model("np.empty(2**50)")
    text = run("evaluate", "-c", "bees", "a.json", code=2)
    assert "not enough memory to train odd_v1" in text
    assert not kept(here)


# Users' plug-ins ---------------------------------------------------------------------------

TRACK = """
from dataperf import statistics
from dataperf.records import TrainingSet
from dataperf.tracks import selection

Answer, Rules, read = selection.Answer, selection.Rules, selection.read

def check(answer, rules, data, *, official):
    {check}
    return selection.check(answer, rules, data, official=official)

def plans(answer, rules, data, *, official):
    {plans}
    return selection.plans(answer, rules, data, official=official)

def summarize(plan, task, data, found):
    {summarize}
    return {{}}, {{}}
"""


@pytest.mark.parametrize("function", ["check", "plans", "summarize"])
def test_a_track_of_the_users_that_fails_is_named_and_nothing_is_kept(
    board, here, monkeypatch, function
):
    parts = dict.fromkeys(("check", "plans", "summarize"), "pass")
    text = TRACK.format(**{**parts, function: 'raise ValueError("boom")'})
    path = own_board.write(here, "tracks/odd.py", text)
    line = text.splitlines().index('    raise ValueError("boom")') + 2
    toml = (board / "challenges/ants/challenge.toml").read_text()
    own_board.write(here, "challenges/bees/challenge.toml", "").write_text(
        toml.replace('name = "ants"', 'name = "bees"').replace(
            'track = "selection"', 'track = "odd"'
        )
    )
    answer = json.loads((board / "a.json").read_text()) | {"challenge": "bees"}
    (here / "bees.json").write_text(json.dumps(answer))
    text = run("evaluate", "-c", "bees", "bees.json", "--plugins", here, code=2)
    assert text == f"the track odd ({path}, line {line}): ValueError: boom"
    assert not kept(here)


# Ours --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "function"),
    [(scorecard, "outcomes"), (scorecard, "balance"), (evaluate, "training_runs_of")],
)
def test_a_defect_of_ours_keeps_its_traceback_and_nothing_is_kept(
    board, here, monkeypatch, module, function
):
    def defect(*_, **__):
        raise KeyError("ours")

    monkeypatch.setattr(module, function, defect)
    with pytest.raises(KeyError, match="ours"):
        evaluate.evaluate("ants", board / "a.json")
    found = own_board.CliRunner().invoke(
        own_board.app.app, ["evaluate", "-c", "ants", str(board / "a.json")]
    )
    assert isinstance(found.exception, KeyError)
    assert not kept(here)


def test_a_defect_of_a_track_of_ours_keeps_its_traceback(board, here, monkeypatch):
    def defect(*_, **__):
        raise KeyError("ours")

    monkeypatch.setattr(registry.load("tracks", "selection"), "plans", defect)
    with pytest.raises(KeyError, match="ours"):
        evaluate.evaluate("ants", board / "a.json")


def test_a_refusal_in_training_is_not_a_failed_result(board, here, monkeypatch):
    def refuse(*_, **__):
        raise DataperfError("reads what is not frozen with it")

    monkeypatch.setattr(train, "_fitted", refuse)
    with pytest.raises(DataperfError, match="not frozen with it"):
        evaluate.evaluate("ants", board / "a.json")


# Signals -----------------------------------------------------------------------------------

#: Training that never ends: in Python, in native code that Python cannot interrupt, and in a loop
#: that catches what it can.
STEPS = "while True:\n        time.sleep(0.01)"
NATIVE = "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"
CAUGHT = """while True:
        try:
            time.sleep(60)
        except (Exception, SystemExit):
            pass"""
PATIENCE = 60.0


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (getattr(signal, "SIGHUP", None), 129), (signal.SIGINT, 130)],
    ids=["term", "hup", "int"],
)
@pytest.mark.parametrize(
    ("fit", "jobs"),
    [(STEPS, 1), (NATIVE, 1), (CAUGHT, 1), (STEPS, 2), (NATIVE, 2)],
    ids=["steps", "native", "caught", "steps-2", "native-2"],
)
def test_a_signal_in_training_ends_at_once_and_nothing_is_kept(
    model, here, number, code, fit, jobs
):
    marks = here / "training"
    marks.mkdir()
    model(f"Path({str(marks)!r}, str(os.getpid())).touch()\n    {fit}")
    command = [sys.executable, "-m", "dataperf", "evaluate", "-c", "bees", "a.json", "b.json"]
    with subprocess.Popen(
        [*command, "-j", str(jobs)], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for(
                lambda: len(list(marks.iterdir())) == jobs or process.poll() is not None,
                "the training does not begin",
            )
            assert process.poll() is None, process.stderr.read()
            started = [each.pid for each in psutil.Process(process.pid).children(recursive=True)]
            trained_in = [int(each.name) for each in marks.iterdir()]
            assert set(trained_in) <= {process.pid, *started}
            assert (jobs == 1) == (trained_in == [process.pid])
            process.send_signal(number)
            assert process.wait(PATIENCE) == code
        finally:
            process.kill()
    assert not kept(here)
    wait_for(lambda: not any(map(is_running, [*started, *trained_in])), "a worker is left over")
