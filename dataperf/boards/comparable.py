"""Results that can be compared: of one board, scored on the same test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataperf.boards.leaderboard import Recomputed, recompute
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError, Invalid, Problem, printable
from dataperf.evaluation import record_check
from dataperf.own_data import evaluate as own
from dataperf.records import Challenge, Result, TaskData

#: Maximum number of results that are compared, and their names in the tables.
MOST_RESULTS, LETTERS = 10, "ABCDEFGHIJ"


@dataclass(frozen=True)
class Entry:
    """One of the compared results, with what its record gives."""

    letter: str
    result: Result
    challenge: Challenge
    data: Mapping[str, TaskData]
    found: Recomputed


def entries(found: Sequence[Result], data: Any) -> list[Entry]:
    """Return the results with what their records give; refuse what cannot be compared."""
    if not 2 <= len(found) <= MOST_RESULTS:
        what = f"{len(found)} results"
        expected = f"2 to {MOST_RESULTS}; dataperf leaderboard ranks more"
        raise Invalid("compare", [Problem("number-of-results", "results", what, expected)])
    made, problems = [], []
    loaded: dict[str, tuple[Challenge, Mapping[str, TaskData]]] = {}
    for letter, result in zip(LETTERS, found, strict=False):
        try:
            challenge, rows = _board_of(result, data, loaded)
            if refused := _refusal(result, challenge, rows):
                raise DataperfError(refused)
            recomputed = recompute(challenge, result.board, rows, result)
            record_check.check(result)
            made.append(Entry(letter, result, challenge, rows, recomputed))
        except DataperfError as error:
            where = f"{letter} ({name_of(result)})"
            problems.append(Problem("not-comparable", where, str(error)))
    for other in made[1:]:
        if what := _other_test(made[0], other):
            where = f"{other.letter} ({name_of(other.result)})"
            problems.append(Problem("other-test", where, what, f"as {made[0].letter}"))
    if problems:
        raise Invalid("compare", problems)
    return made


def _board_of(
    result: Result, data: Any, loaded: dict[str, tuple[Challenge, Mapping[str, TaskData]]]
) -> tuple[Challenge, Mapping[str, TaskData]]:
    """Return the board of a result and its data; a place that a record names is never opened."""
    is_own = challenges.is_own(result.challenge)
    chosen = {name: value for name, value in dict(result.own_data).items() if name != "source"}
    key = repr((result.challenge, result.board, sorted(chosen.items(), key=str)))
    if key not in loaded:
        if is_own and data is None:
            raise DataperfError("it is of your own data: name the data too (--data, data=)")
        if is_own:
            loaded[key] = own.load(data, **chosen)
        else:
            challenge = challenges.load(result.challenge)
            challenges.board_of(challenge, result.board)
            loaded[key] = challenge, submission.board_data(challenge, result.board)
    return loaded[key]


def _refusal(result: Result, challenge: Challenge, data: Mapping[str, TaskData]) -> str:
    """Return why a result cannot be compared; "" if it can."""
    if result.status != "scored":
        return f"it failed: {printable(result.error or '')}"
    digests, used = result.provenance.digests, challenges.digests(challenge, result.board)
    if digests.get("data") != data_digest(data):
        return "it was scored on other data than is here"
    if digests.get("board") != used["board"]:
        return "it was scored on another version of the board"
    return ""


def _other_test(first: Entry, other: Entry) -> str:
    """Return how the test of a result differs from that of the first; "" if it does not."""
    one, two = first.result, other.result
    if one.metric != two.metric:
        return f"the metric is {two.metric}, not {one.metric}"
    if (one.challenge, one.board) != (two.challenge, two.board) and not one.own_data:
        return f"it is of {two.challenge}/{two.board}, not of {one.challenge}/{one.board}"
    if {name: {*part.splits} for name, part in one.tasks.items()} != {
        name: {*part.splits} for name, part in two.tasks.items()
    }:
        return "it was scored on other tasks or splits"
    for task, part in first.data.items():
        for split, test in part.tests.items():
            if test.ids.tolist() != other.data[task].tests[split].ids.tolist():
                return f"its test rows of {split} are others"
    return ""


def name_of(result: Result) -> str:
    return f"{result.submission.submitter}: {result.submission.method or 'no method named'}"
