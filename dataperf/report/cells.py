"""Tables of text, and the cells that several of them share."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from dataperf.records import Result


def defect_share(result: Result) -> str:
    """Return the share of defective rows in what was selected; a dash if it is not known."""
    parts = list(result.tasks.values())
    found = parts[0].detection if len(parts) == 1 else None
    return f"{found.share:.1%}" if found else "-"


def table(*columns: str, rows: Sequence[Sequence[str]], title: str = "") -> Table:
    """Return a plain table: first column to the left, the rest to the right.

    Names may hold brackets, which a text without a type would read as styles.
    """
    heading = Text(title, style="table.title") if title else None
    drawn = Table(title=heading, title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        drawn.add_column(Text(column), justify="left" if place == 0 else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn
