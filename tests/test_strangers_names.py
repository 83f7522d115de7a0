"""Names and texts from strangers: escaped wherever they are printed, and no name misleads."""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import dataperf
from dataperf import report
from dataperf.basics.wording import no_formula
from dataperf.cli import app, terminal
from dataperf.definitions import loading
from dataperf.errors import DataperfError, Invalid, NotFound, printable
from dataperf.evaluation import results
from dataperf.own_data import changes
from dataperf.records import Submission

BOARD = "speech-selection/digits-60"
EVIL = "\x1b[2J\x1b]0;t\x07\x9b31m\u202eevil\u2066"
ESCAPED = r"\x1b[2J\x1b]0;t\x07\x9b31m\u202eevil\u2066"

HONEST = """
anonymous|baseline|Zoë O'Neill-García|O’Brien|d'Arc – x|Łukasz Żółć|Nguyễn Văn Á|İstanbul ışık|ʻOkina Hawaiʻi|ß
山田 太郎|山田　太郎|田中ひろし|カタカナー・メモ|佐々木|〇〇|王小明（東大）|ACME 株式会社|김철수|ABC한국
Анна Петрова|Ελένη|Հայկ և Աննա|გიორგი|דוד כהן|محمد علي|علی‌رضا|Team أحمد|شركة 2
สมชาย น้ำใจ|ญี่ปุ่น ๒|ລາວ ຫຼ ໝາ|អង្គរ|မြန်မာ|राम शर्मा|प्रियंका-देवी|শ্রী|ශ්‍රී ලංකා|தமிழ்|മലയാളം|ਪੰਜਾਬੀ|తెలుగు|ಕನ್ನಡ
አበበ|ᐃᓄᒃᑎᑐᑦ|ꆈꌠ|ᠮᠣᠩᠭᠣᠯ|ދިވެހި|Anne & Bob (MIT), 2nd try_v1.2|C++ / C#|Team 🚀|naïve @home #1|Team™
"""
MISLEADING = {
    "\u0430dmin": "U+0430 CYRILLIC SMALL LETTER A",
    "p\u0430yp\u0430l": "U+0430",
    "Alice \u0405": "U+0405",
    "\u0391lpha": "U+0391 GREEK",
    "hell\u0585": "U+0585 ARMENIAN",
    "ro\u0b66t": "U+0B66 ORIYA DIGIT ZERO",
    "\u13aalice": "U+13AA CHEROKEE",
    "\u0251lice": "U+0251",
    "\u06633": "U+0663",
    "\uff42\uff41\uff53\uff45": "U+FF42 FULLWIDTH LATIN SMALL LETTER B",
    "\U0001d41base": "U+1D41B MATHEMATICAL BOLD SMALL B",
    "\ufb01sh": "U+FB01",
    "\u2160": "U+2160 ROMAN NUMERAL ONE",
    "\u2460": "U+2460",
    "x\u200bx": "U+200B ZERO WIDTH SPACE",
    "a\u200db": "U+200D",
    "ad\u200cmin": "U+200C",
    "\u062f\u200c\u0627": "U+200C",
    "a\u00adb": "U+00AD SOFT HYPHEN",
    "\ufeffx": "U+FEFF",
    "a\u2060b": "U+2060",
    "a\u3164b": "U+3164 HANGUL FILLER",
    "\u2800": "U+2800",
    "a\ufe0f": "U+FE0F",
    "a\U000e0041": "U+E0041",
    "\u202eevil": "U+202E RIGHT-TO-LEFT OVERRIDE",
    "\u2066evil": "U+2066",
    "a\u200f": "U+200F",
    "\u2028": "U+2028",
    "\ue000": "U+E000",
    "x\u00a0y": "U+00A0 NO-BREAK SPACE",
    "a" + "\u0301" * 5: "U+0301",
    "\u0301a": "U+0301",
    " baseline": "U+0020",
    "baseline ": "U+0020",
    "a  b": "U+0020",
}


def made(**fields):
    answer = {"schema_version": 2, "challenge": "c", "board": "b", "answer": {}} | fields
    return Submission.model_validate(answer)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_in_any_one_script_passes(form):
    for line in HONEST.split("\n"):
        for name in line.split("|"):
            name = unicodedata.normalize(form, name)
            assert made(submitter=name).submitter == name


@pytest.mark.parametrize("name", MISLEADING, ids=ascii)
def test_a_name_that_misleads_is_refused_with_its_code_point(name):
    with pytest.raises(DataperfError) as error:
        dataperf.baseline(BOARD, "random", submitter=name)
    text = str(error.value)
    assert MISLEADING[name] in text
    assert "submitter" in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("mark", ["\x1b", "\x00", "\x7f", "\x9b", "\n"])
def test_control_characters_in_a_name_or_a_method_are_refused(mark):
    for field in ("submitter", "method"):
        with pytest.raises(ValueError, match=field):
            made(**{field: f"a{mark}b"})


def test_a_method_may_mix_scripts_but_hides_nothing():
    assert made(method="k-means, ε = 0.1, Δ²").method == "k-means, ε = 0.1, Δ²"
    with pytest.raises(ValueError, match=r"U\+202E"):
        made(method="a\u202eb")


