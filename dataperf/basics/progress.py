"""Progress of long work: whoever does it reports it, whoever waits for it may listen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Called with the name of the step, the amount done, and the total amount (None if unknown).
Progress = Callable[[str, int, int | None], None]

_listener: ContextVar[Progress | None] = ContextVar("listener", default=None)
_stages: ContextVar[tuple[str, ...]] = ContextVar("stages", default=())


def report(words: str, done: int = 0, total: int | None = None) -> None:
    """Report progress to whoever listens; nobody does by default, nor in worker processes.

    Parameters
    ----------
    words
        Name of the step.
    done
        Amount done.
    total
        Total amount; None if it is not known.
    """
    listener = _listener.get()
    if listener is not None:
        listener(": ".join([*_stages.get(), words]), done, total)


@contextmanager
def listening(listener: Progress) -> Iterator[None]:
    """Call a listener with all progress that is reported inside.

    Parameters
    ----------
    listener
        Called as `report` is.

    Examples
    --------
    >>> steps = []
    >>> with listening(lambda words, done, total: steps.append(words)):
    ...     report("reading")
    >>> report("training")
    >>> steps
    ['reading']
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def stage(words: str, number: int, total: int) -> Iterator[None]:
    """Report one of several equal parts of a work, and name it before every step inside.

    Parameters
    ----------
    words
        Name of the work.
    number
        Number of the part, from 0.
    total
        Number of parts. A single part is not named: its steps say more.

    Examples
    --------
    >>> steps = []
    >>> with listening(lambda words, done, total: steps.append(words)):
    ...     with stage("verifying", 1, 3):
    ...         report("training")
    >>> steps
    ['verifying 2 of 3', 'verifying 2 of 3: training']
    """
    if total < 2:
        yield
        return
    named = f"{words} {number + 1:,} of {total:,}"
    report(named, number, total)
    token = _stages.set((*_stages.get(), named))
    try:
        yield
    finally:
        _stages.reset(token)
