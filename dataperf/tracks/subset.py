"""Choose which rows to train on, compared with the whole pool and with random selections."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StrictInt

from dataperf import registry
from dataperf.errors import Problem
from dataperf.records import Plan, Record, TaskData, TrainingSet
from dataperf.statistics import Outcome
from dataperf.tracks import repair, selection

Answer = selection.Answer
TRIAL_RULES = {"budget": 9}


class Rules(Record):
    """A board's limits.

    Parameters
    ----------
    budget
        Maximum number of rows in a selection.
    random_draws
        Number of random selections of the same size, to compare with.
    """

    OLD_KEYS = {"cap": "budget", "draws": "random_draws"}

    budget: Annotated[StrictInt, Field(ge=1)]
    random_draws: Annotated[StrictInt, Field(ge=2, le=1000)] = 20


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: this track reads no foreign JSON format."""


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    return selection.check(answer, selection.Rules(budget=rules.budget), data, official=official)


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return the selected rows, which give the score, and the sets that they are compared with.

    The model is also trained on the whole pool and on as many random rows of it.
    """
    inner = selection.Rules(budget=rules.budget)
    return {
        name: _compared(plan, rules, data[name])
        for name, plan in selection.plans(answer, inner, data, official=official).items()
    }


def _compared(plan: Plan, rules: Rules, data: TaskData) -> Plan:
    labels = data.pool.labels
    known = np.flatnonzero(labels >= 0)
    parts: dict[str, Sequence[TrainingSet]] = {
        "after": plan.sets,
        "before": [TrainingSet(known, labels[known])],
        "random": [
            TrainingSet(rows, labels[rows])
            for rows in repair.random_subsets(known, len(plan.sets[0].rows), rules.random_draws)
        ],
    }
    found = repair.join_plans(parts)
    return dataclasses.replace(found, ranking=plan.ranking, flags=plan.flags)


def summarize(
    plan: Plan, task: Any, data: TaskData, found: Mapping[str, Outcome]
) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """Return the metric of the whole pool and of the selected rows, and paired differences.

    The names are those of a repair: ``before`` is the whole pool, ``after`` the selected rows,
    ``random`` the mean over random selections of the same size. ``chosen`` is the number of
    selected rows.
    """
    numbers, curves = repair.summarize(plan, task, dataclasses.replace(data, truth=None), found)
    for name in repair.DECIDING:  # only the verdict of a repair names them
        numbers.pop(name)
    return {"chosen": float(len(plan.sets[0].rows)), **numbers}, curves


def notes(summary: Mapping[str, float | None], task: Any) -> list[str]:
    """Return sentences on whether the selection is better than random ones."""
    gain, low, high = (summary[f"over random{end}"] for end in ("", " low", " high"))
    if gain is None or low is None or high is None:
        return ["the difference to random picks has no interval, so none is shown"]
    if low <= 0.0 <= high:
        return ["as many random rows do as well, within noise"]
    better = (gain > 0) == registry.load("metrics", task.metric).higher_is_better
    return [f"the choice is {'better' if better else 'worse'} than as many random rows"]


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the whole pool as an answer, if the budget allows it."""
    ((_, part),) = data.items()
    names = part.pool.ids[part.pool.labels >= 0].tolist()
    return (
        {"everything": ("the pool as it is", {"samples": names})}
        if len(names) <= rules.budget
        else {}
    )
