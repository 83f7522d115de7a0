"""Freeze models and boards, and check the digests of what is frozen.

Models are listed in ``fixed_models/frozen.txt``, boards in the ``frozen.txt`` of their challenge.
Each line is ``sha256  name``.

A model has a line for its file and one for each other file that it rests on, such as weights or a
module next to it. ``sha256sum -c frozen.txt`` checks them.

A challenge has three kinds of lines. ``BOARD`` is the digest that a board is checked against.
``BOARD:data`` is the digest of its data. ``KIND/FILE`` is the digest of a file that the boards rest
on, so that an error can name the file that changed. `dataperf.registry.parts` defines what a board
rests on.

A frozen model or board that has changed is refused. One that was never frozen runs, but its
results are marked and not ranked. Results on other data than the frozen data are not ranked either.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from dataperf import registry
from dataperf.basics import files
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError, DigestMismatch, Unavailable
from dataperf.records import Challenge, TaskData
from dataperf.registry import Entry

LIST = "frozen.txt"
#: Characters of a digest in a sentence.
SHORT = 8


def read_list(path: Path) -> dict[str, str]:
    """Return name to sha256 of a ``frozen.txt``; empty if there is none.

    Raises
    ------
    DataperfError
        If a line is not ``sha256  name``.
    """
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    words = [line.split(maxsplit=1) for line in lines]
    broken = [line for line, each in zip(lines, words) if len(each) != 2 or len(each[0]) != 64]
    if broken:
        raise DataperfError(f"{path}: not a line of 'sha256  name': {broken[0][:80]!r}")
    return {name.strip(): digest for digest, name in words}


def model_is_frozen(entry: Entry) -> bool:
    """Return whether a fixed model is frozen.

    Raises
    ------
    DigestMismatch
        If it was frozen and has changed since, or a file that it rests on has.
    """
    promised = read_list(entry.folder / LIST)
    if entry.path.name not in promised:
        return False
    parts = _model_parts(entry)
    for name, part in parts.items():
        if promised.get(name) != part.digest:
            raise DigestMismatch(
                f"the frozen model {entry.name}: {part.path}",
                expected=promised.get(name, "none: it was not there when the model was frozen"),
                found=part.digest,
                remedy="Restore the file; for a new recipe copy the model to a new version "
                "and freeze that.",
            )
    gone = [name for name in promised if name not in parts and registry.names(entry, name)]
    if gone:
        raise DataperfError(
            f"the frozen model {entry.name} lacks {', '.join(gone)} in {entry.folder}.\n"
            "  Restore what is missing."
        )
    return True


def _model_parts(entry: Entry) -> dict[str, registry.Part]:
    """Return the files that a model rests on, by their path in its folder."""
    found = registry.parts(entry).values()
    outside = [str(part.path) for part in found if not part.path.is_relative_to(entry.folder)]
    if outside:
        raise DataperfError(
            f"the fixed model {entry.path} rests on files of another folder: {', '.join(outside)}\n"
            "  Move them into the model's folder; a model imports no plug-in."
        )
    return {part.path.relative_to(entry.folder).as_posix(): part for part in found}


def unfrozen_parts(
    challenge: Challenge, board: str, *, data: Mapping[str, TaskData] | None = None
) -> list[str]:
    """Return the parts of a board that are not frozen: its models, the board itself, its data.

    Parameters
    ----------
    challenge, board
        The board.
    data
        The data of its tasks, to compare with the frozen digest.

    Raises
    ------
    DigestMismatch
        If the board or its model was frozen and has changed since.
    """
    names = dict.fromkeys(task.model for task in challenges.tasks_of(challenge, board).values())
    models = [registry.get("fixed_models", name) for name in names]
    parts = [f"fixed model {model.name}" for model in models if not model_is_frozen(model)]
    if challenges.is_own(challenge.name):  # made by our code from data with a digest
        return parts
    promised = read_list(challenges.folder_of(challenge) / LIST)
    if board not in promised:
        return [*parts, f"board {board}"]
    found = challenges.digests(challenge, board)["board"]
    if promised[board] != found:
        raise DigestMismatch(
            f"the frozen board {challenge.name}/{board}",
            expected=promised[board],
            found=found,
            remedy=f"{' '.join(changes(challenge, board))}\n  Restore it, or freeze a new version: "
            f"dataperf freeze {challenge.name} --new-version",
        )
    if data is not None and promised.get(_data_line(board), data_digest(data)) != data_digest(data):
        parts.append(f"data of {board} (it differs from the data that was frozen)")
    return parts


def _data_line(board: str) -> str:
    return f"{board}:data"


def changes(challenge: Challenge, board: str) -> list[str]:
    """Return which files of a board have changed since it was frozen, with short digests.

    Returns
    -------
    list of str
        At most three sentences, on what changed, is new and is gone; empty if nothing did.
    """
    folder = challenges.folder_of(challenge)
    promised, parts = read_list(folder / LIST), challenges.parts(challenge, board)
    changed = [
        f"{part.path} ({_old_to_new(promised[name], part.digest)})"
        for name, part in parts.items()
        if promised.get(name) not in (None, part.digest)
    ]
    known = [name for name in promised if "/" in name]
    added = [
        f"{part.path} ({part.digest[:SHORT]})"
        for name, part in parts.items()
        if known and name not in promised
    ]
    used = {name for each in challenge.boards for name in challenges.parts(challenge, each)}
    gone = [f"{name} (was {promised[name][:SHORT]})" for name in known if name not in used]
    digest = challenges.digests(challenge, board)["board"]
    if not (changed or added or gone) and promised.get(board) not in (None, digest):
        changed = [f"{folder / 'challenge.toml'} ({_old_to_new(promised[board], digest)})"]
    listed = (("Changed", changed), ("New", added), ("Gone", gone))
    return [f"{word}: {', '.join(names)}." for word, names in listed if names]


def changed_data(challenge: Challenge, board: str) -> str:
    """Return a sentence if a board's data is not what was frozen; "" if it is, or is not here."""
    frozen = read_list(challenges.folder_of(challenge) / LIST).get(_data_line(board))
    with contextlib.suppress(Unavailable):
        found = data_digest(submission.board_data(challenge, board))
        if frozen not in (None, found):
            return f"Changed: the data of {board} ({_old_to_new(str(frozen), found)})."
    return ""


