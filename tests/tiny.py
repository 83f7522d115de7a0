"""A challenge and its data small enough to read: two classes, four rows of a pool, two of a test."""

from __future__ import annotations

import numpy as np

from dataperf.records import Challenge, Pool, TaskData, TestSplit

POOL = {"no/1": "no", "no/2": "no", "yes/1": "yes", "yes/2": "yes"}
CLASSES = ("no", "yes")
BUDGET = 3


def challenge(**rules) -> Challenge:
    task = {
        "dataset": "nowhere",
        "model": "none",
        "seeds": [1],
        "label_column": "given",
        "classes": list(CLASSES),
        "splits": {"test": {"title": "other rows"}},
        "split": "test",
        "metric": "macro_f1",
    }
    boards = {
        name: {"tasks": ["tiny"], "rules": {"budget": BUDGET, **rules}}
        for name in ("en-25", "other")
    }
    return Challenge.model_validate(
        {
            "schema_version": 2,
            "name": "tiny",
            "version": 1,
            "title": "Tiny",
            "track": "selection",
            "tasks": {"tiny": task},
            "boards": boards,
        }
    )


def data() -> TaskData:
    ids = np.array(list(POOL))
    labels = np.array([CLASSES.index(label) for label in POOL.values()], dtype=np.intp)
    features = np.arange(8.0).reshape(4, 2)
    tests = {
        "test": TestSplit(np.array(["no/9", "yes/9"]), np.ones((2, 2)), np.array([0, 1]), None),
    }
    return TaskData(Pool(ids, features, labels, CLASSES, {}), None, tests, "0" * 64)


def content(samples=None, **changes) -> dict:
    answer = {"samples": {"no": ["no/1"], "yes": ["yes/1"]} if samples is None else samples}
    return {"schema_version": 2, "challenge": "tiny", "board": "en-25", "answer": answer, **changes}
