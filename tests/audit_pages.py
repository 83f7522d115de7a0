"""Audits made by hand: real images, sounds, texts and numbers with planted noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dataperf.records.findings import Finding, Neighbours
from dataperf.records.rows import Rows

HOSTILE = '</script><img src=x onerror="alert(1)">'


@dataclass(frozen=True)
class Audit:
    rows: Rows
    findings: tuple[Finding, ...]
    neighbours: Neighbours
    probabilities: Any
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    values: Any = None
    version: str = "0.1.0"
    notes: tuple[str, ...] = ()
    peak_memory: int = 0


@dataclass(frozen=True)
class Images:
    """Rows of pixels in 0..1."""

    values: Any
    side: tuple[int, int]
    kind: str = "image"

    def image(self, row):
        return np.round(self.values[row].reshape(self.side) * 255).astype(np.uint8)

    def sound(self, row):
        return None


@dataclass(frozen=True)
class Clips:
    """Sounds known by their coefficients; what is heard follows the first of them."""

    clips: Any
    kind: str = "audio"

    def image(self, row):
        shares = self.clips[row].T[::-1]
        low, high = shares.min(axis=1, keepdims=True), shares.max(axis=1, keepdims=True)
        shares = (shares - low) / np.maximum(high - low, 1e-9)
        return np.repeat(np.repeat(np.round(shares * 255).astype(np.uint8), 4, 0), 2, 1)

    def sound(self, row):
        heights = np.repeat(300 + 20 * np.abs(self.clips[row][:, 1]), 180)
        return (0.3 * np.sin(2 * np.pi * np.cumsum(heights) / 8000)).astype(np.float32), 8000


def rows_of(features, names, **more: Any) -> Rows:
    """Return rows from features and class names."""
    classes, labels = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    facts: dict[str, Any] = {
        "name": "tiny",
        "frame": pd.DataFrame(index=range(len(labels))),
        "ids": np.array([str(row) for row in range(len(labels))]),
        "feature_columns": tuple(f"x{column}" for column in range(features.shape[1])),
        "kinds": {},
        "label": "label",
        "labels": labels.astype(np.intp),
        "classes": tuple(classes.tolist()),
    }
    return Rows(features=np.asarray(features, dtype=np.float32), **(facts | more))


def noisy(rows: Rows, share: float, seed: int = 0) -> Rows:
    """Return the rows with a share of the labels put wrong, and the truth kept."""
    from dataclasses import replace

    random = np.random.default_rng(seed)
    labels, wrong = rows.labels.copy(), random.random(len(rows)) < share
    labels[wrong] = (labels[wrong] + random.integers(1, len(rows.classes), wrong.sum())) % len(
        rows.classes
    )
    return replace(rows, labels=labels, truth=rows.labels)


def neighbours_of(rows: Rows, count: int = 10) -> Neighbours:
    """Return nearest rows by comparing all."""
    features = rows.features.astype(np.float32)
    squares = (features**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * features @ features.T
    np.fill_diagonal(apart, np.inf)
    kept = min(count, len(rows) - 1)
    near = np.argsort(apart, axis=1, kind="stable")[:, :kept]
    far = np.sqrt(np.maximum(np.take_along_axis(apart, near, axis=1), 0))
    wide = ((0, 0), (0, count - kept))
    return Neighbours(
        np.pad(near, wide, constant_values=-1).astype(np.int32),
        np.pad(far, wide, constant_values=np.inf).astype(np.float32),
        True,
    )


def votes(rows: Rows, near: Neighbours) -> Any:
    """Return chances: how often each class occurs among a row's neighbours."""
    chances = np.full((len(rows), len(rows.classes)), 0.05)
    for column in near.rows.T:
        known = (column >= 0) & (rows.labels[column] >= 0)
        np.add.at(chances, (np.flatnonzero(known), rows.labels[column[known]]), 1.0)
    return (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)


def label_errors(rows: Rows, chances: Any) -> Finding:
    known = np.flatnonzero(rows.labels >= 0)
    own = chances[known, rows.labels[known]]
    best = chances[known].argmax(axis=1)
    score = (chances[known].max(axis=1) - own + 1) / 2
    order = np.argsort(-score, kind="stable")
    flagged = (score > 0.8)[order]
    picked = known[order]
    names = np.array(rows.classes, dtype=object)
    table = pd.DataFrame(
        {
            "row": picked,
            "id": rows.ids[picked],
            "score": score[order],
            "flagged": flagged,
            "given": names[rows.labels[picked]],
            "suggested": names[best[order]],
            "confidence": chances[known].max(axis=1)[order],
        }
    )
    size = len(rows.classes)
    noise = np.full((size, size), 1e-3)
    np.add.at(noise, (best, rows.labels[known]), 1.0)
    noise = pd.DataFrame(
        noise / noise.sum(axis=1, keepdims=True), index=rows.classes, columns=rows.classes
    )
    count = int(flagged.sum())
    return Finding(
        kind="label_errors",
        title="Label errors",
        sentence=f"{count:,} of {len(rows):,} labels look wrong; about {0.9 * count:.0f} really are.",
        severity="high" if count else "none",
        table=table,
        numbers={
            "flagged": count,
            "expected_real": round(0.9 * count),
            "precision_estimate": 0.9,
            "low": 0.84 * count,
            "high": 0.95 * count,
            "noise_rate": float(1 - np.diag(noise).mean()),
        },
        tables={"transition": noise},
    )


