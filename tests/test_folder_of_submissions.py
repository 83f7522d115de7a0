"""A folder of answers: every file is read or named with the reason, and one stops no other."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import golden_speech
import own_board
import pytest
from own_board import run

import dataperf

ANTS = ("-c", "ants")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ants")
    own_board.make(folder)
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """An empty folder, with the challenge ``ants`` at hand."""
    monkeypatch.setenv("DATAPERF_PATH", str(made))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(made: Path, place: str, **changed: object) -> Path:
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.loads((made / "a.json").read_text()) | changed
    path.write_text(json.dumps({key: each for key, each in content.items() if each is not None}))
    return path


def checked(*words, code=0):
    rows = json.loads(run("check", *ANTS, *words, "--json", code=code))
    return {row["file"]: row for row in rows}


def rule(row) -> str:
    return row["problems"][0]["rule"]


def test_every_file_of_a_folder_is_read_or_named(made, here):
    for name in ("ana.json", "bob.JSON", "cyril.json.txt", "dee.jsonl", "fay.json.gz", ".gil.json"):
        put(made, f"subs/{name}", submitter=name)
    put(made, "subs/team4/answer.json", submitter="team")
    put(made, "subs/team5/round1/answer.json", submitter="team 5")
    put(made, "subs/.cache/answer.json")
    Path("subs/none").mkdir()
    Path("subs/plain").write_text("x")
    Path("subs/gone.json").symlink_to("nowhere")
    Path("subs/linked.json").symlink_to("ana.json")
    Path("subs/folder").symlink_to("team4")
    os.mkfifo("subs/pipe.json")
    rows = checked("subs", code=2)
    read = {name for name, row in rows.items() if row["valid"]}
    assert read == {
        "subs/ana.json",
        "subs/bob.JSON",
        "subs/linked.json",
        "subs/team4/answer.json",
        "subs/team5/round1/answer.json",
    }
    assert "same content as subs/ana.json" in rows["subs/linked.json"]["warnings"][-1]
    why = {name: rule(row) for name, row in rows.items() if not row["valid"]}
    assert why == {
        "subs/cyril.json.txt": "other-ending",
        "subs/dee.jsonl": "other-ending",
        "subs/fay.json.gz": "other-ending",
        "subs/.gil.json": "hidden",
        "subs/.cache": "hidden",
        "subs/none": "empty-folder",
        "subs/plain": "other-ending",
        "subs/gone.json": "broken-link",
        "subs/folder": "linked-folder",
        "subs/pipe.json": "not-a-file",
    }


def test_folders_are_looked_into_to_a_depth(made, here):
    put(made, "/".join(["d"] * 9) + "/a.json")
    assert rule(*checked("d", code=2).values()) == "too-deep"


def test_an_empty_folder_is_named(here):
    Path("none").mkdir()
    assert "this folder is empty" in run("evaluate", *ANTS, "none", code=2)
    assert [rule(row) for row in checked("none", code=2).values()] == ["empty-folder"]


def test_a_folder_that_may_not_be_listed_is_named(made, here, monkeypatch):
    put(made, "subs/a.json")
    put(made, "subs/shut/b.json")
    before = Path.iterdir

    def iterdir(path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return before(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    rows = checked("subs", code=2)
    assert rows["subs/a.json"]["valid"] and rule(rows["subs/shut"]) == "unreadable"


def test_one_bad_file_stops_no_other_and_the_summary_says_so(made, here):
    put(made, "subs/ana.json", submitter="Ana")
    put(made, "subs/bad.json", answer={"samples": ["nobody"]})
    Path("subs/cut.json").write_text("{")
    text = run("evaluate", *ANTS, "subs", "--results", "R", code=2)
    assert "Ana" in text
    assert "1 of 3 evaluated; not valid: subs/bad.json, subs/cut.json" in text
    assert len([*Path("R").rglob("*.json")]) == 1
    rows = json.loads(_json(run("evaluate", *ANTS, "subs", "--results", "S", "--json", code=2)))
    assert [row["status"] for row in rows] == ["scored", "refused", "refused"]
    assert [rule(row) for row in rows[1:]] == ["unknown-id", "not-json"]
    assert "1 of 3 valid; not valid: subs/bad.json, subs/cut.json" in run(
        "check", *ANTS, "subs", code=2
    )


def _json(text: str) -> str:
    """Return the JSON at the start of a command's output; errors follow on standard error."""
    return text[: text.rindex("\n]") + 2]


def test_a_board_without_its_data_stops_no_other(made, here):
    put(made, "subs/ana.json")
    name = {"challenge": "speech-selection", "board": "en-25", "answer": {"samples": ["x"]}}
    put(made, "subs/other.json", **name)
    rows = json.loads(run("check", "subs", "--json", code=2))
    assert [row["valid"] for row in rows] == [True, False]
    assert rule(rows[1]) == "not-checked"
    assert "1 of 2 evaluated" in run("evaluate", "subs", code=2)


