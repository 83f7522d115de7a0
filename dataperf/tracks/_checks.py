"""Checks that several tracks make of the ids and tasks in an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from dataperf.errors import Problem, did_you_mean
from dataperf.records import TaskData

#: Names that one problem lists.
MOST_SHOWN = 5


def few(names: Sequence[str]) -> str:
    """Return the first names in quotes, and how many more there are.

    >>> few(["a", "b", "c", "d", "e", "f", "g"])
    "'a', 'b', 'c', 'd', 'e' and 2 more"
    """
    return first_of([repr(name[:60]) for name in names])


def first_of(words: Sequence[str]) -> str:
    """Return the first words, and how many more there are."""
    more = f" and {len(words) - MOST_SHOWN:,} more" if len(words) > MOST_SHOWN else ""
    return ", ".join(words[:MOST_SHOWN]) + more


def no_official() -> list[Problem]:
    """Return the problem that a board without an official evaluator has no official rules."""
    what = "this board has no official evaluator"
    return [Problem("no-official", "", what, "strict rules")]


def repeated(place: str, names: Iterable[str]) -> list[Problem]:
    """Return a problem if names are listed more than once."""
    names = [name for name, count in Counter(names).items() if count > 1]
    return [Problem("duplicate-id", place, f"{few(names)}: listed more than once")] * bool(names)


def outside(names: Iterable[str], data: TaskData) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names that are not ids of the pool, each once.

    Returns
    -------
    list of str, dict of str to list of str
        Names that no row has, and the ids of test rows by split.
    """
    unknown = list(dict.fromkeys(name for name in names if name not in data.pool.row_of))
    tests = data.tests.items() if unknown else ()
    split_of = {str(name): split for split, test in tests for name in test.ids}
    tested: dict[str, list[str]] = {}
    for name in unknown:
        if name in split_of:
            tested.setdefault(split_of[name], []).append(name)
    return [name for name in unknown if name not in split_of], tested


def unknown_ids(
    place: str,
    names: Iterable[str],
    data: TaskData,
    *,
    expected: str = "name only rows of the pool",
) -> list[Problem]:
    """Return a problem for names that are not ids of the pool, and another for test rows."""
    strange, tested = outside(names, data)
    problems = []
    if tested:
        leaked = [name for each in tested.values() for name in each]
        what = f"{few(leaked)} belong to the test rows ({', '.join(sorted(tested))})"
        problems.append(Problem("test-id", place, what, expected))
    if strange:
        near = list(data.pool.row_of)[:10_000]
        hint = did_you_mean(strange[0], near) if len(strange[0]) <= 100 else ""
        example = f"e.g. {data.pool.ids[0]}" if len(data.pool) else ""
        problems.append(
            Problem("unknown-id", place, f"{few(strange)}: not in the pool", hint or example)
        )
    return problems


def task_names(
    place: str, named: Collection[str], known: Collection[Any], *, nothing: str, noun: str = "task"
) -> list[Problem]:
    """Return a problem for each task without a part, and for each part without a task.

    Parameters
    ----------
    place
        Place of the parts in the submission: ``answer.orders``.
    named, known
        The tasks that the answer names, and the tasks of the board.
    nothing
        Message for a task without a part.
    noun
        Word for a task.
    """
    problems = [
        Problem("missing-task", f"{place}.{name}", nothing) for name in known if name not in named
    ]
    for name in named:
        if name not in known:
            hint = did_you_mean(name[:60], known) or f"{noun}s: {', '.join(known)}"
            what = f"no {noun} has this name"
            problems.append(Problem("unknown-task", f"{place}.{name[:60]}", what, hint))
    return problems
