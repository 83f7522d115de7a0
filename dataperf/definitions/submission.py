"""A participant's file to a checked Submission; the evaluator runs this very code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataperf import plugin_calls, registry
from dataperf.basics import validation
from dataperf.basics.json_files import _content, compact_json, parse_json
from dataperf.definitions import data
from dataperf.definitions import loading as challenges
from dataperf.errors import Invalid, Problem, did_you_mean
from dataperf.records import Challenge, Submission, TaskData

MOST_FILES = 1000


def read(
    path: Path, challenge: Challenge, board: str | None = None, *, official: bool = False
) -> Submission:
    """Return the submission in a file: our manifest, or a format that the track knows.

    Parameters
    ----------
    path
        A JSON file of at most 256 MiB; for tracks whose official answers are text files,
        also such a file or a folder of them.
    challenge
        What it answers.
    board
        The board it answers; needed for foreign formats that do not name one.
    official
        Whether to read it as leniently as the official evaluator does.

    Raises
    ------
    Invalid
        If the file is not a submission to this challenge; every problem is listed.
    """
    track = registry.load("tracks", challenge.track)
    if hasattr(track, "read_files") and (path.is_dir() or path.suffix != ".json"):
        return _read_files(track, path, challenge, board, official)
    content = parse_json(_content(path), str(path), lenient=official)
    told: dict[str, Any] = {"subject": str(path), "filename": path.name, "official": official}
    return parse(content, challenge, board, **told)


def _read_files(
    track: Any, path: Path, challenge: Challenge, board: str | None, official: bool
) -> Submission:
    """Return the submission in one text file or a folder of them."""
    board = board or (next(iter(challenge.boards)) if len(challenge.boards) == 1 else None)
    if board is None:
        boards = ", ".join(challenge.boards)
        what = "this format does not say which board it answers"
        problem = Problem("no-board", "", what, f"give --board, one of {boards}")
        raise Invalid(str(path), [problem])
    asked = challenges.board_of(challenge, board)
    contents = _contents(path)
    try:
        with plugin_calls.naming(("tracks", track)):
            answer, problems = track.read_files(contents, asked, official=official)
    except ValueError as error:  # such as a number of more digits than Python reads
        raise Invalid(str(path), [Problem("unreadable", "", str(error))]) from error
    if problems:
        raise Invalid(str(path), problems)
    content = {
        "schema_version": 2,
        "challenge": challenge.name,
        "board": board,
        "method": path.stem[:100],
        "answer": answer,
    }
    return parse(content, challenge, board, subject=str(path))


def _contents(path: Path) -> dict[str, bytes]:
    """Return the bytes of a file, or of all visible files of a folder, within bounds."""
    if not path.is_dir():
        return {path.name: _content(path)}
    files = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    if len(files) > MOST_FILES:
        what = f"{len(files):,} files"
        raise Invalid(str(path), [Problem("too-many", "", what, f"at most {MOST_FILES}")])
    return {each.name: _content(each) for each in files if each.is_file()}


def files_of(path: Path, challenge: Challenge | None = None) -> list[Path]:
    """Return the answers that a path names: a folder stands for the JSON files in it.

    Not where there are none, nor where a folder may be one answer itself: where the track
    knows such and other files lie in it.
    """
    if not path.is_dir():
        return [path]
    seen = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    answers = [each for each in seen if each.suffix == ".json"]
    track = registry.load("tracks", challenge.track) if challenge else None
    if not answers or (len(answers) < len(seen) and hasattr(track, "read_files")):
        return [path]
    return answers


def parse(
    content: Any,
    challenge: Challenge,
    board: str | None = None,
    *,
    subject: str = "submission",
    filename: str = "",
    official: bool = False,
) -> Submission:
    """Return the submission that parsed JSON describes; see `read`."""
    if not isinstance(content, dict):
        problem = Problem("wrong-type", "", f"a JSON {type(content).__name__}", "a JSON object")
        raise Invalid(subject, [problem])
    track = registry.load("tracks", challenge.track)
    try:
        with plugin_calls.naming(("tracks", track)):
            foreign = track.read(content, official=official)
    except Invalid as error:
        raise Invalid(subject, error.problems) from None
    if foreign is not None:
        named = board or _board_in(filename, challenge)
        if named is None:
            boards = ", ".join(challenge.boards)
            what = "this format does not say which board it answers"
            raise Invalid(
                subject, [Problem("no-board", "", what, f"give --board, one of {boards}")]
            )
        content = {
            "schema_version": 2,
            "challenge": challenge.name,
            "board": named,
            "method": Path(filename).stem[:100],
            "answer": foreign,
        }
    submission, problems = _validated(Submission, content, subject)
    if submission is not None:
        problems += _address_problems(submission, challenge, board)
    if isinstance(content.get("answer"), dict):
        problems += _validated(track.Answer, content["answer"], subject, "answer")[1]
    if submission is None or problems:
        raise Invalid(subject, problems)
    return submission


def _validated(
    model: type[validation.AnyRecord], content: Any, subject: str, place: str = ""
) -> tuple[validation.AnyRecord | None, list[Problem]]:
    """Return the content as a record, or None with what is wrong, so that more can be looked at."""
    try:
        return validation.validate(model, content, subject, place), []
    except Invalid as error:
        return None, list(error.problems)


def _address_problems(
    submission: Submission, challenge: Challenge, board: str | None
) -> list[Problem]:
    problems = []
    if submission.challenge != challenge.name:
        what = f'answers "{submission.challenge}"'
        problems.append(Problem("other-challenge", "challenge", what, f'"{challenge.name}"'))
    elif submission.board not in challenge.boards:
        hint = did_you_mean(submission.board, challenge.boards)
        there = f"boards: {', '.join(challenge.boards)}. {hint}".rstrip()
        problems.append(Problem("unknown-board", "board", f'"{submission.board}"', there))
    elif board is not None and submission.board != board:
        what = f'answers board "{submission.board}", asked for "{board}"'
        problems.append(Problem("other-board", "board", what))
    return problems


def _board_in(filename: str, challenge: Challenge) -> str | None:
    """Return the board that an official file name tells: ``en_25_train.json`` is en-25."""
    match = re.match(r"([a-z]+)[_-](\d+)", filename)
    board = f"{match[1]}-{match[2]}" if match else None
    return board if board in challenge.boards else None


def check(
    submission: Submission,
    challenge: Challenge | str,
    loaded: Mapping[str, TaskData] | None = None,
    *,
    official: bool = False,
) -> list[str]:
    """Check an answer against the board's data and rules; return the warnings.

    ``official`` accepts all that the official evaluator accepts.

    Raises
    ------
    Invalid
        If there is any error; every problem, warnings included, is listed.
    """
    challenge = challenges.of(challenge)
    loaded = loaded or board_data(challenge, submission.board)
    track = registry.load("tracks", challenge.track)
    answer = validation.validate(track.Answer, submission.answer, "submission", "answer")
    rules = challenges.rules_of(challenge, submission.board)
    with plugin_calls.calling("tracks", track, "check(answer, rules, data, *, official)"):
        problems = list(track.check(answer, rules, loaded, official=official))
    if any(problem.severity == "error" for problem in problems):
        raise Invalid(f"submission to {challenge.name}/{submission.board}", problems)
    return [str(problem) for problem in problems]


def board_data(challenge: Challenge | str, board: str) -> dict[str, TaskData]:
    """Load the data of every task of a board, by the task's name."""
    return data.board_data(challenges.tasks_of(challenges.of(challenge), board))


def dump(submission: Submission) -> str:
    """Return a submission as the JSON that is written to a file."""
    content = submission.model_dump(mode="json", exclude_none=True)
    return compact_json(content)


def load(
    path: Path | str,
    challenge: Challenge | str,
    board: str | None = None,
    *,
    official: bool = False,
) -> Submission:
    """Read a submission to a challenge given by name or record; see `read`."""
    return read(Path(path), challenges.of(challenge), board, official=official)
