"""What a file says is what is read, or it is said: numbers, dates, ids, missing words, labels."""

from __future__ import annotations

import decimal
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import dataperf
from dataperf.cli.app import app
from dataperf.curation import page
from dataperf.errors import DataperfError, Invalid
from dataperf.evidence.collect import Collected
from dataperf.reading import numbers
from dataperf.reading.read import read

ROWS = 60
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=ROWS).round(4)
Y = ["u", "v"] * (ROWS // 2)
#: Sixteen digits and more: neighbours are the same floating-point number.
WIDE = [None if n == 5 else 7_205_759_406_317_970_000 + n // 2 for n in range(ROWS)]


def table(**columns):
    return pd.DataFrame({"x": X, **columns, **({} if "y" in columns else {"y": Y})})


def saved(frame, folder, ending, *, separator=","):
    """Return a frame as a file."""
    path = folder / f"data.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False, sep=separator)
    elif ending == "parquet":
        frame.to_parquet(path)
    else:
        rows = [
            {k: None if v is None else v for k, v in r.items()} for r in frame.to_dict("records")
        ]
        path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def told(rows) -> str:
    return "\n".join(rows.remarks)


def values(rows, name):
    return rows.frame[name].tolist()


# Numbers ---------------------------------------------------------------------------------

FORMS = {
    "decimal comma": (["20,19", "22,5", "-3"], [20.19, 22.5, -3], "a decimal comma"),
    "commas of thousands": (["1,234,567", "950"], [1234567, 950], '"," between thousands'),
    "both": (["1.234,5", "7,25"], [1234.5, 7.25], 'a decimal comma, "." between thousands'),
    "blanks of thousands": (["1 234,5", "7\u202f000"], [1234.5, 7000], '" " between thousands'),
    "apostrophes": (["1'234.5", "7"], [1234.5, 7], "between thousands"),
    "per cent": (["31.1%", "2 %"], [31.1, 2], "the unit %"),
    "dollars": (["$12", "-$3.50"], [12, -3.5], "the unit $"),
    "currency": (["EUR 12", "EUR 7"], [12, 7], "the unit EUR"),
    "euros": (["1.234,50 €", "9 €"], [1234.5, 9], "the unit €"),
    "kilograms": (["12 kg", "3.5 kg"], [12, 3.5], "the unit kg"),
    "minus": (["\u22123.1", "4"], [-3.1, 4], "minus sign"),
    "brackets": (["(123)", "4"], [-123, 4], "brackets for negative numbers"),
    "exponents": (["3.1D+03", "2.5D-01"], [3100, 0.25], "exponents with D"),
    "times of day": (["12:30", "00:45"], [45000, 2700], "clock times"),
    "durations": (["1:00:05", "0:00:07.5"], [3605, 7.5], "clock times"),
    "half days": (["1:30 PM", "12:05 am"], [48600, 300], "clock times"),
}
ENDINGS = ("csv", "jsonl", "parquet")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("texts", "expected", "words"), FORMS.values(), ids=FORMS)
def test_numbers_are_read_as_people_write_them(tmp_path, texts, expected, words, ending):
    frame = table(a=[texts[n % len(texts)] for n in range(ROWS)])
    rows = read(saved(frame, tmp_path, ending), label="y")
    assert rows.kinds["a"] == "numeric" and set(rows.feature_columns) == {"a", "x"}
    assert values(rows, "a")[: len(texts)] == pytest.approx(expected)
    assert told(rows).count("read as numbers with") == 1 and words in told(rows)


NOT_NUMBERS = {
    "codes": ["007", "011"],
    "numbers in brackets": ["(1)", "(2)"],
    "versions": ["1.2.3", "1.10.0"],
    "ranges": ["18-25", "26-35"],
    "letters": ["12A", "13B"],
    "ranks": ["1st", "2nd"],
}


@pytest.mark.parametrize("texts", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_other_texts_stay_what_they_are(texts):
    rows = read(table(a=[texts[n % 2] for n in range(ROWS)]), label="y")
    assert rows.kinds["a"] == "categorical" and rows.remarks == ()
    assert values(rows, "a")[:2] == texts


UNCLEAR = {
    "comma or thousands": (["1,234", "2,345"], "--decimal , or --decimal . settles it"),
    "both signs": (["1,5", "2.5"], "different decimal or thousands signs"),
    "units": (["12 kg", "500 g"], "different units (g and kg)"),
    "times": (["12:30", "12:30:05"], "times with and without seconds"),
}


@pytest.mark.parametrize(("texts", "words"), UNCLEAR.values(), ids=UNCLEAR)
def test_one_warning_asks_where_a_column_does_not_agree(texts, words):
    rows = read(table(a=[texts[n % 2] for n in range(ROWS)]), label="y")
    (warning,) = rows.remarks
    assert warning.startswith("warning: numbers: not read as numbers: a, ") and words in warning
    assert f'"{texts[0]}"' in warning and values(rows, "a")[:2] == texts


def test_the_decimal_sign_of_a_file_settles_its_other_columns(tmp_path):
    shared = [f"{1 + n * 37 / 1000:.3f}" for n in range(ROWS)]
    frame = table(a=[f"{x:.2f}".replace(".", ",") for x in X], b=shared).drop(columns="x")
    path = saved(frame, tmp_path, "csv", separator=";")
    rows = read(path, label="y")
    assert values(rows, "b")[:2] == [1000, 1037] and '"1.000" is 1000' in told(rows)
    alone = saved(frame.drop(columns="a"), tmp_path, "csv", separator=";")
    assert values(read(alone, label="y"), "b")[:2] == [1.0, 1.037]
    assert values(read(alone, label="y", decimal=","), "b")[:2] == [1000, 1037]
    frame = table(a=[text.replace(".", ",") for text in shared])
    assert values(read(frame, label="y", decimal="."), "a")[:2] == [1000, 1037]
    assert values(read(frame, label="y", decimal=","), "a")[:2] == [1.0, 1.037]


@pytest.mark.parametrize("mark", ["?", "-", "n/a", "None"])
def test_a_mark_for_a_missing_number_is_missing(tmp_path, mark):
    frame = table(a=[mark if n % 5 == 0 else f"{x}" for n, x in enumerate(X)])
    rows = read(saved(frame, tmp_path, "csv"), label="y")
    assert rows.kinds["a"] == "numeric" and np.isnan(values(rows, "a")[0])
    assert f'"{mark}" in a (12 rows)' in told(rows) or mark == "n/a"


def test_words_among_numbers_are_asked_about_and_an_option_settles_them(tmp_path):
    frame = table(a=["low" if n % 5 == 0 else f"{x}" for n, x in enumerate(X)])
    path = saved(frame, tmp_path, "csv")
    rows = read(path, label="y")
    assert rows.kinds["a"] == "categorical"
    assert '"low"; --missing WORD reads a word as missing' in told(rows)
    assert read(path, label="y", missing=["low"]).kinds["a"] == "numeric"
    coded = table(a=[-999 if n % 5 == 0 else x for n, x in enumerate(X)])
    assert np.isnan(values(read(coded, label="y", missing=["-999"]), "a")[0])


# Ids -------------------------------------------------------------------------------------


def wide(kind, folder):
    """Return a source with 64-bit ids, one of them missing."""
    frame = table(who=pd.array(WIDE, dtype="Int64"))
    rows = [dict(zip(("x", "who", "y"), row, strict=True)) for row in zip(X.tolist(), WIDE, Y)]
    if kind == "records":
        return rows
    if kind == "columns":
        return {"x": X.tolist(), "who": WIDE, "y": Y}
    if kind == "jsonl":
        path = folder / "wide.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)))
        return path
    if kind == "nullable":
        return frame
    if kind == "Hugging Face":
        datasets = pytest.importorskip("datasets")
        return datasets.Dataset.from_dict({"x": X.tolist(), "who": WIDE, "y": Y})
    if kind == "arrow frame":
        return frame.convert_dtypes(dtype_backend="pyarrow")
    if kind in ("csv", "parquet"):
        return saved(frame, folder, kind)
    types = {
        "decimal": pa.decimal128(20, 0),
        "cents": pa.decimal128(30, 2),
        "unsigned": pa.uint64(),
    }
    given = [None if each is None else each + 2**63 * (kind == "unsigned") for each in WIDE]
    given = given if kind == "unsigned" else [each and decimal.Decimal(each) for each in given]
    whole = pa.table({"x": X, "who": pa.array(given, types[kind]), "y": Y})
    pq.write_table(whole, folder / "wide.parquet")
    return folder / "wide.parquet"


KINDS = ("csv", "jsonl", "parquet", "records", "columns", "nullable", "arrow frame")


@pytest.mark.parametrize("kind", [*KINDS, "Hugging Face", "decimal", "cents", "unsigned"])
def test_wide_ids_keep_their_digits(tmp_path, kind):
    rows = read(wide(kind, tmp_path), label="y", group="who")
    assert len(set(rows.groups)) == 31
    if kind != "unsigned":
        assert rows.groups[0] == "7205759406317970000" and rows.groups[9] == "7205759406317970004"
    assert "1 row without a group" in told(rows)


def test_wide_labels_truths_and_annotators_keep_their_digits():
    label = [None if n == 3 else 7_205_759_406_317_970_000 + n % 2 for n in range(ROWS)]
    rows = [{"x": x, "y": y, "t": y, "a": y} for x, y in zip(X.tolist(), label, strict=True)]
    found = read(rows, label="y", true_label="t", annotators=["a"])
    assert found.classes == ("7205759406317970000", "7205759406317970001")
    assert np.array_equal(found.truth, found.labels)
    assert np.array_equal(found.annotators["a"], found.labels)


def test_ids_that_lost_digits_before_are_told():
    rows = read(
        table(who=[None if each is None else float(each) for each in WIDE]), label="y", group="who"
    )
    assert "59 numbers beyond 2^53 came as floating point" in told(rows)


INDEXES = ("Unnamed: 0", "level_0", "__index_level_0__", "X", "#", "", "index", "rownum", "some")


@pytest.mark.parametrize("ending", ["csv", "frame"])
@pytest.mark.parametrize("name", INDEXES)
def test_an_index_is_no_feature_and_hides_no_duplicate(tmp_path, name, ending):
    kept = np.random.default_rng(1).permutation(90)[:ROWS]
    frame = pd.concat([table().iloc[:30]] * 2, ignore_index=True)
    frame.insert(0, name, kept)
    source = saved(frame, tmp_path, "csv") if ending == "csv" else frame
    found = dataperf.audit(source, label="y", detectors=["duplicates"])
    assert set(found.rows.feature_columns) == {"x"}
    assert found.findings[0].numbers["exact_rows"] == ROWS


@pytest.mark.parametrize(
    "index",
    [
        [float(n) for n in range(ROWS)],
        [None, *map(float, range(ROWS - 1))],
        [*range(ROWS - 1), 0],
        [n * 7 for n in range(ROWS)],
        [f"u{n}" for n in range(ROWS - 1)] + ["u0"],
        [None, *(f"u{n}" for n in range(ROWS - 1))],
    ],
    ids=["float", "one missing", "one repeated", "gaps", "repeated text", "missing text"],
)
def test_ids_with_gaps_repeats_or_holes_are_no_features(index):
    rows = read(table(user_id=index), label="y")
    assert set(rows.feature_columns) == {"x"}


def test_measurements_are_features():
    frame = table(
        age=RANDOM.integers(18, 90, ROWS), mass=RANDOM.permutation(10**4)[:ROWS], X2=X * 2
    )
    assert set(read(frame, label="y").feature_columns) == {"x", "age", "mass", "X2"}


# Missing words ---------------------------------------------------------------------------

WORDS = [["NA", "None", "u", "v"][n % 4] for n in range(ROWS)]


@pytest.mark.parametrize("ending", [*ENDINGS, "frame"])
def test_one_rule_for_missing_words_in_every_source(tmp_path, ending):
    frame = table(y=WORDS, who=WORDS)
    source = frame if ending == "frame" else saved(frame, tmp_path, ending)
    rows = read(source, label="y", group="who")
    assert rows.classes == ("None", "u", "v") and (rows.labels < 0).sum() == 15
    assert 'label: "NA" in 15 rows read as missing' in told(rows)
    assert 'label: "None" in 15 rows read as a value; --missing None' in told(rows)
    assert 'group: "NA" in 15 rows read as missing' in told(rows)
    assert len(set(rows.groups)) == 3 + 15
    kept = read(source, label="y", group="who", missing=[])
    assert kept.classes == ("NA", "None", "u", "v") and set(kept.groups) == set(WORDS)
    other = read(source, label="y", missing=["None"])
    assert other.classes == ("NA", "u", "v")


def test_an_id_that_is_a_missing_word_can_be_kept(tmp_path):
    path = saved(table(key=["NA", *(f"k{n}" for n in range(ROWS - 1))]), tmp_path, "csv")
    with pytest.raises(Invalid, match="1 row without an id"):
        read(path, label="y", id="key")
    assert read(path, label="y", id="key", missing=[]).ids[0] == "NA"


# Labels ----------------------------------------------------------------------------------

ALIKE = {
    "numbers and text": ([1, "1", 2], ("1", "2"), "1 as number and text"),
    "truth and its word": ([True, "True", False], ("False", "True"), "truth value and text"),
    "truth and one": ([True, 1, 0], ("0", "1", "True"), ""),
}


@pytest.mark.parametrize("kind", [object, "category"])
@pytest.mark.parametrize(("labels", "classes", "words"), ALIKE.values(), ids=ALIKE)
def test_labels_of_several_types_are_read_as_they_are_written(labels, classes, words, kind):
    if kind == "category" and labels[1] == 1:
        pytest.skip("pandas itself merges them")
    rows = read(table(y=pd.Series(labels * 20, dtype=object).astype(kind)), label="y")
    assert tuple(sorted(rows.classes)) == classes and words in told(rows)


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (["true", "false"], ("False", "True")),
        (["true", "True", "false"], ("True", "false", "true")),
        (["true", "1", "0"], ("0", "1", "true")),
    ],
)
def test_words_for_truth_in_a_csv_file_are_merged_only_where_they_agree(tmp_path, texts, classes):
    path = saved(table(y=[texts[n % len(texts)] for n in range(ROWS)]), tmp_path, "csv")
    assert read(path, label="y").classes == classes


