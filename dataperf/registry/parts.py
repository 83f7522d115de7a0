"""List the files that a plug-in rests on, with their digests: all that decide what it computes.

The parts of a plug-in are

- its own file;
- files next to it with its name: ``NAME.npz``, ``NAME.json``, the folder ``NAME/``;
- files next to it that its source names: a string that is a file or folder (``"weights.npz"``), or
  a pattern that begins with a letter (``"shard-*.csv"``);
- the modules next to it that it imports (``import _helper``);
- in an installed package that offers plug-ins, the modules of the package that it imports
  (``from mypackage import helper``), and files in the package that its source names;
- the other plug-ins that it imports (``from dataperf.datasets import mnist_5k``) or loads by
  name (``registry.load("metrics", "f1")``, ``load_dataset("mnist_5k")``);

and everything that those rest on in turn. Imports inside functions count too.

**What an author must do.** Keep the files that a plug-in reads next to it, and name them in one of
these ways. A module from any other folder is refused here, unless a package manager installed it. A
file that is not a part is refused when the plug-in reads it (`dataperf.registry.reads`).

**What is not a part.** The rest of the toolkit (``dataperf.statistics``, ``selection_helpers``,
``sources``, ``evaluation`` and so on) is the one flow that all boards share: the tests compare
its results with recorded scores. Installed packages are not parts: every result records their
versions.

Every byte of a fixed model and of data counts. In other code, comments and docstrings do not
count.
"""

from __future__ import annotations

import ast
import contextlib
import fnmatch
import functools
import importlib.util
import os
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dataperf.basics import files
from dataperf.errors import DataperfError, NotFound
from dataperf.registry import packages
from dataperf.registry.entries import BOARD_KINDS, KINDS, PACKAGE, Entry, get
from dataperf.registry.package_parts import of_package

#: Names next to plug-ins that are never parts.
IGNORED = ("__pycache__", "frozen.txt")
#: Length of the longest name of a file; longer strings in code are not names.
LONGEST_NAME = 255


@dataclass(frozen=True)
class Part:
    """One file that a plug-in rests on.

    Parameters
    ----------
    name
        The folder of plug-ins and the place in it: ``datasets/digit_concepts.py``.
    path
        The file.
    digest
        The sha256 of what counts of it.
    content
        The source of a module, which is compiled and run; None for data.
    """

    name: str
    path: Path
    digest: str
    content: bytes | None = None


@dataclass(frozen=True)
class Code:
    """What the text of a module names: modules, plug-ins (kind and name) and strings.

    ``imports`` are whole dotted names, and begin with as many dots as the import statement.
    """

    modules: frozenset[str]
    imports: frozenset[str]
    plugins: frozenset[tuple[str, str]]
    strings: frozenset[str]


def parts(entry: Entry) -> dict[str, Part]:
    """Return what a plug-in rests on, by name, its own file first.

    Raises
    ------
    DataperfError
        If a module cannot be read as Python, or is imported from a folder that is neither the
        plug-in's nor that of an installed package.
    """
    modules: dict[str, Part] = {}
    data: dict[str, Part] = {}
    waiting = [(entry.kind, entry.folder, entry.path)]
    while waiting:
        kind, folder, path = waiting.pop()
        part = _module(kind, folder, path)
        if part.name in modules:
            continue
        modules[part.name] = part
        code, package = named_in(part.content or b""), None
        if not folder.is_relative_to(PACKAGE):
            package = packages.of(path)
        strings = code.strings - set(KINDS) if package else code.strings
        read = [(folder, each) for each in _named_files(path, strings)]
        followed: list[tuple[Path, Path]] = []
        if package is not None:
            followed = [(package.top, each) for each in of_package(package, path, code.imports)]
            read += [(package.top, each) for each in _files_named(package.top, strings)]
        if not folder.is_relative_to(PACKAGE):
            for module in sorted(code.modules - ({package.top.name} if package else set())):
                followed += [(folder, each) for each in _imported(module, kind, folder, path)]
        waiting += [(kind, *each) for each in followed if each[1].suffix == ".py"]
        read += [each for each in followed if each[1].suffix != ".py"]
        inside = package is not None and folder == package.top
        waiting += _plugins(kind, frozenset(each for each in code.plugins if each[0] or not inside))
        data |= {part_name(*each): _data(*each) for each in read}
    first = part_name(entry.folder, entry.path)
    rest = {name: each for name, each in sorted((data | modules).items()) if name != first}
    return {first: modules[first], **rest}


