"""An error in a user's own plug-in is reported as one error that names its file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dataperf import registry
from dataperf.authoring import conformance
from dataperf.boards import baselines, reference_points
from dataperf.cli import app
from dataperf.definitions import loading
from dataperf.errors import DataperfError, Invalid


def run(*words, code=0):
    """Return what a command printed, or its error."""
    found = CliRunner().invoke(app.app, [str(word) for word in words])
    if isinstance(found.exception, DataperfError):
        assert code == found.exception.exit_code, found.exception
        return str(found.exception)
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A file of 120 rows of three classes, some labels wrong."""
    random = np.random.RandomState(0)
    right = np.arange(120) % 3
    frame = pd.DataFrame(random.normal(size=(120, 4)) + 2 * np.eye(4)[right], columns=list("efgh"))
    given = np.where(random.random_sample(120) < 0.1, (right + 1) % 3, right)
    frame["y"], frame["right"] = np.array(list("abc"))[given], np.array(list("abc"))[right]
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def own(tmp_path, monkeypatch, rows):
    """Return a function that writes a plug-in, or with a track the challenge ``ants``."""
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def write(place, text=None):
        if text is None:
            options = [
                "--label",
                "y",
                "--true-label",
                "right",
                "--track",
                place,
                "--plugins",
                tmp_path,
            ]
            return run("new", "challenge", "ants", "--from-data", rows, *options)
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('"""Mine."""\n' + text, encoding="utf-8")
        return path

    return write


# Strategies -------------------------------------------------------------------------------

HEAD = 'import numpy as np\ntracks = ("cleaning",)\ndef answer(pool, rules, *, seed):\n    '


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (HEAD + 'raise ValueError("boom")', ", line 5", "ValueError: boom"),
        (HEAD + "return pool.nothing", ", line 5", "AttributeError: 'Pool' object has no"),
        (HEAD + "raise SystemExit(0)", ", line 5", "SystemExit: 0"),
        (HEAD + 'return float("nan")', "", "returned nan;\n  the track cleaning expects "),
        (
            HEAD + 'return {"samples": []}',
            "",
            "returned the keys samples;\n  the track cleaning expects",
        ),
        (HEAD.replace(", *, seed", "") + "return {}", "", "expected answer(pool, rules, *, seed)"),
    ],
    ids=["raises", "attribute", "exits", "nan", "keys", "call"],
)
def test_a_strategy_that_fails_is_named(own, text, place, message):
    own("cleaning")
    path = own("strategies/by_ink.py", text)
    output = run("baseline", "-c", "ants", "-b", "own", "-s", "by_ink", code=2)
    assert output.startswith(f"the strategy by_ink ({path}{place})"), output
    assert message in output
    if "returned" in message:
        assert "a dict with order" in output
    (problem,) = conformance.plugin(registry.get("strategies", "by_ink"))
    assert message in problem


def test_the_cause_of_a_failed_strategy_is_attached(own):
    own("cleaning")
    own("strategies/by_ink.py", HEAD + 'raise ValueError("boom")')
    with pytest.raises(DataperfError) as found:
        baselines.answer("ants", "own", "by_ink")
    assert isinstance(found.value.__cause__, ValueError)


def test_a_defect_of_a_strategy_of_ours_keeps_its_traceback(own, monkeypatch):
    own("cleaning")

    def broken(pool, rules, *, seed):
        raise ValueError("boom")

    monkeypatch.setattr(registry.load("strategies", "random_order"), "answer", broken)
    with pytest.raises(ValueError, match="boom"):
        baselines.answer("ants", "own", "random_order")


@pytest.mark.parametrize(
    "returned",
    [
        '{"order": np.arange(len(pool))}',
        '{"order": list(np.arange(len(pool)))}',
        '{np.str_("order"): tuple(pool.ids)}',
        '{"order": np.array([np.int64(row) for row in range(len(pool))], object)}',
    ],
)
def test_numpy_values_of_an_answer_become_plain(own, returned):
    own("cleaning")
    own("strategies/by_ink.py", HEAD + f"return {returned}")
    order = baselines.answer("ants", "own", "by_ink").answer["orders"]["own"]
    assert len(order) == 96 and {type(each) for each in order} <= {int, str}


def test_an_answer_that_breaks_the_rules_names_its_strategy(own):
    own("repair")
    text = HEAD.replace("cleaning", "repair")
    path = own("strategies/by_ink.py", text + 'return {"drop": ["nobody"]}')
    with pytest.raises(Invalid, match="nobody") as found:
        baselines.answer("ants", "own", "by_ink")
    assert found.value.subject == f"the answer of the strategy by_ink ({path})"
    own("strategies/by_ink.py", text + 'return {"dropped": []}')
    with pytest.raises(DataperfError, match="a dict with drop, relabel"):
        baselines.answer("ants", "own", "by_ink")


