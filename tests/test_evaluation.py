"""The flow as a library: records that read back, failures, ties to the challenge as given."""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
import signal
import zlib
from pathlib import Path

import numpy as np
import pytest

import dataperf
from dataperf import registry
from dataperf.basics import files
from dataperf.boards import leaderboard, reference_points, rerun
from dataperf.definitions import data, loading, submission, submission_files
from dataperf.errors import DataperfError, DigestMismatch, Invalid, NotFound, Problem, Unavailable
from dataperf.evaluation import evaluate, results
from dataperf.records import Generated, SafetyReport, Submission, Table, Url
from dataperf.sources import locate, tables

REFERENCE = registry.our_folder("challenges") / "speech-selection" / "submissions"


@pytest.fixture(scope="module")
def asked():
    return loading.load("speech-selection")


@pytest.fixture(scope="module")
def loaded():
    return submission.board_data("speech-selection", "digits-25")["digits"]


def manifest(samples, board="digits-25", **other) -> Submission:
    return Submission(
        schema_version=2,
        challenge="speech-selection",
        board=board,
        answer={"samples": samples, **other},
    )


def ids_of(loaded, name: str, count: int) -> list[str]:
    number = loaded.pool.classes.index(name)
    return [str(i) for i in loaded.pool.ids[loaded.pool.labels == number][:count]]


@pytest.fixture(scope="module")
def reference(asked):
    return evaluate.evaluate(asked, REFERENCE / "digits-60-cleanlab_k_medoids.json")


def test_scores_of_the_reference_submissions_do_not_move(asked, reference):
    random = evaluate.evaluate(asked, REFERENCE / "digits-60-random.json")
    found = [
        {
            name: split.metrics[split.metric].value
            for name, split in each.tasks["digits"].splits.items()
        }
        for each in (reference, random)
    ]
    expected = json.loads((Path(__file__).parent / "golden" / "digits-60.json").read_text())
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_record_with_a_class_missing_reads_back(asked, loaded):
    result = evaluate.evaluate(asked, manifest(ids_of(loaded, "one", 5)))
    assert result.tasks["digits"].balance["class"].imbalance_ratio is None
    assert result.warnings
    assert results.parse(results.dump(result), "record") == result


