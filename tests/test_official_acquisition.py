"""DataPerf's data acquisition: the official evaluator's scores and its holes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dataperf import registry
from dataperf.definitions import loading, submission
from dataperf.errors import Invalid
from dataperf.evaluation import evaluate

FOLDER = Path(__file__).parent / "golden" / "acquisition"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
ERAS = {"sklearn-1.2.0": "up to 1.3", "sklearn-1.9.1": "1.4 and later"}
ERA = "sklearn-1.2.0"  # the era of the challenge, which the frozen model is
ANSWERS = ("clean_sellers", "dirty_sellers", "even", "over_budget_everything")
CASES = sorted(case.removesuffix("/lr") for case in EXPECTED["cases"] if case.endswith("/lr"))


@pytest.fixture(scope="module", autouse=True)
def _official_data():
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_DATA", str(FOLDER))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def asked():
    return loading.load("data-acquisition")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("name", ANSWERS)
def test_official_scores(asked, name, era, monkeypatch, hold):
    """The frozen model is the first era's; by the later stopping rule it gives the later scores."""
    model = registry.load("fixed_models", "logistic_official_v1")
    monkeypatch.setattr(model, "RULE", ERAS[era])
    path = FOLDER / "submission" / name
    result = evaluate.evaluate(asked, path, board="official", rules="official")
    official = EXPECTED["results"][f"{name}/lr/numeric"][era]["instances"]
    scores = []
    for number in range(5):
        part, want = result.tasks[f"market-{number}"], official[str(number)]
        lexical = EXPECTED["results"][f"{name}/lr/lexical"][ERA].get("instances", {})
        other = {"files in lexical order": lexical[str(number)]["acc"]} if lexical else {}
        case = f"{name}, market {number}, {era}"
        hold(asked.name, case, want["acc"], part.summary["accuracy"], other if era == ERA else {})
        assert part.summary["cost"] == pytest.approx(want["cost"], abs=1e-9)
        assert part.curves["accuracy of draws"] == pytest.approx(want["acc_per_trial"], abs=1e-9)
        scores.append(0.98 * want["acc"] + 0.02 * (150 - want["cost"]) / 150)
    assert result.score.value == pytest.approx(np.mean(scores), abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_official_rules_accept_what_the_official_evaluator_accepts(asked, case, tmp_path):
    shutil.copy(FOLDER / "submission" / "cases" / case / "0.csv", tmp_path)
    official = EXPECTED["cases"][f"{case}/lr"][ERA]
    if "error" in official:
        with pytest.raises(Invalid):
            evaluate.evaluate(asked, tmp_path, board="market-0", rules="official")
        return
    result = evaluate.evaluate(asked, tmp_path, board="market-0", rules="official")
    want = official["instances"]["0"]["acc"]
    assert result.tasks["market-0"].summary["accuracy"] == pytest.approx(want, abs=1e-9)


HOLES = {"float": "bad-numbers"}


@pytest.mark.parametrize("case", CASES)
def test_strict_rules_refuse_what_is_no_purchase(asked, case, tmp_path):
    shutil.copy(FOLDER / "submission" / "cases" / case / "0.csv", tmp_path)
    try:
        submission.check(submission.read(tmp_path, asked, "market-0"), asked)
        broken = set()
    except Invalid as error:
        broken = {problem.rule for problem in error.problems}
    if case in HOLES:
        assert HOLES[case] in broken
    else:
        assert bool(broken) == ("error" in EXPECTED["cases"][f"{case}/lr"][ERA])


def test_over_budget_is_refused(asked):
    path = FOLDER / "submission" / "over_budget_everything"
    with pytest.raises(Invalid) as error:
        evaluate.evaluate(asked, path, board="official")
    assert {problem.rule for problem in error.value.problems} == {"over-budget"}
    assert len(error.value.problems) == 5


def purchase(asked, **counts):
    answer = {"purchases": {f"digits-{k}": list(counts["all"]) for k in range(5)}}
    answer["purchases"] |= {key.replace("_", "-"): v for key, v in counts.items() if key != "all"}
    content = {"schema_version": 2, "challenge": asked.name, "board": "digits", "answer": answer}
    return submission.parse(content, asked)


def test_a_purchase_in_one_market_moves_nothing_in_another(asked):
    """The official evaluator draws for all markets from one stream; nobody may re-roll it."""
    data = submission.board_data(asked, "digits")
    few = [8] * 12
    one = evaluate.evaluate(asked, purchase(asked, all=few), data=data)
    other = evaluate.evaluate(asked, purchase(asked, all=few, digits_0=[9, *few[1:]]), data=data)
    for name in ("digits-1", "digits-2", "digits-3", "digits-4"):
        assert one.tasks[name].score == other.tasks[name].score
    assert one.tasks["digits-0"].training_runs != other.tasks["digits-0"].training_runs


def test_who_buys_all_rows_gets_all_rows_once(asked):
    track = registry.load("tracks", "acquisition")
    data = submission.board_data(asked, "digits")
    first = data["digits-0"]
    rows = first.pool.facts["rows"]
    answer = track.Answer(purchases={"digits-0": [rows[0], *[0] * 11]})
    rules = track.Rules(draw_seeds=[1, 2])
    for plan in track.plans(answer, rules, {"digits-0": first}, official=False).values():
        for chosen in plan.sets:
            assert sorted(chosen.rows) == list(range(rows[0]))


def test_a_buyer_is_told_but_shown_no_rows(asked):
    track = registry.load("tracks", "acquisition")
    pool = submission.board_data(asked, "digits")["digits-0"].pool
    seen = track.shown(pool)
    assert len(seen.ids) == len(seen.features) == len(seen.labels) == 0
    assert seen.columns == {}
    told = seen.facts
    assert len(told["prices"]) == len(told["rows"]) == len(told["summaries"]) == 12
    assert all(len(each["samples"]) == 5 for each in told["summaries"])
