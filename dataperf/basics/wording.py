"""Counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence

from dataperf.errors import printable

#: What a formula of a spreadsheet begins with, in both widths.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


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


def in_one_line(text: str, most: int = 500) -> str:
    r"""Return a message without line ends, cut to a number of characters.

    >>> in_one_line("2 problems\n  1. one\n  2. two")
    '2 problems 1. one 2. two'
    """
    line = printable(" ".join(text[: 4 * most].split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def on_one_line(name: str) -> str:
    r"""Return a name with control characters and line ends escaped: it cannot forge a line.

    >>> on_one_line("a\nb.json")
    'a\\nb.json'
    """
    return printable(name).replace("\n", "\\n").replace("\t", "\\t")


def no_formula(cell: str) -> str:
    """Return a cell for a CSV report that no spreadsheet runs as a formula.

    A text that begins like a formula gets an apostrophe in front; numbers stay as they are. Never
    for a file that is read back: there every value stays exact.

    >>> no_formula("=1+1"), no_formula("-0.5"), no_formula("a=b")
    ("'=1+1", '-0.5', 'a=b')
    """
    if not cell.lstrip().startswith(FORMULA) and not cell.startswith(("\t", "\r")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
