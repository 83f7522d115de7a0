"""Embeddings out of Parquet files, a batch at a time into an array that is there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem

BATCH = 512
MANY = 16 * BATCH  # rows after which memory is let go of
BUFFER = 1 << 18  # bytes


def count(path: Path) -> int:
    """Return the number of rows of a Parquet file, from its footer.

    Raises
    ------
    Invalid
        If it is no Parquet file.
    """
    import pyarrow.parquet as pq

    with _told(path):
        return int(pq.read_metadata(path).num_rows)


def read(
    path: Path, vectors: str, out: NDArray[Any], *, columns: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Read vectors into the rows of an array and return other columns.

    Parameters
    ----------
    path, vectors, columns
        As `batches` takes them.
    out : (rows, width) array
        As many rows as the file; its dtype is what the numbers are turned into.

    Returns
    -------
    dict of str to (rows,) array

    Raises
    ------
    Invalid
        If the file is damaged, lacks a column, or a vector has another width.
    """
    found: dict[str, list[NDArray[Any]]] = {name: [np.zeros(0, np.int64)] for name in columns}
    done = 0
    for told, rows in batches(path, vectors, out.shape[1], columns=columns):
        out[done : done + len(rows)] = rows
        done += len(rows)
        for name in columns:
            found[name].append(told[name])
    return {name: _joined(parts) for name, parts in found.items()}


def batches(
    path: Path, vectors: str, width: int, *, columns: Sequence[str]
) -> Iterator[tuple[dict[str, NDArray[Any]], NDArray[Any]]]:
    """Yield other columns and the vectors of some rows at a time.

    Parameters
    ----------
    path
        A Parquet file.
    vectors
        Name of the column that holds a list of numbers in each row.
    width
        How many numbers each list should have.
    columns
        Names of the other columns; integers as they are, all else as text.

    Yields
    ------
    dict of str to (n,) array, (n, width) array
        The vectors are only there until the next ones are asked for.

    Raises
    ------
    Invalid
        If the file is damaged, lacks a column, or a vector has another width.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    done = 0
    with _told(path):
        # Read through a small buffer: of a mapped file what has been read counts as memory held.
        file = pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False)
        names = [*columns, vectors]
        for batch in file.iter_batches(batch_size=BATCH, columns=names, use_threads=False):
            column = batch.column(vectors)
            if not isinstance(column, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
                raise ValueError(f"{vectors} holds {column.type}, expected lists of numbers")
            flat = _numbers(column.flatten())
            if len(flat) != len(batch) * width:
                what = f"{len(flat):,} numbers in {len(batch):,} rows"
                raise Invalid(
                    str(path), [Problem("bad-parquet", vectors, what, f"{width} in each")]
                )
            told = {name: _array(batch.column(name).to_pylist()) for name in columns}
            yield told, flat.reshape(len(batch), -1)
            done += len(batch)
    if done >= MANY:  # of many small files, letting go after each would cost more than it saves
        pa.default_memory_pool().release_unused()


def _numbers(values: Any) -> NDArray[Any]:
    """Return an Arrow array's numbers as they lie; its own ``to_numpy`` would import pandas."""
    import pyarrow as pa

    floating, whole = pa.types.is_floating(values.type), pa.types.is_integer(values.type)
    if not (floating or whole):
        raise ValueError(f"the vectors hold {values.type}, expected numbers")
    if values.null_count:
        raise ValueError(f"the vectors lack {values.null_count:,} numbers")
    if not len(values):
        return np.zeros(0)
    dtype = np.dtype(values.type.to_pandas_dtype())
    content = values.buffers()[1]
    return np.frombuffer(content, dtype, len(values), values.offset * dtype.itemsize)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    if any(part.dtype.kind == "U" for part in parts):
        parts = [part.astype(str) for part in parts if len(part)]
    return np.concatenate(parts)


def _array(values: list[Any]) -> NDArray[Any]:
    if values and all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    return np.array(["" if value is None else str(value) for value in values], dtype=np.str_)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say which file is not what it should be."""
    import pyarrow as pa

    try:
        yield
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise Invalid(str(path), [Problem("bad-parquet", "", str(error)[:500])]) from error
