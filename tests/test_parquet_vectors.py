"""Numbers out of Parquet files, and mapped files that are let go of."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataperf.basics import files
from dataperf.errors import Invalid
from dataperf.sources import parquet_vectors


def written(path, vectors, kind, **columns):
    listed = pa.array(vectors, type=pa.list_(kind))
    pq.write_table(pa.table({**columns, "v": listed}), path, row_group_size=3)
    return path


@pytest.mark.parametrize(
    "kind", [pa.float16(), pa.float32(), pa.float64(), pa.int8(), pa.int64(), pa.uint32()]
)
def test_numbers_of_every_type_are_read(kind, tmp_path):
    vectors = [[float(row + place) for place in range(4)] for row in range(1300)]
    if not pa.types.is_floating(kind):
        vectors = [[int(value) % 100 for value in row] for row in vectors]
    if kind == pa.float16():
        vectors = [[np.float16(value) for value in row] for row in vectors]
    path = written(tmp_path / "x.parquet", vectors, kind, name=[f"n{n}" for n in range(1300)])
    out = np.empty((1300, 4), dtype=np.float32)
    found = parquet_vectors.read(path, "v", out, columns=["name"])
    assert np.array_equal(out, np.array(vectors, dtype=np.float32))
    assert found["name"].tolist() == [f"n{n}" for n in range(1300)]
    assert parquet_vectors.count(path) == 1300


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3], "i"),
        ([1, None, 3], "U"),
        (["a", None, "c"], "U"),
        ([None, None, None], "U"),
    ],
)
def test_other_columns_are_whole_numbers_or_text(values, kind, tmp_path):
    path = written(tmp_path / "x.parquet", [[1.0]] * 3, pa.float32(), name=values)
    found = parquet_vectors.read(path, "v", np.empty((3, 1)), columns=["name"])["name"]
    assert found.dtype.kind == kind
    assert found.tolist() == [("" if v is None else str(v)) if kind == "U" else v for v in values]


def test_whole_numbers_and_text_in_other_batches_are_text(tmp_path):
    names = [*range(parquet_vectors.BATCH), None]
    rows = len(names)
    path = written(tmp_path / "x.parquet", [[1.0]] * rows, pa.float32(), name=names)
    found = parquet_vectors.read(path, "v", np.empty((rows, 1)), columns=["name"])["name"]
    assert found.tolist() == [*map(str, range(parquet_vectors.BATCH)), ""]


def test_no_rows_are_read(tmp_path):
    path = written(tmp_path / "x.parquet", [], pa.float32(), name=pa.array([], pa.string()))
    found = parquet_vectors.read(path, "v", np.empty((0, 2)), columns=["name"])
    assert len(found["name"]) == 0


@pytest.mark.parametrize(
    ("vectors", "kind"),
    [
        ([[1.0, None]], pa.float32()),
        ([["a", "b"]], pa.string()),
        ([[1.0]], pa.float32()),
        ([[1.0, 2.0, 3.0]], pa.float32()),
        ([None], pa.float32()),
        ([[True, False]], pa.bool_()),
    ],
)
def test_what_is_no_vector_is_refused(vectors, kind, tmp_path):
    path = written(tmp_path / "x.parquet", vectors, kind)
    with pytest.raises(Invalid, match="bad-parquet"):
        parquet_vectors.read(path, "v", np.empty((1, 2)), columns=[])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(50) + b"PAR1", bytes(100)])
def test_damaged_files_are_refused(content, tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(Invalid, match="bad-parquet"):
        parquet_vectors.count(path)


def test_a_file_cut_short_or_without_the_column_is_refused(tmp_path):
    path = written(tmp_path / "x.parquet", [[1.0, 2.0]] * 2000, pa.float32())
    with pytest.raises(Invalid, match="bad-parquet"):
        parquet_vectors.read(path, "other", np.empty((2000, 2)), columns=[])
    content = bytearray(path.read_bytes())
    content[20:60] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(Invalid, match="bad-parquet"):
        parquet_vectors.read(path, "v", np.empty((2000, 2)), columns=[])


def test_reading_imports_no_pandas(tmp_path):
    path = written(tmp_path / "x.parquet", [[1.0, 2.0]], pa.float32())
    code = (
        "import sys, pathlib, numpy as np; from dataperf.sources import parquet_vectors; "
        f"parquet_vectors.read(pathlib.Path({str(path)!r}), 'v', np.empty((1, 2)), columns=[]); "
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_released_array_says_what_it_said(tmp_path):
    path = tmp_path / "x.npy"
    made = np.lib.format.open_memmap(path, "w+", np.dtype(np.float64), (1000, 8))
    made[:] = np.arange(8000).reshape(1000, 8)
    files.release(made)
    files.release(made[10:20].view(np.ndarray))
    assert np.array_equal(made, np.arange(8000).reshape(1000, 8))
    own = np.load(path, mmap_mode="c")
    own[0] = -1  # in memory alone: letting go would lose it
    files.release(own)
    files.release(own[:5])
    assert (own[0] == -1).all()
    plain = np.ones(3)
    files.release(plain)
    assert plain.sum() == 3
