"""Try a strategy on a tiny board and check its contract."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from dataperf import registry
from dataperf.basics import validation
from dataperf.boards import baselines
from dataperf.records import Pool, TaskData, TestSplit, Truth

#: Rules of the tracks that accept a pool like this one; for other tracks, only the signature of
#: ``answer`` is checked.
RULES = {
    "selection": {"budget": 9},
    "subset": {"budget": 9},
    "cleaning": {},
    "repair": {"budget": 9},
}


def tiny_data() -> TaskData:
    """Return a pool of 60 rows (three classes, two speakers) and a test split of three rows."""
    random = np.random.RandomState(0)
    labels = np.repeat(np.arange(3, dtype=np.intp), 20)
    ids = np.array([f"{'abc'[label]}/row_{row:02}" for row, label in enumerate(labels)])
    features = random.normal(size=(60, 4)) + 2 * labels[:, None]
    columns = {"speaker": np.array(["ann", "ben"] * 30)}
    test = TestSplit(np.array(["a/t", "b/t", "c/t"]), features[::20] + 0.5, labels[::20], None)
    pool = Pool(ids, features, labels, ("a", "b", "c"), columns)
    return TaskData(pool, Truth(labels, np.full(60, "")), {"test": test}, "0" * 64)


def problems(module: ModuleType) -> Iterator[str]:
    """Yield every way in which a strategy breaks its contract.

    Parameters
    ----------
    module : module
        The strategy.

    Yields
    ------
    str

    Raises
    ------
    DataperfError
        If the strategy raises, or returns something that its track does not accept.
    """
    if isinstance(module.tracks, str):
        yield f'tracks is a str, expected a tuple: ("{module.tracks}",)'
        return
    try:
        inspect.signature(module.answer).bind(None, None, seed=0)
    except TypeError as error:
        yield f"answer cannot be called: {error}; expected {baselines.CALL}"
        return
    data = {"tiny": tiny_data()}
    for name in module.tracks:
        track = registry.load("tracks", name)
        if name not in RULES:
            continue
        rules = track.Rules.model_validate(RULES[name])
        pools = {task: part.pool for task, part in data.items()}
        made = baselines.joined(name, module, pools, rules, seed=3)
        if made != baselines.joined(name, module, pools, rules, seed=3):
            yield "is not deterministic: the same seed gave another answer"
        answer = validation.validate(track.Answer, made, f"its answer to {name}", "answer")
        for problem in track.check(answer, rules, data, official=False):
            if problem.severity == "error":
                yield f"{name}: {problem}"
