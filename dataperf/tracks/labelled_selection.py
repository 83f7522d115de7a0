"""Choose which images of an unlabelled pool to train on, and label them, for every concept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StrictBool, StrictInt

from dataperf.errors import Problem, did_you_mean
from dataperf.records import Board, Plan, Record, TaskData, TrainingSet
from dataperf.tracks._checks import few, first_of, no_official, repeated, task_names, unknown_ids

HEADER = ("ImageID", "Confidence")
PICKS = (30, 6)


class Rules(Record):
    """A board's limits.

    Parameters
    ----------
    budget
        Maximum number of labelled ids for each task.
    official
        Whether this is a board of DataPerf's vision selection.
    """

    OLD_KEYS = {"cap": "budget"}

    budget: Annotated[StrictInt, Field(ge=1)]
    official: StrictBool = False


class Answer(Record):
    """The ids to train on, with their labels.

    Parameters
    ----------
    samples
        By task: pairs of an id and its label, a class name: ``{"hawk": [["0a1b", "1"]]}``.
    """

    samples: dict[str, list[tuple[str, str]]]


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: this track reads no foreign JSON format."""


def read_files(
    files: Mapping[str, bytes], board: Board, *, official: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the answer in DataPerf's format: ``TASK.csv`` with the columns ImageID, Confidence.

    The official evaluator ignores other columns, blank lines and what follows a row.
    """
    problems, samples = [], {}
    wanted = {f"{name}.csv": name for name in board.tasks}
    for name in wanted.keys() - files.keys():
        problems.append(Problem("missing-file", name, "the file is missing", "one a task"))
    for name, content in files.items():
        if name in wanted:
            samples[wanted[name]], more = _pairs(name, content, official)
            problems += more
        elif not official:
            hint = did_you_mean(name, wanted) or f"files: {', '.join(sorted(wanted))}"
            problems.append(Problem("unknown-file", name, "no task has this name", hint))
    return {"samples": samples}, problems


def _pairs(
    name: str, content: bytes, official: bool
) -> tuple[list[tuple[str, str]], list[Problem]]:
    try:
        text = content.decode("utf-8-sig")
        lines = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        return [], [Problem("bad-csv", name, str(error), "a CSV file in UTF-8")]
    head = lines[0] if lines else []
    missing = [column for column in HEADER if head.count(column) != 1]
    if missing:
        found = f"columns {', '.join(head)[:100] or 'none'}"
        return [], [Problem("bad-header", name, found, f"a header with {' and '.join(HEADER)}")]
    problems = list(_shape_problems(name, lines, official))
    if problems:
        return [], problems
    places = [head.index(column) for column in HEADER]
    return [(row[places[0]], row[places[1]]) for row in lines[1:]], []


def _shape_problems(name: str, lines: list[list[str]], official: bool) -> Iterator[Problem]:
    head = lines[0]
    if official and "embedding" in head:
        yield Problem("bad-header", name, "a column named embedding", "the pool has one")
    if not official and len(head) != len(HEADER):
        yield Problem("unknown-column", name, f"{len(head)} columns", "ImageID and Confidence only")
    short = [str(number) for number, row in enumerate(lines, 1) if len(row) < len(head)]
    long = [str(number) for number, row in enumerate(lines, 1) if len(row) > len(head)]
    for kind, rows in (("short", short), ("long", [] if official else long)):
        if rows:
            what = f"row {first_of(rows)}: too {kind}"
            yield Problem(f"{kind}-row", name, what, f"{len(head)} values")


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    if official and not rules.official:
        return no_official()
    nothing = "no samples for this task"
    problems = task_names("answer.samples", answer.samples, data, nothing=nothing)
    for name, pairs in answer.samples.items():
        place = f"answer.samples.{name[:60]}"
        if name in data and official:
            problems += _official_problems(place, pairs, data[name])
        elif name in data:
            problems += _problems(place, pairs, rules, data[name])
    return problems


def _problems(
    place: str, pairs: list[tuple[str, str]], rules: Rules, data: TaskData
) -> Iterator[Problem]:
    names = [name for name, _ in pairs]
    yield from unknown_ids(place, names, data)
    yield from repeated(place, names)
    labels = data.pool.classes[:2]
    wrong = list(dict.fromkeys(label for _, label in pairs if label not in labels))
    if wrong:
        yield Problem("unknown-label", place, f"labels {few(wrong)}", " or ".join(labels))
    if len(pairs) > rules.budget:
        yield Problem("over-budget", place, f"{len(pairs):,} samples", f"at most {rules.budget:,}")
    for label in labels:
        if label not in {given for _, given in pairs}:
            yield Problem("one-class", place, f'no sample labelled "{label}"', "both classes")


def _official_problems(
    place: str, pairs: list[tuple[str, str]], data: TaskData
) -> Iterator[Problem]:
    """Return the problems on which the official evaluator fails."""
    known = data.pool.row_of
    labels = {label for name, label in pairs if name in known}
    if not labels:
        yield Problem("empty", place, "no id of the pool")
    elif not {"0", "1"} <= labels:
        yield Problem("one-class", place, f"labels {few(sorted(labels))}", "0 and 1")
    elif len(labels) > 3 or "" in labels:
        yield Problem("unknown-label", place, f"labels {few(sorted(labels))}", "0, 1, one other")


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return one training set a task, in pool order.

    As in the official evaluator, unknown ids are dropped and repeated ids stay repeated. The
    strict rules refuse both before.
    """
    found = {}
    for name, part in data.items():
        row_of = part.pool.row_of
        number = {label: place for place, label in enumerate(part.pool.classes)}
        chosen = [
            (row_of[each], number.get(label, len(number) - 1))
            for each, label in answer.samples[name]
            if each in row_of
        ]
        rows, labels = np.array(sorted(chosen, key=lambda pair: pair[0]), dtype=np.intp).T
        found[name] = Plan([TrainingSet(rows, labels)])
    return found


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the answer of an oracle: random rows with their true labels."""
    samples = {}
    for name, part in data.items():
        if part.truth is None:
            return {}
        labels = part.truth.labels
        order = np.random.RandomState(0).permutation(len(labels))
        half = rules.budget // 2
        rows = [*order[labels[order] == 1][:half], *order[labels[order] == 0][:half]]
        samples[name] = [(str(part.pool.ids[row]), str(labels[row])) for row in rows]
    title = "random rows, as many of each label, labelled right: knows the truth"
    return {"true labels": (title, {"samples": samples})}


def join(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one answer from a strategy's answers to single tasks."""
    return {"samples": {name: part["samples"] for name, part in parts.items()}}
