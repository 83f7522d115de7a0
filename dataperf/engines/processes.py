"""Several evaluations at a time, each in a process of this computer."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dataperf.errors import DataperfError


def run(function: Callable[[Any], Any], items: Sequence[Any], *, jobs: int) -> Iterator[Any]:
    """Yield ``function(item)`` for every item in order, at most ``jobs`` at a time.

    If a worker dies (killed, out of memory), the items whose outcomes are still missing are run
    once more, one after another, each in a worker of its own.

    Raises
    ------
    DataperfError
        If an item kills its worker twice.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    done = 0
    jobs = max(2, jobs)  # 1 would mean this very process
    try:
        parallel = Parallel(n_jobs=jobs, return_as="generator", backend="loky")
        with _without_interrupts():
            outcomes = parallel(delayed(function)(item) for item in items)
        try:
            for outcome in outcomes:
                done += 1
                yield outcome
        finally:
            with warnings.catch_warnings():  # about what is still running: it is meant to end
                warnings.simplefilter("ignore", UserWarning)
                outcomes.close()
    except TerminatedWorkerError:
        for number in range(done, len(items)):
            try:
                alone = Parallel(n_jobs=2, return_as="generator", backend="loky")
                with _without_interrupts():
                    found = alone([delayed(function)(items[number])])
                yield from found
            except TerminatedWorkerError as error:
                left = len(items) - number - 1
                raise DataperfError(
                    f"item {number + 1} of {len(items)} killed its worker process twice: out of "
                    f"memory, or a crash in native code. The {left} after it did not run.\n"
                    "  Leave it out, or use fewer processes (--jobs) or --engine in_process."
                ) from error


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start workers that do not see Ctrl-C: this process does, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it later would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
