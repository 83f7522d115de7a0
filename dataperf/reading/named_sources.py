"""Read sources by name: dataset plug-ins, pools of challenges, Hugging Face datasets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics.extras import require_extra
from dataperf.basics.progress import Progress
from dataperf.basics.wording import shorten
from dataperf.definitions import data, loading
from dataperf.errors import DataperfError, Invalid, NotFound, Problem, Unavailable, refuse
from dataperf.media.embed import Images
from dataperf.reading import arrow
from dataperf.reading.loaded import Loaded
from dataperf.sources import tables

#: Columns of a dataset plug-in that serve as its label and as its true label, best first.
LABELS = ("given", "label", "word", "digit")
TRUTHS = ("truth", "word", "digit")
#: Columns that reveal what is wrong with a row.
REVEALING = ("truth", "defect")
#: Datasets whose first features are the pixels of a square image: its side in pixels.
SIDES = {
    "captioned_digits": 14,
    "digit_concepts": 14,
    "digit_market": 14,
    "mnist_5k": 28,
    "noisy_digit_pairs": 14,
    "noisy_digits": 14,
    "optical_digits": 8,
}
#: Datasets of speech whose features are 12 moments of 13 coefficients.
SPOKEN = ("noisy_spoken_digits", "spoken_digits")
MOMENTS, COEFFICIENTS = 12, 13


def is_dataset(name: str) -> bool:
    """Return whether a dataset plug-in has this name."""
    try:
        registry.get("datasets", name)
    except NotFound:
        return False
    return True


def read_dataset(name: str) -> Loaded:
    """Read a dataset plug-in by name; models see its features.

    The label is the first of the columns ``given``, ``label``, ``word`` and ``digit`` that
    exists. If it is ``given``, a column with the true label is used too. A column ``part`` is
    the split. Columns that reveal the true label or the defect are hidden.

    Raises
    ------
    NotFound, Unavailable, DigestMismatch, Invalid, DataperfError
        As `dataperf.sources.tables.table` does.
    """
    table = tables.load(name)
    there = table.columns
    roles = {"label": next((each for each in LABELS if each in there), "")}
    if roles["label"] == "given":
        roles["true_label"] = next((each for each in TRUTHS if each in there), "")
    roles["split"] = "part" if "part" in there else ""
    known = {column: _known(there[column]) for column in {*LABELS, *TRUTHS} & set(there)}
    return Loaded(
        name,
        _frame({**there, **known}, len(table)),
        {"x": table.features},
        table.ids,
        roles={role: column for role, column in roles.items() if column},
        hidden=tuple(column for column in REVEALING if column in there),
        only_vectors=True,
        media=_images(registry.get("datasets", name).name, table.features),
    )


def _known(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels with None in place of unknown ones."""
    found: NDArray[Any] = labels.astype(object)
    found[labels.astype(str) == data.UNKNOWN] = None
    return found


def _frame(columns: Mapping[str, NDArray[Any]], rows: int) -> Any:
    import pandas as pd

    return pd.DataFrame(dict(columns), index=pd.RangeIndex(rows))


def _images(dataset: str, features: NDArray[Any]) -> Images | None:
    """Return the rows as images: their pixels, or their cepstral coefficients over time."""
    if side := SIDES.get(dataset):
        high = 1.0 if float(features[:1000, : side * side].max()) <= 1.0 else 255.0
        return Images(_reshaped(features[:, : side * side], side), 0.0, high)
    if dataset in SPOKEN:
        low, high = np.quantile(features, (0.01, 0.99))
        moments = features.reshape(-1, MOMENTS, COEFFICIENTS)
        return Images(moments.transpose(0, 2, 1)[:, ::-1], float(low), float(high))
    return None


def _reshaped(features: NDArray[Any], side: int) -> NDArray[Any]:
    return features.reshape(len(features), side, side)


