"""DataPerf's speech selection: the official evaluator's scores and its holes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import golden_speech
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from dataperf import registry
from dataperf.cli import app
from dataperf.definitions import loading, submission
from dataperf.errors import Invalid
from dataperf.evaluation import evaluate

FOLDER = Path(__file__).parent / "golden" / "speech"
EXPECTED = golden_speech.expected()
ERA = "sklearn-1.2.2"  # the era of the challenge, which the frozen model is

#: What the official evaluator accepts, the strict rules refuse, and by which rule.
HOLES = {
    "target_ids_duplicated": "duplicate-id",
    "nontargets_duplicated": "duplicate-id",
    "duplicate_json_key": "repeated-key",
    "extra_top_level_key": "unknown-key",
    "target_ids_as_object": "wrong-type",
}


@pytest.fixture(scope="module", autouse=True)
def _official_data():
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_DATA", str(FOLDER))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def asked():
    return loading.load("speech-selection")


def path_of(name: str) -> Path:
    found = [*FOLDER.glob(f"*/{name}_train.json"), *FOLDER.glob(f"cases/{name}/*.json")]
    return found[0]


def official_score(asked, path: Path) -> float:
    result = evaluate.evaluate(asked, path, rules="official")
    assert result.status == "scored", result.error
    assert result.rules == "official"
    return result.score.value


@pytest.mark.parametrize("name", sorted(EXPECTED["results"]))
def test_official_scores(asked, name, hold):
    path = FOLDER / "submissions" / f"{name}_train.json"
    eras = EXPECTED["results"][name]
    others = {era: eras[era]["score"] for era in sorted(eras) if era != ERA}
    hold(asked.name, f"{name}, {ERA}", eras[ERA]["score"], official_score(asked, path), others)


@pytest.mark.parametrize("name", sorted(EXPECTED["results"]))
def test_what_a_later_release_changed_is_its_stopping_rule(name, monkeypatch, hold):
    """With the rule of scikit-learn 1.4 to 1.8 the model gives the scores of those releases."""
    model = registry.load("fixed_models", "voting_svm_lr_official_v4")
    monkeypatch.setattr(model, "RULE", "1.4 to 1.8")
    rows = golden_speech.train_rows(f"submissions/{name}")
    test = golden_speech.eval_rows(name.partition("/")[2][:2])
    fitted = model.fit(rows.features, rows.labels, classes=6, seeds=golden_speech.SEEDS)
    scores = [
        golden_speech.macro_f1(test.labels, row) for row in model.predict(fitted, test.features)
    ]
    expected = EXPECTED["results"][name]["sklearn-1.5.2"]["score"]
    hold("speech-selection", f"{name}, sklearn-1.5.2", expected, np.mean(scores))


@pytest.mark.parametrize("case", sorted(EXPECTED["cases"]))
def test_official_rules_accept_what_the_official_evaluator_accepts(asked, case):
    path, official = path_of(case), EXPECTED["cases"][case][ERA]
    if "error" not in official:
        assert official_score(asked, path) == pytest.approx(official["score"], abs=1e-9)
        return
    with pytest.raises(Invalid):
        evaluate.evaluate(asked, path, rules="official")


@pytest.mark.parametrize("case", sorted(EXPECTED["cases"]))
def test_strict_rules_refuse_every_hole_and_accept_the_honest(asked, case):
    try:
        sent = submission.read(path_of(case), asked, "en-25")
        submission.check(sent, asked)
        broken = set()
    except Invalid as error:
        broken = {problem.rule for problem in error.problems}
    official = EXPECTED["cases"][case][ERA]
    if case in HOLES:
        assert HOLES[case] in broken
    else:
        assert bool(broken) == ("error" in official), broken


def test_strict_scores_do_not_depend_on_the_order_of_a_file(asked, tmp_path):
    """The official score moves when nontargets are listed in another order; ours must not."""
    content = json.loads(path_of("baseline").read_text())
    scores = set()
    for order in (1, -1):
        shuffled = {
            "targets": {word: ids[::order] for word, ids in content["targets"].items()},
            "nontargets": content["nontargets"][::order],
        }
        path = tmp_path / "en_25_train.json"
        path.write_text(json.dumps(shuffled))
        scores.add(evaluate.evaluate(asked, path).score.value)
    assert len(scores) == 1


def test_published_scores_stand_beside_ours_and_move_no_digest(asked):
    """Those of DataPerf's own baseline, on every official board and on no other."""
    published = {
        board: next(iter(told.published.values()))
        for board, told in asked.boards.items()
        if told.published
    }
    assert published == {
        "en-25": 0.374,
        "en-60": 0.413,
        "id-25": 0.362,
        "id-60": 0.435,
        "pt-25": 0.423,
        "pt-60": 0.526,
    }
    told = asked.boards["en-25"].model_copy(update={"published": {}})
    without = asked.model_copy(update={"boards": {**asked.boards, "en-25": told}})
    assert loading.digests(without, "en-25") == loading.digests(asked, "en-25")


