"""Find installed packages that offer plug-ins: those with an entry point ``dataperf.plugins``.

In the package's ``pyproject.toml``::

    [project.entry-points."dataperf.plugins"]
    mytrack = "dataperf_mytrack"

The value names a package. Its folder has the layout of a user's folder of plug-ins:
``dataperf_mytrack/tracks/NAME.py``, ``dataperf_mytrack/metrics/NAME.py``. The package is not
imported to find its plug-ins.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dataperf.errors import DataperfError

GROUP = "dataperf.plugins"


@dataclass(frozen=True)
class Installed:
    """An installed package that offers plug-ins.

    Parameters
    ----------
    folder
        The folder of its plug-ins.
    top
        The folder of the package that import statements name first.
    name, version
        What the package manager calls it.
    """

    folder: Path
    top: Path
    name: str
    version: str

    @property
    def origin(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


def folders() -> dict[Path, str]:
    """Return the folders of installed plug-ins, with the name and version of their packages.

    Raises
    ------
    DataperfError
        If an entry point names a package that does not exist.
    """
    return {each.folder: each.origin for each in _all()}


def of(path: Path) -> Installed | None:
    """Return the installed package that a file lies in, if it offers plug-ins."""
    return next((each for each in _all() if path.is_relative_to(each.top)), None)


def versions(paths: Iterable[Path]) -> dict[str, str]:
    """Return name and version of every installed package of plug-ins that one of the files is of."""
    found = {each.name: each.version for each in map(of, paths) if each is not None}
    return dict(sorted(found.items()))


def _all() -> tuple[Installed, ...]:
    return _installed(tuple((place, _changed(place)) for place in sys.path))


def _changed(place: str) -> int:
    """Return when a folder of ``sys.path`` last changed: a package may be installed meanwhile."""
    try:
        return Path(place or ".").stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=4)
def _installed(_path: tuple[tuple[str, int], ...]) -> tuple[Installed, ...]:
    found = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        package = point.dist
        name, version = (package.name, package.version) if package else (point.name, "")
        folder, top = _folder(point.module, f"{name} {version}".strip())
        found[folder] = Installed(folder, top, name, version)
    return tuple(found.values())


def _folder(module: str, origin: str) -> tuple[Path, Path]:
    """Return the folder of a module, and that of the package that it lies in."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if Path(place, *rest).is_dir():
            return Path(place, *rest).resolve(), Path(place).resolve()
    raise DataperfError(
        f"{origin} says that its plug-ins are in the package {module}, which does not exist.\n"
        "  Install it again, or uninstall it."
    )