@pytest.fixture(scope="module")
def record():
    return dataperf.evaluate(dataperf.baseline(BOARD, "random"))


def test_an_old_record_with_such_a_name_is_one_unranked_line(record, tmp_path, monkeypatch, capsys):
    answer = record.submission.model_copy(update={"submitter": "b\u0430seline"})
    results.keep(record.model_copy(update={"submission": answer}), str(tmp_path))
    results.keep(record, str(tmp_path))
    code, out, err = run(
        monkeypatch, capsys, "leaderboard", "-c", "speech-selection", "--results", tmp_path
    )
    assert code == 0
    assert "random, seed 0" in out
    assert err.count("\n") == 1
    assert "unreadable" in err
    assert "U+0430 CYRILLIC SMALL LETTER A" in err


# What is printed -------------------------------------------------------------------------


def clean(text):
    return all(each.isprintable() or each in "\n\t" for each in text)


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["dataperf", *map(str, words)])
    code = 0
    try:
        app.main()
    except SystemExit as end:
        code = int(end.code or 0)
    found = capsys.readouterr()
    assert "Traceback" not in found.err
    assert clean(found.out), words
    assert clean(found.err), words
    return code, found.out, found.err


def test_printable_escapes_what_commands_and_what_hides():
    assert printable(EVIL) == ESCAPED
    for kept in ("a\n\tb", "é ü 山田　太郎", "علی‌رضا", "a\u00a0b", "🚀"):
        assert printable(kept) == kept
    hidden = "\u200b\u00ad\u2028\ufeff\ue000\x7f\x85"
    assert printable(hidden).isascii()


def test_json_is_exact_and_harmless(capsys):
    value = {EVIL: ["é", EVIL, "\udcff", "a\nb\t\\"]}
    terminal.show_json(value)
    out = capsys.readouterr().out
    assert clean(out)
    assert json.loads(out) == value
    assert "é" in out


def test_what_is_drawn_is_escaped_and_its_brackets_are_no_styles(capsys):
    terminal.show(EVIL + "[red]x[/blue] :smile:")
    table = report.cells.table("[/a]", f"as {EVIL}", rows=[[EVIL, "[b]x"]], title="[/t]")
    terminal.show(table)
    out = capsys.readouterr().out
    assert clean(out)
    drawn = ESCAPED.replace(r"\x07", "")  # rich leaves the bell out
    for text in (drawn, "[red]x[/blue] :smile:", "[/a]", "[b]x", "[/t]"):
        assert text in out


def test_no_command_prints_past_the_one_place():
    for path in Path(terminal.__file__).parent.glob("*.py"):
        if path.name != "terminal.py":
            assert not re.search(
                r"\b(typer|click)\.(secho|echo)|(?<!\w)print\(", path.read_text()
            ), path


@pytest.mark.parametrize("name", ["speech-selection", "vision-selection", "vision-debugging",
                                  "data-acquisition", "adversarial-nibbler", "corpus-filtering",
                                  "digit-cleaning"])  # fmt: skip
def test_check_and_evaluate_escape_what_an_answer_says(name, tmp_path, monkeypatch, capsys):
    board = next(iter(loading.load(name).boards))
    fields = ("samples", "orders", "purchases", "submitter", "ids", "drop", "order", EVIL)
    path = tmp_path / f"{EVIL.replace('/', '')}\nmine: valid.json"
    for answer in ({f: {EVIL: [EVIL]} for f in fields}, {f: [EVIL] for f in fields},
                   {f: EVIL for f in fields}, *({f: {EVIL: [EVIL]}} for f in fields[:3]),
                   {"ids": [EVIL]}, {"submitter": EVIL}):  # fmt: skip
        content = {"schema_version": 2, "challenge": name, "board": board, "answer": answer}
        path.write_text(json.dumps(content))
        code, out, err = run(monkeypatch, capsys, "check", path)
        assert code == 2
        assert not re.search("^mine: valid", out + err, re.MULTILINE)
    assert run(monkeypatch, capsys, "evaluate", path, "--results", tmp_path / "r")[0] == 2
    assert run(monkeypatch, capsys, "check", "--json", path)[0] == 2


def test_names_given_to_every_command_are_escaped(tmp_path, monkeypatch, capsys):
    evil = f"a{EVIL}"
    for words in (
        ("list", evil), ("list", "strategies", "--track", evil), ("show", evil),
        ("leaderboard", "-c", evil), ("leaderboard", "-c", "speech-selection", "--results", tmp_path / evil),
        ("verify", tmp_path / evil), ("verify", "--results", tmp_path / evil), ("audit", evil),
        ("audit", tmp_path / evil), ("apply", tmp_path / evil, "--data", evil, "-o", tmp_path / "x.csv"),
        ("new", evil, "x"), ("new", "metric", evil, "--plugins", tmp_path), ("freeze", evil),
        ("data", "get", evil), ("schema", evil), ("baseline", "-c", "speech-selection", "-s", evil),
        ("check", evil), ("evaluate", evil), ("evaluate", "--data", evil, "--label", evil),
    ):  # fmt: skip
        assert run(monkeypatch, capsys, *words)[0] in (1, 2), words


