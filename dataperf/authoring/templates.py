"""Templates: the first text of every kind of plug-in, as ``dataperf new`` writes it."""

from __future__ import annotations

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
_SELECTION = '''"""Select the first samples of the pool (describe here how {name} selects)."""

from __future__ import annotations

from typing import Any

tracks = ("selection",)


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{{"samples": {{class: [id, ...], ...}}}}``: at most ``rules.budget`` ids, each once.

    Parameters
    ----------
    pool
        ``ids``, ``features`` (n, d), ``labels`` (given class ids), ``classes`` (names by class
        id) and ``columns``. Each id must be listed under its given class.
    rules
        The board's limits, such as ``budget`` (rows).
    seed
        Random seed. The same seed must give the same answer.
    """
    samples: dict[str, list[str]] = {{}}
    for name, label in list(zip(pool.ids, pool.labels))[: rules.budget]:
        samples.setdefault(pool.classes[label], []).append(str(name))
    return {{"samples": samples}}
'''
_CLEANING = '''"""Rank rows by distance from the mean of their class (describe here how {name} ranks)."""

from __future__ import annotations

from typing import Any

import numpy as np

tracks = ("cleaning",)


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{{"order": [...]}}``: row numbers (from 0) or ids, the most suspect first.

    Parameters
    ----------
    pool
        ``ids``, ``features`` (n, d), ``labels`` (given class ids), ``classes`` (names by class
        id) and ``columns``. List every row once.
    rules
        The board's limits. If ``budget`` is not None, that many rows are enough.
    seed
        Random seed. The same seed must give the same answer.
    """
    away = np.zeros(len(pool.ids))
    for number in np.unique(pool.labels):
        mine = pool.labels == number
        away[mine] = np.linalg.norm(pool.features[mine] - pool.features[mine].mean(axis=0), axis=1)
    return {{"order": np.argsort(-away, kind="stable")}}
'''
_REPAIR = '''"""Drop the rows farthest from the mean of their class (describe here what {name} repairs)."""

from __future__ import annotations

from typing import Any

import numpy as np

tracks = ("repair",)
MAXIMUM = 10  # rows to drop


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{{"drop": [id, ...], "relabel": {{id: class, ...}}}}``; either may be left out.

    Parameters
    ----------
    pool
        ``ids``, ``features`` (n, d), ``labels`` (given class ids, -1 for none), ``classes``
        (names by class id) and ``columns``. No id may be in both parts of the answer, and every
        class must keep a row.
    rules
        The board's limits. If ``budget`` is not None, it is the maximum number of ids.
    seed
        Random seed. The same seed must give the same answer.
    """
    away = np.zeros(len(pool.ids))
    for number in np.unique(pool.labels[pool.labels >= 0]):
        mine = pool.labels == number
        away[mine] = np.linalg.norm(pool.features[mine] - pool.features[mine].mean(axis=0), axis=1)
    count = MAXIMUM if rules.budget is None else min(MAXIMUM, rules.budget)
    return {{"drop": pool.ids[np.argsort(-away, kind="stable")[:count]], "relabel": {{}}}}
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
_CHALLENGE = """schema_version = 2
name = "{name}"
version = 1
title = "Select the best recordings to train a recogniser of spoken digits"
track = "selection"

[tasks.digits]
dataset = "noisy_spoken_digits"
model = "voting_svm_lr_v1"
seeds = [1, 2, 3]
label_column = "given"
true_label_column = "word"
defect_column = "defect"
classes = ["nontarget", "one", "two"]
other_class = "nontarget"
visible_columns = ["speaker"]
metric = "macro_f1"
metrics = ["accuracy"]
split = "test"
pool = {{ part = ["pool"] }}

[tasks.digits.splits.test]
title = "new recordings of the same speakers"
where = {{ part = ["test"] }}

[boards.small]
tasks = ["digits"]
title = "at most 30 recordings"
rules = {{ budget = 30 }}
"""
_CARD = """# {name}

Describe the task, where the data comes from and its licence, the rules, and how to read the
score.
"""
_TEMPLATES = {
    "metric": [("metrics/{name}.py", _METRIC)],
    "strategy": [("strategies/{name}.py", _SELECTION)],
    "detector": [("detectors/{name}.py", _DETECTOR)],
    "safety": [("safety/{name}.py", _SAFETY)],
    "model": [("fixed_models/{name}.py", _MODEL)],
    "challenge": [
        ("challenges/{name}/challenge.toml", _CHALLENGE),
        ("challenges/{name}/README.md", _CARD),
    ],
}
#: Strategy templates by track; the first is the default.
_STRATEGIES = {"selection": _SELECTION, "cleaning": _CLEANING, "repair": _REPAIR}
_KINDS = {
    "metric": "metrics",
    "strategy": "strategies",
    "detector": "detectors",
    "safety": "safety",
    "model": "fixed_models",
    "challenge": "challenges",
}
