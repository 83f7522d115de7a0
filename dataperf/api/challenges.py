"""Challenges and datasets, what a participant sees of a board, and what a baseline submits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataperf import registry
from dataperf.api import arguments, output_paths
from dataperf.api.arguments import CHALLENGE, NOTHING, TEXT
from dataperf.boards import baselines
from dataperf.definitions import loading, submission
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.records import Challenge, Pool, Submission, Table
from dataperf.sources import tables


def list_challenges(*, track: str | None = None) -> dict[str, str]:
    """Return the titles of the challenges that are installed, by name.

    Parameters
    ----------
    track
        List only challenges of this track.

    Returns
    -------
    dict of str to str
        A challenge whose file has problems is left out of those of a track; a Python warning names
        it.

    Raises
    ------
    Invalid
        If the track is not a text.
    NotFound
        If there is no such track.

    Examples
    --------
    >>> import dataperf
    >>> sorted(dataperf.list_challenges(track="selection"))
    ['speech-selection']
    """
    arguments.check("list_challenges", track=(track, TEXT | NOTHING))
    entries = registry.find("challenges").values()
    if track is None:
        return {entry.name: entry.description() for entry in entries}
    wanted = registry.get("tracks", track).name
    found = {}
    for entry in entries:
        try:
            challenge = loading.read(entry.path)
        except DataperfError as error:
            arguments.warn(f"not listed: {error}")
            continue
        if challenge.track == wanted:
            found[challenge.name] = challenge.title
    return found


def load_challenge(name: str) -> Challenge:
    """Return a challenge: its track, its tasks and its boards with their rules.

    Parameters
    ----------
    name
        Name of an installed challenge, or of one in your own folder of plug-ins.

    Returns
    -------
    Challenge

    Raises
    ------
    Invalid
        If the name is not a text, or the challenge's file has problems.
    NotFound
        If there is no challenge of that name.

    Examples
    --------
    >>> import dataperf
    >>> challenge = dataperf.load_challenge("speech-selection")
    >>> challenge.boards["digits-60"].rules["budget"]
    60
    """
    arguments.check("load_challenge", name=(name, TEXT))
    return loading.load(name)


def load_dataset(name: str, **options: Any) -> Table:
    """Return all rows of a dataset that is installed: ids, features, labels and metadata.

    Parameters
    ----------
    name
        Name of a dataset plug-in.
    **options
        Options of the dataset, as a challenge file gives them.

    Returns
    -------
    Table

    Raises
    ------
    Invalid
        If the name is not a text, or the dataset has no such option; the error lists those it has.
    NotFound
        If there is no dataset of that name.
    Unavailable
        If its data is not on this machine.

    Examples
    --------
    >>> import dataperf
    >>> rows = dataperf.load_dataset("spoken-digits")
    >>> len(rows), sorted(rows.columns)
    (3000, ['frames', 'speaker', 'take', 'word'])
    """
    arguments.check("load_dataset", name=(name, TEXT))
    return tables.load(name, **options)


def pool(challenge: str | Challenge, board: str | None = None) -> Pool | dict[str, Pool]:
    """Return what a participant may see of a board: no true labels, no defects, no test rows.

    Parameters
    ----------
    challenge
        A challenge or its name, or both names as ``"CHALLENGE/BOARD"``.
    board
        Name of the board; not needed if the challenge has only one.

    Returns
    -------
    Pool or dict of str to Pool
        ``frame`` is a pandas table of ids, given labels and visible columns; ``ids``,
        ``features`` and ``labels`` are arrays, ``classes`` the class names. A board of several
        tasks gives one pool for each, by the task's name.

    Raises
    ------
    Invalid
        If an argument has a wrong type, or the board is not named.
    NotFound
        If there is no such challenge or board.
    Unavailable
        If the board's data is not on this machine.

    Examples
    --------
    >>> import dataperf
    >>> pool = dataperf.pool("speech-selection/digits-60")
    >>> pool.features.shape, list(pool.frame.columns)
    ((1304, 156), ['id', 'label', 'speaker'])
    """
    found, name = board_of("pool", challenge, board)
    pools = baselines.visible(found, submission.board_data(found, name))
    return next(iter(pools.values())) if len(pools) == 1 else pools


def baseline(
    challenge: str | Challenge,
    strategy: str,
    *,
    board: str | None = None,
    seed: int = 0,
    submitter: str = "baseline",
) -> Submission:
    """Return the submission that a baseline strategy makes; it sees what participants see.

    Parameters
    ----------
    challenge
        A challenge or its name, or both names as ``"CHALLENGE/BOARD"``.
    strategy
        Name of a strategy for the challenge's track, such as ``"random"``.
    board
        Name of the board; not needed if the challenge has only one.
    seed
        Random seed; the same seed gives the same submission.
    submitter
        Who submits.

    Returns
    -------
    Submission
        It has passed the checks of the evaluator.

    Raises
    ------
    Invalid
        If an argument has a wrong type, or the answer breaks a rule of the board.
    NotFound
        If there is no such challenge, board or strategy.
    DataperfError
        If the strategy is for another track.

    Examples
    --------
    >>> import dataperf
    >>> made = dataperf.baseline("speech-selection/digits-60", "random")
    >>> made.method, sum(map(len, made.answer["samples"].values()))
    ('random, seed 0', 60)
    """
    arguments.check(
        "baseline",
        strategy=(strategy, TEXT),
        seed=(seed, arguments.SEED),
        submitter=(submitter, TEXT),
    )
    found, name = board_of("baseline", challenge, board)
    return baselines.answer(found, name, strategy, seed=int(seed), submitter=submitter)


@dataclass(frozen=True)
class BaselineRequest:
    """A baseline's submission to write; if ``out`` is None, its name has board, strategy and seed."""

    challenge: str
    board: str | None
    strategy: str
    seed: int = 0
    submitter: str = "baseline"
    out: Path | None = None
    replace: bool = False


