"""Evaluate submissions, to challenges or on your own data, and keep the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from dataperf.api import arguments, output_paths, submissions, wrong_rows
from dataperf.api.arguments import NOTHING, PATH, TEXTS
from dataperf.api.submissions import CheckRequest, Data, Given, Read
from dataperf.boards import safety_panel
from dataperf.definitions import loading
from dataperf.definitions.submission_files import Refused
from dataperf.definitions.who import Who
from dataperf.errors import DataperfError
from dataperf.evaluation import engines
from dataperf.evaluation import evaluate as evaluation
from dataperf.evaluation import results as records
from dataperf.own_data import evaluate as own
from dataperf.own_data import options as own_options
from dataperf.records import Challenge, Result

Messages = Callable[[str], None]


@dataclass(frozen=True)
class EvaluationRequest:
    """What to evaluate.

    Parameters
    ----------
    submissions
        Files or submissions; none scores the challenge's reference submissions.
    challenge, board, rules, safety
        As in `evaluate`.
    engine, jobs
        Where evaluations run, and how many at a time; see `dataperf.evaluation.engines.run`.
    data
        Your own data, instead of a challenge.
    options
        How your own data is read and scored; see `dataperf.evaluate_data`.
    results
        Where results are kept: a folder, or ``NAME:LOCATION`` of another store. None keeps nothing.
    rows
        CSV file for the test rows that the frozen model gets wrong; None writes none.
    who
        Who made the submissions, where their files do not say so.
    """

    submissions: Sequence[Given] = ()
    challenge: str | Challenge | None = None
    board: str | None = None
    rules: str = "strict"
    safety: Sequence[str] = ()
    jobs: int = 1
    data: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    results: str | Path | None = None
    engine: str | None = None
    rows: Path | None = None
    who: Who = Who()


@dataclass(frozen=True)
class Scored:
    """A result, and where it is kept ("" if it is not)."""

    result: Result
    location: str


def evaluate(
    submission: Given,
    challenge: str | Challenge | None = None,
    *,
    board: str | None = None,
    rules: str = "strict",
    safety: Sequence[str] = (),
    results: str | Path | None = None,
) -> Result:
    """Check a submission, train the frozen model on it, and score what the model predicts.

    Parameters
    ----------
    submission
        The path of a file (or of a folder, in formats that are folders), the content of a file
        as a dict, or a `Submission`.
    challenge
        A challenge or its name; None takes the one that the submission names. Official formats
        name none.
    board
        Name of the board, for official formats that do not name it.
    rules
        ``"strict"`` refuses every answer that the rules of the board do not allow; ``"official"``
        accepts everything that the official evaluator accepts, and its results are never ranked.
    safety
        Safety plug-ins to run as well, each ``"NAME"`` or ``"NAME=OPTION"``; scores do not
        depend on them.
    results
        Where to keep the result: a folder, or ``NAME:LOCATION`` of another store. None keeps
        nothing.

    Returns
    -------
    Result
        The record of the evaluation; its status is ``"failed"`` if the model could not be
        trained on the submission.

    Raises
    ------
    Invalid
        If the submission breaks a rule or an argument has a wrong type; every problem is
        listed, and nothing is trained.
    NotFound
        If there is no such challenge, board or safety plug-in.
    DataperfError
        If a frozen file has changed, or a metric of your own fails.

    Examples
    --------
    >>> import dataperf
    >>> made = dataperf.baseline("speech-selection/digits-60", "random")
    >>> result = dataperf.evaluate(made)
    >>> result.status, round(result.score.value, 3)
    ('scored', 0.448)
    """
    more = {"safety": (safety, TEXTS), "results": (results, PATH | NOTHING)}
    submissions.check_arguments("evaluate", submission, challenge, board, rules, **more)
    submissions.check_single("evaluate", submission, challenge)
    request = EvaluationRequest((submission,), challenge, board, rules, safety, results=results)
    (scored,) = _on_challenges(request, arguments.warn, None)
    return scored.result


def run(
    request: EvaluationRequest,
    *,
    on_message: Messages = arguments.warn,
    on_refused: Refused | None = None,
) -> list[Scored]:
    """Evaluate all that a request names, and keep each result as soon as it is computed.

    Parameters
    ----------
    request
        What to evaluate.
    on_message
        Called with a line for everything that a user should know.
    on_refused
        Called with the error of each submission that breaks a rule, and of each file that is not
        one; the others are evaluated. Without it, one bad submission refuses all.

    Raises
    ------
    Invalid
        If a submission breaks a rule, and no other is valid or there is no ``on_refused``; every
        problem is listed, and nothing is trained.
    DataperfError
        If the request names neither a challenge nor data, or both.
    """
    if wrong := _conflict(request):
        raise DataperfError(wrong)
    _check_place(request.results, [])  # refused before anything is read
    engines.chosen(request.engine, jobs=request.jobs, items=len(request.submissions))
    arguments.check("evaluate", rules=(request.rules, arguments.RULES))
    if request.rows is not None:
        wrong_rows.check_place(request.rows)
    if request.data is not None:
        scored = _on_own_data(request, on_message, on_refused)
    else:
        if not request.submissions:
            request = _references(request, on_message)
        scored = list(_on_challenges(request, on_message, on_refused))
    if request.rows is not None:
        found = [each.result for each in scored]
        wrong_rows.write(request.rows, found, data=request.data)
    return scored


def _conflict(request: EvaluationRequest) -> str:
    """Return what is wrong with the choice between a challenge and own data; "" if nothing is."""
    if request.data is not None:
        for name in ("challenge", "board", "safety"):
            if getattr(request, name):
                return f"--{name} is for challenges, and --data for your own data: give one of them"
        if request.rules != "strict":
            return f"--rules {request.rules} is for challenges, and --data for your own data"
        return "" if request.submissions else "name a submission; dataperf audit writes one"
    if request.options:
        name = next(iter(request.options)).replace("_", "-")
        return f"--{name} is for your own data: give --data"
    if request.challenge is None and not request.submissions:
        return "name a challenge (--challenge NAME), a submission, or your own data (--data FILE)"
    return ""


def _on_challenges(
    request: EvaluationRequest,
    on_message: Messages,
    on_refused: Refused | None,
) -> Iterator[Scored]:
    wanted = CheckRequest(
        request.submissions, request.challenge, request.board, request.rules, request.who
    )
    if request.challenge is not None and request.board is not None:
        loading.board_of(loading.of(request.challenge), request.board)
    if request.challenge is not None:  # refused before anything is read
        safety_panel.prepare(request.safety, request.challenge)
    found = submissions.read_all(wanted, Data(), on_refused=on_refused, on_message=on_message)
    boards = {f"{each.challenge.name}/{each.submission.board}" for each in found}
    _check_place(request.results, sorted(boards))
    rules = cast(Literal["strict", "official"], request.rules)
    for challenge, parts in _by_challenge(found):
        safety = safety_panel.prepare(request.safety, challenge)
        if request.rows is not None:
            wrong_rows.refuse_hidden(challenge)
        answers = [each.submission for each in parts]
        for result in evaluation.evaluate_all(
            challenge, answers, engine=request.engine, jobs=request.jobs, rules=rules
        ):
            yield _kept(safety_panel.add(result, safety), request.results)


def _by_challenge(found: Sequence[Read]) -> Iterator[tuple[Challenge, list[Read]]]:
    for name in dict.fromkeys(each.challenge.name for each in found):
        parts = [each for each in found if each.challenge.name == name]
        yield parts[0].challenge, parts


def _references(request: EvaluationRequest, on_message: Messages) -> EvaluationRequest:
    """Return the request with the challenge's reference submissions, of its board or of all."""
    challenge = loading.of(request.challenge or "")
    if request.board:
        loading.board_of(challenge, request.board)
    files = sorted((loading.folder_of(challenge) / "submissions").glob("*.json"))
    if not files:
        raise DataperfError(
            f"{challenge.name} has no reference submissions; name a file. A first one:\n"
            f"  dataperf baseline -c {challenge.name} -s STRATEGY -o mine.json\n"
            f"  Strategies: dataperf list strategies --track {challenge.track}"
        )
    on_message(f"no file given: scoring the reference submissions of {challenge.name}")
    found = [submissions.read(file, challenge, None, rules=request.rules) for file in files]
    boards = sorted({each.submission.board for each in found})
    chosen = [each.submission for each in found if request.board in (None, each.submission.board)]
    if not chosen:
        raise DataperfError(
            f"{challenge.name} has no reference submissions to {request.board}, "
            f"only to {', '.join(boards)}"
        )
    return replace(request, submissions=chosen, challenge=challenge, board=None)


