"""Compile inner loops, with a disk cache whose failures are ignored."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba


@dataclass(frozen=True)
class Tolerant:
    """A cache of compiled code whose failures are ignored.

    In numba, a damaged file, a full disk or a read-only folder ends the program. Here the code is
    compiled again.

    Parameters
    ----------
    cache
        numba's cache of one function.
    """

    cache: Any

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the cached code for a signature; None if there is none, or it is damaged."""
        try:
            return self.cache.load_overload(signature, target)
        except Exception:  # whatever unpickling damaged bytes raises
            self.flush()
            return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Cache code, if the disk can be written to."""
        with contextlib.suppress(Exception):
            self.cache.save_overload(signature, made)

    def flush(self) -> None:
        """Clear the cache, if the disk can be written to."""
        with contextlib.suppress(Exception):
            self.cache.flush()

    @property
    def cache_path(self) -> str:
        """Folder of the cache."""
        return str(self.cache.cache_path)


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function at its first call.

    Parameters
    ----------
    **options
        Options of `numba.njit`, except ``cache``.
    """

    def compile_(function: Callable[..., Any]) -> Any:
        made = numba.njit(**options)(function)
        with contextlib.suppress(RuntimeError, OSError):  # no writable folder
            made.enable_caching()
            made._cache = Tolerant(made._cache)
        return made

    return compile_
