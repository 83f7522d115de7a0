"""Engines and stores of a user's own, and plug-ins of installed packages, from the command line."""

from __future__ import annotations

import json
import re
import sys

import pytest

from dataperf import registry
from dataperf.authoring import conformance
from dataperf.errors import DataperfError, Invalid, NotFound
from dataperf.evaluation import engines, results
from dataperf.evaluation.results import Place
from tests import own_board
from tests.own_board import run

#: Runs all items in threads, the last one first, and yields the outcomes in order.
BACKWARDS = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

def run(function, items, *, jobs):
    with ThreadPoolExecutor(jobs) as threads:
        waiting = [threads.submit(function, item) for item in reversed(items)]
        Path("used").write_text(str(len(waiting)))
        for each in reversed(waiting):
            yield each.result()
"""

#: Keeps all results in one zip file.
ZIPPED = """
import zipfile
from pathlib import Path
from dataperf.errors import DataperfError

def put(location, name, content):
    with zipfile.ZipFile(location, "a") as archive:
        if name not in archive.namelist():
            archive.writestr(name, content)
        elif archive.read(name) != content:
            raise DataperfError(f"{name} is kept with another content")
    return f"{location}, {name}"

def names(location):
    if not Path(location).exists():
        raise DataperfError(f"there is no archive {location}")
    with zipfile.ZipFile(location) as archive:
        return archive.namelist()

def get(location, name):
    with zipfile.ZipFile(location) as archive:
        return archive.read(name)
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """A folder of plug-ins with the challenge ``ants``, an engine, a store and two answers."""
    folder = tmp_path_factory.mktemp("board")
    own_board.make(folder)
    own_board.write(folder, "engines/backwards.py", BACKWARDS)
    own_board.write(
        folder,
        "stores/one_zip.py",
        ZIPPED.replace('"a")', '"a" if Path(location).exists() else "w")'),
    )
    return folder


@pytest.fixture
def here(board, tmp_path, monkeypatch):
    """Stand in an empty folder, with the plug-ins named."""
    monkeypatch.setenv("DATAPERF_PATH", str(board))
    monkeypatch.delenv("DATAPERF_ENGINE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scored(board, *words):
    """Evaluate both answers and return what differs in nothing but the machine's work."""
    text = run("evaluate", "-c", "ants", board / "a.json", board / "b.json", "--json", *words)
    return [(row["score"], row["tasks"], row["submission"]) for row in json.loads(text)]


def test_an_own_engine_evaluates_with_the_same_scores(board, here):
    expected = scored(board)
    assert not (here / "used").exists()
    assert scored(board, "--engine", "backwards", "-j", "2") == expected
    assert (here / "used").read_text() == "2"
    (here / "used").unlink()
    assert scored(board, "--engine", "processes", "-j", "2") == expected
    assert not (here / "used").exists()
    found = json.loads(
        run("verify", "--results", "dataperf-results", "--engine", "backwards", "--json")
    )
    assert [row["ok"] for row in found] == [True] * len(found)
    assert (here / "used").read_text() == str(len(found)) == "6"


def test_the_environment_names_the_engine_and_the_option_wins(board, here, monkeypatch):
    monkeypatch.setenv("DATAPERF_ENGINE", "backwards")
    assert engines.chosen(None, jobs=2, items=2) == "backwards"
    run("evaluate", "-c", "ants", board / "a.json")
    assert (here / "used").exists()
    (here / "used").unlink()
    run("evaluate", "-c", "ants", board / "a.json", "--engine", "in-process")
    assert not (here / "used").exists()


def test_an_unknown_engine_is_refused_with_the_names(board, here):
    text = run("evaluate", "-c", "ants", board / "a.json", "--engine", "backward", code=2)
    assert 'no engine named "backward"' in text and 'Did you mean "backwards"' in text
    with pytest.raises(NotFound, match="backwards, in_process, processes"):
        engines.chosen("xyz", jobs=1, items=1)
    assert not (here / "dataperf-results").exists()


def test_own_plug_ins_keep_their_contract(here):
    for kind, name in (("engines", "backwards"), ("stores", "one_zip")):
        assert conformance.plugin(registry.get(kind, name)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yield from map(function, items[:-1])", "yielded 2 of 3 outcomes"),
        ("yield from map(function, [*items, items[0]])", "yielded more than the 3 outcomes"),
        ("yield from map(function, items[::-1])", "yielded outcome 3 in place of outcome 1"),
        ("yield from [function(items[0])] * 3", "yielded outcome 1 in place of outcome 2"),
        ("yield from [1, 2, 3]", "yielded a int in place of outcome 1"),
        ("return iter(())\n    yield", "yielded 0 of 3 outcomes"),
        ("return None", "TypeError"),
        ("yield function(items[0]); raise ValueError('lost')", "ValueError: lost"),
        ("raise SystemExit(0)\n    yield", "SystemExit: 0"),
    ],
)
def test_an_engine_that_breaks_its_contract_is_named(here, monkeypatch, text, message):
    path = own_board.write(
        here, "engines/odd.py", f"def run(function, items, *, jobs):\n    {text}\n"
    )
    monkeypatch.setenv("DATAPERF_PATH", str(here))
    with pytest.raises(DataperfError) as found:
        list(engines.run(abs, [-1, -2, -3], engine="odd"))
    assert str(found.value).startswith(f"the engine odd ({path}"), found.value
    assert message in str(found.value)


