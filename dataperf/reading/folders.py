"""List the files of a folder of images or sounds."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    paths = sorted(_walk(folder, errors))
    if errors and not paths:
        subject = text_repair.file_name(str(folder))
        expected = "a folder that can be read, with FOLDER/CLASS/FILE"
        raise refuse(subject, "unreadable", "", str(errors[0])[:300], expected) from errors[0]
    denied = [(Path(str(error.filename)), f"unreadable: {error.strerror}") for error in errors]
    return paths, [(name_in(path, folder)[:200], why) for path, why in denied]


def _walk(folder: Path, errors: list[OSError]) -> Iterator[Path]:
    """Yield the files below a folder, however deep; links to folders are not followed."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as found:
                for entry in found:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file():
                        yield Path(entry.path)
        except OSError as error:  # the folder may be listed but not entered
            errors.append(error)


def name_in(path: Path, folder: Path) -> str:
    """Return a file's path relative to a folder, as text that can be written as UTF-8."""
    return text_repair.file_name(path.relative_to(folder).as_posix())
