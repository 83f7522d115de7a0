"""Counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence


def plural(count: int, word: str) -> str:
    """Return a count with its noun in the right number.

    >>> plural(1, "value"), plural(1200, "value"), plural(2, "class"), plural(0, "category")
    ('1 value', '1,200 values', '2 classes', '0 categories')
    """
    return f"{count:,} {word if count == 1 else _several(word)}"


def agreed(count: int, one: str, many: str) -> str:
    """Return a count with what is said of one, or of several.

    >>> agreed(1, "row is", "rows are"), agreed(2, "row is", "rows are")
    ('1 row is', '2 rows are')
    """
    return f"{count:,} {one if count == 1 else many}"


def _several(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}s"


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
