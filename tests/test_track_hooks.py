"""Shared code names no track, and a new track in one file works with every command."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import own_board
import pytest
from own_board import run

import dataperf
from dataperf import registry
from dataperf.authoring import conformance
from dataperf.own_data import options

PACKAGE = Path(dataperf.__file__).parent
#: Folders of plug-ins, which may name tracks.
PLUGINS = ("tracks", "strategies", "datasets")
#: Other things that are called like a track, by file: the texts of classes that a dataset offers.
OTHERS = {"prompts": ("definitions/data.py", "evaluation/train.py")}


def ours():
    return [name for name, entry in registry.find("tracks").items() if entry.ours]


def named(text, names):
    """Return the track names that stand in quotes in code, or as literals in documentation."""
    words = "|".join(sorted((re.escape(name) for name in names), key=len, reverse=True))
    lines = text.splitlines()
    code = list(lines)
    for node in ast.walk(ast.parse(text)):
        first = getattr(node, "body", [None])
        first = first[0] if isinstance(first, list) and first else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            documented = range(first.lineno - 1, first.end_lineno)
            for number in documented:
                code[number] = ""
                if re.match(r"\s*(>>>|\.\.\.) ", lines[number]):
                    lines[number] = ""
    found = re.findall(rf"""["'](?:own-)?({words})["']""", "\n".join(code))
    return found + re.findall(rf"""``"?(?:own-)?({words})"?``""", "\n".join(lines))


def test_shared_code_names_no_track():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if place.partition("/")[0] in PLUGINS:
            continue
        names = named(path.read_text(encoding="utf-8"), ours())
        if names := [name for name in names if place not in OTHERS.get(name, ())]:
            found[place] = names
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        'if track == "corpus":\n    pass',
        "TRACKS = {'corpus': 1}",
        'X = """\ntracks = ("corpus",)\n"""',
        'def f():\n    """Return ``corpus``."""',
        'def f():\n    """Return ``"own-corpus"``."""',
        'X = "own-corpus"',
    ],
)
def test_a_named_track_is_found(text):
    assert named(text, ["corpus", "repair"]) == ["corpus"]


def test_examples_may_name_a_track():
    assert named('"""Do.\n\n>>> load("corpus")\n"""\nword = "the corpus"', ["corpus"]) == []


def test_one_track_is_the_default():
    names = [name for name in ours() if registry.get("tracks", name).defines("OWN_DEFAULT")]
    assert names == [options.default_track()]


TRACK = '''
import numpy as np

from dataperf.errors import Problem
from dataperf.records import Plan, Record, TrainingSet

class Rules(Record):
    budget: int

class Answer(Record):
    """The rows to keep."""

    keep: list[str]

def read(content, *, official):
    return None

def check(answer, rules, data, *, official):
    (part,) = data.values()
    unknown = [name for name in answer.keep if name not in part.pool.row_of]
    return [Problem("unknown-id", "answer.keep", ", ".join(unknown))] if unknown else []

def plans(answer, rules, data, *, official):
    ((name, part),) = data.items()
    rows = np.sort([part.pool.row_of[each] for each in answer.keep])
    return {name: Plan([TrainingSet(rows, part.pool.labels[rows])])}

def own_rules(pool, budget):
    return {"budget": budget or pool // 2}

def own_example(pool, rules, task):
    return {"keep": pool.ids[: rules.budget].tolist()}

def audit_answer(suspects, *, task, budget, action):
    return {"keep": suspects.ids[np.argsort(suspects.scores, kind="stable")][:40].tolist()}
'''
CHANGES = """
def own_changes(answer, pool):
    return np.isin(pool.ids, answer.keep), {}
"""


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Stand in a folder with the rows ``rows.csv``; the track ``few_rows`` is in ``mine``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / "mine"))
    own_board.write(tmp_path / "mine", "tracks/few_rows.py", TRACK)
    own_board.rows(tmp_path)
    return tmp_path


def test_a_track_of_one_file_works_with_every_command(few):
    columns = ["--label", "y", "--true-label", "right"]
    own = [*columns, "--track", "few_rows"]
    run("new", "challenge", "ants", "--from-data", "rows.csv", *own, "--plugins", "mine")
    run("new", "strategy", "mine_first", "--track", "few_rows", "--plugins", "mine")
    module = registry.load("strategies", "mine_first")
    assert module.tracks == ("few_rows",)
    assert 'Return ``{"keep": ...}``: the rows to keep.' in module.answer.__doc__
    assert conformance.plugin(registry.get("strategies", "mine_first")) == []
    run("baseline", "-c", "ants", "-b", "own", "-s", "mine_first", "-o", "first.json")
    (row,) = json.loads(run("evaluate", "-c", "ants", "first.json", "--json"))
    assert row["cost"]["train_rows"] == 48

    run("audit", "rows.csv", *own, "--submission", "kept.json")
    (row,) = json.loads(run("evaluate", "--data", "rows.csv", *columns, "kept.json", "--json"))
    assert row["cost"]["train_rows"] == 40
    words = ["apply", "kept.json", "--data", "rows.csv", "-l", "y", "-o", "out.csv"]
    assert "own-few-rows say nothing about which rows to drop" in run(*words, code=2)
    asked = ["audit", "rows.csv", *own, "--submission", "all.json", "--all-rows"]
    assert "of the track few_rows over all rows" in run(*asked, code=2)

    own_board.write(few / "mine", "tracks/few_rows.py", TRACK + CHANGES)
    run(*words)
    assert len((few / "out.csv").read_text().splitlines()) == 41
    run(*asked)
    assert json.loads((few / "all.json").read_text())["board"] == "all-rows"


def test_every_track_has_a_first_strategy(few):
    for track in ours():
        run("new", "strategy", f"my_{track}", "--track", track, "--plugins", "mine")
        entry = registry.get("strategies", f"my_{track}")
        assert entry.tracks() == (track,)
        assert f"my_{track}" in entry.path.read_text().partition("from __future__")[0]


def test_a_track_of_ones_own_is_never_the_default(few):
    own_board.write(few / "mine", "tracks/few_rows.py", TRACK + "\nOWN_DEFAULT = True\n")
    run("audit", "rows.csv", "-l", "y", "--submission", "kept.json")
    named = json.loads((few / "kept.json").read_text())["challenge"]
    assert named == "own-" + options.default_track()


def test_a_track_that_repairs_takes_the_decisions_of_the_page(few):
    from dataperf.curation import decisions

    assert decisions._repairs(options.default_track())
    assert not decisions._repairs("few_rows")
    own_board.write(
        few / "mine",
        "tracks/few_rows.py",
        TRACK.replace("keep: list[str]", "drop: list[str] = []\n    relabel: dict[str, str] = {}"),
    )
    assert decisions._repairs("few_rows")


def test_an_unknown_track_has_no_strategy(few):
    with pytest.raises(dataperf.DataperfError, match='Did you mean "few_rows"'):
        dataperf.new("strategy", "x", track="few_row", folder=few)
