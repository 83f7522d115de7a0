"""Embeddings that were computed once, kept by what they were computed from."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics import files
from dataperf.sources import locate

#: Embeddings, facts about every item, and why an item could not be read, by its number.
Described = tuple[NDArray[np.float32], dict[str, list[Any]], dict[int, str]]
#: Raised when what is computed of the same bytes would change.
VERSION = 1


def or_made(items: Sequence[Path | bytes], by: str, make: Callable[[], Described]) -> Described:
    """Return what is kept for these items, or make it and keep it.

    A file is known by its path, size and times of change; bytes by their digest. What is
    damaged is made again, and a disk that cannot be written to costs time only.

    Parameters
    ----------
    items
        Paths or the bytes of files, in order.
    by
        What describes them, with the digest of its network.
    make
        Called with nothing if nothing is kept.
    """
    key = files.digest_json([VERSION, by, [_known(item) for item in items]])
    path = locate.cache_folder() / "embeddings" / f"{key[:32]}.npz"
    found = _read(path)
    if found is None:
        found = make()
        try:
            files.write_whole(path, files.seal(_packed(found)))
        except OSError:
            pass
    return found


def _known(item: Path | bytes) -> list[Any]:
    if isinstance(item, bytes):
        return [files.digest_bytes(item)]
    try:
        return [str(item.resolve()), *files.stamp(item)]
    except OSError:
        return [str(item)]


def _packed(found: Described) -> bytes:
    vectors, facts, bad = found
    buffer = io.BytesIO()
    np.savez(buffer, vectors=vectors, told=json.dumps([facts, list(bad.items())]))
    return buffer.getvalue()


def _read(path: Path) -> Described | None:
    try:
        content = files.unseal(path.read_bytes())
        if content is None:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            facts, bad = json.loads(str(arrays["told"]))
            return arrays["vectors"], facts, dict(bad)
    except (OSError, ValueError, KeyError):
        return None
