"""The first text of every kind of plug-in."""

from __future__ import annotations

_METRIC = '''"""Share of rows predicted right (say here what {name} measures)."""

from __future__ import annotations

import numpy as np

higher_is_better = True


def score(truth: np.ndarray, predicted: np.ndarray, *, classes: int) -> float:
    """Return the metric from (n,) class ids; nan where it is not defined."""
    return float(np.mean(truth == predicted)) if len(truth) else float("nan")
'''
_SELECTION = '''"""The first samples of the pool (say here how {name} chooses)."""

from __future__ import annotations

from typing import Any

tracks = ("selection",)


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{{"samples": {{class: [id, ...], ...}}}}``: at most ``rules.budget`` ids, none twice.

    An id is filed under its given class. ``pool`` has ids, features, labels (class numbers as
    given), classes (their names) and columns. The same seed must give the same answer.
    """
    samples: dict[str, list[str]] = {{}}
    for name, label in list(zip(pool.ids, pool.labels))[: rules.budget]:
        samples.setdefault(pool.classes[label], []).append(str(name))
    return {{"samples": samples}}
'''
_CLEANING = '''"""Rows far from the mean of their class first (say here in which order {name} inspects)."""

from __future__ import annotations

from typing import Any

import numpy as np

tracks = ("cleaning",)


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{{"order": [...]}}``: row numbers from 0 or ids, the most suspect first.

    All rows of the pool, each once; where ``rules.budget`` is not None, that many are enough.
    ``pool`` has ids, features, labels (class numbers as given), classes (their names) and
    columns. The same seed must give the same answer.
    """
    away = np.zeros(len(pool.ids))
    for number in np.unique(pool.labels):
        mine = pool.labels == number
        away[mine] = np.linalg.norm(pool.features[mine] - pool.features[mine].mean(axis=0), axis=1)
    return {{"order": np.argsort(-away, kind="stable")}}
'''
_REPAIR = '''"""Drop the rows farthest from the mean of their class (say here what {name} repairs)."""

from __future__ import annotations

from typing import Any

import numpy as np

tracks = ("repair",)
MOST = 10


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{{"drop": [id, ...], "relabel": {{id: class, ...}}}}``; either may be left out.

    No id in both, no class without rows; at most ``rules.budget`` ids where it is not None.
    ``pool`` has ids, features, labels (class numbers as given, -1 without one), classes (their
    names) and columns. The same seed must give the same answer.
    """
    away = np.zeros(len(pool.ids))
    for number in np.unique(pool.labels[pool.labels >= 0]):
        mine = pool.labels == number
        away[mine] = np.linalg.norm(pool.features[mine] - pool.features[mine].mean(axis=0), axis=1)
    most = MOST if rules.budget is None else min(MOST, rules.budget)
    return {{"drop": pool.ids[np.argsort(-away, kind="stable")[:most]], "relabel": {{}}}}
'''
_MODEL = '''"""Nearest class mean (say here what {name} is and how it is trained)."""

from __future__ import annotations

import numpy as np


def fit(features, labels, *, classes, seeds):
    """Train once for every seed; (n, d) features, (n,) labels in range(classes)."""
    present = np.unique(labels)
    means = np.stack([features[labels == number].mean(axis=0) for number in present])
    return present, means, len(seeds)


def predict(fitted, features):
    """Return class ids of shape (seeds, rows)."""
    present, means, seeds = fitted
    distances = ((features[:, None, :] - means[None]) ** 2).sum(axis=2)
    return np.tile(present[distances.argmin(axis=1)], (seeds, 1))


def size(fitted):
    """Return the bytes of what was learned."""
    return int(fitted[1].nbytes)


def era():
    """Return a name for the numeric behaviour; change it when the same code scores otherwise."""
    return "numpy"
'''
_DETECTOR = '''"""Rows whose label the models give no chance (say here what {name} looks for)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dataperf.records import Finding

title = "No chance"
LEAST = 0.01


def find(evidence):
    """Return a Finding, or in words why there is nothing to look at.

    ``evidence`` has rows (frame, features, labels, ids, ...), labelled (numbers of the rows that
    have a label), probabilities (out of fold), neighbours and seed. The table's score is higher
    where it is worse; the worst comes first.
    """
    rows, labelled = evidence.rows, evidence.labelled
    if not len(labelled):
        return "no row has a label"
    chance = evidence.probabilities[labelled, rows.labels[labelled]]
    order = np.argsort(chance, kind="stable")
    picked = labelled[order][chance[order] < LEAST]
    score = 1 - np.sort(chance)[: len(picked)].astype(float)
    table = pd.DataFrame({{"row": picked, "id": rows.ids[picked], "score": score}})
    return Finding(
        kind="{name}",
        title=title,
        sentence=f"The models give the label of {{len(picked):,}} rows less than {{LEAST:.0%}}.",
        severity="low" if len(picked) else "none",
        table=table,
        numbers={{"rows": len(picked)}},
    )
'''
_SAFETY = '''"""Texts that hold one of a few words (say here what {name} looks for)."""

from __future__ import annotations

role = "text"
external = False

WORDS = ("blood", "naked")


def numeric_version():
    """Return a name for what it was trained as; change it when the same code scores otherwise."""
    return "1"


def prepare(option):
    """Check the option of ``--beside {name}=OPTION``; return what runs.

    That takes a list of n texts and gives how likely each is unsafe, (n,), from 0 to 1.
    """
    words = tuple(option.split(",")) if option else WORDS
    return lambda texts: [float(any(word in text.lower() for word in words)) for text in texts]
'''
_CHALLENGE = """schema_version = 2
name = "{name}"
version = 1
title = "Choose the best recordings to train a recogniser of spoken digits"
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
title = "new recordings of the pool's speakers"
where = {{ part = ["test"] }}

[boards.small]
tasks = ["digits"]
title = "at most 30 recordings"
rules = {{ budget = 30 }}
"""
_CARD = """# {name}

What is asked, where the data comes from and under which licence, the rules, and how to
read the score.
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
#: Strategies to start from, by the track that they answer; the first is the default.
_STRATEGIES = {"selection": _SELECTION, "cleaning": _CLEANING, "repair": _REPAIR}
_KINDS = {
    "metric": "metrics",
    "strategy": "strategies",
    "detector": "detectors",
    "safety": "safety",
    "model": "fixed_models",
    "challenge": "challenges",
}