VARIANTS = ["caf\u00e9", "cafe\u0301", " caf\u00e9", "Caf\u00e9.", "caf\u00e9\u200b", "tea"]


@pytest.mark.parametrize("ending", [*ENDINGS, "frame"])
def test_labels_that_differ_in_spelling_are_told_and_merged_on_request(tmp_path, ending):
    frame = table(y=[VARIANTS[n % 6] for n in range(ROWS)], right=["tea", "Caf\u00e9"] * 30)
    source = frame if ending == "frame" else saved(frame, tmp_path, ending)
    apart = read(source, label="y")
    assert len(apart.classes) == 6
    (warning,) = apart.remarks
    assert warning.startswith("warning: column y: labels that differ only by blanks, case")
    assert "10 rows" in warning and "--merge-labels makes them one" in warning
    merged = read(source, label="y", true_label="right", merge_labels=True)
    assert len(merged.classes) == 2 and "were read as one class each" in told(merged)
    assert (merged.truth >= 0).all() and merged.strange_truths == {}


def test_a_suggestion_never_looks_like_the_given_label():
    from dataperf.curation.charts import cell

    shown = {cell("suggested", label).text for label in VARIANTS}
    assert len(shown) == len(VARIANTS) and "tea" in shown


def test_merged_labels_are_written_as_the_file_writes_them(tmp_path):
    path = tmp_path / "data.csv"
    lines = [f"{x},{['cat', 'Cat', 'dog'][n % 3]}" for n, x in enumerate(X)]
    path.write_text("x,y\n" + "\n".join(lines) + "\n")
    repair = {"schema_version": 2, "challenge": "own-repair", "board": "own"}
    repair["answer"] = {"relabel": {"2": "Cat"}}
    said = {"label": "y", "output": tmp_path / "out.csv"}
    with pytest.raises(DataperfError, match="cat"):
        dataperf.apply({**repair, "answer": {"relabel": {"2": "CAT"}}}, path, **said)
    dataperf.apply(repair, path, merge_labels=False, **said)
    assert (tmp_path / "out.csv").read_text().splitlines()[3].endswith("Cat")
    merged = read(path, label="y", merge_labels=True)
    repair["answer"] = {"relabel": {"2": merged.classes[0]}}
    done = dataperf.apply(repair, path, merge_labels=True, **said)
    assert len(done.changes) == 1


