"""A plan of a board as text."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from dataperf.boards.plan import BoardPlan
from dataperf.boards.verdicts import about
from dataperf.report.cells import table


def plan(found: BoardPlan) -> RenderableType:
    """Return how many test rows and seeds a board needs, and what it shows today."""
    head = (
        f"{found.challenge}/{found.board}, by {found.metric}: a difference of {found.difference:g}"
    )
    parts: list[RenderableType] = [Text(head, style="bold")]
    parts += [Text(line) for line in found.sentences]
    if found.table:
        rows = [[f"{n}", "none" if rows is None else about(rows)] for n, rows in found.table]
        parts += [Text(""), table("seeds", "test rows needed", rows=rows)]
    parts.append(Text(f"computed from {found.source}", style="dim"))
    return Group(*parts)