@pytest.mark.parametrize(
    ("track", "text", "problem"),
    [
        ("repair", 'return {"drop": ["nobody"]}', "repair: answer.drop: 'nobody': not in the pool"),
        ("selection", 'return {"samples": list(pool.ids)}', "60 samples [over-budget]"),
        ("cleaning", 'return {"order": np.random.permutation(60)}', "the same seed gave another"),
        ("corpus", 'return {"ids": []}', ""),  # a pool of another kind: only the call is checked
    ],
)
def test_verify_tries_a_strategy_on_a_tiny_board(own, track, text, problem):
    own("strategies/by_ink.py", HEAD.replace("cleaning", track) + text)
    found = conformance.plugin(registry.get("strategies", "by_ink"))
    assert found == [] if not problem else problem in found[0]


def test_verify_finds_a_strategy_that_cannot_be_called(own):
    own("strategies/by_ink.py", 'tracks = ("corpus",)\ndef answer(pool):\n    return {}')
    (problem,) = conformance.plugin(registry.get("strategies", "by_ink"))
    assert "answer cannot be called" in problem
    own("strategies/by_ink.py", HEAD.replace('("cleaning",)', '"cleaning"') + "return {}")
    (problem,) = conformance.plugin(registry.get("strategies", "by_ink"))
    assert "expected a tuple" in problem


@pytest.mark.parametrize("track", ["selection", "cleaning", "repair"])
def test_a_new_strategy_answers_its_track_and_documents_its_answer(own, track):
    own(track)
    options = ["--track", track] if track != "selection" else []  # the default
    run("new", "strategy", "by_ink", *options, "--plugins", ".")
    entry = registry.get("strategies", "by_ink")
    assert conformance.plugin(entry) == []
    run("baseline", "-c", "ants", "-b", "own", "-s", "by_ink", "-o", "a.json")
    assert "valid" in run("check", "-c", "ants", "a.json")
    module = registry.load("strategies", "by_ink")
    assert module.tracks == (track,)
    assert '``{"' in module.answer.__doc__


def test_a_new_strategy_for_a_track_without_one_is_refused(own, tmp_path):
    text = run("new", "strategy", "by_ink", "--track", "clening", "--plugins", ".", code=2)
    assert 'Did you mean "cleaning"' in text
    assert "--track is for a strategy, or" in run(
        "new", "metric", "m", "--track", "cleaning", code=2
    )
    assert list(tmp_path.iterdir()) == []


# Datasets ---------------------------------------------------------------------------------


def test_a_dataset_whose_file_is_gone_is_named(own, tmp_path):
    own("cleaning")
    run("baseline", "-c", "ants", "-b", "own", "-s", "random_order", "-o", "a.json")
    run("evaluate", "-c", "ants", "a.json")
    entry = registry.get("datasets", "ants")
    assert conformance.plugin(entry) == []
    kept = (tmp_path / "datasets/ants.npz").read_bytes()
    for damage, kind in ((None, "FileNotFoundError: "), (kept[:99], "BadZipFile: ")):
        (tmp_path / "datasets/ants.npz").unlink()
        if damage:
            (tmp_path / "datasets/ants.npz").write_bytes(damage)
        outputs = [
            run("check", "-c", "ants", "a.json", code=2),
            run("evaluate", "-c", "ants", "a.json", code=2),
            run("freeze", "ants", code=2),
            run("baseline", "-c", "ants", "-b", "own", "-s", "random_order", code=2),
            run("leaderboard", "-c", "ants", code=2),
            *conformance.plugin(entry),
        ]
        assert len(outputs) == 6
        for text in outputs:
            assert text.startswith(f"the dataset ants ({tmp_path}/datasets/ants.py, line "), text
            assert kind in text
        assert damage or "ants.npz" in outputs[0]
        (tmp_path / "datasets/ants.npz").write_bytes(kept)
    assert conformance.plugin(entry) == []


CARD = (
    "import numpy as np\nfrom dataperf.records import Card, Generated, Table\n"
    "card = Card(title='t', description='d', licence='l', source='s', attribution='')\n"
    "source = Generated()\n"
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def table():\n    return None", "expected table(path, **options)"),
        ("def table(path):\n    return None", "returned NoneType, expected"),
        ("def table(path):\n    return Table(['a'], [[1], [2, 3]], {})", "ValueError: setting an"),
        ("def table(path):\n    return Table(['a'], [['x']], {})", "features: an array of <U1"),
        ("def table(path, kind):\n    return None", None),  # options that a challenge gives
    ],
)
def test_verify_reads_a_users_dataset(own, text, problem):
    path = own("datasets/inked.py", CARD + text)
    found = conformance.plugin(registry.get("datasets", "inked"))
    if problem is None:
        assert found == []
    else:
        assert problem in found[0]
        assert found[0].startswith((f"the dataset inked ({path}", "dataset inked: 1 problem"))


