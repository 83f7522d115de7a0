"""Limit the numeric libraries to one thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_inside: list[None] = []
_limits: list[Any] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the numeric libraries that are already loaded to one thread.

    Several Python threads may be inside at once: the limit is lifted when the last one leaves.
    """
    from threadpoolctl import threadpool_limits

    with _lock:
        _inside.append(None)
        _limits.append(threadpool_limits(limits=1))
    try:
        yield
    finally:
        with _lock:
            _inside.pop()
            while _limits and not _inside:  # the last limit that was set is lifted first
                _limits.pop().restore_original_limits()
