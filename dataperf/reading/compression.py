"""Recognise compressed files by their first bytes."""

from __future__ import annotations

import re
from pathlib import Path

#: First bytes of a compressed file: the program, and the ending of such files.
SIGNS = {
    rb"\x1f\x8b": ("gzip", ".gz"),
    rb"BZh[1-9]1AY&SY": ("bzip2", ".bz2"),
    rb"\x28\xb5\x2f\xfd": ("zstd", ".zst"),
}


def program_and_ending(path: Path) -> tuple[str, str] | None:
    """Return the program that compressed a file and its ending; None if it is not compressed.

    An unreadable file counts as not compressed: whoever reads it reports the reason.
    """
    try:
        with path.open("rb") as file:
            start = file.read(10)
    except OSError:
        return None
    return next((found for sign, found in SIGNS.items() if re.match(sign, start)), None)
