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
from pathlib import Path

from dataperf.errors import DataperfError

GROUP = "dataperf.plugins"


def folders() -> dict[Path, str]:
    """Return the folders of installed plug-ins, with the name and version of their packages.

    Raises
    ------
    DataperfError
        If an entry point names a package that does not exist.
    """
    return dict(_folders(tuple((place, _changed(place)) for place in sys.path)))


def _changed(place: str) -> int:
    """Return when a folder of ``sys.path`` last changed: a package may be installed meanwhile."""
    try:
        return Path(place or ".").stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=4)
def _folders(_path: tuple[tuple[str, int], ...]) -> tuple[tuple[Path, str], ...]:
    found = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        package = point.dist
        origin = f"{package.name} {package.version}" if package else point.name
        found[_folder(point.module, origin)] = origin
    return tuple(found.items())


def _folder(module: str, origin: str) -> Path:
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place, *rest)
        if folder.is_dir():
            return folder.resolve()
    raise DataperfError(
        f"{origin} says that its plug-ins are in the package {module}, which does not exist.\n"
        "  Install it again, or uninstall it."
    )
