"""Noisy digits, orders inspected in batches up to a budget, and what the baselines reach."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from dataperf import records, registry
from dataperf.boards import baselines, reference_points
from dataperf.datasets import mnist_5k, noisy_digits
from dataperf.definitions import loading, submission
from dataperf.errors import Invalid
from dataperf.evaluation import evaluate
from dataperf.records import Pool, Submission, TaskData, Truth
from dataperf.strategies import knn_disagreement, lowest_margin

cleaning = registry.load("tracks", "cleaning")
BATCH, MOST = 50, 1000


@pytest.fixture(scope="module")
def asked():
    return loading.load("digit-cleaning")


@pytest.fixture(scope="module")
def data(asked):
    return submission.board_data(asked, "knn")


def sent(order, board="knn"):
    answer = {"orders": {board: order}}
    content = {"schema_version": 2, "challenge": "digit-cleaning", "board": board}
    return Submission.model_validate({**content, "answer": answer})


def score(asked, data, order):
    return evaluate.evaluate(asked, sent(order), data=data).tasks["knn"]


# The data ---------------------------------------------------------------------------------


def test_labels_are_confused_as_the_matrix_says():
    rows = noisy_digits.table(None)
    train = rows.columns["part"] == "train"
    given, truth = rows.columns["label"], rows.columns["truth"]
    assert train.sum() == 3000 and len(rows) == 5000
    assert (given == truth)[~train].all()
    assert 0.12 <= (given != truth)[train].mean() <= 0.15
    for word, others in noisy_digits.CONFUSED.items():
        own = train & (truth == word)
        for other in set(mnist_5k.WORDS) - {word}:
            assert (given[own] == other).sum() == round(others.get(other, 0) * own.sum())


def test_images_that_look_like_the_other_digit_are_mislabelled_more_often():
    rows = noisy_digits.table(None)
    train = rows.columns["part"] == "train"
    images, given = rows.features[train], rows.columns["label"][train]
    truth = rows.columns["truth"][train]
    for word, other in (("four", "nine"), ("five", "three"), ("seven", "one")):
        theirs, own = (images[truth == each].mean(axis=0) for each in (other, word))
        farther = ((images - theirs) ** 2).sum(axis=1) - ((images - own) ** 2).sum(axis=1)
        wrong, right = (truth == word) & (given == other), (truth == word) & (given == word)
        assert farther[wrong].mean() < farther[right].mean() - farther[truth == word].std()


def test_ids_tell_nothing_of_the_digit_or_its_place():
    rows = noisy_digits.table(None)
    assert len(set(rows.ids.tolist())) == 5000
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in rows.ids[:50].tolist())


# Batches and budget -----------------------------------------------------------------------


def tiny(wrong=(0, 3, 7)):
    """Return ten rows of which some labels are wrong, and one test row."""
    truth = np.array([0, 1] * 5)
    given = truth.copy()
    given[list(wrong)] = 1 - given[list(wrong)]
    ids = np.array([f"r{number}" for number in range(10)])
    pool = Pool(ids, np.arange(10.0)[:, None], given, ("a", "b"), {})
    test = records.TestSplit(np.array(["t"]), np.ones((1, 1)), np.array([0]), None)
    defects = np.where(given != truth, "label", "")
    return {"one": TaskData(pool, Truth(truth, defects), {"test": test}, "0" * 64)}


def plan_of(order, **rules):
    found = cleaning.plans(
        cleaning.Answer(orders={"one": order}), cleaning.Rules(**rules), tiny(), official=False
    )
    return found["one"]


def problems(order, **rules):
    answer = cleaning.Answer(orders={"one": order})
    found = cleaning.check(answer, cleaning.Rules(**rules), tiny(), official=False)
    return {problem.rule for problem in found}


def test_a_plan_trains_after_every_batch_and_equal_sets_once():
    plan = plan_of([1, 2, 0, 4, 3, 5, 6, 8, 9, 7], batch=2, budget=7)
    assert plan.places.tolist() == [0, 2, 4, 6, 7]
    assert plan.steps.tolist() == [0, 0, 1, 2, 2]
    wrong = [(each.labels != np.array([0, 1] * 5)).sum() for each in plan.sets]
    assert wrong == [3, 2, 1, 0]  # the last is clean, beyond the budget
    assert [each.weight for each in plan.sets] == pytest.approx([3 / 7, 2 / 7, 2 / 7, 0])


@pytest.mark.parametrize(("batch", "budget"), [(1, None), (1, 4), (3, None), (4, 10), (20, 5)])
def test_the_weights_are_those_of_the_trapezoidal_rule(batch, budget):
    plan = plan_of(list(range(10)), batch=batch, budget=budget)
    curve = np.random.RandomState(0).random_sample(len(plan.sets))
    area = np.trapezoid(curve[plan.steps], plan.places) / plan.places[-1]
    assert sum(each.weight * value for each, value in zip(plan.sets, curve)) == pytest.approx(area)
    assert plan.places[-1] == min(budget or 10, 10)


def test_how_much_of_an_order_must_be_there():
    whole = list(range(10))
    assert (
        problems(whole, budget=4)
        == problems(whole[:4], budget=4)
        == problems(whole[:7]) - {"not-all-rows"}
        == set()
    )
    assert problems(whole[:3], budget=4) == problems(whole[:7]) == {"not-all-rows"}
    assert problems([*whole, "r3"], budget=4) == {"duplicate-id", "not-all-rows"}
    assert problems([3, "r3", 1, 2], budget=4) == {"duplicate-id"}  # a row under both its names
    assert "unknown-id" in problems([-1, 10, 1, 2], budget=4)


@pytest.mark.parametrize("rules", [{"batch": 0}, {"budget": 0}, {"official": True, "batch": 2}])
def test_rules_that_make_no_sense_are_refused(rules):
    with pytest.raises(ValueError):
        cleaning.Rules(**rules)


# Scores -----------------------------------------------------------------------------------


def test_an_order_is_scored_along_the_budget(asked, data):
    part, truth = data["knn"], data["knn"].truth
    order = np.argsort(truth.labels == part.pool.labels, kind="stable").tolist()
    best = score(asked, data, order[:MOST])
    curve, places = best.curves["accuracy"], best.curves["inspected"]
    assert places == [float(place) for place in range(0, MOST + 1, BATCH)]
    assert best.score.value == pytest.approx(np.trapezoid(curve, places) / MOST)
    assert best.score.low < best.score.value < best.score.high
    assert curve[-1] == best.summary["clean"] > curve[0] == best.summary["before"]
    assert len(best.training_runs) == -(-int((truth.defects != "").sum()) // BATCH) + 1
    first = next(n for n, value in zip(places, curve) if value >= 0.95 * best.summary["clean"])
    assert best.summary["inspections to 95 %"] == first > 0
    assert best.summary["fixes to 95 %"] == pytest.approx(first / 3000)
    assert "official fraction" not in best.summary


def test_an_order_that_mends_nothing_never_gets_there(asked, data):
    part, truth = data["knn"], data["knn"].truth
    right = np.flatnonzero(truth.labels == part.pool.labels)[:MOST].tolist()
    worst = score(asked, data, right)
    assert worst.summary["inspections to 95 %"] is None
    assert worst.summary["fixes to 95 %"] == 1.0
    assert worst.score.value == pytest.approx(worst.summary["before"])
    assert len(worst.training_runs) == 2  # as it is, and clean


def test_average_precision_counts_the_rows_that_are_named(asked, data):
    part, truth = data["knn"], data["knn"].truth
    random = np.random.RandomState(1)
    order = random.permutation(3000)
    bad = truth.labels != part.pool.labels
    for listed, tolerance in ((order, 1e-9), (order[:MOST], 2e-3)):
        found = score(asked, data, listed.tolist()).detection.ranking["average_precision"]
        tails = [random.permutation(order[len(listed) :]) for _ in range(50)]
        whole = [np.concatenate([listed, tail]) for tail in tails]
        each = [average_precision_score(bad[one], -np.arange(3000)) for one in whole]
        assert found == pytest.approx(np.mean(each), abs=tolerance)


def test_too_short_an_order_is_refused(asked, data):
    with pytest.raises(Invalid, match="at least the 1,000"):
        score(asked, data, list(range(MOST - 1)))


# Baselines --------------------------------------------------------------------------------


@pytest.mark.parametrize("board", ["linear", "knn"])
@pytest.mark.parametrize(
    "better",
    ["confident_learning", "highest_loss", "knn_shapley", "knn_disagreement", "lowest_margin"],
)
def test_every_detector_beats_random_and_none_the_oracle(asked, board, better):
    points = {
        name: each.scores["test"]
        for name, each in reference_points.load(asked, board).points.items()
    }
    assert points["random_order"][2] < points[better][1]
    assert points[better][0] < points["oracle"][0]


@pytest.mark.parametrize(
    "path", ["linear-lowest_margin", "linear-highest_loss", "knn-highest_loss"]
)
def test_reference_submissions_are_what_the_strategies_answer(asked, path):
    file = loading.folder_of(asked) / "submissions" / f"{path}.json"
    kept = json.loads(file.read_text(encoding="utf-8"))["answer"]["orders"]
    board, _, strategy = path.partition("-")
    made = baselines.answer(asked, board, strategy, seed=0).answer["orders"]
    assert {name: order[:MOST] for name, order in made.items()} == kept


def blobs(classes=3, each=30, flip=4):
    """Return well apart clusters of which the first rows of each carry the next one's label."""
    random = np.random.RandomState(0)
    truth = np.repeat(np.arange(classes), each)
    features = random.normal(size=(len(truth), 4)) + 6 * np.eye(4)[truth]
    wrong = np.arange(len(truth)) % each < flip
    labels = np.where(wrong, (truth + 1) % classes, truth)
    ids = np.array([f"r{number}" for number in range(len(truth))])
    return Pool(ids, features, labels, tuple("abcd"[: classes + 1]), {}), wrong


