"""1,797 handwritten digits of other writers than MNIST's, 8 x 8 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dataperf.datasets.mnist_5k import WORDS, read_csv
from dataperf.records import Card, FloatArray, Package, Table
from dataperf.sources import locate

card = Card(
    title="Optical recognition of handwritten digits",
    description="Grey images of handwritten digits of 43 writers, 8 x 8 pixels of 17 levels "
    "(the test part of the collection).",
    licence="CC BY 4.0",
    source="the package scikit-learn; https://archive.ics.uci.edu/dataset/80",
    attribution="E. Alpaydin, C. Kaynak",
    known_limits="Writers are not named.",
)

source = Package(
    requirement="scikit-learn",
    module="sklearn",
    path="datasets/data/digits.csv.gz",
    sha256="09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
)


def table(path: Path | None, **options: Any) -> Table:
    """Return all digits in the order of the file.

    Returns
    -------
    Table
        Ids: ``optical/NUMBER``. Features: (1797, 64) float32, grey values 0 to 1, row by row.
        Column: ``digit`` (``zero`` to ``nine``).
    """
    values = read_csv(path or locate.package_file(source))
    return Table(
        ids=np.array([f"optical/{row:04}" for row in range(len(values))]),
        features=(values[:, :-1] / 16.0).astype(np.float32),
        columns={"digit": np.array(WORDS)[values[:, -1].astype(int)]},
    )


def as_mnist(features: FloatArray) -> FloatArray:
    """Return (n, 64) images as (n, 784): enlarged to 20 x 20 in the middle of 28 x 28 pixels.

    MNIST's digits fill 20 of its 28 pixels. Values between pixels are interpolated linearly.
    """
    at = np.clip((np.arange(20) + 0.5) * 8 / 20 - 0.5, 0, 7)
    low = np.floor(at).astype(np.intp)
    high, part = np.minimum(low + 1, 7), at - low
    weights = np.zeros((20, 8))
    weights[np.arange(20), low] += 1 - part
    weights[np.arange(20), high] += part
    images = features.reshape(-1, 8, 8).astype(np.float64)
    enlarged = np.zeros((len(images), 28, 28))
    enlarged[:, 4:24, 4:24] = np.einsum("ab,nbc,dc->nad", weights, images, weights)
    return enlarged.reshape(-1, 784)
