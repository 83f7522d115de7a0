"""List the files of a folder of images or sounds."""

from __future__ import annotations

import os
from pathlib import Path

from dataperf.errors import refuse
from dataperf.reading import text_repair


def files_in(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Return the files below a folder, sorted, and the unreadable subfolders with the reason.

    Hidden files and folders are ignored.

    Raises
    ------
    Invalid
        If the folder cannot be read, or everything in it.
    """
    errors: list[OSError] = []
    try:
        walked = os.walk(folder, onerror=errors.append)
        found = [Path(place) / name for place, _, names in walked for name in names]
        paths = sorted(path for path in found if _is_shown(path, folder))
    except OSError as error:  # the folder may be listed but not entered
        paths, errors = [], [error]
    if errors and not paths:
        subject = text_repair.file_name(str(folder))
        expected = "a folder that can be read, with FOLDER/CLASS/FILE"
        raise refuse(subject, "unreadable", "", str(errors[0]), expected) from errors[0]
    denied = [(Path(str(error.filename)), f"unreadable: {error.strerror}") for error in errors]
    return paths, [(name_in(p, folder), why) for p, why in denied if not _is_hidden(p, folder)]


def _is_shown(path: Path, folder: Path) -> bool:
    """Return whether a path is a file that is not hidden."""
    return not _is_hidden(path, folder) and path.is_file()


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def name_in(path: Path, folder: Path) -> str:
    """Return a file's path relative to a folder, as text that can be written as UTF-8."""
    return text_repair.file_name(path.relative_to(folder).as_posix())
