"""What may be asked of an audit: everything that is wrong with it, told at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dataperf import own_options, registry
from dataperf.curation import media
from dataperf.errors import Problem, did_you_mean


def problems(
    detectors: Any, seed: Any, *, others: Mapping[str, Any], read: Callable[..., Any]
) -> list[Problem]:
    """Return what is wrong with an audit's options, but for the columns that they name.

    Parameters
    ----------
    detectors
        Names, one name, or None for all.
    seed
        A whole number from 0 to 2**32 - 1.
    others
        Options that are handed to ``read``.
    read
        What reads the data.
    """
    known = set(registry.find("detectors"))
    found = []
    for name in names(detectors) or ():
        if name not in known:
            hint = did_you_mean(str(name), known)
            expected = hint or f"There is: {', '.join(sorted(known))}"
            found.append(Problem("unknown-detector", "", f'no detector "{name}"', expected))
    taken = set(inspect.signature(read).parameters) - {"source", "label", "progress", "wrong"}
    for option in others:
        if option not in taken:
            expected = did_you_mean(option, taken) or f"one of {', '.join(sorted(taken))}"
            found.append(Problem("unknown-option", "", f'no option "{option}"', expected))
    return found + own_options.problems(seed=seed)


def names(detectors: Any) -> list[Any] | None:
    """Return the names of detectors, each once; None for all.

    >>> names("slices"), names(["drift", "slices", "drift"]), names(None)
    (['slices'], ['drift', 'slices'], None)
    """
    if detectors is None:
        return None
    alone = isinstance(detectors, str) or not isinstance(detectors, Iterable)
    return [detectors] if alone else list(dict.fromkeys(map(_hashable, detectors)))


def _hashable(name: Any) -> Any:
    return name if isinstance(name, str) else repr(name)


def of_embedding(embedding: Any) -> list[Problem]:
    """Return what is wrong with the name of an embedding, of pictures or of sounds."""
    known = list(dict.fromkeys(name for each in media.EMBEDDINGS.values() for name in each))
    if isinstance(embedding, str) and embedding in known:
        return []
    expected = did_you_mean(str(embedding), known) or f"one of {', '.join(known)}"
    return [Problem("unknown-embedding", "embedding", f'"{embedding}"', expected)]
