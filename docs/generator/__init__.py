"""Pages that are made from the code each time the site is built."""

from __future__ import annotations

import shutil
from pathlib import Path

from generator import api, commands, copies, formats, plugins

#: Folders that hold nothing but generated pages; they are emptied first and never committed.
FOLDERS = ("generated", "tutorials")


def write_all(docs: Path) -> None:
    """Write every generated page into the folder of the documentation."""
    pages: dict[str, str | bytes] = {}
    for source in (commands, api, formats, plugins, copies):
        pages |= source.pages()
    for name in FOLDERS:
        shutil.rmtree(docs / name, ignore_errors=True)
    for name, text in pages.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
