"""Every way that is known to win by something else than good data, and what is refused.

The files kept with the official scores cover most of what the official evaluators accept;
those made here cover the rest. What they give by the official rules is told with as many
digits as were published with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from dataperf.definitions import loading, submission
from dataperf.errors import Invalid, Unavailable
from dataperf.evaluation import evaluate
from dataperf.sources import tables as data_of

FOLDER = Path(__file__).parent / "golden"
TASK = "01g317-flipped"
CONCEPTS = ("Cupcake", "Hawk", "Sushi")
NAMES = {
    "speech": "speech-selection",
    "vision": "vision-selection",
    "debugging": "vision-debugging",
    "acquisition": "data-acquisition",
}


def rules_of(part: str, path: Path, board: str) -> set[str]:
    """Return the rules that the strict evaluator names, warnings not included."""
    asked = loading.load(NAMES[part])
    try:
        submission.check(submission.read(path, asked, board), asked)
    except Invalid as error:
        return {problem.rule for problem in error.problems if problem.severity == "error"}
    return set()


def official(part: str, path: Path, board: str):
    """Return what the official rules give, or the set of rules that are broken."""
    try:
        return evaluate.evaluate(loading.load(NAMES[part]), path, board=board, rules="official")
    except Invalid as error:
        return {problem.rule for problem in error.problems}


@pytest.fixture
def data(request, monkeypatch):
    """Put the official data of a challenge in its place."""

    def of(part):
        monkeypatch.setenv("DATAPERF_DATA", str(FOLDER / part))

    return of


# Speech ----------------------------------------------------------------------------------

CLIPS = json.loads((FOLDER / "speech/cases/baseline/en_25_train.json").read_text())
TARGETS, NONTARGETS = CLIPS["targets"], CLIPS["nontargets"]
FIRST, LAST = list(TARGETS)[0], list(TARGETS)[-1]

#: What is made, its official score (None: refused), the rule that strict refuses it by.
SPEECH = {
    "the ids of nontargets in another order": (
        {**CLIPS, "nontargets": NONTARGETS[::-1]},
        0.79162,
        None,
    ),
    "one nontarget ten times": (
        {**CLIPS, "nontargets": NONTARGETS[:1] * 10},
        0.47327,
        "duplicate-id",
    ),
    "a target without ids": ({**CLIPS, "targets": {**TARGETS, FIRST: []}}, 0.63436, None),
    "the last target left out": (
        {**CLIPS, "targets": {word: TARGETS[word] for word in TARGETS if word != LAST}},
        0.65401,
        None,
    ),
    "no nontargets": ({**CLIPS, "nontargets": []}, None, "empty"),
    "no targets": ({**CLIPS, "targets": {}}, None, "empty"),
    "null for ids": ({**CLIPS, "targets": {**TARGETS, FIRST: None}}, None, "wrong-type"),
    "null for nontargets": ({**CLIPS, "nontargets": None}, None, "wrong-type"),
    "a number for an id": ({**CLIPS, "nontargets": [1]}, None, "wrong-type"),
    "one text for nontargets": ({**CLIPS, "nontargets": NONTARGETS[0]}, None, "wrong-type"),
}


@pytest.mark.parametrize("name", SPEECH)
def test_speech(name, data, tmp_path):
    data("speech")
    content, score, rule = SPEECH[name]
    path = tmp_path / "en_25_train.json"
    path.write_text(json.dumps(content))
    found = official("speech", path, "en-25")
    assert (found.score.value == pytest.approx(score, abs=5e-6)) if score else rule in found
    assert rules_of("speech", path, "en-25") >= ({rule} if rule else set())
    assert bool(rules_of("speech", path, "en-25")) == bool(rule)


def test_no_speech_score_can_be_re_rolled_by_order(data, tmp_path):
    """Keys, ids and nontargets in any order: one score, where the official one moves."""
    data("speech")
    asked, found = loading.load("speech-selection"), set()
    orders = (
        CLIPS,
        {**CLIPS, "targets": dict(reversed(TARGETS.items()))},
        {**CLIPS, "nontargets": NONTARGETS[::-1]},
        {**CLIPS, "targets": {word: ids[::-1] for word, ids in TARGETS.items()}},
    )
    for content in orders:
        path = tmp_path / "en_25_train.json"
        path.write_text(json.dumps(content))
        found.add(evaluate.evaluate(asked, path).score.value)
    assert len(found) == 1


def test_an_evaluation_clip_is_named_as_such(data):
    data("speech")
    path = FOLDER / "speech/cases/eval_id_in_train/en_25_train.json"
    assert "test-id" in rules_of("speech", path, "en-25")


def test_a_clip_under_another_word_is_named_as_such(data):
    data("speech")
    for case in ("id_of_other_target", "target_id_as_nontarget", "nontarget_id_as_target"):
        path = FOLDER / "speech/cases" / case / "en_25_train.json"
        assert "misfiled-id" in rules_of("speech", path, "en-25"), case


# Vision selection ------------------------------------------------------------------------

SETS = FOLDER / "vision" / "data" / "train_sets"
HEADER, *PAIRS = (SETS / "cases/baseline/Cupcake.csv").read_text().splitlines()

#: Lines, the official F1 (None: refused), the rule that strict refuses them by (None: accepted
#: but for the images that the balanced set lists twice).
VISION = {
    "rows in another order": ([HEADER, *PAIRS[::-1]], 0.90541, None),
    "columns swapped": (
        ["Confidence,ImageID", *(",".join(pair.split(",")[::-1]) for pair in PAIRS)],
        0.90541,
        None,
    ),
    "ids that nobody knows": ([HEADER, *PAIRS, "nobody,1", "nothing,0"], 0.90541, "unknown-id"),
    "rows too long": ([HEADER, *(f"{pair},x" for pair in PAIRS)], 0.90541, "long-row"),
    "labels with a point": ([HEADER, *(f"{pair}.0" for pair in PAIRS)], None, "unknown-label"),
    "ids in capitals": ([HEADER, *(pair.upper() for pair in PAIRS)], None, "unknown-id"),
    "one class only": ([HEADER, *(p for p in PAIRS if p.endswith(",1"))], None, "one-class"),
    "a header and no rows": ([HEADER], None, "one-class"),
    "nothing": ([], None, "bad-header"),
    "a padded header": (["ImageID, Confidence", *PAIRS], None, "bad-header"),
}


@pytest.mark.parametrize("name", VISION)
def test_vision(name, data, tmp_path):
    data("vision")
    lines, score, rule = VISION[name]
    for concept in CONCEPTS[1:]:
        shutil.copy(SETS / "random_true" / f"{concept}.csv", tmp_path)
    (tmp_path / "Cupcake.csv").write_text("".join(f"{line}\n" for line in lines))
    found = official("vision", tmp_path, "official")
    if score:
        assert found.tasks["Cupcake"].score.value == pytest.approx(score, abs=5e-6)
    else:
        assert isinstance(found, set)
    strict = rules_of("vision", tmp_path, "official")
    assert rule in strict if rule else strict == {"duplicate-id"}


def test_a_test_image_is_named_as_such(data, tmp_path):
    data("vision")
    tests = submission.board_data("vision-selection", "official")["Hawk"].tests
    for concept in CONCEPTS:
        shutil.copy(SETS / "random_true" / f"{concept}.csv", tmp_path)
    with (tmp_path / "Hawk.csv").open("a") as file:
        file.write(f"{tests['test'].ids[0]},1\n")
    assert rules_of("vision", tmp_path, "official") == {"test-id"}


# Debugging -------------------------------------------------------------------------------

ORDER = (FOLDER / "debugging/cases/baseline" / f"{TASK}_x.txt").read_text().split()

#: Lines, the official fraction of fixes (None: refused), the rule of strict (None: accepted).
DEBUGGING = {
    "one index twenty times": (ORDER[:1] * 20 + ORDER[:80], 0.31, "duplicate-id"),
    "a plus": ([f"+{ORDER[0]}", *ORDER[1:]], 0.11, "bad-index"),
    "an underscore": (
        [f"{each[0]}_{each[1]}" if len(each) == 2 else each for each in ORDER],
        0.11,
        "bad-index",
    ),
    "spaces around": ([f" {each} " for each in ORDER], 0.11, None),
    "a point": (["16.0", *ORDER[1:]], None, "bad-index"),
    "-1 in the last line": ([*ORDER[:-1], "-1"], None, "unknown-id"),
    "too large in the last line": ([*ORDER[:-1], "100"], None, "unknown-id"),
}


def check_order(lines, fraction, rule, folder):
    path = folder / f"{TASK}_x.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    found = official("debugging", path, TASK)
    if fraction is None:
        assert isinstance(found, set)
    else:
        assert found.tasks[TASK].summary["official fraction"] == pytest.approx(fraction, abs=1e-12)
    strict = rules_of("debugging", path, TASK)
    assert rule in strict if rule else not strict


@pytest.mark.parametrize("name", DEBUGGING)
def test_debugging(name, data, tmp_path):
    data("debugging")
    check_order(*DEBUGGING[name], tmp_path)


def test_an_order_of_clean_rows_only(data, tmp_path):
    """Nothing is fixed, and 0.0 is the best official score there is."""
    data("debugging")
    part = submission.board_data("vision-debugging", TASK)[TASK]
    clean = (part.pool.labels == part.truth.labels).nonzero()[0].tolist()
    check_order(clean, 0.0, "not-all-rows", tmp_path)


def test_a_bad_file_does_not_take_the_others_with_it(data, tmp_path):
    """The official run dies of one bad file; every file's own verdict is told here."""
    data("debugging")
    asked = loading.load("vision-debugging")
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, lines in ((good, ORDER), (bad, ["x", *ORDER[1:]])):
        folder.mkdir()
        (folder / f"{TASK}_x.txt").write_text("".join(f"{line}\n" for line in lines))
    assert rules_of("debugging", bad / f"{TASK}_x.txt", TASK) == {"bad-index"}
    assert evaluate.evaluate(asked, good / f"{TASK}_x.txt", board=TASK).status == "scored"


