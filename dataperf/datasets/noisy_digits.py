"""Handwritten digits; 14 % of the training labels are wrong, as people confuse digits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import mnist_5k
from dataperf.datasets.digit_concepts import halved
from dataperf.records import Card, FloatArray, Generated, IntArray, Table

card = Card(
    title="Noisy digits",
    description="The ten digits, 196 grey values each: 3,000 training rows, about 14 % of them "
    "with the label of a digit that they are confused with, and 2,000 test rows. Images that look like "
    "the other digit are mislabelled more often.",
    licence="CC BY-SA 3.0",
    source="mnist_5k",
    attribution="Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
    known_limits="The errors are generated, not collected.",
)

source = Generated(inputs=("mnist_5k",))

TRAIN = 3000
SEED = 20_261_125
NOISE = 0.5  # standard deviation of the noise, relative to that of the margin

#: For each digit, the share of its training rows that gets the label of another digit.
CONFUSED = {
    "zero": {"six": 0.04, "eight": 0.02},
    "one": {"seven": 0.06, "two": 0.02},
    "two": {"seven": 0.05, "three": 0.03, "eight": 0.02},
    "three": {"five": 0.09, "eight": 0.06, "two": 0.02},
    "four": {"nine": 0.15, "six": 0.02},
    "five": {"three": 0.10, "eight": 0.04, "six": 0.03},
    "six": {"zero": 0.05, "five": 0.03},
    "seven": {"nine": 0.09, "one": 0.08, "two": 0.02},
    "eight": {"three": 0.09, "five": 0.05, "nine": 0.04},
    "nine": {"four": 0.12, "seven": 0.07},
}


def table(path: Path | None, **options: Any) -> Table:
    """Return the training rows, then the test rows.

    Returns
    -------
    Table
        Ids: 12 hexadecimal digits. Features: (5000, 196) float32, 0 to 1. Columns: ``part``
        (``train`` or ``test``), ``label`` and ``truth`` (given and true label, ``zero`` to
        ``nine``).
    """
    found = mnist_5k.table(None)
    random = np.random.RandomState(SEED)
    rows = random.permutation(len(found))
    names = np.array(mnist_5k.WORDS)
    truth = np.array([mnist_5k.WORDS.index(word) for word in found.columns["digit"][rows]])
    features = halved(found.features[rows]).astype(np.float32)
    given = truth.copy()
    given[:TRAIN] = _mislabelled(random, features[:TRAIN].astype(np.float64), truth[:TRAIN])
    ids = [hashlib.sha256(f"{SEED}/{found.ids[row]}".encode()).hexdigest()[:12] for row in rows]
    columns: dict[str, NDArray[Any]] = {
        "part": np.repeat(["train", "test"], [TRAIN, len(rows) - TRAIN]),
        "label": names[given],
        "truth": names[truth],
    }
    return Table(np.array(ids), features, columns)


def _mislabelled(random: np.random.RandomState, images: FloatArray, truth: IntArray) -> IntArray:
    """Return labels of which some are wrong: where an image is near the other digit, plus noise.

    Nearness is the squared distance to the mean image of the other digit minus that to the mean
    image of the true digit.
    """
    words = mnist_5k.WORDS
    means = np.stack([images[truth == number].mean(axis=0) for number in range(len(words))])
    distances = ((images[:, None] - means[None]) ** 2).sum(axis=2)
    given = truth.copy()
    for word, others in CONFUSED.items():
        own = np.flatnonzero(truth == words.index(word))
        for other, share in others.items():
            margin = distances[own, words.index(other)] - distances[own, words.index(word)]
            noisy_margin = margin + NOISE * margin.std() * random.normal(size=len(own))
            noisy_margin[given[own] != truth[own]] = np.inf
            wrong = own[np.argsort(noisy_margin, kind="stable")[: round(share * len(own))]]
            given[wrong] = words.index(other)
    return given
