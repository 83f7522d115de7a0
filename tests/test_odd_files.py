"""Odd but honest files are read as they are meant, or refused with what to do."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataperf.errors import Invalid
from dataperf.reading.read import read

ROWS = 60
X = np.random.default_rng(0).normal(size=ROWS).round(4)
Y = ["u", "v"] * (ROWS // 2)
LINES = [f"{x},{2 * x},{y}" for x, y in zip(X, Y, strict=True)]


def frame(**columns):
    return pd.DataFrame({"x": X, **columns, "y": Y})


def written(folder, text, name="t.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def refused(source, label="y") -> str:
    with pytest.raises(Invalid) as caught:
        read(source, label=label)
    return str(caught.value)


def remarks(rows) -> str:
    return "\n".join(rows.remarks)


@pytest.mark.parametrize(
    ("texts", "expected", "words"),
    [
        (["5.5-", "2.25"], [-5.5, 2.25], "a minus sign behind"),
        (["- 5.5", "2.25"], [-5.5, 2.25], "a blank after the sign"),
        (["\u20105.5", "2.25"], [-5.5, 2.25], "a minus sign of print"),
        (["$(5.50)", "$2"], [-5.5, 2], "brackets for negative numbers"),
        (["R$ 1.234,50", "R$ 7,00"], [1234.5, 7], "the unit R$"),
        (["US$1,234.50", "US$7.00"], [1234.5, 7], "the unit US$"),
        (["Rs. 12,34,567", "Rs. 50"], [1234567, 50], "the unit Rs."),
        (["7.5EUR", "8EUR"], [7.5, 8], "the unit EUR"),
        (["-4,364e-01", "1,170e+00"], [-0.4364, 1.17], "a decimal comma"),
        (["1\u2007234.5", "7\u2007000.5"], [1234.5, 7000.5], '" " between thousands'),
        (["\u0661\u0662\u066b\u0665", "\u0663"], [12.5, 3], "digits of another script"),
        (["-0.5\u2103", "7\u2103"], [-0.5, 7], "the unit °C"),
        (["1.5", "#DIV/0!"], [1.5, np.nan], '"#DIV/0!"'),
    ],
)
def test_more_forms_of_numbers(tmp_path, texts, expected, words):
    given = frame(v=texts * (ROWS // 2))
    path = tmp_path / "t.csv"
    given.to_csv(path, index=False)
    for source in (given, str(path)):
        rows = read(source, label="y")
        np.testing.assert_allclose(rows.frame["v"].tolist()[:2], expected)
        assert words in remarks(rows)


@pytest.mark.parametrize("form", ["~{:.2f}", "{:.2f} ± 0.1", "{:.2f}°N", "{:.2f}×10³"])
def test_numbers_with_other_signs_are_warned_of(form):
    rows = read(frame(v=[form.format(abs(x)) for x in X]), label="y")
    assert "not read as numbers: v, signs next to" in remarks(rows)


def test_infinite_numbers_are_not_called_words():
    rows = read(frame(v=["inf" if n % 5 == 0 else f"{x}" for n, x in enumerate(X)]), label="y")
    assert "infinite" in remarks(rows) and "warning" not in remarks(rows)


@pytest.mark.parametrize(
    "codes", [[f"{n * 761 % 9999:05d}" for n in range(ROWS)], ["0x1F", "0x2A"] * 30]
)
def test_codes_are_text_in_a_csv_file_too(tmp_path, codes):
    path = tmp_path / "t.csv"
    frame(v=codes, n=range(7, 7 + ROWS)).to_csv(path, index=False)
    rows = read(str(path), label="y")
    assert rows.frame["v"].tolist() == codes and rows.frame["n"].dtype.kind == "i"


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("d", "%Y%m%d", "without signs between them"),
        ("d", "%Y%m%d%H%M%S", "without signs between them"),
        ("d", "%d%b%Y", "2021-01-01 to"),
        ("d", "%Y年%m月%d日", "2021-01-01 to"),
    ],
)
def test_more_forms_of_dates(tmp_path, name, form, words):
    days = pd.date_range("2021-01-01", periods=ROWS, freq="3D")
    given = frame(**{name: days.strftime(form)})
    path = tmp_path / "t.csv"
    given.to_csv(path, index=False)
    for source in (given, str(path)):
        rows = read(source, label="y")
        assert rows.kinds[name] == "datetime" and words in remarks(rows)
        assert str(rows.frame[name].iloc[1])[:10] == "2021-01-04"


def test_days_of_a_spreadsheet_need_a_name():
    serial = 44_197 + 3 * np.arange(ROWS) % 997
    rows = read(frame(date=serial, price=serial), label="y")
    assert rows.kinds["date"] == "datetime" and rows.kinds["price"] == "numeric"
    assert str(rows.frame["date"].iloc[0])[:10] == "2021-01-01"


@pytest.mark.parametrize("numbers", [20_000_000 + 9_973 * np.arange(ROWS), np.arange(ROWS) * 1e5])
def test_other_large_numbers_are_no_dates(numbers):
    assert read(frame(v=numbers), label="y").kinds["v"] == "numeric"


def test_many_dates_are_no_classes_however_they_are_written(tmp_path):
    days = [f"2020-01-{n % 25 + 1:02d}" for n in range(ROWS)]
    path = tmp_path / "t.csv"
    pd.DataFrame({"x": X, "y": days}).to_csv(path, index=False)
    assert "different dates" in refused(str(path))
    assert "different dates" in refused(pd.DataFrame({"x": X, "y": pd.to_datetime(days)}))


def test_bytes_are_labels_as_text(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": X, "y": [y.encode() for y in Y]}), path)
    assert read(str(path), label="y").classes == ("u", "v")


@pytest.mark.parametrize("labels", [["a-b", "a\u2010b"], ["1", "1.0", "?x"], ["it's", "it\u2019s"]])
def test_more_spellings_of_labels_are_offered_for_a_merge(labels):
    given = pd.DataFrame({"x": X, "y": (labels * ROWS)[:ROWS]})
    assert "--merge-labels" in remarks(read(given, label="y"))


# Files ------------------------------------------------------------------------------------


def test_empty_columns_without_names_are_left_out(tmp_path):
    text = "\n".join(f"{line},," for line in ["p,q,y", *LINES])
    rows = read(written(tmp_path, text), label="y")
    assert list(rows.kinds) == ["p", "q"] and "2 columns without a name" in remarks(rows)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# made today\np,q,y\n", "delete it"),
        ("Report\n\np,q,y\n", "delete it"),
        (",,\np,q,y\n", "columns 1, 2, 3 have no name"),
        ("p,p,y\n", "a name of its own"),
    ],
)
def test_what_stands_above_the_names_is_refused(tmp_path, text, words):
    assert words in refused(written(tmp_path, text + "\n".join(LINES)))


def test_a_sign_that_is_unknown_can_be_named(tmp_path):
    text = "\n".join(["p,q,y", *LINES]).replace(",", ":")
    assert "sep=:" in refused(written(tmp_path, text))
    assert list(read(written(tmp_path, f"sep=:\n{text}"), label="y").kinds) == ["p", "q"]


def test_backslashes_before_quotes_are_refused(tmp_path):
    lines = [f'{x},"say \\"hi\\" {n}, ok",{y}' for n, (x, y) in enumerate(zip(X, Y, strict=True))]
    assert "escapechar" in refused(written(tmp_path, "\n".join(["p,q,y", *lines])))


def test_a_second_header_and_a_missing_one_are_warned_of(tmp_path):
    text = "\n".join(["p,q,y", "kg,m,class", *LINES])
    assert "second line of names" in remarks(read(written(tmp_path, text), label="y"))
    rows = read(written(tmp_path, "-0.5,0.25,u\n" + "\n".join(LINES)), label="u")
    assert "look like values" in remarks(rows)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.xlsx", b"PK", "pandas.read_excel('t.xlsx')"),
        ("t.ods", b"PK", "save it as CSV UTF-8"),
        ("t.feather", b"ARROW1", "pandas.read_feather"),
        ("t.npy", b"x", ".npz"),
        ("t.dat", b"a,b", "t.csv"),
        ("t.csv.lz4", b"x", "decompress it"),
        ("t.csv", b"<!DOCTYPE html><html>", "an HTML page"),
        ("t.csv", b'[{"x": 1, "y": 2}]', "the file is JSON"),
        ("t.csv", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("t.csv", b"PAR1\0\0", "a Parquet file"),
        ("t.json", b"\xff\xfe[\0]\0", "iconv -f utf-16"),
        ("t.json", b'{"data": [{"x": 1}], "version": 1}', '"data" (list)'),
        ("t.json", b'{"x": {"0": 1}, "y": {"0": "a"}}', "pandas.read_json"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path, name, content, words):
    assert words in refused(written(tmp_path, content, name))


def test_a_workbook_under_another_name_is_recognized(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.csv", "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    assert "spreadsheet" in refused(str(tmp_path / "t.csv"))


def test_columns_of_objects_are_named_where_nothing_else_is_left(tmp_path):
    text = "\n".join(json.dumps({"f": {"a": float(x)}, "y": y}) for x, y in zip(X, Y, strict=True))
    message = refused(written(tmp_path, text, "t.jsonl"))
    assert "lists or objects: f" in message and "json_normalize" in message


class Tensor:
    """A tensor of another library that does not become an array."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("requires grad")

    def __iter__(self):
        return iter(X)


def test_a_tensor_that_gives_no_array_is_refused():
    assert "detach().cpu().numpy()" in refused((Tensor(), Y), None)
    assert "detach().cpu().numpy()" in refused((X[:, None], Tensor()), None)


def test_labels_in_another_order_are_refused():
    features = pd.DataFrame({"x": X})
    assert "another order" in refused(features, pd.Series(Y, index=range(ROWS)[::-1]))
    assert read(features, label=pd.Series(Y, index=range(5, 5 + ROWS))).classes == ("u", "v")
