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


#: What ends the process: a request to end, and (not on Windows) a terminal that was closed.
ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Ended(BaseException):
    """A signal of `ENDING` came. No ``except Exception`` or ``except SystemExit`` catches it.

    Parameters
    ----------
    number
        The signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def listen() -> None:
    """Raise Ended on a signal of `ENDING`; end the process if it, or Ctrl-C, does not do so in time.

    A signal that is ignored, as ``nohup`` does with SIGHUP, stays ignored.

    Python runs its signal handlers between two steps of the main thread. A thread of its own
    learns of the signal at once, and waits no longer than `GRACE` for the main thread.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
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
    raise Ended(number)


def _watch(ours: socket.socket, theirs: socket.socket) -> None:
    ending = (*ENDING, signal.SIGINT)
    number = next(found for found in iter(lambda: ours.recv(1)[0], None) if found in ending)
    threading.Event().wait(GRACE)
    end_workers()
    os._exit(code_of(number))
