"""Printing: text, tables, JSON, messages and progress bars."""

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


def line(text: str, *, indent: int = 0) -> None:
    """Print a line; on a terminal it is wrapped between words, the rest indented.

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
    typer.echo(text)


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def say(text: str) -> None:
    """Print a line on standard error, with control characters escaped.

    Names in data may hold sequences that command a terminal.
    """
    typer.echo(printable(text), err=True)


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
            task = bar.add_task(title, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield shown
