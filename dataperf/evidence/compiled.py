"""Compile inner loops, kept on disk where that works and compiled anew where it does not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba


@dataclass(frozen=True)
class Tolerant:
    """A cache of compiled code whose failures only cost time.

    numba lets a damaged file, a full disk or a folder that has become read-only end the program;
    the code can always be compiled again, so here they mean that nothing is kept.

    Parameters
    ----------
    kept
        numba's own cache of one function.
    """

    kept: Any

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return kept code for a signature; None if there is none that can be read."""
        try:
            return self.kept.load_overload(signature, target)
        except Exception:  # whatever unpickling damaged bytes raises
            self.flush()
            return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keep code, if it can be written."""
        with contextlib.suppress(Exception):
            self.kept.save_overload(signature, made)

    def flush(self) -> None:
        """Forget what is kept, if that can be written."""
        with contextlib.suppress(Exception):
            self.kept.flush()

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(self.kept.cache_path)


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function at its first call.

    Parameters
    ----------
    **options
        What `numba.njit` takes but ``cache``.
    """

    def compile_(function: Callable[..., Any]) -> Any:
        made = numba.njit(**options)(function)
        with contextlib.suppress(RuntimeError, OSError):  # no folder can be written
            made.enable_caching()
            made._cache = Tolerant(made._cache)
        return made

    return compile_
