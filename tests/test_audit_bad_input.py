"""Bad input to an audit: one clear error, or a note on what was ignored; never a traceback."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
import wave
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

import dataperf
from dataperf.api import audits, output_paths
from dataperf.basics import files
from dataperf.cli import app
from dataperf.errors import DataperfError, Invalid, did_you_mean
from dataperf.evidence import compiled, discretize, models, neighbours
from dataperf.own_data import evaluate
from dataperf.reading import draw, read

HOSTILE = (
    "<b>x</b>",
    "</script><script>alert(1)</script>",
    "two\nlines",
    "n\0ul\0",
    "z" * 5000,
    "😀👍",
    "half" + chr(0xD800),
    "../../x",
    "",
    "  ",
    "-->",
    "\u202eevil",
    "[bold]x[/]",
    "\x1b[31mred",
    "=1+1",
    "nan",
)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Nothing here depends on how well a forest judges."""
    monkeypatch.setattr(models, "TREES", 1)


def table(rows=60, classes=3, **columns):
    """Return blobs with three wrong labels, and more columns: values, or functions of a number."""
    random = np.random.RandomState(0)
    right = np.arange(rows) % classes
    values = random.normal(size=(rows, 3)) + 2 * (right[:, None] == np.arange(3))
    frame = pd.DataFrame(values, columns=list("uvw"))
    labels = np.array(list("abcdef"))[right]
    labels[[row for row in (4, 8, 10) if row < rows]] = "a"
    frame["y"] = labels
    for name, value in columns.items():
        values = [value(row) for row in range(rows)] if callable(value) else [value] * rows
        try:
            frame[name] = values
        except UnicodeEncodeError:  # lone surrogates are only held as objects
            frame[name] = pd.Series(values, dtype=object)
    return frame


def whole(data, folder, **options):
    """Do all that can be done with an audit: page, tables, JSON, text, explanation, submission.

    Returns
    -------
    Audit, str
        And its page.
    """
    from rich.console import Console

    from dataperf.curation.terminal import text

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = dataperf.audit(data, **{"label": "y", **options})
        page = found.report(folder / "page.html").read_text(encoding="utf-8")
        found.to_csv(folder / "csv")
        json.dumps(found.to_dict(), allow_nan=False).encode()
        Console(file=io.StringIO(), width=100).print(text(found))
        assert "<" in found._repr_html_()
        assert np.isfinite(found.scores()).all()
        found.explain(0)
        try:
            found.to_submission(path=folder / "repair.json")
        except DataperfError as error:
            assert re.search(
                "to split|test row|no row has the value|stands for a missing|is not a class",
                str(error),
            )
    assert not list(folder.rglob("*.part"))
    return found, page


