"""Say in which order to inspect the labels of a training set; each inspected one is put right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import StrictBool, StrictInt

from dataperf.errors import Problem, did_you_mean
from dataperf.records import (
    Board,
    FloatArray,
    IntArray,
    Plan,
    Record,
    TaskData,
    TaskScores,
    TrainingSet,
)

#: The share of the clean model's accuracy that counts as repaired.
REPAIRED = 0.95
MOST_SHOWN = 5
PICKS = (12, 3)


class Rules(Record):
    """A board's limits.

    Parameters
    ----------
    official
        Whether the board is one of DataPerf's vision debugging.
    """

    official: StrictBool = False


class Answer(Record):
    """In which order to inspect.

    Parameters
    ----------
    orders
        By task: ids of the pool, or row numbers from 0, the most suspect first.
    """

    orders: dict[str, list[StrictInt | str]]


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: there is no foreign JSON format of this track."""


def read_files(
    files: Mapping[str, bytes], board: Board, *, official: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the answer in DataPerf's format: ``TASK_METHOD.txt``, a row number a line.

    Files ``time_TASK_METHOD.txt``, in which participants tell how long they took, are not
    read. The official evaluator takes whatever Python takes for an integer.
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
        what = "there is no such file" if not found else f"{len(found)} files: {_few(found)}"
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
        shown = ", ".join(f"{number} ({lines[number - 1][:20]!r})" for number in wrong[:MOST_SHOWN])
        more = f" and {len(wrong) - MOST_SHOWN:,} more" if len(wrong) > MOST_SHOWN else ""
        return [], [Problem("bad-index", name, f"line {shown}{more}", "a row number")]
    return [int(line) for line in lines], []


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    if official and not rules.official:
        return [Problem("no-official", "", "this board has no official evaluator", "strict rules")]
    problems = [
        Problem("missing-task", f"answer.orders.{name}", "no order for this task")
        for name in data
        if name not in answer.orders
    ]
    for name, order in answer.orders.items():
        place = f"answer.orders.{name[:60]}"
        if name not in data:
            hint = did_you_mean(name[:60], data) or f"tasks: {', '.join(data)}"
            problems.append(Problem("unknown-task", place, "no task has this name", hint))
        else:
            problems += _problems(place, order, data[name], official)
    return problems


def _problems(
    place: str, order: Sequence[int | str], data: TaskData, official: bool
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
        yield Problem("unknown-id", place, f"{_few(strange)}: not in the pool", expected)
    if official:
        return
    counts = Counter(str(each) for each in order)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        yield Problem("duplicate-id", place, f"{_few(twice)}: listed more than once")
    if len(order) != rows:
        yield Problem("not-all-rows", place, f"{len(order):,} rows", f"all {rows:,}, each once")


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return the training set after every inspection; equal ones are trained once.

    The score is the area under the accuracy from none to all rows inspected, by the
    trapezoidal rule. The last set of a plan has all labels right.
    """
    return {name: _plan(answer.orders[name], part) for name, part in data.items()}


def _plan(order: Sequence[int | str], data: TaskData) -> Plan:
    assert data.truth is not None
    pool, rows = data.pool, len(data.pool)
    row_of = pool.row_of
    inspected = [row_of[each] if isinstance(each, str) else each for each in order][:rows]
    labels, vectors, steps = pool.labels.copy(), [pool.labels.copy()], [0]
    for row in inspected:
        if labels[row] != data.truth.labels[row]:
            labels[row] = data.truth.labels[row]
            vectors.append(labels.copy())
        steps.append(len(vectors) - 1)
    steps += [steps[-1]] * (rows + 1 - len(steps))
    if not np.array_equal(vectors[-1], data.truth.labels):
        vectors.append(data.truth.labels.copy())
    weights = np.zeros(len(vectors))
    np.add.at(weights, steps, np.array([0.5, *[1.0] * (rows - 1), 0.5]) / rows)
    everything = np.arange(rows)
    sets = [
        TrainingSet(everything, vector, float(weight))
        for vector, weight in zip(vectors, weights, strict=True)
    ]
    ranking = list(dict.fromkeys(str(pool.ids[row]) for row in inspected))
    return Plan(sets, steps=np.array(steps, dtype=np.intp), ranking=ranking)


def summarize(
    plan: Plan, task: Any, data: TaskData, found: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return how soon the model is repaired, soundly and officially, and the curve."""
    outcome = found[task.ranking[0]]
    assert plan.steps is not None
    per_line = (outcome.predicted == outcome.truth).mean(axis=1)
    per_set = per_line.reshape(len(plan.sets), -1).mean(axis=1)
    curve = per_set[plan.steps]
    told = {
        "before": float(curve[0]),
        "clean": float(per_set[-1]),
        "fixes to 95 %": fixes_to(curve, float(per_set[-1])),
        "official fraction": official_fraction(curve[1:]),
    }
    return told, {"accuracy": [float(value) for value in curve]}


def fixes_to(curve: FloatArray, clean: float) -> float:
    """Return the share of rows inspected until 95 % of the clean model's accuracy; 1 if never.

    ``curve`` holds the accuracy after 0, 1, 2, ... inspections.
    """
    reached = np.flatnonzero(curve >= REPAIRED * clean - 1e-12)
    return float(reached[0] / (len(curve) - 1)) if len(reached) else 1.0


def official_fraction(curve: FloatArray) -> float:
    """Return DataPerf's score: lower is better.

    The accuracies after 1, 2, ... fixes are rounded to two digits; the target is 95 % of the
    curve's own last one, and the first that reaches it is counted from 0.
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
    }


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what an answer that knows the truth would say: every wrong label first."""
    orders = {}
    for name, part in data.items():
        assert part.truth is not None
        right = part.truth.labels == part.pool.labels
        orders[name] = np.argsort(right, kind="stable").tolist()
    return {"oracle": ("every wrong label first: knows the truth", {"orders": orders})}


def join(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one answer from a strategy's answers to single tasks."""
    return {"orders": {name: part["order"] for name, part in parts.items()}}


def _few(names: list[str]) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:MOST_SHOWN])
    more = f" and {len(names) - MOST_SHOWN:,} more" if len(names) > MOST_SHOWN else ""
    return shown + more
