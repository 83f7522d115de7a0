"""Files and objects as people have them: separators, compression, tables in memory, mixed types."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

import dataperf
from dataperf.errors import DataperfError
from dataperf.own_data import apply as applying
from dataperf.own_data import evaluate, rewrite_csv
from dataperf.own_data.changes import Edit
from dataperf.reading import compression, loaded
from dataperf.reading.read import read

ROWS = 40


@pytest.fixture
def frame():
    random = np.random.default_rng(0)
    label = np.array(["cat", "dog"] * (ROWS // 2))
    return pd.DataFrame(random.normal(size=(ROWS, 2)).round(2), columns=["a", "b"]).assign(
        label=label
    )


def refused(source, **options):
    with pytest.raises(DataperfError) as caught:
        read(source, **options)
    return str(caught.value)


def lines(frame, mark=",", names=None):
    rows = frame.astype(str).to_numpy().tolist()
    if names is not None:
        rows = [[name, *row] for name, row in zip(names, rows)]
    return "".join(mark.join(row) + "\n" for row in rows)


# CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "mark", "names"),
    [
        ("sep=;\na;b;label\n", ";", ["a", "b"]),
        ('\ufeff"sep=|"\r\na|b|label\r\n', "|", ["a", "b"]),
        ("SEP=\t\na\tb\tlabel\n", "\t", ["a", "b"]),
        ('"age, years";"weight, kg, net";label\n', ";", ["age, years", "weight, kg, net"]),
        ('"x;y;z;u",b,label\n', ",", ["x;y;z;u", "b"]),
        ("a, in m, or ft;b;label\n", ";", ["a, in m, or ft", "b"]),
        ("a b label\n", " ", ["a", "b"]),
    ],
)
def test_the_separator_is_the_one_that_the_lines_fit(tmp_path, frame, head, mark, names):
    path = tmp_path / "t.csv"
    path.write_text(head + lines(frame, mark), encoding="utf-8")
    rows = read(path, label="label")
    assert rows.frame.columns.tolist() == names and len(rows) == ROWS
    assert rows.frame[names[0]].tolist() == frame["a"].tolist()


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
def test_names_of_rows_as_r_writes_them_are_the_ids(tmp_path, frame, mark):
    path = tmp_path / "t.txt"
    names = [f'"cell{number}"' for number in range(ROWS)]
    path.write_text(mark.join(["a", "b", "label"]) + "\n" + lines(frame, mark, names))
    rows = read(path, label="label")
    assert rows.ids.tolist() == [name.strip('"') for name in names]
    assert rows.frame["b"].tolist() == frame["b"].tolist()
    edit = Edit(rows.labels, np.arange(ROWS) > 0, {1: 0}, True)
    made = rewrite_csv.rewrite(path.read_bytes(), ".txt", "label", edit).decode()
    changed = lines(frame.assign(label=["cat", "cat", *frame["label"][2:]]), mark, names)
    assert made == mark.join(["a", "b", "label"]) + "\n" + changed.split("\n", 1)[1]


@pytest.mark.parametrize(
    "content",
    [
        "text,label\n" + "a,b,x\na,c,y\n" * 10,  # the first values repeat
        "text,label\n" + ",b,x\nd,c,y\n" * 10,  # one is missing
    ],
)
def test_a_value_too_many_that_names_no_row_is_refused(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_text(content)
    message = refused(path, label="label")
    assert "line 1" in message and "3 values, the header has 2 names" in message


def test_separators_at_the_end_of_the_lines_are_no_column(tmp_path, frame):
    path = tmp_path / "t.csv"
    path.write_text("a,b,label\n" + lines(frame.assign(end="")))
    rows = read(path, label="label")
    assert rows.frame["a"].tolist() == frame["a"].tolist() and rows.classes == ("cat", "dog")


def test_the_line_that_does_not_fit_is_numbered_as_in_the_file(tmp_path, frame):
    path = tmp_path / "t.csv"
    path.write_text("sep=;\na;b;label\n1;2\n" + lines(frame, ";"))
    assert read(path, label="label").skipped == (("line 3", "2 values instead of 3"),)


def test_the_line_that_names_the_separator_stays_in_the_cleaned_file():
    content = b'\xef\xbb\xbfsep=;\r\n"a, b";y\r\n1;x\r\n2;z\r\n'
    edit = Edit(np.array([0, 1]), np.array([True, False]), {}, True)
    assert rewrite_csv.rewrite(content, ".csv", "y", edit) == content[: -len(b"2;z\r\n")]


def test_a_line_longer_than_a_block_is_read(tmp_path, frame):
    path = tmp_path / "t.csv"
    long = frame.assign(text="")
    long.loc[30, "text"] = "x " * 2**20
    long.to_csv(path, index=False)
    assert len(read(path, label="label")) == ROWS


def test_too_many_columns_are_refused_and_many_are_read(tmp_path, frame, monkeypatch):
    wide = pd.DataFrame(np.zeros((2, 60)), columns=[f"column{n}" for n in range(60)])
    wide = wide.assign(label=["a", "b"])
    monkeypatch.setattr(loaded, "MOST_COLUMNS", 50)
    monkeypatch.setattr("dataperf.reading.csv_files.MOST_COLUMNS", 50)
    wide.to_csv(tmp_path / "t.csv", index=False)
    wide.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    wide.to_parquet(tmp_path / "t.parquet")
    for source in (wide, *(tmp_path / f"t.{end}" for end in ("csv", "jsonl", "parquet"))):
        assert "61 columns [too-many-columns]" in refused(source, label="label")


def test_a_header_longer_than_a_block_is_no_empty_file(tmp_path):
    names = [f"{'a' * 2000}{number}" for number in range(600)]
    path = tmp_path / "t.csv"
    body = "\n".join(
        ",".join([*map(str, range(row, row + 600)), "xy"[row % 2]]) for row in range(8)
    )
    path.write_text(",".join([*names, "label"]) + "\n" + body)
    assert read(path, label="label").frame.shape == (8, 600)


# Compression -----------------------------------------------------------------------------


def packed(path, content):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("README.txt", "what this is")
            file.writestr("__MACOSX/t.csv", "no table")
            file.writestr(f"data/t{path.suffixes[-2]}", content)
        return path
    if path.suffix == ".zst":
        with pa.OSFile(str(path), "wb") as raw, pa.CompressedOutputStream(raw, "zstd") as file:
            file.write(content)
        return path
    how = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[path.suffix]
    path.write_bytes(how(content))
    return path


def contents(frame):
    parquet, arrays = io.BytesIO(), io.BytesIO()
    frame.to_parquet(parquet)
    np.savez(arrays, features=frame[["a", "b"]], labels=frame["label"].to_numpy(dtype=str))
    return {
        ".csv": frame.to_csv(index=False).encode(),
        ".jsonl": frame.to_json(orient="records", lines=True).encode(),
        ".parquet": parquet.getvalue(),
        ".npz": arrays.getvalue(),
    }


@pytest.mark.parametrize("last", compression.ENDINGS)
def test_every_table_is_read_in_every_compression(tmp_path, frame, last):
    for ending, content in contents(frame).items():
        path = packed(tmp_path / f"t{ending}{last}", content)
        rows = read(path, label="label")
        assert (rows.features == read(frame, label="label").features).all() or ending == ".npz"
        assert len(rows) == ROWS and rows.classes == ("cat", "dog") and rows.name == "t"


@pytest.mark.parametrize("last", [".xz", ".zip", ".zst"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_cleaned_file_is_compressed_as_the_data(tmp_path, frame, ending, last):
    path = packed(tmp_path / f"t{ending}{last}", contents(frame)[ending])
    pool = evaluate.load(str(path), label="label")[1]["own"].pool
    row = int(pool.ids[0])
    answer = {"drop": [str(row)]}
    submission = {
        "schema_version": 2,
        "challenge": "own-repair",
        "board": "own",
        "submitter": "us",
        "method": "by hand",
        "answer": answer,
    }
    out = tmp_path / f"new{ending}{last}"
    applying.apply(submission, path, output=out, label="label")
    after = read(out, label="label")
    assert after.frame["a"].tolist() == frame["a"].drop(row).tolist()
    if last == ".zip":
        assert zipfile.ZipFile(out).read("README.txt") == b"what this is"


def test_an_archive_with_no_table_or_two_says_what_it_holds(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.csv", "a")
        file.writestr("b.csv", "a")
    assert "2 tables: a.csv, b.csv" in refused(path, label="label")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("/".join("d" * 2000) + "/f", "x")
    message = refused(path, label="label")
    assert "no table is in it" in message and len(message) < 500
    path.write_bytes(b"PK\x03\x04 no archive")
    assert "bad-archive" in refused(path, label="label")


@pytest.mark.parametrize("last", compression.ENDINGS)
def test_a_file_that_decodes_to_far_more_than_it_holds_is_refused(tmp_path, monkeypatch, last):
    monkeypatch.setattr(compression, "LARGE", 2**20)
    monkeypatch.setattr(compression, "DENSE", 3)
    for ending in (".csv", ".jsonl"):
        path = packed(tmp_path / f"t{ending}{last}", b"0" * 2**22)
        assert "too-large" in refused(path, label="label")


@pytest.mark.parametrize("last", compression.ENDINGS)
def test_a_damaged_compressed_file_is_an_error_of_ours(tmp_path, frame, last):
    for ending, content in contents(frame).items():
        path = packed(tmp_path / f"t{ending}{last}", content)
        path.write_bytes(path.read_bytes()[:-30])
        assert str(path) in refused(path, label="label")


# Types that change late ------------------------------------------------------------------


def late(value, first, rows=3000):
    """Rows of one kind of value, but for one late in the data."""
    return [
        {"t": value if row == rows - 500 else first(row), "x": row % 7, "label": "ab"[row % 2]}
        for row in range(rows)
    ]


@pytest.mark.parametrize(
    ("value", "first", "kind"),
    [
        ("no", lambda row: row % 3 == 0, "numeric"),
        ({"a": 1}, lambda row: row % 3 == 0, "numeric"),
        (["a", "b"], lambda row: f"a word and number {row} of many", "text"),
        (["a"], lambda row: "xyz"[row % 3], "categorical"),
        (10**309, lambda row: row % 90, "numeric"),
        (10**309, lambda row: row / 8, "numeric"),
        ("x", lambda row: row / 8, "numeric"),
    ],
)
def test_a_value_of_another_type_late_in_the_data_is_read(tmp_path, value, first, kind):
    records = late(value, first)
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    for source in (
        path,
        records,
        pd.DataFrame(
            {
                "t": pd.Series([r["t"] for r in records], dtype=object),
                "x": 1,
                "label": [r["label"] for r in records],
            }
        ),
    ):
        rows = read(source, label="label")
        assert rows.kinds["t"] == kind and len(rows) == 3000
        if isinstance(value, list | dict):
            assert rows.frame["t"][2500] == json.dumps(value)
        dataperf.audit(source, label="label", detectors=["duplicates", "features"])


def test_an_integer_with_more_digits_than_python_prints_is_read():
    records = [{"t": 10**5000 if n == 3 else n * 1.5, "label": "ab"[n % 2]} for n in range(30)]
    rows = read(records, label="label")
    assert np.isfinite(rows.features).all() and rows.kinds["t"] == "numeric"


def test_several_labels_a_row_are_not_supported_and_the_column_is_named(tmp_path, frame):
    tags = [["p", "q"], ["p"]] * (ROWS // 2)
    frame["tags"] = tags
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "t.csv", index=False)
    for source in (frame, *(tmp_path / f"t.{end}" for end in ("parquet", "jsonl", "csv"))):
        message = refused(source, label="tags")
        assert '"tags" holds a list in each row: several labels a row are not' in message
    assert "holds a list in each row" in refused(frame, label="label", group="tags")
    for labels in (tags, np.eye(2)[np.arange(ROWS) % 2]):
        assert "several labels a row are not supported" in refused((frame[["a", "b"]], labels))


# Objects ---------------------------------------------------------------------------------


class Stream:
    """A table of another library: all that is known of it is its Arrow stream."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