QUANTITIES = {
    "mass": np.repeat(np.arange(2700, 6300, 50), 5),
    "price": np.repeat(np.arange(50, 350, 10), 12),
    "age": np.repeat(np.arange(18, 80), 5),
    "fraction": np.repeat(np.linspace(0, 1, 40), 5),
    "text": [f"{n / 2:.1f}".replace(".", ",") for n in range(40) for _ in range(5)],
    "money": [f"{n * 3} €" for n in range(40) for _ in range(5)],
    "days": np.repeat(pd.date_range("2021-01-01", periods=30), 5),
}


@pytest.mark.parametrize("label", QUANTITIES.values(), ids=QUANTITIES)
def test_a_quantity_is_no_label(tmp_path, label):
    frame = pd.DataFrame({"x": RANDOM.normal(size=len(label)), "y": label})
    with pytest.raises(Invalid, match=r"continuous-label[\s\S]*cut the quantity into ranges"):
        read(frame, label="y")
    if frame.y.dtype.kind != "M":
        with pytest.raises(Invalid, match="continuous-label"):
            read(saved(frame, tmp_path, "csv"), label="y")


CODES = {
    "codes": np.repeat(np.arange(100), 5),
    "from one": np.repeat(np.arange(1, 31), 3),
    "grades": np.repeat([1.0, 1.3, 1.7, 2.0], 20),
    "areas": np.repeat([111, 112, 121, 122, 123, 124, 131, 132, 133, 141, 142, 211], 20),
    "far apart": np.repeat(np.arange(23) ** 2 * 7 + 101, 20),
}


