"""Load the rows of a dataset and cache them."""

from __future__ import annotations

import dis
import hashlib
import inspect
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import files
from dataperf.basics.wording import plural
from dataperf.errors import DataperfError, Invalid, Problem, Unavailable
from dataperf.records import (
    Generated,
    Package,
    Source,
    Table,
    Url,
    replace,
)
from dataperf.sources import locate, scratch

#: Maximum size in bytes of a cached array whose digest is verified at each read.
MOST_HASHED = 64 * 2**20
#: The call of a dataset plug-in, for error messages.
CALL = "table(path, **options)"


def definition_parts(dataset: str) -> dict[str, registry.Part]:
    """Return the files that define a dataset, and those of the datasets that it is made from."""
    parts = registry.parts(registry.get("datasets", dataset))
    source = registry.load("datasets", dataset).source
    for name in source.inputs if isinstance(source, Generated) else ():
        parts |= definition_parts(name)
    return parts


def definition_digest(dataset: str) -> str:
    """Return the sha256 of all that defines a dataset; the cached table is named by it."""
    parts = {name: part.digest for name, part in definition_parts(dataset).items()}
    source = registry.load("datasets", dataset).source
    pinned = source.sha256 if isinstance(source, Package | Url) else None
    return files.digest_json([dataset, pinned, parts])


def table(dataset: str, options: Mapping[str, Any] | None = None) -> Table:
    """Return the rows of a dataset.

    The table is computed once and cached by the digest of everything that it depends on. A
    damaged cache file is detected and made again.

    Parameters
    ----------
    dataset
        Name of a dataset plug-in.
    options
        Passed to its ``table`` function.

    Raises
    ------
    NotFound
        If no dataset plug-in has this name.
    Unavailable
        If its package is not installed, or its files are missing.
    DigestMismatch
        If a file does not have the expected digest.
    Invalid
        If the plug-in returns a table with repeated ids, or features that are not numbers.
    DataperfError
        If a user's plug-in raises, or does not return a table; the message names its file.
    """
    module = registry.load("datasets", dataset)
    path = locate.locate(dataset, module.source)
    key: Any = {"definition": definition_digest(dataset), "options": options or {}}
    cache = files.optional_cache_folder()
    cacheable = is_pinned(module.source)
    if path is not None and hasattr(module, "inputs"):
        with plugin_calls.calling("datasets", module, "inputs(path, **options)"):
            key["inputs"] = _signature(module.inputs(path, **(options or {})))
        cacheable = True
    name = f"{dataset.replace('-', '_')}-{files.digest_json(key)[:32]}"
    cached = cache / "tables" / f"{name}.npz" if cache is not None and cacheable else None
    found = None if cached is None else _read_cache(cached)
    if found is None:
        with plugin_calls.calling("datasets", module, CALL):
            made = module.table(path, **(options or {}))
        if not isinstance(made, Table):
            what = f"returned {type(made).__name__}, expected dataperf.records.Table"
            raise DataperfError(f"{plugin_calls.named('datasets', module)} {what}")
        with scratch.taken(made.features) as file:
            with plugin_calls.calling("datasets", module):
                found = _plain_types(made)
            _check_table(dataset, found)
            if cached is not None:  # what is not pinned is never kept: it may change unseen
                found = _write_cache(cached, found, file)
    return found


def _signature(inputs: Iterable[Path]) -> list[list[Any]]:
    """Return paths, sizes and times of files, which change when a file changes.

    Raises
    ------
    Unavailable
        If some are not regular files: reading a pipe would wait forever.
    """
    paths = list(inputs)
    wrong = [str(path) for path in paths if not path.is_file()]
    if wrong:
        more = f" and {len(wrong) - 5:,} more" if len(wrong) > 5 else ""
        raise Unavailable(
            f"not a regular file: {', '.join(wrong[:5])}{more}\n  Put the file there."
        )
    return [[str(path), *files.stamp(path)] for path in paths]


def is_pinned(source: Source) -> bool:
    """Return whether a source's data is pinned by a digest."""
    return isinstance(source, Package | Generated) or (
        isinstance(source, Url) and source.sha256 is not None
    )


def _plain_types(rows: Table) -> Table:
    """Return the table with Python objects converted to text, or to numbers in the features."""
    columns = {
        name: np.asarray(column).astype(str)
        if np.asarray(column).dtype.kind == "O"
        else np.asarray(column)
        for name, column in rows.columns.items()
    }
    features = np.asarray(rows.features)
    if features.dtype.kind == "O":
        features = features.astype(np.float64)
    return Table(np.asarray(rows.ids).astype(str), features, columns)


def _check_table(dataset: str, rows: Table) -> None:
    problems = []
    unique, counts = np.unique(rows.ids, return_counts=True)
    if len(unique) != len(rows.ids):
        twice = unique[counts > 1]
        what = f"{plural(len(twice), 'repeated id')}, such as {twice[0][:100]!r}"
        problems.append(Problem("duplicate-id", "ids", what))
    if rows.features.ndim != 2 or len(rows.features) != len(rows.ids):
        problems.append(
            Problem("features-shape", "features", f"shape {rows.features.shape}", "(rows, d)")
        )
    elif rows.features.dtype.kind not in "biuf":
        what = f"an array of {rows.features.dtype}"
        problems.append(Problem("features-type", "features", what, "numbers"))
    elif (row := _first_not_finite(rows.features)) is not None:
        what = f"NaN or infinite values, first in the row of {str(rows.ids[row])[:100]!r}"
        problems.append(Problem("not-finite", "features", what))
    problems += [
        Problem("column-length", f"columns.{name}", plural(len(column), "value"), f"{len(rows)}")
        for name, column in rows.columns.items()
        if len(column) != len(rows)
    ]
    if problems:
        raise Invalid(f"dataset {dataset}", problems)


