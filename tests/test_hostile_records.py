"""Results that mean harm: each is ranked or one unranked line with its reason, never a traceback."""

from __future__ import annotations

import base64
import copy
import io
import json
import sys
import tracemalloc
import zlib

import pytest
from rich.console import Console

import dataperf
from dataperf import report
from dataperf.basics import files, json_files
from dataperf.boards import leaderboard, rerun
from dataperf.cli import app
from dataperf.definitions import loading
from dataperf.errors import DataperfError, Invalid
from dataperf.evaluation import results

BOARD = "speech-selection/digits-60"
DELETED, REPEATED, DEEP = "deleted", "repeated", "deep"
#: What each key of a good record is replaced with.
WRONG = [
    DELETED,
    REPEATED,
    DEEP,
    None,
    True,
    -1,
    0.5,
    10**400,
    "\x1b[2J\u202ex",
    "x" * 5000,
    [],
    {},
]
WRONG += [float("nan"), [{}], {"": None}]
#: Keys whose entries are alike.
LISTED = {(key,) for key in ("samples", "metrics", "per_seed", "per_class", "by_defect", "counts")}
LISTED |= {(key,) for key in ("versions", "balance", "predictions", "splits", "nontarget", "zero")}


@pytest.fixture(scope="module")
def good():
    made = dataperf.evaluate(dataperf.baseline(BOARD, "random"))
    return json.loads(results.dump(made))


def content(record):
    return json.dumps(record).encode()


def paths(value, at=()):
    """Yield the keys of a record; of entries that are alike only the first."""
    keys, forms = list(value) if isinstance(value, dict) else [0], set()
    for key in keys:
        part = value[key]
        form = (type(part), tuple(part) if isinstance(part, dict) and at else key)
        if at[-1:] in LISTED and form[0] in forms or form in forms:
            continue
        forms |= {form, form[0]}
        yield (*at, key)
        if isinstance(part, dict | list) and part:
            yield from paths(part, (*at, key))


def mutated(record, path, wrong):
    new = copy.deepcopy(record)
    inside = new
    for key in path[:-1]:
        inside = inside[key]
    if wrong is DELETED:
        del inside[path[-1]]
    elif wrong is REPEATED and isinstance(inside, dict):
        inside["another"] = inside[path[-1]]
    elif wrong is REPEATED:
        inside.append(inside[0])
    else:
        inside[path[-1]] = json.loads("[" * 40 + "]" * 40) if wrong is DEEP else wrong
    return new


def shown(record, text):
    """Print a record in every way, and its board."""
    board = leaderboard.Leaderboard(
        "c", "b", "m", [leaderboard.Row(1, 1, record, record.score)], []
    )
    console = Console(file=io.StringIO(), width=110)
    for each in (record, board):
        assert "\x1b" not in repr(each), text
        assert "\x1b" not in each._repr_html_(), text
    console.print(report.leaderboard(board))
    console.print(report.short_table([record]))
    json.dumps(leaderboard.plain(board))


def test_a_record_with_any_key_wrong_is_ranked_or_one_line(good, tmp_path):
    taken, refused = [results.parse(content(good), "good")], 0
    for path in paths(good):
        for wrong in WRONG:
            try:
                taken.append(results.parse(content(mutated(good, path, wrong)), "record"))
            except Invalid as error:
                refused += 1
                assert len(str(error)) < 6000, path
                assert "\x1b" not in str(error), path
    assert refused > 800
    for number, record in enumerate(taken):
        if number % 20 == 0 and record.score is not None and record.tasks:
            shown(record, number)
    board = dataperf.leaderboard(BOARD, results=taken)
    mine = [r for r in taken if f"{r.challenge}/{r.board}" == BOARD]
    assert len(board.rows) + len(board.unranked) == len(mine)
    assert {row.score.value for row in board.rows} == {taken[0].score.value}
    for _, reason in board.unranked:
        assert len(reason) <= 500
        assert reason.isprintable()
        assert "defect of dataperf" not in reason
    for record in taken[1::200]:
        assert "traceback" not in rerun._row(record, safety=())


def test_deeply_nested_records_are_refused(good):
    for depth in (40, 100_000):
        nested = json.dumps(good).replace('"nontarget"', '"x": ' + "[" * depth + "]" * depth, 1)
        nested = nested.replace(": [", ": 1, [", 0)
        with pytest.raises(Invalid):
            results.parse(nested.encode(), "record")


def kept(folder, *records):
    """Keep records under the digest of their content, as a stranger may."""
    place = folder / BOARD
    place.mkdir(parents=True, exist_ok=True)
    for record in records:
        made = content(record)
        (place / f"{files.digest_bytes(made)[: results.NAME_LENGTH]}.json").write_bytes(made)
    return folder


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["dataperf", *map(str, words)])
    code = 0
    try:
        app.main()
    except SystemExit as end:
        code = int(end.code or 0)
    out = capsys.readouterr()
    assert "Traceback" not in out.err
    assert "\x1b" not in out.out + out.err
    return code, out.out, out.err


def extra_split(record):
    splits = record["tasks"]["digits"]["splits"]
    splits["mine"] = copy.deepcopy(splits["test"]) | {"metric": "no_such_metric"}


def extra_split_that_fits(record):
    splits = record["tasks"]["digits"]["splits"]
    splits["mine"] = copy.deepcopy(splits["test"])


