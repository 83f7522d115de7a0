"""Small data sets to audit, with errors that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dataperf.records.rows import Rows


def blobs(rows: int = 400, classes: int = 3, *, apart: float = 3.0, seed: int = 0):
    """Return (rows, 6) features and class ids of Gaussian clouds."""
    random = np.random.default_rng(seed)
    middles = random.normal(size=(classes, 6)) * apart
    labels = np.arange(rows) % classes
    return (middles[labels] + random.normal(size=(rows, 6))).astype(np.float32), labels


def noisy(labels: np.ndarray, share: float, *, classes: int, seed: int = 1) -> np.ndarray:
    """Return labels of which a share is moved to another class, all others alike."""
    random = np.random.default_rng(seed)
    given = labels.copy()
    wrong = random.permutation(len(labels))[: round(share * len(labels))]
    given[wrong] = (given[wrong] + random.integers(1, classes, len(wrong))) % classes
    return given


def rows_of(features, labels, *, classes: int | None = None, **changes) -> Rows:
    """Return rows to audit, of numbers alone."""
    count = int(max(labels)) + 1 if classes is None else classes
    told = {
        "name": "made",
        "frame": pd.DataFrame(index=range(len(labels))),
        "ids": np.array([str(row) for row in range(len(labels))]),
        "features": np.asarray(features, dtype=np.float32),
        "feature_columns": tuple(f"f{number}" for number in range(features.shape[1])),
        "kinds": {},
        "label": "y",
        "labels": np.asarray(labels, dtype=np.intp),
        "classes": tuple(f"class {number}" for number in range(count)),
    }
    return Rows(**{**told, **changes})
