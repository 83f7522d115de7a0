"""Find what there is to verify in a folder: of results, or of a challenge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataperf.boards import reference_points
from dataperf.definitions import freezing
from dataperf.definitions import loading as challenges
from dataperf.errors import DataperfError
from dataperf.evaluation import results


@dataclass(frozen=True)
class Board:
    """A board to verify: the file of its challenge, and its name."""

    challenge: Path
    board: str


def expand(files: Sequence[Path]) -> list[Path | Board]:
    """Return files as they are, and for each folder what is to be verified in it.

    A folder of results, or any folder in it, stands for its records. The folder of a challenge
    stands for its boards and the records in it; its other files are not results.

    Raises
    ------
    DataperfError
        If a folder holds nothing to verify.
    """
    found: list[Path | Board] = []
    for file in files:
        inside = list(_inside(file)) if file.is_dir() else [file]
        if not inside:
            raise DataperfError(f"{file} holds no results: expected records (.json) in it")
        found += inside
    return found


def under(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return names of kept results, each wanted folder replaced by the names in it.

    >>> under(["a/b/1.json", "a/c/2.json"], ["a/b", "other.json"])
    ['a/b/1.json', 'other.json']
    """
    found = []
    for each in wanted:
        inside = [name for name in names if name.startswith(each.rstrip("/") + "/")]
        found += [each] if each in names else inside or [each]
    return found


def _inside(folder: Path) -> Iterator[Path | Board]:
    paths = [folder / name for name in results.names(str(folder))]
    definition = folder / "challenge.toml"
    if not definition.is_file():
        yield from paths
        return
    for board in challenges.read(definition).boards:
        yield Board(definition, board)
    yield from (path for path in paths if _is_record(path))


def _is_record(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "provenance" in content


def board(given: Board) -> dict[str, Any]:
    """Return whether a board is frozen and unchanged, and has reference points.

    Returns
    -------
    dict
        ``name``, ``ok``, ``problems`` and ``notes``, as `dataperf.boards.rerun.result`.

    Raises
    ------
    DigestMismatch
        If it has changed since it was frozen.
    DataperfError
        If the challenge is found in another folder, or nowhere.
    """
    challenge = challenges.read(given.challenge)
    here = challenges.folder_of(challenge)
    if here.resolve() != given.challenge.parent.resolve():
        raise DataperfError(f"the challenge {challenge.name} that is found lies in {here}")
    loose = freezing.unfrozen_parts(challenge, given.board)
    problems = [f"not frozen: {', '.join(loose)}"] if loose else []
    problems += filter(None, [freezing.changed_data(challenge, given.board)])
    notes = []
    if reference_points.load(challenge, given.board) is None:
        notes.append("it has no reference points (dataperf freeze)")
    name = f"{challenge.name}/{given.board}"
    return {"name": name, "ok": not problems, "problems": problems, "notes": notes}
