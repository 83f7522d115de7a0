"""The baselines of every challenge: valid, deterministic, and ranked as claimed."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from dataperf import registry
from dataperf.boards import baselines, reference_points
from dataperf.definitions import loading, submission
from dataperf.strategies import caption_agreement, knn_shapley, pair_similarity

FIRST = {
    name: next(iter(loading.load(name).boards))
    for name in registry.find("challenges")
    if name != "speech-selection"  # tests of its own
}
CASES = [
    (name, strategy)
    for name in FIRST
    for strategy, entry in registry.find("strategies").items()
    if entry.ours
    and loading.load(name).track in registry.load("strategies", strategy).tracks
    and strategy != "self_influence"
]


@pytest.mark.parametrize(("name", "strategy"), CASES)
def test_answers_are_valid_and_the_same_for_a_seed(name, strategy):
    challenge = loading.load(name)
    data = submission.board_data(challenge, FIRST[name])
    module = registry.load("strategies", strategy)
    one, again, other = (
        baselines.raw_answer(challenge, FIRST[name], module, data, seed=seed) for seed in (3, 3, 4)
    )
    assert one == again
    for each in (one, other):
        made = submission.Submission(
            schema_version=2, challenge=name, board=FIRST[name], answer=each
        )
        submission.check(made, challenge, data)
    if strategy.startswith("random"):
        assert one != other


@pytest.mark.parametrize(
    ("name", "better", "worse"),
    [
        ("vision-selection", "farthest_point", "random_labels"),
        ("vision-debugging", "highest_loss", "random_order"),
        ("vision-debugging", "oracle", "highest_loss"),
        ("data-acquisition", "correlation_guided", "uniform_purchase"),
        ("data-acquisition", "correlation_guided", "cheapest_rows"),
        ("corpus-filtering", "caption_agreement", "whole_pool"),
        ("corpus-filtering", "clean pool", "caption_agreement"),
    ],
)
def test_reference_points_rank_as_claimed(name, better, worse):
    points = reference_points.load(loading.load(name), FIRST[name]).points
    split = next(iter(points[better].scores))
    assert points[better].scores[split][0] > points[worse].scores[split][0]


# Shapley values ---------------------------------------------------------------------------


def over_all_coalitions(distances, labels, truth, k):
    """Return Shapley values by definition: over all subsets of the other rows."""
    rows = len(labels)

    def value(some):
        total = 0.0
        for test, right in enumerate(truth):
            nearest = sorted(some, key=lambda row: (distances[test, row], row))[:k]
            total += sum(labels[row] == right for row in nearest) / k
        return total / len(truth)

    values = np.zeros(rows)
    for row in range(rows):
        others = [each for each in range(rows) if each != row]
        for size in range(rows):
            share = factorial(size) * factorial(rows - size - 1) / factorial(rows)
            for some in combinations(others, size):
                values[row] += share * (value((*some, row)) - value(some))
    return values


@pytest.mark.parametrize("k", [1, 2, 3, 10])
@pytest.mark.parametrize("rows", [1, 2, 5, 7])
def test_knn_shapley_is_exact(rows, k):
    random = np.random.RandomState(rows * 10 + k)
    distances = random.random_sample((3, rows))
    labels, truth = random.randint(0, 2, rows), random.randint(0, 2, 3)
    ours = knn_shapley.shapley(distances, labels, truth, k)
    assert ours == pytest.approx(over_all_coalitions(distances, labels, truth, k), abs=1e-12)


# Corpus -----------------------------------------------------------------------------------


def test_near_copies_except_the_first_are_removed():
    images = np.array([[1, 0], [0, 1], [1, 0.01], [0.01, 1], [1, 0]], dtype=float)
    kept = caption_agreement.without_copies(images, np.array([0, 0, 0, 1, -1]))
    assert kept.tolist() == [0, 1, 3]  # the last has no class, the fourth has another class


def test_pair_similarity_is_higher_for_good_pairs():
    challenge = loading.load("corpus-filtering")
    part = submission.board_data(challenge, "small")["digits"]
    similar, defects = pair_similarity.similarity(part.pool), part.truth.defects
    assert similar[defects == ""].mean() > similar[defects == "wrong caption"].mean() + 0.1
