"""Refuse files that a user's plug-in reads but that are not its parts: a change would go unnoticed.

Python reports every file that it opens to audit hooks. If a plug-in that boards rest on opens a file
in the user's folder of plug-ins that is not one of its parts, opening fails with an error that says
what to do. A fixed model receives all its data. It may open only its parts and files of Python, of
installed packages, of the system, and of folders for temporary files.

Libraries in other languages that open files themselves (``pyarrow``, ``h5py``, ``onnxruntime``) do
not report them. A file that they read is still a part if the plug-in's source names it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from dataperf.basics import files
from dataperf.errors import DataperfError
from dataperf.registry import packages
from dataperf.registry.entries import BOARD_KINDS, KINDS, Entry
from dataperf.registry.parts import Part, is_library

#: Audit events of opening a file, with the position of the path in their arguments.
EVENTS = {"open": 0, "import": 1, "ctypes.dlopen": 0, "sqlite3.connect": 0}
#: Folders of the operating system.
SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/run", "/System", "/Library")


@dataclass(frozen=True)
class Watched:
    """A plug-in whose reading is watched, the files that it may read, and its installed package."""

    entry: Entry
    files: frozenset[Path]
    package: Path | None


_watched: dict[str, Watched] = {}
_owners: dict[str, str] = {}
_state = {"installed": False}


def watch(module: str, entry: Entry, parts: Mapping[str, Part]) -> None:
    """Watch what the module of a user's plug-in opens, from now on.

    Parameters
    ----------
    module
        The module's name in ``sys.modules``.
    entry, parts
        The plug-in and what it rests on.
    """
    if entry.ours or entry.kind not in BOARD_KINDS:
        return
    package = packages.of(entry.path)
    top = None if package is None else package.top
    _watched[module] = Watched(entry, frozenset(part.path for part in parts.values()), top)
    if not _state["installed"]:  # a hook can never be removed
        _state["installed"] = True
        sys.addaudithook(_hook)


def watch_as(module: str, owner: str) -> None:
    """Watch a module next to a plug-in as the plug-in itself, which is watched later."""
    _owners[module] = owner


def _hook(event: str, values: tuple[Any, ...]) -> None:
    place = EVENTS.get(event)
    if place is None or not _is_reading(event, values):
        return
    path = values[place]
    if not isinstance(path, str | bytes | os.PathLike):
        return
    watched, importing = _reader()
    if watched is None:
        return
    opened = Path(os.path.normpath(Path(os.fsdecode(path)).absolute()))
    if opened.is_file() and _is_refused(watched, opened, importing):
        raise DataperfError(_refusal(watched, opened, importing))


def _is_reading(event: str, values: tuple[Any, ...]) -> bool:
    if event != "open":
        return True
    _, mode, flags = values
    if isinstance(mode, str):
        return "r" in mode or "+" in mode
    return not isinstance(flags, int) or flags & 3 != os.O_WRONLY


def _reader() -> tuple[Watched | None, bool]:
    """Return the watched plug-in that is opening a file, and whether it is importing."""
    frame: FrameType | None = sys._getframe(2)
    importing = False
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name in ("importlib._bootstrap", "importlib._bootstrap_external"):
            importing = True
        elif name in ("dataperf.registry.parts", "dataperf.registry.entries"):
            return None, False  # another plug-in is looked for
        watched = _watched.get(_owners.get(name, name))
        if watched is not None:
            return watched, importing
        frame = frame.f_back
    return None, False


def _is_refused(watched: Watched, path: Path, importing: bool) -> bool:
    entry = watched.entry
    root = entry.folder.parent
    if path in watched.files:  # Python's own import would run a compiled file in place of a source
        return importing and path.suffix == ".py"
    if watched.package is not None and path.is_relative_to(watched.package):
        return True
    if any(path.is_relative_to(root / kind) for kind in KINDS):
        return True
    cache = files.optional_cache_folder()
    if is_library(path) or (cache is not None and path.is_relative_to(cache.absolute())):
        return False
    if entry.kind == "fixed_models":
        return path.is_relative_to(root) or not (importing or _is_of_the_system(path))
    data = os.environ.get("DATAPERF_DATA")
    given = data is not None and path.is_relative_to(Path(data).resolve())
    return path.is_relative_to(root) and not given


def _is_of_the_system(path: Path) -> bool:
    folders = [*SYSTEM, os.environ.get("SYSTEMROOT", "/usr"), sys.prefix, sys.base_prefix]
    folders += [tempfile.gettempdir()]
    return any(path.is_relative_to(folder) for folder in folders)


def _refusal(watched: Watched, path: Path, importing: bool) -> str:
    entry = watched.entry
    what = f"the {KINDS[entry.kind]} {entry.name} ({entry.path})"
    if importing:
        return (
            f"{what} imports {path} in a way that cannot be followed.\n"
            f"  Use an import statement, and keep the module in {entry.folder}."
        )
    return (
        f"{what} reads {path}, which is not frozen with it.\n"
        f"  Keep it in {entry.folder} as {entry.path.stem}.ENDING or in a folder "
        f"{entry.path.stem}, or write its name into {entry.path.name} as one string."
    )
