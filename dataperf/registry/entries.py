"""Find and list plug-ins, ours and the user's, without running them."""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dataperf.basics import files
from dataperf.errors import Ambiguous, DataperfError, NotFound
from dataperf.registry import packages

#: Folder of each kind of plug-in, and what one of its entries is called.
KINDS = {
    "challenges": "challenge",
    "fixed_models": "fixed model",
    "tracks": "track",
    "metrics": "metric",
    "strategies": "strategy",
    "datasets": "dataset",
    "detectors": "detector",
    "safety": "safety plug-in",
    "stores": "store",
    "engines": "engine",
}

#: What a module of each kind must offer (``a|b``: one of them); ``dataperf.contracts`` says more.
WANTED = {
    "fixed_models": ("fit", "predict", "size", "era"),
    "tracks": ("Answer", "Rules", "read", "check", "plans"),
    "metrics": ("higher_is_better", "from_counts|score"),
    "strategies": ("tracks", "answer"),
    "datasets": ("card", "source", "table"),
    "detectors": ("title", "find"),
    "safety": ("role", "external", "numeric_version", "prepare"),
    "stores": ("put", "names", "get"),
    "engines": ("run",),
}

#: Kinds that a board's numbers depend on.
BOARD_KINDS = ("tracks", "fixed_models", "datasets", "metrics")

PACKAGE = Path(__file__).resolve().parents[1]
#: Origin of our own plug-ins.
OURS = "dataperf"


@dataclass(frozen=True)
class Entry:
    """A plug-in that was found; nothing of it has been run.

    Parameters
    ----------
    kind, name
        Kind of plug-in, and the name of its file (a challenge: of its folder).
    path
        The file; for a challenge, its ``challenge.toml``.
    origin
        Where it comes from: ``dataperf``, a user's folder, or name and version of the installed
        package that offers it.
    """

    kind: str
    name: str
    path: Path
    origin: str

    @property
    def ours(self) -> bool:
        """Whether it comes with dataperf."""
        return self.origin == OURS

    @property
    def folder(self) -> Path:
        """The folder that holds the file."""
        return self.path.parent

    def description(self) -> str:
        """Return the first line of the docstring (a challenge's title), read without running it."""
        try:
            text = self.path.read_text(encoding="utf-8")
            if self.kind == "challenges":
                return str(tomllib.loads(text).get("title", ""))
            return files.first_line(ast.get_docstring(ast.parse(text)))
        except (OSError, ValueError, SyntaxError, RecursionError) as error:
            return f"(unreadable: {error})"

    def defines(self, name: str) -> bool:
        """Return whether the module binds a name at its top, read without running it."""
        try:
            body = ast.parse(self.path.read_bytes()).body
        except (OSError, ValueError, SyntaxError):
            return False  # what cannot be read defines nothing
        for node in body:
            bound = [getattr(node, "name", None), getattr(node, "target", None)]
            bound += getattr(node, "targets", [])
            bound += [alias.asname or alias.name for alias in getattr(node, "names", [])]
            if name in [each.id if isinstance(each, ast.Name) else each for each in bound]:
                return True
        return False

    def tracks(self) -> tuple[str, ...]:
        """Return the tracks that a strategy answers, read without running it."""
        try:
            for node in ast.parse(self.path.read_text(encoding="utf-8")).body:
                named = [*getattr(node, "targets", []), getattr(node, "target", None)]
                if not any(isinstance(name, ast.Name) and name.id == "tracks" for name in named):
                    continue
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    value = ast.literal_eval(node.value)
                    return (value,) if isinstance(value, str) else tuple(map(str, value))
        except (OSError, TypeError, ValueError, SyntaxError):
            pass  # what cannot be read answers nothing
        return ()


def user_folders() -> list[Path]:
    """Return the folders that ``DATAPERF_PATH`` names.

    Raises
    ------
    DataperfError
        If one of them is not a folder.
    """
    named = [Path(part) for part in os.environ.get("DATAPERF_PATH", "").split(os.pathsep) if part]
    missing = [str(path) for path in named if not path.is_dir()]
    if missing:
        raise DataperfError(
            f"not a folder: {', '.join(missing)}\n"
            "  --plugins and DATAPERF_PATH name folders that hold challenges/, metrics/, ..."
        )
    return [path.resolve() for path in named]


@contextmanager
def also_in(folder: Path) -> Iterator[None]:
    """Find plug-ins in one more folder of the user, for the length of a block.

    A folder that does not exist holds none.
    """
    before = os.environ.get("DATAPERF_PATH")
    known = [Path(part).resolve() for part in (before or "").split(os.pathsep) if part]
    if folder.is_dir() and folder.resolve() not in known:
        os.environ["DATAPERF_PATH"] = os.pathsep.join(
            [str(folder.resolve()), *filter(None, [before])]
        )
    try:
        yield
    finally:
        os.environ.pop("DATAPERF_PATH", None)
        if before is not None:
            os.environ["DATAPERF_PATH"] = before


def our_folder(kind: str) -> Path:
    """Return the folder of our plug-ins of a kind: in the package or, in a checkout, next to it."""
    inside = PACKAGE / kind
    return inside if inside.is_dir() else PACKAGE.parent / kind


def find(kind: str) -> dict[str, Entry]:
    """Return every plug-in of a kind, by name: ours, installed packages' and the user's.

    Raises
    ------
    Ambiguous
        If two files define the same name.
    DataperfError
        If a folder of the user or of an installed package does not exist.
    """
    found: dict[str, Entry] = {}
    folders = [(our_folder(kind), OURS)]
    folders += [(root / kind, origin) for root, origin in packages.folders().items()]
    folders += [(root / kind, str(root)) for root in user_folders()]
    for folder, origin in folders:
        for path in _files(kind, folder):
            name = path.parent.name if kind == "challenges" else path.stem
            other = found.get(_key(name))
            if other and other.path != path:
                raise Ambiguous(
                    f'two files define the {KINDS[kind]} "{name}":\n  {other.path}\n  {path}\n'
                    "  Rename one of them; a name never shadows another."
                )
            found.setdefault(_key(name), Entry(kind, name, path, origin))
    return {entry.name: entry for _, entry in sorted(found.items())}


def _files(kind: str, folder: Path) -> list[Path]:
    """Return the files of a folder's plug-ins, links followed; the folder is read each time."""
    root = folder.resolve()
    try:
        entries = sorted(os.scandir(root), key=lambda each: each.name)
    except OSError:
        return []
    found = []
    for each in entries:
        path = root / each.name
        linked = each.is_symlink()
        if kind == "challenges":
            path = path / "challenge.toml"
            linked = linked or path.is_symlink()
        if each.name.startswith(("_", ".")) or path.suffix not in (".py", ".toml"):
            continue
        if kind != "challenges" or path.is_file():
            found.append(path.resolve() if linked else path)
    return found


def _key(name: str) -> str:
    return name.replace("-", "_")


def get(kind: str, name: str) -> Entry:
    """Return one plug-in; ``-`` and ``_`` in names are the same.

    Raises
    ------
    NotFound
        If there is no such plug-in; the error names the nearest.
    """
    entries = find(kind)
    for entry in entries.values():
        if _key(entry.name) == _key(name):
            return entry
    where = "" if user_folders() else "in dataperf's own folders; name yours with --plugins"
    raise NotFound(KINDS[kind], name, entries, where=where)
