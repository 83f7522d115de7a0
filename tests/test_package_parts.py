"""What an installed plug-in imports from its own package, and reads there, is frozen with it."""

from __future__ import annotations

import importlib
import json
import os
import py_compile
import sys

import own_board
import pytest
from own_board import run

from dataperf import registry
from dataperf.authoring import conformance
from dataperf.definitions import freezing, loading
from dataperf.errors import DataperfError, DigestMismatch
from dataperf.registry import packages

#: The files of the package. The track rests on all but the last two.
FILES = {
    "tracks/worded.py": """
import dataperf_words.checks
from dataperf.tracks import selection
from dataperf_words import texts
from dataperf_words.deep.inner import note

Answer, Rules = selection.Answer, selection.Rules
read, plans = selection.read, selection.plans
check = dataperf_words.checks.check

def notes(summary, task):
    return [note(), *texts.LINES]
""",
    "__init__.py": "from . import base\nNAME = base.NAME\n",
    "base.py": "NAME = 'words'\n",
    "checks.py": "from dataperf.tracks.selection import check\n",
    "texts.py": """
import json
from pathlib import Path

LINES = json.loads((Path(__file__).parent / "lines" / "one.json").read_text())
""",
    "lines/one.json": '["a line of data"]',
    "deep/inner.py": "from ..base import NAME\nfrom .shared import END\n\ndef note():\n    return NAME + END\n",
    "deep/shared.py": "END = '!'\n",
    "other.py": "VALUE = 1\n",
    "metrics/other_hits.py": """
from dataperf_words.other import VALUE
higher_is_better = True
def score(truth, predicted, *, classes):
    return float((truth == predicted).mean()) * VALUE
""",
}
OF_TRACK = list(FILES)[:-2]
OF_METRIC = ["__init__.py", "base.py", "other.py", "metrics/other_hits.py"]


