"""Counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence


def plural(count: int, word: str) -> str:
    """Return a count with its noun in the right number.

    >>> plural(1, "value"), plural(1200, "value")
    ('1 value', '1,200 values')
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def shorten(names: Sequence[str], most: int = 12) -> str:
    """Return names joined by commas; a long list is cut.

    Parameters
    ----------
    names
        What to list.
    most
        Maximum number of names; the rest is counted.

    Examples
    --------
    >>> shorten(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most:,} more"


def in_one_line(text: str, most: int = 500) -> str:
    r"""Return a message without line ends, cut to a number of characters.

    >>> in_one_line("2 problems\n  1. one\n  2. two")
    '2 problems 1. one 2. two'
    """
    line = printable(" ".join(text[: 4 * most].split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def printable(text: str) -> str:
    r"""Return a text with control characters escaped, which would command the terminal.

    Line ends and tabs stay as they are.

    >>> printable("\x1b[2Jred")
    '\\x1b[2Jred'
    """
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode()
        for each in text
    )
