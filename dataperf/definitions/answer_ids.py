"""Read ids that are numbers as the ids that they stand for, or refuse them.

Data frames and JSON writers turn the id "17" into 17, and into 17.0 as soon as one id is missing.
Such a number is taken where exactly one id (or class) of the board can be meant.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from dataperf.basics import validation
from dataperf.basics.wording import plural
from dataperf.definitions import data, loading
from dataperf.errors import DataperfError, Problem
from dataperf.records import Challenge, Record, TaskData

#: From here on a float no longer holds every whole number, so digits of an id may be lost.
EXACT = 2**53
MOST_SHOWN = 3
_DECIMAL = re.compile(r"-?[0-9]+\.0+")

Data = Callable[[], Mapping[str, TaskData]]


class _Settling:
    """One answer on its way: the names of its board, what was changed, and what is wrong."""

    def __init__(self, data: Data) -> None:
        self.changed: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.refused = 0
        self._data = data

    @functools.cached_property
    def data(self) -> list[TaskData]:
        return [*self._data().values()]

    @functools.cached_property
    def names(self) -> set[str]:
        """Ids of the pool and the test rows, and class names."""
        found: set[str] = set()
        for part in self.data:
            found |= {*part.pool.row_of, *part.pool.classes}
            for test in part.tests.values():
                found |= set(map(str, test.ids))
        return found

    def number(self, value: int | float, place: str, *, whole: bool) -> Any:
        """Return the name that a number stands for; the number itself if none or several."""
        is_whole = isinstance(value, int) or value.is_integer()
        if isinstance(value, float) and is_whole and abs(value) >= EXACT:
            what = f"{value!r} is a float, which cannot hold all digits of such an id"
            self.refuse("lost-digits", place, what, "write ids as text")
            return value
        digits = str(int(value)) if is_whole else repr(value)
        if whole and is_whole:
            self.changed[repr(value)] = digits
            return int(value)
        meant = [each for each in (digits, f"{digits}.0") if each in self.names]
        if len(meant) > 1:
            what = f"{value!r} can be the id {meant[0]!r} or {meant[1]!r}"
            self.refuse("ambiguous-id", place, what, "write ids as text")
        if len(meant) != 1:
            return value
        self.changed[repr(value)] = meant[0]
        return meant[0]

    def refuse(self, rule: str, place: str, what: str, expected: str) -> None:
        """Add a problem; after ten the rest is counted."""
        self.refused += 1
        if self.refused <= validation.MOST_OF_A_KIND:
            self.problems.append(Problem(rule, place, what, expected))

    def ended(self) -> list[Problem]:
        """Return the problems, with the number of those that are not listed."""
        more = self.refused - validation.MOST_OF_A_KIND
        if more > 0:
            what = f"and {more:,} more like these"
            return [*self.problems, Problem(self.problems[-1].rule, "answer", what)]
        return self.problems

    def text(self, value: str) -> str:
        """Return the id that a text such as "17.0" stands for: "17", if only that is there."""
        if not _DECIMAL.fullmatch(value) or value in self.names:
            return value
        whole = value.partition(".")[0]
        if whole not in self.names:
            return value
        self.changed[repr(value)] = whole
        return whole

    def notes(self) -> list[str]:
        if not self.changed:
            return []
        shown = [f'{before} as "{name}"' for before, name in self.changed.items()][:MOST_SHOWN]
        count = plural(len(self.changed), "id")
        return [f"{count} written as numbers, read as text: {', '.join(shown)}"]


def data_of(
    loaded: Mapping[str, TaskData] | None, challenge: Challenge, board: Any
) -> Mapping[str, TaskData]:
    """Return the data of a board; nothing if there is none here, which the check reports."""
    if loaded is not None or not isinstance(board, str) or board not in challenge.boards:
        return loaded or {}
    try:
        return data.board_data(loading.tasks_of(challenge, board))
    except DataperfError:
        return {}


def settled(
    answer: dict[str, Any], form: type[Record], data: Data, *, own: bool
) -> tuple[dict[str, Any], list[str], list[Problem]]:
    """Return an answer with its numbers read as ids, a note on what was read, and problems.

    Where the form of an answer allows whole numbers, they mean what its track says. In a cleaning
    order that is a row number of the pool, which on own data can be confused with an id: then the
    number is refused unless both are the same row.

    Parameters
    ----------
    answer
        What a submission says.
    form
        The form of the track's answers.
    data
        Called for the data of the board's tasks, only if there is a number.
    own
        Whether the board is of own data.
    """
    work = _Settling(data)
    wholes, locs = _numbers_for_texts(answer, form)
    found = copy.deepcopy(answer) if locs else answer
    for loc in locs:
        _change(found, loc, work, whole=loc[:-1] in wholes)
    if any(_DECIMAL.fullmatch(each) for each in _all_texts(found)):
        found = _texts(found, work, "answer")
    if own and "orders" in form.model_fields:
        _refuse_confused(found.get("orders"), work)
    return found, work.notes(), work.ended()


def _numbers_for_texts(
    answer: dict[str, Any], form: type[Record]
) -> tuple[set[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the places of numbers where the form has texts, or texts and whole numbers.

    Returns
    -------
    set of tuple, list of tuple
        The places that may hold whole numbers (without the last part, a tag), and all of them.
    """
    try:
        form.model_validate(answer)
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False)
    except RecursionError:  # refused when the answer is checked
        return set(), []
    else:
        return set(), []
    numbers = [item for item in items if type(item["input"]) in (int, float)]
    wholes = {item["loc"][:-1] for item in numbers if item["type"] == "int_type"}
    return wholes, [item["loc"] for item in numbers if item["type"] == "string_type"]


