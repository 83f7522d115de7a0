"""Results of own data: ranked among themselves, verified elsewhere, and never opened by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import own_board
import pandas as pd
import pytest
from own_board import run

import dataperf
from dataperf.basics import files
from dataperf.errors import DataperfError
from dataperf.evaluation import results
from dataperf.own_data import evaluate as own

OPTIONS = ("--label", "y", "--true-label", "right")


def pool_of(path, **options) -> list[str]:
    _, data = own.load(str(path), label="y", true_label="right", **options)
    return [str(each) for each in data["own"].pool.ids]


def write(name: str, answer: dict, challenge: str = "own-repair") -> str:
    head = {"schema_version": 2, "challenge": challenge, "board": "own", "submitter": name}
    Path(f"{name}.json").write_text(json.dumps({**head, "method": name, "answer": answer}))
    return f"{name}.json"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Three repairs of a file, evaluated; then the file moved."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        path = own_board.rows(folder)
        frame = pd.read_csv(path)
        ids = pool_of(path)
        wrong = [each for each in ids if frame.y[int(each)] != frame.right[int(each)]]
        answers = [
            write("ana", {"relabel": {each: frame.right[int(each)] for each in wrong}}),
            write("bo", {"drop": wrong[:2]}),
            write("cy", {"drop": ids[:2]}),
        ]
        run("evaluate", "--data", path, *OPTIONS, *answers)
        run("evaluate", "--data", path, *OPTIONS, "--seed", "3", write("di", {}))
        (folder / "elsewhere").mkdir()
        path.rename(folder / "elsewhere" / "moved.csv")
    return folder


@pytest.fixture
def here(kept, monkeypatch):
    monkeypatch.chdir(kept)
    return kept


def ranked(*words) -> list[dict]:
    return json.loads(run("leaderboard", *words, "--json"))


def test_results_of_own_data_are_ranked_among_their_own_kind(here):
    boards = ranked("--data", "elsewhere/moved.csv")
    found = {each["board"]: [row["submitter"] for row in each["rows"]] for each in boards}
    assert {name: sorted(rows) for name, rows in found.items()} == {
        "own": ["ana", "bo", "cy"],
        "own (seed 3)": ["di"],
    }
    assert ranked("-c", "own-repair", "--data", "elsewhere/moved.csv") == boards
    assert ranked("-c", "own-cleaning", "--data", "elsewhere/moved.csv") == []


def test_ranking_own_data_needs_the_data(here):
    assert "--data FILE" in run("leaderboard", "-c", "own-repair", code=2)
    assert "name a challenge" in run("leaderboard", code=2)
    assert "no challenge of own data" in run(
        "leaderboard", "-c", "own-nothing", "--data", "x.csv", code=2
    )
    assert "there is no board of own data" in run(
        "leaderboard", "-c", "own-repair", "-b", "x", "--data", "elsewhere/moved.csv", code=2
    )


def test_results_of_other_data_are_named_and_not_ranked(here):
    frame = pd.read_csv("elsewhere/moved.csv")
    frame.loc[0, "e"] += 1
    frame.to_csv("changed.csv", index=False)
    frame.drop(columns="right").to_csv("other.csv", index=False)
    for name, reason in (
        ("changed.csv", "other data: the result"),
        ("other.csv", "cannot be read"),
    ):
        boards = ranked("--data", name)
        assert not any(each["rows"] for each in boards)
        unranked = [row for each in boards for row in each["unranked"]]
        assert len(unranked) == 4 and all(reason in row["reason"] for row in unranked)
        assert all(Path("dataperf-results", row["file"]).is_file() for row in unranked)


def test_a_script_ranks_and_verifies_own_data(here):
    frame = pd.read_csv("elsewhere/moved.csv")
    found = dataperf.read_results("dataperf-results")
    with pytest.raises(DataperfError, match="different options"):
        dataperf.leaderboard("own-repair", results=found, data=frame)
    mine = [each for each in found if "seed" not in each.own_data]
    board = dataperf.leaderboard("own-repair", results=mine, data=frame)
    assert len(board.rows) == 3
    assert dataperf.verify(mine[0], data=frame).ok
    assert dataperf.verify(mine[0], data="elsewhere/moved.csv").ok
    assert dataperf.leaderboard("own-repair", results=[], data=frame).rows == []


def test_results_are_verified_where_the_data_lies_now(here):
    words = ("verify", "--results", "dataperf-results")
    rows = json.loads(run(*words, "--data", "elsewhere/moved.csv", "--json"))
    assert len(rows) == 4 and all(row["ok"] and not row["notes"] for row in rows)
    frame = pd.read_csv("elsewhere/moved.csv")
    frame.iloc[::-1].to_csv("turned.csv", index=False)
    rows = json.loads(run(*words, "--data", "turned.csv", "--json", code=1))
    assert all("turned.csv has changed" in row["problems"][0] for row in rows)


def test_verify_opens_nothing_that_a_record_names(here, tmp_path, monkeypatch):
    """Neither a path nor a download, even if the place is there."""
    (good,) = _records(here, "ana")
    opened = []
    monkeypatch.setattr(own, "read", lambda source, **_: opened.append(source) or 1 / 0)
    for place in ("hf:somebody/data", "/", str(here / "elsewhere" / "moved.csv"), "~"):
        path = forge(good, tmp_path, lambda each: each["own_data"].update(source=place))  # noqa: B023
        text = run("verify", path, code=1)
        assert "Give the data: dataperf verify RESULT --data FILE" in text
    assert opened == []


def _records(folder: Path, who: str) -> list[Path]:
    found = (folder / "dataperf-results").rglob("*.json")
    return [path for path in found if json.loads(path.read_text())["submission"]["method"] == who]


def forge(path: Path, folder: Path, change) -> Path:
    """Return a changed record under the name of its new content."""
    content = json.loads(path.read_text())
    change(content)
    made = (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
    forged = folder / f"{files.digest_bytes(made)[: results.NAME_LENGTH]}.json"
    forged.write_bytes(made)
    return forged


def _turned(mapping: dict) -> dict:
    return dict(reversed(mapping.items()))


def _turn(content: dict, *places: str) -> None:
    inside = content
    for place in places[:-1]:
        inside = inside[place]
    inside[places[-1]] = _turned(inside[places[-1]])


def _task(content: dict) -> dict:
    return content["tasks"]["own"]


#: A change of a record, and the words that verify has for it.
FORGED = {
    "order of metrics": (
        lambda each: _turn(each, "tasks", "own", "splits", "test", "metrics"),
        "metrics: the order differs",
    ),
    "another task": (
        lambda each: each["tasks"].update(more=_task(each)),
        "tasks",
    ),
    "another split": (
        lambda each: _task(each)["splits"].update(more=_task(each)["splits"]["test"]),
        "tasks.own.splits",
    ),
    "the data's digest": (
        lambda each: each["provenance"]["digests"].update(data="0" * 64),
        "moved.csv has changed",
    ),
    "no digest of the data": (
        lambda each: each["provenance"]["digests"].pop("data"),
        "provenance.digests.data",
    ),
    "another digest": (
        lambda each: each["provenance"]["digests"].update(more="0" * 64),
        "provenance.digests: 'more'",
    ),
    "who": (lambda each: each["submission"].update(submitter="Eve"), "submitter 'Eve'"),
    "method": (lambda each: each["submission"].update(method="magic"), "who made it, or how"),
    "division": (lambda each: each["submission"].update(division="closed"), "division closed"),
    "cost declared": (
        lambda each: each["submission"].update(declared_cost={"cpu_seconds": 0.0}),
        "declared_cost",
    ),
    "board": (
        lambda each: each["submission"].update(board="other"),
        "its submission is to own-repair/other",
    ),
    "challenge": (
        lambda each: each["submission"].update(challenge="own-selection"),
        "its submission is to own-selection/own",
    ),
    "track": (lambda each: each["own_data"].update(track="selection"), "own_data.track"),
    "option": (lambda each: each["own_data"].update(seed=7), "has changed"),
    "a time that is not one": (
        lambda each: each["provenance"].update(started="yesterday"),
        "provenance.started: 'yesterday'",
    ),
    "a time that sorts first": (
        lambda each: each["provenance"].update(started="0001-01-01"),
        "provenance.started: '0001-01-01'",
    ),
    "a time elsewhere": (
        lambda each: each["provenance"].update(started="2026-01-01T00:00:00.000+05:00"),
        "expected ISO 8601 in UTC",
    ),
    "a time to come": (
        lambda each: each["provenance"].update(started="9999-01-01T00:00:00.000+00:00"),
        "lies in the future",
    ),
    "seconds": (lambda each: each["provenance"].update(seconds=-1.0), "provenance.seconds"),
    "training time": (lambda each: each["cost"].update(train_seconds=-1.0), "cost.train_seconds"),
    "rows trained on": (lambda each: each["cost"].update(train_rows=1), "cost.train_rows"),
    "a note": (lambda each: _task(each)["notes"].append("best of all"), "tasks.own.notes"),
    "a summary": (lambda each: each["summary"].update(more=1.0), "summary"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_verify_names_what_was_changed(here, tmp_path, kind):
    change, words = FORGED[kind]
    (good,) = _records(here, "ana")
    path = forge(good, tmp_path, change)
    (row,) = json.loads(run("verify", path, "--data", "elsewhere/moved.csv", "--json", code=1))
    assert any(words in problem for problem in row["problems"]), row["problems"]


def test_verify_names_splits_in_another_order(here, tmp_path):
    made = dataperf.baseline("speech-selection/digits-25", "random")
    path = Path(results.keep(dataperf.evaluate(made), str(tmp_path)))
    for place in (["splits"], ["splits", "test", "per_class"]):
        forged = forge(path, tmp_path, lambda each: _turn(each, "tasks", "digits", *place))  # noqa: B023
        problems = dataperf.verify(forged).problems
        assert any("the order differs" in each for each in problems), place


def test_a_record_whose_time_is_not_one_is_not_ranked(here, tmp_path):
    """Of two with the same training sets the earlier is ranked, so a time decides."""
    (good,) = _records(here, "ana")
    forge(good, tmp_path, FORGED["a time that sorts first"][0])
    (tmp_path / good.name).write_bytes(good.read_bytes())
    (board,) = ranked("--data", "elsewhere/moved.csv", "--results", tmp_path)
    assert [row["submitter"] for row in board["rows"]] == ["ana"]
    assert "provenance.started" in board["unranked"][0]["reason"]


def test_a_record_without_a_digest_of_who_made_it_says_so(here, tmp_path):
    (good,) = _records(here, "ana")
    path = forge(
        good, tmp_path, lambda each: each["provenance"]["digests"].pop("submission_record")
    )
    (row,) = json.loads(run("verify", path, "--data", "elsewhere/moved.csv", "--json"))
    assert row["notes"] == [
        "who made the submission was not compared: the record has no digest of it"
    ]


# Results that lie elsewhere -----------------------------------------------------------------


def test_results_are_found_however_they_were_copied(here, tmp_path):
    def names(folder) -> list[str]:
        boards = ranked("--data", "elsewhere/moved.csv", "--results", folder)
        return sorted(row["submitter"] for each in boards for row in each["rows"])

    everybody = ["ana", "bo", "cy", "di"]
    assert names("dataperf-results/own-repair") == everybody
    assert names("dataperf-results/own-repair/own") == everybody
    shutil.copytree("dataperf-results", tmp_path / "all" / "ana" / "dataperf-results")
    assert names(tmp_path / "all") == everybody
    shutil.copytree("dataperf-results", tmp_path / "all" / "bo")  # the same records again
    assert names(tmp_path / "all") == everybody
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "own-repair").symlink_to(here / "dataperf-results" / "own-repair")
    (tmp_path / "link" / "again").symlink_to(tmp_path / "link")  # a circle
    assert names(tmp_path / "link") == everybody


def test_a_capital_ending_is_read_and_another_name_is_explained(here, tmp_path):
    (good,) = _records(here, "ana")
    shutil.copy(good, tmp_path / f"{good.stem}.JSON")
    shutil.copy(good, tmp_path / "ana.json")
    content = good.read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows" / good.name).write_bytes(content)
    (tmp_path / "answer.json").write_text("{}")
    found, unreadable = results.read_all(str(tmp_path))
    assert len(found) == 1
    assert f"named by its digest: {good.name}" in unreadable["ana.json"]
    assert "line ends were changed" in unreadable[f"windows/{good.name}"]
    assert "not a result" in unreadable["answer.json"]


def test_results_of_a_renamed_board_or_challenge_are_named(tmp_path, monkeypatch):
    own_board.make(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    run("evaluate", "a.json", "--results", "R")
    (path,) = Path("R").rglob("*.json")

    def renamed(**names):
        def change(each):
            each.update(names)
            each["submission"].update(names)

        return change

    Path("R/renamed").mkdir()
    forge(path, Path("R/renamed"), renamed(board="old"))
    forge(path, Path("R/renamed"), renamed(challenge="bees"))
    text = run("leaderboard", "-c", "ants", "--results", "R")
    assert "1 result of the board old, which ants does not have (boards: own)" in text
    assert "a result of bees, which is not installed here" in text
    text = run("leaderboard", "-c", "speech-selection", "--results", "R")
    assert "holds results of other challenges: ants (2), bees (1)" in text


def test_numbers_of_a_record_are_the_same_with_the_new_digest(here):
    """The digest of the whole submission is the only thing that a record gained."""
    (good,) = _records(here, "ana")
    record = results.read(good)
    assert {"board", "data", "submission", "submission_record"} <= {*record.provenance.digests}
    assert np.isfinite(record.score.value)
