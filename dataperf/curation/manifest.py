"""From finding to proof: an audit's findings as a submission that an evaluator can score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf import selection_helpers
from dataperf.basics import validation
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.evidence import calibration
from dataperf.evidence.collect import Collected
from dataperf.reading import split
from dataperf.records import FloatArray, IntArray, Submission
from dataperf.records.rows import Rows, part_of

if TYPE_CHECKING:
    from dataperf.curation.audit import Audit

TRACKS = ("repair", "cleaning", "selection")
ACTIONS = ("auto", "drop", "relabel")
#: A suggested label is believed from this chance on; below it the row is dropped.
BELIEVED = 0.5


def manifest(
    audit: Audit,
    *,
    track: str | None = None,
    budget: int | None = None,
    action: Literal["auto", "drop", "relabel"] = "auto",
    seed: int = 0,
    test_share: float = 0.2,
    submitter: str = "anonymous",
) -> dict[str, Any]:
    """Return a submission made of an audit's label errors.

    An own data set is scored on a test part that the evaluator holds out by ``seed`` and
    ``test_share`` (or by groups). What the findings say must not rest on that part, or the proof
    would be worth nothing: so the labels of the rest are judged again without it. A challenge's
    pool is judged as a whole, it has tests of its own.

    Parameters
    ----------
    audit
        What was found.
    track
        ``"repair"``: labels to put right and rows to drop; ``"cleaning"``: all rows in the order
        to inspect them; ``"selection"``: the rows to train on. None takes that of the challenge
        whose pool was audited, else repair.
    budget
        The most labels to touch (repair) or rows to keep (selection); by default what the
        calibrated threshold flags.
    action
        For repair: relabel a flagged row if its suggested label is likelier than not, else
        drop it (``"auto"``), or always the one or the other.
    seed, test_share
        Of the held-out part; the evaluator must be given the same.
    submitter
        Who answers.

    Raises
    ------
    Invalid
        If an option is not what it may be; every problem is listed.
    DataperfError
        If nothing is left to train on, or the challenge asks for something else.
    """
    _check(track, action, seed=seed, test_share=test_share, budget=budget, submitter=submitter)
    rows, asked = audit.rows, _board_of(audit.rows)
    track = track or (asked.track if asked else "repair")
    if asked is not None and track != asked.track:
        raise DataperfError(f"{asked.challenge} asks for {asked.track}, not for {track}")
    inside = np.ones(len(rows), dtype=bool)
    if asked is None:
        parts = split.parts(rows, seed=seed, test_share=test_share, track=track)
        inside = parts == "pool"
    pool = np.flatnonzero(inside)
    scores, suggested, sure, flagged = _judged(audit, pool)
    if track == "repair":
        answer = _repair(rows, pool, scores, suggested, sure, flagged, budget, action)
    elif track == "cleaning":
        order = [str(rows.ids[row]) for row in pool[np.argsort(-scores, kind="stable")]]
        answer = {"orders": {asked.task if asked else "own": order}}
    else:
        answer = _selection(rows, pool, scores, flagged, budget)
    made = {
        "schema_version": 2,
        "challenge": asked.challenge if asked else f"own-{track}",
        "board": asked.board if asked else "own",
        "submitter": submitter,
        "method": f"dataperf audit {audit.version}",
        "answer": answer,
    }
    validation.validate(Submission, made, "manifest")
    return made


def _check(
    track: Any, action: Any, *, seed: Any, test_share: Any, budget: Any, submitter: Any
) -> None:
    """Refuse options that would make another manifest than was meant, all at once."""
    problems = [] if track is None else validation.named("track", track, TRACKS)
    problems += validation.named("action", action, ACTIONS)
    problems += validation.problems(
        seed=seed, test_share=test_share, budget=budget, place="test_share"
    )
    problems += _of_submitter(submitter)
    if problems:
        raise Invalid("manifest", problems)


def _of_submitter(submitter: Any) -> list[Problem]:
    """Return what is wrong with a name, as the record of a submission says."""
    empty = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": {}}
    try:
        validation.validate(Submission, {**empty, "submitter": submitter}, "manifest")
    except Invalid as error:
        return list(error.problems)
    return []


def dump(made: dict[str, Any]) -> str:
    """Return a submission as the text of its file."""
    return submission.dump(Submission.model_validate(made))


@dataclass(frozen=True)
class _Board:
    """The one task of a challenge's board."""

    challenge: str
    board: str
    track: str
    task: str


