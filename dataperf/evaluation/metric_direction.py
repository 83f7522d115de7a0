"""Check that a metric ranks in the direction that it declares.

An accuracy that is declared lower-is-better turns a leaderboard upside down, and no score looks
wrong. So perfect, random and wrong predictions are tried before a metric is accepted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from dataperf import plugin_calls, registry, statistics
from dataperf.definitions import loading as challenges
from dataperf.errors import Invalid, Problem
from dataperf.evaluation import metric_guard
from dataperf.records import Challenge, IntArray

#: Rows of each trial, and the share of the rows that one class has in turn.
ROWS, SHARE = 60, 0.6
#: Maximum number of classes that are the largest one in turn.
MOST_TURNS = 5


def problems(metric: Any, classes: int) -> list[str]:
    """Return what contradicts the direction of a metric; empty if nothing does.

    A metric is refused if no trial prefers perfect predictions to others and some prefer the
    others. One that does not look at the true classes, such as the share of one predicted class,
    prefers now these and now those, and is accepted.

    Parameters
    ----------
    metric
        A metric plug-in.
    classes
        Number of classes to try, at least 2.

    Raises
    ------
    DataperfError
        If a user's metric raises, or returns what is not a number.
    """
    if wrong := metric_guard.wrong_direction(metric):
        return [wrong]
    up = metric.higher_is_better
    pairs = list(_trials(metric_guard.metric(metric), classes))
    if not pairs:
        return []
    gains = [perfect - other if up else other - perfect for perfect, other in pairs]
    if all(math.isclose(*pair, abs_tol=1e-12) for pair in pairs):
        return [
            "perfect, random and wrong predictions all score the same, so the metric cannot rank"
        ]
    if max(gains) > 1e-12:
        return []
    perfect, other = pairs[int(np.argmin(gains))]
    comparison = "higher" if up else "lower"
    return [
        f"higher_is_better is {up}, but wrong predictions score {comparison} than correct ones: "
        f"{other:.3g} against {perfect:.3g}; expected higher_is_better = {not up}"
    ]


def check(challenge: Challenge) -> None:
    """Raise Invalid if a user's own metric contradicts its direction on a task of a challenge."""
    found = {}
    for name, task in challenge.tasks.items():
        for metric in challenges.metric_names(task):
            module = registry.load("metrics", metric)
            if plugin_calls.is_yours(module):
                where = f"tasks.{name}: {plugin_calls.named('metrics', module)}"
                for what in problems(module, len(task.classes)):
                    found[(metric, what)] = Problem("metric-direction", where, what)
    if found:
        raise Invalid(f"the challenge {challenge.name}", list(found.values()))


def _trials(metric: Any, classes: int) -> Iterator[tuple[float, float]]:
    """Yield the score of perfect predictions with that of random and of wrong ones."""
    random = np.random.RandomState(0)
    for largest in (None, *range(min(classes, MOST_TURNS))):
        truth = _truth(classes, largest)
        wrong = [(truth + step) % classes for step in range(1, min(classes, MOST_TURNS))]
        for predicted in (
            random.permutation(truth),
            random.randint(0, classes, len(truth)),
            *wrong,
        ):
            pair = [
                statistics.score_of(metric, truth, each, classes=classes)
                for each in (truth, predicted)
            ]
            if all(map(math.isfinite, pair)):
                yield pair[0], pair[1]


def _truth(classes: int, largest: int | None) -> IntArray:
    """Return true classes, shape (rows,): balanced, or most of them of one class."""
    rows = max(ROWS, 2 * classes)
    balanced: IntArray = np.arange(rows, dtype=np.intp) % classes
    if largest is not None:
        balanced[: int(SHARE * rows)] = largest
    return balanced
