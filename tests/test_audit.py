"""Models out of fold, calibration by known errors, label errors, and the audit as a whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
from audit_data import blobs, noisy, rows_of

import dataperf.curation.audit as audits
from dataperf.detectors import label_errors
from dataperf.errors import DataperfError, Invalid, NotFound
from dataperf.evidence import calibration, error_counts, models, neighbours, regression
from dataperf.evidence.collect import Collected


def test_folds_have_like_class_shares_and_keep_groups_whole():
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    fold = models.folds(labels, None, seed=3)
    counts = np.array([np.bincount(labels[fold == number], minlength=3) for number in range(5)])
    assert (counts == [10, 6, 4]).all()
    groups = np.array([f"g{number % 17}" for number in range(100)])
    fold = models.folds(labels, groups, seed=3)
    assert all(len(set(fold[groups == name])) == 1 for name in set(groups))
    assert np.bincount(fold, minlength=5).min() >= 10


def test_no_row_is_judged_by_a_model_that_saw_its_label(monkeypatch):
    monkeypatch.setattr(regression, "PENALTIES", (1e-3,))  # the one number that all labels choose
    features, labels = blobs(300)
    near = neighbours.nearest(features, k=10)
    fold = models.folds(labels, None, seed=0)
    options = {"classes": 3, "fold": fold, "trees": True, "seed": 0}
    first = models.out_of_fold(features, labels, near, **options)
    moved = labels.copy()
    moved[7] = (moved[7] + 1) % 3
    again = models.out_of_fold(features, moved, near, **options)
    for name in ("regression", "forest"):
        held = fold == fold[7]  # what was not trained on row 7 must not have moved
        assert np.array_equal(first.probabilities[name][held], again.probabilities[name][held])
        assert not np.array_equal(
            first.probabilities[name][~held], again.probabilities[name][~held]
        )
    votes = first.probabilities["neighbours"][7] - again.probabilities["neighbours"][7]
    assert np.abs(votes).max() < 0.01  # but for the class shares in the prior


def test_a_regression_is_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    features, labels = blobs(300, apart=0.7)
    ours = regression.softmax(features, regression.fit(features, labels, 3, 0.01))
    penalty = 1 / (0.01 * 300)
    theirs = LogisticRegression(C=penalty, tol=1e-8, max_iter=1000).fit(features, labels)
    assert np.abs(ours - theirs.predict_proba(features)).max() < 0.01


def test_rows_without_a_label_get_chances_too():
    features, labels = blobs(300)
    given = labels.copy()
    given[:30] = -1
    evidence = Collected(rows_of(features, given, classes=3))
    found = evidence.probabilities
    assert found.shape == (300, 3) and found.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-3)
    assert (found[:30].argmax(axis=1) == labels[:30]).mean() > 0.9
    assert evidence.labelled.tolist() == list(range(30, 300))


def test_injected_errors_are_never_the_likeliest_class():
    random = np.random.default_rng(0)
    chances = random.dirichlet([1, 1, 1], 200).astype(np.float32)
    labels = random.integers(0, 3, 200)
    mix = calibration.confusions(np.ones(200), chances.argmax(axis=1), labels, 3)
    changed, rows = calibration.inject(chances, labels, np.arange(200), mix, random, count=50)
    assert len(set(rows.tolist())) == 50
    assert (changed[rows] != chances[rows].argmax(axis=1)).all()
    kept = np.setdiff1d(np.arange(200), rows)
    assert np.array_equal(changed[kept], labels[kept])


def test_the_share_of_errors_is_that_of_a_known_mixture():
    random = np.random.default_rng(0)
    clean, wrong = random.normal(-0.6, 0.2, 9000), random.normal(0.5, 0.2, 1000)
    scores = np.concatenate([clean, wrong])
    known = random.normal(0.5, 0.2, 2000)
    parts = [
        error_counts.Scored(each, np.zeros(len(each), np.intp), random.integers(0, 2, len(each)))
        for each in (known, scores)
    ]
    found = error_counts.compare(scores, *parts, seed=0)
    assert found.separates_errors
    assert found.share == pytest.approx(0.1, abs=0.015)
    assert found.share_low <= found.share <= found.share_high
    best = found.best
    flagged = scores >= found.thresholds[best]
    real = flagged[9000:].sum()
    assert 0.85 * real < found.real[best] < 1.05 * real
    assert flagged.sum() == pytest.approx(found.flagged[best], abs=1)


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_planted_errors_are_found_and_their_number_is_told(share):
    features, labels = blobs(1200)
    given = noisy(labels, share, classes=3)
    found = audits.audit(rows_of(features, given, truth=labels), detectors=["label_errors"])
    told = found.finding("label_errors").numbers
    assert told["average_precision"] > 0.95 and told["precision"] > 0.8 and told["recall"] > 0.8
    assert told["noise_rate"] == pytest.approx(share, rel=0.3)
    assert told["low"] <= told["expected_real"] <= told["high"] <= told["flagged"]
    wrong = (given != labels).sum()
    assert told["expected_real"] == pytest.approx(wrong, rel=0.35)
    table = found.table("label_errors")
    assert table["score"].is_monotonic_decreasing
    assert (np.array(found.rows.classes)[given[table["row"]]] == table["given"]).all()
    assert (table["given"] != table["suggested"]).all()
    assert found.finding("label_errors").severity in ("medium", "high")


def test_clean_labels_are_left_alone():
    features, labels = blobs(1000, apart=1.0)  # clouds that overlap: many rows look wrong
    found = audits.audit(rows_of(features, labels, truth=labels), detectors=["label_errors"])
    told = found.finding("label_errors").numbers
    assert told["confident_learning"] > 20  # the plain detector over-flags
    assert told["flagged"] <= 10 and told["noise_rate"] < 0.01
    assert "correct but hard rows" in found.finding("label_errors").sentence
    assert found.finding("label_errors").severity == "low"


def test_the_same_seed_finds_the_same():
    features, labels = blobs(300)
    given = noisy(labels, 0.1, classes=3)
    first, again = (
        audits.audit(rows_of(features, given), detectors=["label_errors"]) for _ in range(2)
    )
    assert first.table().equals(again.table())
    assert first.finding("label_errors").numbers == again.finding("label_errors").numbers


def test_small_classes_and_small_data_are_not_judged():
    features, labels = blobs(60)
    given = labels.copy()
    given[0] = 3  # a class with one row
    found = audits.audit(rows_of(features, given, classes=4), detectors=["label_errors"])
    assert 0 not in set(found.table()["row"])
    assert found.finding("label_errors").numbers["judged"] == 59
    few = audits.audit(rows_of(features[:9], labels[:9]), detectors=["label_errors"])
    assert "only 9 rows" in few.skipped["label_errors"]
    with pytest.raises(DataperfError, match="only 9 rows"):
        few.finding("label_errors")


def test_of_ten_thousand_classes_the_largest_are_judged():
    random = np.random.default_rng(0)
    labels = np.concatenate([np.repeat([0, 1], 200), np.arange(2, 10_000)])
    features = random.normal(size=(len(labels), 4)).astype(np.float32)
    features[:200] += 5
    found = audits.audit(rows_of(features, labels), detectors=["label_errors"])
    assert "10,000 classes" in found.notes[0] and len(found.rows.classes) == 500
    assert found.rows.classes[:2] == ("class 0", "class 1")
    assert (found.rows.labels[:400] == labels[:400]).all()
    assert found.finding("label_errors").numbers["judged"] == 400


def test_an_audit_is_plain_values_too(tmp_path):
    features, labels = blobs(300)
    given = noisy(labels, 0.2, classes=3)
    found = audits.audit(rows_of(features, given), detectors=["label_errors"])
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    row = told["findings"][0]["rows"][0]
    assert {"row", "id", "score", "given", "suggested"} <= set(row)
    written = {path.name for path in found.to_csv(tmp_path / "tables")}
    assert {"label_errors.csv", "label_errors-transition.csv"} <= written
    assert "\n  ● high    Label errors: " in repr(found) and len(repr(found)) < 500
    assert "Label errors" in found._repr_html_()
    for write in (found.report, found.to_csv, lambda place: found.to_submission(path=place)):
        with pytest.raises(Invalid, match="it is 3"):
            write(3)
    scores = found.scores("label_errors")
    assert scores.shape == (300,) and scores.argmax() == found.table()["row"].iloc[0]


def test_wrong_labels_have_the_lowest_data_values():
    features, labels = blobs(300)
    given = noisy(labels, 0.1, classes=3)
    given[5] = -1
    found = audits.audit(rows_of(features, given, classes=3), detectors=["label_errors"])
    table = found.values_table()
    assert table["value"].is_monotonic_increasing and 5 not in set(table["row"])
    wrong = given[table["row"]] != labels[table["row"]]
    assert len(table) == 299 and wrong[:20].mean() > 0.9
    assert found.to_dict()["peak_memory"] > 2**20


def test_names_that_are_not_there_are_suggested():
    features, labels = blobs(60)
    with pytest.raises(Invalid, match='Did you mean "label_errors"'):
        audits.audit(rows_of(features, labels), detectors=["label_eror"])
    found = audits.audit(rows_of(features, labels), detectors=["label_errors"])
    with pytest.raises(NotFound, match="label_errors"):
        found.finding("labels")


def test_the_transition_matrix_tells_who_is_taken_for_whom():
    features, labels = blobs(900)
    given = labels.copy()
    given[np.flatnonzero(labels == 0)[:60]] = 1  # zeros called ones, never the other way round
    found = audits.audit(rows_of(features, given), detectors=["label_errors"])
    matrix = found.finding("label_errors").tables["transition"].to_numpy()
    assert matrix.sum(axis=1) == pytest.approx(np.ones(3))
    assert matrix[0, 1] == pytest.approx(0.2, abs=0.05) and matrix[1, 0] < 0.02


def test_label_errors_say_why_there_is_nothing_to_look_at():
    features, labels = blobs(60)
    given = np.zeros(60, dtype=np.intp)
    given[:2] = 1
    told = label_errors.find(Collected(rows_of(features, given)))
    assert told == "only one class has at least 3 rows"