@pytest.mark.parametrize("label", CODES.values(), ids=CODES)
def test_codes_are_labels(label):
    frame = pd.DataFrame({"x": RANDOM.normal(size=len(label)), "y": label})
    rows = read(frame, label="y")
    assert len(rows.classes) == len(np.unique(label))
    assert ("read as codes of classes" in told(rows)) == (len(rows.classes) > 20)


# Sensitive columns and groups ------------------------------------------------------------


def unfair(values):
    """Return the names of the groups that the audit compares."""
    n = 600
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=n), "z": random.normal(size=n)})
    frame["who"] = pd.Series([values[i % len(values)] for i in range(n)])
    frame["y"] = np.where(frame.x > 0, "a", "b")
    found = dataperf.audit(frame, label="y", sensitive=["who"], detectors=["fairness"]).findings[0]
    return set(found.tables["groups"]["group"]), found.sentence


SENSITIVE = {
    "codes": ([1, 2, 9], {"1", "2", "9"}),
    "float codes": ([1.0, 2.0, None], {"1", "2", "missing"}),
    "truth values": ([True, False], {"true", "false"}),
    "truth values, one missing": ([True, False, None], {"true", "false", "missing"}),
}


@pytest.mark.parametrize(("given", "names"), SENSITIVE.values(), ids=SENSITIVE)
def test_few_different_numbers_are_groups(given, names):
    found, sentence = unfair(given)
    assert found == names and "Cut into ranges" not in sentence


