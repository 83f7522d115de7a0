"""DataPerf's vision selection: the official evaluator's scores and its holes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dataperf.definitions import loading, submission
from dataperf.errors import Invalid
from dataperf.evaluation import evaluate

FOLDER = Path(__file__).parent / "golden" / "vision"
SETS = FOLDER / "data" / "train_sets"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
ERA = "sklearn-1.1.3"  # the era of the challenge, which the frozen model is
CONCEPTS = ("Cupcake", "Hawk", "Sushi")
METRICS = ("accuracy", "recall", "precision", "f1")

#: What the official evaluator accepts, the strict rules refuse, and by which rule.
HOLES = {
    "rows_doubled": "duplicate-id",
    "one_positive_x50": "duplicate-id",
    "same_id_both_labels": "duplicate-id",
    "unknown_ids_added": "unknown-id",
    "label_2_added": "unknown-label",
    "extra_column": "unknown-column",
    "long_rows": "long-row",
    "whole_pool_true_labels": "over-budget",
}


@pytest.fixture(scope="module", autouse=True)
def _official_data():
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_DATA", str(FOLDER))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def asked():
    return loading.load("vision-selection")


@pytest.fixture
def folder_of(tmp_path):
    """Return the folder of a case: its own Cupcake, the balanced files of the others."""

    def make(case: str) -> Path:
        for concept in CONCEPTS:
            source = SETS / "cases" / case if concept == "Cupcake" else SETS / "balanced"
            shutil.copy(source / f"{concept}.csv", tmp_path)
        return tmp_path

    return make


@pytest.mark.parametrize("name", sorted(EXPECTED["results"]))
def test_official_scores(asked, name, hold):
    result = evaluate.evaluate(asked, SETS / name, board="official", rules="official")
    for concept in CONCEPTS:
        official = EXPECTED["results"][name][ERA][concept]
        ours = result.tasks[concept].splits["test"].metrics
        for metric in METRICS:
            case = f"{name}, {concept}, {metric}"
            eras = EXPECTED["results"][name]
            others = {era: eras[era][concept][metric] for era in sorted(eras) if era != ERA}
            hold(asked.name, case, official[metric], ours[metric].value, others)
    mean = sum(result.tasks[concept].score.value for concept in CONCEPTS) / 3
    assert result.score.value == pytest.approx(mean, abs=1e-12)
    assert result.score.low < result.score.value < result.score.high


@pytest.mark.parametrize("case", sorted(EXPECTED["cases"]))
def test_official_rules_accept_what_the_official_evaluator_accepts(asked, case, folder_of):
    official = EXPECTED["cases"][case][ERA]
    if "scores" not in official:
        with pytest.raises(Invalid):
            evaluate.evaluate(asked, folder_of(case), board="official", rules="official")
        return
    result = evaluate.evaluate(asked, folder_of(case), board="official", rules="official")
    ours = result.tasks["Cupcake"].splits["test"].metrics
    for metric in METRICS:
        assert ours[metric].value == pytest.approx(official["scores"][metric], abs=1e-9)


@pytest.mark.parametrize("case", sorted(EXPECTED["cases"]))
def test_strict_rules_refuse_every_hole_and_accept_the_honest(asked, case, folder_of):
    try:
        submission.check(submission.read(folder_of(case), asked, "official"), asked)
        broken = set()
    except Invalid as error:
        broken = {problem.rule for problem in error.problems}
    if case in HOLES:
        assert HOLES[case] in broken
    elif "scores" in EXPECTED["cases"][case][ERA]:
        assert broken == {"duplicate-id"}  # the balanced sets list a few images twice
    else:
        assert broken - {"duplicate-id"}


def test_strict_rules_accept_the_honest(asked):
    result = evaluate.evaluate(asked, SETS / "random_true", board="official")
    official = evaluate.evaluate(asked, SETS / "random_true", board="official", rules="official")
    assert result.rules == "strict"
    assert result.score == official.score


def test_every_problem_of_every_file_is_told_at_once(asked, folder_of):
    folder = folder_of("no_header")
    (folder / "Hawk.csv").unlink()
    (folder / "Hawks.csv").write_text("ImageID,Confidence\n")
    (folder / "Sushi.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid) as error:
        submission.read(folder, asked, "official")
    rules = {problem.rule for problem in error.value.problems}
    assert rules == {"bad-header", "missing-file", "unknown-file", "bad-csv"}


def test_leaderboard_pairs_the_concepts_of_two_answers(asked, tmp_path):
    """Local digits: two answers that differ are told apart over all three concepts."""
    from dataperf.boards import leaderboard

    data = submission.board_data(asked, "digits")
    found = []
    for wrong in (0, 40):
        samples = {}
        for name, part in data.items():
            truth = part.truth.labels
            rows = [*range(0, 150)]
            labels = [str(label) for label in truth[rows]]
            labels[:wrong] = ["1" if label == "0" else "0" for label in labels[:wrong]]
            samples[name] = [[str(part.pool.ids[row]), x] for row, x in zip(rows, labels)]
        sent = submission.parse(
            {
                "schema_version": 2,
                "challenge": "vision-selection",
                "board": "digits",
                "submitter": f"wrong {wrong}",
                "answer": {"samples": samples},
            },
            asked,
        )
        found.append(evaluate.evaluate(asked, sent, data=data))
    assert found[1].tasks["three"].detection.selected_defects == 40
    board = leaderboard.rank(asked, "digits", found)
    assert [row.result.submission.submitter for row in board.rows] == ["wrong 0", "wrong 40"]
    assert [row.rank for row in board.rows] == [1, 2]
