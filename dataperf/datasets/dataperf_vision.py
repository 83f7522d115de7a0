"""The official data of DataPerf's vision selection: image embeddings for three concepts.

The files lie in the folder itself or in ``data`` within it:

- ``embeddings/train_emb_256_dataperf.parquet`` is the pool: columns ``ImageID`` and ``embedding``
  (256 numbers).
- ``test_sets/alpha_test_set_CONCEPT_256.parquet`` are the test sets, with a further column
  ``Confidence`` ("0" or "1").
- ``examples/alpha_example_set_CONCEPT.csv`` lists images known to show the concept.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Unavailable
from dataperf.records import Card, Folder, Table
from dataperf.sources import parquet_vectors, scratch

card = Card(
    title="DataPerf vision selection",
    description="256-d embeddings of a subset of Open Images V6; the concepts Cupcake, Hawk "
    "and Sushi, each with a test set and a few known examples.",
    licence="CC BY 4.0 (annotations), CC BY 2.0 (images)",
    source="https://www.dataperf.org/training-set-selection-vision",
    attribution="MLCommons, Coactive AI, Open Images V6",
    known_limits="Embeddings only, no images. The pool has no labels. The test sets are public.",
)

source = Folder(
    layout="data/embeddings/train_emb_256_dataperf.parquet and data/test_sets",
    entries=("data", "embeddings"),
)

CONCEPTS = ("Cupcake", "Hawk", "Sushi")
WIDTH = 256
UNKNOWN = "?"


def inputs(path: Path) -> list[Path]:
    """Return the files that are read."""
    folder = _folder(path)
    return [_pool(folder), *(_test(folder, each) for each in CONCEPTS), *_examples(folder)]


def table(path: Path | None) -> Table:
    """Return the pool's rows, then those of every test set.

    Parameters
    ----------
    path : Path
        The folder with the layout above.

    Returns
    -------
    Table
        Features: (n, 256) float32. Columns: ``part`` (``pool`` or a concept), ``Confidence`` ("0"
        or "1"; "?" in the pool), and one column for each concept: "1" for its known examples, "?"
        for all other rows.

    Raises
    ------
    Unavailable
        If files are missing.
    Invalid
        If they are not in the official layout.
    """
    assert path is not None
    folder = _folder(path)
    files = [_pool(folder), *(_test(folder, each) for each in CONCEPTS)]
    sizes = [parquet_vectors.count(file) for file in files]
    known = {path.stem.rpartition("_")[2]: _ids_of(path) for path in _examples(folder)}
    found = {name: [np.zeros(0, np.str_)] for name in ("ImageID", "Confidence")}
    with scratch.Scratch(WIDTH, np.float32) as rows:
        for file in files:
            names = ["ImageID"] if file == files[0] else ["ImageID", "Confidence"]
            for read, block in parquet_vectors.batches(file, "embedding", WIDTH, columns=names):
                rows.append(block)
                found["ImageID"].append(read["ImageID"].astype(str))
                confidence = read.get("Confidence", np.full(len(block), UNKNOWN))
                found["Confidence"].append(confidence.astype(str))
    ids, truth = (np.concatenate(each) for each in found.values())
    columns: dict[str, NDArray[Any]] = {
        concept: np.where(np.isin(ids, list(known.get(concept, ()))), "1", UNKNOWN)
        for concept in CONCEPTS
    }
    columns |= {"part": np.repeat(("pool", *CONCEPTS), sizes), "Confidence": truth}
    return Table(ids, rows.features(), columns)


def _folder(path: Path) -> Path:
    folder = path / "data" if (path / "data").is_dir() else path
    missing = [
        str(file)
        for file in (_pool(folder), *(_test(folder, each) for each in CONCEPTS))
        if not file.is_file()
    ]
    if missing:
        raise Unavailable(f"DataPerf's vision data is not here; missing: {', '.join(missing)}")
    return folder


def _pool(folder: Path) -> Path:
    return folder / "embeddings" / "train_emb_256_dataperf.parquet"


def _test(folder: Path, concept: str) -> Path:
    return folder / "test_sets" / f"alpha_test_set_{concept}_256.parquet"


def _examples(folder: Path) -> list[Path]:
    return sorted((folder / "examples").glob("alpha_example_set_*.csv"))


def _ids_of(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {str(row.get("ImageID")) for row in csv.DictReader(file)}