# Acquisition -----------------------------------------------------------------------------

BOUGHT = (FOLDER / "acquisition/submission/even/0.csv").read_text().strip()

#: The file, whether the official evaluator takes it, the rule that strict refuses it by.
ACQUISITION = {
    "nineteen numbers": (BOUGHT.rpartition(",")[0], False, "wrong-length"),
    "two lines": (f"{BOUGHT}\n{BOUGHT}", False, "bad-numbers"),
    "semicolons": (BOUGHT.replace(",", ";"), False, "bad-numbers"),
    "not a number": (f"nan{BOUGHT[BOUGHT.index(',') :]}", False, "bad-numbers"),
    "an underscore": (f"1_0{BOUGHT[BOUGHT.index(',') :]}", True, "bad-numbers"),
    "more than can be counted": (f"{'9' * 400}{BOUGHT[BOUGHT.index(',') :]}", False, "bad-numbers"),
    "more than can be read": (f"{'9' * 5000}{BOUGHT[BOUGHT.index(',') :]}", False, "bad-numbers"),
    "infinitely many": (f"1e400{BOUGHT[BOUGHT.index(',') :]}", False, "bad-numbers"),
}


@pytest.mark.parametrize("name", ACQUISITION)
def test_acquisition(name, data, tmp_path):
    data("acquisition")
    content, accepted, rule = ACQUISITION[name]
    (tmp_path / "0.csv").write_text(content)
    assert isinstance(official("acquisition", tmp_path, "market-0"), set) != accepted
    assert rule in rules_of("acquisition", tmp_path, "market-0")


