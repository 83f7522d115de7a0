"""Results to ranked rows of one board; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import challenge as challenges
from dataperf import evaluation, frozen, registry, results, statistics, submission
from dataperf.data import is_pinned
from dataperf.errors import DataperfError
from dataperf.records import Challenge, Estimate, Result, Task, TaskData
from dataperf.statistics import Outcome


@dataclass(frozen=True)
class Row:
    """One line of a leaderboard; entries that cannot be told apart share a rank.

    ``score`` is computed here from the record's predictions, not taken from the record.
    """

    rank: int
    result: Result
    score: Estimate


@dataclass(frozen=True)
class Leaderboard:
    """A ranked board, and what was left out with the reason."""

    challenge: str
    board: str
    metric: str
    rows: list[Row]
    unranked: list[tuple[Result, str]]


def rank(challenge: Challenge, board: str, found: Iterable[Result]) -> Leaderboard:
    """Rank the results of a board.

    Only results of the board as it is now, frozen, whose scores are those of their own
    predictions, are ranked, one for every training set: the earliest. Neighbours whose
    paired bootstrap difference on the ranking split is within noise (Holm-corrected at 5 %)
    share a rank. That the predictions are those of the submission only ``verify`` can tell.

    Parameters
    ----------
    challenge, board
        The board as it is installed here.
    found
        Results, of any board.
    """
    task = challenge.tasks[challenges.board_of(challenge, board).task]
    mine = [r for r in found if r.challenge == challenge.name and r.board == board]
    if not mine:
        return Leaderboard(challenge.name, board, task.metric, [], [])
    judge = _judge(challenge, board)
    entries: dict[str, tuple[Result, Outcome]] = {}
    unranked = []
    for result in sorted(mine, key=lambda each: each.provenance.started):
        try:
            outcome = judge(result)
        except DataperfError as error:
            unranked.append((result, str(error)))
            continue
        same = entries.setdefault(result.trials[0].training_set, (result, outcome))[0]
        if same is not result:
            unranked.append((result, f"same training set as {same.submission.submitter}'s"))
    metric = registry.load("metrics", task.metric)
    rows = _ranked(metric, list(entries.values()))
    return Leaderboard(challenge.name, board, task.metric, rows, unranked)


def _judge(challenge: Challenge, board: str) -> Callable[[Result], Outcome]:
    """Return a function that gives a result's outcome on the ranking split, or refuses it."""
    task = challenge.tasks[challenge.boards[board].task]
    data = submission.task_data(challenge, board)
    digest = challenges.digests(challenge, board)["board"]
    era = registry.load("fixed_models", task.model).era()
    unfrozen = frozen.unfrozen_parts(challenge, board)
    pinned = is_pinned(registry.load("datasets", task.dataset).source)

    def judge(result: Result) -> Outcome:
        told = result.provenance
        if result.status != "scored":
            raise DataperfError(f"failed: {result.error}")
        if not told.frozen or unfrozen:
            loose = ", ".join(told.unfrozen or unfrozen) or "when it was scored"
            raise DataperfError(f"not frozen: {loose}")
        if told.digests.get("board") != digest:
            raise DataperfError("another version of the board")
        if told.era != era:
            raise DataperfError(f"numeric era {told.era}; here: {era}")
        if not pinned and told.digests.get("data") != data.digest:
            raise DataperfError("other data")
        _check_answer(challenge, board, data, result)
        return _check_scores(task, data, result)

    return judge


def _check_answer(challenge: Challenge, board: str, data: TaskData, result: Result) -> None:
    sent = result.submission
    if (sent.challenge, sent.board) != (challenge.name, board) or len(result.trials) != 1:
        raise DataperfError("its submission is to another board")
    submission.check(sent, challenge, data)
    track = registry.load("tracks", challenge.track)
    answer = track.Answer.model_validate(sent.answer)
    (chosen,) = track.training_sets(answer, challenges.rules_of(challenge, board), data)
    if evaluation.training_set_digest(data, chosen) != result.trials[0].training_set:
        raise DataperfError("its submission is not what was trained on")


def _check_scores(task: Task, data: TaskData, result: Result) -> Outcome:
    outcomes = {}
    for name, split in task.splits.items():
        headline, test = split.metric or task.metric, data.tests[name]
        kept = result.trials[0].predictions.get(name)
        scores = result.splits.get(name)
        if kept is None or scores is None or headline not in scores.metrics:
            raise DataperfError(f"no scores or predictions of {name}")
        predicted = results.decode(kept)
        if predicted.shape != (len(task.seeds), len(test.labels)):
            raise DataperfError(f"predictions of {name} have shape {predicted.shape}")
        if predicted.min() < 0 or predicted.max() >= len(task.classes):
            raise DataperfError(f"predictions of {name} are no class ids")
        outcomes[name] = Outcome(test.labels, predicted, len(task.classes), test.groups)
        metric = registry.load("metrics", headline)
        value = float(np.mean(statistics.per_seed(metric, outcomes[name])))
        if scores.metric != headline or scores.metrics[headline].value != value:
            raise DataperfError(f"its score on {name} is not that of its predictions")
    if result.score != result.splits[task.split].metrics.get(task.metric):
        raise DataperfError("its score is not that of its ranking split")
    return outcomes[task.split]


def _ranked(metric: Any, entries: list[tuple[Result, Outcome]]) -> list[Row]:
    scored = [
        (result, outcome, statistics.interval(metric, outcome)) for result, outcome in entries
    ]
    scored.sort(key=lambda each: each[2].value or 0.0, reverse=metric.higher_is_better)
    # The smallest p-value is 2 / (resamples + 1); Holm multiplies it by the number of entries.
    resamples = max(statistics.RESAMPLES, 80 * len(scored))

    def p_value(first: int, second: int) -> float | None:
        pair = scored[first][1], scored[second][1]
        return statistics.difference(metric, *pair, resamples=resamples).p_value

    ranks = statistics.group_ties(len(scored), p_value)
    return [
        Row(rank, result, score) for rank, (result, _, score) in zip(ranks, scored, strict=True)
    ]


def plain(board: Leaderboard) -> dict[str, object]:
    """Return a board as JSON: one object a row, and what was not ranked."""
    return {
        "challenge": board.challenge,
        "board": board.board,
        "metric": board.metric,
        "rows": [
            {
                "rank": row.rank,
                "submitter": row.result.submission.submitter,
                "method": row.result.submission.method,
                "score": row.score.model_dump(),
                "splits": {
                    name: split.metrics[split.metric].model_dump()
                    for name, split in row.result.splits.items()
                },
                "submission": row.result.provenance.digests["submission"],
            }
            for row in board.rows
        ],
        "unranked": [
            {"submitter": result.submission.submitter, "reason": reason}
            for result, reason in board.unranked
        ],
    }
