"""Data sets with planted faults, small enough that every pair of rows is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from dataperf.records.findings import Neighbours
from dataperf.records.rows import Rows

K = 10


@dataclass(frozen=True)
class Fake:
    """Evidence by scikit-learn; ``given_probabilities`` replace those of the models."""

    rows: Rows
    seed: int = 0
    given_probabilities: Any = None

    @property
    def labelled(self):
        return np.flatnonzero(self.rows.labels >= 0)

    @cached_property
    def probabilities(self):
        if self.given_probabilities is not None:
            return np.asarray(self.given_probabilities, dtype=np.float32)
        rows = self.rows
        fold = np.random.default_rng(1).permutation(len(rows)) % 3
        found = np.full((len(rows), len(rows.classes)), 1e-6, dtype=np.float32)
        for number in range(3):
            seen = (fold != number) & (rows.labels >= 0)
            model = LogisticRegression(max_iter=200).fit(rows.features[seen], rows.labels[seen])
            held = np.ix_(fold == number, model.classes_)
            found[held] = model.predict_proba(rows.features[fold == number])
        return found

    @property
    def by_model(self) -> Mapping[str, Any]:
        return {"fake": self.probabilities}

    @cached_property
    def neighbours(self) -> Neighbours:
        features = self.rows.features.astype(np.float64)
        if not features.shape[1]:
            features = np.zeros((len(features), 1))
        kept = min(K, len(features) - 1)
        found = NearestNeighbors(n_neighbors=kept).fit(features).kneighbors()
        wide = ((0, 0), (0, K - kept))
        return Neighbours(
            np.pad(found[1], wide, constant_values=-1).astype(np.int32),
            np.pad(found[0], wide, constant_values=np.inf).astype(np.float32),
            True,
        )


def made(features, labels, *, frame=None, kinds=None, classes=None, **changes) -> Rows:
    """Return rows from arrays; the frame has the features as x0, x1, ... unless one is given."""
    features = np.asarray(features, dtype=np.float32)
    labels = np.asarray(labels, dtype=np.intp)
    names = tuple(f"x{number}" for number in range(features.shape[1]))
    if frame is None:
        frame = pd.DataFrame({name: features[:, place] for place, name in enumerate(names)})
    kinds = kinds or dict.fromkeys(frame.columns, "numeric")
    known = int(labels.max(initial=1)) + 1
    rows = Rows(
        name="tiny",
        frame=frame.reset_index(drop=True),
        ids=np.array([f"id-{number}" for number in range(len(labels))]),
        features=features,
        feature_columns=names,
        kinds=kinds,
        label="label",
        labels=labels,
        classes=tuple(classes or (f"c{number}" for number in range(max(2, known)))),
    )
    return replace(rows, **changes)


def added(rows: Rows, kind: str, **columns: Any) -> Rows:
    """Return rows with more columns in the frame, all of one kind."""
    kinds = {**rows.kinds, **dict.fromkeys(columns, kind)}
    return replace(rows, frame=rows.frame.assign(**columns), kinds=kinds)


def blobs(count: int = 600, *, dimensions: int = 6, classes: int = 3, seed: int = 0) -> Rows:
    """Return clean rows: a Gaussian for each class, that overlap; splits at random."""
    random = np.random.default_rng(seed)
    labels = random.permutation(count) % classes
    centres = random.normal(size=(classes, dimensions))
    features = centres[labels] + random.normal(size=(count, dimensions))
    split = np.where(random.random(count) < 0.3, "test", "train")
    return made(features, labels, split=split)
