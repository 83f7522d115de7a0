"""Handwritten digits without labels, with 20 known examples of each of three concepts.

The pool is 3,500 digits of MNIST, the test set 1,500 others, and ``ood-scans`` the 1,797 digits
of another collection. A concept is one digit against all others.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import mnist_5k, optical_digits
from dataperf.records import Card, FloatArray, Generated, Table

card = Card(
    title="Digit concepts",
    description="Images of handwritten digits as 196 grey values (2 x 2 pixels averaged): a pool "
    "of 3,500 without labels, 1,500 test images, and 1,797 test images of other writers and another "
    "scanner. Concepts: three, five and eight, each against all other digits.",
    licence="CC BY-SA 3.0 and CC BY 4.0",
    source="mnist_5k and optical_digits",
    attribution="LeCun, Cortes, Burges; Alpaydin, Kaynak",
    known_limits="MNIST does not name writers, so the pool and the test set may share a writer. "
    "The other collection's images are enlarged from 8 x 8 pixels.",
)

source = Generated(inputs=("mnist_5k", "optical_digits"))

CONCEPTS = ("three", "five", "eight")
EXAMPLES = 20
POOL = 3500
SEED = 20_230_301
UNKNOWN = "?"


def table(path: Path | None, **options: Any) -> Table:
    """Return the rows of pool, test and ood-scans.

    Returns
    -------
    Table
        Ids: 16 hexadecimal digits that reveal nothing. Features: (6797, 196) float32, 0 to 1.
        Columns: ``part``, and for every concept ``CONCEPT`` ("1" for a known example, "?" for all
        other rows) and ``is-CONCEPT`` (the truth, "1" or "0").
    """
    ours, others = mnist_5k.table(None), optical_digits.table(None)
    order = np.random.RandomState(SEED).permutation(len(ours))
    digits = np.concatenate([ours.columns["digit"][order], others.columns["digit"]])
    images = np.concatenate([ours.features[order], optical_digits.as_mnist(others.features)])
    names = np.concatenate([ours.ids[order], others.ids])
    parts = np.repeat(("pool", "test", "ood-scans"), (POOL, len(ours) - POOL, len(others)))
    columns: dict[str, NDArray[Any]] = {"part": parts}
    for concept in CONCEPTS:
        truth = digits == concept
        known = np.flatnonzero(truth & (parts == "pool"))[:EXAMPLES]
        columns[f"is-{concept}"] = np.where(truth, "1", "0")
        columns[concept] = np.where(np.isin(np.arange(len(parts)), known), "1", UNKNOWN)
    ids = [hashlib.sha256(f"{SEED}/{name}".encode()).hexdigest()[:16] for name in names]
    return Table(np.array(ids), halved(images).astype(np.float32), columns)


def halved(images: FloatArray) -> FloatArray:
    """Return (n, 784) images as (n, 196): blocks of 2 x 2 pixels averaged."""
    blocks = np.asarray(images, dtype=np.float64).reshape(-1, 14, 2, 14, 2)
    means: FloatArray = blocks.mean(axis=(2, 4)).reshape(-1, 196)
    return means