@pytest.mark.parametrize(
    "strategy",
    ["confident_learning", "highest_loss", "knn_disagreement", "lowest_margin", "self_influence"],
)
@pytest.mark.parametrize("classes", [2, 3])
def test_detectors_find_wrong_labels_of_any_number_of_classes(strategy, classes):
    pool, wrong = blobs(classes)
    order = registry.load("strategies", strategy).answer(pool, None, seed=0)["order"]
    assert sorted(order) == list(range(len(pool)))
    assert wrong[order[: wrong.sum()]].mean() > 0.8


def test_entropy_looks_between_the_classes_whatever_the_label():
    pool, _ = blobs(flip=0)
    pool.features[5] = 3 * np.eye(4)[0] + 3 * np.eye(4)[1]
    order = registry.load("strategies", "highest_entropy").answer(pool, None, seed=0)["order"]
    assert order[0] == 5


def test_rows_of_tiny_classes_come_last():
    pool, _ = blobs()
    pool.labels[:2] = 3  # too few to be held out in five folds
    order = lowest_margin.answer(pool, None, seed=0)["order"]
    assert order[-2:] == [0, 1]
    assert set(knn_disagreement.answer(pool, None, seed=0)["order"][:14]) >= {0, 1}


def test_a_class_without_a_chance_does_not_hide_the_doubt_between_two_others(monkeypatch):
    strategy, (pool, _) = registry.load("strategies", "highest_entropy"), blobs(flip=0)
    chances = np.tile(np.array([0.9, 0.05, 0.05], dtype=np.float32), (len(pool), 1))
    chances[:2] = [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]
    found = (np.arange(len(pool)), None, chances)
    monkeypatch.setattr(strategy, "out_of_fold", lambda pool, seed: found)
    order = strategy.answer(pool, None, seed=0)["order"]
    assert order == [1, *range(2, len(pool)), 0]