def test_model_that_fails_gives_a_failed_record_that_is_not_ranked(asked, loaded, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("no convergence")

    model = registry.load("fixed_models", "voting_svm_lr_v1")
    monkeypatch.setattr(model, "fit", fail)
    result = evaluate.evaluate(asked, manifest(ids_of(loaded, "one", 5)))
    assert result.status == "failed"
    assert results.parse(results.dump(result), "record") == result
    board = leaderboard.rank(asked, "digits-25", [result])
    assert board.rows == []
    assert "no convergence" in board.unranked[0][1]


def test_one_broken_record_does_not_hide_the_others(reference, tmp_path):
    kept = Path(results.keep(reference, str(tmp_path)))
    (kept.parent / "a.json").write_text("{}")
    (kept.parent / f"{'0' * 32}.json").write_bytes(kept.read_bytes())
    intact, broken = results.read_all(str(tmp_path))
    assert intact == [reference]
    assert len(broken) == 2


def test_an_invented_report_of_a_safety_model_is_a_problem_of_the_record(reference):
    part = SafetyReport(role="text", external=False, digest="0", numbers={"kappa": 1.0})
    forged = reference.model_copy(update={"safety": {"unsafe_topics": part}})
    (row,) = rerun.verify([forged])
    assert row["problems"] == [
        "safety: reports of unsafe_topics, but the track selection has nothing to score"
    ]


def test_a_reworded_title_of_a_split_is_a_note_and_no_difference(reference):
    part = reference.tasks["digits"]
    test = part.splits["test"].model_copy(update={"title": "other words"})
    older = part.model_copy(update={"splits": {**part.splits, "test": test}})
    (row,) = rerun.verify([reference.model_copy(update={"tasks": {"digits": older}})])
    assert row["ok"]
    assert [note.split(" then")[0] for note in row["notes"]] == [
        "tasks.digits.splits.test: the title is 'other words'"
    ]


def test_control_characters_of_a_failed_record_are_escaped(asked, reference):
    failed = {"status": "failed", "error": "\x1b[2Jgone\x07", "score": None, "tasks": {}}
    assert unranked_reason(asked, reference, **failed) == r"failed: \x1b[2Jgone\x07"


def unranked_reason(asked, result, **changes) -> str:
    board = leaderboard.rank(asked, "digits-60", [result.model_copy(update=changes)])
    assert board.rows == []
    return board.unranked[0][1]


def test_leaderboard_believes_nothing_that_it_can_compute(asked, reference):
    assert leaderboard.rank(asked, "digits-60", [reference]).rows[0].score == reference.score
    better = reference.score.model_copy(update={"value": 0.99})
    part = reference.tasks["digits"]
    split = part.splits["test"]
    forged = split.model_copy(update={"metrics": {**split.metrics, "macro_f1": better}})
    told = reference.provenance
    trial = part.training_runs[0]
    sent = reference.submission
    fewer = {"samples": sent.answer["samples"] | {"one": sent.answer["samples"]["one"][:1]}}

    def changed(**update):
        return {"tasks": {"digits": part.model_copy(update=update)}}

    cases = {
        "not that of its predictions": {"score": better},
        "score on test": {
            **changed(splits={**part.splits, "test": forged}, score=better),
            "score": better,
        },
        "no scores or": changed(splits={}),
        "no scores of": {"tasks": {}},
        "trained on": changed(training_runs=[]),
        "official": {"rules": "official"},
        "what was trained on": {"submission": sent.model_copy(update={"answer": fewer})},
        "shape": changed(
            training_runs=[
                trial.model_copy(
                    update={
                        "predictions": {
                            **trial.predictions,
                            "test": results.encode(np.zeros((1, 1), dtype=int)),
                        }
                    }
                )
            ]
        ),
        "not frozen": {"provenance": told.model_copy(update={"frozen": False})},
        "numeric version": {"provenance": told.model_copy(update={"numeric_version": "other"})},
        "version": {"provenance": told.model_copy(update={"digests": {}})},
    }
    for reason, changes in cases.items():
        assert reason in unranked_reason(asked, reference, **changes)


@pytest.mark.parametrize("classes", [2, 128, 1000])
def test_packed_predictions_come_back(classes):
    predicted = np.random.default_rng(0).integers(0, classes, (3, 50))
    predicted[0, 0] = classes - 1
    assert (results.decode(results.encode(predicted)) == predicted).all()


def test_predictions_packed_seed_by_seed_are_still_read():
    predicted = np.array([[0, 1, 2], [2, 1, 0]], dtype="i1")
    packed = base64.b64encode(zlib.compress(predicted.tobytes())).decode()
    assert results.decode(f"i1:2x3:{packed}").tolist() == predicted.tolist()


def test_packed_predictions_cannot_fill_the_memory():
    bomb = base64.b64encode(zlib.compress(bytes(10**7))).decode()
    for text in (
        f"i1:0x5:{bomb}",
        f"i1:1x5:{bomb}",
        f"i1:1x{2**40}:{bomb}",
        "i1:2x2:AAAA",
        "i1TT:1x5:AAAA",
        "x",
    ):
        with pytest.raises(Invalid):
            results.decode(text)


@pytest.mark.parametrize("predicted", [0.7, 99, -1])
def test_model_that_predicts_no_class_ids_fails(asked, loaded, monkeypatch, predicted):
    model = registry.load("fixed_models", "voting_svm_lr_v1")
    monkeypatch.setattr(
        model, "predict", lambda fitted, rows: np.full((fitted.seeds, len(rows)), predicted)
    )
    result = evaluate.evaluate(asked, manifest(ids_of(loaded, "one", 5)))
    assert result.status == "failed"
    assert "predicted" in result.error


def test_errors_cross_processes():
    errors = [
        Invalid("file", [Problem("rule", "where", "what")]),
        NotFound("metric", "x", ["y"]),
        DigestMismatch("file", expected="a", found="b", remedy="c"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.exit_code) == (type(error), str(error), 2)


def test_control_characters_cannot_reach_a_terminal(asked):
    content = manifest([]).model_dump() | {"submitter": "\x1b[2J\n1 me"}
    with pytest.raises(Invalid, match="not-one-line"):
        submission.parse(content, asked)


def test_one_training_set_is_ranked_once(asked, loaded):
    names = ids_of(loaded, "one", 3) + ids_of(loaded, "five", 3)
    first = evaluate.evaluate(asked, manifest(names))
    again = evaluate.evaluate(asked, manifest(names[::-1], flags=names[:1]))
    board = leaderboard.rank(asked, "digits-25", [again, first])
    assert len(board.rows) == 1
    assert "which came first" in board.unranked[0][1]
    assert "decide yourself" not in board.unranked[0][1]  # the same submitter's


def test_an_answer_of_two_submitters_is_the_organizers_to_decide(asked, loaded):
    names = ids_of(loaded, "one", 3) + ids_of(loaded, "five", 3)
    sent = [manifest(names).model_copy(update={"submitter": who}) for who in ("ann", "bob")]
    both = [evaluate.evaluate(asked, each) for each in sent]
    board = leaderboard.rank(asked, "digits-25", both[::-1])
    assert [row.result.submission.submitter for row in board.rows] == ["ann"]
    ((other, reason),) = board.unranked
    assert other.submission.submitter == "bob"
    assert all(each.provenance.started in reason for each in both)
    assert "decide yourself" in reason


@pytest.mark.parametrize("name", ["speech-selection", "digit-cleaning"])
def test_a_folder_of_answers_stands_for_them(name, tmp_path):
    asked = loading.load(name)
    for each in ("b.json", "a.json", ".hidden"):
        (tmp_path / each).write_text("{}")
    found = submission_files.find([tmp_path], asked)
    assert [path.name for path in found.paths] == ["a.json", "b.json"]
    assert [each.problems[0].rule for each in found.unread] == ["hidden"]
    (tmp_path / "notes.txt").write_text("")  # a format of cleaning tracks
    found = submission_files.find([tmp_path], asked)
    assert len(found.paths) == (2 if name == "speech-selection" else 1)
    found = submission_files.find([tmp_path / "a.json"], asked)
    assert found.paths == [tmp_path / "a.json"]


def test_the_challenge_as_given_is_scored(asked, loaded, monkeypatch):
    task = asked.tasks["digits"].model_copy(update={"seeds": [1]})
    changed = asked.model_copy(update={"tasks": {**asked.tasks, "digits": task}, "name": "mine"})
    answers = [
        manifest(ids_of(loaded, name, 4) + ids_of(loaded, "nontarget", 4))
        for name in ("one", "five")
    ]
    answers = [answer.model_copy(update={"challenge": "mine"}) for answer in answers]
    monkeypatch.setattr(evaluate.freezing, "unfrozen_parts", lambda *_, **__: ["changed"])
    found = [evaluate.evaluate(changed, answer) for answer in answers]
    assert [len(each.tasks["digits"].splits["test"].per_seed["macro_f1"]) for each in found] == [
        1,
        1,
    ]


def test_names_do_for_records(loaded):
    sent = manifest(ids_of(loaded, "one", 2) + ids_of(loaded, "five", 2))
    dataperf.check(sent)
    result = dataperf.evaluate(sent)
    assert result.status == "scored"


def test_answer_of_the_challenge_readme_is_valid():
    text = (REFERENCE.parent / "README.md").read_text(encoding="utf-8")
    block = re.search(r'\{"schema_version".*?\n\n', text, re.DOTALL)
    sent = submission.parse(json.loads(block[0]), loading.load("speech-selection"))
    dataperf.check(sent, "speech-selection")


def test_reference_points_know_which_way_is_better():
    made = {"board": "x", "split": "test", "points": {}, "random_scores": [0.1, 0.2, 0.3, 0.4]}
    assert reference_points.ReferencePoints(**made, higher_is_better=True).place(0.35) == (3, 0, 4)
    assert reference_points.ReferencePoints(**made, higher_is_better=False).place(0.35) == (1, 0, 4)
    assert reference_points.ReferencePoints(**made, higher_is_better=True).place(0.2) == (1, 1, 4)


def test_columns_of_python_objects_are_text_from_the_first_load_on(monkeypatch):
    rows = Table(
        np.array(["a", "b"], dtype=object),
        np.zeros((2, 1)),
        {"word": np.array(["x", "yy"], dtype=object)},
    )

    class Plugin:
        source = Generated()

        @staticmethod
        def table(path):
            return rows

    monkeypatch.setattr(tables.registry, "load", lambda *_: Plugin)
    monkeypatch.setattr(tables, "definition_digest", lambda _: "objects")
    for _ in range(2):
        found = tables.table("objects")
        assert found.columns["word"].tolist() == ["x", "yy"]
        assert found.columns["word"].dtype.kind == "U"


def test_split_that_shares_rows_with_the_pool_is_refused(asked):
    task = asked.tasks["digits"]
    split = task.splits["test"].model_copy(update={"where": {}})
    with pytest.raises(Invalid, match="overlap"):
        data.task_data(task.model_copy(update={"splits": {"test": split}}))


def die_once(item):
    marker, number = item
    if number == 2 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_killed_worker_loses_nothing(tmp_path):
    engine = registry.load("engines", "processes")
    items = [(str(tmp_path / "died"), number) for number in range(5)]
    assert list(engine.run(die_once, items, jobs=2)) == [0, 1, 2, 3, 4]


def test_an_item_that_kills_every_worker_ends_with_an_error_not_with_us(tmp_path):
    engine = registry.load("engines", "processes")
    items = [(str(tmp_path / "no" / "folder"), number) for number in range(4)]
    with pytest.raises(DataperfError, match="item 3 of 4"):
        list(engine.run(die_always, items, jobs=2))
    assert list(engine.run(abs, [-1, -2, -3], jobs=2)) == [1, 2, 3]


def die_always(item):
    if item[1] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return item[1]


def test_bytes_of_the_user_are_found_checked_and_never_served_stale(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / "own"))
    (tmp_path / "own" / "datasets").mkdir(parents=True)
    (tmp_path / "own" / "datasets" / "mine.py").write_text(
        "import numpy as np\n"
        "from dataperf.records import Folder, Table\n"
        "card, source = None, Folder('rows.txt')\n"
        "def table(path):\n"
        "    words = (path / 'rows.txt').read_text().split()\n"
        "    return Table(np.array(words), np.zeros((len(words), 1)), {})\n"
    )
    monkeypatch.delenv("DATAPERF_DATA", raising=False)
    with pytest.raises(Unavailable, match=r"rows.txt"):
        dataperf.load_dataset("mine")
    monkeypatch.setenv("DATAPERF_DATA", str(tmp_path / "data"))
    rows = tmp_path / "data" / "mine" / "rows.txt"
    rows.parent.mkdir(parents=True)
    for words in ("a b", "a b c"):
        rows.write_text(words)
        assert dataperf.load_dataset("mine").ids.tolist() == words.split()


def test_bytes_of_an_address_are_asked_for_and_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_DATA", str(tmp_path))
    digest = files.digest_bytes(b"right")
    source = Url("http://localhost/rows.bin", digest, "rows.bin")
    with pytest.raises(Unavailable, match="http://localhost/rows.bin"):
        locate.locate("mine", source)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rows.bin").write_bytes(b"wrong")
    with pytest.raises(DigestMismatch):
        locate.locate("mine", source)
    (tmp_path / "mine" / "rows.bin").write_bytes(b"right")
    assert locate.locate("mine", source) == tmp_path / "mine" / "rows.bin"
