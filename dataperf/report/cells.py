"""Tables of text that fit a terminal, and the cells that several of them share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from dataperf.records import Result

#: What a line break may not part: a word, or an interval in brackets.
WORD = re.compile(r"\[[^\]]*\]\S*|\S+")
#: Blanks between two columns.
GAP = 2


def defect_share(result: Result) -> str:
    """Return the share of defective rows in what was selected; a dash if it is not known."""
    parts = list(result.tasks.values())
    found = parts[0].detection if len(parts) == 1 else None
    return f"{found.share:.1%}" if found else "-"


def table(
    *columns: str, rows: Sequence[Sequence[str]], title: str = "", left: Sequence[int] = (0,)
) -> Fitted:
    """Return a plain table.

    Parameters
    ----------
    *columns
        Heads of the columns.
    rows
        The cells of each row.
    title
        Title of the table.
    left
        Numbers of the columns that are aligned to the left; the others are aligned to the right.
    """
    return Fitted(columns, rows, title, tuple(left))


@dataclass(frozen=True)
class Fitted:
    """A table that breaks no word, however narrow the terminal.

    Cells are wrapped between words. Columns that still do not fit follow in a further table, which
    repeats the first column. If not even two columns fit, each row is a list.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    left: tuple[int, ...] = (0,)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        least = [max(map(_longest, self._cells(each))) for each in range(len(self.heads))]
        if len(least) > 1 and least[0] + GAP + max(least[1:]) > options.max_width:
            yield from self._listed(options.max_width)
            return
        title = self.title
        for part in _parts(least, options.max_width):
            yield self._drawn(part, least, options.max_width, title)
            title = ""

    def _cells(self, column: int) -> list[str]:
        return [self.heads[column], *(row[column] for row in self.rows)]

    def _listed(self, room: int) -> Iterator[Text]:
        if self.title:
            yield Text(self.title, style="italic")
        for row in self.rows:
            yield Text(row[0])
            for head, cell in zip(self.heads[1:], row[1:], strict=True):
                lines = _wrapped(f"{head}: {cell}", room - 2).split("\n")
                yield Text("\n".join(f"  {line}" for line in lines))

    def _drawn(self, part: Sequence[int], least: Sequence[int], room: int, title: str) -> Table:
        """Return a table of some columns; the widest are narrowed until all fit."""
        widths = {each: max(map(cell_len, self._cells(each))) for each in part}
        while sum(widths.values()) + GAP * (len(part) - 1) > room:
            loose = [each for each in part if widths[each] > least[each]]
            if not loose:
                break
            widths[max(loose, key=lambda each: widths[each])] -= 1
        heading = Text(title, style="table.title") if title else None
        drawn = Table(title=heading, title_justify="left", box=None, pad_edge=False)
        for each in part:
            drawn.add_column(
                Text(_wrapped(self.heads[each], widths[each])),
                justify="left" if each in self.left else "right",
                overflow="fold",
                width=widths[each],
            )
        for row in self.rows:
            drawn.add_row(*(Text(_wrapped(row[each], widths[each])) for each in part))
        return drawn


def _longest(cell: str) -> int:
    """Return the width of the widest part of a cell that no line break may part."""
    return max(map(cell_len, WORD.findall(cell)), default=0)


def _parts(least: Sequence[int], room: int) -> list[list[int]]:
    """Return the columns of each table, each with the first column and as many others as fit."""
    parts, used = [[0]], least[0]
    for column, width in enumerate(least[1:], start=1):
        if used + GAP + width > room and len(parts[-1]) > 1:
            parts.append([0])
            used = least[0]
        parts[-1].append(column)
        used += GAP + width
    return parts


def _wrapped(cell: str, width: int) -> str:
    r"""Return a cell with line breaks between words, none if it fits.

    >>> _wrapped("0.803 [0.77, 0.83]", 12)
    '0.803\n[0.77, 0.83]'
    """
    if cell_len(cell) <= width:
        return cell
    lines: list[str] = []
    for word in WORD.findall(cell):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)