@pytest.mark.parametrize("engine", ["in_process", "backwards", "processes"])
def test_what_an_item_raises_comes_in_its_turn(here, engine):
    outcomes = engines.run(int, ["1", "x", "3"], engine=engine, jobs=2)
    assert next(outcomes) == 1
    with pytest.raises(ValueError, match="invalid literal for int") as found:
        next(outcomes)
    if engine == "processes":  # the traceback of the other process comes as a note
        assert any("Traceback" in note for note in found.value.__notes__)


def test_an_own_store_keeps_lists_and_gives_results(board, here):
    text = run(
        "evaluate", "-c", "ants", board / "a.json", board / "b.json", "--results", "one_zip:all.zip"
    )
    assert "kept as all.zip, ants/own/" in text
    assert [each.name for each in here.iterdir()] == ["all.zip"]
    table = json.loads(run("leaderboard", "-c", "ants", "--results", "one-zip://all.zip", "--json"))
    assert len(table) == 1
    found = json.loads(run("verify", "--results", "one_zip:all.zip", "--json"))
    assert [row["ok"] for row in found] == [True, True]
    name = found[0]["name"]
    assert name.startswith("ants/own/")
    (row,) = json.loads(run("verify", name, "--results", "one_zip:all.zip", "--json"))
    assert row["ok"]
    assert len(results.read_all("one_zip:all.zip", "ants/")[0]) == 2
    assert "there is no archive none.zip" in run(
        "leaderboard", "-c", "ants", "--results", "one_zip:none.zip", code=2
    )


def test_a_record_that_was_changed_in_a_store_is_found_out(board, here):
    run("evaluate", "-c", "ants", board / "a.json", "--results", "one_zip:all.zip")
    place = results.place_of("one_zip:all.zip")
    module = registry.load("stores", place.store)
    (name,) = results.names("one_zip:all.zip")
    content = module.get("all.zip", name).replace(b'"anonymous"', b'"somebody"')
    other = f"ants/own/{'0' * 32}.json"
    module.put("all.zip", other, content)
    (row,) = json.loads(run("verify", other, "--results", "one_zip:all.zip", "--json", code=1))
    assert "results never change" in row["problems"][0]
    assert list(results.read_all("one_zip:all.zip")[1]) == [other]


