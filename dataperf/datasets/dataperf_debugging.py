"""The official data of DataPerf's vision debugging: eight noisy training sets of embeddings.

For a task such as ``01g317``:

- ``embeddings/TASK_train_NOISE_ROWS.parquet`` and ``embeddings/TASK_test_ROWS.parquet`` hold
  ``filename``, ``encoding`` (2048 numbers) and ``label`` (0 or 1).
- ``data/dataset_TASK_train.csv`` holds the true label, ``hv_label``, of every ``ImageID``.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem, Unavailable
from dataperf.records import Card, Folder, Table
from dataperf.sources import parquet_vectors

card = Card(
    title="DataPerf vision debugging",
    description="2048-d image embeddings: 300 training images with 30 % label noise and 500 test "
    "images for each task; four concepts, each with natural and with flipped label noise.",
    licence="CC BY 4.0 (annotations), CC BY 2.0 (images)",
    source="https://www.dataperf.org/training-set-cleaning-vision",
    attribution="MLCommons, ETH Zurich DS3Lab, Open Images V6",
    known_limits="True labels and test sets are public.",
)

source = Folder(
    layout="embeddings/TASK_train_0.3_300.parquet, TASK_test_500.parquet and "
    "data/dataset_TASK_train.csv",
    entries=("embeddings",),
)

Concept = Literal[
    "01g317", "01g317-flipped", "04hgtk", "04hgtk-flipped",
    "04rky", "04rky-flipped", "09j2d", "09j2d-flipped",
]  # fmt: skip


def inputs(path: Path, task: str) -> list[Path]:
    """Return the files of a task that are read: training rows, test rows, true labels."""
    return [
        _one(path / "embeddings", f"{task}_train_*.parquet"),
        _one(path / "embeddings", f"{task}_test_*.parquet"),
        _one(path / "data", f"dataset_{task}_train.csv"),
    ]


def table(path: Path | None, task: Concept) -> Table:
    """Return the training rows in the order of the file, then the test rows.

    Returns
    -------
    Table
        Ids: file names. Features: (n, 2048) float32. Columns: ``part`` (``train`` or ``test``),
        ``label`` (the given label) and ``truth`` (the true label).

    Raises
    ------
    Unavailable
        If files are missing.
    Invalid
        If they are not in the official layout.
    """
    assert path is not None
    train, test, true_labels = inputs(path, task)
    sizes = [parquet_vectors.count(train), parquet_vectors.count(test)]
    features = np.empty((sum(sizes), _width(train)), dtype=np.float32)
    names = ["filename", "label"]
    first = parquet_vectors.read(train, "encoding", features[: sizes[0]], columns=names)
    second = parquet_vectors.read(test, "encoding", features[sizes[0] :], columns=names)
    given = np.concatenate([first["label"], second["label"]]).astype(str)
    truth = np.concatenate(
        [_true_labels(true_labels, first["filename"]), second["label"].astype(str)]
    )
    return Table(
        ids=np.concatenate([first["filename"], second["filename"]]),
        features=features,
        columns={"part": np.repeat(["train", "test"], sizes), "label": given, "truth": truth},
    )


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise Unavailable(f"expected one file {pattern} in {folder}, found {len(found)}")
    return found[0]


def _width(path: Path) -> int:
    import pyarrow.parquet as pq

    batch = next(pq.ParquetFile(path).iter_batches(batch_size=1, columns=["encoding"]), None)
    if batch is None:
        raise Invalid(str(path), [Problem("bad-parquet", "encoding", "no rows")])
    return len(batch.column(0)[0])


def _true_labels(path: Path, names: NDArray[Any]) -> NDArray[np.str_]:
    """Return the true label of every image: that of its first line in the file."""
    true_labels: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            true_labels.setdefault(str(row.get("ImageID")), str(row.get("hv_label")))
    missing = [name for name in names.tolist() if name not in true_labels]
    if missing:
        what = f"{len(missing)} images are missing, such as {missing[0]!r}"
        raise Invalid(str(path), [Problem("missing-label", "ImageID", what)])
    return np.array([true_labels[name] for name in names.tolist()])
