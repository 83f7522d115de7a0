"""Choose which pairs of a noisy pool to train on; training sees a fixed number of samples.

The number does not depend on the selection: training repeats a small selection and sees only a
part of a large one. So the question is which samples deserve the compute.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictInt

from dataperf.errors import Problem
from dataperf.records import Board, IntArray, Number, Plan, Record, TaskData, TrainingSet
from dataperf.tracks._checks import few, no_official, repeated, unknown_ids

PICKS = (20, 4)


class Rules(Record):
    """A board's scale.

    Parameters
    ----------
    samples
        Number of samples that training sees.
    seed
        Random seed of the order in which they are seen.
    """

    samples: Annotated[StrictInt, Field(ge=2)]
    seed: StrictInt = 0


class Answer(Record):
    """The selected pairs, in one of two forms.

    Parameters
    ----------
    ids
        Ids of the pool, with equal weights.
    weights
        By id: its relative frequency in training.
    """

    ids: list[str] | None = None
    weights: dict[str, Number] | None = None


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: this track reads no foreign JSON format."""


def read_files(
    files: Mapping[str, bytes], board: Board, *, official: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the answer in DataComp's format: one ``.npy`` file of pairs of 64-bit numbers.

    A pair holds the first and the second half of an id of 32 hexadecimal digits. The weight of
    an id is the number of times that it is listed.
    """
    problems = [
        Problem("unknown-file", name, "not a .npy file", "one .npy file of uids")
        for name in files
        if not name.endswith(".npy")
    ]
    if not problems and len(files) != 1:
        problems = [Problem("missing-file", "", f"{len(files)} files", "one .npy file of uids")]
    if problems:
        return {}, problems
    ((name, content),) = files.items()
    try:
        uids = _uids(content)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        expected = "an array of pairs of unsigned 64-bit numbers (dtype u8,u8)"
        return {}, [Problem("bad-npy", name, str(error)[:200] or "cut short", expected)]
    counts = Counter(uids)
    if len(counts) == len(uids):
        return {"ids": uids}, []
    return {"weights": {uid: float(count) for uid, count in counts.items()}}, []


def _uids(content: bytes) -> list[str]:
    from numpy.lib import format as npy

    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format")
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = header(stream)
    names, number = dtype.names or (), np.dtype("<u8")
    pairs = len(shape) == 1 and len(names) == 2 and all(dtype[name] == number for name in names)
    if not pairs and not (dtype == number and len(shape) == 2 and shape[1] == 2):
        raise ValueError(f"dtype {dtype}, shape {shape}")
    if len(content) - stream.tell() != 16 * shape[0]:  # checked before memory of that size is used
        raise ValueError(f"{len(content) - stream.tell():,} bytes for {shape[0]:,} pairs")
    found = np.load(io.BytesIO(content), allow_pickle=False)
    return [f"{first:016x}{second:016x}" for first, second in found.tolist()]


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer."""
    if official:
        return no_official()
    if (answer.ids is None) == (answer.weights is None):
        what = "both ids and weights" if answer.ids is not None else "neither ids nor weights"
        return [Problem("one-form", "answer", what, "one of the two")]
    return [problem for part in data.values() for problem in _problems(answer, part)]


def _problems(answer: Answer, data: TaskData) -> Iterator[Problem]:
    given = answer.ids if answer.ids is not None else list(answer.weights or {})
    place = "answer.ids" if answer.ids is not None else "answer.weights"
    yield from unknown_ids(place, given, data)
    yield from repeated(place, given)
    if answer.weights is not None:
        bad = [uid for uid, weight in answer.weights.items() if weight < 0]
        if bad:
            yield Problem("negative-weight", place, few(bad), "0 or more")
        total = sum(weight for weight in answer.weights.values() if weight > 0)
        if given and not 0 < total < float("inf"):
            yield Problem("no-weight", place, f"weights sum to {total:g}", "more than 0, finite")
    if not given:
        yield Problem("empty", place, "nothing is kept")


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return the samples in the order in which they are seen."""
    found = {}
    for name, part in data.items():
        row_of = part.pool.row_of
        weights = np.zeros(len(part.pool))
        if answer.weights is not None:
            for uid, weight in answer.weights.items():
                weights[row_of[uid]] = weight
        else:
            weights[[row_of[uid] for uid in answer.ids or []]] = 1.0
        rows = seen(weights, rules.samples, rules.seed)
        found[name] = Plan([TrainingSet(rows, part.pool.labels[rows])])
    return found


def seen(weights: NDArray[np.float64], samples: int, seed: int) -> IntArray:
    """Return row numbers in the order in which they are seen, (samples,).

    A row of weight w is seen samples * w / sum(w) times, rounded up or down by systematic
    sampling (Madow 1949) over the rows in random order. Rows of equal weight are seen in
    rounds: none is seen twice before all are seen once.

    >>> seen(np.array([1.0, 0.0, 1.0]), 5, 0)
    array([2, 0, 0, 2, 2])
    >>> bool((np.bincount(seen(np.array([1.0, 3.0]), 400, 0)) == [100, 300]).all())
    True
    """
    random = np.random.RandomState(seed)
    rank = random.permutation(len(weights))  # does not depend on the selection
    kept = np.flatnonzero(weights > 0)
    kept = kept[np.argsort(rank[kept], kind="stable")]
    share = weights[kept] / weights[kept].max()
    ends = np.cumsum(share)
    marks = np.floor(ends / ends[-1] * samples + random.random_sample()).astype(np.int64)
    marks[-1] = samples if len(marks) == 1 else max(samples, marks[-1])
    counts = np.diff(marks, prepend=0)
    places = np.repeat(np.arange(len(kept)), counts)
    within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    when = (within + random.random_sample(len(places))) / share[places]
    order: IntArray = kept[places[np.argsort(when, kind="stable")]]
    return order[:samples]


def summarize(
    plan: Plan, task: Any, data: TaskData, found: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return the share of the pool that is seen, and how often a sample is seen."""
    rows = plan.sets[0].rows
    kept = len(np.unique(rows))
    numbers = {
        "share of the pool seen": kept / len(data.pool),
        "samples seen": float(len(rows)),
        "times a sample is seen": len(rows) / kept,
    }
    return numbers, {}


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the pairs without a defect, if defects are known."""
    first = next(iter(data.values()))
    if first.truth is None or not (first.truth.defects != "").any():
        return {}
    good = first.pool.ids[first.truth.defects == ""].tolist()
    return {"clean pool": ("every pair without a defect: knows the truth", {"ids": good})}


def join(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one answer from a strategy's answers to single tasks."""
    return next(iter(parts.values()))