def test_a_purchase_of_more_than_can_be_counted_is_refused_in_a_manifest(data):
    data("acquisition")
    asked = loading.load("data-acquisition")
    for count in (10**400, -(10**400)):
        sent = submission.parse(
            {
                "schema_version": 2,
                "challenge": asked.name,
                "board": "market-0",
                "answer": {"purchases": {"market-0": [count, *[1] * 19]}},
            },
            asked,
        )
        with pytest.raises(Invalid, match="not-for-sale"):
            submission.check(sent, asked)


def test_an_early_purchase_cannot_re_roll_later_draws(data, tmp_path):
    """Officially it can: one row more in the first market moves the score of the second."""
    data("acquisition")
    asked = loading.load("data-acquisition")
    found: dict[str, list[float]] = {"official": [], "strict": []}
    even = FOLDER / "acquisition" / "submission" / "even"
    for first in (17, 18):
        folder = tmp_path / str(first)
        shutil.copytree(even, folder)
        (folder / "0.csv").write_text(f"{first},{BOUGHT.partition(',')[2]}")
        for rules, values in found.items():
            result = evaluate.evaluate(asked, folder, board="official", rules=rules)
            values.append(result.tasks["market-1"].summary["accuracy"])
    assert found["official"][0] != found["official"][1]
    assert found["strict"][0] == found["strict"][1]


def test_sellers_come_by_their_numbers_whatever_the_file_system_lists(data, monkeypatch):
    data("acquisition")
    from dataperf import registry

    dataset = registry.load("datasets", "dataperf_acquisition")
    folder = FOLDER / "acquisition"
    listed = Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, p: sorted(listed(self, p), reverse=True))
    assert [int(file.stem) for file in dataset._sellers(folder, 0)] == list(range(20))


def test_rows_that_differ_from_the_summary_are_refused(data, tmp_path):
    from dataperf import registry

    folder = tmp_path / "market"
    for part in ("features/0", "marketinfo/0"):
        shutil.copytree(FOLDER / "acquisition" / part, folder / part)
    seller = folder / "features" / "0" / "3.csv"
    seller.write_text("".join(seller.read_text().splitlines(keepends=True)[:-1]))
    dataset = registry.load("datasets", "dataperf_acquisition")
    with pytest.raises(Invalid, match="as stated in its summary"):
        dataset.table(folder, market=0)


