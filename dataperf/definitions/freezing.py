"""What is frozen: models by ``fixed_models/frozen.txt``, boards by their challenge's own.

Both files hold lines of ``sha256  name``; for models ``sha256sum -c frozen.txt`` checks
them. A frozen thing that has changed is refused; a thing that was never frozen runs, and
its results are marked and not ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dataperf import registry
from dataperf.basics import files
from dataperf.definitions import loading as challenges
from dataperf.errors import DataperfError, DigestMismatch
from dataperf.records import Challenge
from dataperf.registry import Entry

LIST = "frozen.txt"


def read_list(path: Path) -> dict[str, str]:
    """Return name to sha256 of a ``frozen.txt``; empty if there is none."""
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    broken = [line for line in lines if len(line.split()) != 2 or len(line.split()[0]) != 64]
    if broken:
        raise DataperfError(f"{path}: not a line of 'sha256  name': {broken[0][:80]!r}")
    return {line.split()[1]: line.split()[0] for line in lines}


def model_is_frozen(entry: Entry) -> bool:
    """Return whether a fixed model is frozen.

    Raises
    ------
    DigestMismatch
        If it was frozen and has changed since.
    """
    promised = read_list(entry.folder / LIST).get(entry.path.name)
    found = files.digest_file(entry.path)
    if promised and promised != found:
        raise DigestMismatch(
            f"the frozen model {entry.path}",
            expected=promised,
            found=found,
            remedy="Restore the file; for a new recipe copy it to a new version and freeze that.",
        )
    return promised is not None


def unfrozen_parts(challenge: Challenge, board: str) -> list[str]:
    """Return what of a board is not frozen: its model, the board itself, or nothing.

    Raises
    ------
    DigestMismatch
        If the board or its model was frozen and has changed since.
    """
    names = dict.fromkeys(task.model for task in challenges.tasks_of(challenge, board).values())
    models = [registry.get("fixed_models", name) for name in names]
    parts = [f"fixed model {model.name}" for model in models if not model_is_frozen(model)]
    if challenges.is_own(challenge.name):  # our own code makes it of the data, whose digest it has
        return parts
    promised = read_list(challenges.folder_of(challenge) / LIST).get(board)
    found = challenges.digests(challenge, board)["board"]
    if promised and promised != found:
        raise DigestMismatch(
            f"the frozen board {challenge.name}/{board}",
            expected=promised,
            found=found,
            remedy="Something it depends on has changed: restore it, or raise the challenge's "
            "version,\n  take the board's line out of frozen.txt, and freeze again.",
        )
    return parts if promised else [*parts, f"board {board}"]


def freeze_model(entry: Entry) -> str:
    """Freeze a fixed model and return its sha256; freezing it again changes nothing."""
    if not model_is_frozen(entry):
        _write(entry.folder / LIST, {entry.path.name: files.digest_file(entry.path)})
    return files.digest_file(entry.path)


def check_models(challenge: Challenge) -> None:
    """Raise DataperfError if a model of the challenge is not frozen."""
    for task in challenge.tasks.values():
        entry = registry.get("fixed_models", task.model)
        if not model_is_frozen(entry):
            raise DataperfError(
                f"fixed model {entry.name} is not frozen.\n  First: dataperf freeze {entry.name}"
            )


def freeze_boards(challenge: Challenge, boards: Sequence[str]) -> dict[str, str]:
    """Freeze boards of a challenge, whose models must be frozen; return board to digest.

    Raises
    ------
    DataperfError
        If a board's model is not frozen.
    DigestMismatch
        If a board was frozen and has changed since.
    """
    check_models(challenge)
    digests = {}
    for board in boards:
        unfrozen_parts(challenge, board)  # refuses what was frozen and has changed
        digests[board] = challenges.digests(challenge, board)["board"]
    _write(challenges.folder_of(challenge) / LIST, digests)
    return digests


def _write(path: Path, added: dict[str, str]) -> None:
    lines = {**read_list(path), **added}
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines.items()))
    files.write_whole(path, text.encode())
