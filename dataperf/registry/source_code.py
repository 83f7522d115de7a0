"""Run plug-ins from the source that was digested, never from ``__pycache__``.

Python would run ``__pycache__/NAME.pyc`` in place of ``NAME.py`` if its time and size match, and that
file has no digest. So this module compiles plug-ins of every kind, ours too, and the modules next
to a user's plug-in from the bytes that `dataperf.registry.parts` read.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import importlib.abc
import importlib.util
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from dataperf.basics import files
from dataperf.errors import DataperfError
from dataperf.registry import first_use, packages, reads
from dataperf.registry.entries import KINDS, PACKAGE, Entry
from dataperf.registry.parts import Part, part_name, source_of


class SourceLoader(SourceFileLoader):
    """Compile a module from bytes that are in memory; no compiled file is read or written.

    Parameters
    ----------
    name, path
        The module's name, and the file that it was read from.
    content
        The module's source.
    importing
        The function that an import statement in it calls; None for Python's own.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        content: bytes,
        importing: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(name, str(path))
        self.content = content
        self.importing = importing

    def get_data(self, path: Any) -> bytes:
        """Return the source; for another path, the content of that file."""
        return self.content if str(path) == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> Any:
        """Return the code of the source."""
        return self.source_to_code(self.content, self.path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        if self.importing is not None:
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self.importing}
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Find our own plug-ins, and the modules next to a user's, before Python's own finders do."""

    #: Modules next to users' plug-ins, by the name that they are imported under.
    modules: dict[str, tuple[Part, Callable[..., Any]]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self.modules:
            part, importing = self.modules[fullname]
            return _spec(SourceLoader(fullname, part.path, part.content or b"", importing))
        start, _, rest = fullname.partition(".")
        kind, _, name = rest.partition(".")
        if start != "dataperf" or kind not in KINDS or "." in name:
            return None
        file = PACKAGE / kind / f"{name or '__init__'}.py"
        return _spec(SourceLoader(fullname, file, source_of(file))) if file.is_file() else None


def _spec(loader: SourceLoader) -> ModuleSpec | None:
    package = Path(loader.path).name == "__init__.py"
    folders = [str(Path(loader.path).parent)] if package else None
    return importlib.util.spec_from_file_location(
        loader.name, loader.path, loader=loader, submodule_search_locations=folders
    )


def install() -> None:
    """Make import statements find plug-ins here first; a second call does nothing."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def load(entry: Entry, parts: Mapping[str, Part]) -> ModuleType:
    """Return the module of a plug-in that is loaded by its path.

    Parameters
    ----------
    entry
        The plug-in.
    parts
        What it rests on: `dataperf.registry.parts`. Changed parts make another module.

    Raises
    ------
    DataperfError
        If it cannot be imported; the cause is attached.
    """
    digest = _identity(entry, parts)
    name = f"dataperf_plugin_{entry.kind}_{entry.name}_{digest[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    if Path(entry.origin).is_absolute():  # a user's folder, no installed package
        first_use.say(Path(entry.origin))
    own = next(iter(parts.values()))
    loader = SourceLoader(name, entry.path, own.content or b"", _importing(name, entry, parts))
    spec = _spec(loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    reads.watch(name, entry, parts)
    try:
        with _compiled_code_apart(parts, digest):
            loader.exec_module(module)
    except (Exception, SystemExit) as error:
        for each in [each for each in sys.modules if each.startswith(name)]:
            del sys.modules[each]
        what = f"{type(error).__name__}: {error}{_place(parts, error)}"
        raise DataperfError(f"{entry.path} cannot be imported: {what}") from error
    return module


def _place(parts: Mapping[str, Part], error: BaseException) -> str:
    """Return the innermost part that an error came through, with its line; "" if there is none."""
    names = {str(part.path): part.path.name for part in parts.values()}
    frames = reversed(list(traceback.walk_tb(error.__traceback__)))
    seen = ((frame.f_code.co_filename, line) for frame, line in frames)
    return next((f" ({names[file]}, line {line})" for file, line in seen if file in names), "")


def _identity(entry: Entry, parts: Mapping[str, Part]) -> str:
    # The same source in another folder is another plug-in: a dataset reads files next to it.
    # A model is the same in any folder: its cached compiled code refers to the module by name.
    found = {
        name: part.digest if part.content is None else files.digest_bytes(part.content)
        for name, part in parts.items()
    }
    if entry.kind != "fixed_models":
        return files.digest_json([str(entry.path), found])
    return files.digest_json(found) if len(found) > 1 else next(iter(found.values()))


def _importing(name: str, entry: Entry, parts: Mapping[str, Part]) -> Callable[..., Any] | None:
    """Make the modules next to a plug-in known; return how its import statements find them."""
    modules = {
        dotted: part
        for part in list(parts.values())[1:]
        if part.content is not None and (dotted := _imported_as(entry, part))
    }
    if not modules or entry.ours:
        return None
    prefix = f"{name}_modules"
    tops = {each.partition(".")[0] for each in modules}

    def importing(
        wanted: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        top = wanted.partition(".")[0]
        if level or top not in tops:
            return builtins.__import__(wanted, globals, locals, fromlist, level)
        found = builtins.__import__(f"{prefix}.{wanted}", globals, locals, fromlist, 0)
        return found if fromlist else sys.modules[f"{prefix}.{top}"]

    for folder in {"", *_folders_without_code(modules)}:
        package = ModuleType(f"{prefix}.{folder}".rstrip("."))
        package.__path__ = []
        sys.modules[package.__name__] = package
    for dotted, part in modules.items():
        _Finder.modules[f"{prefix}.{dotted}"] = part, importing
        reads.watch_as(f"{prefix}.{dotted}", name)
    return importing


def _imported_as(entry: Entry, part: Part) -> str:
    """Return the name under which a plug-in imports a module; empty if it is another plug-in's."""
    package = packages.of(entry.path)
    inside = package is not None and part.path.is_relative_to(package.top)
    if package is not None and inside and part.name == part_name(package.top, part.path):
        return _dotted(package.top.parent, part.path)
    return _dotted(entry.folder, part.path) if part.path.is_relative_to(entry.folder) else ""


def _folders_without_code(modules: Iterable[str]) -> set[str]:
    """Return the packages that modules lie in, as far as they have no ``__init__.py``."""
    names = {
        name.rsplit(".", each)[0] for name in modules for each in range(1, name.count(".") + 1)
    }
    return names - set(modules)


def _dotted(folder: Path, path: Path) -> str:
    place = path.relative_to(folder).with_suffix("")
    return ".".join(place.parts if place.name != "__init__" else place.parts[:-1])


@contextlib.contextmanager
def _compiled_code_apart(parts: Mapping[str, Part], digest: str) -> Iterator[None]:
    """Keep what numba compiles of a plug-in in the user's cache, by the digest of its parts.

    With ``cache=True`` numba would run compiled code from ``__pycache__`` if it matches the file of
    the plug-in, even if a module that the plug-in imports has changed.
    """
    if not any(b"numba" in (part.content or b"") for part in parts.values()):
        yield
        return
    key = "NUMBA_CACHE_DIR"
    before = os.environ.get(key)
    os.environ[key] = str(_folder_to_write(files.cache_folder() / "compiled" / digest[:32]))
    _numba_reads_environment()
    try:
        yield
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before
        _numba_reads_environment()


def _folder_to_write(folder: Path) -> Path:
    """Return the folder, or a temporary one if it cannot be written."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    made = tempfile.mkdtemp(prefix="dataperf-compiled-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def _numba_reads_environment() -> None:
    numba = sys.modules.get("numba.core.config")
    if numba is not None:
        numba.reload_config()
