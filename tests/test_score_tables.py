"""Ranks of anybody's table of scores: simulated truth, forms of tables, what is refused."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dataperf
from dataperf.errors import DataperfError, Invalid
from dataperf.metrics import accuracy
from dataperf.statistics import Outcome, Score, Term, rank_table, ranks
from tests.own_board import run

SOURCE = Path(__file__).parents[1] / "benchmarks" / "rank_audit.py"
AUDIT = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("a", SOURCE))
spec.loader.exec_module(AUDIT)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("right or wrong", 0),
        ("right or wrong", 4),
        ("tasks, items and seeds", 0),
        ("tasks, items and seeds", 3),
        ("means of tasks", 0),
        ("means of tasks", 4),
    ],
)
def test_rank_intervals_hold_the_true_ranks(name, place):
    """A short form of benchmarks/rank_audit.py."""
    held, wrong, shown = AUDIT.measured(name, AUDIT.TABLES[name][1][place], 60)
    assert held >= 0.9 and wrong <= 0.1
    if name == "right or wrong" and place == 4:
        assert shown > 0.3  # near-copies cost nobody a rank


def test_a_table_of_right_and_wrong_has_the_ranks_of_a_board():
    random = np.random.RandomState(0)
    right = (random.rand(6, 400) < np.linspace(0.5, 0.8, 6)[:, None]).astype(np.intp)
    truth = np.ones(400, np.intp)
    board = ranks([Score((Term(accuracy, Outcome(truth, line[None], 2)),)) for line in right])
    table = rank_table([right.astype(float)]).ranks
    assert (table.best, table.worst) == (board.best, board.worst)
    assert table.visible == pytest.approx(board.visible, rel=0.02)


def wide(entries=6, items=300, seed=0):
    random = np.random.RandomState(seed)
    level = np.linspace(0.8, 0.4, entries)[:, None]
    made = pd.DataFrame((random.rand(entries, items) < level).astype(int))
    made.columns = [f"q{each}" for each in range(items)]
    made.insert(0, "model", [f"m{each}" for each in range(entries)])
    return made


def ranked(source, **options):
    found = dataperf.rank_scores(source, **options)
    return [(row.name, row.ranks, round(row.score.value, 6)) for row in found.rows]


def forms(folder):
    """Return one table in every form that is read."""
    table = wide()
    long = table.melt("model", var_name="item", value_name="score")
    turned = table.set_index("model").T.rename_axis("item_id")
    table.to_csv(folder / "wide.csv", index=False)
    table.to_csv(folder / "semicolons.csv", index=False, sep=";")
    table.to_csv(folder / "wide.tsv", index=False, sep="\t")
    table.to_parquet(folder / "wide.parquet")
    long.to_json(folder / "long.jsonl", orient="records", lines=True)
    long.to_json(folder / "long.json", orient="records")
    turned.to_csv(folder / "turned.csv")
    shuffled = long.sample(frac=1, random_state=0)
    words = long.assign(score=long["score"].map({0: "False", 1: "True"}))
    words.to_csv(folder / "words.csv", index=False)
    named = {"model": "Name of it", "item": "what", "score": "points"}
    options = {"entry": "Name of it", "item": "what", "score": "points"}
    files = [(each, {}) for each in sorted(folder.iterdir())]
    return [
        *files,
        (table, {}),
        (table.set_index("model"), {}),
        (turned, {}),
        (turned.reset_index(), {"entries_in": "columns"}),
        (long, {}),
        (shuffled, {}),
        (long.rename(columns=named), options),
        (long.to_dict("records"), {}),
        (long.to_dict("list"), {}),
        (long.assign(score=long["score"].astype(bool)), {}),
    ]


def test_every_form_of_a_table_gives_the_same_ranks(tmp_path):
    found = [sorted(ranked(source, **options)) for source, options in forms(tmp_path)]
    assert len(found[0]) == 6 and found[0][0][0] == "m0"
    assert all(each == found[0] for each in found)


def test_lower_is_better_turns_the_ranks_round():
    table = wide()
    errors = table.copy()
    errors.iloc[:, 1:] = 1 - errors.iloc[:, 1:]
    up = [row[:2] for row in ranked(table)]
    assert [row[:2] for row in ranked(errors, lower_is_better=True)] == up
    assert [row[0] for row in ranked(errors)] != [row[0] for row in up]


def test_items_in_tasks_count_each_task_once():
    random = np.random.RandomState(0)
    lines = [
        {"model": model, "task": task, "item": item, "score": random.rand() + shift}
        for model, shift in (("a", 0.3), ("b", 0.0))
        for task, items in (("small", 10), ("large", 200))
        for item in range(items)
    ]
    found = dataperf.rank_scores(lines)
    means = pd.DataFrame(lines).groupby(["model", "task"])["score"].mean().groupby("model").mean()
    assert found.rows[0].score.value == pytest.approx(means["a"])
    assert "the 210 items are the sample; the 2 tasks are as they are" in found.sample


def test_means_of_tasks_say_that_the_tasks_are_the_sample():
    random = np.random.RandomState(0)
    table = pd.DataFrame(
        60 + random.normal(0, 2, (40, 5)) + random.uniform(-30, 20, (40, 1)) + np.arange(5) * 2.0,
        columns=[f"org/model-{each}" for each in range(5)],
    ).round(2)
    table.insert(0, "task_name", [f"Task{each}" for each in range(40)])
    found = dataperf.rank_scores(table)
    assert found.rows[0].name == "org/model-4" and found.separable > 5
    assert found.sample.startswith("the 40 tasks are the sample, as there are no items")
    assert any("how sure each mean itself is" in note for note in found.notes)
    long = table.melt("task_name", var_name="model_name", value_name="main_score")
    assert dataperf.rank_scores(long).rows == found.rows
    board = table.set_index("task_name").T.rename_axis("Model").reset_index()
    assert dataperf.rank_scores(board).rows == found.rows
    board.insert(1, "Mean (Task)", board.iloc[:, 1:].mean(axis=1).round(2))
    board.insert(2, "Licence", "free")
    with pytest.raises(Invalid, match=r"Licence.*not-a-number"):
        dataperf.rank_scores(board)
    with pytest.raises(Invalid, match=r"Mean \(Task\): the mean of the other columns"):
        dataperf.rank_scores(board, drop=["Licence"])
    assert dataperf.rank_scores(board, drop=["Licence", "Mean (Task)"]).rows == found.rows


def test_seeds_widen_the_ranks():
    random = np.random.RandomState(0)
    lines = [
        {"model": f"m{entry}", "seed": seed, "item": item, "score": value}
        for entry in range(4)
        for seed, luck in enumerate(random.normal(0, 0.2, 3))
        for item, value in enumerate(0.1 * entry + luck + random.normal(0, 0.1, 50))
    ]
    found = dataperf.rank_scores(lines)
    mean = pd.DataFrame(lines).groupby(["model", "item"], as_index=False)["score"].mean()
    assert found.separable < dataperf.rank_scores(mean).separable
    assert "items and seeds" in found.sample and not any("no seeds" in n for n in found.notes)


def test_missing_scores_are_left_out_in_one_note():
    table = wide().astype({"q3": float, "q7": float})
    table.loc[1, "q3"] = table.loc[2, "q7"] = np.nan
    found = dataperf.rank_scores(table)
    note = "2 scores missing: 2 of 300 columns left out for all entries (q3, q7)"
    assert note in found.notes and "298 items" in found.sample
    found = dataperf.rank_scores(table, missing="entries")
    assert "2 scores missing: 2 entries left out (m1, m2)" in found.notes
    assert len(found.rows) == 4
    table.iloc[0, 1:] = np.nan
    with pytest.raises(Invalid, match="nothing is left"):
        dataperf.rank_scores(table)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda t: t.assign(q0="good"), {}, "6 values not numbers, such as good"),
        (lambda t: t.assign(q0=np.inf), {}, "not numbers, such as inf"),
        (lambda t: t.head(1), {}, "1 entry"),
        (lambda t: t.iloc[:, :4], {}, "at least 4"),
        (lambda t: pd.concat([t, t.head(2)]).reset_index(drop=True), {}, "several lines of m0, m1"),
        (lambda t: t, {"entry": "modle"}, 'Did you mean "model"'),
        (lambda t: t, {"drop": ["q0", "nothing"]}, 'no column "nothing"'),
        (lambda t: t, {"entry": "q1", "item": "q1"}, "two roles"),
        (lambda t: t, {"score": "q1", "entry": "model"}, "no column of the item is known"),
        (lambda t: t.iloc[:, 1:], {}, "no column names the entries"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(change, options, words):
    with pytest.raises(Invalid, match=words.replace("(", r"\(")):
        dataperf.rank_scores(change(wide()), **options)


def test_repeated_scores_ask_for_the_column_of_seeds():
    long = wide().melt("model", var_name="item", value_name="score")
    twice = pd.concat([long.assign(attempt=1), long.assign(attempt=2)])
    with pytest.raises(Invalid, match="1,800 repeated scores, such as a second one of entry m0"):
        dataperf.rank_scores(twice.reset_index(drop=True))
    assert len(dataperf.rank_scores(twice.reset_index(drop=True), seed="attempt").rows) == 6


def test_wrong_sources_and_options_are_our_errors(tmp_path):
    for odd in (None, 3, [], {}, [1], np.arange(3), tmp_path, "nowhere.csv", pd.DataFrame()):
        with pytest.raises(DataperfError):
            dataperf.rank_scores(odd)
    with pytest.raises(Invalid) as error:
        dataperf.rank_scores(wide(), missing="rows", entries_in="up", drop="q1", entry=3)
    assert len(error.value.problems) == 4


def test_the_command_ranks_a_table(tmp_path):
    wide().to_csv(tmp_path / "table.csv", index=False)
    out = run("leaderboard", "--scores", tmp_path / "table.csv")
    assert "pairs are separable" in out and "smallest visible difference" in out
    found = json.loads(run("leaderboard", "--scores", tmp_path / "table.csv", "--json"))
    assert found["rows"][0]["entry"] == "m0" and "m5" in found["rows"][0]["better_than"]
    assert "--challenge" in run("leaderboard", code=2)
    both = run("leaderboard", "-c", "speech-selection", "--scores", tmp_path / "table.csv", code=2)
    assert "without --challenge" in both
