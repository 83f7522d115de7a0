"""Metrics against scikit-learn, and their values where scikit-learn defines none."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from dataperf import statistics

NAMES = (
    "accuracy",
    "balanced_accuracy",
    "cohen_kappa",
    "f1",
    "false_accept_rate",
    "fooling_rate",
    "macro_f1",
    "precision",
    "recall",
    "rejection_rate",
    "weighted_f1",
    "worst_class_recall",
)
OURS: dict[str, Any] = {name: import_module(f"dataperf.metrics.{name}") for name in NAMES}
THEIRS: dict[str, Any] = {
    "accuracy": theirs.accuracy_score,
    "balanced_accuracy": theirs.balanced_accuracy_score,
    "cohen_kappa": theirs.cohen_kappa_score,
    "macro_f1": lambda t, p: theirs.f1_score(t, p, average="macro", zero_division=0),
    "weighted_f1": lambda t, p: theirs.f1_score(t, p, average="weighted", zero_division=0),
}
CLASSES = 12


def score(name: str, truth: np.ndarray, predicted: np.ndarray, *, classes: int) -> float:
    return statistics.score_of(OURS[name], truth, predicted, classes=classes)


#: Property tests that never fail because the machine is busy.
some = settings(deadline=None, max_examples=50)


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    rows, seed = draw(st.integers(1, 80)), draw(st.integers(0, 2**32 - 1))
    classes, right = draw(st.integers(1, CLASSES)), draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))
    random = np.random.RandomState(seed)
    truth, guess = random.randint(0, classes, (2, rows))
    return truth, np.where(random.rand(rows) < right, truth, guess)


@pytest.mark.parametrize("name", sorted(THEIRS))
@some
@given(outcome=outcomes())
def test_equals_scikit_learn(name: str, outcome: tuple[np.ndarray, np.ndarray]) -> None:
    truth, predicted = outcome
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = THEIRS[name](truth, predicted)
    found = score(name, truth, predicted, classes=CLASSES)
    if name == "cohen_kappa":  # another order of operations
        if len(set(truth) | set(predicted)) == 1:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(expected, abs=1e-12)
    else:
        assert abs(found - expected) <= np.spacing(expected)  # one unit in the last place


@pytest.mark.parametrize("name", ["f1", "precision", "recall"])
@some
@given(outcome=outcomes())
def test_class_1_metrics_equal_scikit_learn(
    name: str, outcome: tuple[np.ndarray, np.ndarray]
) -> None:
    truth, predicted = outcome
    expected = getattr(theirs, f"{name}_score")(truth == 1, predicted == 1, zero_division=np.nan)
    found = score(name, truth, predicted, classes=CLASSES)
    assert found == pytest.approx(expected, nan_ok=True)


@some
@given(outcome=outcomes())
def test_macro_f1_equals_scikit_learn_to_the_last_bit(
    outcome: tuple[np.ndarray, np.ndarray],
) -> None:
    truth, predicted = outcome
    expected = THEIRS["macro_f1"](truth, predicted)
    assert score("macro_f1", truth, predicted, classes=CLASSES) == expected


@pytest.mark.parametrize("name", NAMES)
def test_stack_of_matrices_equals_one_by_one(name: str) -> None:
    random = np.random.RandomState(3)
    counts = random.poisson(0.7, (5, 4, 9, 9))
    counts[0, 0] = 0
    counts[:, 1, 2, :] = 0
    found = OURS[name].from_counts(counts)
    one_by_one = [[OURS[name].from_counts(matrix) for matrix in row] for row in counts]
    assert found.shape == (5, 4)
    np.testing.assert_allclose(found, one_by_one, rtol=1e-13)
    np.testing.assert_allclose(OURS[name].from_counts(counts.astype(float)), found)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_is_undefined(name: str) -> None:
    nothing = np.array([], dtype=int)
    assert np.isnan(score(name, nothing, nothing, classes=3))


@pytest.mark.parametrize("name", NAMES)
def test_perfect_beats_wrong(name: str) -> None:
    one_class = {"fooling_rate": 1, "rejection_rate": 0, "false_accept_rate": 0}
    truth = np.full(4, one_class[name]) if name in one_class else np.array([0, 1, 2, 1])
    right = score(name, truth, truth, classes=3)
    wrong = score(name, truth, (truth + 1) % 3, classes=3)
    assert (right > wrong) == OURS[name].higher_is_better


def test_class_never_predicted_counts_as_zero_and_absent_class_not_at_all() -> None:
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
    expected = (2 * 2 / 6 + 0) / 2
    assert score("macro_f1", truth, predicted, classes=2) == pytest.approx(expected)
    assert score("macro_f1", truth, predicted, classes=9) == pytest.approx(expected)
    assert score("worst_class_recall", truth, predicted, classes=9) == 0


@some
@given(outcome=outcomes())
def test_rates_add_up(outcome: tuple[np.ndarray, np.ndarray]) -> None:
    rejected = score("rejection_rate", *outcome, classes=CLASSES)
    accepted = score("false_accept_rate", *outcome, classes=CLASSES)
    assert rejected == np.mean(outcome[1] == 0)
    assert rejected + accepted == pytest.approx(1)


@some
@given(outcome=outcomes())
def test_worst_class_recall_is_the_smallest(outcome: tuple[np.ndarray, np.ndarray]) -> None:
    truth, predicted = outcome
    recalls = [np.mean(predicted[truth == kind] == kind) for kind in np.unique(truth)]
    found = score("worst_class_recall", truth, predicted, classes=CLASSES)
    assert found == pytest.approx(min(recalls))