@pytest.fixture
def words(tmp_path, monkeypatch):
    """A package that offers a track and a metric, and a frozen board of each."""
    site = tmp_path / "site"
    for place, text in FILES.items():
        write = own_board.write if place.endswith(".py") else plain
        write(site / "dataperf_words", place, text)
    info = site / "dataperf_words-3.1.dist-info"
    plain(info, "METADATA", "Metadata-Version: 2.1\nName: dataperf-words\nVersion: 3.1\n")
    plain(info, "entry_points.txt", "[dataperf.plugins]\nmine = dataperf_words\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    monkeypatch.setenv("DATAPERF_CACHE", str(tmp_path / "cache"))
    own_board.make(tmp_path)
    toml = (tmp_path / "challenges/ants/challenge.toml").read_text()
    toml = toml.replace('name = "ants"', 'name = "bees"')
    plain(tmp_path, "challenges/bees/challenge.toml", toml.replace('"selection"', '"worded"'))
    toml = toml.replace('name = "bees"', 'name = "wasps"')
    toml = toml.replace('metric = "accuracy"', 'metric = "other_hits"')
    plain(tmp_path, "challenges/wasps/challenge.toml", toml)
    for name in ("bees", "wasps", "ants"):
        freezing.freeze_boards(loading.load(name), ["own"])
        answer = json.loads((tmp_path / "a.json").read_text()) | {"challenge": name}
        (tmp_path / f"{name}.json").write_text(json.dumps(answer))
    return site / "dataperf_words"


def plain(folder, place, text):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refused():
    """Return the boards that are refused, and why."""
    found = {}
    for name in ("ants", "bees", "wasps"):
        try:
            assert freezing.unfrozen_parts(loading.load(name), "own") == []
        except DigestMismatch as error:
            found[name] = str(error)
    return found


def test_the_track_and_its_board_rest_on_what_they_import_and_read(words):
    found = registry.parts(registry.get("tracks", "worded"))
    assert list(found)[0] == "tracks/worded.py"
    wanted = {f"dataperf_words/{place}" for place in OF_TRACK if place != "tracks/worded.py"}
    assert {name for name in found if name.startswith("dataperf_words/")} == wanted
    assert conformance.plugin(registry.get("tracks", "worded")) == []
    assert "dataperf_words" not in sys.modules
    (row,) = json.loads(run("evaluate", "bees.json", "--json"))
    assert row["tasks"]["own"]["notes"] == ["words!", "a line of data"]
    assert row["provenance"]["versions"]["dataperf-words"] == "3.1"
    assert json.loads(run("verify", row["file"], "--json"))[0]["ok"]
    (row,) = json.loads(run("evaluate", "ants.json", "--json"))
    assert "dataperf-words" not in row["provenance"]["versions"]
    (row,) = json.loads(run("evaluate", "wasps.json", "--json"))
    assert row["provenance"]["versions"]["dataperf-words"] == "3.1"
    assert "dataperf_words" not in sys.modules


@pytest.mark.parametrize("place", FILES)
def test_an_edit_refuses_exactly_the_boards_that_rest_on_the_file(words, place):
    assert refused() == {}
    with (words / place).open("a") as file:
        file.write("\nMORE = 1\n" if place.endswith(".py") else " ")
    found = refused()
    wanted = {"bees": OF_TRACK, "wasps": OF_METRIC}
    assert set(found) == {name for name, places in wanted.items() if place in places}
    for message in found.values():
        assert f"Changed: {words / place} (" in message


def test_a_comment_refuses_nothing(words):
    with (words / "base.py").open("a") as file:
        file.write("# A comment.\n")
    assert refused() == {}


def test_a_forged_compiled_file_is_not_run(words):
    path = words / "deep/shared.py"
    text, stamp = path.read_text(), path.stat()
    path.write_text(text.replace("!", "?"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    py_compile.compile(str(path))
    path.write_text(text)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    importlib.invalidate_caches()
    assert refused() == {}
    (row,) = json.loads(run("evaluate", "bees.json", "--json"))
    assert row["tasks"]["own"]["notes"][0] == "words!"


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        ("texts.py", 'LINES = [open(__file__[:-8] + "hidden" + ".txt").read()]', "not frozen with"),
        (
            "texts.py",
            'import importlib\nLINES = [importlib.import_module("dataperf_" + "words.other").VALUE]',
            "cannot be followed",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(words, place, text, message):
    plain(words, "hidden.txt", "unseen")
    own_board.write(words, place, text)
    with pytest.raises(DataperfError, match=message):
        registry.load("tracks", "worded")


def test_plug_ins_in_a_package_inside_a_package(tmp_path, monkeypatch):
    top = tmp_path / "site" / "dataperf_nested"
    plain(
        tmp_path / "site/dataperf_nested-1.dist-info",
        "METADATA",
        "Name: dataperf-nested\nVersion: 1\n",
    )
    points = "[dataperf.plugins]\nmine = dataperf_nested.plugins\n"
    plain(tmp_path / "site/dataperf_nested-1.dist-info", "entry_points.txt", points)
    metric = FILES["metrics/other_hits.py"].replace("dataperf_words", "dataperf_nested")
    own_board.write(top, "plugins/metrics/nested_hits.py", metric)
    own_board.write(top, "other.py", "from dataperf_nested.plugins.values import VALUE")
    own_board.write(top, "plugins/values.py", "VALUE = 2")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    entry = registry.get("metrics", "nested_hits")
    assert list(registry.parts(entry)) == [
        "metrics/nested_hits.py",
        "dataperf_nested/other.py",
        "dataperf_nested/plugins/values.py",
    ]
    module = registry.load("metrics", "nested_hits")
    import numpy as np

    assert module.score(np.ones(2), np.ones(2), classes=2) == 2.0
    assert packages.of(top / "other.py").version == "1"
    assert packages.of(tmp_path) is None