def run(*words, code=0):
    """Run the command; a refusal is one DataperfError, or typer's own, and nothing is warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = CliRunner().invoke(app.app, [str(word) for word in words])
    if isinstance(done.exception, DataperfError):
        assert code == done.exception.exit_code == 2, done.exception
        return str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.output


# Odd, but audited -------------------------------------------------------------------------

ODD = {
    "some labels missing": {"y": lambda n: "ab"[n % 2] if n % 3 else None},
    "nearly all labels missing": {"y": lambda n: "abab"[n] if n < 4 else None},
    "classes of one row": {"y": lambda n: "ab"[n % 2] if n < 40 else f"s{n}"},
    "labels of mixed types": {"y": lambda n: (1, "1", 1.0, True, None, "x")[n % 6]},
    "whole numbers for labels": {"y": lambda n: n % 3 - 1},
    "booleans for labels": {"y": lambda n: n % 2 == 0},
    "halves for labels": {"y": lambda n: n % 3 / 2},
    "infinite labels": {"y": lambda n: (np.inf, 0.0, 1.0, 2.0)[n % 4]},
    "bytes for labels": {"y": lambda n: (b"a", b"\xff")[n % 2]},
    "days for labels": {"y": lambda n: pd.Timestamp(2020 + n % 2, 1, 1)},
    "the sign of a missing label": {"y": lambda n: "?ab"[n % 3]},
    "hostile labels": {"y": lambda n: HOSTILE[n % len(HOSTILE)]},
    "one part": {"s": "train"},
    "a part for each row": {"s": lambda n: n},
    "one group": {"g": "one"},
    "a group for each row": {"g": lambda n: n},
    "groups that are missing": {"g": None},
    "two groups": {"g": lambda n: n % 2},
    "other classes of an annotator": {"n": "zz"},
    "a truth of other classes": {"t": "zz"},
    "a sensitive column without values": {"f": None},
    "a sensitive column of names": {"f": lambda n: f"p{n}"},
    "hostile groups": {"g": lambda n: HOSTILE[n % len(HOSTILE)]},
}
ROLES = {"s": "split", "g": "group", "n": "annotators", "t": "true_label", "f": "sensitive"}


VALUES = {
    "mixed types": lambda n: (1, "x", None, 2.5, b"q", (1, 2), {"a": 1})[n % 7],
    "hostile values": lambda n: HOSTILE[n % len(HOSTILE)],
    "bytes": lambda n: b"\xff" + bytes([n % 5]),
    "dictionaries": lambda n: {"a": n % 3},
    "infinite values": lambda n: (np.inf, -np.inf, n)[n % 3],
    "only infinite values": np.inf,
    "huge values": lambda n: n * 1e306,
    "whole numbers beyond 64 bits": lambda n: 10**30 + n,
    "numbers as text, but one": lambda n: "x" if n == 5 else f"{n / 2}",
    "complex numbers": lambda n: n * 1.5j,
    "spans of time": lambda n: pd.Timedelta(n, "D"),
    "months": lambda n: pd.Period("2020-01", "M") + n,
    "days with a zone": lambda n: pd.Timestamp(2020, 1, 1, tz="Europe/Berlin"),
    "a constant": 5,
    "nothing": None,
}


def test_odd_values_are_audited(tmp_path):
    found, page = whole(table(**VALUES), tmp_path)
    assert "<script>alert" not in page
    reasons = dict([*found.rows.skipped, *found.rows.notes])
    assert reasons["dictionaries"] == "not used: its values are objects, not numbers or text"
    assert reasons["column hostile values"].startswith("lone surrogates")
    assert reasons["column infinite values"] == "40 infinite values counted as missing"
    assert reasons["column mixed types"].endswith("read as text")
    assert reasons["column numbers as text, but one"].startswith("1 non-numeric value, such as 'x'")
    assert "their absolute value" in reasons["column complex numbers"]
    assert {found.rows.kinds[name] for name in ("a constant", "nothing")} == {"constant"}


@pytest.mark.parametrize("columns", ODD.values(), ids=ODD)
def test_odd_columns_are_audited(columns, tmp_path):
    roles = {ROLES[name]: name for name in columns if name in ROLES}
    found, page = whole(table(**columns), tmp_path, **roles)
    assert len(found.findings) + len(found.skipped) == 9
    assert "<script>alert" not in page


FRAMES = {
    "2 rows": lambda: table(2, 2),
    "4 rows": lambda: table(4, 2),
    "12 rows": lambda: table(12),
    "1 column": lambda: table(100)[["u", "y"]],
    "2 different rows": lambda: pd.DataFrame({"a": [1.0, 2.0] * 30, "y": ["p", "q"] * 30}),
    "1 row unlike all": lambda: pd.DataFrame({"a": [1.0] * 59 + [2.0], "y": ["p", "q"] * 30}),
    "a repeated index": lambda: table().set_axis([0, 1, 2] * 20),
    "an index of 1 and '1'": lambda: table(4, 2).set_axis([1, "1", 2, "2"]),
    "lone surrogates in the index": lambda: table(12).set_axis(
        pd.Index([f"{n}" + chr(0xD800) for n in range(12)], dtype=object)
    ),
    "hostile names of columns": lambda: table().rename(columns={"u": "</script>\n", "v": " "}),
    "columns of numbers": lambda: table().rename(columns={"u": 0, "v": 1}),
    "arrow types": lambda: table(m=lambda n: None if n % 9 == 0 else n % 5).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "images of nothing": lambda: (np.full((30, 4, 4), np.nan), np.arange(30) % 2),
    "nested objects": lambda: [
        {"a": {"b": n}, "l": [1, 2, n], "q": n / 2, "y": "ab"[n % 2]} for n in range(40)
    ],
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_odd_tables_are_audited(make, tmp_path):
    data = make()
    whole(data, tmp_path, label=None if isinstance(data, tuple) else "y")


@pytest.mark.parametrize("column", ["m", "y", "g"])
def test_a_decimal_that_signals_is_missing(column, tmp_path):
    values = [Decimal(n % 3) for n in range(59)] + [Decimal("sNaN")]
    frame = table(g="one", m=1.0)
    frame[column] = pd.Series(values, dtype=object)
    found, _ = whole(frame, tmp_path, group="g")
    assert not found.rows.skipped
    if column == "y":
        assert found.rows.labels[-1] == -1 and found.rows.classes == ("0", "1", "2")
        given = dataperf.audit(table()[["u", "v"]], label=values, detectors="imbalance")
        assert given.rows.labels[-1] == -1
    if column == "g":
        assert found.rows.groups[-1] == "(no group) row 59"


def test_what_is_done_to_odd_data_is_noted(tmp_path):
    found = dataperf.audit(table(g="one", m=lambda n: HOSTILE[6]), label="y", group="g")
    assert "all labelled rows belong to one group, so the groups are ignored" in found.notes
    assert any(each.startswith("column m: lone surrogates") for each in found.notes)
    again = dataperf.audit(table().set_axis([1] * 60), label="y", detectors="imbalance")
    assert any("59 repeated values" in each for each in again.notes), again.notes
    assert [each.kind for each in again.findings] == ["imbalance"]


# Refused, everything at once ---------------------------------------------------------------

REFUSED = {
    "another case of the label": (table(), {"label": "Y"}, 'Did you mean "y"'),
    "no label named": (table(), {"label": None}, "no-label.*\n.*perhaps label=.y.;"),
    "a label that is neither": (table(), {"label": print}, "no-label"),
    "one class": (table(y="a"), {}, "one-class"),
    "all labels missing": (table(y=None), {}, "no-labels"),
    "a class for each row": (table(y=lambda n: f"s{n}"), {}, "all-different"),
    "a quantity": (table(y=lambda n: n / 7), {}, "continuous-label"),
    "no rows": (table().iloc[:0], {}, "no rows"),
    "only the label": (table()[["y"]], {}, "no-features"),
    "all rows alike": (pd.DataFrame({"a": [1] * 40, "y": ["p", "q"] * 20}), {}, "no-features"),
    "equal ids": (table(i=1), {"id": "i"}, "duplicate-id"),
    "empty ids": (table(i=lambda n: n or ""), {"id": "i"}, "missing-id"),
    "the label as sensitive": (table(), {"sensitive": "y"}, "sensitive-label"),
    "wrong names everywhere": (
        table(),
        {"id": "i", "group": "g", "true_label": "t", "sensitive": ["q"], "drop": ["z"]},
        "(?s)5 problems.*id.*group.*true_label.*sensitive.*drop",
    ),
    "wrong detectors": (
        table(),
        {"detectors": ["label_error", "x"]},
        '(?s)2 problems.*"label_error".*Did you mean "label_errors".*"x"',
    ),
    "wrong names of every kind": (
        table(),
        {"label": "nope", "detectors": ["slice"], "seed": "x", "embedding": "zz", "id": "i"},
        '(?s)5 problems.*"slice".*seed is .x.*"zz".*label: there is no column.*id: there is no column',
    ),
    "an unknown embedding of a table": (table(), {"embedding": "pixel"}, 'Did you mean "pixels"'),
    "no embedding": (table(), {"embedding": None}, "one of auto, network, pixels, mfcc"),
    "the label left out": (table(), {"drop": ["y"]}, '"y" is the label'),
    "a detector that is no name": (table(), {"detectors": [["x"], 3]}, "2 problems"),
    "a detector and no file": ("no.csv", {"detectors": "x"}, "(?s)2 problems.*no such file"),
    "a detector and no data": ("nothing", {"detectors": "x"}, "(?s)2 problems.*no file, folder"),
    "a detector and a path too long": ("x" * 5000, {"detectors": "x"}, "(?s)2 problems.*bad-path"),
    "yes for a seed": (table(), {"seed": True}, "seed is True"),
    "two unknown options": (table(), {"groups": "g", "sead": 1}, "(?s)2 problems.*groups.*sead"),
    "an unknown option": (table(), {"groups": "g"}, 'Did you mean "group"'),
    "a seed below zero": (table(), {"seed": -1}, "seed is -1"),
    "half a seed": (table(), {"seed": 0.5}, "seed is 0.5"),
    "lists of unequal length": (([[1, 2], [3]] * 20, ["a", "b"] * 20), {}, "features-shape"),
    "no source": ("", {}, "no-source"),
    "a path too long": ("x" * 5000, {}, "bad-path"),
    "nobody's home": ("~nobody-at-all/x.csv", {}, "bad-path"),
}


@pytest.mark.parametrize(("data", "options", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_audited_is_refused(data, options, words):
    with pytest.raises(DataperfError, match=words):
        dataperf.audit(data, **{"label": "y", **options})


FILES = {
    "empty.csv": (b"", "the file is empty"),
    "header.csv": (b"a,y\n", "no rows"),
    "latin.csv": (b"a,y\n1,caf\xe9\n2,b\n", "not-utf8.*\n.*iconv"),
    "utf16.csv": ("a,y\n1,x\n".encode("utf-16"), "UTF-16"),
    "cut.parquet": (b"PAR1 and then nothing", "not a complete Parquet file"),
    "cut.jsonl": (b'{"a": 1, "y": "x"}\n{"a": 2, "y', "line 2"),
    "deep.json": (b"[" * 100_000, "bad-json"),
    "packed.csv": (gzip.compress(b"a,y\n1,x\n"), "compressed with gzip.*\n.*packed.csv.gz"),
    "packed.jsonl": (bz2.compress(b"{}"), "compressed with bzip2"),
    "packed.parquet": (b"\x28\xb5\x2f\xfd" + bytes(9), "compressed with zstd"),
    "other.xyz": (b"x", "unknown-ending"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_what_they_should_be(name, tmp_path):
    content, words = FILES[name]
    (tmp_path / name).write_bytes(content)
    text = run("audit", tmp_path / name, "-l", "y", code=2)
    with pytest.raises(Invalid, match=words):
        dataperf.audit(tmp_path / name, label="y")
    assert text.count("1 problem") == 1


def test_a_parquet_file_that_may_not_be_read_is_reported(tmp_path, monkeypatch):
    table().to_parquet(tmp_path / "t.parquet")
    before = Path.open

    def denied(path, *words, **options):
        if path.suffix == ".parquet":
            raise PermissionError(13, "Permission denied", str(path))
        return before(path, *words, **options)

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(Invalid, match="(?s)Permission denied.*that you may read") as refused:
        dataperf.audit(tmp_path / "t.parquet", label="y")
    assert "Parquet file" not in str(refused.value)


def test_columns_that_pandas_cannot_hold_are_left_out_and_noted(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = table()
    nanoseconds = [number * 10**9 + 1 for number in range(60)]
    columns = {
        "when": pa.array(nanoseconds, pa.time64("ns")),
        "where": pa.array(range(60), pa.timestamp("us", "Not/AZone")),
        "whens": pa.array([[each] for each in nanoseconds], pa.list_(pa.time64("ns"))),
    }
    made = pa.Table.from_pandas(frame)
    for name, values in columns.items():
        made = made.append_column(name, values)
    pq.write_table(made, tmp_path / "t.parquet")
    found, _ = whole(tmp_path / "t.parquet", tmp_path)
    reasons = dict(found.rows.skipped)
    assert set(reasons) == {"where", "whens"}
    assert all(reason.startswith("not used: ") for reason in reasons.values())
    assert found.rows.frame["when"][59] == 59.0  # seconds of the day


@pytest.mark.parametrize("bad", ["0", 1.0, True, None, [0], -1, 60])
def test_only_numbers_of_rows_are_explained(bad):
    found = dataperf.audit(table(), label="y", detectors="imbalance")
    with pytest.raises(Invalid, match="(?s)there is no row.*whole number from 0 to 59"):
        found.explain(bad)


@pytest.mark.parametrize("bad", [3, ["x"], None, {"a": 1}])
def test_only_names_of_findings_and_methods_are_looked_up(bad):
    found = dataperf.audit(table(), label="y", detectors="imbalance")
    for ask in (found.table, found.finding, found.scores, lambda m: found.explain(0, method=m)):
        with pytest.raises(DataperfError, match="there is no"):
            ask(bad)


@pytest.mark.parametrize("bad", ['{"a": 1', "[1]"])
def test_every_line_that_is_not_an_object_is_listed(bad, tmp_path):
    good = '{"a": 1, "y": "x"}'
    (tmp_path / "t.jsonl").write_text("\n".join([good, "", *[bad] * 9, good, *[bad] * 200]))
    with pytest.raises(Invalid) as refused:
        dataperf.audit(tmp_path / "t.jsonl", label="y")
    assert "line 3: " in str(refused.value) and "line 13: " in str(refused.value)
    assert len(refused.value.problems) == 21 and "and 189 more" in str(refused.value)


def test_a_name_in_another_case_is_meant():
    assert did_you_mean("LABEL", ["label", "table"]) == 'Did you mean "label"?'


# Images and sounds -------------------------------------------------------------------------


def media(folder, kind):
    """Write 14 files and two that cannot be read for each of two classes."""
    for name in "ab":
        place = folder / name
        place.mkdir(parents=True)
        for number in range(14):
            random = np.random.RandomState(number + 50 * (name == "a"))
            if kind == "png":
                grey = random.randint(0, 255, (8, 8), dtype=np.uint8)
                Image.fromarray(grey).save(place / f"{number}.png")
                continue
            with wave.open(str(place / f"{number}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes((random.normal(size=1500) * 3000).astype("<i2").tobytes())
        (place / f"junk.{kind}").write_bytes(b"RIFFjunk")
        (place / f"empty.{kind}").write_bytes(b"")


@pytest.mark.parametrize(("kind", "embedding"), [("png", "pixels"), ("wav", "mfcc")])
def test_files_that_cannot_be_read_are_listed_and_counted(kind, embedding, tmp_path):
    media(tmp_path / "data", kind)
    found, page = whole(tmp_path / "data", tmp_path, label=None, embedding=embedding)
    named = [name for name, _ in found.rows.skipped]
    expected = [f"{side}/{file}.{kind}" for side in "ab" for file in ("empty", "junk")]
    assert [name for name in sorted(named) if name.endswith(kind)] == expected
    assert len(found.rows) == 28 and "a/junk" in page
    text = run("audit", tmp_path / "data", "--embedding", embedding, "--detector", "imbalance")
    assert "4" in text and "a/empty" in text


def test_names_of_files_that_are_not_utf8_are_escaped(tmp_path):
    media(tmp_path / "data", "png")
    folder = tmp_path / os.fsdecode(b"data\xff")
    (tmp_path / "data").rename(folder)
    for old, new in (("1", b"1\xe9"), ("2", b"1\xe8"), ("empty", b"empty\xe9")):
        (folder / "b" / f"{old}.png").rename(folder / "b" / f"{os.fsdecode(new)}.png")
    (folder / "a").rename(folder / os.fsdecode(b"caf\xe9"))
    found, page = whole(folder, tmp_path, label=None, embedding="pixels")
    assert {"b/1\\xe8.png", "b/1\\xe9.png", "caf\\xe9/0.png"} <= set(found.rows.ids)
    assert "caf\\xe9" in found.rows.classes and "caf\\xe9" in page
    assert "b/empty\\xe9.png" in dict(found.rows.skipped)


def test_objects_that_hold_no_file_are_listed(tmp_path):
    media(tmp_path / "data", "png")
    rows = [
        {"i": {"bytes": None, "path": str(path)}, "y": path.parent.name}
        for path in sorted((tmp_path / "data").rglob("?.png"))
    ]
    content = (tmp_path / "data" / "a" / "0.png").read_bytes()
    rows[0]["i"] = {"bytes": base64.b64encode(content).decode(), "path": None}
    rows[1]["i"] = {"bytes": None, "path": 7}
    rows[2]["i"] = {"bytes": [1, 999], "path": None}
    rows[3]["i"] = {"bytes": 10**9, "path": None}
    rows[4]["i"] = {"bytes": None, "path": "a\0b"}
    rows[5]["i"] = {"bytes": {}, "path": ["x"]}
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, _ = whole(tmp_path / "t.jsonl", tmp_path, embedding="pixels")
    reasons = dict([*found.rows.skipped, *found.rows.notes])
    assert {"0", "1", "2", "3", "4", "5"} == set(reasons) - {"embedding"}
    neither = "unreadable: neither the bytes of a file nor a path"
    assert [reasons[row] for row in "01235"] == [neither] * 5
    assert len(found.rows) == len(rows) - 6
    rows = [{"i": {"bytes": b"junk", "path": None}, "y": "ab"[n % 2]} for n in range(4)]
    with pytest.raises(Invalid, match="cannot identify image file in these bytes"):
        dataperf.audit(rows, label="y", embedding="pixels")


def test_files_that_went_away_are_not_shown(tmp_path):
    media(tmp_path / "data", "png")
    found = dataperf.audit(tmp_path / "data", embedding="pixels", detectors=["duplicates"])
    for path in (tmp_path / "data").rglob("*.png"):
        path.unlink()
    assert found.report(tmp_path / "page.html").stat().st_size > 1000


# The command --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with mine.csv, where the command runs."""
    monkeypatch.chdir(tmp_path)
    frame = table(90, right=lambda n: "abc"[n % 3], who=lambda n: f"r{n}")
    frame.to_csv("mine.csv", index=False)
    Path("file").write_text("x", encoding="utf-8")
    Path("folder").mkdir()
    return tmp_path


