"""Files that are packed, told by what they begin with."""

from __future__ import annotations

import re
from pathlib import Path

#: What a packed file begins with, what packs it, and the ending of such files.
SIGNS = {
    rb"\x1f\x8b": ("gzip", ".gz"),
    rb"BZh[1-9]1AY&SY": ("bzip2", ".bz2"),
    rb"\x28\xb5\x2f\xfd": ("zstd", ".zst"),
}


def by(path: Path) -> tuple[str, str] | None:
    """Return what a file is packed with and the ending of such files; None if it is not."""
    try:
        with path.open("rb") as file:
            start = file.read(10)
    except OSError:
        return None  # whoever reads it says why
    return next((told for sign, told in SIGNS.items() if re.match(sign, start)), None)
