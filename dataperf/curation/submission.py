"""An audit's findings as a submission that an evaluator can score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import validation
from dataperf.basics.threads import one_thread
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.evidence import calibration
from dataperf.evidence.collect import Collected
from dataperf.own_data import options as own_options
from dataperf.own_data.all_rows import ALL_ROWS
from dataperf.reading import split
from dataperf.records import IntArray, Submission, Suspects
from dataperf.records.rows import Rows, part_of

Action = Literal["auto", "drop", "relabel"]
ACTIONS = ("auto", "drop", "relabel")


def tracks() -> list[str]:
    """Return the tracks that an audit can write a submission for.

    Those are the tracks that offer ``audit_answer``; see `dataperf.contracts.Track`.
    """
    return [
        name for name, entry in registry.find("tracks").items() if entry.defines("audit_answer")
    ]


@dataclass(frozen=True)
class Options:
    """What kind of submission is written.

    Parameters
    ----------
    track
        Name of a track that an audit can answer (`tracks`). None takes the track of the challenge
        whose pool was audited, otherwise the default track of own data.
    budget
        Maximum number of rows in the answer. None takes the rows that the calibrated threshold
        flags.
    action
        What to do with a flagged row, if the track can do both: ``"relabel"``, ``"drop"``, or
        ``"auto"``, which relabels if the suggested label has a probability of at least 0.5 and
        drops otherwise.
    seed, test_share
        Random seed of the test part, and its share of all rows. The evaluator must get the same.
    submitter
        Name of the submitter.
    all_rows
        Whether rows that the evaluator would test on are judged and changed too. Such a submission
        cleans a file (`dataperf.apply`); no evaluation accepts it.
    """

    track: str | None = None
    budget: int | None = None
    action: Action = "auto"
    seed: int = 0
    test_share: float = 0.2
    submitter: str = "anonymous"
    all_rows: bool = False


def make(rows: Rows, evidence: Collected, options: Options, *, version: str) -> dict[str, Any]:
    """Return a submission made of an audit's label errors.

    The evaluator holds out a test part of your own data, drawn by ``seed`` and ``test_share`` (or
    by groups). A submission must not rest on labels of that part, or its score would prove
    nothing. So the labels of the other rows are judged again without it. A challenge has separate
    tests, so its whole pool is judged. With ``all_rows`` nothing is held out.

    Parameters
    ----------
    rows
        The audited data.
    evidence
        What the audit computed.
    options
        What kind of submission to write.
    version
        Version of dataperf that made the audit.

    Returns
    -------
    dict
        The content of a submission file.

    Raises
    ------
    Invalid
        If an option has a wrong value; every problem is listed.
    DataperfError
        If no row would be left to train on, or the challenge is on another track.
    """
    _check(options)
    board = _board_of(rows)
    track = options.track or (board.track if board else own_options.default_track())
    if board is not None and track != board.track:
        raise DataperfError(f"{board.challenge} asks for {board.track}, not for {track}")
    if options.all_rows:
        _check_all_rows(board, track)
    inside = np.ones(len(rows), dtype=bool)
    if board is None and not options.all_rows:
        seed, share = options.seed, options.test_share
        inside = split.parts(rows, seed=seed, test_share=share, track=track) == "pool"
    judged = _judged(rows, evidence, np.flatnonzero(inside))
    module = registry.load("tracks", track)
    if not hasattr(module, "audit_answer"):
        raise DataperfError(f"an audit cannot answer the track {track}, only {', '.join(tracks())}")
    task = board.task if board else "own"
    with plugin_calls.calling("tracks", module, "audit_answer(suspects, *, task, budget, action)"):
        answer = module.audit_answer(
            judged, task=task, budget=options.budget, action=options.action
        )
    content = {
        "schema_version": 2,
        "challenge": board.challenge if board else challenges.OWN + track.replace("_", "-"),
        "board": ALL_ROWS if options.all_rows else board.board if board else "own",
        "submitter": options.submitter,
        "method": f"dataperf audit {version}",
        "answer": answer,
    }
    validation.validate(Submission, content, "submission")
    if board is None and not options.all_rows:
        _check_accepted(rows, content, options)
    return content


def _check_accepted(rows: Rows, content: dict[str, Any], options: Options) -> None:
    """Refuse to write what the evaluation of this data would refuse."""
    from dataperf.own_data import evaluate

    rules = {"seed": options.seed, "test_share": options.test_share}
    truth = rows.labels if rows.truth is None else rows.truth  # some tracks need one
    evaluate.accept(replace(rows, truth=truth), content, rules, subject="submission")


def _check(options: Options) -> None:
    """Refuse options with wrong values, all problems at once."""
    track, share = options.track, options.test_share
    problems = [] if track is None else validation.unknown_name_problems("track", track, tracks())
    problems += validation.unknown_name_problems("action", options.action, ACTIONS)
    problems += validation.split_option_problems(
        seed=options.seed, test_share=share, budget=options.budget, place="test_share"
    )
    problems += _of_submitter(options.submitter)
    if problems:
        raise Invalid("submission", problems)


def _check_all_rows(board: _Board | None, track: str) -> None:
    """Refuse a submission over all rows that nothing could be done with."""
    what = expected = ""
    if board is not None:
        what = "the pool of a challenge is judged whole; its tests are other rows"
        expected = "leave it out"
    elif track not in own_options.applicable():
        what = f"an answer of the track {track} over all rows can neither be evaluated nor applied"
        expected = (
            f"track {' or '.join(each for each in tracks() if each in own_options.applicable())}"
        )
    if what:
        raise Invalid("submission", [Problem("all-rows", "all_rows", what, expected)])


def _of_submitter(submitter: Any) -> list[Problem]:
    """Return what is wrong with a name, by the rules of the submission record."""
    empty = {"schema_version": 2, "challenge": "own", "board": "own", "answer": {}}
    try:
        validation.validate(Submission, {**empty, "submitter": submitter}, "submission")
    except Invalid as error:
        return list(error.problems)
    return []


def dump(content: dict[str, Any]) -> str:
    """Return a submission as the text of its file."""
    return submission.dump(Submission.model_validate(content))


@dataclass(frozen=True)
class _Board:
    """The one task of a challenge's board."""

    challenge: str
    board: str
    track: str
    task: str