def read_challenge(words: str) -> Loaded:
    """Read the pool of a challenge's board as a participant sees it.

    Parameters
    ----------
    words
        ``CHALLENGE``, ``CHALLENGE/BOARD`` or ``CHALLENGE/BOARD/TASK``. The default is the
        first board, and its first task.

    Raises
    ------
    NotFound
        If there is no such challenge, board or task.
    Invalid
        If the participants of this challenge do not see the labels.
    """
    name, _, rest = words.partition("/")
    board, _, task_name = rest.partition("/")
    challenge = loading.load(name)
    tasks = loading.tasks_of(challenge, board or next(iter(challenge.boards)))
    if task_name and task_name not in tasks:
        raise NotFound("task", task_name, tasks, where=f"on the board {board} of {name}")
    task = tasks[task_name or next(iter(tasks))]
    if task.label_column is None:
        expected = f"audit the data itself: {task.dataset}"
        raise refuse(
            f"challenge:{words}", "no-labels", "", "participants do not see the labels", expected
        )
    pool = data.task_data(task).pool
    columns = {name: values for name, values in pool.columns.items() if name != "label"}
    columns["label"] = _with_names(pool.labels, pool.classes)
    dataset = registry.get("datasets", task.dataset).name
    return Loaded(
        words.replace("/", "-"),
        _frame(columns, len(pool)),
        {"x": pool.features},
        pool.ids,
        roles={"label": "label"},
        only_vectors=True,
        media=_images(dataset, pool.features),
    )


def _with_names(labels: NDArray[np.intp], classes: tuple[str, ...]) -> NDArray[Any]:
    return np.array([*classes, ""], dtype=object)[labels]


def is_huggingface(source: Any) -> bool:
    """Return whether an object is a Hugging Face dataset, or a mapping of splits to them."""
    if isinstance(source, Mapping):
        return bool(source) and all(is_huggingface(each) for each in source.values())
    return all(hasattr(source, name) for name in ("features", "column_names", "with_format"))


def from_huggingface(source: Any, *, progress: Progress, name: str = "") -> Loaded:
    """Read a Hugging Face dataset; several splits are concatenated.

    Parameters
    ----------
    source
        A ``datasets.Dataset``, or a mapping of split names to them.
    progress
        Called with the number of rows read.
    name
        Name of the data; "" for the dataset's own name.

    Raises
    ------
    Invalid
        If the dataset is a stream, or the splits have different columns.
    """
    parts = dict(source) if isinstance(source, Mapping) else {"": source}
    first = next(iter(parts.values()))
    name = name or str(getattr(getattr(first, "info", None), "dataset_name", None) or "dataset")
    streams = [split for split, part in parts.items() if not hasattr(part, "__len__")]
    if streams:
        expected = "take rows of it first: datasets.Dataset.from_list(list(stream.take(10_000)))"
        raise refuse(name, "stream", shorten(streams), "a stream of unknown length", expected)
    expected = f"the columns and types of the other splits: {shorten(first.column_names)}"
    problems = [
        Problem("unequal-splits", split, f"columns {shorten(sorted(part.column_names))}", expected)
        for split, part in parts.items()
        if part.features != first.features
    ]
    if problems:
        raise Invalid(name, problems)
    schema = first.features.arrow_schema
    rows = sum(len(part) for part in parts.values())
    batches = (batch for part in parts.values() for batch in _batches(part, schema))
    found = arrow.from_batches(name, schema, rows, batches=batches, progress=progress)
    if len(parts) == 1:
        return found
    column = "split"
    while column in schema.names:
        column += "_"
    lengths = [len(part) for part in parts.values()]
    splits = np.repeat(np.array(list(parts), dtype=object), lengths)
    frame = found.frame.assign(**{column: splits})
    return dataclasses.replace(found, frame=frame, roles={**found.roles, "split": column})


def _batches(part: Any, schema: Any) -> Iterator[Any]:
    for table in part.with_format("arrow").iter(batch_size=arrow.BATCH):
        yield from table.select(schema.names).combine_chunks().to_batches()


def load_huggingface(words: str, *, progress: Progress) -> Loaded:
    """Read a dataset from the Hugging Face Hub, or a folder of data files.

    Parameters
    ----------
    words
        ``NAME``, ``NAME:CONFIG`` or a path.
    progress
        Called with the number of rows read.

    Raises
    ------
    Unavailable
        If the package ``datasets`` is not installed, or the dataset cannot be loaded.
    """
    datasets = require_extra("datasets", "hf", f"hf:{words}")
    path, _, config = (words, "", "") if Path(words).exists() else words.partition(":")
    try:
        found = datasets.load_dataset(path, config or None)
    except DataperfError:
        raise
    except Exception as error:  # the library has no common base error
        reason = f"{type(error).__name__}: {str(error)[:400]}"
        raise Unavailable(
            f"hf:{words} cannot be loaded.\n  {reason}\n  Check the name and the connection; "
            "a dataset with several configurations is named hf:NAME:CONFIG"
        ) from error
    return from_huggingface(found, progress=progress, name=Path(path).name)