# Metrics ----------------------------------------------------------------------------------

SCORE = (
    "import numpy as np\nhigher_is_better = True\ndef score(truth, predicted, *, classes):\n    "
)
FAST = SCORE + "return float(np.mean(truth == predicted))\ndef from_counts(counts):\n    "


@pytest.fixture
def scored_by(own, tmp_path):
    """Return a function that scores an answer to ``ants`` by the metric ``inked``."""

    def score(text, *, track="cleaning", code=2):
        own(track)
        path = own("metrics/inked.py", text)
        toml = tmp_path / "challenges/ants/challenge.toml"
        toml.write_text(toml.read_text().replace('metric = "accuracy"', 'metric = "inked"'))
        strategy = {"cleaning": "random_order", "repair": "drop_flagged"}[track]
        run("baseline", "-c", "ants", "-b", "own", "-s", strategy, "-o", "a.json")
        return run("evaluate", "-c", "ants", "a.json", code=code), path

    return score


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (SCORE + 'raise ValueError("boom")', ", line 5", "ValueError: boom"),
        (SCORE + "raise SystemExit(0)", ", line 5", "SystemExit: 0"),
        (SCORE.replace("*, classes", "") + "return 0.5", "", "expected score(truth, predicted, *"),
        (SCORE + 'return "0.5"', "", "score returned '0.5',\n  expected a finite number"),
        (SCORE + "return None", "", "score returned None"),
        (SCORE + "return True", "", "score returned True"),
        (SCORE + 'return float("inf")', "", "score returned inf"),
        (SCORE + "return truth == predicted", "", "an array of bool of shape (24,)"),
        (SCORE + 'return float("nan")', "", "nan on the split test, for correct predictions too"),
        (FAST + "return counts[..., 0, 0].astype(str)", "", "from_counts returned array("),
        (FAST + "return counts.sum(axis=-1)", "", "from_counts returned an array of"),
        (FAST + "return 0.5", "", "expected finite numbers of shape ("),
        (FAST + "return counts.nothing", ", line 7", "AttributeError: "),
    ],
)
def test_a_metric_that_fails_is_named_and_nothing_is_kept(
    scored_by, tmp_path, text, place, message
):
    output, path = scored_by(text)
    assert output.startswith(f"the metric inked ({path}{place})"), output
    assert message in output
    assert not (tmp_path / "dataperf-results").exists()


COUNTS = (
    "import numpy as np\nhigher_is_better = True\ndef from_counts(counts):\n"
    "    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))\n"
)
BROKEN_METRICS = {
    "": (COUNTS, []),
    "both": (
        COUNTS + "def score(truth, predicted, *, classes):\n    return 0.5",
        ["offer only from_counts"],
    ),
    "scalar": (
        "higher_is_better = True\ndef from_counts(counts):\n    return 0.5",
        ["must return shape (4,)"],
    ),
    "nan": (COUNTS.replace("np.trace", "np.nan * np.trace"), ["expected a finite float"]),
    "reversed": (COUNTS.replace("return np", "return 1 - np"), ["wrong predictions score higher"]),
}


@pytest.mark.parametrize(("text", "problems"), BROKEN_METRICS.values(), ids=BROKEN_METRICS)
def test_check_plugins_tries_a_metric_of_counts(own, text, problems):
    own("metrics/inked.py", text)
    found = conformance.plugin(registry.get("metrics", "inked"))
    assert len(found) == len(problems), found
    assert all(part in line for part, line in zip(problems, found, strict=True))


def test_a_metric_of_counts_alone_scores_as_ours(scored_by, tmp_path):
    scored_by(COUNTS, code=0)
    toml = tmp_path / "challenges/ants/challenge.toml"
    toml.write_text(toml.read_text().replace('metric = "inked"', 'metric = "accuracy"'))
    run("evaluate", "-c", "ants", "a.json")
    paths = sorted((tmp_path / "dataperf-results").rglob("*.json"))
    one, other = (json.loads(path.read_text()) for path in paths)
    assert {one["metric"], other["metric"]} == {"inked", "accuracy"}
    assert one["score"] == other["score"]


