"""Pieces of reStructuredText."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence


def title(text: str, mark: str = "=") -> str:
    """Return a heading.

    >>> title("Metrics")
    'Metrics\\n=======\\n'
    """
    return f"{text}\n{mark * len(text)}\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table; a cell may hold any text of one or more lines."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [heads, *rows]:
        for place, cell in enumerate(row):
            first, *others = cell.splitlines() or [""]
            lines.append(f"   {'*' if place == 0 else ' '} - {first}".rstrip())
            lines += [f"       {line}".rstrip() for line in others]
    return "\n".join(lines) + "\n"


def code(text: str, language: str = "console") -> str:
    """Return a block of code."""
    return f".. code-block:: {language}\n\n{textwrap.indent(text.rstrip(), '   ')}\n"


def docstring(text: str) -> str:
    """Return a docstring for the middle of a page: its sections become bold lines.

    >>> print(docstring("A.\\n\\nNotes\\n-----\\nB."))
    A.
    <BLANKLINE>
    .. rubric:: Notes
    <BLANKLINE>
    B.
    """
    text = re.sub(r"^(\w[\w ]*)\n-{3,}$", r".. rubric:: \1\n", text, flags=re.MULTILINE)
    # Several docstrings share a page, and each has a [1].
    text = re.sub(r"^( *)\.\. (\[\d+\] )", r"\1*  \2", text, flags=re.MULTILINE)
    return re.sub(r"\[(\d+)\]_", r"[\1]", text)


def toctree(names: Iterable[str], *, hidden: bool = False) -> str:
    """Return a table of contents; a hidden one only orders the pages of the sidebar."""
    options = ["   :maxdepth: 1", *(["   :hidden:"] if hidden else [])]
    return "\n".join([".. toctree::", *options, "", *(f"   {name}" for name in names)]) + "\n"