def about_rows(about: str, title: str, rows: Rows, picked: Any, **columns: Any) -> Finding:
    """Return a finding about rows."""
    table = {"row": picked, "id": rows.ids[picked], "score": np.linspace(1, 0.5, len(picked))}
    given = np.array([*rows.classes, "no label"], dtype=object)[rows.labels[picked]]
    return Finding(
        about,
        title,
        f"{len(picked)} of {len(rows):,} rows: {title.lower()}.",
        "medium" if len(picked) else "none",
        pd.DataFrame(table | columns | {"given": given}),
        {"rows": len(picked)},
    )


def others(rows: Rows, near: Neighbours) -> list[Finding]:
    """Return every other kind of finding, in the detectors' own columns."""
    far = np.argsort(-np.where(np.isfinite(near.distances), near.distances, 0).mean(axis=1))[:12]
    close = np.argsort(near.distances[:, 0], kind="stable")[:3].tolist()
    pairs = np.array([[row, near.rows[row, 0]] for row in close]).reshape(-1)
    usual = float(np.median(near.distances[:, 0])) or 1.0
    sets = np.repeat(np.arange(len(close)), 2)
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    classes = pd.DataFrame({"class": rows.classes, "rows": counts, "share": counts / counts.sum()})
    slices = pd.DataFrame(
        {
            "condition": ["speaker = theo", "width > 14 and height <= 3", "take = 7"],
            "rows": [300, 120, 64],
            "share": [0.1, 0.04, 0.02],
            "errors": [81, 25, 12],
            "error": [0.27, 0.21, 0.19],
            "low": [0.22, 0.14, 0.10],
            "high": [0.33, 0.29, 0.30],
            "lift": [3.1, 2.4, 2.2],
            "p": [1e-12, 1e-4, 0.01],
            "score": [0.14, 0.06, 0.02],
        }
    )
    fairness = pd.DataFrame(
        {
            "column": ["sex", "sex"],
            "class": [None, ">50K"],
            "measure": ["accuracy difference", "demographic parity difference"],
            "value": [0.08, 0.17],
            "low": [0.05, 0.14],
            "high": [0.11, 0.20],
            "lowest_group": ["male", "female"],
            "lowest": [0.81, 0.08],
            "severity": ["low", "medium"],
        }
    )
    features = pd.DataFrame(
        {
            "column": ["patient_id", "ward", "outcome_code"],
            "problem": ["identifier", "constant", "leak"],
            "score": [0.4, 0.3, 1.0],
            "value": [1.0, np.nan, 0.99],
            "detail": ["every value is another", "always 3", "alone it tells the label"],
        }
    )
    drift = pd.DataFrame(
        {"split": ["test"], "column": ["age"], "effect": [0.3], "p": [1e-9], "drifted": [True]}
    )
    people = pd.DataFrame({"annotator": ["ann", "bob"], "accuracy": [0.97, 0.71]})
    return [
        about_rows(
            *("duplicates", "Duplicates", rows, pairs),
            set=sets,
            kind=np.where(sets % 2, "near", "exact"),
            conflict=sets == 0,
            crosses=False,
        ),
        Finding(
            *("slices", "Weak slices", "Under 3 conditions models err twice as often.", "medium"),
            *(slices, {"slices": 3, "error": 0.087}),
        ),
        about_rows(
            *("outliers", "Outliers", rows, far),
            times_usual=near.distances[far].mean(axis=1) / usual,
        ),
        Finding(
            *("imbalance", "Imbalance", "Classes are even.", "none", pd.DataFrame()),
            {"ratio": float(counts.max() / max(1, counts.min()))},
            {"classes": classes},
        ),
        Finding(
            *("features", "Columns", "One column leaks the label.", "high", features),
            {"problems": 3},
        ),
        Finding(
            *("fairness", "Fairness", "Groups differ in 2 measures.", "medium", fairness),
            {"differences": 2},
        ),
        Finding(
            *("drift", "Drift", "Splits can be told apart.", "low", drift),
            {"auroc": 0.71},
        ),
        Finding(
            *("annotators", "Annotators", "bob often stands alone.", "low", people),
            {"cohen_kappa": 0.66},
        ),
    ]


