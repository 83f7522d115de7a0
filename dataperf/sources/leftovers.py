"""Remove what killed processes left in a dataset's folder: half-written and half-unpacked files."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

#: A temporary file or folder, named by the process that makes it.
TEMPORARY = re.compile(r"\.(?:unpacking|writing)-(\d+)-.*")


def remove(place: Path) -> None:
    """Remove temporary files and folders whose process has ended.

    Parameters
    ----------
    place
        The folder, with its subfolders of downloads.
    """
    if not place.is_dir():
        return
    for each in list(place.iterdir()):
        found = TEMPORARY.fullmatch(each.name)
        if found is None or _is_at_work(int(found[1]), each):
            continue
        with suppress(OSError):
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def _is_at_work(process: int, made: Path) -> bool:
    """Return whether a process still runs that began before a file was made."""
    import psutil

    with suppress(OSError, OverflowError, psutil.Error):
        return bool(psutil.Process(process).create_time() <= made.stat().st_mtime + 1)
    return False
