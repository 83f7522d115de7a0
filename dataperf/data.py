"""A dataset's rows, loaded once and cached; a task's pool, truth and tests cut from them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import files, registry, sources
from dataperf.errors import DataperfError, Invalid, Problem, did_you_mean
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
)


def cache_folder() -> Path:
    """Return where computed features are kept: ``DATAPERF_CACHE`` or the user's cache folder."""
    if named := os.environ.get("DATAPERF_CACHE"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("dataperf"))


def definition_digest(dataset: str) -> str:
    """Return the digest of a dataset's definition: its code, recorded facts and pinned bytes."""
    module = registry.load("datasets", dataset)
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
    """
    module = registry.load("datasets", dataset)
    path = sources.locate(dataset, module.source)
    key = files.digest_json({"definition": definition_digest(dataset), "options": options or {}})
    cached = cache_folder() / "tables" / f"{dataset.replace('-', '_')}-{key[:32]}.npz"
    pinned = is_pinned(module.source)
    found = _read_cache(cached) if pinned else None
    if found is None:
        found = _plain_types(module.table(path, **(options or {})))
        _check_table(dataset, found)
        if pinned:  # nothing tells when other bytes have changed
            _write_cache(cached, found)
    return found


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
    if len(np.unique(rows.ids)) != len(rows.ids):
        problems.append(Problem("duplicate-id", "ids", "some ids are there more than once"))
    if rows.features.ndim != 2 or len(rows.features) != len(rows.ids):
        problems.append(
            Problem("features-shape", "features", f"shape {rows.features.shape}", "(rows, d)")
        )
    elif not np.isfinite(rows.features).all():
        problems.append(Problem("not-finite", "features", "NaN or infinite values"))
    problems += [
        Problem("column-length", f"columns.{name}", f"{len(column)} values", f"{len(rows)}")
        for name, column in rows.columns.items()
        if len(column) != len(rows)
    ]
    if problems:
        raise Invalid(f"dataset {dataset}", problems)


def _write_cache(path: Path, rows: Table) -> None:
    buffer = io.BytesIO()
    columns: dict[str, Any] = {f"column:{name}": values for name, values in rows.columns.items()}
    np.savez(buffer, ids=rows.ids, features=rows.features, **columns)
    try:
        files.write_whole(path, files.seal(buffer.getvalue()))
    except OSError:
        pass  # a cache that cannot be written (full disk, read-only home) costs time, not the result


def _read_cache(path: Path) -> Table | None:
    try:
        content = files.unseal(path.read_bytes())
    except OSError:
        return None
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            columns = {
                name.removeprefix("column:"): arrays[name]
                for name in arrays.files
                if name.startswith("column:")
            }
            return Table(arrays["ids"], arrays["features"], columns)
    except (ValueError, KeyError, OSError):
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


def task_data(task: Task) -> TaskData:
    """Load a task's data and cut it into pool, truth and tests.

    Raises
    ------
    Invalid
        If a clause names a column the dataset lacks, a label is no class, or pool and
        tests share rows.
    """
    rows = table(task.dataset, task.options)
    in_pool = matching(rows, task.pool, "pool")
    pool_rows = rows.take(in_pool)
    problems = _missing_columns(task, rows)
    if problems:
        raise Invalid(f"dataset {task.dataset}", problems)
    tests = {}
    for name, split in task.splits.items():
        chosen = matching(rows, split.where, f"splits.{name}.where")
        if (chosen & in_pool).any():
            raise Invalid(
                f"split {name}",
                [Problem("overlap", name, f"{(chosen & in_pool).sum()} rows are in the pool too")],
            )
        if not chosen.any():
            raise Invalid(f"split {name}", [Problem("empty-split", name, "no rows fit")])
        part = rows.take(chosen)
        labels = class_ids(part.columns[task.truth or task.label], task, f"splits.{name}")
        groups = part.columns[split.cluster].astype(str) if split.cluster else None
        tests[name] = Test(part.ids, part.features, labels, groups)
    if not in_pool.any():
        raise Invalid("pool", [Problem("empty-pool", "pool", "no rows fit")])
    return TaskData(
        pool=Pool(
            pool_rows.ids,
            pool_rows.features,
            class_ids(pool_rows.columns[task.label], task, "pool"),
            tuple(task.classes),
            {name: pool_rows.columns[name] for name in task.visible},
        ),
        truth=_truth(task, pool_rows),
        tests=tests,
        digest=_content_digest(rows),
    )


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
    if task.truth is None:
        return None
    labels = class_ids(rows.columns[task.truth], task, "pool")
    if task.defect is not None:
        return Truth(labels, rows.columns[task.defect].astype(str))
    wrong = labels != class_ids(rows.columns[task.label], task, "pool")
    return Truth(labels, np.where(wrong, "label", ""))


def class_ids(values: NDArray[Any], task: Task, place: str) -> IntArray:
    """Return class ids of a column of labels.

    Raises
    ------
    Invalid
        If a label is no class and the task has no class for the rest.
    """
    words: TextArray = values.astype(str)
    unique, inverse = np.unique(words, return_inverse=True)
    numbers = {name: number for number, name in enumerate(task.classes)}
    rest = numbers.get(task.rest) if task.rest is not None else None
    strange = [word for word in unique if word not in numbers]
    if strange and rest is None:
        what = f"labels that are no class: {', '.join(strange[:10])}"
        raise Invalid("challenge data", [Problem("unknown-label", place, what)])
    ids = np.array([numbers.get(word, rest) for word in unique], dtype=np.intp)
    return ids[inverse.reshape(-1)]


def _content_digest(rows: Table) -> str:
    parts = [rows.ids.astype(str).tobytes(), np.ascontiguousarray(rows.features).tobytes()]
    parts += [rows.columns[name].astype(str).tobytes() for name in sorted(rows.columns)]
    return files.digest_json([files.digest_bytes(part) for part in parts])


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
