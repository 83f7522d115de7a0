"""How the order of a board depends on the weights of its parts, as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from dataperf.boards.sensitivity import Weightings
from dataperf.errors import printable
from dataperf.report.cells import table

#: Maximum number of parts that each have a column.
MOST_PARTS = 5


def sensitivity(found: Sequence[Weightings], *, full: bool) -> list[RenderableType]:
    """Return sentences, and with ``full`` a table for each kind of part."""
    parts: list[RenderableType] = []
    for each in found:
        parts += [Text(printable(line)) for line in each.sentences]
    for each in found if full else ():
        parts += [Text(""), _table(each)]
    if found and full:
        parts.append(Text("ranks by the scores as they are; chance does not count", style="dim"))
    return parts


def _table(each: Weightings) -> RenderableType:
    found, rows = each.found, []
    for place, name in enumerate(each.entries):
        without = found.without[:, place].tolist()
        shown = [str(rank) for rank in without]
        if len(shown) > MOST_PARTS:
            shown = [_range(min(without), max(without))]
        ranks = _range(int(found.best[place]), int(found.worst[place]))
        rows.append([printable(name), f"{found.leads[place]:.1%}", ranks, *shown])
    heads = [f"without {part}" for part in each.parts]
    heads = heads if len(heads) <= MOST_PARTS else [f"without one of {len(heads)}"]
    title = f"WEIGHTINGS OF THE {each.kind.upper()}"
    return table(title, "leads under", "ranks", *heads, rows=rows)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
