"""Order the labels of a training set for inspection; each inspected label is corrected."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StrictBool, StrictInt, model_validator

from dataperf.errors import Problem, did_you_mean
from dataperf.records import (
    Board,
    FloatArray,
    IntArray,
    Plan,
    Pool,
    Record,
    Suspects,
    TaskData,
    TaskScores,
    TrainingSet,
)
from dataperf.tracks._checks import few, first_of, no_official, repeated, task_names

#: The share of the clean model's accuracy that counts as repaired.
REPAIRED = 0.95
PICKS = (12, 3)
#: Approximate number of trainings along an order of own data.
STEPS = 20
NEEDS_TRUTH = True
TRIAL_RULES: dict[str, Any] = {}


class Rules(Record):
    """A board's limits.

    Parameters
    ----------
    official
        Whether this is a board of DataPerf's vision debugging, which trains after each row.
    batch
        Number of rows inspected between two trainings.
    budget
        Maximum number of inspected rows; None for every row.
    """

    OLD_KEYS = {"most": "budget"}

    official: StrictBool = False
    batch: Annotated[StrictInt, Field(ge=1)] = 1
    budget: Annotated[StrictInt, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _official_is_one_by_one(self) -> Rules:
        if self.official and (self.batch != 1 or self.budget is not None):
            raise ValueError("an official board has no batch and no budget")
        return self


class Answer(Record):
    """The order of inspection.

    Parameters
    ----------
    orders
        By task: ids of the pool or row numbers from 0, the most suspicious first. Rows after
        the board's budget are not inspected and may be left out. If they are listed, they
        count in the average precision.
    """

    orders: dict[str, list[StrictInt | str]]


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: this track reads no foreign JSON format."""


