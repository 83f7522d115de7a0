"""Counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def plural(count: int, word: str) -> str:
    """Return a count with its word: ``1 value``, ``1,200 values``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def shorten(names: Sequence[str], most: int = 12) -> str:
    """Return names as a list for a sentence; of a long list the first ones."""
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most:,} more"
