"""Read a submission file and check it; ``check`` and ``evaluate`` both run this code."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dataperf import plugin_calls, registry
from dataperf.basics import validation
from dataperf.basics.json_files import as_json, compact_json, load_json, read_content, room_for
from dataperf.basics.wording import plural
from dataperf.definitions import answer_ids, data
from dataperf.definitions import loading as challenges
from dataperf.definitions.who import CREDITS, NOBODY, Who, credited
from dataperf.errors import DataperfError, Invalid, NotFound, Problem, did_you_mean
from dataperf.records import Challenge, Submission, TaskData

MOST_FILES = 1000
_JSON_NAMES = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string"}


#: Called with a line for what is read otherwise than it is written.
Messages = Callable[[str], None]


def _silent(words: str) -> None:
    pass


def read(
    path: Path,
    challenge: Challenge,
    board: str | None = None,
    *,
    official: bool = False,
    who: Who = NOBODY,
    on_message: Messages = _silent,
) -> Submission:
    """Return the submission in a file, in our own format or one that the track knows.

    Parameters
    ----------
    path
        A JSON file of at most 32 MiB, or more if the ids of the challenge's data need it; for tracks
        whose official answers are text files, also such a file of at most 256 MiB or a folder of
        them.
    challenge
        The challenge that it answers.
    board
        The board that it answers; needed for official formats, which do not name one.
    official
        Whether to read it as leniently as the official evaluator does.
    who
        Who made it, where the file does not say so.
    on_message
        See `parse`.

    Raises
    ------
    Invalid
        If the file is not a submission to this challenge; every problem is listed.
    """
    track = registry.load("tracks", challenge.track)
    if hasattr(track, "read_files") and (path.is_dir() or path.suffix.lower() != ".json"):
        return _read_files(track, path, challenge, board, official, who)
    content = load_json(path, lenient=official, room=lambda content: _room(challenge))
    options: dict[str, Any] = {"subject": str(path), "filename": path.name, "official": official}
    return parse(content, challenge, board, **options, who=who, on_message=on_message)


def content_of(
    given: Path | str | Mapping[str, Any] | Submission,
    *,
    room: Callable[[bytes], int] = lambda content: 0,
) -> Any:
    """Return what a file, a dict or a record says, in the form of a file.

    Parameters
    ----------
    given
        The submission.
    room
        See `dataperf.basics.json_files.load_json`.

    Raises
    ------
    Invalid
        If the file does not hold strict JSON, or the dict holds what JSON cannot.
    """
    if isinstance(given, str | Path):
        return load_json(Path(given), room=room)
    if isinstance(given, Submission):
        given = given.model_dump(exclude_none=True)
    return as_json(given)


def _room(challenge: Challenge) -> int:
    """Return how many bytes the ids of a challenge can need in a JSON file."""
    try:
        found = data.board_data(challenge.tasks).values()
    except DataperfError:  # without its data nothing is evaluated
        return 0
    return sum(room_for(part.pool.ids) for part in found)


def read_named(
    path: Path,
    board: str | None = None,
    *,
    official: bool = False,
    who: Who = NOBODY,
    on_message: Messages = _silent,
) -> tuple[Submission, Challenge]:
    """Return the submission in a file, and the challenge that the file names.

    Raises
    ------
    Invalid
        If the file names no challenge, as official formats don't, or is not a submission to it.
    """
    if path.is_dir() or (path.exists() and path.suffix.lower() != ".json"):
        raise Invalid(str(path), [_no_challenge("this format does not name its challenge")])
    content = load_json(path, lenient=official, room=_room_of_named)
    challenge = challenge_in(content, str(path))
    options: dict[str, Any] = {"subject": str(path), "filename": path.name, "official": official}
    options |= {"who": who, "on_message": on_message}
    return parse(content, challenge, board, **options), challenge


def _room_of_named(content: bytes) -> int:
    """Return how many bytes the ids of the challenge can need that a large file seems to name."""
    named = re.search(rb'"challenge"\s*:\s*"([A-Za-z0-9._-]+)"', content)
    try:
        return _room(challenges.load(named[1].decode())) if named else 0
    except DataperfError:  # parsing a smaller file would say so
        return 0


def challenge_in(content: Any, subject: str) -> Challenge:
    """Return the challenge that the content of a submission names.

    Raises
    ------
    Invalid
        If it names none, one that is not installed, or your own data.
    """
    check_object(content, subject)
    named = content.get("challenge")
    if named is None:
        raise Invalid(subject, [_no_challenge("the submission does not name its challenge")])
    if not isinstance(named, str):
        problem = Problem("wrong-type", "challenge", validation.shown(named), "a challenge's name")
        raise Invalid(subject, [problem])
    if challenges.is_own(named):
        what = f"{validation.shown(named)} stands for your own data, which is not installed"
        raise Invalid(subject, [Problem("own-data", "challenge", what, "give the data: --data")])
    try:
        return challenges.load(named)
    except NotFound:
        known = registry.find("challenges")
        what = f"there is no challenge named {validation.shown(named)}"
        hint = did_you_mean(named[:64], known) or f"one of {', '.join(sorted(known))}"
        raise Invalid(subject, [Problem("unknown-challenge", "challenge", what, hint)]) from None


def check_object(content: Any, subject: str) -> None:
    """Raise Invalid if the content of a submission is not an object, whatever it should name."""
    if not isinstance(content, dict):
        kind = _JSON_NAMES.get(type(content), type(content).__name__)
        raise Invalid(subject, [Problem("wrong-type", "", f"a JSON {kind}", "a JSON object")])


def _no_challenge(what: str) -> Problem:
    return Problem("no-challenge", "challenge", what, "give the challenge: --challenge NAME")


def _read_files(
    track: Any, path: Path, challenge: Challenge, board: str | None, official: bool, who: Who
) -> Submission:
    """Return the submission in one text file or a folder of them."""
    board = board or (next(iter(challenge.boards)) if len(challenge.boards) == 1 else None)
    if board is None:
        raise Invalid(str(path), [_no_board(challenge)])
    rules = challenges.board_of(challenge, board)
    contents = _contents(path)
    with plugin_calls.naming(("tracks", track)):
        try:
            answer, problems = track.read_files(contents, rules, official=official)
        except ValueError as error:  # such as a number of more digits than Python reads
            raise Invalid(str(path), [Problem("unreadable", "", str(error))]) from error
    if problems:
        raise Invalid(str(path), problems)
    content = _in_our_format(answer, challenge, board, path.name if who.method is None else "")
    return parse(content, challenge, board, subject=str(path), who=who)


def _no_board(challenge: Challenge) -> Problem:
    what = "this format does not say which board it answers"
    return Problem("no-board", "", what, f"give --board, one of {', '.join(challenge.boards)}")


def _in_our_format(answer: Any, challenge: Challenge, board: str, filename: str) -> dict[str, Any]:
    return {
        "schema_version": 2,
        "challenge": challenge.name,
        "board": board,
        "method": Path(filename).stem[:100],
        "answer": answer,
    }


def _contents(path: Path) -> dict[str, bytes]:
    """Return the bytes of a file, or of all visible files of a folder, within bounds."""
    if not path.is_dir():
        return {path.name: read_content(path)}
    files = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    if len(files) > MOST_FILES:
        what = plural(len(files), "file")
        raise Invalid(str(path), [Problem("too-many", "", what, f"at most {MOST_FILES}")])
    return {each.name: read_content(each) for each in files if each.is_file()}


def parse(
    content: Any,
    challenge: Challenge,
    board: str | None = None,
    *,
    subject: str = "submission",
    filename: str = "",
    official: bool = False,
    who: Who = NOBODY,
    loaded: Mapping[str, TaskData] | None = None,
    on_message: Messages = _silent,
) -> Submission:
    """Return the submission that parsed JSON describes; see `read`.

    Ids that are numbers, as data frames write them, are read as the ids of the board's data that
    they stand for (`dataperf.definitions.answer_ids`).

    Parameters
    ----------
    content
        What the JSON holds.
    challenge, board, official, who
        As in `read`.
    subject, filename
        The file's path, for errors, and its name, which names the board of official formats.
    loaded
        The data of the board's tasks if it is loaded already.
    on_message
        Called with a line if ids are read otherwise than they are written.

    Raises
    ------
    Invalid
        If it is not a submission to this challenge; every problem is listed.
    """
    check_object(content, subject)
    track = registry.load("tracks", challenge.track)
    content = _translated(track, content, challenge, board, subject, filename, official, who)
    content, problems = credited(content, who)
    if isinstance(content.get("answer"), dict):
        data = partial(answer_ids.data_of, loaded, challenge, content.get("board"))
        answer, notes, wrong = answer_ids.settled(
            content["answer"], track.Answer, data, own=challenges.is_own(challenge.name)
        )
        content, problems = {**content, "answer": answer}, problems + wrong
        for note in notes:
            on_message(f"{subject}: {note}")
    submission, more = _validated(Submission, content, subject)
    problems += more
    if submission is not None:
        problems += address_problems(submission, challenge, board)
    if isinstance(content.get("answer"), dict):
        places = {each.where for each in problems if each.where}
        wrong = _validated(track.Answer, content["answer"], subject, "answer")[1]
        problems += [each for each in wrong if not _lies_in(each.where, places)]
    if submission is None or problems:
        raise Invalid(subject, problems)
    return submission


def _lies_in(place: str, others: Collection[str]) -> bool:
    """Return whether a place is one of others or inside of one: answer.drop[0].int."""
    return any(place == each or place.startswith(f"{each}.") for each in others)


def _translated(
    track: Any,
    content: dict[str, Any],
    challenge: Challenge,
    board: str | None,
    subject: str,
    filename: str,
    official: bool,
    who: Who,
) -> dict[str, Any]:
    """Return content in our own format, also of a file in a JSON format that the track knows."""
    ours = "answer" in content
    said = {} if ours else {key: content[key] for key in CREDITS if key in content}
    bare = {key: value for key, value in content.items() if key not in said}
    try:
        with plugin_calls.naming(("tracks", track)):
            foreign = track.read(bare, official=official)
    except Invalid as error:
        raise Invalid(subject, error.problems) from None
    if foreign is None:
        return content
    named = board or _board_in(filename, challenge)
    if named is None:
        raise Invalid(subject, [_no_board(challenge)])
    unnamed = who.method is not None and "method" not in said
    return _in_our_format(foreign, challenge, named, "" if unnamed else filename) | said


def _validated(
    model: type[validation.AnyRecord], content: Any, subject: str, place: str = ""
) -> tuple[validation.AnyRecord | None, list[Problem]]:
    """Return the content as a record, or None, with its problems, so that checks can go on."""
    try:
        return validation.validate(model, content, subject, place), []
    except Invalid as error:
        return None, list(error.problems)


def address_problems(
    submission: Submission, challenge: Challenge, board: str | None
) -> list[Problem]:
    """Return what is wrong with the challenge and the board that a submission names."""
    problems = []
    if submission.challenge != challenge.name:
        what = f'answers "{submission.challenge}"'
        problems.append(Problem("other-challenge", "challenge", what, f'"{challenge.name}"'))
    elif submission.board not in challenge.boards:
        hint = did_you_mean(submission.board, challenge.boards)
        there = f"boards: {', '.join(challenge.boards)}. {hint}".rstrip()
        problems.append(Problem("unknown-board", "board", f'"{submission.board}"', there))
    elif board is not None and submission.board != board:
        what = f'answers board "{submission.board}", not "{board}"'
        problems.append(Problem("other-board", "board", what))
    return problems


def _board_in(filename: str, challenge: Challenge) -> str | None:
    """Return the board that an official file name holds: ``en_25_train.json`` is en-25."""
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
    """Check a submission against the board's data and rules; return the warnings.

    Parameters
    ----------
    submission, challenge
        The submission, and the challenge that it answers.
    loaded
        The data of the board's tasks if it is loaded already.
    official
        Accept everything that the official evaluator accepts.

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