def _board_of(rows: Rows) -> _Board | None:
    """Return whose pool the rows are, None if they are nobody's."""
    if not rows.source.startswith("challenge:"):
        return None
    name, _, rest = rows.source.removeprefix("challenge:").partition("/")
    asked = challenges.load(name)
    board = rest.partition("/")[0] or next(iter(asked.boards))
    tasks = list(challenges.tasks_of(asked, board))
    if len(tasks) > 1:
        raise DataperfError(
            f"{asked.name}/{board} has {len(tasks)} tasks, and the audit saw one of them.\n"
            f"  Audit each (challenge:{asked.name}/{board}/{tasks[0]}, ...) and write the answer "
            "from their tables."
        )
    return _Board(asked.name, board, asked.track, tasks[0])


Judged = tuple[FloatArray, IntArray, FloatArray, NDArray[np.bool_]]


def _judged(audit: Audit, pool: IntArray) -> Judged:
    """Return scores, suggestions, their chances and flags of some rows, judged by them alone.

    Kept, for the next manifest of the same rows.
    """
    kept = audit.evidence.parts
    key = pool.tobytes()
    if key not in kept:
        part = audit.rows if len(pool) == len(audit.rows) else part_of(audit.rows, pool)
        kept[key] = _judge(part, audit.evidence)
    found: Judged = kept[key]
    return found


def _judge(part: Rows, whole: Collected) -> Judged:
    from threadpoolctl import threadpool_limits

    from dataperf.detectors import label_errors

    evidence = whole if part is whole.rows else Collected(part, whole.seed, tell=whole.tell)
    with threadpool_limits(limits=1):
        chances, found = evidence.probabilities, label_errors.find(evidence)
    counts = np.bincount(part.labels[part.labels >= 0], minlength=len(part.classes))
    enough = counts[part.labels] >= label_errors.FEWEST_OF_CLASS  # of fewer nothing can be said
    known = np.flatnonzero((part.labels >= 0) & enough)
    scores, suggested = np.full(len(part), -1.0), np.zeros(len(part), dtype=np.intp)
    scores[known], suggested[known] = calibration.margins(chances[known], part.labels[known])
    flagged = np.zeros(len(part), dtype=bool)
    if not isinstance(found, str):
        flagged[found.table.loc[found.table["flagged"], "row"].to_numpy()] = True
    sure = chances[np.arange(len(part)), suggested].astype(np.float64)
    return scores, suggested, sure, flagged


def _repair(
    rows: Rows,
    pool: IntArray,
    scores: FloatArray,
    suggested: IntArray,
    sure: FloatArray,
    flagged: NDArray[np.bool_],
    budget: int | None,
    action: str,
) -> dict[str, Any]:
    order = np.argsort(-scores, kind="stable")
    order = order[flagged[order]] if budget is None else order[scores[order] > 0][:budget]
    drop: list[str] = []
    relabel: dict[str, str] = {}
    for place in order.tolist():
        name = str(rows.ids[pool[place]])
        if action == "relabel" or (action == "auto" and sure[place] >= BELIEVED):
            relabel[name] = rows.classes[suggested[place]]
        else:
            drop.append(name)
    return {"drop": drop, "relabel": relabel}


def _selection(
    rows: Rows,
    pool: IntArray,
    scores: FloatArray,
    flagged: NDArray[np.bool_],
    budget: int | None,
) -> dict[str, Any]:
    labels = rows.labels[pool]
    if budget is None:
        kept = np.flatnonzero(~flagged & (labels >= 0))
    else:  # the most trusted of every class, classes as even as they can be
        ranked = [np.flatnonzero(labels == number) for number in range(len(rows.classes))]
        ranked = [each[np.argsort(scores[each], kind="stable")] for each in ranked]
        shares = selection_helpers.per_class_counts([len(each) for each in ranked], budget)
        kept = np.sort(np.concatenate([each[:n] for each, n in zip(ranked, shares, strict=True)]))
    if not len(kept):
        raise DataperfError("nothing would be left to train on; give another budget")
    samples: dict[str, list[str]] = {}
    for place in kept.tolist():
        name = rows.classes[labels[place]]
        samples.setdefault(name, []).append(str(rows.ids[pool[place]]))
    return {"samples": samples}
