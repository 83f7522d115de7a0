"""Kept results: read them, rank them, run them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import CHALLENGE, FUNCTION, NOTHING, RESULT, RESULTS, TEXTS
from dataperf.api.challenges import board_of
from dataperf.api.evaluation import Messages
from dataperf.basics.wording import plural
from dataperf.boards import leaderboard as ranking
from dataperf.boards import own_ranking, rerun
from dataperf.boards.leaderboard import Leaderboard
from dataperf.definitions import loading
from dataperf.errors import DataperfError, NotFound, refuse
from dataperf.evaluation import results as records
from dataperf.own_data import options
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
    """Ranked boards, what could not be read or ranked with the reason, and notes on other results."""

    boards: list[Leaderboard]
    unreadable: dict[str, str]
    unranked: dict[str, DataperfError] = field(default_factory=dict)
    notes: Sequence[str] = ()


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
    data: Any = None,
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
    data
        Your own data, a path or a data frame, for results of it: those of a challenge ``own-TRACK``.
        Results of other data are not ranked.
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
    if data is not None:
        return _of_own_data(challenge, results, data, on_message)
    found, name = board_of("leaderboard", challenge, board)
    if isinstance(results, str | Path):
        results = read_results(results, challenge=found, on_message=on_message)
    return ranking.rank(found, name, results)


def _of_own_data(
    challenge: str | Challenge, results: Any, data: Any, on_message: Messages
) -> Leaderboard:
    """Rank results of own data that were made with the same options."""
    arguments.check("leaderboard", challenge=(challenge, CHALLENGE))
    name = challenge if isinstance(challenge, str) else challenge.name
    if name not in options.tracks():
        raise NotFound("challenge of own data", name, options.tracks())
    if isinstance(results, str | Path):
        results, unreadable = _read(results, name)
        for file, reason in unreadable.items():
            on_message(f"unreadable: {file}: {reason}")
    boards = own_ranking.rank([each for each in results if each.challenge == name], data)
    if len(boards) == 1:
        return boards[0]
    if not boards:
        return Leaderboard(name, own_ranking.BOARD, "", [], [])
    names = ", ".join(each.board for each in boards)
    raise DataperfError(
        f"these results were made with different options, and cannot be ranked together: {names}\n"
        "  Pass a list of those of one kind: results=[...]"
    )


def rankings(
    challenge: str | None, board: str | None, results: str | Path, *, data: Any = None
) -> Rankings:
    """Rank the kept results of one board, or of every board of a challenge that has some.

    Of several boards, one whose data is not here or whose files have changed hides no other.

    Parameters
    ----------
    challenge, board
        Names of the challenge and the board. With ``data`` the challenge is one of own data, or
        None for all of them.
    results
        The place where results are kept.
    data
        Your own data, whose results are ranked.

    Raises
    ------
    NotFound
        If there is no such challenge or board.
    DataperfError
        If there is no such place, or results of own data are to be ranked without it.
    """
    if data is not None or loading.is_own(challenge or ""):
        return _own_rankings(challenge, board, results, data)
    if challenge is None:
        raise DataperfError("name a challenge (--challenge NAME), or your own data (--data FILE)")
    found = loading.load(challenge)
    if board is not None:
        loading.board_of(found, board)
    kept, unreadable = _read(results, found.name)
    there = sorted({result.board for result in kept})
    names = [each for each in there if each in found.boards] if board is None else [board]
    ranked, unranked = [], {}
    notes = [
        f"not ranked: {plural(sum(each.board == name for each in kept), 'result')} of the board "
        f"{name}, which {found.name} does not have (boards: {', '.join(found.boards)})"
        for name in there
        if name not in found.boards
    ]
    if not kept:
        notes += _others(results, found.name)
    for name in names:
        try:
            ranked.append(ranking.rank(found, name, kept))
        except DataperfError as error:
            if len(names) == 1:
                raise
            unranked[name] = error
    return Rankings(ranked, unreadable, unranked, notes)


def _others(results: str | Path, challenge: str) -> list[str]:
    """Return a note on the results of other challenges in a place that has none of this one."""
    counts = Counter(each.challenge for each in _read(results, None)[0])
    if not counts:
        return []
    listed = ", ".join(f"{name} ({count:,})" for name, count in sorted(counts.items()))
    return [f"{results} holds results of other challenges: {listed}"]


def _own_rankings(
    challenge: str | None, board: str | None, results: str | Path, data: Any
) -> Rankings:
    """Rank results of own data, each kind of challenge among its own."""
    if data is None:
        raise DataperfError(
            f"results of {challenge} are ranked on the data that they are about: give it\n"
            f"  dataperf leaderboard --challenge {challenge} --data FILE"
        )
    known = options.tracks()
    if challenge is not None and challenge not in known:
        raise NotFound("challenge of own data", challenge, known)
    if board not in (None, own_ranking.BOARD):
        raise NotFound("board of own data", str(board), [own_ranking.BOARD])
    kept, unreadable = _read(results, challenge)
    mine = [each for each in kept if loading.is_own(each.challenge)]
    return Rankings(own_ranking.rank(mine, data), unreadable)


def verify(
    result: str | Path | Result, *, data: Any = None, safety: Sequence[str] = ()
) -> Verified:
    """Run the evaluation of a result again and compare every prediction and score.

    Parameters
    ----------
    result
        A kept result's file, or a `Result`.
    data
        The data of a result of your own data: a path or a data frame. Nothing that the record
        names is opened, so the data may have moved; its digest decides.
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
    return _verified(result, data, safety)


def _verified(result: str | Path | Result, data: Any, safety: Sequence[str]) -> Verified:
    given = result if isinstance(result, Result) else Path(result)
    try:
        found: dict[str, Any] = rerun.result(given, data=data, safety=safety)
    except DataperfError as error:
        name = records.name_of(given) if isinstance(given, Result) else str(given)
        return Verified(name, False, (str(error),))
    return Verified(found["name"], found["ok"], (*found["problems"],), (*found["notes"],))


def verify_all(
    files: Sequence[Path],
    *,
    results: str | None = None,
    data: Any = None,
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
    data, safety
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
    for row in rerun.verify(places, data=data, safety=safety, engine=engine, jobs=jobs):
        if "traceback" in row:
            on_message(row["traceback"])
        yield Verified(row["name"], row["ok"], (*row["problems"],), (*row.get("notes", ()),))
