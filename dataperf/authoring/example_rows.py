"""A small data set with everything that an audit can examine, and simple evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import IntArray
from dataperf.records.findings import Neighbours
from dataperf.records.rows import Rows


@dataclass(frozen=True)
class Plain:
    """Evidence computed by the simplest means, for small data sets.

    One model (class means with a shared variance, five folds), and distances between all pairs.

    Parameters
    ----------
    rows : Rows
    seed : int
        Random seed of the folds.
    """

    rows: Rows
    seed: int = 0

    @cached_property
    def labelled(self) -> IntArray:
        return np.flatnonzero(self.rows.labels >= 0)

    def progress(self, words: str, done: int, total: int | None) -> None:
        """Do nothing."""

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        return self.relabelled(self.rows.labels)

    def relabelled(self, labels: IntArray) -> NDArray[np.float32]:
        """Return the probabilities if these were the given labels."""
        rows = replace(self.rows, labels=labels)
        fold = np.random.default_rng(self.seed).permutation(len(self.rows)) % 5
        found = np.zeros((len(self.rows), len(self.rows.classes)), dtype=np.float32)
        for number in range(5):
            held_out = fold == number
            found[held_out] = _class_probabilities(rows, ~held_out & (labels >= 0), held_out)
        return found

    @cached_property
    def by_model(self) -> Mapping[str, NDArray[np.float32]]:
        return {"class_means": self.probabilities}

    @cached_property
    def neighbours(self) -> Neighbours:
        features = self.rows.features.astype(np.float64)
        rows = len(features)
        squares = np.sum(features**2, axis=1)
        squared = squares[:, None] + squares - 2 * features @ features.T
        np.fill_diagonal(squared, np.inf)
        count = min(10, rows - 1)
        near = np.argsort(squared, axis=1, kind="stable")[:, :count].astype(np.int32)
        far = np.sqrt(np.maximum(np.take_along_axis(squared, near.astype(np.intp), axis=1), 0))
        padding = ((0, 0), (0, 10 - count))
        return Neighbours(
            np.pad(near, padding, constant_values=-1),
            np.pad(far, padding, constant_values=np.inf).astype(np.float32),
            True,
        )


def _class_probabilities(
    rows: Rows, seen: NDArray[np.bool_], held_out: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return class probabilities: softmax of minus squared distances to class means, scaled."""
    labels, known = rows.labels[seen], rows.features[seen].astype(np.float64)
    counts = np.bincount(labels, minlength=len(rows.classes)).astype(np.float64)
    means = np.zeros((len(rows.classes), rows.features.shape[1]))
    np.add.at(means, labels, known)
    means /= np.maximum(counts, 1)[:, None]
    spread = float(np.mean((known - means[labels]) ** 2)) if known.size else 1.0
    tested = rows.features[held_out].astype(np.float64)
    squared = np.sum(tested**2, axis=1)[:, None] - 2 * tested @ means.T + np.sum(means**2, axis=1)
    logits = np.where(counts > 0, -squared / (2 * max(spread, 1e-9)), -np.inf)
    logits -= logits.max(axis=1, keepdims=True) if counts.any() else 0
    probabilities = np.exp(logits) if counts.any() else np.ones_like(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return np.asarray(probabilities, dtype=np.float32)


def rows(count: int = 240, *, seed: int = 0, **changes: Any) -> Rows:
    """Return clean rows without any problem: three classes, four numbers, two categories.

    Parameters
    ----------
    count : int
        Number of rows.
    seed : int
        Random seed.
    **changes
        Fields of ``Rows`` to replace.

    Returns
    -------
    Rows
    """
    import pandas as pd

    random = np.random.default_rng(seed)
    labels = random.permutation(count) % 3
    features = random.normal(size=(count, 4)).astype(np.float32)
    features[:, :2] += 1.5 * np.array([[0, 0], [1, 1], [2, 0]])[labels]
    frame = pd.DataFrame({f"x{number}": features[:, number] for number in range(4)})
    frame["colour"] = random.choice(["red", "green", "blue"], count)
    frame["sex"] = random.choice(["f", "m"], count)
    raters = {}
    for name in ("ann", "ben", "eve"):
        wrong = random.random(count) < 0.02
        raters[name] = np.where(wrong, random.integers(0, 3, count), labels).astype(np.intp)
    made = Rows(
        name="example",
        frame=frame,
        ids=np.array([f"row-{number:04}" for number in range(count)]),
        features=features,
        feature_columns=("x0", "x1", "x2", "x3"),
        kinds={
            **{f"x{number}": "numeric" for number in range(4)},
            **{"colour": "categorical", "sex": "categorical"},
        },
        label="kind",
        labels=labels.astype(np.intp),
        classes=("a", "b", "c"),
        split=np.where(random.permutation(count) % 3 == 0, "test", "train"),
        truth=labels.astype(np.intp),
        annotators=raters,
        sensitive=("sex",),
    )
    return replace(made, **changes)
