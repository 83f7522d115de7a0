"""Train the frozen model on every training set of a plan, and predict every test split.

A training fails with `TrainingFailed` only if the model raises, exits, or predicts something that
is not a class.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import files
from dataperf.basics.progress import report
from dataperf.basics.threads import one_thread
from dataperf.errors import DataperfError, TrainingFailed
from dataperf.evaluation import results
from dataperf.records import (
    FloatArray,
    IntArray,
    Plan,
    Task,
    TaskData,
    TestSplit,
    TrainingRun,
    TrainingSet,
)


@dataclass(frozen=True)
class Run:
    """A frozen model trained on every set of a plan: its predictions, times and size.

    ``predictions`` have shape (sets x seeds, rows). ``weights`` are the weights of their lines in
    the score, None if they are equal.
    """

    predictions: dict[str, NDArray[np.intp]]
    weights: FloatArray | None
    train_seconds: float
    predict_seconds: float
    model_size: int


def train(task: Task, data: TaskData, plan: Plan) -> Run:
    """Train a task's frozen model on every training set of a plan and predict every split.

    BLAS uses one thread, so that the number of cores cannot change a digit.

    Raises
    ------
    TrainingFailed
        If the model raises or exits, or predicts what is not a class id of each row.
    DataperfError
        If memory runs out, of which the answer is not the cause.
    """
    model = registry.load("fixed_models", task.model)
    options: dict[str, Any] = {"classes": len(task.classes), "seeds": tuple(task.seeds)}
    if data.prompts is not None:
        options["prompts"] = data.prompts
    predictions: dict[str, list[NDArray[np.intp]]] = {name: [] for name in data.tests}
    seconds, size = [0.0, 0.0], 0
    with one_thread(), _failing(task.model, model):
        report(words := f"training {task.model}", 0, len(plan.sets))
        clock = time.perf_counter()
        for number, fitted in enumerate(_fitted(model, data, plan, options), start=1):
            trained = time.perf_counter()
            for name, test in data.tests.items():
                found = np.asarray(model.predict(fitted, test.features))
                predictions[name].append(_checked(task, test, found))
            done = time.perf_counter()
            seconds = [seconds[0] + trained - clock, seconds[1] + done - trained]
            clock, size = done, int(model.size(fitted))
            report(words, number, len(plan.sets))
        if size < 0:
            raise ValueError(f"{task.model} has a size of {size} bytes")
    joined = {name: np.concatenate(found) for name, found in predictions.items()}
    return Run(joined, weights_of(task, plan), seconds[0], seconds[1], size)


@contextmanager
def _failing(name: str, model: Any) -> Iterator[None]:
    """Turn what a frozen model raises into TrainingFailed; of a user's own model with the line."""
    try:
        yield
    except DataperfError:
        raise
    except MemoryError as error:
        raise DataperfError(
            f"not enough memory to train {name}: {error or 'MemoryError'}\n"
            "  No result is kept. Free memory, or use fewer processes (--jobs)."
        ) from error
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        if not plugin_calls.is_yours(model):
            raise TrainingFailed(name, what) from error
        place = plugin_calls.place_in(Path(model.__file__).parent, error)
        raise TrainingFailed(name, f"{what}{place}", model.__file__) from error


def weights_of(task: Task, plan: Plan) -> FloatArray | None:
    """Return the share of every line of predictions; None if there is one training set."""
    shares = np.array([chosen.weight for chosen in plan.sets])
    return np.repeat(shares, len(task.seeds)) if len(plan.sets) > 1 else None


def _fitted(model: Any, data: TaskData, plan: Plan, options: dict[str, Any]) -> Iterator[Any]:
    """Train on every set of a plan; ``fit_series`` trains on sets of the same rows together."""
    for rows, labels in _runs(plan.sets):
        if len(labels) > 1 and hasattr(model, "fit_series"):
            yield from model.fit_series(data.pool.features[rows], labels, **options)
        else:
            for each in labels:
                yield model.fit(_picked(data.pool.features, rows), each, **options)


def _runs(sets: Sequence[TrainingSet]) -> Iterator[tuple[IntArray, list[IntArray]]]:
    """Yield the rows of consecutive sets that share them, with the labels of each set."""
    first = 0
    for last in range(1, len(sets) + 1):
        if last == len(sets) or not np.array_equal(sets[last].rows, sets[first].rows):
            yield sets[first].rows, [chosen.labels for chosen in sets[first:last]]
            first = last


def _picked(features: NDArray[Any], rows: IntArray) -> NDArray[Any]:
    """Return some rows; memory of a mapped file that was read with them is released."""
    if 8 * len(rows) > len(features):
        return features[rows]
    picked = np.empty((len(rows), features.shape[1]), dtype=features.dtype)
    for start in range(0, len(rows), 32):
        picked[start : start + 32] = features[rows[start : start + 32]]
        files.release(features)
    return picked


def _checked(task: Task, test: TestSplit, predicted: NDArray[Any]) -> NDArray[np.intp]:
    wanted = (len(task.seeds), len(test.labels))
    if predicted.shape != wanted:
        raise ValueError(f"{task.model} predicted shape {predicted.shape}, expected {wanted}")
    if predicted.dtype.kind not in "iu" or predicted.min() < 0:
        raise ValueError(f"{task.model} predicted {predicted.dtype}, expected class ids")
    if predicted.max() >= len(task.classes):
        most = len(task.classes) - 1
        raise ValueError(f"{task.model} predicted class {predicted.max()}, expected 0 to {most}")
    return predicted.astype(np.intp)


def training_set_digest(data: TaskData, chosen: TrainingSet) -> str:
    """Return the sha256 of a training set: its ids and labels, in order."""
    names = [str(name) for name in data.pool.ids[chosen.rows]]
    return files.digest_json([names, chosen.labels.tolist()])


def training_runs_of(data: TaskData, plan: Plan, run: Run) -> list[TrainingRun]:
    """Return the record of every training set of a plan."""
    seeds = next(len(found) for found in run.predictions.values()) // len(plan.sets)
    return [
        TrainingRun(
            training_set=training_set_digest(data, chosen),
            rows=len(chosen.rows),
            weight=chosen.weight,
            predictions={
                name: results.encode(found[place * seeds : (place + 1) * seeds])
                for name, found in run.predictions.items()
            },
        )
        for place, chosen in enumerate(plan.sets)
    ]
