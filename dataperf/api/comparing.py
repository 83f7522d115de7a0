"""Compare kept results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import RESULT_LIST
from dataperf.boards import compare as comparing
from dataperf.boards.compare import Comparison
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.evaluation import results as records
from dataperf.records import Result


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
