"""Cache of embeddings, by the digest of the items and of the network."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics import files

#: Embeddings, properties of every item, and item number to reason for unreadable items.
Described = tuple[NDArray[np.float32], dict[str, list[Any]], dict[int, str]]
#: Increase it when the embedding of the same bytes changes.
VERSION = 2


def load_or_make(
    items: Sequence[Path | bytes], by: str, make: Callable[[], Described]
) -> Described:
    """Return the cached embeddings of these items, or make and cache them.

    Files are identified by path, size, mtime and ctime; bytes by their digest. A damaged cache
    file is made again. Without a cache folder, or if it cannot be written to, nothing is cached.

    Parameters
    ----------
    items
        Paths, or the bytes of files, in order.
    by
        Name of the embedding, with the digest of its network.
    make
        Called without arguments if nothing is cached.

    Returns
    -------
    vectors : (readable, d) array of float32
    facts : mapping of name to a list with one value for each item
    bad : mapping of item number to reason
    """
    folder = files.optional_cache_folder()
    if folder is None:
        return make()
    key = files.digest_json([VERSION, by, [_identity(item) for item in items]])
    path = folder / "embeddings" / f"{key[:32]}.npz"
    found = _read(path)
    if found is None:
        found = make()
        try:
            files.write_whole(path, files.seal(_to_bytes(found)))
        except OSError:
            pass
    return found


def _identity(item: Path | bytes) -> list[Any]:
    if isinstance(item, bytes):
        return [files.digest_bytes(item)]
    try:
        return [str(item.resolve()), *files.stamp(item)]
    except OSError:
        return [str(item)]


def _to_bytes(found: Described) -> bytes:
    vectors, facts, bad = found
    buffer = io.BytesIO()
    np.savez(buffer, vectors=vectors, facts=json.dumps([facts, list(bad.items())]))
    return buffer.getvalue()


def _read(path: Path) -> Described | None:
    try:
        content = files.unseal(path.read_bytes())
        if content is None:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            facts, bad = json.loads(str(arrays["facts"]))
            return arrays["vectors"], facts, dict(bad)
    except (OSError, ValueError, KeyError):
        return None
