"""Printing: text, tables, JSON, messages and progress bars.

Every command prints through here. Names and texts from data and records may hold sequences that
command a terminal: they are escaped in everything but JSON, whose values stay exact.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from dataperf.errors import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


def show(drawn: RenderableType) -> None:
    """Print text or a table as wide as the terminal; elsewhere 110 columns, or COLUMNS."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        columns = os.environ.get("COLUMNS", "")
        width = max(60, int(columns)) if columns.isdecimal() and len(columns) < 5 else 110
        console = Console(highlight=False, width=width)
    console.print(_Escaped(drawn))


class _Escaped:
    """What is drawn, with the control characters of its texts escaped; its styles stay."""

    def __init__(self, drawn: RenderableType) -> None:
        self._drawn = drawn

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        drawn = Text(self._drawn) if isinstance(self._drawn, str) else self._drawn
        for segment in console.render(drawn, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def line(text: str, *, indent: int = 0) -> None:
    """Print a line, with control characters escaped; on a terminal it is wrapped between words.

    In a pipe it stays one line, unless COLUMNS says how wide that is.

    Parameters
    ----------
    text
        The line.
    indent
        Blanks before what follows the first line.
    """
    columns = os.environ.get("COLUMNS", "")
    if sys.stdout.isatty() or (columns.isdecimal() and len(columns) < 5):
        width = max(indent + 20, shutil.get_terminal_size().columns)
        lead = text[: len(text) - len(text.lstrip())]
        wrapped = textwrap.wrap(
            text.strip(),
            width,
            initial_indent=lead,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        text = "\n".join(wrapped)
    typer.echo(printable(text))


def show_json(value: Any) -> None:
    """Print a value as JSON, with control characters in JSON's own escapes."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    typer.echo(printable(text, escaped=_json_escape))


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def say(text: str) -> None:
    """Print a line on standard error, with control characters escaped."""
    typer.echo(printable(text), err=True)


def _described(title: str) -> str:
    """Return a description for a progress bar, which would read brackets as styles."""
    from rich.markup import escape

    return escape(printable(title))


@contextmanager
def steps(first: str = "reading") -> Iterator[None]:
    """Show the steps of what runs inside on a terminal's standard error; elsewhere nothing.

    Parameters
    ----------
    first
        What is shown until a step is reported.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from dataperf.basics.progress import listening

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        drawn = {first: bar.add_task(first, total=None)}

        def draw(words: str, done: int, total: int | None) -> None:
            if words not in drawn:  # a new bar: an old one's total cannot be taken back
                bar.remove_task(drawn.popitem()[1])
                drawn[words] = bar.add_task(printable(words), total=total)
            bar.update(drawn[words], completed=done, total=total)

        with listening(draw):
            yield


@contextmanager
def byte_progress() -> Iterator[Callable[[str], Callable[[int, int | None], None]]]:
    """Show progress in bytes on a terminal's standard error; elsewhere the names of the steps."""
    if not sys.stderr.isatty():

        def silent(title: str) -> Callable[[int, int | None], None]:
            say(title)
            return lambda done, total: None

        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def shown(title: str) -> Callable[[int, int | None], None]:
            task = bar.add_task(_described(title), total=None)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield shown
