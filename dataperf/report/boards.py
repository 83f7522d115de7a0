"""Results in a line each, leaderboards, and the page of a challenge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from dataperf.boards.leaderboard import Leaderboard
from dataperf.boards.reference_points import ReferencePoints
from dataperf.evaluation.results import name_of
from dataperf.records import Challenge, Result
from dataperf.records.card import number, with_interval
from dataperf.report.cells import defect_share, table
from dataperf.report.points import published_table, reference_table
from dataperf.report.weightings import sensitivity

#: Maximum number of tasks that each have a column.
MOST_COLUMNS = 5


def short_table(results: Sequence[Result]) -> RenderableType:
    """Return one line for every result."""
    columns = next((list(_other_scores(result)) for result in results if result.tasks), [])
    rows = [
        [
            f"{result.board}  {result.submission.submitter}: {result.submission.method}",
            with_interval(result.score) if result.status == "scored" else "failed",
            *(number(_other_scores(result).get(name)) for name in columns),
            defect_share(result),
        ]
        for result in results
    ]
    return table("submission", "score [95 %]", *columns, "defective", rows=rows)


def leaderboard(board: Leaderboard, *, weightings: bool = False) -> RenderableType:
    """Return a ranked board, with the ranks that noise leaves open for each entry.

    ``weightings`` adds a table of how the order depends on the weights of its parts.
    """
    rows = [
        [
            row.ranks,
            row.result.submission.submitter,
            row.result.submission.method,
            with_interval(row.score),
            *(number(value) for value in _other_scores(row.result).values()),
            str(row.result.submission.division),
        ]
        for row in board.rows
    ]
    others = list(_other_scores(board.rows[0].result)) if board.rows else []
    title = f"{board.challenge}/{board.board}, ranked by {board.metric}"
    heads = ("ranks", "submitter", "method", "score [95 %]", *others, "division")
    parts: list[RenderableType] = [table(*heads, rows=rows, title=title)]
    if any(row.rank != row.worst_rank for row in board.rows):
        parts.append(Text("ranks: with 95 % probability, all true ranks lie in the ranges shown"))
    if board.visible_words:
        parts.append(Text(board.visible_words))
    parts += sensitivity(board.sensitivity(), full=weightings)
    if not rows:
        parts.append(Text("no result can be ranked yet; dataperf evaluate writes results"))
    for result, reason in board.unranked:
        who = f"{result.submission.submitter}: {result.submission.method}"
        who += f", {name_of(result)}"
        parts.append(Text(f"not ranked: {who} ({reason})", style="dim"))
    return Group(*parts)


def _rule(key: str, value: Any) -> str:
    """Return a rule of a board as words.

    >>> _rule("budget", 25), _rule("official", True), _rule("official", False)
    ('budget 25', 'official', 'not official')
    """
    words = key.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"not {words}"
    return f"{words} {value}"


def _other_scores(result: Result) -> dict[str, float | None]:
    """Return the scores of the other splits of one task, or of each of several tasks."""
    if len(result.tasks) == 1:
        (part,) = result.tasks.values()
        splits = list(part.splits.items())[1:]
        return {name: each.metrics[each.metric].value for name, each in splits}
    if len(result.tasks) > MOST_COLUMNS:
        return {}
    return {name: part.score.value for name, part in result.tasks.items()}


def challenge_page(
    challenge: Challenge, reference: Mapping[str, ReferencePoints]
) -> RenderableType:
    """Return the task of a challenge, its boards and their reference points."""
    parts: list[RenderableType] = [
        Text(f"{challenge.name} (version {challenge.version}): {challenge.title}", style="bold"),
        Text(f"track {challenge.track}"),
    ]
    if challenge.practice:
        parts.append(
            Text("practice: test labels lie on this machine, where its owner can read them")
        )
    parts += [
        Text(""),
        table(
            "board",
            "title",
            "rules",
            "model",
            "dataset",
            rows=[
                [
                    name,
                    board.title,
                    ", ".join(_rule(key, value) for key, value in board.rules.items()),
                    ", ".join(dict.fromkeys(challenge.tasks[t].model for t in board.tasks)),
                    ", ".join(dict.fromkeys(challenge.tasks[t].dataset for t in board.tasks)),
                ]
                for name, board in challenge.boards.items()
            ],
            left=range(5),
        ),
    ]
    for name, found in reference.items():
        parts += [Text(""), Text(name, style="bold"), reference_table(found)]
    for name, board in challenge.boards.items():
        if board.published:
            up = name not in reference or reference[name].higher_is_better
            parts += [Text(""), Text(name, style="bold"), published_table(board.published, up=up)]
    return Group(*parts)
