"""A ranked table of scores as text."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from dataperf.boards.score_ranking import ScoreRanking
from dataperf.errors import printable
from dataperf.records.card import with_interval
from dataperf.report.cells import table
from dataperf.report.weightings import sensitivity


def scores(found: ScoreRanking, *, weightings: bool = False) -> RenderableType:
    """Return the entries with their ranks, and what the table can show.

    ``weightings`` adds a table of how the order depends on the weights of tasks.
    """
    rows = [
        [printable(row.name), row.ranks, with_interval(row.score), f"{len(row.better_than):,}"]
        for row in found.rows
    ]
    heads = ("entry", "ranks", "score [95 %]", "better than")
    parts: list[RenderableType] = [table(*heads, rows=rows, title=printable(found.name))]
    parts.append(Text("ranks: with 95 % probability, all true ranks lie in the ranges shown"))
    parts += [Text(line) for line in found.summary]
    parts += sensitivity(found.sensitivity(), full=weightings)
    parts += [Text(printable(f"note: {note}"), style="yellow") for note in found.notes]
    return Group(*parts)
