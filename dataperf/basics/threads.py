"""Limit the numeric libraries to one thread.

On small matrices their threads mostly wait for each other, and several processes take each other's
cores. On one thread a sum also has the same last digit on every machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: What the numeric libraries read when they are loaded.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_lock = threading.Lock()
_inside: list[None] = []
_limits: list[Any] = []
_before: list[frozenset[str]] = []
_ours: list[str] = []


def limit_new_libraries() -> list[str]:
    """Let libraries that are loaded from now on use one thread; return the variables it set.

    Variables that the user has set stay as they are. Processes that are started inherit them.
    """
    unset = [name for name in VARIABLES if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    return unset


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the numeric libraries to one thread, also those that are first loaded inside.

    Several Python threads may be inside at once: the limits are lifted when the last one leaves.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    from threadpoolctl import ThreadpoolController

    with _lock:
        loaded = ThreadpoolController()
        if not _inside:
            _before.append(frozenset(each.filepath for each in loaded.lib_controllers))
            _ours.extend(limit_new_libraries())
        _inside.append(None)
        _limits.append(loaded.limit(limits=1))


def _leave() -> None:
    from threadpoolctl import ThreadpoolController

    with _lock:
        _inside.pop()
        if _inside:
            return
        while _limits:  # the last limit that was set is lifted first
            _limits.pop().restore_original_limits()
        before = _before.pop()
        if not _ours:
            return
        for name in _ours:
            os.environ.pop(name, None)
        _ours.clear()
        for each in ThreadpoolController().lib_controllers:
            if each.filepath not in before:  # loaded inside, so that it never knew of more threads
                each.set_num_threads(os.cpu_count() or 1)