def test_a_store_that_fails_is_named(board, here, monkeypatch):
    folder = here / "mine"
    text = "def put(location, name, content):\n    return 1 / 0\nnames = get = put\n"
    path = own_board.write(folder, "stores/broken.py", text)
    text = run(
        *("evaluate", "-c", "ants", board / "a.json", "--results", "broken:x"),
        *("--plugins", folder),
        code=2,
    )
    assert text.startswith(f"the store broken ({path}, line 3): ZeroDivisionError")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def put(*_): return None\nget = names = put", "put returned NoneType, expected str"),
        ("def put(*_): return 'x'\ndef names(*_): return [1]\nget = put", "names returned int"),
    ],
    ids=["put", "names"],
)
def test_what_a_store_returns_is_checked(board, here, text, message):
    own_board.write(here / "mine", "stores/odd.py", text)
    words = ("--results", "odd:x", "--plugins", here / "mine")
    if message.startswith("put"):
        printed = run("evaluate", "-c", "ants", board / "a.json", *words, code=2)
    else:
        printed = run("leaderboard", "-c", "ants", *words, code=2)
    assert message in printed


def test_a_result_of_the_old_form_is_one_problem(board, here):
    run("evaluate", "-c", "ants", board / "a.json")
    (path,) = (here / "dataperf-results").rglob("*.json")
    content = json.loads(path.read_text()) | {"schema_version": 1, "beside": None}
    del content["safety"]
    with pytest.raises(Invalid) as error:
        results.parse(json.dumps(content).encode(), "old.json")
    (problem,) = error.value.problems
    assert problem.rule == "schema-version"
    assert "evaluate the submission again" in str(error.value)


def test_a_folder_or_a_file_in_the_wrong_place_says_what_to_do(board, here):
    run("evaluate", "-c", "ants", board / "a.json")
    assert "1 of 1 verified" in run("verify", "dataperf-results")
    (path,) = (here / "dataperf-results").rglob("*.json")
    printed = run("leaderboard", "-c", "ants", "--results", path, code=2)
    assert "is a file, expected a folder of results" in printed


def test_a_location_is_a_folder_unless_it_names_a_store(here):
    assert results.place_of("one_zip:a.zip") == Place("one_zip", "a.zip")
    assert results.place_of("one-zip:///tmp/a.zip") == Place("one_zip", "/tmp/a.zip")
    for text in (
        "kept",
        "C:/kept",
        "C:\\kept",
        "2024-01-01T10:00",
        "./odd:name",
        ":x",
        "a/one_zip:b",
    ):
        assert results.place_of(text) == Place("folder", text)
    (here / "one_zip:a.zip").mkdir()
    assert results.place_of("one_zip:a.zip") == Place("folder", "one_zip:a.zip")
    with pytest.raises(NotFound, match='no store named "one_zp"'):
        results.place_of("one_zp://a.zip")
    for text in ("odd:name", "sqlite:x", "one_zp:a.zip", "S3:bucket", "odd:"):
        with pytest.raises(
            NotFound, match=re.escape(f"a folder of this name is ./{text}")
        ) as error:
            results.place_of(text)
        assert "one_zip" in str(error.value)
    (here / "odd:name").mkdir()
    assert results.place_of("odd:name") == Place("folder", "odd:name")
    for text in ("", "  ", "one_zip:", "folder://"):
        with pytest.raises(DataperfError, match="names no location"):
            results.place_of(text)


def test_a_location_that_cannot_be_is_refused_before_anything_is_trained(board, here, monkeypatch):
    def never(*_, **__):
        raise AssertionError("trained")

    monkeypatch.setattr(registry.load("fixed_models", "logistic_v1"), "fit", never)
    text = run("evaluate", "-c", "ants", board / "a.json", "--results", "nowhere://x", code=2)
    assert 'no store named "nowhere"' in text


def test_verify_needs_something_to_verify(here):
    assert "name result files" in run("verify", code=2)
    assert "there is no folder none" in run("verify", "--results", "none", code=2)


