"""The type of progress callbacks."""

from __future__ import annotations

from collections.abc import Callable

#: Called with the name of the step, the amount done, and the total amount.
Progress = Callable[[str, int, int], None]
