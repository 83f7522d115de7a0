"""Where an audit is to be written, looked at before hours are spent on it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dataperf.errors import Invalid, Problem, did_you_mean


def check(
    files: Mapping[str, Path | None],
    folders: Mapping[str, Path | None],
    *,
    chosen: Mapping[str, tuple[str, Sequence[str]]],
) -> None:
    """Refuse places that nothing can be written to, and names that are not there.

    Parameters
    ----------
    files, folders
        Options and where they are to be written; None where nothing is.
    chosen
        Options with the name that was chosen, and those there are.

    Raises
    ------
    Invalid
        With everything that is wrong. What else the system refuses is told when it is written.
    """
    problems = []
    for option, (name, known) in chosen.items():
        if name not in known:
            hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
            problems.append(Problem("unknown-name", option, f'there is no "{name}"', hint))
    places: dict[Path, str] = {}
    for wanted, is_folder in ((files, False), (folders, True)):
        for option, path in wanted.items():
            if path is None:
                continue
            told = _refused(path, is_folder)
            twin = places.setdefault(path.absolute(), option)
            if twin != option:
                told = f"{path} is where {twin} is written"
            if told:
                problems.append(Problem("bad-target", option, told, "another place"))
    if problems:
        raise Invalid("what is to be written", problems)


def _refused(path: Path, is_folder: bool) -> str:
    """Return why nothing can be written to a place; "" if nothing speaks against it."""
    try:
        if path.is_dir() and not is_folder:
            return f"{path} is a folder"
        if path.exists() and not (is_folder or path.is_file()):
            return f"{path} is no regular file"
        if path.exists() and is_folder and not path.is_dir():
            return f"{path} is a file"
        above = path if is_folder else path.parent
        while not above.exists() and above != above.parent:
            above = above.parent
    except (OSError, ValueError) as error:
        return f"{path}: {error}"
    if not above.is_dir():
        return f"{above} is a file, so nothing can be in it"
    return "" if os.access(above, os.W_OK | os.X_OK) else f"{above} cannot be written to"
