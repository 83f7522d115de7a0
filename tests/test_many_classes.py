"""Metrics of thousands of classes: by the margins of confusion matrices, with the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from dataperf import registry, statistics
from dataperf.own_data.challenge import usual_model
from dataperf.statistics import changes, margins
from dataperf.statistics.outcomes import Outcome, score_of

NAMES = ("accuracy", "macro_f1", "balanced_accuracy")


def outcome(rows, classes, seeds, clusters):
    random = np.random.default_rng(rows)
    truth = random.integers(0, classes, rows)
    wrong = random.integers(0, classes, (seeds, rows))
    predicted = np.where(random.random((seeds, rows)) < 0.7, truth, wrong)
    groups = random.integers(0, 9, rows) if clusters else None
    return Outcome(truth, predicted, classes, groups)


@pytest.mark.parametrize(("rows", "seeds", "clusters"), [(300, 3, False), (300, 1, True)])
@pytest.mark.parametrize("name", NAMES)
def test_intervals_by_margins_have_the_same_bits(monkeypatch, name, rows, seeds, clusters):
    metric, found = registry.load("metrics", name), outcome(rows, 40, seeds, clusters)
    assert margins.suffice(metric)
    usual = statistics.interval(metric, found)
    monkeypatch.setattr(changes, "MANY_CLASSES", 1)
    monkeypatch.setattr(changes, "_MOST_NUMBERS", 100)
    assert statistics.interval(metric, found) == usual


@pytest.mark.parametrize("name", sorted(registry.find("metrics")))
def test_every_metric_gives_the_same_score_of_many_classes(monkeypatch, name):
    metric, found = registry.load("metrics", name), outcome(60, 2, 2, False)
    usual = statistics.per_seed(metric, found)
    monkeypatch.setattr(margins, "MANY_CLASSES", 1)
    assert np.array_equal(statistics.per_seed(metric, found), usual, equal_nan=True)
    one = score_of(metric, found.truth, found.predicted[0], classes=2)
    assert np.array_equal(one, usual[0], equal_nan=True)


def test_margins_refuse_what_they_do_not_know():
    one = margins.Margins(np.ones(2), np.ones(2), np.ones(2))
    with pytest.raises(TypeError):
        np.diagonal(one)
    with pytest.raises(TypeError):
        one.sum(axis=0)


def test_neighbours_are_the_default_model_of_many_classes():
    assert usual_model(["a"] * 1000) == "logistic_v1"
    assert usual_model(["a"] * 1001) == "knn_v1"
