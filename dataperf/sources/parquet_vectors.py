"""Read embeddings from Parquet files batch by batch, into an existing array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem

BATCH = 512
MANY = 16 * BATCH  # rows after which unused memory is freed
BUFFER = 1 << 18  # bytes


def count(path: Path) -> int:
    """Return the number of rows of a Parquet file, from its footer.

    Raises
    ------
    Invalid
        If it is not a Parquet file.
    """
    import pyarrow.parquet as pq

    with _refuse_damaged(path):
        return int(pq.read_metadata(path).num_rows)


def read(
    path: Path, vectors: str, out: NDArray[Any], *, columns: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Read vectors into an array, and return other columns.

    Parameters
    ----------
    path, vectors, columns
        As `batches` takes them.
    out : (rows, width) array
        Is filled. It has as many rows as the file; values are converted to its dtype.

    Returns
    -------
    dict of str to (rows,) array
        The other columns.

    Raises
    ------
    Invalid
        If the file is damaged, a column is missing, or a vector has another length.
    """
    found: dict[str, list[NDArray[Any]]] = {name: [np.zeros(0, np.int64)] for name in columns}
    done = 0
    for others, rows in batches(path, vectors, out.shape[1], columns=columns):
        out[done : done + len(rows)] = rows
        done += len(rows)
        for name in columns:
            found[name].append(others[name])
    return {name: _joined(parts) for name, parts in found.items()}


def batches(
    path: Path, vectors: str, width: int, *, columns: Sequence[str]
) -> Iterator[tuple[dict[str, NDArray[Any]], NDArray[Any]]]:
    """Yield vectors and other columns batch by batch.

    Parameters
    ----------
    path
        A Parquet file.
    vectors
        Name of the column with a list of numbers in each row.
    width
        Expected length of each list.
    columns
        Names of the other columns. Integers stay integers; all other values become text.

    Yields
    ------
    dict of str to (n,) array, (n, width) array
        Other columns, and vectors. The vectors are valid only until the next batch.

    Raises
    ------
    Invalid
        If the file is damaged, a column is missing, or a vector has another length.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    done = 0
    with _refuse_damaged(path):
        # Read through a small buffer: the pages of a mapped file would count as used memory.
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
            others = {name: _array(batch.column(name).to_pylist()) for name in columns}
            yield others, flat.reshape(len(batch), -1)
            done += len(batch)
    if done >= MANY:  # for many small files, freeing memory after each would be slow
        pa.default_memory_pool().release_unused()


def _numbers(values: Any) -> NDArray[Any]:
    """Return the numbers of an Arrow array without a copy; ``to_numpy`` would import pandas."""
    import pyarrow as pa

    floating, whole = pa.types.is_floating(values.type), pa.types.is_integer(values.type)
    if not (floating or whole):
        raise ValueError(f"the vectors hold {values.type}, expected numbers")
    if values.null_count:
        raise ValueError(f"{values.null_count:,} numbers of the vectors are missing")
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
def _refuse_damaged(path: Path) -> Iterator[None]:
    """Turn read errors into Invalid with the name of the file."""
    import pyarrow as pa

    try:
        yield
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise Invalid(str(path), [Problem("bad-parquet", "", str(error)[:500])]) from error
