"""What a newcomer types first: the output is true, and an error names the next step."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from dataperf.boards.reference_points import Point, ReferencePoints
from dataperf.cli import failures
from dataperf.cli.app import app
from dataperf.errors import ONLY_WARNING, DataperfError, Invalid, Problem
from dataperf.report import points

runner = CliRunner()


@pytest.fixture
def fruit(tmp_path, monkeypatch):
    """Write a small table in an empty folder, and go there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", "")  # set by --plugins, put back afterwards
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{'ab'[int(x > 0)]}" for x in rng.normal(size=60)]
    (tmp_path / "mine.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    answer = {"drop": ["3"], "relabel": {}}
    made = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": answer}
    (tmp_path / "repair.json").write_text(json.dumps(made))
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [["digit-cleaning/knn"], ["-c", "digit-cleaning", "-b", "knn"], ["-c", "digit-cleaning/knn"]],
)
def test_pool_takes_the_board_as_every_other_command_does(words, tmp_path):
    output = tmp_path / "pool.csv"
    found = runner.invoke(app, ["pool", *words, "-o", str(output)])
    assert found.exit_code == 0, found.output
    assert output.read_text().startswith("id,")


@pytest.mark.parametrize("words", [[], ["digit-cleaning/knn", "-c", "digit-cleaning"]])
def test_pool_needs_one_name(words, tmp_path):
    found = runner.invoke(app, ["pool", *words, "-o", str(tmp_path / "pool.csv")])
    assert isinstance(found.exception, DataperfError)
    assert "dataperf pool CHALLENGE/BOARD -o FILE" in str(found.exception)


def test_the_error_of_a_command_names_the_command():
    problem = Problem("no-board", "board", "several boards")
    assert failures.record(Invalid("dataperf.pool", [problem]))["message"].startswith(
        "dataperf pool: 1 problem"
    )
    assert failures.record(Invalid("mine.csv", [problem]))["message"].startswith("mine.csv: 1")


def test_a_missing_result_is_not_called_no_file_when_a_folder_would_do():
    found = runner.invoke(app, ["verify", "nowhere"])
    assert found.exit_code == 1
    assert "there is no file or folder nowhere" in found.output


def test_a_mistyped_data_file_is_an_error_of_the_leaderboard(fruit):
    scored = runner.invoke(app, ["evaluate", "--data", "mine.csv", "--label", "y", "repair.json"])
    assert scored.exit_code == 0, scored.output
    assert ONLY_WARNING not in scored.output
    assert "warning: tested against the labels as given" in scored.output
    found = runner.invoke(app, ["leaderboard", "--data", "mien.csv"])
    assert isinstance(found.exception, Invalid)
    assert "mine.csv" in str(found.exception)
    assert runner.invoke(app, ["leaderboard", "--data", "mine.csv"]).exit_code == 0


@pytest.mark.parametrize(
    ("output", "advice"), [("mine.parquet", "cleaned.csv"), ("new.parquet", "new.csv")]
)
def test_apply_never_advises_to_overwrite_the_data(fruit, output, advice):
    words = ["apply", "repair.json", "--data", "mine.csv", "--label", "y", "-o", output]
    found = runner.invoke(app, words)
    assert isinstance(found.exception, Invalid)
    assert [each.expected for each in found.exception.problems] == [advice]


def test_a_challenge_without_reference_submissions_says_how_to_make_one(fruit):
    made = runner.invoke(
        app,
        ["new", "challenge", "fruit", "--from-data", "mine.csv", "-l", "y", "--plugins", "plug"],
    )
    assert made.exit_code == 0, made.output
    found = runner.invoke(app, ["evaluate", "-c", "fruit", "--plugins", "plug"])
    assert isinstance(found.exception, DataperfError)
    assert "dataperf baseline -c fruit" in str(found.exception)
    assert "dataperf list strategies --track repair" in str(found.exception)


def test_no_table_says_that_a_model_was_trained_on_nothing():
    point = Point(title="the pool as it is", runs=1, scores={"test": (0.9, 0.9, 0.9)})
    made = ReferencePoints(
        board="", split="test", higher_is_better=True, points={"nothing": point}, random_scores=[]
    )
    found = points.headroom({"own": made})
    assert "unchanged pool" in found
    assert "nothing" not in found


def test_a_rule_of_a_board_is_shown_in_words():
    found = runner.invoke(app, ["show", "speech-selection"])
    assert "budget 25, official " in found.output
    assert "True" not in found.output
