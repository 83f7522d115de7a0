"""A submission applied to data: the cleaned file in its own form, and the log of changes."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

import dataperf
from dataperf.cli import app
from dataperf.curation import page
from dataperf.errors import DataperfError, Invalid
from dataperf.own_data import rewrite_csv, rewrite_json
from dataperf.own_data.changes import Edit
from dataperf.reading import csv_form

BOM = b"\xef\xbb\xbf"


def repair(relabel=None, drop=(), **changes):
    answer = {"relabel": relabel or {}, "drop": list(drop)}
    return {
        "schema_version": 2,
        "challenge": "own-repair",
        "board": "own",
        "answer": answer,
        **changes,
    }


def selection(samples):
    return repair(challenge="own-selection") | {"answer": {"samples": samples}}


def nothing(rows: int, labels) -> Edit:
    return Edit(np.asarray(labels), np.ones(rows, dtype=bool), {})


# CSV ------------------------------------------------------------------------------------

LABELS = ["cat", "a;b,c", 'say "hi"', "línea", "two words", "7"]
CELLS = st.one_of(
    st.integers(-10_000, 10_000).map(str),
    st.sampled_from(["", "007", "1.50", "1e3", " padded ", "NA", "ünï→", 'ab"c', "\t"]),
    st.text("ab\"'\n\r,;|\tß漢 ", max_size=6),
)


@st.composite
def tables(draw):
    """Return a CSV file taken apart: its records as lists of written values, and its form."""
    mark = draw(st.sampled_from(",;\t|"))
    rows = draw(st.integers(4, 12))
    always = draw(st.booleans())
    end = draw(st.sampled_from(["\n", "\r\n"]))

    def written(value: str, quoted: bool) -> str:
        needed = any(each in value for each in mark + '"\r\n')
        return '"' + value.replace('"', '""') + '"' if quoted or needed else value

    classes = draw(st.lists(st.sampled_from(LABELS), min_size=2, max_size=3, unique=True))
    labels = [classes[row % len(classes)] for row in range(rows)]
    lines = [["size", written("a text", always), "kind of\nthing", "y"]]
    lines[0][2] = written(lines[0][2], always)
    for row, label in enumerate(labels):
        cells = [draw(CELLS) for _ in range(2)]
        others = [written(cell, always or draw(st.booleans())) for cell in cells]
        lines.append([str(row * 3 + draw(st.integers(0, 2))), *others, written(label, always)])
    last = draw(st.booleans())
    start = draw(st.sampled_from(["", "\ufeff"]))

    def whole(kept) -> bytes:
        text = end.join(mark.join(line) for line in kept)
        return (start + text + (end if last else "")).encode()

    return lines, labels, classes, whole


@settings(max_examples=300, deadline=None)
@given(tables())
def test_a_csv_file_written_back_unchanged_is_the_same_bytes(made):
    lines, labels, classes, whole = made
    content = whole(lines)
    edit = nothing(len(labels), [classes.index(each) for each in labels])
    assert rewrite_csv.rewrite(content, ".csv", "y", edit) == content


@settings(max_examples=60, deadline=None)
@given(made=tables(), data=st.data())
def test_a_repaired_csv_file_differs_in_the_repaired_rows_alone(made, data, tmp_path_factory):
    lines, labels, classes, whole = made
    path = tmp_path_factory.mktemp("csv") / "mine.csv"
    path.write_bytes(whole(lines))
    keep_two = range(len(classes), len(labels))
    touched = data.draw(st.lists(st.sampled_from(list(keep_two)), unique=True))
    drop = touched[::2]
    relabel = {row: data.draw(st.sampled_from(classes)) for row in touched[1::2]}
    said = repair({str(row): word for row, word in relabel.items()}, map(str, drop))
    out = path.with_name("cleaned.csv")
    found = dataperf.apply(said, path, label="y", output=out)
    expected = [list(line) for line in lines]
    spelled = {label: line[-1] for label, line in zip(labels, lines[1:], strict=True)}
    for row, word in relabel.items():
        expected[row + 1][-1] = spelled[word]
    kept = [line for row, line in enumerate(expected, -1) if row not in drop]
    assert out.read_bytes() == whole(kept)
    changed = {row for row, word in relabel.items() if labels[row] != word}
    assert {each.row for each in found.changes} == changed | set(drop)
    with found.log.open(newline="") as file:
        log = list(csv.DictReader(file))
    assert [(each["row"], each["action"], each["old_label"]) for each in log] == [
        (str(row), "drop" if row in drop else "relabel", labels[row])
        for row in sorted(changed | set(drop))
    ]


def test_a_new_label_is_written_as_the_file_writes_it_elsewhere(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text('x,y\n1,"0"\n2,1.0\n3,"0"\n4,1.0\n5,1\n6,"0"\n')
    said = repair({"0": "1", "4": "0"})
    dataperf.apply(said, path, label="y", output=tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == 'x,y\n1,1.0\n2,1.0\n3,"0"\n4,1.0\n5,"0"\n6,"0"\n'


def test_lines_that_are_not_rows_stay_in_a_repair_and_go_in_a_selection(tmp_path):
    path = tmp_path / "mine.csv"
    lines = ["k,x,y", "", "a,1,p", "b,2", "c,3,q", "d,4,p", "", "e,5,q", "f,6,p"]
    path.write_text("\n".join(lines))
    found = dataperf.apply(
        repair({"e": "p"}, ["f", "c"]), path, label="y", id="k", output=tmp_path / "r.csv"
    )
    assert (tmp_path / "r.csv").read_text() == "k,x,y\n\na,1,p\nb,2\nd,4,p\n\ne,5,p"
    assert found.notes[-1] == (
        "lines that cannot be read stay as they are, such as line 3: 2 values instead of 3"
    )
    said = selection({"p": ["a", "d"], "q": ["c"]})
    found = dataperf.apply(said, path, label="y", id="k", output=tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == "k,x,y\n\na,1,p\nc,3,q\nd,4,p\n"
    assert (found.rows, found.kept) == (5, 3)


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zst"])
def test_a_packed_file_is_packed_again(tmp_path, ending):
    text = b"x,y\n1,p\n2,q\n3,p\n4,q\n"
    path, out = tmp_path / f"mine.csv{ending}", tmp_path / f"out.csv{ending}"
    with pa.output_stream(str(path), compression="detect") as file:
        file.write(text)
    dataperf.apply(repair(drop=["1"]), path, label="y", output=out)
    with pa.input_stream(str(out), compression="detect") as file:
        assert file.read() == b"x,y\n1,p\n3,p\n4,q\n"
    assert out.read_bytes()[:2] == path.read_bytes()[:2]
    assert {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(ending, len)(out.read_bytes())


# Other forms ----------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.integers(0, 9), max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=1, max_size=8),
    indent=st.sampled_from([None, 2]),
    as_list=st.booleans(),
    ascii_only=st.booleans(),
)
def test_json_written_back_unchanged_is_the_same_text(rows, indent, as_list, ascii_only):
    records = [{**row, "y": "pq"[number % 2]} for number, row in enumerate(rows)]
    if as_list:
        text = json.dumps(records, indent=indent, ensure_ascii=ascii_only)
    else:
        text = "\n".join(json.dumps(each, ensure_ascii=ascii_only) for each in records) + "\n"
    content = text.encode("utf-8", "replace")
    edit = nothing(len(records), [number % 2 for number in range(len(records))])
    assert rewrite_json.rewrite(content, "y", edit) == content
    keep = np.arange(len(records)) % 3 != 1
    swapped = {0: 1} if len(records) > 1 else {}
    made = rewrite_json.rewrite(content, "y", Edit(edit.labels, keep, swapped)).decode()
    read = json.loads(made) if as_list else [json.loads(x) for x in made.split("\n") if x.strip()]
    expected = [each for each, stays in zip(json.loads(json.dumps(records)), keep) if stays]
    if swapped:
        expected[0]["y"] = "q"
    assert read == [json.loads(json.dumps(each).encode("utf-8", "replace")) for each in expected]


def test_json_lines_keep_their_numbers_and_blanks(tmp_path):
    path, out = tmp_path / "mine.jsonl", tmp_path / "out.jsonl"
    path.write_text(
        '{"y": "p",  "x": 1.50, "n": 12345678901234567890}\n\n{"x": 2e0, "y":"q"}\n'
        '{ "y" : "p", "x": 3 }\n{"x": 4}\n{"x": 5, "y":"q"}\n'
    )
    dataperf.apply(repair({"2": "q", "3": "p"}, ["1"]), path, label="y", output=out)
    assert out.read_text() == (
        '{"y": "p",  "x": 1.50, "n": 12345678901234567890}\n{ "y" : "q", "x": 3 }\n'
        '{"x": 4, "y": "p"}\n{"x": 5, "y":"q"}\n'
    )


def test_one_object_of_lists_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"x": [1, 2, 3, 4], "y": list("pqpq")}))
    with pytest.raises(DataperfError, match="Save it as JSON lines, CSV or Parquet"):
        dataperf.apply(repair({"0": "q"}), path, label="y", output=tmp_path / "out.json")
    assert [each.name for each in tmp_path.iterdir()] == ["mine.json"]


def test_a_parquet_file_keeps_its_types_and_its_compression(tmp_path):
    path, out = tmp_path / "mine.parquet", tmp_path / "out.parquet"
    table = pa.table(
        {
            "n": pa.array([1, None, 3, 2**62, 5, 6], pa.int64()),
            "v": pa.array([[1.0, 2.0]] * 6, pa.list_(pa.float32(), 2)),
            "t": pa.array([0, 1, 2, 3, 4, 5], pa.timestamp("us", "UTC")),
            "y": pa.array(list("pqpqp") + [None]).dictionary_encode(),
        }
    ).replace_schema_metadata({"mine": "kept"})
    pq.write_table(table, path, compression={"n": "zstd", "v": "snappy", "t": "none", "y": "gzip"})
    dataperf.apply(repair({"0": "q", "5": "p"}, ["1"]), path, label="y", output=out)
    found = pq.read_table(out)
    assert found.schema.equals(pq.read_table(path).schema, check_metadata=True)
    assert found["y"].to_pylist() == ["q", "p", "q", "p", "p"]
    assert found.drop(["y"]).to_pydict() == table.drop(["y"]).take([0, 2, 3, 4, 5]).to_pydict()
    group = pq.read_metadata(out).row_group(0)
    codecs = [group.column(number).compression for number in range(4)]
    before = pq.read_metadata(path).row_group(0)
    assert codecs == [before.column(number).compression for number in range(4)]
    assert codecs[0] == "ZSTD" and codecs[3] == "GZIP"


def test_a_data_frame_keeps_index_and_types():
    frame = pd.DataFrame(
        {"x": [1, 2, 3, 4], 7: pd.Categorical(list("pqpq"))}, index=["a", "b", "c", "d"]
    )
    found = dataperf.apply(repair({"a": "q"}, ["b"]), frame, label="7")
    assert found.data.index.tolist() == ["a", "c", "d"]
    assert found.data[7].tolist() == ["q", "p", "q"]
    assert found.data.dtypes.tolist() == frame.dtypes.tolist()
    assert frame[7].tolist() == list("pqpq")


def test_a_folder_becomes_a_new_folder(tmp_path):
    folder, out = tmp_path / "mine", tmp_path / "cleaned"
    for name in ("cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/4.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), hash(name) % 255).save(folder / name)
    (folder / "cat/README").write_text("mine")
    said = repair({"cat/1.png": "dog", "dog/4.png": "cat"}, ["cat/2.png"])
    found = dataperf.apply(said, folder, output=out)
    names = sorted(str(each.relative_to(out)) for each in out.rglob("*") if each.is_file())
    assert names == ["cat/3.png", "cat/4.png", "cat/README", "dog/1-was-cat.png", "dog/1.png"]
    assert (out / "dog/1-was-cat.png").read_bytes() == (folder / "cat/1.png").read_bytes()
    assert found.log == tmp_path / "cleaned.changes.csv"
    with pytest.raises(Invalid, match="exists already"):
        dataperf.apply(said, folder, output=out)


# What is refused ------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("k,x,y\n" + "".join(f"r{n},{n * 1.5},{'pq'[n % 2]}\n" for n in range(8)))
    return path


def apply(mine, said, **options):
    file = mine.with_name("said.json")
    file.write_text(json.dumps(said))
    options = {"output": mine.with_name("out.csv"), "label": "y", "id": "k", **options}
    return dataperf.apply(file, mine, **options)


def test_every_problem_of_a_submission_is_named_and_nothing_is_written(mine):
    said = repair({"r1": "ant", "r99": "p", "r2": "q"}, ["r2", "r3", "r3"])
    with pytest.raises(Invalid) as error:
        apply(mine, said)
    rules = {each.rule for each in error.value.problems}
    assert rules == {"unknown-id", "duplicate-id", "dropped-and-relabelled", "unknown-class"}
    assert sorted(each.name for each in mine.parent.iterdir()) == ["mine.csv", "said.json"]


def test_a_cleaning_order_is_refused_with_the_way_out(mine):
    said = repair(challenge="own-cleaning") | {"answer": {"orders": {"own": ["r1"]}}}
    with pytest.raises(Invalid, match="changes nothing by itself") as error:
        apply(mine, said)
    assert "dataperf audit" in str(error.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "mine.csv"}, "never overwritten"),
        ({"output": "./sub/../mine.csv"}, "never overwritten"),
        ({"output": "link.csv"}, "never overwritten"),
        ({"output": "said.json"}, "never overwritten"),
        ({"log": "mine.csv"}, "never overwritten"),
        ({"log": "out.csv"}, "is --output"),
        ({"log": "log.txt"}, ".csv or .json"),
        ({"output": "out.parquet"}, "does not end in .csv"),
    ],
)
def test_places_that_would_lose_something_are_refused(mine, options, said):
    (mine.parent / "sub").mkdir()
    mine.with_name("link.csv").hardlink_to(mine)
    before = mine.read_bytes()
    paths = {name: mine.parent / place for name, place in options.items()}
    with pytest.raises(Invalid, match=re.escape(said)):
        apply(mine, repair({"r0": "q"}), **paths)
    assert mine.read_bytes() == before


@pytest.mark.parametrize("content", [{}, {"challenge": 3}, {"challenge": "speech-selection"}])
def test_other_submissions_are_refused(mine, content):
    with pytest.raises(Invalid, match="own-repair or own-selection"):
        apply(mine, content)


@pytest.mark.parametrize("content", [[], 3, None])
def test_what_is_no_object_is_refused(mine, content):
    with pytest.raises(Invalid, match="a JSON object"):
        apply(mine, content)


def test_wrong_types_and_sources_are_refused(mine):
    with pytest.raises(Invalid, match="expected a path"):
        dataperf.apply(3, mine)
    with pytest.raises(Invalid, match="pandas data frame"):
        dataperf.apply(repair(), (np.zeros((4, 2)), [0, 1, 0, 1]))
    with pytest.raises(Invalid, match="no such file"):
        dataperf.apply(repair(), mine.with_name("other.csv"))


def test_a_file_that_changes_while_it_is_read_is_not_written_back():
    content = b"x,y\n1,p\n2,q\n3,p\n"
    with pytest.raises(DataperfError, match="holds 3 rows, but 4 were read"):
        rewrite_csv.rewrite(content, ".csv", "y", nothing(4, [0, 1, 0, 1]))
    with pytest.raises(DataperfError, match="read as two labels"):
        rewrite_csv.rewrite(content, ".csv", "y", nothing(3, [0, 0, 1]))


def test_dropping_every_row_is_refused_and_emptying_a_class_is_noted(mine):
    with pytest.raises(Invalid, match="every row would be dropped"):
        apply(mine, repair(drop=[f"r{n}" for n in range(8)]))
    found = apply(mine, repair(drop=[f"r{n}" for n in range(0, 8, 2)]))
    assert found.kept == 4
    assert "no row of 'p' is left" in found.notes[0]


# The command ----------------------------------------------------------------------------


def test_the_command_writes_both_files_and_says_so(mine):
    said = mine.with_name("said.json")
    said.write_text(json.dumps(repair({"r0": "q"}, ["r1"])))
    out, log = mine.with_name("out.csv"), mine.with_name("log.json")
    words = ["apply", str(said), "--data", str(mine), "--id", "k", "-l", "y"]
    ran = CliRunner().invoke(app.app, [*words, "-o", str(out), "--log", str(log)])
    assert ran.exit_code == 0, ran.output
    assert "1 row of 8 dropped, 1 row relabelled" in ran.output
    assert f"wrote {log}" in ran.output
    assert out.read_text() == mine.read_text().replace("r0,0.0,p", "r0,0.0,q").replace(
        "r1,1.5,q\n", ""
    )
    assert json.loads(log.read_text()) == [
        {"row": 0, "id": "r0", "action": "relabel", "old_label": "p", "new_label": "q"},
        {"row": 1, "id": "r1", "action": "drop", "old_label": "q", "new_label": ""},
    ]
    ran = CliRunner().invoke(app.app, [*words, "-o", str(out), "--json"])
    assert json.loads(io.StringIO(ran.stdout).read())["kept"] == 7


# Over all rows --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    random = np.random.default_rng(0)
    right = np.arange(240) % 2
    wrong = random.permutation(240)[:24]
    given = right.copy()
    given[wrong] = 1 - given[wrong]
    frame = pd.DataFrame(random.normal(size=(240, 3)) + 4 * right[:, None], columns=list("abc"))
    path = tmp_path_factory.mktemp("own") / "mine.csv"
    frame.assign(y=np.array(["no", "yes"])[given]).to_csv(path, index=False)
    found = dataperf.audit(path, label="y", detectors=["label_errors"])
    return path, found, {str(row) for row in wrong}


@pytest.mark.parametrize("track", ["repair", "selection"])
def test_a_submission_over_all_rows_cleans_but_proves_nothing(audited, tmp_path, track):
    path, found, wrong = audited
    file = tmp_path / "all.json"
    content = found.to_submission(track, path=file, all_rows=True)
    assert content["board"] == "all-rows"
    with pytest.raises(Invalid, match="no row is left to test it on") as error:
        dataperf.evaluate_data(path, file, label="y")
    assert "dataperf apply" in str(error.value)
    applied = dataperf.apply(file, path, label="y", output=tmp_path / "out.csv")
    changed = {each.id for each in applied.changes}
    held_out = wrong - {
        *found.to_submission()["answer"]["relabel"],
        *found.to_submission()["answer"]["drop"],
    }
    assert len(changed & wrong) >= 20
    assert held_out & changed  # also rows that the evaluation would test on


def test_over_all_rows_is_refused_where_it_means_nothing(audited):
    _, found, _ = audited
    with pytest.raises(Invalid, match="neither be evaluated nor applied"):
        found.to_submission("cleaning", all_rows=True)
    ran = CliRunner().invoke(app.app, ["audit", "mine.csv", "-l", "y", "--all-rows"])
    assert ran.exit_code != 0
    assert "--all-rows needs --submission" in str(ran.exception)


def test_the_page_names_the_command_that_cleans(audited):
    path, found, _ = audited
    assert page.apply_command(found) == (
        f"dataperf apply repair.json --data {path} --label y -o mine-cleaned.csv"
    )


def test_what_the_reader_itself_made_is_not_a_finding(tmp_path):
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(15):
            pixels = random.integers(0, 255, (8, 8)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    found = dataperf.audit(tmp_path, detectors=["features"], embedding="pixels")
    with pytest.raises(DataperfError, match="no columns besides the images"):
        found.table("features")
    frame = pd.DataFrame({"x": random.normal(size=60), "y": ["a"] * 30 + ["b"] * 30})
    found = dataperf.audit(frame.assign(width=1), label="y", detectors=["features"])
    assert set(found.table("features")["problem"]) == {"order", "constant"}


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(["a", '"', '""', ",", "\n", "\r\n", "\r", " ", "é"]), max_size=40))
def test_a_csv_file_is_taken_apart_as_the_reader_reads_it(parts):
    content = ("x,y\n" + "".join(parts)).encode()
    text = {name: pa.string() for name in "xy"}
    read = pa_csv.read_csv(
        io.BytesIO(content),
        read_options=pa_csv.ReadOptions(use_threads=False),
        parse_options=pa_csv.ParseOptions(
            newlines_in_values=True, invalid_row_handler=lambda row: "skip"
        ),
        convert_options=pa_csv.ConvertOptions(column_types=text),
    )
    grammar = csv_form.Grammar(",")
    try:
        lines = [content[a.start : a.stop] for a in grammar.lines(content, 0)]
    except DataperfError as error:
        assert "never end it" in str(error)  # an open quote is refused
        return
    rows = [(line, grammar.fields(line)) for line in lines if line][1:]
    found = [
        [csv_form.plain(line[a:b]) for a, b in spans] for line, spans in rows if len(spans) == 2
    ]
    assert found == [list(each.values()) for each in read.to_pylist()]