def fields(frame):
    return frame.assign(label=frame["label"].astype("S3")).to_records(index=False)


TABLES = {
    "an Arrow table": pa.Table.from_pandas,
    "a batch": pa.RecordBatch.from_pandas,
    "a reader": lambda frame: pa.Table.from_pandas(frame).to_reader(),
    "an Arrow stream": lambda frame: Stream(pa.Table.from_pandas(frame)),
    "a record array": lambda frame: frame.to_records(index=False),
    "an array with fields of bytes": fields,
    "a table of polars": lambda frame: pytest.importorskip("polars").from_pandas(frame),
    "a lazy table": lambda frame: pytest.importorskip("polars").from_pandas(frame).lazy(),
}


@pytest.mark.parametrize("made", TABLES.values(), ids=TABLES)
def test_a_table_of_any_library_is_read_as_a_data_frame(frame, made):
    rows, usual = read(made(frame), label="label"), read(frame, label="label")
    assert (rows.features == usual.features).all() and rows.classes == usual.classes
    assert (rows.labels == usual.labels).all() and rows.kinds == usual.kinds


def test_labels_apart_from_a_table_and_a_table_with_labels(frame):
    usual, features = read(frame, label="label"), frame[["a", "b"]]
    table = pa.Table.from_pandas(features)
    for labels in (
        frame["label"].to_numpy()[:, None],
        frame[["label"]],
        [[each] for each in frame["label"]],
        pa.array(frame["label"]),
        pa.Table.from_pandas(frame[["label"]]),
        np.ma.array(frame["label"].to_numpy(dtype=str)),
    ):
        for source in (features, table, features.to_numpy(), sp.csr_matrix(features)):
            found = read((source, labels))
            assert (found.labels == usual.labels).all() and len(found) == ROWS
            assert (read(source, label=labels).labels == usual.labels).all()


