"""Printing: text, tables, JSON, messages and progress bars."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from dataperf.basics.wording import printable

if TYPE_CHECKING:
    from rich.console import RenderableType


def show(drawn: RenderableType) -> None:
    """Print text or a table as wide as the terminal; elsewhere 110 columns, or COLUMNS."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        columns = os.environ.get("COLUMNS", "")
        width = max(60, int(columns)) if columns.isdecimal() and len(columns) < 5 else 110
        console = Console(highlight=False, width=width)
    console.print(drawn, markup=False) if isinstance(drawn, str) else console.print(drawn)


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def say(text: str) -> None:
    """Print a line on standard error, with control characters escaped.

    Names in data may hold sequences that command a terminal.
    """
    typer.echo(printable(text), err=True)


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal's standard error; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
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
            task, description=words, completed=done, total=total
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
            task = bar.add_task(title, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield shown
