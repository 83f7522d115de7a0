"""The scorecard of one training run: every number recomputed another way."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as theirs

from dataperf import records, statistics
from dataperf.evaluation import scorecard

CLASSES = ["nontarget", "one", "three"]
NAMES = ("macro_f1", "accuracy", "rejection_rate", "false_accept_rate")
METRICS: dict[str, Any] = {name: import_module(f"dataperf.metrics.{name}") for name in NAMES}


def make_task(**changes: Any) -> records.Task:
    splits = {
        "test": {"title": "The same speakers", "group_column": "speaker"},
        "ood-speakers": {"title": "Unseen speakers", "ood": True, "group_column": "speaker"},
        "ood-words": {
            "title": "Unknown words",
            "ood": True,
            "metric": "rejection_rate",
            "metrics": ["false_accept_rate"],
        },
    }
    task = {
        "dataset": "made-up",
        "model": "made-up",
        "seeds": [1, 2, 3],
        "label_column": "given",
        "true_label_column": "truth",
        "classes": CLASSES,
        "visible_columns": ["speaker", "length", "take"],
        "splits": splits,
        "split": "test",
        "metric": "macro_f1",
        "metrics": ["accuracy", "macro_f1"],
    }
    return records.Task.model_validate(task | changes)


def make_test(rows: int, groups: int, seed: int, *, only_rest: bool = False) -> records.TestSplit:
    random = np.random.RandomState(seed)
    labels = np.zeros(rows, dtype=np.intp) if only_rest else random.randint(0, 3, rows)
    names = np.array([f"s{n}" for n in np.arange(rows) % groups]) if groups else None
    ids = np.array([f"{seed}/{row}" for row in range(rows)])
    return records.TestSplit(ids, np.zeros((rows, 2)), labels, names)


def make_data(rows: int = 200) -> records.TaskData:
    random = np.random.RandomState(0)
    truth = random.randint(0, 3, rows)
    defects = np.full(rows, "", dtype="<U12")
    defects[:30], defects[30:50] = "confused", "truncated"
    given = truth.copy()
    given[:30] = (truth[:30] + 1) % 3
    columns = {
        "speaker": np.array(["anna", "ben", "cleo", "dan"])[np.arange(rows) % 4],
        "length": random.rand(rows),
        "take": np.arange(rows),
    }
    ids = np.array([f"clip/{row}" for row in range(rows)])
    pool = records.Pool(ids, np.zeros((rows, 2)), given, tuple(CLASSES), columns)
    tests = {
        "test": make_test(90, 5, 1),
        "ood-speakers": make_test(60, 4, 2),
        "ood-words": make_test(40, 0, 3, only_rest=True),
    }
    return records.TaskData(pool, records.Truth(truth, defects), tests, "digest")


def make_predictions(data: records.TaskData) -> dict[str, np.ndarray]:
    random = np.random.RandomState(9)
    predictions = {}
    for name, test in data.tests.items():
        guess = random.randint(0, 3, (3, len(test.labels)))
        predictions[name] = np.where(random.rand(*guess.shape) < 0.7, test.labels, guess)
    return predictions


def score(task: records.Task, data: records.TaskData, predictions: dict[str, np.ndarray]) -> Any:
    return scorecard.split_scores(task, scorecard.outcomes(task, data.tests, predictions), METRICS)


def choose(data: records.TaskData, rows: Any) -> records.TrainingSet:
    chosen = np.asarray(rows, dtype=np.intp)
    return records.TrainingSet(chosen, data.pool.labels[chosen])


# Splits ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scored() -> tuple[records.TaskData, dict[str, np.ndarray], dict[str, records.SplitScores]]:
    data = make_data()
    predictions = make_predictions(data)
    return data, predictions, score(make_task(), data, predictions)


def test_headline_metric_comes_first_and_once(scored: Any) -> None:
    _, _, splits = scored
    assert list(splits) == ["test", "ood-speakers", "ood-words"]
    assert list(splits["test"].metrics) == ["macro_f1", "accuracy"]
    assert list(splits["ood-words"].metrics) == ["rejection_rate", "false_accept_rate"]
    assert splits["ood-words"].metric == "rejection_rate"


def test_values_per_seed_and_mean_equal_scikit_learn(scored: Any) -> None:
    data, predictions, splits = scored
    truth = data.tests["test"].labels
    expected = [theirs.f1_score(truth, row, average="macro") for row in predictions["test"]]
    assert splits["test"].per_seed["macro_f1"] == expected
    assert splits["test"].metrics["macro_f1"].value == np.mean(expected)
    assert splits["test"].metrics["macro_f1"].groups == 5
    assert splits["test"].rows == 90


def test_classes_and_confusion_are_means_over_seeds(scored: Any) -> None:
    data, predictions, splits = scored
    truth = data.tests["test"].labels
    parts = [
        theirs.precision_recall_fscore_support(truth, row, labels=range(3))
        for row in predictions["test"]
    ]
    for place, name in enumerate(CLASSES):
        found = splits["test"].per_class[name]
        for key, number in (("precision", 0), ("recall", 1), ("f1", 2), ("support", 3)):
            expected = np.mean([part[number][place] for part in parts])
            assert found[key] == pytest.approx(expected, abs=1e-6)
    matrices = [theirs.confusion_matrix(truth, row) for row in predictions["test"]]
    np.testing.assert_allclose(splits["test"].confusion, np.mean(matrices, axis=0), atol=1e-6)


def test_class_that_is_not_there_has_no_scores(scored: Any) -> None:
    found = scored[2]["ood-words"].per_class["one"]
    assert found["recall"] is None
    assert found["support"] == 0
    assert found["precision"] == 0


def test_worst_group(scored: Any) -> None:
    data, predictions, splits = scored
    test = data.tests["ood-speakers"]
    means = {}
    for group in np.unique(test.groups):
        rows = test.groups == group
        scores = [
            theirs.f1_score(test.labels[rows], row[rows], average="macro")
            for row in predictions["ood-speakers"]
        ]
        means[group] = np.mean(scores)
    worst = min(means, key=lambda group: means[group])
    assert splits["ood-speakers"].worst_group == {
        "group": worst,
        "value": means[worst],
        "rows": 15,
    }
    assert splits["ood-words"].worst_group is None  # rows that do not group


def test_worst_group_is_the_highest_where_lower_is_better() -> None:
    data = make_data()
    task = make_task(metric="false_accept_rate", metrics=[])
    splits = score(task, data, make_predictions(data))
    worst = splits["test"].worst_group
    mean = splits["test"].metrics["false_accept_rate"].value
    assert worst is not None
    assert worst["value"] >= mean


def test_gap_only_where_the_headline_metric_is_the_same(scored: Any) -> None:
    _, _, splits = scored
    assert splits["test"].gap is None
    assert splits["ood-words"].gap is None
    gap = splits["ood-speakers"].gap
    means = [splits[name].metrics["macro_f1"].value for name in ("ood-speakers", "test")]
    assert gap.value == means[0] - means[1]
    assert gap.low < gap.value < gap.high
    assert gap.groups == 4


def test_ranking_split_may_have_a_headline_of_its_own() -> None:
    """The ranking metric is still there, and only equal headlines have a gap."""
    data = make_data()
    splits = make_task().model_dump()["splits"]
    splits["test"]["metric"] = "accuracy"
    task = make_task(splits=splits, metrics=[])
    found = score(task, data, make_predictions(data))
    assert list(found["test"].metrics) == ["accuracy", "macro_f1"]
    assert found["ood-speakers"].metric == "macro_f1"
    assert found["ood-speakers"].gap is None


def test_split_without_rows_has_no_scores() -> None:
    data = make_data()
    empty = records.TestSplit(
        np.array([], dtype=str), np.zeros((0, 2)), np.array([], np.intp), None
    )
    data = records.replace(data, tests={**data.tests, "ood-words": empty})
    found = score(make_task(), data, make_predictions(data))["ood-words"]
    assert found.rows == 0
    assert found.metrics["rejection_rate"] == records.Estimate(value=None)
    assert found.per_seed["rejection_rate"] == [None] * 3
    assert records.SplitScores.model_validate_json(found.model_dump_json()) == found


def test_record_survives_json(scored: Any) -> None:
    for split in scored[2].values():
        assert records.SplitScores.model_validate_json(split.model_dump_json()) == split


# Detection ------------------------------------------------------------------------------


def test_detection_counts_what_was_let_in() -> None:
    data = make_data()
    found = scorecard.detection(data, choose(data, range(25, 65)), None, None)
    assert found is not None
    assert (found.selected, found.selected_defects) == (40, 25)
    assert (found.share, found.pool_share) == (25 / 40, 50 / 200)
    reference, p = statistics.random_selection(200, 50, picked=40, selected_defects=25)
    assert (found.random, found.p_value) == (reference, p)
    assert found.by_defect == {
        "confused": {"pool": 30, "selected": 5},
        "truncated": {"pool": 20, "selected": 20},
        scorecard.WRONG_CLASS: {"pool": 30, "selected": 5},
    }
    assert found.ranking is None


def test_wrong_class_without_a_named_defect_counts_too() -> None:
    data = make_data()
    assert data.truth is not None
    nameless = records.Truth(data.truth.labels, np.full(200, ""))
    data = records.replace(data, truth=nameless)
    found = scorecard.detection(data, choose(data, range(100)), None, None)
    assert found is not None
    assert (found.selected_defects, found.pool_share) == (30, 30 / 200)
    assert found.by_defect == {scorecard.WRONG_CLASS: {"pool": 30, "selected": 30}}


def test_cleaning_puts_right_and_may_spoil() -> None:
    data = make_data()
    assert data.truth is not None
    rows = np.arange(20, 60)
    mended = records.TrainingSet(rows, data.truth.labels[rows])
    found = scorecard.detection(data, mended, None, None)
    assert found is not None
    assert found.selected_defects == 20  # the truncated clips stay truncated
    assert found.by_defect["confused"]["selected"] == 0
    spoilt = records.TrainingSet(np.arange(100, 140), (data.truth.labels[100:140] + 1) % 3)
    found = scorecard.detection(data, spoilt, None, None)
    assert found is not None
    assert found.selected_defects == 40


def test_rows_count_once_and_none_is_nothing() -> None:
    data = make_data()
    twice = scorecard.detection(data, choose(data, [0, 0, 199, 199]), None, None)
    assert twice is not None
    assert (twice.selected, twice.selected_defects) == (2, 1)
    empty = scorecard.detection(data, choose(data, []), None, None)
    assert empty is not None
    assert (empty.selected, empty.selected_defects, empty.share, empty.p_value) == (0, 0, 0.0, 1.0)


def test_unknown_truth_says_nothing() -> None:
    data = records.replace(make_data(), truth=None)
    assert scorecard.detection(data, choose(data, [1]), ["clip/1"], None) is None


def test_ranking_and_flags() -> None:
    data = make_data()
    order = [f"clip/{row}" for row in range(60)]
    flags = [f"clip/{row}" for row in range(40, 60)]
    found = scorecard.detection(data, choose(data, [199]), order, flags)
    assert found is not None
    assert found.ranking is not None
    assert found.ranking["average_precision"] == 1
    assert found.ranking["auroc"] == 1
    assert found.ranking["precision@100"] == 0.5
    assert found.ranking["recall@25"] == 0.5
    assert "precision@400" not in found.ranking
    assert found.ranking["flags_precision"] == 0.5
    assert found.ranking["flags_recall"] == 10 / 50
    only_flags = scorecard.detection(data, choose(data, [199]), None, [])
    assert only_flags is not None
    assert only_flags.ranking == {"flags_precision": None, "flags_recall": 0, "flags_f1": 0}
    nothing_listed = scorecard.detection(data, choose(data, [199]), [], None)
    assert nothing_listed is not None
    assert nothing_listed.ranking is not None
    assert nothing_listed.ranking["auroc"] == 0.5
    assert nothing_listed.ranking["precision@10"] == pytest.approx(0.25)


# Balance --------------------------------------------------------------------------------


def test_balance_of_classes_and_columns() -> None:
    data = make_data()
    rows = np.arange(0, 200, 4)  # all of one speaker
    found = scorecard.balance(make_task(), data, choose(data, rows))
    counts = np.bincount(data.pool.labels[rows], minlength=3)
    assert list(found) == ["class", "speaker"]  # lengths are measures, takes are ids
    assert found["class"].counts == dict(zip(CLASSES, counts.tolist(), strict=True))
    assert found["class"].reference == "equal shares"
    assert found["class"].total_variation == pytest.approx(np.abs(counts / 50 - 1 / 3).sum() / 2)
    assert found["speaker"].counts == {"anna": 50, "ben": 0, "cleo": 0, "dan": 0}
    assert found["speaker"].normalized_entropy == 0
    assert found["speaker"].imbalance_ratio is None
    assert found["speaker"].total_variation == 0.75


def test_balance_against_the_shares_of_the_task() -> None:
    data = make_data()
    rows = np.concatenate([np.flatnonzero(data.pool.labels == c)[:n] for c, n in ((0, 20), (1, 5))])
    task = make_task(balance={"nontarget": 0.8, "one": 0.2})
    found = scorecard.balance(task, data, choose(data, rows))["class"]
    assert found.reference == "the task's shares"
    assert found.total_variation == pytest.approx(0)


def test_balance_of_nothing() -> None:
    data = make_data()
    assert scorecard.balance(make_task(), data, choose(data, [])) == {}