def test_a_true_quantity_is_cut_into_ranges_and_said_so():
    found, sentence = unfair(list(range(18, 68)))
    assert len(found) == 4 and "Cut into ranges, as a quantity: who (50 values)." in sentence


def test_names_of_classes_are_kept_in_every_column():
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "x": datasets.Value("float64"),
            "sex": datasets.ClassLabel(names=["female", "male"]),
            "y": datasets.ClassLabel(names=["no", "yes"]),
        }
    )
    rows = {"x": X.tolist(), "sex": [0, 1, -1] * 20, "y": [0, 1] * 30}
    found = read(datasets.Dataset.from_dict(rows, features=features), label="y", sensitive=["sex"])
    assert values(found, "sex")[:2] == ["female", "male"] and found.classes == ("no", "yes")
    assert found.kinds["sex"] == "categorical"


@pytest.mark.parametrize("ending", [*ENDINGS, "frame"])
def test_rows_without_a_group_are_groups_of_their_own(tmp_path, ending):
    frame = table(who=[None if n % 3 == 0 else f"p{n % 7}" for n in range(ROWS)])
    source = frame if ending == "frame" else saved(frame, tmp_path, ending)
    rows = read(source, label="y", group="who")
    assert len(set(rows.groups)) == 7 + 20
    assert "20 rows without a group: each is a group of its own" in told(rows)


