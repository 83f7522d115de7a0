"""Evaluations side by side, in processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any


def run(function: Callable[[Any], Any], items: Sequence[Any], *, jobs: int) -> Iterator[Any]:
    """Yield ``function(item)`` for every item in order, at most ``jobs`` at a time.

    If a worker dies (killed, out of memory), the items that had not come out are done
    again, one after another, in this process.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    done = 0
    try:
        parallel = Parallel(n_jobs=jobs, return_as="generator", backend="loky")
        for outcome in parallel(delayed(function)(item) for item in items):
            done += 1
            yield outcome
    except TerminatedWorkerError:
        yield from map(function, items[done:])
