"""Where a result was computed: library versions and machine."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dataperf.registry import packages

LIBRARIES = ("dataperf", "numpy", "scipy", "scikit-learn", "pandas", "cleanlab", "threadpoolctl")


def versions(paths: Iterable[Path] = ()) -> dict[str, str]:
    """Return the versions of Python and of every library that can change a score.

    Parameters
    ----------
    paths
        Files that the score rests on. Installed packages that offer some of them are listed too.
    """
    return {**_versions(), **packages.versions(paths)}


@functools.cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """Return facts about the machine; none of them identifies its owner."""
    import psutil

    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count() or 0,
        "memory": int(psutil.virtual_memory().total),
    }


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