# Dates -----------------------------------------------------------------------------------

DAYS = pd.date_range("2021-01-30", periods=ROWS, freq="37h")
DATES = {
    "ISO": (DAYS.strftime("%Y-%m-%dT%H:%M:%S"), "dates from 2021-01-30 to"),
    "days": (DAYS.strftime("%Y-%m-%d"), "dates from 2021-01-30 to"),
    "zones": (DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"), "dates from 2021-01-30 to"),
    "day first": (DAYS.strftime("%d/%m/%Y"), "read as day/month/year"),
    "month first": (DAYS.strftime("%m/%d/%Y %H:%M"), "read as month/day/year"),
    "points": (DAYS.strftime("%d.%m.%y"), "read as day.month.year"),
    "names": (DAYS.strftime("%d %b %Y"), "dates from 2021-01-30 to"),
    "slashes": (DAYS.strftime("%Y/%m/%d"), "dates from 2021-01-30 to"),
    "Unix time": ([int(each.timestamp()) for each in DAYS], "seconds since 1970"),
}


@pytest.mark.parametrize(("texts", "words"), DATES.values(), ids=DATES)
def test_dates_are_dates_in_every_source(tmp_path, texts, words):
    frame = table(created=list(texts))
    whole = read(frame, label="y")
    assert whole.kinds["created"] == "datetime" and words in told(whole)
    assert "dates from 2021-01-30 to 2021-04-30" in told(whole)
    assert whole.feature_columns.count("created") >= 1 + 2 + 2  # when, day of week, time of year
    for ending in ENDINGS:
        rows = read(saved(frame, tmp_path, ending), label="y")
        assert np.array_equal(rows.features, whole.features) and rows.remarks == whole.remarks


def test_an_unclear_order_of_day_and_month_is_told():
    rows = read(table(when=[f"0{n % 9 + 1}/0{n % 7 + 1}/2021" for n in range(ROWS)]), label="y")
    assert "day/month/year; month/day/year fits too: write the year first" in told(rows)
    mixed = read(table(when=["31/01/2021", "01/31/2021"] * 30), label="y")
    assert mixed.kinds["when"] == "categorical"
    assert told(mixed).startswith("warning: column when: dates such as")


def test_days_that_do_not_exist_are_missing_and_told():
    rows = read(table(when=["31/02/2021", *["28/02/2021", "01/03/2021"] * 30][:ROWS]), label="y")
    assert '1 value not a date, such as "31/02/2021"' in told(rows)


# Options ---------------------------------------------------------------------------------


def test_wrong_options_are_refused_together():
    with pytest.raises(Invalid) as caught:
        dataperf.audit(table(), label="z", decimal=";", missing=[3], merge_labels="yes")
    rules = [problem.rule for problem in caught.value.problems]
    assert rules == ["bad-decimal", "bad-missing", "wrong-type", "unknown-column"]


def test_the_commands_take_the_options_and_tell_how_values_were_read(tmp_path):
    frame = table(
        a=[f"1,{n:03}" for n in range(ROWS)], y=[["u", "U", "v"][n % 3] for n in range(ROWS)]
    )
    path = saved(frame, tmp_path, "csv")
    how = ["--label", "y", "--decimal", ",", "--missing", "?", "--merge-labels"]
    run = CliRunner().invoke(app, ["audit", str(path), *how, "--detector", "imbalance"])
    assert (
        run.exit_code == 0 and "note: numbers: read as numbers with a decimal comma" in run.output
    )
    repair = tmp_path / "repair.json"
    repair.write_text(
        json.dumps(
            {"schema_version": 2, "challenge": "own-repair", "board": "own"}
            | {"answer": {"drop": []}}
        )
    )
    results = ["--results", str(tmp_path / "results"), "--json"]
    run = CliRunner().invoke(app, ["evaluate", "--data", str(path), *how, *results, str(repair)])
    assert run.exit_code == 0, run.output
    (kept,) = (tmp_path / "results").rglob("*.json")
    options = json.loads(kept.read_text())["own_data"]
    assert options["decimal"] == "," and options["missing"] == ["?"] and options["merge_labels"]
    run = CliRunner().invoke(app, ["verify", str(kept), "--data", str(path)])
    assert run.exit_code == 0, run.output


def test_a_class_is_never_emptied_by_an_audit(monkeypatch):
    frame = table(y=["rare"] * 3 + ["u", "v"] * 28 + ["u"])

    def sure(self):
        return np.tile(np.array([[0.01, 0.98, 0.01]], np.float32), (len(self.rows), 1))

    monkeypatch.setattr(Collected, "probabilities", property(sure))
    for budget in (None, 1, 1000):
        content = dataperf.audit(frame, label="y", detectors=["imbalance"]).to_submission(
            budget=budget, action="drop"
        )
        dataperf.evaluate_data(frame, content, label="y", on_message=lambda words: None)


def test_many_different_texts_are_looked_at_once():
    found = numbers.read(pd.Series([f"{n},5" for n in range(20_000)]))
    assert found is not None and found.decimal == ","


def test_the_page_names_the_options_that_read_the_data(tmp_path):
    path = saved(table(y=[["u", "U", "v"][n % 3] for n in range(ROWS)]), tmp_path, "csv")
    how = {"label": "y", "missing": ["?"], "merge_labels": True, "decimal": ","}
    found = dataperf.audit(path, detectors=["imbalance"], **how)
    assert "--missing '?' --merge-labels -o" in page.apply_command(found)
    assert found.rows.reading == {"decimal": ",", "missing": ("?",), "merge_labels": True}


def test_a_warning_comes_before_the_findings_and_a_note_after_them(tmp_path):
    frame = table(y=[["u", "U", "v"][n % 3] for n in range(ROWS)], **{"": range(ROWS)})
    path = saved(frame, tmp_path, "csv")
    run = CliRunner().invoke(app, ["audit", str(path), "-l", "y", "--detector", "imbalance"])
    assert run.exit_code == 0
    assert run.output.index("warning: column y") < run.output.index("FINDINGS")
    assert 'note: column "": numbers the rows' in run.output
    assert "warning: column y: labels" in str(
        dataperf.audit(path, label="y", detectors=["imbalance"])
    )


def test_an_empty_word_on_the_command_line_keeps_every_word(tmp_path):
    path = saved(table(y=WORDS), tmp_path, "csv")
    how = ["-l", "y", "--missing", "", "--detector", "imbalance", "--json"]
    run = CliRunner().invoke(app, ["audit", str(path), *how])
    assert run.exit_code == 0 and '"NA"' in run.output
