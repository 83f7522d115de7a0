"""Check the places to write to before a long computation, and write files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dataperf.basics import files as whole_files
from dataperf.errors import DataperfError, Invalid, Problem, did_you_mean


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    DataperfError
        If the system refuses.
    """
    try:
        whole_files.write_whole(path, content)
    except (OSError, ValueError) as error:  # ValueError: the name holds a NUL
        raise DataperfError(f"{path} cannot be written: {error}") from error


def check(
    files: Mapping[str, Path | None],
    folders: Mapping[str, Path | None],
    *,
    chosen: Mapping[str, tuple[str, Sequence[str]]],
) -> None:
    """Refuse places that cannot be written to, and names that do not exist.

    Parameters
    ----------
    files, folders
        The place to write to for each option; None for options that were not given.
    chosen
        For each option the name that was chosen, and the names that exist.

    Raises
    ------
    Invalid
        With every problem. Other refusals of the system are reported on writing.
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
            refused = _refused(path, is_folder)
            twin = places.setdefault(path.absolute(), option)
            if twin != option:
                refused = f"{path} is where {twin} is written"
            if refused:
                problems.append(Problem("bad-target", option, refused, "another place"))
    if problems:
        raise Invalid("places to write", problems)


def _refused(path: Path, is_folder: bool) -> str:
    """Return why a place cannot be written to; "" if it can, as far as can be seen."""
    try:
        if path.is_dir() and not is_folder:
            return f"{path} is a folder"
        if path.exists() and not (is_folder or path.is_file()):
            return f"{path} is not a regular file"
        if path.exists() and is_folder and not path.is_dir():
            return f"{path} is a file"
        above = path if is_folder else path.parent
        while not above.exists() and above != above.parent:
            above = above.parent
    except (OSError, ValueError) as error:
        return f"{path}: {error}"
    if not above.is_dir():
        return f"{above} is a file, so nothing can be in it"
    try:  # asking for permissions is not enough: a file system may refuse, root may do all
        tempfile.TemporaryFile(dir=above).close()
    except OSError as error:
        return f"{above} cannot be written to: {(error.strerror or str(error)).lower()}"
    return ""
