"""Planning a board: test rows and seeds for a stated power, and what a board shows today."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

import dataperf
from dataperf.boards.plan import typical
from dataperf.errors import DataperfError, Invalid
from dataperf.metrics import accuracy, macro_f1
from dataperf.statistics import Outcome, Score, Term, pair_variance, score_difference
from tests import own_board
from tests.own_board import run

BOARD = "speech-selection/digits-60"


def drawn(random, metric, rows, levels):
    """Draw the scores of models on the same rows, which are hard or easy for all."""
    hard, truth = random.normal(0, 0.05, rows), random.randint(0, 3, rows)
    scores = []
    for level in levels:
        right = random.rand(rows) < level + hard
        predicted = np.where(right, truth, (truth + random.randint(1, 3, rows)) % 3)
        scores.append(Score((Term(metric, Outcome(truth, predicted[None], 3)),)))
    return scores


@pytest.mark.parametrize("metric", [accuracy, macro_f1])
def test_rows_planned_from_a_small_board_separate_at_the_stated_power(metric):
    random = np.random.RandomState(1)
    board = drawn(random, metric, 320, (0.7, 0.72, 0.75, 0.78, 0.8))
    made = typical([pair_variance(*pair) for pair in itertools.combinations(board, 2)])
    rows = made.rows_needed(0.06)
    shown = [
        score_difference(*drawn(random, metric, rows, (0.78, 0.72))).p_value < 0.05
        for _ in range(400)
    ]
    assert abs(np.mean(shown) - 0.8) < 0.1


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    for strategy, seed in (("cleanlab_k_medoids", 0), ("random", 1), ("random", 2)):
        made = dataperf.baseline(BOARD, strategy, seed=seed)
        dataperf.evaluate(made, results=folder)
    return folder


def test_a_plan_is_made_from_kept_results(kept):
    found = dataperf.plan(BOARD, difference=0.05, results=kept)
    assert (found.rows, found.seeds) == (320, 10)
    assert found.power_today < 0.8 < 1 and found.visible > 0.05
    assert found.rows_needed > 320
    assert dict(found.table)[10] == found.rows_needed
    needed = [rows for _, rows in found.table]
    assert needed == sorted(needed, reverse=True)
    assert "3 pairs of 3 kept results" in found.source
    more = dataperf.plan(BOARD, difference=0.05, power=0.9, entries=10, results=kept)
    assert more.rows_needed > found.rows_needed and more.visible > found.visible
    assert "that is enough" in repr(dataperf.plan(BOARD, difference=0.5, results=kept))


def test_without_results_the_reference_points_give_more_rows(kept):
    paired = dataperf.plan(BOARD, difference=0.05, results=kept)
    found = dataperf.plan(BOARD, difference=0.05, results=[])
    assert found.rows_needed > paired.rows_needed and found.seeds_needed is None
    assert "reference points" in found.source and found.table == []


def test_the_command_prints_the_plan_and_the_leaderboard_what_it_shows(kept, tmp_path):
    out = run("plan", BOARD, "--difference", "0.05", "--results", kept)
    assert "320 test rows and 10 seeds" in out and "seeds  test rows needed" in out
    found = json.loads(run("plan", BOARD, "-d", "0.05", "--results", kept, "--json"))
    assert found["rows"] == 320 and found["table"][0]["seeds"] == 3
    out = run("leaderboard", "-c", "speech-selection", "--results", kept)
    board = dataperf.leaderboard(BOARD, results=kept)
    shown = f"smallest visible difference: {board.visible:.3f} with 320 test rows"
    assert f"{shown}; {board.separable} of 3 pairs" in out
    assert shown in repr(board)
    plain = json.loads(run("leaderboard", "-c", "speech-selection", "--results", kept, "--json"))
    assert plain[0]["visible"] == board.visible
    one = dataperf.leaderboard(BOARD, results=dataperf.read_results(kept)[:1])
    assert one.visible is None and "visible" not in repr(one)


def test_a_board_without_results_and_reference_points_says_what_to_do(tmp_path, monkeypatch):
    own_board.make(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    with pytest.raises(DataperfError, match="evaluate two submissions to it first"):
        dataperf.plan("ants", results=[])
    made = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    for most in (4, 20):
        samples = {name: ids[:most] for name, ids in made["answer"]["samples"].items()}
        few = {**made, "answer": {"samples": samples}}
        dataperf.evaluate(few, results=tmp_path / "kept")
    found = dataperf.read_results(tmp_path / "kept")
    made = dataperf.plan("ants", results=found)  # before the board is frozen
    assert made.rows_needed > made.rows and "the 1 pair of 2 kept results" in made.source
    one = dataperf.plan("ants", results=found[:1])
    assert one.rows_needed > one.rows and "one kept result" in one.source


def test_all_wrong_arguments_are_reported(tmp_path):
    with pytest.raises(Invalid) as error:
        dataperf.plan(BOARD, difference=0, power=1, entries=1, results=3)
    assert len(error.value.problems) == 4
    with pytest.raises(DataperfError, match="there is no folder"):
        dataperf.plan(BOARD, results=tmp_path / "nowhere")
