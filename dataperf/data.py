"""A dataset's rows, loaded once and cached; a task's pool, truth and tests cut from them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import calls, files, registry, sources
from dataperf.errors import DataperfError, Invalid, Problem, Unavailable, did_you_mean
from dataperf.records import (
    Exclude,
    Generated,
    IntArray,
    Package,
    Pool,
    Source,
    Span,
    Table,
    Task,
    TaskData,
    Test,
    TextArray,
    Truth,
    Url,
    Where,
    replace,
)

#: What a label column says of a row of the pool whose class is not known.
UNKNOWN = "?"
#: Bytes of a cached array up to which its digest is checked whenever it is read.
MOST_HASHED = 64 * 2**20
#: How a dataset is called.
CALL = "table(path, **options)"


def definition_digest(dataset: str) -> str:
    """Return the digest of a dataset's definition: its code, recorded facts and pinned bytes."""
    module = registry.load("datasets", dataset)
    with calls.calling("datasets", module):
        parts: dict[str, Any] = {"code": registry.digest(registry.get("datasets", dataset))}
    if isinstance(module.source, Package | Url):
        parts["sha256"] = module.source.sha256
    if isinstance(module.source, Generated):
        parts["inputs"] = {name: definition_digest(name) for name in module.source.inputs}
    return files.digest_json(parts)


def table(dataset: str, options: Mapping[str, Any] | None = None) -> Table:
    """Return the rows of a dataset.

    The table is computed once and cached by the digest of everything it depends on; a
    damaged cache file is noticed and made again.

    Parameters
    ----------
    dataset
        Name of a dataset plug-in.
    options
        Passed to its ``table`` function.

    Raises
    ------
    NotFound
        If there is no such dataset.
    Unavailable
        If the package that carries it is not installed.
    DigestMismatch
        If the package's file is not the promised one.
    Invalid
        If the plug-in yields a table with repeated ids or features that are not numbers.
    DataperfError
        If a user's plug-in raises, or yields no table; its name and file are told.
    """
    module = registry.load("datasets", dataset)
    path = sources.locate(dataset, module.source)
    key: Any = {"definition": definition_digest(dataset), "options": options or {}}
    cacheable = is_pinned(module.source)
    if path is not None and hasattr(module, "inputs"):
        with calls.calling("datasets", module, "inputs(path, **options)"):
            key["inputs"] = _signature(module.inputs(path, **(options or {})))
        cacheable = True
    name = f"{dataset.replace('-', '_')}-{files.digest_json(key)[:32]}"
    cached = sources.cache_folder() / "tables" / f"{name}.npz"
    found = _read_cache(cached) if cacheable else None
    if found is None:
        with calls.calling("datasets", module, CALL):
            made = module.table(path, **(options or {}))
        if not isinstance(made, Table):
            what = f"returned {type(made).__name__}, expected dataperf.records.Table"
            raise DataperfError(f"{calls.named('datasets', module)} {what}")
        with sources.taken(made.features) as scratch:
            with calls.calling("datasets", module):
                found = _plain_types(made)
            _check_table(dataset, found)
            if cacheable:  # otherwise nothing tells when other bytes have changed
                found = _write_cache(cached, found, scratch)
    return found


def _signature(inputs: Iterable[Path]) -> list[list[Any]]:
    """Return what changes when one of the files does, without reading them.

    Raises
    ------
    Unavailable
        If some are no regular files: a pipe in a file's place would be waited for without end.
    """
    paths = list(inputs)
    wrong = [str(path) for path in paths if not path.is_file()]
    if wrong:
        more = f" and {len(wrong) - 5:,} more" if len(wrong) > 5 else ""
        raise Unavailable(f"no regular file: {', '.join(wrong[:5])}{more}\n  Put the file there.")
    return [[str(path), *files.stamp(path)] for path in paths]


def is_pinned(source: Source) -> bool:
    """Return whether a dataset's definition fixes its bytes."""
    return isinstance(source, Package | Generated) or (
        isinstance(source, Url) and source.sha256 is not None
    )