def _first_not_finite(features: NDArray[Any]) -> int | None:
    done = 0
    for part in _blocks(features):
        finite = np.isfinite(part)
        if not finite.all():
            return done + int(np.flatnonzero(~finite.all(axis=1))[0])
        done += len(part)
    return None


def _blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield blocks of rows; the pages of a mapped file are freed after each."""
    step = max(1, 2**22 // max(1, values[:1].size))
    for start in range(0, len(values), step):
        yield values[start : start + step]
        files.release(values)


def _write_cache(path: Path, rows: Table, file: Path | None = None) -> Table:
    """Write a table to the cache and return it from there: features are mapped, not in memory.

    Features are written first, so that the file that refers to them exists only if they are
    complete. A scratch file is moved instead of written again.
    """
    rows = replace(rows, digest=content_digest(rows))
    buffer = io.BytesIO()
    columns: dict[str, Any] = {f"column:{name}": values for name, values in rows.columns.items()}
    try:
        features = _features_of(path)
        if file is not None:
            files.move_into_place(file, features)
        else:
            files.write_array(features, rows.features)
        stamp = _stamp(features)
        np.savez(buffer, ids=rows.ids, digest=rows.digest, stamp=stamp, **columns)
        files.write_whole(path, files.seal(buffer.getvalue()))
    except OSError:
        return rows  # do without the cache if the disk is full or read-only
    return _read_cache(path) or rows


def _features_of(path: Path) -> Path:
    return path.with_suffix(".features.npy")


def _stamp(path: Path) -> str:
    """Return what identifies an undamaged file: its digest, or for a large file size and mtime.

    Hashing a large file would be slow; damage that keeps size and mtime is not detected.
    """
    stat = path.stat()
    if stat.st_size <= MOST_HASHED:
        return files.digest_file(path)
    return f"{stat.st_size} {stat.st_mtime_ns}"


def _read_cache(path: Path) -> Table | None:
    try:
        content = files.unseal(path.read_bytes())
        if content is None:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            columns = {
                name.removeprefix("column:"): arrays[name]
                for name in arrays.files
                if name.startswith("column:")
            }
            if str(arrays["stamp"]) != _stamp(_features_of(path)):
                return None
            ids, digest = arrays["ids"], str(arrays["digest"])
        features = np.load(_features_of(path), mmap_mode="r", allow_pickle=False)
        return Table(ids, features.view(np.ndarray), columns, digest)
    except (ValueError, KeyError, OSError, EOFError):
        return None


def content_digest(rows: Table) -> str:
    """Return the sha256 of ids, features and columns."""
    parts = [rows.ids.astype(str), rows.features]
    parts += [rows.columns[name].astype(str) for name in sorted(rows.columns)]
    return files.digest_json([_digest(part) for part in parts])


def _digest(values: NDArray[Any]) -> str:
    """Return the sha256 of an array's bytes, row by row."""
    found = hashlib.sha256()
    for part in _blocks(values):
        found.update(_bytes(part))
    return found.hexdigest()


def _bytes(values: NDArray[Any]) -> memoryview:
    """Return an array's bytes without a copy."""
    return memoryview(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)


def load(dataset: str, **options: Any) -> Table:
    """Load the rows of a dataset by name: ids, features, labels and metadata.

    Parameters
    ----------
    dataset
        Name of a dataset plug-in.
    **options
        Passed to the plug-in's ``table`` function.

    Raises
    ------
    Invalid
        If the dataset reads no such option, or needs one that is not given.
    NotFound, Unavailable, DigestMismatch, DataperfError
        As `table` does.

    Examples
    --------
    >>> rows = load("spoken-digits")
    >>> len(rows), sorted(rows.columns)
    (3000, ['frames', 'speaker', 'take', 'word'])
    """
    _check_options(dataset, options)
    return table(dataset, options)


def _check_options(dataset: str, options: Mapping[str, Any]) -> None:
    """Refuse options that the dataset's ``table`` does not read, and a lack of those it needs."""
    module = registry.load("datasets", dataset)
    _, *parameters = inspect.signature(module.table).parameters.values()
    if any(each.kind == each.VAR_KEYWORD for each in parameters) and _reads_more(module.table):
        return
    named = [each for each in parameters if each.kind != each.VAR_KEYWORD]
    known = {each.name: each.default is each.empty for each in named}
    listed = f"its options: {', '.join(known)}" if known else "it has no options"
    problems = [
        Problem("unknown-option", name, "the dataset reads no such option", listed)
        for name in options
        if name not in known
    ]
    problems += [
        Problem("missing-option", name, "the dataset needs this option", listed)
        for name, needed in known.items()
        if needed and name not in options
    ]
    if problems:
        raise Invalid(f"dataset {dataset}", problems)


def _reads_more(function: Any) -> bool:
    """Return whether a function reads its ``**options``: else it would ignore every one."""
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    more = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
    held = more in code.co_cellvars
    return held or any(
        each.opname.startswith("LOAD") and each.argval == more
        for each in dis.get_instructions(code)
    )