def test_a_metric_that_fails_inside_a_track_is_named(scored_by, tmp_path):
    text = SCORE.replace("numpy as np", "numpy as np, sys") + (
        "names, frame = set(), sys._getframe()\n"
        "    while frame:\n"
        "        names.add(frame.f_code.co_name)\n"
        "        frame = frame.f_back\n"
        '    if "summarize" in names:\n'
        '        raise ValueError("boom")\n'
        "    return 0.5"
    )
    output, path = scored_by(text, track="repair")
    assert output == f"the metric inked ({path}, line 10): ValueError: boom"
    assert not (tmp_path / "dataperf-results").exists()


def test_a_metric_without_a_value_is_reported_with_its_split(scored_by, tmp_path):
    text = SCORE + 'return 1.0 if (truth == predicted).all() else float("nan")'
    output, _ = scored_by(text, code=1)
    assert "the score is not defined: the metric inked is nan on the split test" in " ".join(
        output.split()
    )
    assert len(list((tmp_path / "dataperf-results").rglob("*.json"))) == 1


@pytest.mark.parametrize("value", ["0.5", "np.float32(0.5)", "np.array(0.5)"])
def test_a_metric_may_return_any_number(scored_by, value):
    output, _ = scored_by(SCORE + f"return {value}", code=0)
    assert "inked on test" in output and "0.5" in output


def test_training_that_fails_stays_the_answers_result(scored_by, monkeypatch):
    def fail(*_, **__):
        raise ValueError("cannot be trained")

    monkeypatch.setattr(registry.load("fixed_models", "logistic_v1"), "fit", fail)
    monkeypatch.setattr(registry.load("fixed_models", "logistic_v1"), "fit_series", fail, False)
    output, _ = scored_by(SCORE + "return 0.5", code=1)
    assert "ValueError: cannot be trained" in output


# What answers what --------------------------------------------------------------------------


def test_strategies_are_listed_with_the_tracks_they_answer(own):
    own("strategies/by_ink.py", 'tracks: tuple = ("cleaning", "repair")\nraise ValueError\n')
    own("strategies/broken.py", "tracks = (\n")
    listed = {row["name"]: row for row in json.loads(run("list", "strategies", "--json"))}
    for name, entry in registry.find("strategies").items():
        if entry.ours:
            tracks = registry.load("strategies", name).tracks
            assert tuple(listed[name]["tracks"]) == tracks
    assert listed["by_ink"]["tracks"] == ["cleaning", "repair"]
    assert listed["broken"]["tracks"] == []
    text = run("list", "strategies", "--track", "repair")
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [
        ["by_ink", "cleaning,"],
        ["drop_flagged", "repair"],
    ]
    assert {
        row["name"] for row in json.loads(run("list", "strategies", "--track", "repair", "--json"))
    } == {"by_ink", "drop_flagged"}
    assert 'Did you mean "cleaning"' in run("list", "strategies", "--track", "clening", code=2)
    assert "--track is for strategies" in run("list", "metrics", "--track", "cleaning", code=2)


def test_a_strategy_for_another_track_is_reported_with_those_that_fit(own):
    own("repair")
    output = run("baseline", "-c", "ants", "-b", "own", "-s", "random", code=2)
    assert output == (
        "the strategy random is for the track selection, not repair\n"
        "  Strategies for repair: drop_flagged"
    )


def test_own_strategies_are_reference_points_of_own_boards(own):
    own("repair")
    run("new", "strategy", "random_ink", "--track", "repair", "--plugins", ".")
    run("freeze", "ants")
    found = reference_points.load(loading.load("ants"), "own")
    assert {"random_ink", "drop_flagged", "nothing"} <= set(found.points)
    assert found.random_scores == []  # its name does not make it chance


def test_own_strategies_are_no_reference_points_of_our_boards(own, monkeypatch):
    own("strategies/by_ink.py", HEAD + 'raise ValueError("boom")')
    shipped = loading.load("digit-cleaning")
    monkeypatch.setattr(baselines, "raw_answer", lambda *_, **__: {"orders": {}})
    points = reference_points._answers(shipped, next(iter(shipped.boards)), {})
    ours = [
        name
        for name, entry in registry.find("strategies").items()
        if entry.ours and "cleaning" in entry.tracks()
    ]
    assert [next(points)[0] for _ in ours] == ours


def test_an_own_strategy_that_breaks_the_rules_stops_a_freeze(own, tmp_path):
    own("repair")
    own("strategies/by_ink.py", HEAD.replace("cleaning", "repair") + 'return {"drop": ["nobody"]}')
    assert "the answer of the strategy by_ink" in run("freeze", "ants", code=2)
    assert not (tmp_path / "challenges/ants/frozen.txt").exists()
