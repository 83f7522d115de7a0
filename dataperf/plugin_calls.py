"""Call a user's plug-in: an error in it names the plug-in, its file and line."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataperf import registry
from dataperf.errors import DataperfError
from dataperf.registry import KINDS


def is_yours(module: Any) -> bool:
    """Return whether a plug-in is the user's; an error in one of ours is a defect of ours."""
    if getattr(module, "__name__", "dataperf").partition(".")[0] == "dataperf":
        return False
    # Our frozen models are loaded by their path, as a user's are.
    return Path(module.__file__).parent != registry.our_folder("fixed_models")


def named(kind: str, module: Any, *, line: int | None = None) -> str:
    """Return the name of a plug-in in an error: ``the metric hits (mine/metrics/hits.py)``."""
    path = Path(module.__file__)
    place = f", line {line}" if line else ""
    return f"the {KINDS[kind]} {path.stem} ({path}{place})"


@contextmanager
def calling(kind: str, module: Any, wanted: str = "") -> Iterator[None]:
    """Turn what a user's plug-in raises into one DataperfError that names it.

    Parameters
    ----------
    kind, module
        The plug-in that is called inside. An error of one of ours passes unchanged.
    wanted
        The function's signature: ``answer(pool, rules, *, seed)``. Shown where the call itself fails.

    Raises
    ------
    DataperfError
        With the plug-in's name, file and line; the cause is attached.
    """
    try:
        yield
    except DataperfError:
        raise
    except (Exception, SystemExit) as error:
        if not is_yours(module):
            raise
        raise fault(kind, module, error, wanted) from error


@contextmanager
def naming(*plugins: tuple[str, Any]) -> Iterator[None]:
    """Turn an error that came out of a user's plug-in, at any depth, into one that names it.

    For calls of our own code that calls plug-ins: what none of them raised passes unchanged.

    Parameters
    ----------
    *plugins
        Kind and module of each; the first that the error came through is named.

    Raises
    ------
    DataperfError
        With the plug-in's name, file and line; the cause is attached.
    """
    try:
        yield
    except DataperfError:
        raise
    except (Exception, SystemExit) as error:
        for kind, module in plugins:
            if is_yours(module) and lines_of(module, error):
                raise fault(kind, module, error) from error
        raise


def fault(kind: str, module: Any, error: BaseException, wanted: str = "") -> DataperfError:
    """Return the error that names a user's plug-in and what it raised; see `calling`."""
    lines = lines_of(module, error)
    then = f"\n  expected {wanted}" if wanted and not lines else ""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    place = named(kind, module, line=lines[-1] if lines else None)
    return DataperfError(f"{place}: {what}{then}")


def place_in(folder: Path, error: BaseException) -> str:
    """Return the innermost file and line of a folder that an error came through: `` (a.py, line 3)``.

    The file is named without its folder, because a result keeps the text; "" if there is none.
    """
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(folder):
            return f" ({path.relative_to(folder).as_posix()}, line {number})"
    return ""


def lines_of(module: Any, error: BaseException) -> list[int]:
    """Return the lines of a plug-in that an error came through, the innermost last."""
    return [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == module.__file__
    ]
