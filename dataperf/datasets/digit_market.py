"""Five markets of handwritten digits: twelve sellers of different quality and price, one buyer.

Each market has its own yes-or-no question about a digit, such as whether it is odd. A seller
offers 120 to 400 MNIST digits. Sellers differ in their share of wrong labels, in the digits they
have, in how their scanner degrades the images, and in price, which is independent of quality.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import mnist_5k
from dataperf.datasets.digit_concepts import halved
from dataperf.records import Card, FloatArray, Generated, IntArray, Table

card = Card(
    title="Digit markets",
    description="196 grey values for each digit and one yes-or-no question for each market. Twelve "
    "sellers: 0 to 50 % wrong labels, some with few rows of one answer, some with blurred, pale or "
    "noisy images; all rows of a seller cost 40 to 180, the budget is 150. The buyer's test set "
    "has 600 other digits with true labels.",
    licence="CC BY-SA 3.0",
    source="mnist_5k",
    attribution="Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
    known_limits="Sellers and their faults are generated. Two sellers may offer the same digit.",
)

source = Generated(inputs=("mnist_5k",))

#: The digits for which the answer is yes, by market.
QUESTIONS = ((1, 3, 5, 7, 9), (5, 6, 7, 8, 9), (0, 6, 8, 9), (2, 3, 5), (1, 4, 7))
SELLERS = 12
BUYER = 600
BUDGET = 150.0
SAMPLES = 5
SEED = 20_231_113

NOISE = (0.0, 0.0, 0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.5)
DAMAGE = ("", "", "", "", "", "", "blurred", "blurred", "pale", "pale", "noisy", "noisy")
YES = (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.3, 0.3, 0.8, 0.9)


def table(path: Path | None, market: Literal[0, 1, 2, 3, 4]) -> Table:
    """Return the rows of the sellers, sorted by seller, then the buyer's rows.

    Returns
    -------
    Table
        Ids: ``SELLER/ROW`` and ``buyer/ROW``. Features: (n, 196) float32. Columns: ``part``
        (``sellers`` or ``buyer``), ``seller``, ``given`` and ``truth`` (given and true label, "0"
        or "1") and ``defect`` (``label`` where they differ).

    Raises
    ------
    ValueError
        If there is no such market.
    """
    if not 0 <= market < len(QUESTIONS):
        raise ValueError(f"market must be 0 to {len(QUESTIONS) - 1}, not {market}")
    images, digits = _digits()
    random = np.random.RandomState([SEED, market])
    yes = np.isin(digits, QUESTIONS[market])
    order = random.permutation(len(digits))
    buyer, stock = order[:BUYER], order[BUYER:]
    noise, damage, shares = (random.permutation(np.array(each)) for each in (NOISE, DAMAGE, YES))
    rows, given, features, names = [buyer], [yes[buyer]], [images[buyer]], ["buyer"]
    for seller in range(SELLERS):
        chosen = _stock(random, stock, yes, float(shares[seller]))
        wrong = random.random_sample(len(chosen)) < noise[seller]
        rows.append(chosen)
        given.append(yes[chosen] ^ wrong)
        features.append(_scanned(random, images[chosen], str(damage[seller])))
        names.append(str(seller))
    sizes = [len(each) for each in rows]
    labels, truth = np.concatenate(given), yes[np.concatenate(rows)]
    return _sellers_first(
        Table(
            ids=np.array([f"{n}/{row:03}" for n, s in zip(names, sizes) for row in range(s)]),
            features=np.concatenate(features).astype(np.float32),
            columns={
                "part": np.repeat(["buyer"] + ["sellers"] * SELLERS, sizes),
                "seller": np.repeat(names, sizes),
                "given": np.where(labels, "1", "0"),
                "truth": np.where(truth, "1", "0"),
                "defect": np.where(labels == truth, "", "label"),
            },
        )
    )


def facts(path: Path | None, market: Literal[0, 1, 2, 3, 4]) -> dict[str, Any]:
    """Return what a buyer may know: rows, prices, budget and a summary of every seller.

    Returns
    -------
    dict
        ``rows`` (rows on offer), ``prices`` (of all rows of a seller), ``budget`` and
        ``summaries``. A summary has ``row_number``, ``column_number``, ``label_correlation``
        (feature number to correlation with the label), ``yes`` (share of label 1) and ``samples``
        (five rows, the label last).
    """
    rows = table(None, market)
    prices = np.random.RandomState([SEED, market, 1]).randint(40, 181, SELLERS)
    summaries = []
    for seller in range(SELLERS):
        own = rows.take(rows.columns["seller"] == str(seller))
        labels = (own.columns["given"] == "1").astype(np.float64)
        summaries.append(_summary(own.features.astype(np.float64), labels))
    return {
        "rows": [each["row_number"] for each in summaries],
        "prices": [float(price) for price in prices],
        "budget": BUDGET,
        "summaries": summaries,
    }


@functools.cache
def _digits() -> tuple[FloatArray, IntArray]:
    found = mnist_5k.table(None)
    digits = np.array([mnist_5k.WORDS.index(word) for word in found.columns["digit"].tolist()])
    return halved(found.features), digits


def _stock(
    random: np.random.RandomState, stock: IntArray, yes: NDArray[np.bool_], share: float
) -> IntArray:
    """Return a seller's rows: 120 to 400, of which a given share has the answer yes."""
    size = int(random.randint(120, 401))
    wanted = int(round(share * size))
    parts = [
        random.choice(stock[yes[stock]], wanted, replace=False),
        random.choice(stock[~yes[stock]], size - wanted, replace=False),
    ]
    return np.asarray(random.permutation(np.concatenate(parts)), dtype=np.intp)


def _scanned(random: np.random.RandomState, images: FloatArray, how: str) -> FloatArray:
    """Return images degraded as by a bad scanner."""
    if how == "pale":
        return images * 0.3 + 0.4
    if how == "noisy":
        return np.clip(images + random.normal(0, 0.35, images.shape), 0, 1)
    if how == "blurred":
        square = np.pad(images.reshape(-1, 14, 14), ((0, 0), (2, 2), (2, 2)))
        around = [square[:, i : i + 14, j : j + 14] for i in range(5) for j in range(5)]
        return np.asarray(np.mean(around, axis=0)).reshape(-1, 196)
    return images


def _sellers_first(rows: Table) -> Table:
    return rows.take(np.argsort(rows.columns["part"] == "buyer", kind="stable"))


def _summary(features: FloatArray, labels: FloatArray) -> dict[str, Any]:
    centred, centred_labels = features - features.mean(axis=0), labels - labels.mean()
    spread = np.sqrt((centred**2).sum(axis=0) * (centred_labels**2).sum())
    correlations = np.divide(
        centred.T @ centred_labels, spread, out=np.zeros(len(spread)), where=spread > 0
    )
    samples = np.column_stack([features, labels])[:SAMPLES]
    return {
        "row_number": len(labels),
        "column_number": features.shape[1] + 1,
        "label_correlation": {str(j): round(float(r), 6) for j, r in enumerate(correlations)},
        "yes": round(float(labels.mean()), 6),
        "samples": samples.round(6).tolist(),
    }
