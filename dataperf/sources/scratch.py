"""Features appended to a file of the cache while they are read."""

from __future__ import annotations

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

from dataperf.sources.locate import cache_folder

SCRATCH = ".scratch-"


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