def test_a_sparse_matrix_is_its_numbers_and_a_large_one_its_main_directions(frame, monkeypatch):
    matrix, labels = sp.random(ROWS, 30, density=0.2, random_state=0, format="csr"), frame["label"]
    dense = read((matrix.toarray().astype(np.float32), labels))
    assert (read((matrix, labels)).features == dense.features).all()
    monkeypatch.setattr("dataperf.reading.in_memory.MOST_DENSE", 100)
    monkeypatch.setattr("dataperf.reading.in_memory.DIRECTIONS", 5)
    assert read((sp.coo_array(matrix), labels)).features.shape == (ROWS, 5)
    assert "without labels" in refused(matrix)


def test_masked_numbers_are_missing_and_masked_labels_too(frame):
    values = np.ma.masked_greater(frame[["a", "b"]].to_numpy(), 1.0)
    labels = np.ma.array(np.arange(ROWS) % 2, mask=np.arange(ROWS) < 4)
    rows = read((values, labels))
    assert (rows.labels[:4] == -1).all() and (rows.labels[4:] == np.arange(4, ROWS) % 2).all()
    usual = read((values.filled(np.nan), np.arange(ROWS) % 2))
    assert (rows.features == usual.features).all()


def test_texts_and_labels_are_a_column_of_text(frame):
    texts = [
        f"number {row} of some words with {'cats' if row % 2 else 'dogs'}" for row in range(ROWS)
    ]
    rows = read((texts, frame["label"]))
    assert rows.kinds == {"text": "text"}


def test_objects_of_another_library_that_are_no_values_are_refused(frame):
    polars = pytest.importorskip("polars")
    table = polars.from_pandas(frame).with_columns(
        polars.Series("things", [object() for _ in range(ROWS)], dtype=polars.Object)
    )
    assert "Python objects in things" in refused(table, label="label")


def test_a_table_of_another_library_is_evaluated(frame):
    table = pa.Table.from_pandas(frame)
    pool = evaluate.load(table, label="label")[1]["own"].pool
    submission = {
        "schema_version": 2,
        "challenge": "own-repair",
        "board": "own",
        "submitter": "us",
        "method": "by hand",
        "answer": {"drop": [str(pool.ids[0])]},
    }
    one, two = (dataperf.evaluate_data(each, submission, label="label") for each in (table, frame))
    assert one.tasks["own"].score == two.tasks["own"].score


def test_parquet_in_memory_is_the_parquet_file(tmp_path, frame):
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet")
    found = read(
        packed(tmp_path / "t.parquet.gz", (tmp_path / "t.parquet").read_bytes()), label="label"
    )
    assert (found.features == read(tmp_path / "t.parquet", label="label").features).all()
