"""Every selection strategy: valid, balanced, deterministic, and as good as it claims."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dataperf import registry, selection_helpers
from dataperf.records import Pool, TaskData, Truth
from dataperf.strategies import cleanlab_k_medoids, cross_fold, k_center
from dataperf.tracks import selection

NAMES = sorted(
    name
    for name, entry in registry.find("strategies").items()
    if entry.ours and "selection" in registry.load("strategies", name).tracks
)
CLASSES = ("nontarget", "five", "nine", "one")
EVEN = ("class_balanced", "k_center", "cleanlab_k_medoids")
TINY = ([1, 1, 1, 1], [2, 1, 1, 2], [0, 3, 0, 0], [1, 0, 0, 0], [9, 1, 2, 6], [0, 5, 5, 0])


@pytest.fixture(autouse=True)
def fewer_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train nine candidates instead of a hundred; nothing else changes."""
    monkeypatch.setattr(cross_fold, "OUTER", 3)
    monkeypatch.setattr(cross_fold, "INNER", 3)


def task(sizes: list[int], *, noise: float = 0.0, seed: int = 0, wide: int = 12) -> TaskData:
    """Return a pool with one cloud per class, a share of wrong labels, rows shuffled."""
    random = np.random.RandomState(seed)
    truth = random.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.intp)
    features = 1.5 * random.normal(size=(len(sizes), wide))[truth]
    features += random.normal(size=(len(truth), wide))
    wrong = random.uniform(size=len(truth)) < noise
    given = np.where(wrong, (truth + random.randint(1, len(sizes), len(truth))) % len(sizes), truth)
    ids = np.array([f"row_{row:04}" for row in range(len(truth))])
    pool = Pool(ids, features, given.astype(np.intp), CLASSES[: len(sizes)], {})
    return TaskData(pool, Truth(truth, np.where(wrong, "label", "")), {}, "")


def load(name: str) -> ModuleType:
    return registry.load("strategies", name)


def choose(name: str, data: TaskData, budget: int, seed: int = 0) -> dict[str, Any]:
    made: dict[str, Any] = load(name).answer(data.pool, selection.Rules(budget=budget), seed=seed)
    return made


def rows_of(made: dict[str, Any], pool: Pool) -> np.ndarray:
    row = {str(name): number for number, name in enumerate(pool.ids)}
    return np.array(sorted(row[name] for names in made["samples"].values() for name in names))


def assert_valid(made: dict[str, Any], data: TaskData, budget: int) -> None:
    """Assert that the only problem is a class that the budget cannot include."""
    rules = selection.Rules(budget=budget, missing_class="warning")
    problems = selection.check(
        selection.Answer.model_validate(made), rules, {"task": data}, official=False
    )
    assert {problem.rule for problem in problems} <= {"missing-class"}
    pool, rows = data.pool, rows_of(made, data.pool)
    present = len(np.unique(pool.labels))
    assert len(np.unique(pool.labels[rows])) == min(present, budget)


def test_the_folder_has_the_five_baselines() -> None:
    five = {"class_balanced", "cleanlab_k_medoids", "cross_fold", "k_center", "random"}
    assert five <= set(NAMES)


@pytest.mark.parametrize("budget", [1, 3, 4, 5, 17, 60])
@pytest.mark.parametrize("name", NAMES)
def test_answers_are_valid_and_use_the_budget(name: str, budget: int) -> None:
    data = task([70, 25, 20, 30], noise=0.2)
    made = choose(name, data, budget)
    assert_valid(made, data, budget)
    assert len(rows_of(made, data.pool)) == budget


@pytest.mark.parametrize("name", NAMES)
def test_a_rare_class_is_covered(name: str) -> None:
    data = task([120, 1, 2, 60])
    for seed in range(3):
        assert_valid(choose(name, data, 6, seed), data, 6)


