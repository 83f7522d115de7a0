"""Find, list, load and digest plug-ins, ours and the user's: each folder is a registry.

Ours are in this package (``challenges`` and ``fixed_models`` next to it in a checkout). The
user's are in folders of the same layout, named by ``--plugins`` or ``DATAPERF_PATH``:
``metrics/NAME.py``, ``fixed_models/NAME.py``, ``challenges/NAME/challenge.toml`` and so on.
Installed packages may offer such a folder too (``packages``).

``entries`` finds plug-ins, ``parts`` lists the files that each rests on, ``source_code`` runs
exactly the source that ``parts`` has digested, and ``reads`` refuses a file that is not a part.

It imports only ``errors``, ``records`` and ``basics``; every folder above them may import it.
"""

from __future__ import annotations

import importlib
import threading
import tomllib
from types import ModuleType

from dataperf.basics import files
from dataperf.errors import DataperfError
from dataperf.registry import source_code
from dataperf.registry.entries import (
    BOARD_KINDS,
    KINDS,
    PACKAGE,
    WANTED,
    Entry,
    also_in,
    find,
    get,
    our_folder,
    user_folders,
)
from dataperf.registry.parts import Part, names, parts

__all__ = [
    "BOARD_KINDS",
    "KINDS",
    "PACKAGE",
    "WANTED",
    "Entry",
    "Part",
    "also_in",
    "digest",
    "find",
    "get",
    "load",
    "names",
    "our_folder",
    "parts",
    "user_folders",
]

_loading = threading.RLock()


def load(kind: str, name: str) -> ModuleType:
    """Return a plug-in's module.

    Raises
    ------
    NotFound
        If there is none.
    DataperfError
        If a user's file cannot be imported; the cause is attached.
    """
    entry = get(kind, name)
    if entry.ours and entry.folder.parent == PACKAGE and kind not in ("challenges", "fixed_models"):
        return importlib.import_module(f"dataperf.{kind}.{entry.name}")
    with _loading:  # engines may evaluate in several threads
        module = source_code.load(entry, parts(entry))
    missing = [
        wanted.replace("|", " or ")
        for wanted in WANTED.get(kind, ())
        if not any(hasattr(module, name) for name in wanted.split("|"))
    ]
    if missing:
        raise DataperfError(
            f"{entry.path} is not a valid {KINDS[kind]}: it lacks {', '.join(missing)}"
        )
    return module


def digest(entry: Entry) -> str:
    """Return what identifies a plug-in's behaviour: one sha256 of everything that it rests on.

    A model that is one file has that file's own sha256. See `dataperf.registry.parts`.
    """
    if entry.kind == "challenges":
        return files.digest_json(tomllib.loads(entry.path.read_text(encoding="utf-8")))
    found = {name: part.digest for name, part in parts(entry).items()}
    return files.digest_json(found) if len(found) > 1 else next(iter(found.values()))
