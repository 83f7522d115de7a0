"""Kept results: read them, rank them, run them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import CHALLENGE, FUNCTION, NOTHING, RESULT, RESULTS, TEXTS
from dataperf.api.challenges import board_of
from dataperf.api.evaluation import Messages
from dataperf.boards import leaderboard as ranking
from dataperf.boards import rerun
from dataperf.boards.leaderboard import Leaderboard
from dataperf.definitions import loading
from dataperf.errors import DataperfError, refuse
from dataperf.evaluation import results as records
from dataperf.records import Challenge, Result, card
from dataperf.records.card import Card

#: Where results are kept unless another place is named.
RESULTS_FOLDER = "dataperf-results"


@dataclass(frozen=True)
class Verified:
    """The outcome of verifying a result.

    Parameters
    ----------
    name
        The result's file.
    ok
        Whether every prediction and score is the same.
    problems
        The differences, one sentence each.
    notes
        What was not compared, one sentence each.

    Examples
    --------
    >>> Verified("a.json", False, ("score is not the same",))
    Result a.json: NOT VERIFIED
      score is not the same
    """

    name: str
    ok: bool
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return card.text(self._card())

    def _repr_html_(self) -> str:
        return card.html(self._card())

    def _card(self) -> Card:
        words = "verified: every prediction and score is the same" if self.ok else "NOT VERIFIED"
        return Card(f"Result {self.name}: {words}", self.problems, notes=self.notes)


@dataclass(frozen=True)
class Rankings:
    """Ranked boards, the records that could not be read, and the boards that could not be ranked."""

    boards: list[Leaderboard]
    unreadable: dict[str, str]
    unranked: dict[str, DataperfError] = field(default_factory=dict)


def read_results(
    results: str | Path,
    *,
    challenge: str | Challenge | None = None,
    on_message: Messages = arguments.warn,
) -> list[Result]:
    """Return the results that are kept in a place.

    Parameters
    ----------
    results
        The place: a folder that `evaluate` or the commands wrote, or ``NAME:LOCATION`` of
        another store.
    challenge
        Read only results on this challenge.
    on_message
        Called with a line for every record that cannot be read; by default a Python warning.

    Returns
    -------
    list of Result

    Raises
    ------
    Invalid
        If an argument has a wrong type.
    DataperfError
        If there is no such place.

    Examples
    --------
    >>> import tempfile
    >>> import dataperf
    >>> place = tempfile.mkdtemp()
    >>> made = dataperf.baseline("speech-selection/digits-60", "random")
    >>> result = dataperf.evaluate(made, results=place)
    >>> dataperf.read_results(place) == [result]
    True
    """
    arguments.check(
        "read_results",
        results=(results, arguments.PATH),
        challenge=(challenge, CHALLENGE | NOTHING),
        on_message=(on_message, FUNCTION),
    )
    found, unreadable = _read(results, None if challenge is None else loading.of(challenge).name)
    for name, reason in unreadable.items():
        on_message(f"unreadable: {name}: {reason}")
    return found


def _read(place: str | Path, challenge: str | None) -> tuple[list[Result], dict[str, str]]:
    return records.read_all(str(place), f"{challenge}/" if challenge else "")


def leaderboard(
    challenge: str | Challenge,
    board: str | None = None,
    *,
    results: str | Path | Sequence[Result] = RESULTS_FOLDER,
    on_message: Messages = arguments.warn,
) -> Leaderboard:
    """Rank results on a board; with the ranks that noise leaves open for each entry.

    Parameters
    ----------
    challenge
        A challenge or its name, or both names as ``"CHALLENGE/BOARD"``.
    board
        Name of the board; not needed if the challenge has only one.
    results
        The place where results are kept, or a list of results.
    on_message
        Called with a line for every record that cannot be read; by default a Python warning.

    Returns
    -------
    Leaderboard
        The ranked rows, and the results that are not ranked with the reason.

    Raises
    ------
    Invalid
        If an argument has a wrong type, or the board is not named.
    NotFound
        If there is no such challenge or board.
    DataperfError
        If there is no such place.

    Examples
    --------
    >>> import dataperf
    >>> made = dataperf.baseline("speech-selection/digits-60", "random")
    >>> board = dataperf.leaderboard("speech-selection/digits-60", results=[dataperf.evaluate(made)])
    >>> [(row.rank, row.result.submission.method) for row in board.rows]
    [(1, 'random, seed 0')]
    """
    given = (results, RESULTS)
    arguments.check("leaderboard", results=given, on_message=(on_message, FUNCTION))
    found, name = board_of("leaderboard", challenge, board)
    if isinstance(results, str | Path):
        results = read_results(results, challenge=found, on_message=on_message)
    return ranking.rank(found, name, results)


def rankings(challenge: str, board: str | None, results: str | Path) -> Rankings:
    """Rank the kept results of one board, or of every board of a challenge that has some.

    Of several boards, one whose data is not here or whose files have changed hides no other.
    """
    found = loading.load(challenge)
    if board is not None:
        loading.board_of(found, board)
    kept, unreadable = _read(results, found.name)
    boards = sorted({result.board for result in kept} & set(found.boards))
    names, ranked, unranked = boards if board is None else [board], [], {}
    for name in names:
        try:
            ranked.append(ranking.rank(found, name, kept))
        except DataperfError as error:
            if len(names) == 1:
                raise
            unranked[name] = error
    return Rankings(ranked, unreadable, unranked)


def verify(result: str | Path | Result, *, safety: Sequence[str] = ()) -> Verified:
    """Run the evaluation of a result again and compare every prediction and score.

    Parameters
    ----------
    result
        A kept result's file, or a `Result`.
    safety
        Safety plug-ins outside of dataperf to run again, each ``"NAME=OPTION"``.

    Returns
    -------
    Verified
        ``ok``, and the ``problems`` if it is not.

    Raises
    ------
    Invalid
        If an argument has a wrong type, or there is no such file.

    Examples
    --------
    >>> import dataperf
    >>> result = dataperf.evaluate(dataperf.baseline("speech-selection/digits-60", "random"))
    >>> dataperf.verify(result).ok
    True
    """
    arguments.check("verify", result=(result, RESULT), safety=(safety, TEXTS))
    if not isinstance(result, Result) and not Path(result).is_file():
        raise refuse("dataperf.verify", "not-a-file", "result", f"{result}: there is no such file")
    return _verified(result, safety)


def _verified(result: str | Path | Result, safety: Sequence[str]) -> Verified:
    given = result if isinstance(result, Result) else Path(result)
    try:
        found: dict[str, Any] = rerun.result(given, safety=safety)
    except DataperfError as error:
        name = records.name_of(given) if isinstance(given, Result) else str(given)
        return Verified(name, False, (str(error),))
    return Verified(found["name"], found["ok"], (*found["problems"],), (*found["notes"],))


def verify_all(
    files: Sequence[Path],
    *,
    results: str | None = None,
    safety: Sequence[str] = (),
    engine: str | None = None,
    jobs: int = 1,
    on_message: Messages = arguments.warn,
) -> Iterator[Verified]:
    """Verify many results; a defect of dataperf fails one, not the others.

    Parameters
    ----------
    files
        Files of results, and folders of results or of a challenge; with ``results``, names of
        results or folders there. Without names, all results there.
    results
        The place where they are kept; see `read_results`.
    safety
        As in `verify`.
    engine, jobs
        See `dataperf.evaluation.engines.run`.
    on_message
        Called with the traceback of a defect.

    Raises
    ------
    DataperfError
        If there is nothing to verify, or no such place or engine.
    """
    places = rerun.places(files, results)
    for row in rerun.verify(places, safety=safety, engine=engine, jobs=jobs):
        if "traceback" in row:
            on_message(row["traceback"])
        yield Verified(row["name"], row["ok"], (*row["problems"],), (*row.get("notes", ()),))
