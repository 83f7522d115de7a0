"""Run a function on many items with an engine, and check what the engine yields."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dataperf import plugin_calls, registry
from dataperf.basics.progress import stage
from dataperf.errors import DataperfError
from dataperf.registry import first_use

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

#: The environment variable that names an engine, and those that are copied to workers.
ENGINE = "DATAPERF_ENGINE"
SHARED = ("DATAPERF_PATH", "DATAPERF_DATA", "DATAPERF_CACHE")
#: How an engine is called.
CALL = "run(function, items, *, jobs)"
_END = object()


@dataclass(frozen=True)
class Ran:
    """One item's number, and what the function returned or raised for it."""

    number: int
    outcome: Any = None
    error: Exception | None = None


@dataclass(frozen=True)
class _Call:
    """Call the function on a numbered item, in this process or in a worker of any kind.

    An exception of the function is returned, so an exception that an engine raises is its own.
    """

    function: Callable[[Any], Any]
    process: int
    environment: dict[str, str | None]

    def __call__(self, item: tuple[int, Any]) -> Ran:
        number, given = item
        elsewhere = os.getpid() != self.process
        if elsewhere:  # a worker may have been started under another environment
            for name, value in self.environment.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        try:
            return Ran(number, self.function(given))
        except Exception as error:
            if elsewhere and not isinstance(error, DataperfError):
                error.add_note(traceback.format_exc())  # pickling an error loses its traceback
            return Ran(number, error=error)


def chosen(engine: str | None, *, jobs: int, items: int) -> str:
    """Return the name of the engine to use.

    Parameters
    ----------
    engine
        A name, or None for the one that ``DATAPERF_ENGINE`` names. If that is not set either:
        ``processes`` for several jobs and items, else ``in_process``.
    jobs, items
        How many items to run at a time, and how many there are.

    Raises
    ------
    NotFound
        If there is no such engine.
    """
    default = "processes" if min(jobs, items) > 1 else "in_process"
    return registry.get("engines", engine or os.environ.get(ENGINE) or default).name


def run(
    function: Callable[[Item], Outcome],
    items: Sequence[Item],
    *,
    engine: str | None = None,
    jobs: int = 1,
    words: str = "evaluating",
) -> Iterator[Outcome]:
    """Yield ``function(item)`` for every item, in the order of the items.

    Parameters
    ----------
    function
        What to run. It is pickled if the engine runs it in other processes.
    items
        What to run it on.
    engine
        The engine's name; see `chosen`.
    jobs
        How many items to run at a time, at most.
    words
        Name of the work, with which its progress is reported.

    Raises
    ------
    NotFound
        If there is no such engine.
    DataperfError
        If the engine fails, loses an item, or yields outcomes in another order or number.
    Exception
        What the function raises on an item, in that item's turn.
    """
    name = chosen(engine, jobs=jobs, items=len(items))
    for folder in registry.user_folders():  # here, so that no worker has to say it
        first_use.say(folder)
    module = registry.load("engines", name)
    environment = {each: os.environ.get(each) for each in SHARED}
    call = _Call(function, os.getpid(), environment)
    numbered = list(enumerate(items))
    with plugin_calls.calling("engines", module, CALL):
        ran = iter(module.run(call, numbered, jobs=max(1, min(jobs, len(items)))))
    try:
        yield from _in_order(module, ran, len(items), words)
    finally:
        if hasattr(ran, "close"):
            ran.close()  # so that an engine ends its workers now


def _in_order(module: Any, ran: Iterator[Any], count: int, words: str) -> Iterator[Any]:
    """Yield the outcomes; raise DataperfError if the engine yields any but the next one."""
    due = 0
    while True:
        with (
            stage(words, min(due, count - 1), count),
            plugin_calls.calling("engines", module, CALL),
        ):
            found = next(ran, _END)
        if found is _END and due == count:
            return
        if not isinstance(found, Ran) or found.number != due:
            raise DataperfError(
                f"{plugin_calls.named('engines', module)} {_fault(found, due, count)};\n"
                f"  expected {CALL} to yield function(item) once for every item, in their order"
            )
        if found.error is not None:
            raise found.error
        due += 1
        yield found.outcome


def _fault(found: Any, due: int, count: int) -> str:
    if found is _END:
        return f"yielded {due} of {count} outcomes"
    if not isinstance(found, Ran):
        return f"yielded a {type(found).__name__} in place of outcome {due + 1}"
    if due == count:
        return f"yielded more than the {count} outcomes"
    return f"yielded outcome {found.number + 1} in place of outcome {due + 1}"
