"""Tests of progress and threads: every long step says what it does, on one thread."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

import dataperf
from dataperf.basics import progress, threads
from dataperf.evaluation import engines

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def table(path: Path, rows: int = 90) -> Path:
    random = np.random.default_rng(0)
    labels = np.tile(["a", "b", "c"], rows // 3)
    size = random.normal(np.tile([0.0, 3.0, 6.0], rows // 3))
    frame = pd.DataFrame({"size": size, "weight": random.normal(size=rows), "y": labels})
    frame.to_csv(path, index=False)
    return path


def heard(work: object) -> list[tuple[str, int, int | None]]:
    steps: list[tuple[str, int, int | None]] = []
    with progress.listening(lambda *step: steps.append(step)):
        work()  # type: ignore[operator]
    return steps


def on_terminal(*words: str, folder: Path) -> str:
    """Run the command with standard error on a terminal; return what it wrote there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dataperf", *words]
    with subprocess.Popen(
        command,
        cwd=folder,
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm"},
    ) as run:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            written += part
        run.wait()
    os.close(ours)
    return written.decode(errors="replace")


def test_an_evaluation_of_many_training_sets_reports_each(tmp_path: Path) -> None:
    made = dataperf.baseline("digit-cleaning/knn", "random-order")
    steps = heard(lambda: dataperf.evaluate(made))
    trained = [(done, total) for words, done, total in steps if words == "training knn_v1"]
    assert trained[0][0] == 0 and trained[-1][0] == trained[-1][1]
    assert len(trained) == trained[-1][1] + 1


def test_several_evaluations_are_numbered_and_one_is_not() -> None:
    def work(item: int) -> int:
        progress.report("working")
        return item

    several = heard(lambda: list(engines.run(work, [1, 2], words="verifying")))
    assert [words for words, *_ in several][:3] == [
        "verifying 1 of 2",
        "verifying 1 of 2: working",
        "verifying 2 of 2",
    ]
    one = heard(lambda: list(engines.run(work, [1])))
    assert [words for words, *_ in one] == ["working"]


def test_a_leaderboard_reports_every_result_and_the_comparison() -> None:
    made = [
        dataperf.evaluate(dataperf.baseline("speech-selection/digits-60", "random", seed=seed))
        for seed in (0, 1)
    ]
    steps = heard(lambda: dataperf.leaderboard("speech-selection/digits-60", results=made))
    words = [words for words, *_ in steps]
    assert "digits-60: checking result 2 of 2" in words
    assert "comparing 2 results" in words


def test_an_audit_reports_its_steps_from_the_reading_to_the_page(tmp_path: Path) -> None:
    data = table(tmp_path / "mine.csv")
    steps = heard(lambda: dataperf.audit(data, label="y").report(tmp_path / "page.html"))
    words = dict.fromkeys(words for words, *_ in steps)
    expected = ["reading mine", "neighbours", "regression", "duplicates", "arranging the map"]
    assert [each for each in words if each in expected] == expected


def test_a_step_is_reported_to_nobody_by_default() -> None:
    progress.report("reading")  # nothing listens, nothing happens


def test_a_terminal_shows_the_steps_and_a_file_gets_none(tmp_path: Path) -> None:
    table(tmp_path / "mine.csv")
    words = ("audit", "mine.csv", "--label", "y", "--report", "page.html")
    shown = on_terminal(*words, folder=tmp_path)
    assert "arranging the map" in shown
    command = [sys.executable, "-m", "dataperf", *words]
    quiet = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert quiet.stderr == "wrote page.html\n"


@pytest.mark.parametrize("early", [True, False], ids=["loaded before", "loaded inside"])
def test_libraries_use_one_thread_inside_and_what_they_had_afterwards(early: bool) -> None:
    """Whether a library is loaded before or inside; the user's variables are untouched."""
    load = "import numpy, scipy.linalg, sklearn.cluster\n"
    code = f"""
import os
os.cpu_count = lambda: 3
from threadpoolctl import threadpool_info, threadpool_limits
from dataperf.basics.threads import one_thread
{load if early else ""}
before = [each["num_threads"] for each in threadpool_info()]
with one_thread():
    with one_thread():
        {load}
    inside = [each["num_threads"] for each in threadpool_info()]
after = [each["num_threads"] for each in threadpool_info()]
assert len(inside) > 1 and set(inside) == {{1}}, inside
assert after == before if {early} else set(after) == {{3}}, after
assert not [name for name in {THREADS} if name in os.environ]
"""
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    subprocess.run([sys.executable, "-c", code], env=unset, check=True)


def test_variables_that_the_user_has_set_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with threads.one_thread():
        assert os.environ["OMP_NUM_THREADS"] == "2"
        assert os.environ["MKL_NUM_THREADS"] == "1"
        assert {each["num_threads"] for each in threadpool_info()} == {1}
    assert "MKL_NUM_THREADS" not in os.environ


def test_the_command_and_its_workers_load_libraries_with_one_thread() -> None:
    code = """
import os, sys
from dataperf.cli import app
sys.argv = ["dataperf", "--version"]
try:
    app.main()
except SystemExit:
    pass
assert "numpy" not in sys.modules
assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "1"
"""
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    subprocess.run([sys.executable, "-c", code], env=unset, check=True, stdout=subprocess.DEVNULL)