def names(entry: Entry, place: str) -> bool:
    """Return whether a plug-in would rest on a file at a path in its folder."""
    first = place.partition("/")[0]
    module = first.partition(".")[0]
    for part in parts(entry).values():
        if part.content is not None and part.path.parent == entry.folder:
            code = named_in(part.content)
            patterns = [text for text in code.strings if "*" in text[1:] and text[0] not in "*."]
            if (
                module == part.path.stem
                or {place, first} & code.strings
                or (module in code.modules and module not in sys.stdlib_module_names)
                or any(fnmatch.fnmatch(place, pattern) for pattern in patterns)
            ):
                return True
    return False


def part_name(folder: Path, path: Path) -> str:
    """Return the name of a file as a part: its path from the parent of the plug-in's folder."""
    return path.relative_to(folder.parent).as_posix()


def _module(kind: str, folder: Path, path: Path) -> Part:
    content = source_of(path)
    try:
        named_in(content)
        whole = kind == "fixed_models"
        digest = files.digest_bytes(content) if whole else files.digest_code(content)
    except (ValueError, SyntaxError, RecursionError, tokenize.TokenError) as error:
        raise DataperfError(
            f"{path} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    return Part(part_name(folder, path), path, digest, content)


def _data(folder: Path, path: Path) -> Part:
    try:
        return Part(part_name(folder, path), path, _data_digest(path, *files.stamp(path)))
    except OSError as error:
        raise DataperfError(f"{path} cannot be read: {error}") from error


def source_of(path: Path) -> bytes:
    """Return a module's source. Modules of this package run once, so they are read once."""
    if path.is_relative_to(PACKAGE):
        return _own_source(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataperfError(f"{path} cannot be read: {error}") from error


@functools.cache
def _own_source(path: Path) -> bytes:
    return path.read_bytes()


@functools.lru_cache(maxsize=256)
def _data_digest(path: Path, *_stamp: int) -> str:
    return files.digest_file(path)


@functools.lru_cache(maxsize=512)
def named_in(content: bytes) -> Code:
    """Return what the source of a module names; SyntaxError or ValueError if it is not Python."""
    tree = ast.parse(content)
    documentation = files.docstrings(tree)
    modules, relative, plugins, strings = set(), set(), set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):  # from a sibling, in a folder of this package
            start = f"{node.module}." if node.module else ""
            relative |= {"." * node.level + start + alias.name for alias in node.names}
            plugins |= {("", (start + alias.name).partition(".")[0]) for alias in node.names}
        elif isinstance(node, ast.Call):
            plugins |= set(_loaded(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.strip("/")
            if node not in documentation and 0 < len(text) <= LONGEST_NAME:
                strings.add(text)
    for module in modules:
        top, kind, name, *_ = [*module.split("."), "", ""]
        if top == "dataperf" and kind in KINDS:
            plugins.add((kind, name or "*"))
    tops = frozenset(module.partition(".")[0] for module in modules)
    return Code(tops, frozenset(modules | relative), frozenset(plugins), frozenset(strings))


def _loaded(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the plug-in that a call loads, if its name is a string in the source."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    function = call.func.id if isinstance(call.func, ast.Name) else function
    words = [each.value for each in call.args if isinstance(each, ast.Constant)]
    if function in ("load", "get") and len(words) == 2 and words[0] in KINDS:
        yield str(words[0]), str(words[1])
    elif function == "load_dataset" and words:
        yield "datasets", str(words[0])


def _plugins(own: str, wanted: frozenset[tuple[str, str]]) -> Iterator[tuple[str, Path, Path]]:
    """Yield kind, folder and file of the plug-ins that a module of one kind names."""
    for named, name in sorted(wanted):
        kind = named or own
        folder = PACKAGE / kind
        if name == "*":
            yield from ((kind, folder, each) for each in sorted(folder.glob("[!_]*.py")))
        elif (folder / f"{name}.py").is_file():
            yield kind, folder, folder / f"{name}.py"
        elif named:
            try:
                entry = get(kind, name)
            except NotFound:
                continue  # a name of the folder's __init__, or of nothing: loading it fails
            yield kind, entry.folder, entry.path


def _named_files(path: Path, strings: frozenset[str]) -> Iterator[Path]:
    """Yield the files in a module's folder that have its name or stand in its text."""
    there = {each.name for each in os.scandir(path.parent)}
    alike = {name for name in there if name.partition(".")[0] == path.stem}
    yield from (each for each in _files_named(path.parent, strings | alike) if each != path)


def _files_named(place: Path, strings: frozenset[str]) -> Iterator[Path]:
    """Yield the files in a folder that stand in a module's text."""
    there = {each.name for each in os.scandir(place)} - set(IGNORED)
    found: set[str] = set()
    for text in strings:
        if ".." in text.split("/"):
            continue
        if text.partition("/")[0] in there:
            found.add(text)
        elif "*" in text[1:] and text[0] not in "*.":
            with contextlib.suppress(ValueError, NotImplementedError, OSError):  # not a pattern
                found |= {each.relative_to(place).as_posix() for each in place.glob(text)}
    for name in sorted(found):
        if name.partition("/")[0] in there:
            yield from _files_in(place / name)


def _files_in(path: Path) -> Iterator[Path]:
    """Yield a file, or the files of a folder; compiled and hidden ones do not count."""
    if path.is_file():
        if path.suffix != ".pyc":
            yield path
        return
    for place, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if f not in IGNORED and not f.startswith("."))
        for name in sorted(names):
            each = Path(place, name)
            if not name.startswith(".") and each.suffix != ".pyc" and each.is_file():
                yield each


def _imported(module: str, kind: str, folder: Path, path: Path) -> list[Path]:
    """Return the files next to a plug-in that the import of a module reads.

    An installed package comes before a file next to the plug-in, as in Python's own import.

    Raises
    ------
    DataperfError
        If it is found in another place, where its files have no digest.
    """
    if module in sys.stdlib_module_names or module == "dataperf":
        return []
    place = _found_at(module)
    if place is not None and _is_installed(module, place):
        return []
    package, single = folder / module / "__init__.py", folder / f"{module}.py"
    if package.is_file():
        return list(_files_in(package.parent))
    if single.is_file():
        return [single] if single != path else []
    if place is not None and kind in BOARD_KINDS:
        raise DataperfError(
            f"{path} imports {module} from {place}, where it can change unseen.\n"
            f"  Put it into the plug-in's folder, {folder}, or install it as a package."
        )
    return []


def _found_at(module: str) -> Path | None:
    """Return where Python itself would import a module from, if it would at all."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.origin in (None, "built-in", "frozen"):
        return next(map(Path, spec.submodule_search_locations or ()), None)
    return Path(str(spec.origin))


@functools.cache
def _is_installed(module: str, place: Path) -> bool:
    """Return whether a package manager put a module there."""
    if is_library(place):
        return True
    import importlib.metadata

    return module in importlib.metadata.packages_distributions()


def is_library(path: Path) -> bool:
    """Return whether a file belongs to Python or to the packages that are installed."""
    return any(path.is_relative_to(folder) for folder in _library_folders())


@functools.cache
def _library_folders() -> tuple[Path, ...]:
    import site
    import sysconfig

    known = sysconfig.get_paths()
    named = [known[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    named += [*site.getsitepackages(), site.getusersitepackages(), str(PACKAGE)]
    named += [os.path.realpath(each) for each in named]
    return tuple(dict.fromkeys(map(Path, named)))
