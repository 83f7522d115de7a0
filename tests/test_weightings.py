"""How the order of a board depends on the weights of its tasks, splits and metrics."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

import dataperf
from dataperf.boards.sensitivity import of_parts
from dataperf.statistics import sensitivity
from tests.own_board import run

BOARD = "speech-selection/digits-60"


def test_shares_of_two_parts_are_exact_lengths():
    # The first leads while 0.9 w + 0.2 (1 - w) > 0.5, that is for w > 3/7.
    found = sensitivity(np.array([[0.9, 0.2], [0.5, 0.5], [0.1, 0.3]]))
    assert found.leads == pytest.approx([4 / 7, 3 / 7, 0], abs=0.01)
    assert found.best.tolist() == [1, 1, 2] and found.worst.tolist() == [3, 2, 3]
    assert found.ranks.tolist() == [1, 2, 3]
    assert found.without.tolist() == [[3, 1, 2], [1, 2, 3]]


def test_shares_of_three_parts_agree_with_a_grid():
    values = np.random.RandomState(3).random_sample((5, 3))
    steps = 300
    grid = [(a, b, steps - a - b) for a in range(steps + 1) for b in range(steps + 1 - a)]
    scores = np.array(grid) / steps @ values.T
    shares = np.bincount(scores.argmax(axis=1), minlength=5) / len(grid)
    found = sensitivity(values)
    assert found.leads == pytest.approx(shares, abs=0.015)
    ranks = rankdata(-scores, axis=1, method="min")
    assert (found.best >= ranks.min(axis=0)).all() and (found.worst <= ranks.max(axis=0)).all()


def test_equal_entries_share_the_lead_and_chunks_do_not_matter(monkeypatch):
    values = np.array([[0.3, 0.6, 0.1], [0.3, 0.6, 0.1], [0.1, 0.1, 0.05]])
    found = sensitivity(values)
    assert found.leads.tolist() == [1, 1, 0] and found.worst.tolist() == [1, 1, 3]
    import sys

    module = sys.modules["dataperf.statistics.weightings"]
    monkeypatch.setattr(module, "_MOST_NUMBERS", 900)
    again = sensitivity(values)
    assert again.leads.tolist() == found.leads.tolist()


@pytest.mark.parametrize("odd", [np.ones((2, 1)), np.ones(3), np.array([[np.nan, 1.0]] * 2)])
def test_what_has_no_weightings_is_refused(odd):
    with pytest.raises(ValueError, match="at least two parts"):
        sensitivity(odd)


def test_sentences_name_who_leads_and_what_changes_it():
    parts = {"one": [0.9, 0.5, 0.1], "two": [0.2, 0.5, 0.3]}
    (found,) = of_parts("tasks", parts, ["a", "b", "c"])
    assert found.sentences == [
        "a leads under 57 % of all weightings of the 2 tasks (one, two), b under 43 %",
        "with equal weights a leads; another leads without one (b)",
    ]
    (turned,) = of_parts("tasks", parts, ["a", "b", "c"], up=False)
    assert turned.sentences[0].startswith("c leads under ")
    (always,) = of_parts("tasks", {"one": [2, 1], "two": [3, 1]}, ["a", "b"])
    assert always.sentences == ["a leads under all weightings of the 2 tasks (one, two)"]
    assert of_parts("tasks", {"one": [1, 2]}, ["a", "b"]) == []
    assert of_parts("tasks", {"one": [1], "two": [2]}, ["a"]) == []
    assert of_parts("tasks", {"one": [1, 2], "two": [None, 2]}, ["a", "b"]) == []


def test_a_board_shows_the_weightings_of_its_splits_and_metrics(tmp_path):
    for strategy, seed in (("cleanlab_k_medoids", 0), ("random", 1)):
        dataperf.evaluate(dataperf.baseline(BOARD, strategy, seed=seed), results=tmp_path)
    board = dataperf.leaderboard(BOARD, results=tmp_path)
    splits, metrics = board.sensitivity()
    assert splits.parts == ["test", "ood-speakers", "ood-words"]
    assert metrics.parts == ["macro_f1", "accuracy", "balanced_accuracy"]
    assert 0 < splits.found.leads[0] < 1 and metrics.found.leads[0] == 1
    out = run("leaderboard", "-c", "speech-selection", "--results", tmp_path, "--weightings")
    flat = " ".join(out.split())
    assert all(line in flat for line in (*splits.sentences, *metrics.sentences))
    assert "WEIGHTINGS OF THE SPLITS" in out and "chance does not count" in out
    found = json.loads(
        run("leaderboard", "-c", "speech-selection", "--results", tmp_path, "--json")
    )
    first = found[0]["sensitivity"][0]["entries"][0]
    assert first["leads"] == splits.found.leads[0] and first["rank_without"]["ood-words"] == 1


def test_a_table_shows_the_weightings_of_its_tasks(tmp_path):
    random = np.random.RandomState(0)
    table = pd.DataFrame(random.random_sample((4, 6)).round(3), columns=list("stuvwx"))
    table.insert(0, "model", list("abcd"))
    (found,) = dataperf.rank_scores(table).sensitivity()
    (errors,) = dataperf.rank_scores(table, lower_is_better=True).sensitivity()
    assert found.parts == list("stuvwx") and sum(found.found.leads) == pytest.approx(1)
    assert found.entries[0] == errors.entries[-1]
    lines = [
        {"model": model, "task": task, "item": item, "score": random.rand()}
        for model in "ab"
        for task in "uv"
        for item in range(9)
    ]
    assert dataperf.rank_scores(lines).sensitivity()[0].parts == ["u", "v"]
    alone = [{**line, "task": "u"} for line in lines[:9] + lines[18:27]]
    assert dataperf.rank_scores(alone).sensitivity() == []  # items are not weighted
    table.to_csv(tmp_path / "table.csv", index=False)
    out = run("leaderboard", "--scores", tmp_path / "table.csv", "--weightings")
    assert "WEIGHTINGS OF THE TASKS" in out and "without one of 6" in out