def read_files(
    files: Mapping[str, bytes], board: Board, *, official: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the answer in DataPerf's format: ``TASK_METHOD.txt``, a row number a line.

    Files ``time_TASK_METHOD.txt``, which hold the time that participants took, are not read. The
    official evaluator accepts every text that Python reads as an integer.
    """
    problems: list[Problem] = []
    named: dict[str, list[str]] = {}
    for name in files:
        task = name.partition("_")[0]
        if task in board.tasks and name.endswith(".txt"):
            named.setdefault(task, []).append(name)
        elif not name.startswith("time_") and not official:
            hint = did_you_mean(task, board.tasks) or f"tasks: {', '.join(board.tasks)}"
            problems.append(Problem("unknown-file", name, "no task has this name", hint))
    orders = {}
    for task in board.tasks:
        found = named.get(task, [])
        if len(found) == 1:
            orders[task], more = _indices(found[0], files[found[0]], official)
            problems += more
            continue
        what = "the file is missing" if not found else f"{len(found)} files: {few(found)}"
        rule = "several-files" if found else "missing-file"
        problems.append(Problem(rule, f"{task}_METHOD.txt", what, "one a task"))
    return {"orders": orders}, problems


def _indices(name: str, content: bytes, official: bool) -> tuple[list[int], list[Problem]]:
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        return [], [Problem("not-text", name, str(error), "row numbers, one a line")]
    lines = lines[:-1] if lines[-1] == "" else lines
    pattern = r"\s*[+-]?\d+(_\d+)*\s*" if official else r"[ \t]*-?\d{1,18}[ \t]*\r?"
    wrong = [number for number, line in enumerate(lines, 1) if not re.fullmatch(pattern, line)]
    if wrong:
        lines = [f"{number} ({lines[number - 1][:20]!r})" for number in wrong]
        return [], [Problem("bad-index", name, f"line {first_of(lines)}", "a row number")]
    return [int(line) for line in lines], []


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    if official and not rules.official:
        return no_official()
    problems = task_names("answer.orders", answer.orders, data, nothing="no order for this task")
    for name, order in answer.orders.items():
        if name in data:
            problems += _problems(f"answer.orders.{name}", order, rules, data[name], official)
    return problems


def _problems(
    place: str, order: Sequence[int | str], rules: Rules, data: TaskData, official: bool
) -> Iterator[Problem]:
    rows = len(data.pool)
    if not order:
        yield Problem("empty", place, "no rows at all")
        return
    known = data.pool.row_of
    listed = order[:rows] if official else order
    strange = [
        str(each)
        for each in listed
        if (each not in known if isinstance(each, str) else not 0 <= each < rows)
    ]
    if strange:
        expected = f"row numbers from 0 to {rows - 1} or ids such as {data.pool.ids[0]}"
        yield Problem("unknown-id", place, f"{few(strange)}: not in the pool", expected)
    if official:
        return
    named = [each if isinstance(each, str) else _id_of(data, each) for each in order]
    yield from repeated(place, named)
    least = inspected_rows(rules, rows)
    if least <= len(order) <= rows:
        return
    expected = f"all {rows:,}, each once"
    if least < rows:
        expected = f"at least the {least:,} that are inspected, at most {expected}"
    yield Problem("not-all-rows", place, f"{len(order):,} rows", expected)


def _id_of(data: TaskData, row: int) -> str:
    return str(data.pool.ids[row]) if 0 <= row < len(data.pool) else str(row)


def inspected_rows(rules: Rules, rows: int) -> int:
    """Return the number of inspected rows of a pool."""
    return rows if rules.budget is None else min(rules.budget, rows)


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return the training set after every batch of inspections; equal ones are trained once.

    The score is the area under the accuracy curve, from no inspection to the board's budget, by
    the trapezoidal rule. The last set of a plan has true labels only.
    """
    return {name: _plan(answer.orders[name], rules, part) for name, part in data.items()}


def _plan(order: Sequence[int | str], rules: Rules, data: TaskData) -> Plan:
    assert data.truth is not None
    pool, most = data.pool, inspected_rows(rules, len(data.pool))
    row_of = pool.row_of
    listed = [row_of[each] if isinstance(each, str) else each for each in order][: len(pool)]
    places = inspections(rules, len(pool))
    labels, vectors, steps = pool.labels.copy(), [pool.labels.copy()], [0]
    for first, last in itertools.pairwise(places):
        batch = np.array(listed[first:last], dtype=np.intp)
        wrong = batch[labels[batch] != data.truth.labels[batch]]
        if len(wrong):
            labels[wrong] = data.truth.labels[wrong]
            vectors.append(labels.copy())
        steps.append(len(vectors) - 1)
    if not np.array_equal(vectors[-1], data.truth.labels):
        vectors.append(data.truth.labels.copy())
    widths = np.diff(places)
    weights = np.zeros(len(vectors))
    np.add.at(weights, steps, (np.append(widths, 0) + np.append(0, widths)) / 2 / most)
    everything = np.arange(len(pool))
    sets = [
        TrainingSet(everything, vector, float(weight))
        for vector, weight in zip(vectors, weights, strict=True)
    ]
    ranking = list(dict.fromkeys(str(pool.ids[row]) for row in listed))
    return Plan(sets, steps=np.array(steps, dtype=np.intp), places=places, ranking=ranking)


def inspections(rules: Rules, rows: int) -> IntArray:
    """Return the numbers of inspections after which the model is trained, from 0 to the budget.

    >>> inspections(Rules(batch=4, budget=10), 20)
    array([ 0,  4,  8, 10])
    """
    most = inspected_rows(rules, rows)
    return np.append(np.arange(0, most, rules.batch), most)


def summarize(
    plan: Plan, task: Any, data: TaskData, found: Mapping[str, Any]
) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """Return how many inspections repair the model, by our count and the official one, and the curve.

    The number of inspections is None if the budget ends before the model is repaired.
    """
    outcome = found[task.ranking[0]]
    assert plan.steps is not None and plan.places is not None
    per_line = (outcome.predicted == outcome.truth).mean(axis=1)
    per_set = per_line.reshape(len(plan.sets), -1).mean(axis=1)
    curve = per_set[plan.steps]
    fixes = fixes_to(curve, plan.places, float(per_set[-1]))
    numbers: dict[str, float | None] = {
        "before": float(curve[0]),
        "clean": float(per_set[-1]),
        "fixes to 95 %": 1.0 if fixes is None else fixes / len(data.pool),
        "inspections to 95 %": fixes,
        "official fraction": official_fraction(curve[1:]),
    }
    if len(plan.places) <= len(data.pool):  # the official fraction counts single fixes
        del numbers["official fraction"]
    curves = {"inspected": [float(place) for place in plan.places], "accuracy": curve.tolist()}
    return numbers, curves


def fixes_to(curve: FloatArray, places: IntArray, clean: float) -> float | None:
    """Return the rows inspected until 95 % of the clean model's accuracy; None if never.

    ``curve`` holds the accuracy after each number of inspections in ``places``.

    >>> fixes_to(np.array([0.5, 0.7, 0.9]), np.array([0, 10, 20]), 0.9)
    20.0
    """
    reached = np.flatnonzero(curve >= REPAIRED * clean - 1e-12)
    return float(places[reached[0]]) if len(reached) else None


def official_fraction(curve: FloatArray) -> float:
    """Return DataPerf's score: lower is better.

    The accuracies after 1, 2, ... fixes are rounded to two digits. The target is 95 % of the last
    one. The score is the position, from 0, of the first accuracy that reaches the target,
    divided by the number of fixes.
    """
    rounded = np.round(curve, 2)
    first: IntArray = np.flatnonzero(rounded >= REPAIRED * rounded[-1])
    return float(first[0] / len(curve))


def summarize_board(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], tasks: Mapping[str, TaskScores]
) -> dict[str, float]:
    """Return means over the tasks."""
    keys = ("fixes to 95 %", "official fraction")
    return {
        f"mean {key}": float(np.mean([part.summary[key] for part in tasks.values()]))
        for key in keys
        if len(tasks) > 1 and all(key in part.summary for part in tasks.values())
    }


def own_rules(pool: int, budget: int | None) -> dict[str, Any]:
    """Return a board's rules on own data, for a pool of ``pool`` rows."""
    bounded = {} if budget is None else {"budget": budget}
    return {"batch": max(1, -(-min(budget or pool, pool) // STEPS)), **bounded}


def own_budget(answer: Mapping[str, Any]) -> int | None:
    """Return the length of an order, which is its budget if the user gives none."""
    orders = answer.get("orders")
    (order,) = orders.values() if isinstance(orders, dict) and len(orders) == 1 else (None,)
    return max(1, len(order)) if isinstance(order, list) else None


def own_example(pool: Pool, rules: Rules, task: str) -> dict[str, Any]:
    """Return the beginning of an order."""
    return {"orders": {task: pool.ids[:3].tolist()}}


def audit_answer(
    suspects: Suspects, *, task: str, budget: int | None, action: str
) -> dict[str, Any]:
    """Return the ids of all rows, the most suspicious first."""
    order = np.argsort(-suspects.scores, kind="stable")
    return {"orders": {task: suspects.ids[order].tolist()}}


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the answer of an oracle: every wrong label first."""
    orders = {}
    for name, part in data.items():
        assert part.truth is not None
        right = part.truth.labels == part.pool.labels
        orders[name] = np.argsort(right, kind="stable").tolist()
    return {"oracle": ("every wrong label first: knows the truth", {"orders": orders})}


def join(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one answer from a strategy's answers to single tasks."""
    return {"orders": {name: part["order"] for name, part in parts.items()}}