@pytest.mark.parametrize("budget", [1, 2, 4, 8, 100])
@pytest.mark.parametrize("sizes", TINY, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_tiny_pools(name: str, sizes: list[int], budget: int) -> None:
    data = task(sizes)
    made = choose(name, data, budget)
    assert_valid(made, data, budget)
    taken = len(rows_of(made, data.pool))
    dropped = len(made.get("flags", ()))
    assert min(budget, len(data.pool) - dropped) <= taken <= min(budget, len(data.pool))


@pytest.mark.parametrize("name", NAMES)
def test_identical_rows(name: str) -> None:
    data = task([20, 20, 20, 20])
    pool = Pool(data.pool.ids, np.ones((80, 3)), data.pool.labels, CLASSES, {})
    same = TaskData(pool, None, {}, "")
    assert_valid(choose(name, same, 12), same, 12)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_answer_on_any_threads(name: str) -> None:
    data = task([70, 25, 20, 30], noise=0.2, wide=80)
    state = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
    with threadpool_limits(limits=1):
        first = choose(name, data, 20, seed=7)
    with threadpool_limits(limits=2):
        assert choose(name, data, 20, seed=7) == first
    assert np.array_equal(np.random.get_state()[1], state)  # type: ignore[index]


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_another_answer(name: str) -> None:
    data = task([70, 25, 20, 30], noise=0.2)
    chosen = {tuple(rows_of(choose(name, data, 12, seed), data.pool)) for seed in range(4)}
    assert len(chosen) > 1


@pytest.mark.parametrize("name", EVEN)
def test_classes_are_even(name: str) -> None:
    data = task([90, 30, 30, 50], noise=0.1)
    for budget in (8, 10, 40):
        counts = [len(names) for names in choose(name, data, budget)["samples"].values()]
        assert sum(counts) == budget
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("name", EVEN)
def test_the_share_of_a_small_class_goes_to_the_others(name: str) -> None:
    samples = choose(name, task([40, 3, 40, 40]), 27)["samples"]
    assert sorted(len(names) for names in samples.values()) == [3, 8, 8, 8]


def test_cross_fold_gives_targets_their_share() -> None:
    data = task([90, 30, 30, 50])
    counts = {
        label: len(names) for label, names in choose("cross_fold", data, 25)["samples"].items()
    }
    assert counts == {"nontarget": 10, "five": 5, "nine": 5, "one": 5}


def test_cross_fold_is_balanced_without_a_nontarget_class() -> None:
    data = task([90, 30, 30, 50])
    named = Pool(data.pool.ids, data.pool.features, data.pool.labels, ("a", "b", "c", "d"), {})
    made = cross_fold.answer(named, selection.Rules(budget=24), seed=0)
    assert [len(names) for names in made["samples"].values()] == [6, 6, 6, 6]


def test_cross_fold_keeps_the_best_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    data = task([90, 30, 30, 50])
    seen: list[tuple[float, list[int]]] = []

    def score(features: Any, pool: Pool, rows: Any, held: Any) -> float:
        assert not set(rows) & set(held)
        seen.append((float(np.sum(rows)), sorted(rows.tolist())))
        return seen[-1][0]

    monkeypatch.setattr(cross_fold, "held_out_score", score)
    chosen = rows_of(choose("cross_fold", data, 20), data.pool)
    assert len(seen) == cross_fold.OUTER * cross_fold.INNER
    assert chosen.tolist() == max(seen)[1]


def test_macro_f1_is_scikit_learns() -> None:
    from sklearn.metrics import f1_score

    random = np.random.RandomState(0)
    for _ in range(20):
        truth, predicted = random.randint(0, 5, (2, 12))
        ours = cross_fold.macro_f1(truth, predicted, 7)
        assert ours == pytest.approx(f1_score(truth, predicted, average="macro"))


def radius(data: TaskData, made: dict[str, Any]) -> float:
    """Return the largest distance from a row to the nearest chosen row of its class."""
    features = selection_helpers.standardised(data.pool.features)
    chosen = rows_of(made, data.pool)
    worst = 0.0
    for number in range(len(CLASSES)):
        own = chosen[data.pool.labels[chosen] == number]
        apart = selection_helpers.distances(features[data.pool.labels == number], features[own])
        worst = max(worst, float(apart.min(axis=1).max()))
    return worst


def test_k_center_covers_better_than_random() -> None:
    data = task([90, 60, 60, 50], wide=3)
    ours = [radius(data, choose("k_center", data, 32, seed)) for seed in range(5)]
    drawn = [radius(data, choose("class_balanced", data, 32, seed)) for seed in range(5)]
    assert max(ours) < min(drawn)


def test_farthest_takes_distinct_rows_with_equal_features() -> None:
    chosen = k_center.farthest(np.zeros((6, 2)), 6, np.random.RandomState(0))
    assert sorted(chosen.tolist()) == [0, 1, 2, 3, 4, 5]


def test_each_clear_group_gets_one_medoid() -> None:
    random = np.random.RandomState(0)
    places = np.array([0.0, 40.0])[np.repeat([0, 1], 30), None] + random.normal(size=(60, 2))
    for seed in range(5):
        found = cleanlab_k_medoids.medoids(places, 2, np.random.RandomState(seed))
        assert sorted(found // 30) == [0, 1]
        for half, medoid in enumerate(sorted(found)):
            group = places[30 * half : 30 * half + 30]
            cost = selection_helpers.distances(group, group).sum(axis=1)
            assert medoid % 30 == cost.argmin()


def test_cleanlab_avoids_wrong_labels() -> None:
    data = task([150, 80, 80, 90], noise=0.25)
    assert data.truth is not None
    wrong = data.truth.defects != ""
    made = choose("cleanlab_k_medoids", data, 60)
    selected_defects = wrong[rows_of(made, data.pool)].mean()
    drawn = [wrong[rows_of(choose("random", data, 60, s), data.pool)].mean() for s in range(5)]
    assert selected_defects < min(drawn) / 2

    names = data.pool.ids.tolist()
    assert sorted(made["ranking"]) == sorted(names)
    first = [wrong[names.index(name)] for name in made["ranking"][: wrong.sum()]]
    assert np.mean(first) > 0.8
    flagged = [wrong[names.index(name)] for name in made["flags"]]
    assert len(flagged) > wrong.sum() / 2
    assert np.mean(flagged) > 0.8
    chosen = {name for listed in made["samples"].values() for name in listed}
    assert not chosen & set(made["flags"])


def test_counts_per_class_are_even_and_bounded() -> None:
    random = np.random.RandomState(0)
    for _ in range(300):
        sizes, budget = (
            random.randint(0, 9, random.randint(1, 7)).tolist(),
            int(random.randint(0, 40)),
        )
        given = selection_helpers.per_class_counts(sizes, budget)
        assert sum(given) == min(budget, sum(sizes))
        assert all(one <= size for one, size in zip(given, sizes, strict=True))
        short = [one for one, size in zip(given, sizes, strict=True) if one < size]
        assert not short or max(given) <= min(short) + 1