def _old_to_new(old: str, new: str) -> str:
    return f"{old[:SHORT]} → {new[:SHORT]}"


def changed_parts(challenge: Challenge) -> list[str]:
    """Return the message of every board that was frozen and has changed since."""
    found = []
    for board in challenge.boards:
        try:
            unfrozen_parts(challenge, board)
        except DigestMismatch as error:
            found.append(str(error))
    return found


def freeze_model(entry: Entry) -> str:
    """Freeze a fixed model with the files that it rests on; return its file's sha256.

    Freezing it again changes nothing.

    Raises
    ------
    DigestMismatch
        If it was frozen and has changed since.
    DataperfError
        If it rests on files outside of its folder.
    """
    parts = _model_parts(entry)
    if not model_is_frozen(entry):
        path = entry.folder / LIST
        _write(path, read_list(path) | {name: part.digest for name, part in parts.items()})
    return parts[entry.path.name].digest


def check_models(challenge: Challenge) -> None:
    """Raise DataperfError if a model of the challenge is not frozen."""
    for task in challenge.tasks.values():
        entry = registry.get("fixed_models", task.model)
        if not model_is_frozen(entry):
            raise DataperfError(
                f"fixed model {entry.name} is not frozen.\n  First: dataperf freeze {entry.name}"
            )


def freeze_boards(
    challenge: Challenge, boards: Sequence[str], *, new_version: bool = False
) -> dict[str, str]:
    """Freeze boards of a challenge, whose models must be frozen; return board to digest.

    The digest of the data is frozen too if the data is on this machine.

    Parameters
    ----------
    challenge, boards
        What to freeze.
    new_version
        Forget what was frozen before: the challenge has a new version.

    Raises
    ------
    DataperfError
        If a board's model is not frozen.
    DigestMismatch
        If a board was frozen and has changed since.
    """
    check_models(challenge)
    path = challenges.folder_of(challenge) / LIST
    before = {} if new_version else read_list(path)
    used = {name for each in challenge.boards for name in challenges.parts(challenge, each)}
    lines = {name: digest for name, digest in before.items() if "/" not in name or name in used}
    digests = {}
    for board in boards:
        if not new_version:
            unfrozen_parts(challenge, board)  # raises if a frozen file has changed
        if board not in before:
            lines.pop(_data_line(board), None)
        with contextlib.suppress(Unavailable):  # missing data cannot be frozen
            found = data_digest(submission.board_data(challenge, board))
            lines.setdefault(_data_line(board), found)
        digests[board] = challenges.digests(challenge, board)["board"]
        lines |= {name: part.digest for name, part in challenges.parts(challenge, board).items()}
    _write(path, lines | digests)
    return digests


def _write(path: Path, lines: Mapping[str, str]) -> None:
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines.items()))
    files.write_whole(path, text.encode())