def _board_of(rows: Rows) -> _Board | None:
    """Return the board whose pool the rows are, None if they are not a challenge's pool."""
    if not rows.source.startswith("challenge:"):
        return None
    name, _, rest = rows.source.removeprefix("challenge:").partition("/")
    challenge = challenges.load(name)
    board = rest.partition("/")[0] or next(iter(challenge.boards))
    tasks = list(challenges.tasks_of(challenge, board))
    if len(tasks) > 1:
        raise DataperfError(
            f"{challenge.name}/{board} has {len(tasks)} tasks, but the audit read only one.\n"
            f"  Audit each task (challenge:{challenge.name}/{board}/{tasks[0]}, ...) and write the "
            "answer from their tables."
        )
    return _Board(challenge.name, board, challenge.track, tasks[0])


def _judged(rows: Rows, evidence: Collected, pool: IntArray) -> Suspects:
    """Return the rows of a pool, judged by them alone; cached for the next submission."""
    cache = evidence.parts
    key = pool.tobytes()
    if key not in cache:
        cache[key] = _judge(rows, evidence, pool)
    found: Suspects = cache[key]
    return found


def _judge(rows: Rows, whole: Collected, pool: IntArray) -> Suspects:
    from dataperf.detectors import label_errors

    part = rows if len(pool) == len(rows) else part_of(rows, pool)
    evidence = (
        whole if part is whole.rows else Collected(part, whole.seed, on_progress=whole.on_progress)
    )
    with one_thread():
        probabilities, found = evidence.probabilities, label_errors.find(evidence)
    counts = np.bincount(part.labels[part.labels >= 0], minlength=len(part.classes))
    enough = counts[part.labels] >= label_errors.FEWEST_OF_CLASS  # smaller classes are not judged
    known = np.flatnonzero((part.labels >= 0) & enough)
    scores, suggested = np.full(len(part), -1.0), np.zeros(len(part), dtype=np.intp)
    scores[known], suggested[known] = calibration.margins(probabilities[known], part.labels[known])
    flagged = np.zeros(len(part), dtype=bool)
    if not isinstance(found, str):
        flagged[found.table.loc[found.table["flagged"], "row"].to_numpy()] = True
    confidence = probabilities[np.arange(len(part)), suggested].astype(np.float64)
    for row in _last_of_class(part.labels, scores, flagged):
        flagged[row], scores[row] = False, min(scores[row], 0.0)
    ids, labels = np.asarray(part.ids).astype(str), part.labels
    return Suspects(ids, labels, part.classes, scores, suggested, confidence, flagged)


def _last_of_class(
    labels: IntArray, scores: NDArray[np.float64], flagged: NDArray[np.bool_]
) -> list[int]:
    """Return the least suspicious row of each class whose rows are all suspicious.

    A class without rows could never be predicted, so no evaluation accepts to lose one.

    >>> _last_of_class(np.array([0, 0, 1]), np.array([0.9, 0.2, -0.5]), np.zeros(3, dtype=bool))
    [1]
    """
    kept = set(labels[(scores <= 0) & ~flagged].tolist())
    lost = [number for number in np.unique(labels[labels >= 0]).tolist() if number not in kept]
    rows = [np.flatnonzero(labels == number) for number in lost]
    return [int(each[np.argmin(scores[each])]) for each in rows]
