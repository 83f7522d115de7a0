"""Compare kept results, and plan a board."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.api import arguments
from dataperf.api.arguments import CHALLENGE, RESULT_LIST, RESULTS, Expected
from dataperf.api.challenges import board_of
from dataperf.api.results import RESULTS_FOLDER, read_results
from dataperf.boards import compare as comparing
from dataperf.boards import plan as planning
from dataperf.boards.compare import Comparison
from dataperf.boards.plan import BoardPlan
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.evaluation import results as records
from dataperf.records import Challenge, Result

SHARE = Expected("a number above 0 and below 1", lambda value: _is_number(value) and 0 < value < 1)
POSITIVE = Expected("a number above 0", lambda value: _is_number(value) and 0 < value < np.inf)
SEVERAL = Expected(
    "a whole number, at least 2",
    lambda value: isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 2,
)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def compare(results: Sequence[str | Path | Result], *, data: Any = None) -> Comparison:
    """Compare results on one board: differences with intervals, test rows and training rows.

    Parameters
    ----------
    results
        Two to ten results: files that `evaluate` or the commands kept, or `Result` records.
    data
        The data that the results are about, if they are of own data: a path, or a table in memory.

    Returns
    -------
    Comparison
        ``pairs`` has a verdict in words for every two results, the test rows on which they
        disagree, and the training rows that differ. ``splits`` and ``classes`` have differences with
        95 % intervals and p-values that are corrected for their number (Holm).

    Raises
    ------
    Invalid
        If an argument has a wrong type, there are fewer than two results or more than ten, or some
        cannot be compared: another board, other test rows, a failed evaluation. All problems are
        listed.

    Examples
    --------
    >>> import dataperf
    >>> made = [dataperf.baseline("speech-selection/digits-60", "random", seed=s) for s in (1, 2)]
    >>> found = dataperf.compare([dataperf.evaluate(each) for each in made])
    >>> found.pairs[0].separable
    False
    >>> print(found.pairs[0].verdict)  # doctest: +ELLIPSIS
    A and B are not separable with these 320 test rows; about ...
    """
    arguments.check("compare", results=(results, RESULT_LIST))
    return comparing.compare(_read(results), data=data)


def _read(results: Sequence[str | Path | Result]) -> list[Result]:
    found, problems = [], []
    for place, each in enumerate(results):
        try:
            found.append(each if isinstance(each, Result) else records.read(Path(each)))
        except DataperfError as error:
            problems.append(Problem("unreadable", f"results[{place}]", str(error)))
    if problems:
        raise Invalid("dataperf.compare", problems)
    return found


def plan(
    challenge: str | Challenge,
    board: str | None = None,
    *,
    difference: float = 0.02,
    power: float = 0.8,
    entries: int = 2,
    results: str | Path | Sequence[Result] = RESULTS_FOLDER,
) -> BoardPlan:
    """Say how many test rows and seeds a board needs to show a difference.

    The plan is computed from the kept results of the board, pair by pair. Without two results it is
    computed from the level of its reference points, which needs more rows than a paired
    comparison does.

    Parameters
    ----------
    challenge
        A challenge or its name, or both names as ``"CHALLENGE/BOARD"``.
    board
        Name of the board; not needed if the challenge has only one.
    difference
        The true difference of two scores that is to be shown.
    power
        Probability with which it is to be shown, 0 to 1.
    entries
        Number of entries of the board: the p-value is corrected for the number of their pairs.
    results
        The place where results are kept, or a list of results.

    Returns
    -------
    BoardPlan
        ``rows_needed`` with today's seeds, ``seeds_needed`` with today's rows, ``table`` with other
        numbers of seeds, and ``visible``, the smallest difference that the board shows today.

    Raises
    ------
    Invalid
        If an argument has a wrong type or is out of range, or the board is not named.
    NotFound
        If there is no such challenge or board.
    DataperfError
        If there is nothing to plan from, or no such place.

    Examples
    --------
    >>> import dataperf
    >>> found = dataperf.plan("speech-selection/digits-60", difference=0.05, results=[])
    >>> found.rows, found.rows_needed > found.rows
    (320, True)
    """
    arguments.check(
        "plan",
        difference=(difference, POSITIVE),
        power=(power, SHARE),
        entries=(entries, SEVERAL),
        challenge=(challenge, CHALLENGE),
        results=(results, RESULTS),
    )
    found, name = board_of("plan", challenge, board)
    if isinstance(results, str | Path):
        there = str(results) != RESULTS_FOLDER or Path(results).is_dir()
        results = read_results(results, challenge=found) if there else []
    options = {"difference": float(difference), "power": float(power)}
    return planning.plan(found, name, results, entries=int(entries), **options)
