"""Templates: the first text of every kind of plug-in, as ``dataperf new`` writes it."""

from __future__ import annotations

import tomllib
from pathlib import Path

_METRIC = '''"""Share of rows whose predicted class is the true class (describe here what {name} measures)."""

from __future__ import annotations

import numpy as np

higher_is_better = True


def from_counts(counts: np.ndarray) -> np.ndarray:
    """Return the metric of every confusion matrix.

    If your metric cannot be computed from confusion matrices, offer
    ``score(truth, predicted, *, classes) -> float`` instead: the metric of (n,) class ids.

    Parameters
    ----------
    counts : (..., k, k) array
        Number of rows by true class (rows) and predicted class (columns).

    Returns
    -------
    (...) array of float
        nan where the metric is not defined.
    """
    hits, rows = np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1))
    return np.where(rows > 0, hits / np.maximum(rows, 1), np.nan)
'''
_MODEL = '''"""Nearest class mean (describe here what {name} is and how it is trained)."""

from __future__ import annotations

import numpy as np


def fit(features, labels, *, classes, seeds):
    """Train once with every seed and return what ``predict`` needs.

    Parameters
    ----------
    features : (n, d) array of float
    labels : (n,) array of int
        Class ids in ``range(classes)``; some classes may have no rows.
    classes : int
    seeds : sequence of int
    """
    present = np.unique(labels)
    means = np.stack([features[labels == number].mean(axis=0) for number in present])
    return present, means, len(seeds)


def predict(fitted, features):
    """Return class ids of shape (seeds, rows)."""
    present, means, seeds = fitted
    distances = ((features[:, None, :] - means[None]) ** 2).sum(axis=2)
    return np.tile(present[distances.argmin(axis=1)], (seeds, 1))


def size(fitted):
    """Return the size of the learned parameters, in bytes."""
    return int(fitted[1].nbytes)


def era():
    """Return a name for the numeric behaviour; change it when a new library changes scores."""
    return "numpy"
'''
_DETECTOR = '''"""Rows whose label is very improbable under the models (describe here what {name} finds)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dataperf.records import Finding

title = "Improbable labels"
THRESHOLD = 0.01


def find(evidence):
    """Return a Finding, or a text that says why this detector does not apply.

    Parameters
    ----------
    evidence
        ``rows`` (frame, features, labels, ids, ...), ``labelled`` (row numbers of the rows with a
        label), ``probabilities`` (n, classes; out of fold), ``neighbours`` and ``seed``.

    Returns
    -------
    Finding or str
        The table's ``score`` is higher for worse rows; the worst row comes first.
    """
    rows, labelled = evidence.rows, evidence.labelled
    if not len(labelled):
        return "no row has a label"
    probability = evidence.probabilities[labelled, rows.labels[labelled]]
    order = np.argsort(probability, kind="stable")
    found = labelled[order][probability[order] < THRESHOLD]
    score = 1 - np.sort(probability)[: len(found)].astype(float)
    table = pd.DataFrame({{"row": found, "id": rows.ids[found], "score": score}})
    return Finding(
        kind="{name}",
        title=title,
        sentence=f"{{len(found):,}} rows have a label with a probability below {{THRESHOLD:.0%}}.",
        severity="low" if len(found) else "none",
        table=table,
        numbers={{"rows": len(found)}},
    )
'''
_SAFETY = '''"""Texts that contain one of a few words (describe here what {name} looks for)."""

from __future__ import annotations

role = "text"
external = False

WORDS = ("blood", "naked")


def numeric_version():
    """Return a version of the model; change it when the same code gives other scores."""
    return "1"


def prepare(option):
    """Check the option of ``--safety {name}=OPTION`` and return the function that scores texts.

    The function takes a list of n texts and returns the probability that each is unsafe, (n,),
    0 to 1.
    """
    words = tuple(option.split(",")) if option else WORDS
    return lambda texts: [float(any(word in text.lower() for word in words)) for text in texts]
'''
_EXAMPLE = Path(__file__).with_name("challenge.toml").read_text(encoding="utf-8")
_CHALLENGE = _EXAMPLE.replace("{", "{{").replace("}", "}}").replace("NAME", "{name}")
#: The track of the challenge to start from, and so of a strategy.
FIRST_TRACK = str(tomllib.loads(_EXAMPLE)["track"])
_CARD = """# {name}

Describe the task, where the data comes from and its licence, the rules, and how to read the
score.
"""
_TEMPLATES = {
    "metric": [("metrics/{name}.py", _METRIC)],
    "detector": [("detectors/{name}.py", _DETECTOR)],
    "safety": [("safety/{name}.py", _SAFETY)],
    "model": [("fixed_models/{name}.py", _MODEL)],
    "challenge": [
        ("challenges/{name}/challenge.toml", _CHALLENGE),
        ("challenges/{name}/README.md", _CARD),
    ],
}
#: Folder of each kind that can be made.
_KINDS = {
    "metric": "metrics",
    "strategy": "strategies",
    "detector": "detectors",
    "safety": "safety",
    "model": "fixed_models",
    "challenge": "challenges",
}
