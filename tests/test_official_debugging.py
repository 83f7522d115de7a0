"""DataPerf's vision debugging: the official evaluator's curves, its score, and its holes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dataperf import registry
from dataperf.definitions import loading, submission
from dataperf.errors import Invalid
from dataperf.evaluation import evaluate

FOLDER = Path(__file__).parent / "golden" / "debugging"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
CURVES = [
    (task, method) for task, part in EXPECTED["results"].items() for method in part["submissions"]
]
TASK = "01g317-flipped"  # whose cases these are

#: What the official evaluator accepts, the strict rules refuse, and by which rule.
HOLES = {
    "one_clean_index_repeated": "duplicate-id",
    "one_line_clean_index": "not-all-rows",
    "clean_rows_only": "not-all-rows",
    "short_10": "not-all-rows",
    "short_to_last_flip": "not-all-rows",
    "too_long": "duplicate-id",
    "duplicates_first": "duplicate-id",
    "plus_and_underscore": "bad-index",
}


@pytest.fixture(scope="module", autouse=True)
def _official_data():
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_DATA", str(FOLDER))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def asked():
    return loading.load("vision-debugging")


def path_of(case: str) -> Path:
    return FOLDER / "cases" / case / f"{TASK}_x.txt"


@pytest.mark.parametrize(("task", "method"), CURVES)
def test_official_curves(asked, task, method, hold):
    """The accuracy after every fix, and the score made of it, are the official ones exactly."""
    path = FOLDER / "submissions" / f"{task}_{method}.txt"
    part = evaluate.evaluate(asked, path, board=task, rules="official").tasks[task]
    official = EXPECTED["results"][task]["submissions"][method]
    curve = np.round(part.curves["accuracy"][1:], 2).tolist()
    assert curve == official["accuracy"]
    for fixes, (want, ours) in enumerate(zip(official["accuracy"], curve, strict=True), start=1):
        if fixes % 25 == 0 or fixes == len(curve):
            hold(asked.name, f"{task}, {method}, {fixes} fixes", want, ours)
    ours = part.summary["official fraction"]
    hold(asked.name, f"{task}, {method}, fraction", official["fraction_fixes"], ours)
    assert round(part.summary["before"], 2) == EXPECTED["results"][task]["before_acc"]


@pytest.mark.parametrize("case", sorted(EXPECTED["cases"]))
def test_official_rules_accept_what_the_official_evaluator_accepts(asked, case):
    official = EXPECTED["cases"][case]
    if "error" in official:
        with pytest.raises(Invalid):
            evaluate.evaluate(asked, path_of(case), board=TASK, rules="official")
        return
    part = evaluate.evaluate(asked, path_of(case), board=TASK, rules="official").tasks[TASK]
    assert np.round(part.curves["accuracy"][1:], 2).tolist() == official["accuracy"]
    assert part.summary["official fraction"] == official["fraction_fixes"]


@pytest.mark.parametrize("case", sorted(path.name for path in (FOLDER / "cases").iterdir()))
def test_strict_rules_refuse_every_hole_and_accept_the_honest(asked, case):
    try:
        submission.check(submission.read(path_of(case), asked, TASK), asked)
        broken = set()
    except Invalid as error:
        broken = {problem.rule for problem in error.problems}
    if case in HOLES:
        assert HOLES[case] in broken
    else:
        refused = "error" in EXPECTED["cases"].get(case, {}) or case in ("index_float",)
        assert bool(broken) == refused, broken


def test_the_sound_score_is_not_fooled_by_fixing_nothing(asked):
    """Officially the best score there is, soundly the worst: no fix brings it to the target."""
    path = path_of("one_clean_index_repeated")
    part = evaluate.evaluate(asked, path, board=TASK, rules="official").tasks[TASK]
    assert part.summary["official fraction"] == 0.0
    assert part.summary["fixes to 95 %"] == 1.0
    honest = evaluate.evaluate(asked, path_of("baseline"), board=TASK).tasks[TASK]
    assert honest.summary["fixes to 95 %"] < 0.5
    assert honest.score.value > part.score.value


def test_score_is_the_area_under_the_curve(asked):
    part = evaluate.evaluate(asked, path_of("baseline"), board=TASK).tasks[TASK]
    curve = np.array(part.curves["accuracy"])
    area = ((curve[1:] + curve[:-1]) / 2).mean()
    assert part.score.value == pytest.approx(area, abs=1e-12)
    assert part.score.low < area < part.score.high
    assert part.detection.ranking["average_precision"] > 0.5


def test_equal_labellings_are_trained_once(asked):
    part = evaluate.evaluate(asked, path_of("baseline"), board=TASK).tasks[TASK]
    assert len(part.training_runs) == 31  # thirty wrong labels of a hundred
    assert sum(trial.weight for trial in part.training_runs) == pytest.approx(1.0)


def test_every_problem_of_every_file_is_told_at_once(asked, tmp_path):
    (tmp_path / "01g317_a.txt").write_text("0\n1\n")
    (tmp_path / "01g317_b.txt").write_text("0\n1\n")
    (tmp_path / "04hgtk_a.txt").write_text("0\n\nx\n")
    (tmp_path / "other_a.txt").write_text("0\n")
    (tmp_path / "time_01g317_a.txt").write_text("1.5")
    with pytest.raises(Invalid) as error:
        submission.read(tmp_path, asked, "official")
    found = {(problem.rule, problem.where.partition("_")[0]) for problem in error.value.problems}
    assert found >= {
        ("several-files", "01g317"),
        ("bad-index", "04hgtk"),
        ("unknown-file", "other"),
    }
    assert ("missing-file", "09j2d") in found


# The model -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    return registry.load("fixed_models", "adamw_linear_official_v1")


def test_a_series_is_the_same_as_one_after_the_other(model):
    given = model.example()
    other = given["labels"][::-1]
    series = list(
        model.fit_series(given["features"], [given["labels"], other], classes=2, seeds=[42])
    )
    for fitted, labels in zip(series, (given["labels"], other), strict=True):
        alone = model.fit(given["features"], labels, classes=2, seeds=[42])
        assert np.array_equal(fitted.direction, alone.direction)
        assert fitted.threshold == alone.threshold


def test_one_class_is_learned(model):
    given = model.example()
    fitted = model.fit(given["features"], np.zeros(40, dtype=int), classes=2, seeds=[42])
    assert not model.predict(fitted, given["features"]).any()


def test_first_weights_are_those_of_the_published_generator(model):
    """``torch.manual_seed(42); torch.nn.Linear(2, 128)`` begins with these (PyTorch 2)."""
    w1 = model._initial(2, 42)[0]
    assert w1[0] == pytest.approx([0.5406, 0.5869], abs=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": 3},
        {"labels": np.full(40, 2)},
        {"labels": np.zeros(39, dtype=int)},
        {"features": np.full((40, 6), np.nan)},
        {"seeds": []},
    ],
)
def test_bad_rows_are_refused(model, changes):
    given = {**model.example(), "seeds": [1], **changes}
    given.pop("test")
    with pytest.raises(ValueError):
        model.fit(**given)
