"""Find the submissions in files and folders; name every file that is not one, with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataperf import registry
from dataperf.errors import DataperfError, Invalid, Problem, printable
from dataperf.records import Challenge

#: Folders in folders that are looked into; more is a mistake or an attack.
DEEPEST = 8
#: Called with the error of a submission that is left out while the others go on.
Refused = Callable[[DataperfError], None]
#: Bytes at the start of a JSON file in which our own format names its challenge.
HEAD = 2**16


@dataclass(frozen=True)
class Found:
    """Submissions that were found, and what was not read.

    Parameters
    ----------
    paths
        A file or a folder for each submission, sorted.
    teams
        The folder that names a submission's submitter, where one does.
    unread
        An error for each file or folder that is not a submission.
    """

    paths: list[Path] = field(default_factory=list)
    teams: dict[Path, str] = field(default_factory=dict)
    unread: list[Invalid] = field(default_factory=list)


def find(given: Sequence[Path], challenge: Challenge | None = None) -> Found:
    """Return the submissions at some paths; a folder stands for all that it holds.

    A folder holds one submission for each JSON file, also those in its sub-folders. In tracks whose
    official answers are folders of other files, such a folder is one submission. A sub-folder is
    a team's: it names the submitter of what lies in it. So does the folder of a file if another
    file of the same name is given.

    Parameters
    ----------
    given
        Files and folders.
    challenge
        The challenge, if it is known: its track may read folders.
    """
    track: Any = registry.load("tracks", challenge.track) if challenge else None
    found = Found()
    for path in given:
        if not path.is_dir():
            found.paths.append(path)
            continue
        before = len(found.paths)
        _look(path, found, track, depth=0)
        for each in found.paths[before:]:
            inside = each.relative_to(path).parts
            if len(inside) > (0 if each.is_dir() else 1):
                found.teams[each] = inside[0]
    _name_teams(found)
    return found


def _look(folder: Path, found: Found, track: Any, *, depth: int) -> None:
    """Add the submissions of a folder, and what in it is not one."""
    try:
        there = sorted(folder.iterdir())
    except OSError as error:
        return found.unread.append(_unread(folder, "unreadable", str(error)))
    if not there:
        return found.unread.append(_unread(folder, "empty-folder", "this folder is empty"))
    files = [each for each in there if each.is_file() and not each.name.startswith(".")]
    others = [each for each in files if each.suffix.lower() != ".json"]
    if hasattr(track, "read_files") and others and not any(map(_is_ours, files)):
        found.paths.append(folder)  # one submission in an official format
        skipped = [each for each in there if each not in files]
        found.unread.extend(_unread(each, *_why_not(each)) for each in skipped)
        return None
    for path in there:
        if path in files and path.suffix.lower() == ".json":
            found.paths.append(path)
        elif path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            if depth + 1 < DEEPEST:
                _look(path, found, track, depth=depth + 1)
            else:
                what = f"folders in folders, more than {DEEPEST} deep"
                found.unread.append(_unread(path, "too-deep", what))
        else:
            found.unread.append(_unread(path, *_why_not(path, known=track is not None)))
    return None


def _is_ours(path: Path) -> bool:
    """Return whether a file looks like a submission in our own format."""
    if path.suffix.lower() != ".json":
        return False
    try:
        with path.open("rb") as file:
            return b'"challenge"' in file.read(HEAD)
    except OSError:
        return False


def _unread(path: Path, rule: str, what: str, expected: str = "") -> Invalid:
    return Invalid(str(path), [Problem(rule, "", f"not read: {what}", expected)])


def _why_not(path: Path, *, known: bool = True) -> tuple[str, str, str]:
    """Return the rule, the reason and the remedy for a path that is not read.

    Other endings belong to official formats, which are read only if the challenge is known.
    """
    ending = printable("".join(path.suffixes[-2:]))
    if path.name.startswith("."):
        what = "a hidden folder" if path.is_dir() else "a hidden file"
        return "hidden", what, "give it a name that does not begin with a dot, or take it away"
    if path.is_symlink() and not path.exists():
        return "broken-link", "a link to nothing", "put the file itself there"
    if path.is_symlink() and path.is_dir():
        return "linked-folder", "a link to a folder", "name that folder itself"
    if path.is_dir():
        return "not-a-file", "a folder inside a submission", "a submission's files lie side by side"
    if not path.is_file():
        return "not-a-file", "not a regular file", "a JSON file"
    if ending.lower().startswith(".json."):
        return "other-ending", f"its name ends in {ending}", "a plain JSON file, named NAME.json"
    what = f"its name ends in {ending}" if ending else "its name has no ending"
    more = "" if known else "; for an official format give the challenge: --challenge NAME"
    return "other-ending", what, f"one JSON file a submission, named NAME.json{more}"


def _name_teams(found: Found) -> None:
    """Let folders name the teams of files that share their name, and of several folders."""
    places: dict[str, set[Path]] = {}
    folders = {path.absolute() for path in found.paths if path.is_dir()}
    for path in found.paths:
        places.setdefault(path.name, set()).add(path.absolute().parent)
    for path in found.paths:
        if path in found.teams or not path.exists():
            continue
        if path.is_dir() and len(folders) > 1:
            found.teams[path] = path.absolute().name
        elif path.is_file() and len(places[path.name]) > 1 and path.absolute().parent.name:
            found.teams[path] = path.absolute().parent.name


def same_content(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each file whose bytes are those of an earlier file, with that file."""
    sizes: dict[int, list[Path]] = {}
    for path in paths:
        if path.is_file():
            sizes.setdefault(path.stat().st_size, []).append(path)
    for group in sizes.values():
        seen: dict[str, Path] = {}
        for path in group if len(group) > 1 else ():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if seen.setdefault(digest, path) is not path:
                yield path, seen[digest]


def settle(refused: Sequence[DataperfError], others: bool, on_refused: Refused | None) -> None:
    """Report each refused submission if there are others that can go on; raise otherwise."""
    if not refused:
        return
    if on_refused is not None and others:
        for error in refused:
            on_refused(error)
    elif len(refused) == 1:
        raise refused[0]
    else:
        raise DataperfError("\n".join(dict.fromkeys(str(error) for error in refused)))
