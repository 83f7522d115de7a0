"""The files of an installed package that a module of it imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from dataperf.registry.packages import Installed


def of_package(package: Installed, path: Path, imports: Iterable[str]) -> list[Path]:
    """Return the files of a package that the imports of one of its modules run.

    Parameters
    ----------
    package
        The package.
    path
        The module's file in it.
    imports
        Dotted names; a relative one begins with its dots. The last name may be a module or
        something in one.

    Returns
    -------
    list of Path
        Modules, the ``__init__.py`` of every package on the way, and compiled modules.
    """
    found: dict[Path, None] = {}
    for name in sorted(imports):
        for each in _files(package, _whole(package, path, name)):
            if each != path:
                found[each] = None
    return list(found)


def _whole(package: Installed, path: Path, name: str) -> list[str]:
    """Return the parts of an absolute name below the package; empty if it is of another one."""
    wanted = name.lstrip(".")
    level = len(name) - len(wanted)
    if not level:
        top, *rest = wanted.split(".")
        return [package.top.name, *rest] if top == package.top.name else []
    folders = [package.top.name, *path.relative_to(package.top).parent.parts]
    if level > len(folders):
        return []
    return [*folders[: len(folders) - level + 1], *wanted.split(".")]


def _files(package: Installed, names: list[str]) -> Iterator[Path]:
    place = package.top.parent
    for name in names:
        for suffix in EXTENSION_SUFFIXES:
            if (place / f"{name}{suffix}").is_file():
                yield place / f"{name}{suffix}"
        if (place / name / "__init__.py").is_file():
            yield place / name / "__init__.py"
        elif (place / f"{name}.py").is_file():
            yield place / f"{name}.py"
        place = place / name
