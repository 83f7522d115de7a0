"""Handwritten digits without labels, a few known examples of every concept.

The pool is 3,500 digits of MNIST, the test 1,500 others, and ``ood-scans`` the 1,797 digits
of another collection. A concept is one digit against the rest; participants know 20 examples
of it.
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
    description="Images of handwritten digits as 196 grey values (2 x 2 pixels averaged): a "
    "pool of 3,500 without labels, 1,500 to test on, and 1,797 of other writers and another "
    "scanner. Concepts: three, five, eight, each against all other digits.",
    licence="CC BY-SA 3.0 and CC BY 4.0",
    source="mnist_5k and optical_digits",
    attribution="LeCun, Cortes, Burges; Alpaydin, Kaynak",
    known_limits="MNIST does not tell writers, so one hand may be in the pool and the test. "
    "The other collection's images are magnified from 8 x 8.",
)

source = Generated(inputs=("mnist_5k", "optical_digits"))

CONCEPTS = ("three", "five", "eight")
EXAMPLES = 20
POOL = 3500
SEED = 20_230_301
UNKNOWN = "?"


def table(path: Path | None, **options: Any) -> Table:
    """Return pool, test and ood-scans.

    Returns
    -------
    Table
        Ids are 16 hex digits that tell nothing; features (6797, 196) float32 in 0..1;
        columns ``part``, and for every concept ``CONCEPT`` ("1" for a known example, "?" for
        all else) and ``is-CONCEPT`` ("1" or "0": the truth).
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
    """Return (n, 784) images as (n, 196): every 2 x 2 pixels averaged."""
    blocks = np.asarray(images, dtype=np.float64).reshape(-1, 14, 2, 14, 2)
    means: FloatArray = blocks.mean(axis=(2, 4)).reshape(-1, 196)
    return means
