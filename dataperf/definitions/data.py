"""Load the rows of a task's dataset and split them into pool, truth and tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import files
from dataperf.basics.progress import report
from dataperf.basics.wording import agreed
from dataperf.errors import Invalid, Problem, did_you_mean
from dataperf.records import (
    Exclude,
    IntArray,
    Pool,
    Span,
    Table,
    Task,
    TaskData,
    TestSplit,
    TextArray,
    Truth,
    Where,
)
from dataperf.sources import locate
from dataperf.sources.tables import content_digest, table

#: Label of a row of the pool whose class is not known.
UNKNOWN = "?"


def matching(rows: Table, where: Where, place: str = "where") -> NDArray[np.bool_]:
    """Return which rows fit every clause of a ``where`` table.

    Raises
    ------
    Invalid
        If a clause names a column that the table lacks, or a span is given for a text column.
    """
    fits = np.ones(len(rows), dtype=bool)
    problems = []
    for column, clause in where.items():
        values = rows.columns.get(column)
        if values is None:
            hint = did_you_mean(column, rows.columns)
            there = f"columns: {', '.join(rows.columns)}. {hint}".rstrip()
            problems.append(Problem("unknown-column", f"{place}.{column}", "no such column", there))
        elif isinstance(clause, Span):
            if values.dtype.kind not in "iuf":
                problems.append(
                    Problem("span-on-text", f"{place}.{column}", "a span needs numbers")
                )
            else:
                fits &= (values >= clause.first) & (values <= clause.last)
        elif isinstance(clause, Exclude):
            fits &= ~np.isin(values, clause.exclude)
        else:
            fits &= np.isin(values, clause)
    if problems:
        raise Invalid("challenge data", problems)
    return fits


def board_data(tasks: Mapping[str, Task]) -> dict[str, TaskData]:
    """Load the data of a board's tasks; tasks on the same rows share them."""
    tables: dict[str, Table] = {}
    found = {}
    for name, task in tasks.items():
        key = files.digest_json([task.dataset, task.options])
        if key not in tables:
            report(f"reading {task.dataset}")
            tables[key] = table(task.dataset, task.options)
        found[name] = task_data(task, tables[key])
    return found


def data_digest(data: Mapping[str, TaskData]) -> str:
    """Return the sha256 of the data of a board's tasks."""
    found = dict.fromkeys(part.digest for part in data.values())
    return next(iter(found)) if len(found) == 1 else files.digest_json(list(found))


def task_data(task: Task, rows: Table | None = None) -> TaskData:
    """Load a task's data and split it into pool, truth and tests.

    Parameters
    ----------
    task
        The task.
    rows
        The rows of its dataset if they are loaded already.

    Raises
    ------
    Invalid
        If a clause names a column that the dataset lacks, a label is not a class, or pool and
        tests share rows.
    """
    rows = table(task.dataset, task.options) if rows is None else rows
    module = registry.load("datasets", task.dataset)
    in_pool = matching(rows, task.pool, "pool")
    problems = _missing_columns(task, rows)
    if problems:
        raise Invalid(f"dataset {task.dataset}", problems)
    if not in_pool.any():
        raise Invalid("pool", [Problem("empty-pool", "pool", "no rows fit")])
    pool_rows = rows.take(in_pool)
    labels = np.full(len(pool_rows), -1, dtype=np.intp)
    if task.label_column is not None:
        labels = class_ids(pool_rows.columns[task.label_column], task, "pool")
    path = locate.locate(task.dataset, module.source)
    with plugin_calls.calling("datasets", module):
        facts = module.facts(path, **task.options) if hasattr(module, "facts") else {}
        prompts = (
            module.prompts(task.classes, **task.options) if hasattr(module, "prompts") else None
        )
    return TaskData(
        pool=Pool(
            pool_rows.ids,
            pool_rows.features,
            labels,
            tuple(task.classes),
            {name: pool_rows.columns[name] for name in task.visible_columns},
            facts,
        ),
        truth=_truth(task, pool_rows),
        tests={name: _test(task, name, rows, in_pool) for name in task.splits},
        digest=rows.digest or content_digest(rows),
        prompts=prompts,
    )


def _test(task: Task, name: str, rows: Table, in_pool: NDArray[np.bool_]) -> TestSplit:
    split = task.splits[name]
    chosen = matching(rows, split.where, f"splits.{name}.where")
    if (chosen & in_pool).any():
        what = f"{agreed(int((chosen & in_pool).sum()), 'row is', 'rows are')} in the pool too"
        raise Invalid(f"split {name}", [Problem("overlap", name, what)])
    if not chosen.any():
        raise Invalid(f"split {name}", [Problem("empty-split", name, "no rows fit")])
    part = rows.take(chosen)
    labels = class_ids(
        part.columns[task.true_label_column or str(task.label_column)], task, f"splits.{name}"
    )
    groups = part.columns[split.group_column].astype(str) if split.group_column else None
    return TestSplit(part.ids, part.features, labels, groups)


def _missing_columns(task: Task, rows: Table) -> list[Problem]:
    named = {
        "label_column": task.label_column,
        "true_label_column": task.true_label_column,
        "defect_column": task.defect_column,
        **{f"visible_columns[{number}]": name for number, name in enumerate(task.visible_columns)},
        **{
            f"splits.{name}.group_column": split.group_column for name, split in task.splits.items()
        },
    }
    return [
        Problem(
            "unknown-column", place, f'no column "{column}"', did_you_mean(column, rows.columns)
        )
        for place, column in named.items()
        if column is not None and column not in rows.columns
    ]


def _truth(task: Task, rows: Table) -> Truth | None:
    if (
        task.true_label_column is None
        or (rows.columns[task.true_label_column].astype(str) == UNKNOWN).all()
    ):
        return None
    labels = class_ids(rows.columns[task.true_label_column], task, "pool")
    if task.defect_column is not None:
        return Truth(labels, rows.columns[task.defect_column].astype(str))
    if task.label_column is None:
        return Truth(labels, np.full(len(rows), "", dtype="<U1"))
    given = class_ids(rows.columns[task.label_column], task, "pool")
    wrong = (labels != given) & (given >= 0)
    return Truth(labels, np.where(wrong, "label", ""))


def class_ids(values: NDArray[Any], task: Task, place: str) -> IntArray:
    """Return the class ids of a column of labels; -1 for unlabelled rows of the pool.

    Raises
    ------
    Invalid
        If a label is not a class and the task has no ``other_class``.
    """
    words: TextArray = values.astype(str)
    unique, inverse = np.unique(words, return_inverse=True)
    numbers = {name: number for number, name in enumerate(task.classes)}
    if place == "pool":
        numbers[UNKNOWN] = -1
    other = numbers.get(task.other_class) if task.other_class is not None else None
    strange = [word for word in unique if word not in numbers]
    if strange and other is None:
        what = f"labels that are not classes: {', '.join(strange[:10])}"
        raise Invalid("challenge data", [Problem("unknown-label", place, what)])
    ids = np.array([numbers.get(word, other) for word in unique], dtype=np.intp)
    return ids[inverse.reshape(-1)]