def _plain_types(rows: Table) -> Table:
    """Return the table with text where a column holds Python objects (as pandas text does)."""
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
        what = f"{len(twice):,} are there more than once, such as {twice[0][:100]!r}"
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
        Problem("column-length", f"columns.{name}", f"{len(column)} values", f"{len(rows)}")
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
    """Yield some rows at a time; those of a mapped file do not stay in memory."""
    step = max(1, 2**22 // max(1, values[:1].size))
    for start in range(0, len(values), step):
        yield values[start : start + step]
        files.release(values)


def _write_cache(path: Path, rows: Table, scratch: Path | None = None) -> Table:
    """Keep a table and return it as it was kept: its features lie on the disk, not in memory.

    Features go first, so that what names them is there only when they are whole; those that
    were written into a scratch file are there already.
    """
    rows = replace(rows, digest=content_digest(rows))
    buffer = io.BytesIO()
    columns: dict[str, Any] = {f"column:{name}": values for name, values in rows.columns.items()}
    try:
        features = _features_of(path)
        if scratch is not None:
            files.take_over(scratch, features)
        else:
            files.write_array(features, rows.features)
        stamp = _stamp(features)
        np.savez(buffer, ids=rows.ids, digest=rows.digest, stamp=stamp, **columns)
        files.write_whole(path, files.seal(buffer.getvalue()))
    except OSError:
        return rows  # a full disk or read-only home costs time, not the result
    return _read_cache(path) or rows


def _features_of(path: Path) -> Path:
    return path.with_suffix(".features.npy")


def _stamp(path: Path) -> str:
    """Return what tells whether a file is as it was written: its digest, or its size and time.

    Hashing a large file would cost more than all else; damage to it that keeps size and time
    goes unseen.
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


def matching(rows: Table, where: Where, place: str = "where") -> NDArray[np.bool_]:
    """Return which rows fit every clause of a ``where`` table.

    Raises
    ------
    Invalid
        If a clause names a column that the table lacks, or a span is put on text.
    """
    fits = np.ones(len(rows), dtype=bool)
    problems = []
    for column, clause in where.items():
        values = rows.columns.get(column)
        if values is None:
            hint = did_you_mean(column, rows.columns)
            there = f"columns: {', '.join(rows.columns)}. {hint}".rstrip()
            problems.append(Problem("unknown-column", f"{place}.{column}", "no such column", there))
        elif isinstance(clause, Span):
            if values.dtype.kind not in "iuf":
                problems.append(
                    Problem("span-on-text", f"{place}.{column}", "a span needs numbers")
                )
            else:
                fits &= (values >= clause.first) & (values <= clause.last)
        elif isinstance(clause, Exclude):
            fits &= ~np.isin(values, clause.exclude)
        else:
            fits &= np.isin(values, clause)
    if problems:
        raise Invalid("challenge data", problems)
    return fits


def board_data(tasks: Mapping[str, Task]) -> dict[str, TaskData]:
    """Load the data of a board's tasks; tasks on the same rows share them."""
    tables: dict[str, Table] = {}
    found = {}
    for name, task in tasks.items():
        key = files.digest_json([task.dataset, task.options])
        if key not in tables:
            tables[key] = table(task.dataset, task.options)
        found[name] = task_data(task, tables[key])
    return found


def task_data(task: Task, rows: Table | None = None) -> TaskData:
    """Load a task's data and cut it into pool, truth and tests.

    Parameters
    ----------
    task
        What is asked.
    rows
        The rows of its dataset if they are loaded already.

    Raises
    ------
    Invalid
        If a clause names a column the dataset lacks, a label is no class, or pool and
        tests share rows.
    """
    rows = table(task.dataset, task.options) if rows is None else rows
    module = registry.load("datasets", task.dataset)
    in_pool = matching(rows, task.pool, "pool")
    problems = _missing_columns(task, rows)
    if problems:
        raise Invalid(f"dataset {task.dataset}", problems)
    if not in_pool.any():
        raise Invalid("pool", [Problem("empty-pool", "pool", "no rows fit")])
    pool_rows = rows.take(in_pool)
    labels = np.full(len(pool_rows), -1, dtype=np.intp)
    if task.label is not None:
        labels = class_ids(pool_rows.columns[task.label], task, "pool")
    path = sources.locate(task.dataset, module.source)
    with calls.calling("datasets", module):
        told = module.facts(path, **task.options) if hasattr(module, "facts") else {}
        prompts = (
            module.prompts(task.classes, **task.options) if hasattr(module, "prompts") else None
        )
    return TaskData(
        pool=Pool(
            pool_rows.ids,
            pool_rows.features,
            labels,
            tuple(task.classes),
            {name: pool_rows.columns[name] for name in task.visible},
            told,
        ),
        truth=_truth(task, pool_rows),
        tests={name: _test(task, name, rows, in_pool) for name in task.splits},
        digest=rows.digest or content_digest(rows),
        prompts=prompts,
    )


def _test(task: Task, name: str, rows: Table, in_pool: NDArray[np.bool_]) -> Test:
    split = task.splits[name]
    chosen = matching(rows, split.where, f"splits.{name}.where")
    if (chosen & in_pool).any():
        what = f"{(chosen & in_pool).sum()} rows are in the pool too"
        raise Invalid(f"split {name}", [Problem("overlap", name, what)])
    if not chosen.any():
        raise Invalid(f"split {name}", [Problem("empty-split", name, "no rows fit")])
    part = rows.take(chosen)
    labels = class_ids(part.columns[task.truth or str(task.label)], task, f"splits.{name}")
    groups = part.columns[split.cluster].astype(str) if split.cluster else None
    return Test(part.ids, part.features, labels, groups)


def _missing_columns(task: Task, rows: Table) -> list[Problem]:
    named = {
        "label": task.label,
        "truth": task.truth,
        "defect": task.defect,
        **{f"visible[{number}]": name for number, name in enumerate(task.visible)},
        **{f"splits.{name}.cluster": split.cluster for name, split in task.splits.items()},
    }
    return [
        Problem(
            "unknown-column", place, f'no column "{column}"', did_you_mean(column, rows.columns)
        )
        for place, column in named.items()
        if column is not None and column not in rows.columns
    ]


def _truth(task: Task, rows: Table) -> Truth | None:
    if task.truth is None or (rows.columns[task.truth].astype(str) == UNKNOWN).all():
        return None
    labels = class_ids(rows.columns[task.truth], task, "pool")
    if task.defect is not None:
        return Truth(labels, rows.columns[task.defect].astype(str))
    if task.label is None:
        return Truth(labels, np.full(len(rows), "", dtype="<U1"))
    given = class_ids(rows.columns[task.label], task, "pool")
    wrong = (labels != given) & (given >= 0)
    return Truth(labels, np.where(wrong, "label", ""))


def class_ids(values: NDArray[Any], task: Task, place: str) -> IntArray:
    """Return class ids of a column of labels; -1 for rows of the pool that are not labelled.

    Raises
    ------
    Invalid
        If a label is no class and the task has no class for the rest.
    """
    words: TextArray = values.astype(str)
    unique, inverse = np.unique(words, return_inverse=True)
    numbers = {name: number for number, name in enumerate(task.classes)}
    if place == "pool":
        numbers[UNKNOWN] = -1
    rest = numbers.get(task.rest) if task.rest is not None else None
    strange = [word for word in unique if word not in numbers]
    if strange and rest is None:
        what = f"labels that are no class: {', '.join(strange[:10])}"
        raise Invalid("challenge data", [Problem("unknown-label", place, what)])
    ids = np.array([numbers.get(word, rest) for word in unique], dtype=np.intp)
    return ids[inverse.reshape(-1)]


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
    """Return an array's bytes without copying them."""
    return memoryview(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)


def load(dataset: str, **options: Any) -> Table:
    """Return the rows of a dataset by name: ids, features, labels and metadata.

    Examples
    --------
    >>> from dataperf import load_dataset
    >>> rows = load_dataset("spoken-digits")
    >>> len(rows), sorted(rows.columns)
    (3000, ['frames', 'speaker', 'take', 'word'])
    """
    try:
        return table(dataset, options)
    except TypeError as error:
        raise DataperfError(f"dataset {dataset}: {error}") from error