@pytest.mark.parametrize("budget", ["0", "-1", "nan", "inf", "much", ""])
def test_a_budget_that_is_none_is_refused(budget, tmp_path):
    from dataperf import registry

    folder = tmp_path / "market"
    for part in ("features/0", "marketinfo/0"):
        shutil.copytree(FOLDER / "acquisition" / part, folder / part)
    (folder / "marketinfo" / "0" / "price" / "budget.txt").write_text(budget)
    with pytest.raises(Invalid, match="bad-market"):
        registry.load("datasets", "dataperf_acquisition").facts(folder, market=0)


@pytest.mark.parametrize("content", ["[]", "7", '{"row_number": null}', "[" * 100_000])
def test_a_summary_that_is_none_is_refused(content, tmp_path):
    from dataperf import registry

    folder = tmp_path / "market"
    for part in ("features/0", "marketinfo/0"):
        shutil.copytree(FOLDER / "acquisition" / part, folder / part)
    next((folder / "marketinfo" / "0" / "summary").glob("*.json")).write_text(content)
    with pytest.raises(Invalid, match="bad-market"):
        registry.load("datasets", "dataperf_acquisition").facts(folder, market=0)


# Files that harm who reads them ------------------------------------------------------------


def test_a_list_of_clips_runs_no_code(data, tmp_path):
    """The official scripts read some YAML with the loader that makes any object."""
    from dataperf import registry

    shutil.copytree(FOLDER / "speech" / "dataperf_en_data", tmp_path / "dataperf_en_data")
    done = tmp_path / "done"
    for content in (
        f"targets: !!python/object/apply:os.mkdir ['{done}']\nnontargets: []\n",
        "targets: {a: [1, [2]]}\nnontargets: []\n",
        "targets: &a {x: *a}\nnontargets: []\n",
        "[" * 10_000,
        "\x00",
    ):
        (tmp_path / "dataperf_en_data" / "eval.yaml").write_text(content)
        with pytest.raises(Invalid, match="bad-list"):
            registry.load("datasets", "dataperf_speech").table(tmp_path, language="en")
    assert not done.exists()


@pytest.fixture
def spoken(tmp_path, monkeypatch):
    """The first Parquet file of a copy of the English clips, with a cache of its own."""
    shutil.copytree(FOLDER / "speech" / "dataperf_en_data", tmp_path / "dataperf_en_data")
    monkeypatch.setenv("DATAPERF_DATA", str(tmp_path))
    monkeypatch.setenv("DATAPERF_CACHE", str(tmp_path / "cache"))
    return sorted((tmp_path / "dataperf_en_data" / "train_embeddings").glob("*.parquet"))[0]


@pytest.mark.parametrize("flaw", ["nan", "twice", "text"])
def test_damaged_embeddings_are_named_and_leave_nothing_in_the_cache(flaw, spoken, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pq.read_table(spoken).to_pydict()
    ids, vectors = rows["clip_id"], rows["mswc_embedding_vector"]
    if flaw == "nan":
        vectors[1][3] = float("nan")
    elif flaw == "twice":
        ids[1] = ids[0]
    else:
        vectors = ["text"] * len(ids)
    pq.write_table(pa.table({"clip_id": ids, "mswc_embedding_vector": vectors}), spoken)
    named = {"nan": ids[1], "twice": ids[0], "text": "expected lists of numbers"}[flaw]
    with pytest.raises(Invalid, match=re.escape(named)):
        data_of.table("dataperf_speech", {"language": "en"})
    assert not list((tmp_path / "cache").glob("tables/*"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_a_files_place_is_not_waited_for(spoken):
    spoken.unlink()
    os.mkfifo(spoken)
    with pytest.raises(Unavailable, match=f"not a regular file: .*{spoken.name}"):
        data_of.table("dataperf_speech", {"language": "en"})


@pytest.mark.skipif(os.name == "nt", reason="the time of change is that of making there")
def test_data_changed_under_its_old_size_and_time_is_read_anew(spoken):
    import pyarrow.parquet as pq

    rows = pq.read_table(spoken)
    plain = {"compression": "none", "use_dictionary": False}
    pq.write_table(rows, spoken, **plain)
    stat, before = spoken.stat(), data_of.table("dataperf_speech", {"language": "en"})
    time.sleep(0.02)  # the clock of files is coarse
    vectors = rows["mswc_embedding_vector"].take([1, 0, *range(2, len(rows))])
    pq.write_table(rows.set_column(1, "mswc_embedding_vector", vectors), spoken, **plain)
    os.utime(spoken, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert spoken.stat().st_size == stat.st_size
    after = data_of.table("dataperf_speech", {"language": "en"})
    assert (after.ids == before.ids).all()
    changed = (after.features != before.features).any(axis=1)
    assert set(before.ids[changed]) == set(rows["clip_id"].to_pylist()[:2])
