"""How a record shows itself: a few lines of text, or a piece of HTML in a notebook."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

    from dataperf.records.result import Estimate

#: A cell that holds a number, with or without its interval, or the dash of a missing one.
NUMBER = re.compile(r"[-+0-9.,=]+( \[[^]]*\])?")
#: Rows of a table that the text shows, and characters of a line.
MOST_ROWS, WIDEST = 5, 160


@dataclass(frozen=True)
class Grid:
    """A small table; columns of numbers are aligned to the right.

    >>> Grid(("name", "score"), [("me", "0.9 [0.8, 1.0]"), ("you", "-")]).sides
    ['left', 'right']
    """

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    title: str = ""

    @property
    def sides(self) -> list[str]:
        """The side to which each column is aligned."""
        columns = list(zip(*self.rows, strict=True)) or [()] * len(self.heads)
        return ["right" if all(map(NUMBER.fullmatch, cells)) else "left" for cells in columns]


@dataclass(frozen=True)
class Curve:
    """A line chart of one number along another; HTML draws it, text lists some of its points.

    Parameters
    ----------
    across, along : str
        Names of the numbers on the horizontal and the vertical axis.
    places, values : sequence of float
        The points, from left to right.
    title : str
        What it shows.

    Examples
    --------
    >>> Curve("inspected", "accuracy", [0, 50], [0.5, 0.75]).line
    '0.0,100.0 100.0,0.0'
    """

    across: str
    along: str
    places: Sequence[float]
    values: Sequence[float]
    title: str = ""

    @property
    def line(self) -> str:
        """The points as SVG has them, in a square of 100: the lowest value lies at the bottom."""
        wide = (max(self.places) - min(self.places)) or 1.0
        high = (max(self.values) - min(self.values)) or 1.0
        points = (
            (100 * (x - min(self.places)) / wide, 100 - 100 * (y - min(self.values)) / high)
            for x, y in zip(self.places, self.values, strict=True)
        )
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    def some(self, most: int = 11) -> list[tuple[float, float]]:
        """Return at most ``most`` points, evenly spaced, with the first and the last."""
        last = len(self.places) - 1
        steps = min(last, most - 1)
        chosen = [round(each * last / max(1, steps)) for each in range(steps + 1)]
        return [(self.places[each], self.values[each]) for each in chosen]


@dataclass(frozen=True)
class Card:
    """What a record shows: a title, facts, tables (in HTML, and in text if ``listed``), notes."""

    title: str
    facts: Sequence[str] = ()
    grids: Sequence[Grid] = ()
    notes: Sequence[str] = ()
    listed: bool = False
    curves: Sequence[Curve] = ()


def text(card: Card) -> str:
    r"""Return a card as a few lines of text.

    >>> print(text(Card("Result of me", ["accuracy 0.9"], notes=["not\nranked"])))
    Result of me
      accuracy 0.9
      not ranked
    """
    lines = [*card.facts, *(_rows(card.grids) if card.listed else ()), *card.notes]
    shown = [_one_line(card.title), *(f"  {_one_line(line)}" for line in lines[:12])]
    return "\n".join([*shown, *([f"  and {len(lines) - 12} more lines"] * (len(lines) > 12))])


def _rows(grids: Sequence[Grid]) -> list[str]:
    lines = []
    for grid in grids:
        lines += ["  ".join(row) for row in grid.rows[:MOST_ROWS]]
        if len(grid.rows) > MOST_ROWS:
            lines.append(f"and {len(grid.rows) - MOST_ROWS:,} more")
    return lines


def _one_line(line: str) -> str:
    """Return a line without control characters, cut to a width."""
    shown = _printable(" ".join(line.split()))
    return shown if len(shown) <= WIDEST else shown[: WIDEST - 1] + "…"


def _printable(text: str) -> str:
    """Return a text with a blank for each control character; the joiners of several scripts stay."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in "\u200c\u200d" else " " for each in text)


def html(card: Card) -> str:
    """Return a card as a piece of HTML that needs nothing but itself; every text is escaped.

    >>> "<b>" in html(Card("<b>"))
    False
    """
    return _template().render(card=card)


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _printable(value) if isinstance(value, str) else value,
    )
    source = Path(__file__).with_name("card.html").read_text(encoding="utf-8")
    return environment.from_string(source)


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with what is said of one, or of several.

    Parameters
    ----------
    count
        How many.
    one, many
        A noun, or more, in the singular and in the plural; by default with an s.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row"), counted(2, "class", "classes")
    ('1 row', '1,200 rows', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number for a table cell; a dash for None.

    >>> number(0.12345), number(None)
    ('0.123', '-')
    """
    return "-" if value is None else f"{value:.{digits}f}"


def with_interval(estimate: Estimate | None) -> str:
    """Return a value and its 95 % interval.

    >>> from dataperf.records import Estimate
    >>> with_interval(Estimate(value=0.5, low=0.4, high=0.6))
    '0.500 [0.400, 0.600]'
    """
    if estimate is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"