# A track on own data ----------------------------------------------------------------------

KEEP = """
import numpy as np

from dataperf.errors import Problem
from dataperf.records import Plan, Record, TrainingSet

TRIAL_RULES = {"budget": 30}
NEEDS_TRUTH = True

class Rules(Record):
    budget: int

class Answer(Record):
    keep: list[str]

def read(content, *, official):
    return None

def check(answer, rules, data, *, official):
    (part,) = data.values()
    known = part.pool.row_of
    unknown = [name for name in answer.keep if name not in known]
    found = [Problem("unknown-id", "answer.keep", ", ".join(unknown))] if unknown else []
    if len(answer.keep) > rules.budget:
        what = f"{len(answer.keep)} rows"
        found.append(Problem("over-budget", "answer.keep", what, f"at most {rules.budget}"))
    return found

def plans(answer, rules, data, *, official):
    ((name, part),) = data.items()
    rows = np.sort([part.pool.row_of[each] for each in answer.keep])
    return {name: Plan([TrainingSet(rows, part.truth.labels[rows])])}

def own_rules(pool, budget):
    return {"budget": budget or pool // 2}

def own_example(pool, rules, task):
    return {"keep": pool.ids[:2].tolist()}

def audit_answer(suspects, *, task, budget, action):
    order = np.argsort(suspects.scores, kind="stable")
    return {"keep": suspects.ids[order][: budget or 10].tolist()}
"""


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """Stand in a folder with the rows ``rows.csv``; the track ``keep_best`` is in ``mine``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / "mine"))
    own_board.write(tmp_path / "mine", "tracks/keep_best.py", KEEP)
    own_board.rows(tmp_path)
    return tmp_path


COLUMNS = ("--label", "y", "--true-label", "right")


def test_a_track_that_works_on_own_data_is_one_file(keep):
    words = ["--submission", "keep.json", "--track", "keep_best", "--budget", "30"]
    run("audit", "rows.csv", *COLUMNS, *words)
    answer = json.loads((keep / "keep.json").read_text())
    assert answer["challenge"] == "own-keep-best" and len(answer["answer"]["keep"]) == 30
    words = ["evaluate", "--data", "rows.csv", *COLUMNS, "keep.json"]
    (row,) = json.loads(run(*words, "--json"))
    assert row["score"]["value"] > 0.6 and row["cost"]["train_rows"] == 30
    assert json.loads(run("verify", row["file"], "--data", "rows.csv", "--json"))[0]["ok"]
    assert "30 rows" in run(*words, "--budget", "29", code=2)
    assert "the track keep_best needs true labels" in run(
        *words[:3], "--label", "y", "keep.json", code=2
    )
    answer["challenge"] = "own-keep-worst"
    (keep / "keep.json").write_text(json.dumps(answer))
    assert "own-cleaning, own-keep-best, own-repair, own-selection" in run(*words, code=2)


def test_a_track_of_ones_own_has_a_challenge_folder_with_a_page(keep):
    made = ["new", "challenge", "wasps", "--from-data", "rows.csv", "--track", "keep_best"]
    run(*made, *COLUMNS, "--plugins", "mine")
    page = (keep / "mine/challenges/wasps/README.md").read_text()
    assert "Mine." in page and '"answer": {"keep": [' in page and "`budget` is 48." in page
    words = "import numpy as np\ntracks = ('keep_best',)\ndef answer(pool, rules, *, seed):\n"
    words += "    return {'keep': pool.ids[: rules.budget]}\n"
    own_board.write(keep / "mine", "strategies/first_rows.py", words)
    assert conformance.plugin(registry.get("strategies", "first_rows")) == []
    run("baseline", "-c", "wasps", "-b", "own", "-s", "first_rows", "-o", "first.json")
    (row,) = json.loads(run("evaluate", "-c", "wasps", "first.json", "--json"))
    assert row["cost"]["train_rows"] == 48


# Interrupts -------------------------------------------------------------------------------


def _sees_interrupts(_):
    import signal

    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_workers_do_not_see_an_interrupt_and_this_process_does():
    assert list(registry.load("engines", "processes").run(_sees_interrupts, [1, 2], jobs=2)) == [
        False,
        False,
    ]
    assert _sees_interrupts(None)


# Installed packages -----------------------------------------------------------------------

TRACK = """
from dataperf.records import Plan, TrainingSet
from dataperf.tracks import selection