def _change(value: Any, loc: tuple[Any, ...], work: _Settling, *, whole: bool) -> None:
    """Replace the number at a location of an answer by the name that it stands for.

    A location also holds tags of unions, which are not keys.
    """
    place, holder, last = "answer", None, None
    for key in loc:
        inside = isinstance(value, dict) and key in value
        if inside or (isinstance(value, list) and isinstance(key, int) and key < len(value)):
            holder, last, value = value, key, value[key]
            place += f"[{key}]" if isinstance(key, int) else f".{validation.shown(key, 40)[1:-1]}"
    if holder is not None and type(value) in (int, float):
        holder[last] = work.number(value, place, whole=whole)


def _all_texts(value: Any) -> Iterator[str]:
    """Yield every text and every key in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _all_texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _all_texts(part)


def _texts(value: Any, work: _Settling, place: str) -> Any:
    """Return a value with texts such as "17.0" as the ids that they stand for."""
    if isinstance(value, str):
        return work.text(value)
    if isinstance(value, list):
        return [_texts(part, work, place) for part in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, part in value.items():
        name = work.text(key)
        if name in found or (name != key and name in value):
            what = f"{validation.shown(key)} and {validation.shown(name)} are the same id"
            work.refuse("repeated-key", place, what, "name each row once")
        found[name] = _texts(part, work, f"{place}.{validation.shown(name, 40)[1:-1]}")
    return found


def _refuse_confused(orders: Any, work: _Settling) -> None:
    """Refuse whole numbers that are the id of one row and the row number of another."""
    for task, order in orders.items() if isinstance(orders, dict) else ():
        numbers = [each for each in order if type(each) is int] if isinstance(order, list) else []
        for part in work.data if numbers else ():
            ids = part.pool.ids
            confused = [
                each
                for each in numbers
                if str(each) in work.names
                and not (0 <= each < len(ids) and str(ids[each]) == str(each))
            ]
            if confused:
                what = f"{confused[0]} is the id of one row and the row number of another"
                count = f" ({plural(len(confused), 'number')} like this)"
                expected = f'write ids as text: "{confused[0]}"'
                place = f"answer.orders.{validation.shown(task, 40)[1:-1]}"
                work.refuse("ambiguous-id", place, what + count, expected)