def extra_task(record):
    record["tasks"]["mine"] = copy.deepcopy(record["tasks"]["digits"])


def no_digest(record):
    del record["provenance"]["digests"]["submission"]


def invented_report(record):
    record["safety"] = {"no_such_model": {"role": "text", "external": False, "digest": "x"}}


def failed_with_escapes(record):
    record |= {"status": "failed", "error": "\x1b[2J\x1b[31mfailed\u202e\n\nranked: 1"}


ODD = {
    extra_split: "missing-key",
    extra_split_that_fits: "which is not a split of the board",
    extra_task: "which is not a task of the board",
    no_digest: "provenance.digests.submission",
    failed_with_escapes: r"failed: \x1b[2J\x1b[31mfailed\u202e ranked: 1",
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_record_is_one_line_and_the_others_are_ranked(
    good, odd, tmp_path, monkeypatch, capsys
):
    record = copy.deepcopy(good)
    odd(record)
    place = kept(tmp_path, record, good)
    words = ("leaderboard", "-c", "speech-selection", "--results", place)
    code, out, err = run(monkeypatch, capsys, *words)
    flat = " ".join((out + err).split())
    assert code == 0
    assert flat.count("not ranked") == 1
    assert ODD[odd] in flat
    code, out, _ = run(monkeypatch, capsys, *words, "--json")
    assert [len(board["rows"]) for board in json.loads(out)] == [1]


def test_an_invented_safety_report_ends_neither_the_board_nor_verify(
    good, tmp_path, monkeypatch, capsys
):
    record = copy.deepcopy(good)
    invented_report(record)
    place = kept(tmp_path, record)
    code, out, _ = run(
        monkeypatch, capsys, "leaderboard", "-c", "speech-selection", "--results", place
    )
    assert code == 0
    assert "random, seed 0" in out
    code, out, _ = run(monkeypatch, capsys, "verify", "--results", place)
    assert code == 1
    assert "safety: reports of no_such_model, but the track selection has nothing to score" in out


def packed(kind, shape, size):
    data = base64.b64encode(zlib.compress(bytes(size), 9)).decode()
    return f"{kind}:{shape}:{data}"


@pytest.mark.parametrize(
    "shape", ["10x6710886", "6710886x10", "1x67108864", "10x320x1", "x", "10x٣"]
)
def test_shapes_are_looked_at_before_anything_is_decoded(good, shape, monkeypatch):
    record = copy.deepcopy(good)
    runs = record["tasks"]["digits"]["training_runs"][0]["predictions"]
    runs["test"] = packed("i1T", shape, 10_000_000)
    monkeypatch.setattr(results, "decode", lambda text: pytest.fail("decoded"))
    found = results.parse(content(record), "record")
    tracemalloc.start()
    board = dataperf.leaderboard(BOARD, results=[found])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert board.rows == []
    assert "shape" in board.unranked[0][1]
    assert peak < 100 * 2**20


def test_zeros_of_the_right_shape_that_unpack_to_more_are_refused(good):
    record = copy.deepcopy(good)
    runs = record["tasks"]["digits"]["training_runs"][0]["predictions"]
    runs["test"] = packed("i1T", "10x320", 50_000_000)
    board = dataperf.leaderboard(BOARD, results=[results.parse(content(record), "record")])
    assert "not the 3200 bytes" in board.unranked[0][1]


def test_files_that_are_too_large_are_not_read(good, tmp_path, monkeypatch):
    place = kept(tmp_path, good)
    monkeypatch.setattr(json_files, "LARGEST_FILE", 10_000)
    with pytest.warns(UserWarning, match=r"unreadable.*0 MiB \[too-large\]"):
        assert dataperf.read_results(place) == []
    (path,) = place.rglob("*.json")
    verified = dataperf.verify(path)
    assert not verified.ok
    assert "too-large" in verified.problems[0]


def test_files_of_too_many_values_are_refused_before_they_are_parsed(monkeypatch):
    monkeypatch.setattr(json_files, "MOST_VALUES", 1000)
    with pytest.raises(Invalid, match=r"about 1,001 values \[too-large\]"):
        json_files.parse_json(b"[" + b"0," * 1000 + b"0]", "many")


def test_a_record_made_in_python_is_checked_too(good):
    record = results.parse(content(good), "good")
    broken = record.model_copy(update={"cost": None})
    board = dataperf.leaderboard(BOARD, results=[broken, record])
    assert [row.result for row in board.rows] == [record]
    assert "cost: this key is required" in board.unranked[0][1]
    assert not dataperf.verify(broken).ok


def test_a_defect_of_a_plug_in_costs_one_line(good, monkeypatch):
    records = [results.parse(content(good), "good")]
    records.append(records[0].model_copy(update={"warnings": ["odd"]}))
    check = leaderboard.record_check.check

    def failing(record):
        if record.warnings:
            raise ZeroDivisionError("no\nrows")
        check(record)

    monkeypatch.setattr(leaderboard.record_check, "check", failing)
    board = leaderboard.rank(loading.load("speech-selection"), "digits-60", records)
    assert len(board.rows) == 1
    assert board.unranked[0][1] == "a defect of dataperf: ZeroDivisionError: no rows"


def test_huge_numbers_given_in_python_are_refused_in_words():
    with pytest.raises(DataperfError, match="too large to show"):
        dataperf.leaderboard(BOARD, results=10**5000)
