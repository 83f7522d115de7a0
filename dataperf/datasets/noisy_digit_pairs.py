"""Pairs of handwritten digits with wrong labels in the training set, as a weak labeller makes."""

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
    title="Noisy digit pairs",
    description="Two digits to tell apart, 196 grey values each: 300 to train on, 90 of them "
    "with the other digit's label, and 500 to test on. Three in four wrong labels hide the "
    "first digit, and images that look like the other digit are mislabelled more often.",
    licence="CC BY-SA 3.0",
    source="mnist_5k",
    attribution="Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
    known_limits="The errors are made, not collected; the share of 30 % is high.",
)

source = Generated(inputs=("mnist_5k",))

TRAIN, TEST, WRONG = 300, 500, 90
SEED = 20_230_817


def table(path: Path | None, first: str, second: str) -> Table:
    """Return the training rows, then the test rows.

    Parameters
    ----------
    path
        Not used.
    first, second
        Two digits, ``zero`` to ``nine``; class 1 is the second.

    Returns
    -------
    Table
        Ids are 12 hex digits; features (800, 196) float32; columns ``part`` (``train`` or
        ``test``), ``label`` (as given) and ``truth``, "0" or "1".
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
    """Return the rows whose label is wrong: those nearest to the other digit, with some luck."""
    means = np.stack([images[truth == number].mean(axis=0) for number in (0, 1)])
    apart = ((images[:, None] - means[None]) ** 2).sum(axis=2)
    margin = apart[np.arange(len(truth)), 1 - truth] - apart[np.arange(len(truth)), truth]
    luck = margin + margin.std() * random.normal(size=len(truth))
    most = round(0.75 * WRONG)
    parts = [
        own[np.argsort(luck[own], kind="stable")[:count]]
        for own, count in (
            (np.flatnonzero(truth == 0), most),
            (np.flatnonzero(truth), WRONG - most),
        )
    ]
    return np.concatenate(parts)
