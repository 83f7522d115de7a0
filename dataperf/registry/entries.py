"""Where plug-ins lie: find and list them, ours and the user's alike; nothing of them is run."""

from __future__ import annotations

import ast
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from dataperf.basics import files
from dataperf.errors import Ambiguous, DataperfError, NotFound

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

#: Kinds that a board's numbers rest on; the others write answers, or keep and run things.
BOARD_KINDS = ("tracks", "fixed_models", "datasets", "metrics")

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Entry:
    """A plug-in that was found; nothing of it has been run.

    Parameters
    ----------
    kind, name
        Its folder, and its file's (for a challenge: folder's) name.
    path
        The file; for a challenge, its ``challenge.toml``.
    ours
        Whether it comes with dataperf.
    """

    kind: str
    name: str
    path: Path
    ours: bool

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
        except (OSError, ValueError, SyntaxError) as error:
            return f"(unreadable: {error})"

    def tracks(self) -> tuple[str, ...]:
        """Return the tracks that a strategy answers, read without running it."""
        try:
            for node in ast.parse(self.path.read_text(encoding="utf-8")).body:
                named = [*getattr(node, "targets", []), getattr(node, "target", None)]
                if not any(isinstance(name, ast.Name) and name.id == "tracks" for name in named):
                    continue
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    told = ast.literal_eval(node.value)
                    return (told,) if isinstance(told, str) else tuple(map(str, told))
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


def our_folder(kind: str) -> Path:
    """Return where our own plug-ins of a kind lie: inside the package, else beside it."""
    inside = PACKAGE / kind
    return inside if inside.is_dir() else PACKAGE.parent / kind


def find(kind: str) -> dict[str, Entry]:
    """Return every plug-in of a kind, by name.

    Raises
    ------
    Ambiguous
        If two files define the same name.
    """
    found: dict[str, Entry] = {}
    folders = [(our_folder(kind), True), *((root / kind, False) for root in user_folders())]
    for folder, ours in folders:
        for path in _files(kind, folder):
            name = path.parent.name if kind == "challenges" else path.stem
            other = found.get(_key(name))
            if other and other.path != path:
                raise Ambiguous(
                    f'two files define the {KINDS[kind]} "{name}":\n  {other.path}\n  {path}\n'
                    "  Rename one of them; a name never shadows another."
                )
            found.setdefault(_key(name), Entry(kind, name, path, ours))
    return {entry.name: entry for _, entry in sorted(found.items())}


def _files(kind: str, folder: Path) -> list[Path]:
    """Return a folder's plug-ins of a kind, links followed; it is asked anew each time."""
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
        If there is none, with the nearest names.
    """
    entries = find(kind)
    for entry in entries.values():
        if _key(entry.name) == _key(name):
            return entry
    where = "" if user_folders() else "in dataperf's own folders; yours are named by --plugins"
    raise NotFound(KINDS[kind], name, entries, where=where)
