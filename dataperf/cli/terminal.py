"""Printing: text, tables, JSON, messages and progress bars.

Every command prints through here. Names and texts from data and records may hold sequences that
command a terminal: they are escaped in everything but JSON, whose values stay exact.
"""

from __future__ import annotations

import json
import os
import sys
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


def show_json(value: Any) -> None:
    """Print a value as JSON, with control characters in JSON's own escapes."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    typer.echo(printable(text, escaped=_json_escape))


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def line(text: str) -> None:
    """Print a line on standard output, with control characters escaped."""
    typer.echo(printable(text))


def say(text: str) -> None:
    """Print a line on standard error, with control characters escaped."""
    typer.echo(printable(text), err=True)


def _described(title: str) -> str:
    """Return a description for a progress bar, which would read brackets as styles."""
    from rich.markup import escape

    return escape(printable(title))


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal's standard error; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_described(title), total=total)
        yield lambda: bar.advance(task)


@contextmanager
def steps() -> Iterator[Callable[[str, int, int | None], None]]:
    """Show the current step and its progress on a terminal's standard error; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda words, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda words, done, total: bar.update(
            task, description=_described(words), completed=done, total=total
        )


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