AUDIT = ["audit", "mine.csv", "-l", "y", "--id", "who", "--drop", "right"]
QUICK = ["--detector", "imbalance"]


def test_wrong_names_of_columns_and_detectors_are_reported_together(folder):
    words = ["-l", "nope", "--id", "nope2", "--detector", "nope3", "--drop", "zz"]
    text = run("audit", "mine.csv", *words, code=2)
    assert "4 problems" in text and text.index("nope3") < text.index("nope2") < text.index("zz")


def test_a_folder_is_not_read_for_a_wrong_name(tmp_path, monkeypatch):
    media(tmp_path / "data", "png")
    monkeypatch.setattr(read.media_files, "read_folder", None)  # would fail if it were
    with pytest.raises(Invalid, match="(?s)2 problems.*label_errors.*pixels"):
        dataperf.audit(tmp_path / "data", detectors="label_error", embedding="pixel")


def test_every_output_is_whole_and_says_the_same(folder):
    outputs = ["--csv", "tables", "--report", "new/page.html", "--submission", "new/repair.json"]
    record = json.loads(run(*AUDIT, "--json", *outputs))
    assert {each["kind"] for each in record["findings"]} | set(record["not_checked"]) == {
        "annotators",
        "drift",
        "duplicates",
        "fairness",
        "features",
        "imbalance",
        "label_errors",
        "outliers",
        "slices",
    }
    errors = next(each for each in record["findings"] if each["kind"] == "label_errors")
    for row in errors["rows"]:
        assert {"row", "id", "score", "given", "suggested"} <= set(row)
        assert row["id"] == f"r{row['row']}" and row["given"] != row["suggested"]
    for each in record["findings"]:
        kept = pd.read_csv(f"tables/{each['kind']}.csv")
        assert len(kept) == len(each["rows"])
        for name in each["tables"]:
            assert Path(f"tables/{each['kind']}-{name}.csv").stat().st_size
    assert Path("new/page.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    answer = json.loads(Path("new/repair.json").read_text(encoding="utf-8"))
    assert answer["challenge"] == "own-repair" and {"drop", "relabel"} == set(answer["answer"])
    data = ["--data", "mine.csv", "-l", "y", "--id", "who", "--true-label", "right"]
    assert "THE REPAIR" in run("evaluate", *data, "new/repair.json")


WRONG = {
    "a detector": (["--detector", "label_error"], 'Did you mean "label_errors"'),
    "a track": (["--submission", "m.json", "--track", "repairs"], 'Did you mean "repair"'),
    "a track for nothing": (["--track", "repair"], "--track needs --submission"),
    "a budget for nothing": (["--budget", "3"], "--budget needs --submission"),
    "no budget": (["--submission", "m.json", "--budget", "0"], "greater than or equal to 1"),
    "a seed": (["--seed", "-1"], "greater than or equal to 0"),
    "one place for two": (["--report", "one", "--submission", "one"], "is where --report is"),
    "folders and files": (
        ["--report", "folder", "--submission", "file/m.json", "--csv", "file", "--track", "x"],
        "4 problems",
    ),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_options_are_refused_before_anything_is_done(words, message, folder, monkeypatch):
    before = sorted(folder.rglob("*"))
    if "--detector" not in words:
        monkeypatch.setattr(audits, "audit", None)  # would fail if it were called
    assert message in run(*AUDIT, *words, code=2)
    assert sorted(folder.rglob("*")) == before


def test_a_place_that_cannot_be_written_is_reported(folder, monkeypatch):
    def refused(**options):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(output_paths.tempfile, "TemporaryFile", refused)
        with pytest.raises(Invalid, match="cannot be written to"):
            output_paths.check({"--report": Path("page.html")}, {}, chosen={})
    found = dataperf.audit(table(), label="y", detectors="imbalance")
    for write in (found.report, found.to_csv, lambda path: found.to_submission(path=path)):
        with pytest.raises(DataperfError, match="cannot be written"):
            write(Path("file/below"))


def test_help_has_examples_and_loads_nothing_heavy():
    words = (
        "import sys; from typer.testing import CliRunner; from dataperf.cli import app;"
        "print(CliRunner().invoke(app.app, ['audit', '--help']).output);"
        "print(sorted({'pandas', 'sklearn', 'numba', 'matplotlib', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.count("Example: dataperf audit") == 2
    assert done.stdout.rstrip().endswith("[]")


def test_names_in_data_cannot_command_the_terminal(folder):
    table().rename(columns={"u": "\x1b[31mred"}).to_csv("mine.csv", index=False)
    words = [sys.executable, "-m", "dataperf", "audit", "mine.csv", "-l", "Y"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not done.stdout
    assert "\x1b" not in done.stderr and "\\x1b[31mred" in done.stderr
    assert done.stderr.startswith("error: mine: 1 problem") and "Traceback" not in done.stderr


# Manifests -----------------------------------------------------------------------------------


@pytest.fixture
def mine(folder):
    """Ids of the pool and of the test of mine.csv, and labels."""
    rows = evaluate.read("mine.csv", label="y", true_label="right", id="who")
    tested = draw.split(rows.ids, rows.labels)
    labels = {str(name): rows.classes[label] for name, label in zip(rows.ids, rows.labels)}
    return rows.ids[~tested].tolist(), rows.ids[tested].tolist(), labels


def write(name, answer, track="repair", **more):
    content = {"schema_version": 2, "challenge": f"own-{track}", "board": "own", "answer": answer}
    Path(name).write_text(json.dumps({**content, **more}), encoding="utf-8")
    return name


DATA = ["evaluate", "--data", "mine.csv", "-l", "y", "--id", "who", "--true-label", "right"]


def test_submissions_that_break_a_rule_are_refused_with_all_that_is_wrong(mine):
    pool, tested, labels = mine
    first = [name for name in pool if labels[name] == "a"]
    wrong = {
        ("unknown-id", "test-id", "unknown-class"): {
            "drop": ["zz"],
            "relabel": {tested[0]: "a", pool[0]: "zzz"},
        },
        ("dropped-and-relabelled",): {"drop": [pool[0]], "relabel": {pool[0]: "b"}},
        ("emptied-class", "'a'"): {"drop": first},
        ("wrong-type",): {"drop": "r1", "relabel": [1]},
        ("299,995 more",): {"drop": [f"x{number}" for number in range(300_000)]},
        ("unknown-id",): {"drop": ["z" * 1_000_000, "\ud800", "a\0b"]},
    }
    for rules, answer in wrong.items():
        text = run(*DATA, write("wrong.json", answer), code=2)
        assert all(rule in text for rule in rules), text
        assert text.startswith("wrong.json: ") and len(text) < 2000
    for content in (
        "",
        "[]",
        '{"challenge": "own-repair", "answer": {"drop": ["r1"',
        "[" * 100_000,
    ):
        Path("cut.json").write_text(content, encoding="utf-8")
        assert run(*DATA, "cut.json", code=2).startswith("cut.json: 1 problem")
    assert not Path("dataperf-results").exists()


def test_all_files_are_looked_at_and_bad_ones_do_not_stop_the_others(mine):
    pool, tested, _ = mine
    write("good.json", {"drop": pool[:2]})
    write("first.json", {"drop": tested[:1]})
    write("second.json", {"orders": {"own": ["zz"]}}, "cleaning")
    text = run(*DATA, "good.json", "first.json", "second.json", code=2)
    assert "first.json: 1 problem" in text and "second.json: 1 problem" in text
    assert "1 of 3 evaluated" in text
    assert len(list(Path("dataperf-results").rglob("*.json"))) == 1


def test_the_seed_of_submission_and_evaluation_must_agree(folder):
    run(*AUDIT, "--submission", "m.json", "--track", "cleaning", "--seed", "3")
    text = run(*DATA, "m.json", code=2)
    assert "unknown-id" in text or "test-id" in text
    assert "own-cleaning" in run(*DATA, "m.json", "--seed", "3")


def test_the_test_that_the_data_names_is_that_of_submission_and_evaluation(folder):
    frame = pd.read_csv("mine.csv").assign(part=["train", "train", "test"] * 30)
    frame.assign(y=np.array(list("abc"))[np.arange(90) // 30]).to_csv("mine.csv", index=False)
    run(*AUDIT, "--split", "part", "--submission", "m.json", "--track", "cleaning")
    ids = json.loads(Path("m.json").read_text(encoding="utf-8"))["answer"]["orders"]["own"]
    assert len(ids) == 60 and "r2" not in ids
    (found,) = json.loads(run(*DATA, "--split", "part", "--json", "m.json"))
    assert found["tasks"]["own"]["splits"]["test"]["rows"] == 30
    options = [*DATA[3:], "--split", "part", "--plugins", "own", "--track", "cleaning"]
    run("new", "challenge", "mine", "--from-data", "mine.csv", *options)
    assert "by the column part" in Path("own/challenges/mine/README.md").read_text("utf-8")


def test_columns_that_serve_as_something_are_not_what_is_wrong(tmp_path):
    """A split column differs between splits, a true label reveals the label, an id identifies the rows."""
    right = np.arange(400) % 3
    frame = table(400, split=lambda row: "test" if row % 4 == 0 else "train")
    frame["g"] = [f"s{row // 40}" for row in range(400)]
    frame["i"], frame["t"] = [f"d{row:04}" for row in range(400)], np.array(list("abc"))[right]
    frame.to_csv(tmp_path / "mine.csv", index=False)
    roles = {"split": "split", "group": "g", "id": "i", "true_label": "t"}
    kinds = ["drift", "features", "slices"]
    found = dataperf.audit(tmp_path / "mine.csv", label="y", detectors=kinds, **roles)
    drift, leaks = found.finding("drift"), found.finding("features")
    assert set(drift.table["column"]) == {"u", "v", "w", "y"}
    assert drift.severity == "none"
    assert set(leaks.tables["columns"]["column"]) == {"u", "v", "w"}
    assert "leak" not in set(leaks.table["problem"])
    # u, v, w, the label, and "(split)" and "(group)", each once
    assert found.finding("slices").numbers["columns"] == 6
    plain = dataperf.audit(tmp_path / "mine.csv", label="y", detectors=["features"])
    assert "t" in set(plain.table("features").query("problem == 'leak'")["column"])


def test_a_folder_of_sounds_needs_no_label(folder):
    media(folder / "data", "wav")
    found = dataperf.audit(folder / "data", embedding="mfcc", detectors=["label_errors"])
    found.to_submission("selection", path=folder / "m.json")
    run("evaluate", "--data", "data", "m.json")
    assert "no label column was named" in run("evaluate", "--data", "mine.csv", "m.json", code=2)


def test_a_choice_of_rows_is_held_against_the_pool_and_random_picks(mine):
    pool, _, _ = mine
    (found,) = json.loads(
        run(*DATA, "--json", write("choice.json", {"samples": pool[:30]}, "selection"))
    )
    (part,) = found["tasks"].values()
    summary = part["summary"]
    assert summary["chosen"] == 30 and summary["random lowest"] <= summary["random"]
    assert summary["after"] == found["score"]["value"]
    (every,) = json.loads(run(*DATA, "--json", write("all.json", {"samples": pool}, "selection")))
    summary = every["tasks"]["own"]["summary"]
    assert summary["after"] == summary["before"] == summary["random"] and summary["gain"] == 0
    assert "THE SELECTION" in run(*DATA, "choice.json")


@pytest.mark.parametrize("track", ["repair", "cleaning", "selection"])
def test_what_an_audit_finds_can_be_evaluated_on_hostile_data(track, folder):
    frame = table(96, y=lambda n: HOSTILE[n % 4], who=lambda n: f"{HOSTILE[n % 8]}{n}")
    frame["right"] = frame["y"]
    lines = [json.dumps(row) for row in frame.to_dict("records")]
    Path("odd.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = dataperf.audit("odd.jsonl", label="y", id="who", drop=["right"])
    found.to_submission(track, path="m.json")
    (result,) = evaluate.evaluate(
        "odd.jsonl", [Path("m.json")], label="y", id="who", true_label="right"
    )
    assert result.status == "scored"


# Killed while writing, and compiled code ----------------------------------------------------


def test_a_file_is_whole_or_old_when_its_writer_is_killed(tmp_path):
    place = tmp_path / "page.html"
    files.write_whole(place, b"old" * 1000)
    words = (
        "import sys; from pathlib import Path; from dataperf.basics import files\n"
        "print('on', flush=True)\n"
        "while True: files.write_whole(Path(sys.argv[1]), b'new' * 3_000_000)"
    )
    for pause in (0.0, 0.03, 0.1):
        with subprocess.Popen(
            [sys.executable, "-c", words, str(place)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == "on\n"
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
        assert place.read_bytes() in (b"old" * 1000, b"new" * 3_000_000)


KERNEL = """
import numpy as np
from kernel import twice

assert twice(np.ones(3)).sum() == 6
print(sum(twice.stats.cache_hits.values()), sum(twice.stats.cache_misses.values()))
"""


def test_compiled_code_needs_no_cache_and_survives_a_damaged_one(tmp_path):
    (tmp_path / "kernel.py").write_text(
        "from dataperf.evidence.compiled import compiled\n"
        "@compiled(nogil=True)\ndef twice(x):\n    return x * 2\n",
        encoding="utf-8",
    )
    (tmp_path / "file").write_text("x", encoding="utf-8")

    def hits(cache, **more):
        env = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(tmp_path), **more}
        words = [sys.executable, "-c", KERNEL]
        return subprocess.run(
            words, env=env, capture_output=True, text=True, check=True
        ).stdout.split()

    assert hits(tmp_path / "cache") == ["0", "1"]
    kept = sorted((tmp_path / "cache").rglob("*.nb?"))
    assert len(kept) == 2
    for path in kept:
        path.write_bytes(b"junk")
        assert hits(tmp_path / "cache") == ["0", "1"]
        assert path.read_bytes() != b"junk"  # kept anew
    assert hits(tmp_path / "cache") == ["1", "0"]
    nowhere = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    assert hits(tmp_path / "file", **nowhere) == ["0", "1"]


def test_the_kernels_are_kept_so_that_failures_only_cost_time():
    from dataperf.evidence import neighbour_kernels
    from dataperf.valuation import ranking_kernels

    for module in (neighbour_kernels, ranking_kernels):
        made = [each for each in vars(module).values() if hasattr(each, "py_func")]
        assert made
        assert all(isinstance(each._cache, compiled.Tolerant) for each in made)
    rows = np.random.RandomState(0).normal(size=(50, 3)).astype(np.float32)
    assert neighbours.nearest(rows, k=3, seed=0).rows.shape == (50, 3)


def test_names_are_read_as_they_are_written(folder):
    rows = [f"{number:04d},{number % 7},{('01', '1', '2')[number % 3]}" for number in range(60)]
    (folder / "codes.csv").write_text("\n".join(["id,a,y", *rows]))
    found = read.read("codes.csv", label="y", id="id")
    assert found.classes == ("01", "1", "2")
    assert found.ids[:2].tolist() == ["0000", "0001"]
    rows = [f"{10**19 + number},{number % 7},{number % 2}.0" for number in range(60)]
    (folder / "long.csv").write_text("\n".join(["id,a,y", *rows]))
    found = read.read("long.csv", label="y", id="id")
    assert found.ids[1] == str(10**19 + 1)
    assert found.classes == ("0", "1")  # what loses nothing is a number as before


@pytest.mark.parametrize("line", ['1,"5,p', '1,2,"p'])
def test_a_quote_that_is_never_closed_is_reported(line, folder):
    rows = [f"1,{number},{number % 2}" for number in range(100)]
    (folder / "open.csv").write_text("\n".join(["a,b,y", *rows, line, *rows]))
    with pytest.raises(Invalid, match="open-quote"):
        read.read("open.csv", label="y")
    closed = [f'{number},"two\nlines {number % 5}",{number % 2}' for number in range(100)]
    (folder / "closed.csv").write_text("\n".join(["a,b,y", *closed]))
    assert len(read.read("closed.csv", label="y", id="a").ids) == 100


def test_json_is_read_in_every_documented_form(folder):
    columns = {"a": [number % 7 for number in range(60)], "y": [n % 2 for n in range(60)]}
    (folder / "indented.json").write_text(json.dumps(columns, indent=2))
    assert len(read.read("indented.json", label="y").ids) == 60
    (folder / "unequal.json").write_text(json.dumps({**columns, "y": [0, 1]}))
    with pytest.raises(Invalid, match="unequal-columns"):
        read.read("unequal.json", label="y")
    lines = [{"a": a, "t": "one\u2028two\u0085three", "y": y} for a, y in zip(*columns.values())]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (folder / "ends.jsonl").write_text(text, encoding="utf-8")
    assert len(read.read("ends.jsonl", label="y").ids) == 60
    (folder / "bad.jsonl").write_text("\n".join(["{", '{"a": 1}', "3"] * 9))
    with pytest.raises(Invalid) as error:
        read.read("bad.jsonl", label="y")
    assert [problem.where for problem in error.value.problems] == [
        f"line {3 * turn + place}" for turn in range(9) for place in (1, 3)
    ]


def test_dates_millions_of_years_away_are_dates(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    days = np.random.default_rng(0).integers(-(2**30), 2**30, 80).astype("i4")
    moments = pa.array(days, pa.int32()).cast(pa.date32())
    labels = [str(number % 2) for number in range(80)]
    pq.write_table(pa.table({"day": moments, "a": list(range(80)), "y": labels}), "far.parquet")
    found = read.read("far.parquet", label="y")
    assert dict(found.kinds)["day"] == "datetime"
    dataperf.audit("far.parquet", label="y")
    seconds = discretize.numbers(found.frame["day"], "datetime")
    assert np.array_equal(seconds, days * 86_400.0)
