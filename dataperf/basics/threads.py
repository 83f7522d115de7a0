"""Hold the numeric libraries to one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the numeric libraries that are loaded by now to one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
