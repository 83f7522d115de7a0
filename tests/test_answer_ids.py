"""Ids that are numbers: taken where one id can be meant, refused with the reason where not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import own_board
import pandas as pd
import pytest
from own_board import run

import dataperf
from dataperf.errors import Invalid
from dataperf.own_data import evaluate as own

OPTIONS = {"label": "y", "true_label": "right"}


def made(ids=None, labels=("a", "b", "c")) -> pd.DataFrame:
    random = np.random.RandomState(0)
    right = np.arange(60) % 3
    frame = pd.DataFrame(random.normal(size=(60, 3)) + 2 * np.eye(3)[right], columns=list("efg"))
    frame["y"] = frame["right"] = np.array(labels, dtype=object)[right]
    if ids is not None:
        frame["id"] = ids
    return frame


def names(frame: pd.DataFrame, **options) -> tuple[list[str], list[str]]:
    """Return the ids of the pool and of the test rows."""
    _, data = own.load(frame, **OPTIONS, **options)
    (part,) = data.values()
    return part.pool.ids.tolist(), [str(each) for each in part.tests["test"].ids]


def scored(frame, answer, challenge="own-repair", **options):
    """Return the answer inside the result, and the notes."""
    content = {"schema_version": 2, "challenge": challenge, "board": "own", "answer": answer}
    notes: list[str] = []
    found = dataperf.evaluate_data(frame, content, **OPTIONS, **options, on_message=notes.append)
    return found.submission.answer, [each for each in notes if "written as numbers" in each]


def rules_of(*words, **options) -> set[str]:
    with pytest.raises(Invalid) as error:
        scored(*words, **options)
    return {each.rule for each in error.value.problems}


KINDS = {
    "int": int,
    "float": float,
    "int64": np.int64,
    "float64": np.float64,
    "float32": np.float32,
    "text of a float": lambda each: f"{each}.0",
}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_name_rows_that_have_them_as_ids(kind):
    frame = made()
    pool, _ = names(frame)
    turn = KINDS[kind]
    given = [turn(int(each)) for each in pool[:3]]
    answer, _ = scored(frame, {"drop": given})
    assert [str(each) for each in answer["drop"]] == pool[:3]
    label = {"a": "b", "b": "c", "c": "a"}
    wanted = {each: label[frame.y[int(each)]] for each in pool[:3]}
    answer, _ = scored(frame, {"relabel": dict(zip(given, wanted.values(), strict=True))})
    assert answer["relabel"] == wanted
    answer, notes = scored(frame, {"samples": [turn(int(each)) for each in pool]}, "own-selection")
    assert answer["samples"] == pool
    assert len(notes) == 1 and f'as "{pool[0]}"' in notes[0] and f"{len(pool)} ids" in notes[0]


def test_arrays_series_and_indexes_are_taken():
    frame = made()
    pool, _ = names(frame)
    numbers = pd.Series([int(each) for each in pool])
    for given in (
        numbers,
        numbers.to_numpy(),
        pd.Index(numbers),
        numbers.astype(float),
        (*numbers,),
    ):
        answer, _ = scored(frame, {"samples": given}, "own-selection")
        assert answer["samples"] == pool


def test_labels_that_are_numbers_are_read_as_classes():
    frame = made(labels=("1", "2", "3"))
    pool, _ = names(frame)
    other = {"1": 2, "2": 3.0, "3": np.int64(1)}
    answer, _ = scored(frame, {"relabel": {each: other[frame.y[int(each)]] for each in pool[:3]}})
    assert set(answer["relabel"].values()) <= {"1", "2", "3"}


def test_ids_with_a_point_in_them_stay():
    frame = made(ids=[f"{each}.0" for each in range(60)])
    pool, _ = names(frame, id="id")
    answer, notes = scored(frame, {"drop": pool[:2]}, id="id")
    assert answer["drop"] == pool[:2] and notes == []
    answer, notes = scored(
        frame, {"samples": [float(each) for each in pool]}, "own-selection", id="id"
    )
    assert answer["samples"] == pool and len(notes) == 1


def test_what_can_be_two_ids_is_refused():
    ids = ["7", "7.0", *(f"r{each}" for each in range(58))]
    pool, _ = names(made(ids=ids), id="id", seed=1)
    for number in (7, 7.0):
        content = {"samples": [number, *(each for each in pool if each[0] == "r")]}
        found = rules_of(made(ids=ids), content, "own-selection", id="id", seed=1)
        assert "ambiguous-id" in found


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (1e17, "lost-digits"),
        (2.0**53, "lost-digits"),
        (17.5, "wrong-type"),
        (True, "wrong-type"),
        (None, "wrong-type"),
        (10**6, "wrong-type"),
        (-1, "wrong-type"),
    ],
)
def test_numbers_that_name_no_row_are_refused(given, rule):
    frame = made()
    pool, _ = names(frame)
    assert rule in rules_of(frame, {"samples": [*pool, given]}, "own-selection")


def test_one_row_under_two_names_is_refused():
    frame = made()
    pool, _ = names(frame)
    number = int(pool[0])
    assert "duplicate-id" in rules_of(frame, {"drop": [number, float(number), pool[0]]})
    other = "b" if frame.y[number] == "a" else "a"
    twice = {f"{number}": other, f"{number}.0": other}
    assert "repeated-key" in rules_of(frame, {"relabel": twice})
    assert "repeated-key" in rules_of(frame, {"relabel": {number: other, str(number): other}})


@pytest.mark.parametrize("odd", [{float("nan"): "a"}, {None: "a"}, {True: "a"}, {(1, 2): "a"}])
def test_keys_that_are_no_ids_are_refused(odd):
    assert rules_of(made(), {"relabel": odd}) <= {"not-json", "unknown-id"}


def test_a_cleaning_order_of_numbers_is_refused_where_ids_and_row_numbers_differ():
    """In an order a whole number is a row of the pool: 17 may be the 17th row, or the id "17"."""
    frame = made()
    pool, _ = names(frame)
    order = [int(each) for each in pool]
    assert rules_of(frame, {"orders": {"own": order}}, "own-cleaning") == {"ambiguous-id"}
    assert rules_of(
        frame, {"orders": {"own": [float(each) for each in order]}}, "own-cleaning"
    ) == {"ambiguous-id"}
    answer, _ = scored(frame, {"orders": {"own": pool}}, "own-cleaning")
    assert answer["orders"]["own"] == pool
    named = made(ids=[f"r{each}" for each in range(60)])
    rows = list(range(len(pool)))
    answer, _ = scored(named, {"orders": {"own": rows}}, "own-cleaning", id="id")
    assert answer["orders"]["own"] == rows
    answer, _ = scored(named, {"orders": {"own": [*map(float, rows)]}}, "own-cleaning", id="id")
    assert answer["orders"]["own"] == rows


def test_files_records_and_the_cleaned_file_read_the_same_ids(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = made()
    frame.to_csv("rows.csv", index=False)
    pool, _ = names(frame)
    content = {"schema_version": 2, "challenge": "own-repair", "board": "own", "submitter": "Ana"}
    content["answer"] = {"drop": [float(each) for each in pool[:2]]}
    Path("a.json").write_text(json.dumps(content))
    words = ["--data", "rows.csv", "--label", "y", "--true-label", "right"]
    text = run("evaluate", *words, "a.json")
    assert "note: a.json: 2 ids written as numbers, read as text" in text
    record = dataperf.Submission.model_validate(content)
    found = dataperf.evaluate_data("rows.csv", record, **OPTIONS, on_message=lambda words: None)
    assert [str(each) for each in found.submission.answer["drop"]] == pool[:2]
    run("apply", "a.json", "--data", "rows.csv", "--label", "y", "-o", "cleaned.csv")
    assert len(pd.read_csv("cleaned.csv")) == len(frame) - 2


def test_a_board_with_a_folder_reads_the_same_ids(tmp_path, monkeypatch):
    """The ids of this challenge are the row numbers of its file."""
    own_board.make(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    pool = dataperf.pool("ants")
    content = json.loads((tmp_path / "a.json").read_text())
    numbers = [int(each) for each in pool.ids.tolist()]
    content["answer"] = {"samples": numbers}
    checked = dataperf.check(content)
    assert checked.submission.answer["samples"] == pool.ids.tolist()
    assert "written as numbers" in checked.warnings[-1]
    record = dataperf.Submission.model_validate({**content, "answer": {"samples": numbers}})
    assert dataperf.check(record).submission == checked.submission
    with pytest.warns(UserWarning, match="written as numbers"):
        result = dataperf.evaluate(content)
    assert result.submission.answer["samples"] == pool.ids.tolist()
    assert dataperf.verify(result).ok