def _on_own_data(
    request: EvaluationRequest,
    on_message: Messages,
    on_refused: Refused | None,
) -> list[Scored]:
    listed = submissions.listing(request.submissions, None, request.who)
    _check_place(request.results, [f"{name}/own" for name in own_options.tracks()])
    options: dict[str, Any] = dict(request.options)
    found = own.evaluate(
        request.data,
        [given for given, _ in listed.items],
        made_by=[who for _, who in listed.items],
        on_message=on_message,
        on_refused=on_refused,
        unread=listed.unread,
        engine=request.engine,
        jobs=request.jobs,
        **options,
    )
    for line in listed.copies.values():
        on_message(f"note: {line}")
    return [_kept(result, request.results) for result in found]


def _check_place(results: str | Path | None, boards: Sequence[str]) -> None:
    """Refuse a place where results cannot be kept, before anything is trained for them.

    Parameters
    ----------
    results
        Where results are kept; None keeps nothing.
    boards
        The folders in it that are written to, each ``CHALLENGE/BOARD``.

    Raises
    ------
    DataperfError
        If it is a folder that cannot be written to, or names no place.
    """
    if results is None:
        return
    place = records.place_of(str(results))
    if place.store == records.FOLDER:  # other stores refuse when they are written to
        for board in boards or [""]:
            output_paths.check({}, {"results": Path(place.location, board)}, chosen={})


def _kept(result: Result, place: str | Path | None) -> Scored:
    return Scored(result, "" if place is None else records.keep(result, str(place)))
