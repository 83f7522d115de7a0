"""Write features to a file of the cache while they are read."""

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

from dataperf.basics import files

SCRATCH = ".scratch-"


class Scratch:
    """Rows of features, appended to a file of the cache while they are read.

    Appended rows take no memory, and the cache can take the file over instead of writing it
    again. If the cache folder cannot be written to, or is full, the rows stay in memory.

    Parameters
    ----------
    width
        Number of values in a row.
    dtype
        Rows are converted to it.

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
        cache = files.optional_cache_folder()
        if cache is None:
            return self
        folder = cache / "tables"
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
        """Append rows, (n, width).

        Raises
        ------
        ValueError
            If the rows have another shape.
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
        """Return all rows, (n, width), after the ``with`` block; read-only if they are in a file."""
        if self._file is not None:
            return np.asanyarray(np.load(self._path, mmap_mode="r"))
        return np.concatenate([np.empty((0, self._width), self._dtype), *self._held])

    def _header(self) -> bytes:
        """Return the header of the ``.npy`` file; its length does not depend on the number of rows."""
        buffer = io.BytesIO()
        shape = (self._count, self._width)
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(buffer, header)
        return buffer.getvalue()

    def _written(self) -> NDArray[Any]:
        """Return the complete rows in the file."""
        with self._path.open("rb") as file:
            file.seek(len(self._header()))
            flat = np.fromfile(file, self._dtype, self._count * self._width)
        return flat.reshape(self._count, self._width)

    def _give_up(self) -> None:
        """Close and remove the file; rows stay in memory from now on."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)
        self._file = None


def _write(file: BinaryIO, content: memoryview) -> None:
    """Write all bytes; an unbuffered file may accept only a part at a time."""
    while content:
        content = content[file.write(content) :]


@contextmanager
def taken(features: NDArray[Any]) -> Iterator[Path | None]:
    """Give the scratch file of features, or None; remove it afterwards if it is still there."""
    scratch = scratch_of(features)
    try:
        yield scratch
    finally:
        if scratch is not None:
            with suppress(
                OSError
            ):  # a mapped file may not be removable; it is removed when it is stale
                scratch.unlink(missing_ok=True)


def scratch_of(features: NDArray[Any]) -> Path | None:
    """Return the scratch file with exactly these features; None if there is none."""
    name = str(getattr(features, "filename", None) or "")
    if not Path(name).name.startswith(SCRATCH) or not isinstance(features, np.memmap):
        return None
    whole = np.load(name, mmap_mode="r")
    if whole.shape == features.shape and whole.dtype == features.dtype:
        return Path(name)
    Path(name).unlink(missing_ok=True)
    return None


def _remove_stale(folder: Path) -> None:
    """Remove scratch files that are older than 24 hours, left by killed processes."""
    for each in folder.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > 86_400:
                each.unlink()
