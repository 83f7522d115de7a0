"""End at once, with all workers, when a signal says so."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from types import FrameType

#: Seconds that unwinding may take: native code that trains a model does not see a signal.
GRACE = 2.0


class Ended(BaseException):
    """SIGTERM came. No ``except Exception`` or ``except SystemExit`` of anybody catches it."""


def listen() -> None:
    """Raise Ended on SIGTERM; end the process if SIGTERM or Ctrl-C does not end it in time.

    Python runs its signal handlers between two steps of the main thread. A thread of its own
    learns of the signal at once, and waits no longer than `GRACE` for the main thread.
    """
    signal.signal(signal.SIGTERM, _end)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(ours, theirs), daemon=True).start()


def code_of(number: int) -> int:
    """Return the exit code of a process that a signal ended, as shells have it."""
    return 128 + number


def end_workers() -> None:
    """Terminate every process that this one started, and what those started."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.terminate()


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended


def _watch(ours: socket.socket, theirs: socket.socket) -> None:
    ending = (signal.SIGTERM, signal.SIGINT)
    number = next(found for found in iter(lambda: ours.recv(1)[0], None) if found in ending)
    threading.Event().wait(GRACE)
    end_workers()
    os._exit(code_of(number))