def write_baseline(request: BaselineRequest) -> Path:
    """Write the submission of a baseline strategy to a file and return its path.

    Raises
    ------
    DataperfError
        If the file exists already, or cannot be written.
    """
    strategy = request.strategy.replace("-", "_")
    found, board = board_of("baseline", request.challenge, request.board)
    out = request.out or Path(f"{board}-{strategy}-{request.seed}.json")
    if out.exists() and not request.replace:
        raise DataperfError(f"{out} is there already; give --force or another --out")
    output_paths.check({"out": out}, {}, chosen={})
    made = baseline(
        found, request.strategy, board=board, seed=request.seed, submitter=request.submitter
    )
    output_paths.write(out, submission.dump(made).encode())
    return out


def board_of(function: str, challenge: str | Challenge, board: str | None) -> tuple[Challenge, str]:
    """Return the challenge and the name of the board that two arguments name.

    Raises
    ------
    Invalid
        If an argument has a wrong type, the board is named twice, or not at all.
    NotFound
        If there is no such challenge or board.
    """
    arguments.check(function, challenge=(challenge, CHALLENGE), board=(board, TEXT | NOTHING))
    if isinstance(challenge, str) and "/" in challenge:
        challenge, _, named = challenge.partition("/")
        if board is not None and board != named:
            problem = Problem("two-boards", "board", f'"{board}" and "{named}"', "name it once")
            raise Invalid(f"dataperf.{function}", [problem])
        board = named
    found = loading.of(challenge)
    if board is None and len(found.boards) == 1:
        board = next(iter(found.boards))
    if board is None:
        expected = f"name one of {', '.join(found.boards)}"
        problem = Problem("no-board", "board", f"{found.name} has several boards", expected)
        raise Invalid(f"dataperf.{function}", [problem])
    loading.board_of(found, board)
    return found, board
