"""Errors as they are printed: a message for people, and with ``--json`` a record for scripts."""

from __future__ import annotations

from typing import Any

import typer

from dataperf.cli import terminal
from dataperf.errors import Invalid

#: What is raised for wrong words on the command line; typer does not name it.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def wants_json(words: list[str]) -> bool:
    """Return whether a command is asked for JSON."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def record(error: Exception) -> dict[str, Any]:
    """Return an error as it is printed with ``--json``.

    Returns
    -------
    dict
        ``type``, the name of the error's class; ``message``; and ``problems``, a list of objects
        with ``rule``, ``where``, ``what``, ``expected`` and ``severity``, empty unless a file or
        value has problems.
    """
    if isinstance(error, UsageError):
        message = error.format_message()  # type: ignore[attr-defined]
        return {"type": "UsageError", "message": message, "problems": []}
    if isinstance(error, Invalid) and error.subject.startswith("dataperf."):
        # A command's error names the command, not the Python function behind it.
        error = Invalid(error.subject.replace(".", " ", 1), error.problems)
    problems = [vars(each) for each in error.problems] if isinstance(error, Invalid) else []
    return {"type": type(error).__name__, "message": str(error), "problems": problems}


def show(error: Exception, *, as_json: bool) -> None:
    """Print an error on standard error, and with ``--json`` its record on standard output."""
    found = record(error)
    terminal.say(f"error: {found['message']}")
    if as_json:
        terminal.show_json({"error": found})
