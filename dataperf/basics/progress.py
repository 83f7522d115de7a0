"""What a long step reports while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

#: Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]