def test_files_named_one_by_one_go_on_as_well(made, here):
    good, bad = put(made, "good.json"), put(made, "bad.json", answer={})
    assert "1 of 2 evaluated; not valid: bad.json" in run("evaluate", bad, good, code=2)


def test_the_submitter_of_a_file_without_one(made, here):
    anonymous = put(made, "x.json", submitter=None, method=None)
    words = ["--submitter", "Ana B", "--method", "by hand"]
    run("evaluate", anonymous, "--results", "R", *words)
    (path,) = Path("R").rglob("*.json")
    kept = json.loads(path.read_text())["submission"]
    assert (kept["submitter"], kept["method"]) == ("Ana B", "by hand")
    named = put(made, "y.json", submitter="Bo", method="sorted")
    text = run("check", named, *words, code=2)
    assert "[other-submitter]" in text and "[other-method]" in text
    assert "valid" in run("check", named, "--submitter", "Bo", "--method", "sorted")
    assert "not-one-line" in run("check", anonymous, "--submitter", "a\nb", code=2)


def test_a_folder_per_team_names_files_of_our_format_without_a_submitter(made, here):
    for team, seed in (("red ants", "a"), ("blue ants", "b")):
        Path("teams", team).mkdir(parents=True)
        content = json.loads((made / f"{seed}.json").read_text())
        del content["submitter"]
        Path("teams", team, "answer.json").write_text(json.dumps(content))
    run("evaluate", *ANTS, "teams", "--results", "R")
    found = [json.loads(path.read_text())["submission"] for path in Path("R").rglob("*.json")]
    assert sorted(each["submitter"] for each in found) == ["blue ants", "red ants"]


@pytest.fixture
def speech(here):
    """Folders of two teams whose files have the official name."""
    for team in ("clean", "noisy"):
        source = golden_speech.FOLDER / "submissions" / team / "en_25_train.json"
        Path(f"team {team}").mkdir()
        shutil.copy(source, f"team {team}")
    return ("-c", "speech-selection", "--data-dir", golden_speech.FOLDER)


def test_teams_with_official_file_names_are_named_by_their_folders(speech, here):
    files = ["team clean/en_25_train.json", "team noisy/en_25_train.json"]
    run("evaluate", *speech, *files, "--results", "R")
    text = run("leaderboard", *speech, "--results", "R")
    assert "team clean" in text and "team noisy" in text and "anonymous" not in text


def test_an_official_file_says_who_by_option_or_by_itself(speech, here):
    path = Path("team clean/en_25_train.json")
    text = run("evaluate", *speech, path, "--submitter", "Ana", "--method", "mine", "--json")
    (row,) = json.loads(text[text.index("[") : text.rindex("]") + 1])
    assert (row["submission"]["submitter"], row["submission"]["method"]) == ("Ana", "mine")
    content = json.loads(path.read_text()) | {"submitter": "Team Clean"}
    Path("en_25_who.json").write_text(json.dumps(content))
    assert "en_25_who.json: valid" in run("check", *speech, "en_25_who.json")
    text = run("check", *speech, "en_25_who.json", "--submitter", "Bo", code=2)
    assert "the file says 'Team Clean', --submitter says 'Bo'" in text


def test_folders_in_an_official_format_are_a_submission_each(here):
    """A folder of text files answers digit-cleaning; what it does not hold is refused as one."""
    for team in ("ana", "bo"):
        Path("teams", team).mkdir(parents=True)
        Path("teams", team, "linear_mine.txt").write_text("0\n1\n")
    rows = json.loads(
        run("check", "-c", "digit-cleaning", "-b", "linear", "teams", "--json", code=2)
    )
    assert [row["file"] for row in rows] == ["teams/ana", "teams/bo"]
    assert {rule(row) for row in rows} == {"not-all-rows"}


def test_a_function_that_returns_one_result_refuses_a_folder_of_several(made, here):
    for name in ("a.json", "b.json"):
        put(made, f"subs/{name}")
    for call in (
        lambda: dataperf.evaluate("subs", "ants"),
        lambda: dataperf.evaluate_data(made / "rows.csv", "subs", label="y"),
    ):
        with pytest.raises(dataperf.Invalid, match="subs holds 2 submissions"):
            call()


def test_unranked_lines_name_the_file(made, here):
    run("evaluate", put(made, "a.json"), "--results", "R")
    (path,) = Path("R").rglob("*.json")
    text = run("leaderboard", *ANTS, "--results", "R")  # the board is not frozen
    assert "not ranked" in text and path.stem in text.replace("\n", "")
    (board,) = json.loads(run("leaderboard", *ANTS, "--results", "R", "--json"))
    assert board["unranked"][0]["file"] == f"ants/own/{path.name}"
