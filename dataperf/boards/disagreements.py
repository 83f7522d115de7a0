"""Where two results differ: test rows that one has right and the other wrong, and training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.boards.comparable import Entry
from dataperf.definitions import loading as challenges
from dataperf.own_data import evaluate as own
from dataperf.records import IntArray, Plan, Task, TextArray
from dataperf.sources import tables

#: Maximum number of characters of a value that is shown.
MOST_CHARACTERS = 200


@dataclass(frozen=True)
class TestRow:
    """A test row on which two results disagree.

    Parameters
    ----------
    id
        The row's id.
    truth
        The row's true class.
    predicted
        The class that each result predicts; with several seeds, the most frequent one.
    content
        The row's visible columns; empty where the challenge keeps its test private.
    """

    __test__ = False  # not a class of tests

    id: str
    truth: str
    predicted: tuple[str, str]
    content: dict[str, str]


@dataclass(frozen=True)
class Disagreement:
    """The test rows of a split on which two results disagree.

    Parameters
    ----------
    task, split
        Names of the task and the split.
    rows
        Number of test rows.
    only_a, only_b
        Number of rows that only the first, or only the second, result has right.
    both_wrong
        Number of rows that they take for two different wrong classes.
    examples
        These rows: first those of ``only_a``, then ``only_b``, then ``both_wrong``.
    """

    task: str
    split: str
    rows: int
    only_a: int
    only_b: int
    both_wrong: int
    examples: list[TestRow]


@dataclass(frozen=True)
class TrainingDifference:
    """The training rows in which two results differ.

    Parameters
    ----------
    task
        Name of the task.
    shared
        Number of rows that both train on, with the same label.
    only_a, only_b
        Ids of the rows that only the first, or only the second, result trains on.
    relabelled
        Ids of the rows that both train on with different labels, with both labels.
    """

    task: str
    shared: int
    only_a: list[str]
    only_b: list[str]
    relabelled: list[tuple[str, str, str]]


@dataclass
class Contents:
    """The columns of test rows, read once for each data set.

    Parameters
    ----------
    data
        The data of results of own data.
    """

    data: Any = None
    _read: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def of(self, entry: Entry, task: str, ids: TextArray) -> list[dict[str, str]]:
        """Return the visible columns of test rows, one dict for each id."""
        if not (entry.challenge.practice or challenges.is_own(entry.challenge.name)):
            return [{} for _ in ids]
        if task not in self._read:
            self._read[task] = self._columns(entry, task)
        columns = self._read[task]
        return [
            {name: _short(values[each]) for name, values in columns.items() if each in values}
            for each in ids.tolist()
        ]

    def _columns(self, entry: Entry, task: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the values of each column, by id."""
        chosen = challenges.tasks_of(entry.challenge, entry.result.board)[task]
        if challenges.is_own(entry.challenge.name):
            options = {k: v for k, v in dict(entry.result.own_data).items() if k in own.COLUMNS}
            rows = own.read(self.data, **options)
            hidden = set(rows.roles.values())
            found = {name: rows.frame[name].tolist() for name in rows.frame.columns}
            ids = np.asarray(rows.ids).astype(str).tolist()
        else:
            made = tables.table(chosen.dataset, chosen.options)
            hidden = _hidden(chosen)
            found = {name: column.tolist() for name, column in made.columns.items()}
            ids = made.ids.tolist()
        return {
            name: dict(zip(ids, values, strict=True))
            for name, values in found.items()
            if name not in hidden
        }


def _hidden(task: Task) -> set[str]:
    """Return the columns that say nothing of a test row: labels, defects, and the split's own."""
    named = {task.label_column, task.true_label_column, task.defect_column, *task.pool}
    for split in task.splits.values():
        named |= set(split.where)
    return {name for name in named if name}


def _short(value: Any) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= MOST_CHARACTERS else f"{words[: MOST_CHARACTERS - 1]}…"


def of_test(
    one: Entry, other: Entry, task: str, split: str, contents: Contents
) -> Disagreement | None:
    """Return the test rows of a split on which two results disagree.

    Parameters
    ----------
    one, other
        The results.
    task, split
        Names of the task and the split.
    contents
        Where the columns of test rows are read.

    Returns
    -------
    Disagreement or None
        None if the results are not tested on the same rows.
    """
    a, b = (each.found.outcomes[task][split] for each in (one, other))
    if not statistics.same_items(a, b):
        return None
    ids, tested = one.data[task].tests[split].ids, one.found.plans[task].tested
    ids = ids if tested is None else ids[tested]
    first, second = (_most_frequent(each) for each in (a, b))
    right, also = first == a.truth, second == a.truth
    kinds = (right & ~also, also & ~right, ~right & ~also & (first != second))
    chosen = np.concatenate([np.flatnonzero(kind) for kind in kinds])
    names = one.data[task].pool.classes
    shown = contents.of(one, task, ids[chosen])
    examples = [
        TestRow(
            str(ids[row]), names[a.truth[row]], (names[first[row]], names[second[row]]), content
        )
        for row, content in zip(chosen, shown, strict=True)
    ]
    only_a, only_b, both = (int(kind.sum()) for kind in kinds)
    return Disagreement(task, split, a.rows, only_a, only_b, both, examples)


def _most_frequent(outcome: statistics.Outcome) -> IntArray:
    """Return the class that most lines predict, by their weights; of several the first."""
    if outcome.seeds == 1:
        return np.asarray(outcome.predicted[0], dtype=np.intp)
    weights = np.ones(outcome.seeds) if outcome.weights is None else outcome.weights
    used: NDArray[Any] = np.unique(outcome.predicted)
    votes = np.stack(
        [((outcome.predicted == each) * weights[:, None]).sum(axis=0) for each in used]
    )
    return np.asarray(used[votes.argmax(axis=0)], dtype=np.intp)


def of_training(one: Entry, other: Entry, task: str) -> TrainingDifference:
    """Return the training rows in which two results differ.

    Parameters
    ----------
    one, other
        The results.
    task
        Name of the task.
    """
    pool = one.data[task].pool
    names = (*pool.classes, "")
    a, b = (_trained_on(each.found.plans[task], each.data[task].pool.ids) for each in (one, other))
    both = [each for each in a if each in b]
    relabelled = [
        (each, _labels(a[each], names), _labels(b[each], names))
        for each in both
        if a[each] != b[each]
    ]
    return TrainingDifference(
        task,
        len(both) - len(relabelled),
        [each for each in a if each not in b],
        [each for each in b if each not in a],
        relabelled,
    )


def _labels(labels: set[int], names: Sequence[str]) -> str:
    return "/".join(names[each] for each in sorted(labels))


def _trained_on(plan: Plan, ids: TextArray) -> dict[str, set[int]]:
    """Return the labels of each training row, by id: of the last step, the first role, or all sets."""
    sets = plan.sets
    if plan.steps is not None:
        sets = [plan.sets[plan.steps[-1]]]
    elif plan.roles:
        sets = plan.sets[:1]
    found: dict[str, set[int]] = {}
    for each in sets:
        for row, label in zip(ids[each.rows].tolist(), each.labels.tolist(), strict=True):
            found.setdefault(row, set()).add(label)
    return found
