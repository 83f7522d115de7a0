"""Pairs of handwritten digits; 30 % of the training labels are wrong, as from a weak labeller."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import mnist_5k
from dataperf.datasets.digit_concepts import halved
from dataperf.records import Card, FloatArray, Generated, IntArray, Table

card = Card(
    title="Noisy digit pairs",
    description="Two digits, 196 grey values each: 300 training rows, 90 of them with the label of "
    "the other digit, and 500 test rows. Three in four wrong labels are on images of the first "
    "digit. Images that look like the other digit are mislabelled more often.",
    licence="CC BY-SA 3.0",
    source="mnist_5k",
    attribution="Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
    known_limits="The errors are generated, not collected; 30 % is a high share.",
)

source = Generated(inputs=("mnist_5k",))

Digit = Literal[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
]  # fmt: skip
TRAIN, TEST, WRONG = 300, 500, 90
SEED = 20_230_817


def table(path: Path | None, first: Digit, second: Digit) -> Table:
    """Return the training rows, then the test rows.

    Parameters
    ----------
    path
        Not used.
    first, second : str
        Two digits, ``zero`` to ``nine``; class 1 is the second.

    Returns
    -------
    Table
        Ids: 12 hexadecimal digits. Features: (800, 196) float32, 0 to 1. Columns: ``part``
        (``train`` or ``test``), ``label`` and ``truth`` (given and true label, "0" or "1").
    """
    found = mnist_5k.table(None)
    rows = np.flatnonzero(np.isin(found.columns["digit"], (first, second)))
    random = np.random.RandomState(
        [SEED, *(mnist_5k.WORDS.index(each) for each in (first, second))]
    )
    rows = random.permutation(rows)[: TRAIN + TEST]
    truth = (found.columns["digit"][rows] == second).astype(np.intp)
    features = halved(found.features[rows]).astype(np.float32)
    given = truth.copy()
    wrong = _mislabelled(random, features[:TRAIN].astype(np.float64), truth[:TRAIN])
    given[wrong] = 1 - given[wrong]
    names = [hashlib.sha256(f"{SEED}/{found.ids[row]}".encode()).hexdigest()[:12] for row in rows]
    columns: dict[str, NDArray[Any]] = {
        "part": np.repeat(["train", "test"], [TRAIN, TEST]),
        "label": given.astype(str),
        "truth": truth.astype(str),
    }
    return Table(np.array(names), features, columns)


def _mislabelled(random: np.random.RandomState, images: FloatArray, truth: IntArray) -> IntArray:
    """Return the rows that get a wrong label: those nearest to the other digit, plus noise."""
    means = np.stack([images[truth == number].mean(axis=0) for number in (0, 1)])
    distances = ((images[:, None] - means[None]) ** 2).sum(axis=2)
    margin = distances[np.arange(len(truth)), 1 - truth] - distances[np.arange(len(truth)), truth]
    noisy_margin = margin + margin.std() * random.normal(size=len(truth))
    first_wrong = round(0.75 * WRONG)
    parts = [
        own[np.argsort(noisy_margin[own], kind="stable")[:count]]
        for own, count in (
            (np.flatnonzero(truth == 0), first_wrong),
            (np.flatnonzero(truth), WRONG - first_wrong),
        )
    ]
    return np.concatenate(parts)