def test_a_plug_ins_texts_are_escaped(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATAPERF_PATH", "")  # --plugins sets it: put it back at the end
    (tmp_path / "metrics").mkdir()
    code = f'"""A metric {ascii(EVIL)[1:-1]}."""\nhigher_is_better = True\n'
    code += "def score(truth, predicted, *, classes):\n    return 1.0\n"
    (tmp_path / "metrics/mine.py").write_text(code)
    assert ESCAPED in run(monkeypatch, capsys, "list", "metrics", "--plugins", tmp_path)[1]
    run(monkeypatch, capsys, "check-plugins", "--plugins", tmp_path)


def test_a_scorecard_and_its_notebook_view_escape_a_strangers_texts(record):
    part = record.tasks["digits"]
    evil = part.model_copy(update={
        "notes": [EVIL], "summary": {EVIL: 1.0}, "balance": {EVIL: part.balance["class"]},
        "splits": {EVIL: part.splits["test"]},
    })  # fmt: skip
    bad = record.model_copy(update={"tasks": {EVIL: evil}, "warnings": [EVIL], "metric": EVIL})
    for each in (bad, bad.model_copy(update={"status": "failed", "error": EVIL})):
        assert clean(repr(each))
        assert clean(each._repr_html_())
        console = Console(file=io.StringIO(), width=110)
        console.print(terminal._Escaped(report.scorecard(each, None)))
        assert clean(console.file.getvalue())


def test_an_audit_and_its_cleaned_file(tmp_path, monkeypatch, capsys):
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2)) + np.repeat([0, 4], 30)[:, None]
    label = np.repeat([f"a{EVIL}", "b"], 30)
    label[:2] = "b"
    frame = pd.DataFrame(
        {"id": [f"r{n}{EVIL}" for n in range(60)], "x": x[:, 0], "z": x[:, 1], "y": label}
    )
    monkeypatch.chdir(tmp_path)
    frame.to_csv("mine.csv", index=False)
    words = (
        "audit",
        "mine.csv",
        "--label",
        "y",
        "--id",
        "id",
        "--submission",
        "s.json",
        "--all-rows",
    )
    assert run(monkeypatch, capsys, *words)[0] == 0
    words = ("apply", "s.json", "--data", "mine.csv", "--label", "y", "--id", "id", "-o", "c.csv")
    assert run(monkeypatch, capsys, *words)[0] == 0
    assert set(pd.read_csv("c.csv")["id"]) <= set(frame["id"])  # data stays exact


# Reports in CSV --------------------------------------------------------------------------

FORMULAS = ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", " =1", "\r=1", "＝1", '=HYPERLINK("x")', "-"]


def test_formulas_of_a_report_do_not_run():
    for cell in FORMULAS:
        assert no_formula(cell) == f"'{cell}"
    for cell in ("-0.5", "+3", "-1e-3", "a=b", "", "x@y", "1-2", "-inf"):
        assert no_formula(cell) == cell


def test_the_change_log_runs_no_formula_and_its_json_is_exact(tmp_path):
    found = tuple(changes.Change(n, cell, "drop", cell, "") for n, cell in enumerate(FORMULAS))
    lines = pd.read_csv(
        io.BytesIO(changes.log(found, Path("log.csv"))), dtype=str, keep_default_na=False
    )
    assert lines["id"].tolist() == [f"'{cell}" for cell in FORMULAS]
    exact = json.loads(changes.log(found, Path("log.json")))
    assert [each["id"] for each in exact] == FORMULAS


def test_the_tables_of_an_audit_run_no_formula(tmp_path):
    x = np.random.default_rng(0).normal(size=(80, 2)) + np.repeat([0, 5], 40)[:, None]
    label = np.repeat(["=cmd|x", "b"], 40)
    label[:4] = "b"
    frame = pd.DataFrame(
        {"@id": [f"={n}+1" for n in range(80)], "+x": x[:, 0], "z": x[:, 1], "y": label}
    )
    found = dataperf.audit(frame, label="y", id="@id")
    written = found.to_csv(tmp_path)
    cells = [
        cell
        for path in written
        for row in pd.read_csv(path, header=None, dtype=str, keep_default_na=False).to_numpy()
        for cell in row
    ]
    assert "'=0+1" in cells
    assert all(no_formula(cell) == cell for cell in cells)


def test_a_message_names_a_file_on_one_line():
    with pytest.raises(Invalid) as error:
        raise Invalid("a\nmine.json: valid", [])
    assert str(error.value).startswith("a\\nmine.json: valid: 0 problems")


def test_a_message_in_python_escapes_what_it_names(tmp_path):
    for error in (NotFound("board", EVIL, ["a"]), DataperfError(EVIL), Invalid(EVIL, [])):
        assert clean(str(error))
        assert ESCAPED in str(error)
    (tmp_path / "a\x1b[31m.json").write_text("{}")
    with pytest.warns(UserWarning, match="unreadable") as found:
        dataperf.read_results(tmp_path)
    assert clean(str(found[0].message))
