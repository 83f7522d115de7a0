"""The curator's nouns: rows that are audited, what is known of them, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