def test_a_folder_of_answers_is_scored_at_once(asked, tmp_path):
    """Every board that the official file names tell, in one call, published scores shown."""
    for board in ("en_25", "en_60", "id_25", "id_60"):
        shutil.copy(FOLDER / "submissions" / "clean" / f"{board}_train.json", tmp_path)
    words = ["evaluate", "-c", asked.name, str(tmp_path), "--results", str(tmp_path / "kept")]
    ran = CliRunner().invoke(app.app, [*words, "--rules", "official"], env={"COLUMNS": "120"})
    assert ran.exit_code == 0, ran.output
    for board in ("en-25", "en-60", "id-25", "id-60"):
        official = EXPECTED["results"][f"clean/{board.replace('-', '_')}"][ERA]["score"]
        assert re.search(rf"{board} .* {official:.3f} ", ran.output), board
    assert re.search(
        r"PUBLISHED.*\n.*\n> this submission +0\.795\n.*DataPerf, 2023.* 0\.374", ran.output
    )


def test_a_class_left_out_does_not_shift_the_others(asked):
    """The official evaluator numbers the words that are there; the strict rules do not."""
    path = path_of("first_target_key_missing")
    assert official_score(asked, path) < 0.2
    result = evaluate.evaluate(asked, path)
    assert result.score.value > 0.6
    assert any("missing-class" in warning for warning in result.warnings)


def test_official_rules_are_only_for_official_boards(asked):
    path = Path(loading.folder_of(asked)) / "submissions" / "digits-60-random.json"
    with pytest.raises(Invalid, match="no official evaluator"):
        evaluate.evaluate(asked, path, rules="official")


LISTS = {
    "flow": "targets: {yes: [yes/1.wav, 'a b/2']}\nnontargets: [no/1, no/2,\n  1.0]\n",
    "block": "nontargets:\n- no/1\n- null\ntargets:\n  on:\n  - on/1\n  'true':\n  - \"true/\\u00e9\"\n",
    "comments": "# ids\n---\ntargets: {x: []}  # none\nnontargets: []\n...\n",
    "repeated": "targets: {x: [x/1], x: [x/2]}\nnontargets: [a]\nnontargets: [b]\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_what_a_yaml_loader_reads(name, tmp_path):
    reader = registry.load("datasets", "dataperf_speech")
    path = tmp_path / "eval.yaml"
    path.write_text(LISTS[name], encoding="utf-8")
    wanted = yaml.load(LISTS[name], yaml.BaseLoader)
    assert reader._listed(path) == (wanted["targets"], wanted["nontargets"])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "targets",
        "targets: {}\n",
        "targets: []\nnontargets: []\n",
        "targets: {x: a}\nnontargets: []\n",
        "targets: {}\nnontargets: {}\n",
        "targets: {}\nnontargets: [[a]]\n",
        "targets: {? [a] : [b]}\nnontargets: []\n",
        "targets: {}\nnontargets: []\n---\nmore: 1\n",
        "targets: {}\nnontargets: [a\n",
    ],
)
def test_lists_of_another_form_are_refused(content, tmp_path):
    reader = registry.load("datasets", "dataperf_speech")
    (tmp_path / "eval.yaml").write_text(content)
    with pytest.raises(Invalid, match="bad-list"):
        reader._listed(tmp_path / "eval.yaml")