Answer, Rules = selection.Answer, selection.Rules

def read(content, *, official):
    return None

def check(answer, rules, data, *, official):
    return selection.check(answer, rules, data, official=official)

def plans(answer, rules, data, *, official):
    return selection.plans(answer, rules, data, official=official)

def notes(summary, task):
    return ["scored by the installed track"]
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs a package which offers plug-ins, as a folder of sys.path."""
    site = tmp_path / "site"

    def install(module="dataperf_mytrack", value="dataperf_mytrack"):
        own_board.write(site / module, "tracks/mine_only.py", TRACK)
        (site / module / "__init__.py").write_text("raise ImportError('listing imports nothing')")
        info = site / "dataperf_mytrack-1.2.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: dataperf-mytrack\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(f"[dataperf.plugins]\nmine = {value}\n")
        monkeypatch.syspath_prepend(str(site))
        return site

    return install


def test_an_installed_package_adds_a_track(board, here, installed, monkeypatch):
    with pytest.raises(NotFound):
        registry.get("tracks", "mine_only")
    site = installed()
    entry = registry.get("tracks", "mine_only")
    assert (entry.origin, entry.ours) == ("dataperf-mytrack 1.2", False)
    assert conformance.plugin(entry) == []
    assert "dataperf_mytrack" not in sys.modules
    text = run("list", "tracks")
    (line,) = [each for each in text.splitlines() if "mine_only" in each]
    assert line.endswith("(dataperf-mytrack 1.2)")
    (line,) = [each for each in run("list", "engines").splitlines() if "backwards" in each]
    assert line.endswith(f"({board})")
    listed = {row["name"]: row["origin"] for row in json.loads(run("list", "tracks", "--json"))}
    assert listed["mine_only"] == "dataperf-mytrack 1.2" and listed["selection"] == "dataperf"

    toml = (board / "challenges/ants/challenge.toml").read_text()
    folder = here / "second"
    own_board.write(folder, "challenges/bees/challenge.toml", "")
    (folder / "challenges/bees/challenge.toml").write_text(
        toml.replace('"ants"\nversion', '"bees"\nversion').replace(
            'track = "selection"', 'track = "mine_only"'
        )
    )
    monkeypatch.setenv("DATAPERF_PATH", f"{board}:{folder}")
    answer = json.loads((board / "a.json").read_text()) | {"challenge": "bees"}
    (here / "bees.json").write_text(json.dumps(answer))
    (row,) = json.loads(run("evaluate", "-c", "bees", "bees.json", "--json"))
    assert row["tasks"]["own"]["notes"] == ["scored by the installed track"]
    assert site.is_dir()


def test_a_package_inside_a_package_may_hold_the_plug_ins(here, installed):
    installed(module="dataperf_mytrack/plugins", value="dataperf_mytrack.plugins")
    assert registry.get("tracks", "mine_only").origin == "dataperf-mytrack 1.2"


def test_an_entry_point_that_leads_nowhere_names_its_package(here, installed):
    installed(value="dataperf_gone")
    with pytest.raises(DataperfError, match="dataperf-mytrack 1.2 says .* dataperf_gone"):
        registry.find("tracks")


def test_two_packages_may_not_define_one_name(board, here, installed):
    installed()
    own_board.write(here, "tracks/mine_only.py", TRACK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAPERF_PATH", str(here))
        with pytest.raises(DataperfError, match="two files define"):
            registry.find("tracks")
