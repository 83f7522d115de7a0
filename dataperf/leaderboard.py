"""Results to ranked rows of one board; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dataperf import challenge as challenges
from dataperf import registry, results, statistics, submission
from dataperf.records import Challenge, Result


@dataclass(frozen=True)
class Row:
    """One line of a leaderboard; entries that cannot be told apart share a rank."""

    rank: int
    result: Result


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

    Only scored, frozen results of the board as it is now are ranked, one for every
    distinct answer. Neighbours whose paired bootstrap difference on the ranking split is
    within noise (Holm-corrected at 5 %) share a rank.

    Parameters
    ----------
    challenge, board
        The board as it is installed here.
    found
        Results, of any board.
    """
    task = challenge.tasks[challenges.board_of(challenge, board).task]
    digest = challenges.digests(challenge, board)["board"]
    era = registry.load("fixed_models", task.model).era()
    best: dict[str, Result] = {}
    unranked = []
    for result in found:
        if result.challenge != challenge.name or result.board != board:
            continue
        reason = _reason(result, digest, era)
        if reason:
            unranked.append((result, reason))
        else:
            best.setdefault(result.provenance.digests["submission"], result)
    up = registry.load("metrics", task.metric).higher_is_better
    ordered = sorted(best.values(), key=lambda result: _order(result, up))
    return Leaderboard(
        challenge.name, board, task.metric, _ranked(challenge, board, ordered), unranked
    )


def _order(result: Result, up: bool) -> tuple[float, str]:
    value = result.score.value if result.score else None
    assert value is not None
    return (-value if up else value, result.provenance.digests["submission"])


def _reason(result: Result, digest: str, era: str) -> str | None:
    """Return why a result cannot be ranked, or None."""
    if result.status != "scored" or result.score is None or result.score.value is None:
        return f"failed: {result.error or 'no score'}"
    if not result.provenance.frozen:
        return f"not frozen: {', '.join(result.provenance.unfrozen)}"
    if result.provenance.digests["board"] != digest:
        return "another version of the board"
    if result.provenance.era != era:
        return f"numeric era {result.provenance.era}; here: {era}"
    return None


def _ranked(challenge: Challenge, board: str, ordered: list[Result]) -> list[Row]:
    if not ordered:
        return []
    task = challenge.tasks[challenge.boards[board].task]
    test = submission.task_data(challenge, board).tests[task.split]
    metric = registry.load("metrics", task.metric)
    outcomes = [
        statistics.Outcome(
            test.labels,
            results.decode(result.trials[0].predictions[task.split]),
            len(task.classes),
            test.groups,
        )
        for result in ordered
    ]

    # The smallest p-value is 2 / (resamples + 1); Holm multiplies it by the number of entries.
    resamples = max(statistics.RESAMPLES, 80 * len(outcomes))

    def p_value(first: int, second: int) -> float | None:
        pair = outcomes[first], outcomes[second]
        return statistics.difference(metric, *pair, resamples=resamples).p_value

    ranks = statistics.group_ties(len(ordered), p_value)
    return [Row(rank, result) for rank, result in zip(ranks, ordered, strict=True)]


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
                "score": row.result.score.model_dump() if row.result.score else None,
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