def audited(rows: Rows, *, skipped: dict[str, str] | None = None, **more: Any) -> Audit:
    """Return the audit of rows."""
    near = neighbours_of(rows)
    chances = votes(rows, near)
    skipped = skipped or {}
    found = [label_errors(rows, chances), *others(rows, near)]
    ranks = ("high", "medium", "low", "none")
    found = [each for each in found if each.kind not in skipped]
    found.sort(key=lambda each: ranks.index(each.severity))
    worth = chances[np.arange(len(rows)), rows.labels] - chances.max(axis=1) * 0.5
    facts: dict[str, Any] = {
        "seconds": {"reading": 0.5, "models": 8.25, "total": 12.0},
        "values": np.where(rows.labels >= 0, worth / 100, np.nan),
    }
    return Audit(rows, tuple(found), near, chances, skipped, **(facts | more))


NO_COLUMNS = {
    "features": "the data has features only, no columns",
    "fairness": "no sensitive column was named",
    "drift": "the data has no splits",
    "annotators": "one label column",
}


def images(count: int, noise: float = 0.08) -> Audit:
    """Return an audit of MNIST digits."""
    from dataperf.datasets import mnist_5k

    table = mnist_5k.table(None)
    picked = np.random.default_rng(1).permutation(len(table))[:count]
    features = table.features[picked]
    rows = rows_of(
        *(features, table.columns["digit"][picked]),
        name="MNIST digits, 8 % noise",
        label="digit",
        ids=table.ids[picked],
        media=Images(features, (28, 28)),
        source="mnist_5k",
    )
    return audited(noisy(rows, noise), skipped=NO_COLUMNS)


def sounds(count: int) -> Audit:
    """Return an audit of spoken digits."""
    from dataperf.datasets import spoken_digits

    table, clips = spoken_digits.table(None), spoken_digits.sequences()
    picked = np.random.default_rng(1).permutation(len(table))[:count]
    people = table.columns["speaker"][picked]
    rows = rows_of(
        *(table.features[picked] / 10, table.columns["word"][picked]),
        name="Spoken digits",
        label="word",
        ids=table.ids[picked],
        frame=pd.DataFrame({"speaker": people, "take": table.columns["take"][picked]}),
        kinds={"speaker": "categorical", "take": "numeric"},
        groups=people,
        media=Clips([clips[row] for row in picked]),
        source="spoken_digits",
    )
    return audited(noisy(rows, 0.05), skipped={"annotators": "one label column"})


OPENINGS = (
    *("The plot kept me guessing", "I wanted to like this", "We watched it twice"),
    *("My whole family agrees", "After the first hour", "For what it cost"),
)
GOOD = ("and the ending is wonderful", "and I laughed a lot", "a warm, clever film", "superb cast")
BAD = ("but the ending is a mess", "and I was bored", "a cold, stupid film", "dreadful acting")


def texts(count: int = 160) -> Audit:
    """Return an audit of short reviews."""
    random = np.random.default_rng(3)
    good = random.random(count) < 0.5
    said = [
        f"{random.choice(OPENINGS)}, {random.choice(GOOD if each else BAD)}; "
        f"{random.choice(GOOD if each else BAD)}."
        for each in good
    ]
    words = sorted({word for text in said for word in text.lower().split()})
    features = np.array([[text.lower().split().count(word) for word in words] for text in said])
    rows = rows_of(
        *(features, np.where(good, "good", "bad")),
        name="Film reviews",
        label="verdict",
        frame=pd.DataFrame({"review": said, "stars": random.integers(1, 6, count)}),
        kinds={"review": "text", "stars": "numeric"},
        source="reviews.csv",
    )
    return audited(noisy(rows, 0.08))


def numbers(count: int = 300) -> Audit:
    """Return an audit of measured wines."""
    from sklearn.datasets import load_wine

    wine = load_wine(as_frame=True)
    frame = wine.data.head(count).assign(
        cellar=np.where(wine.target[:count] == 0, "north", "south")
    )
    features = wine.data.head(count).to_numpy()
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    kinds = {name: "numeric" for name in wine.data.columns} | {"cellar": "categorical"}
    rows = rows_of(
        *(features, np.array(["barolo", "grignolino", "barbera"])[wine.target[:count]]),
        name="Wines",
        label="grape",
        frame=frame.reset_index(drop=True),
        kinds=kinds,
        source="wines.parquet",
    )
    return audited(noisy(rows, 0.06))
