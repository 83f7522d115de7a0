"""Check the options of an audit; report all problems at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dataperf import registry
from dataperf.basics import validation
from dataperf.errors import Problem, did_you_mean


def problems(
    detectors: Any,
    seed: Any,
    *,
    progress: Any,
    others: Mapping[str, Any],
    read: Callable[..., Any],
) -> list[Problem]:
    """Return the problems of an audit's options, except for the columns that they name.

    Parameters
    ----------
    detectors
        Names, one name, or None for all.
    seed
        Random seed, a whole number from 0 to 2**32 - 1.
    progress
        A function.
    others
        Options that are passed to ``read``.
    read
        The function that reads the data.
    """
    known = set(registry.find("detectors"))
    found = []
    for name in names(detectors) or ():
        if name not in known:
            hint = did_you_mean(str(name), known)
            expected = hint or f"Known: {', '.join(sorted(known))}"
            found.append(Problem("unknown-detector", "", f'no detector "{name}"', expected))
    taken = set(inspect.signature(read).parameters) - {"source", "label", "progress", "wrong"}
    for option in others:
        if option not in taken:
            expected = did_you_mean(option, taken) or f"one of {', '.join(sorted(taken))}"
            found.append(Problem("unknown-option", "", f'no option "{option}"', expected))
    if not callable(progress):
        what = f"a {type(progress).__name__}"
        found.append(Problem("wrong-option", "progress", what, "expected a function"))
    return found + validation.split_option_problems(seed=seed)


def names(detectors: Any) -> list[Any] | None:
    """Return the names of detectors, each once; None for all.

    >>> names("slices"), names(["drift", "slices", "drift"]), names(None)
    (['slices'], ['drift', 'slices'], None)
    """
    if detectors is None:
        return None
    single = isinstance(detectors, str) or not isinstance(detectors, Iterable)
    return [detectors] if single else list(dict.fromkeys(map(_hashable, detectors)))


def _hashable(name: Any) -> Any:
    return name if isinstance(name, str) else repr(name)
