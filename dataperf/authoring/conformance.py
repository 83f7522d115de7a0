"""Hold every plug-in to the contract of its kind."""

from __future__ import annotations

import ast
import inspect
import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from dataperf import registry
from dataperf.authoring import strategy_trial
from dataperf.boards import safety_panel
from dataperf.definitions import freezing
from dataperf.definitions import loading as challenges
from dataperf.errors import DataperfError, DigestMismatch, Unavailable
from dataperf.records import Card, Challenge, Package, Record
from dataperf.registry import Entry
from dataperf.sources import locate, tables


def plugins() -> list[dict[str, Any]]:
    """Hold every plug-in found to its contract; one row each."""
    rows = []
    for kind in registry.KINDS:
        for entry in registry.find(kind).values():
            problems = plugin(entry)
            name = f"{kind}/{entry.name}"
            rows.append({"name": name, "ok": not problems, "problems": problems})
    return rows


def plugin(entry: Entry) -> list[str]:
    """Return everything in which a plug-in falls short of its contract."""
    problems = [] if entry.description() else ["has no description: begin with a docstring"]
    try:
        if entry.kind == "challenges":
            asked = challenges.load(entry.name)
            problems += _changed_boards(asked)
            if not (entry.folder / "README.md").is_file():
                problems.append("has no README.md (task, data card, rules, how to read the score)")
            return problems
        module = registry.load(entry.kind, entry.name)
        return [*problems, *_CHECKS[entry.kind](module, entry)]
    except DataperfError as error:
        return [*problems, str(error)]
    except (Exception, SystemExit) as error:
        return [*problems, f"{type(error).__name__}: {error}"]


def _changed_boards(challenge: Challenge) -> list[str]:
    """Return what was frozen of a challenge and has changed since."""
    found = []
    for board in challenge.boards:
        try:
            freezing.unfrozen_parts(challenge, board)
        except DigestMismatch as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _metric(module: ModuleType, entry: Entry) -> Iterator[str]:
    random = np.random.RandomState(0)
    truth, predicted = random.randint(0, 3, 60), random.randint(0, 3, 60)
    value = module.score(truth, predicted, classes=3)
    if not isinstance(value, float) or not math.isfinite(value):
        yield f"score returned {value!r}, expected a finite float"
    if module.score(truth, predicted, classes=3) != value:
        yield "score is not deterministic"
    best, worst = (module.score(truth, other, classes=3) for other in (truth, (truth + 1) % 3))
    ones = np.ones(60, dtype=np.intp)  # some metrics look at one class of the predictions only
    alone = [module.score(number * ones, number * ones, classes=3) for number in (0, 1)]
    if max(best, *alone) < worst and module.higher_is_better:
        yield "higher_is_better, yet wrong predictions score higher than right ones"
    if hasattr(module, "from_counts"):
        counts = np.zeros((3, 3), dtype=np.int64)
        np.add.at(counts, (truth, predicted), 1)
        if not math.isclose(float(module.from_counts(counts)), value, rel_tol=1e-12):
            yield "from_counts and score disagree"
        if np.shape(module.from_counts(np.stack([counts] * 4))) != (4,):
            yield "from_counts does not take a stack of confusion matrices"


def _fixed_model(module: ModuleType, entry: Entry) -> Iterator[str]:
    freezing.model_is_frozen(entry)  # refuses one that was frozen and has changed
    for name in _imports(entry.path):
        if name.partition(".")[0] == "dataperf":
            yield "imports dataperf: a frozen model must not depend on it"
    given = module.example() if hasattr(module, "example") else _example()
    test, seen = given.pop("test"), given["labels"]
    outs = []
    for _ in range(2):
        fitted = module.fit(**given, seeds=(1, 2))
        outs.append(np.asarray(module.predict(fitted, test)))
    wanted = (2, len(test))
    if outs[0].shape != wanted or outs[0].dtype.kind not in "iu":
        yield f"predict gave {outs[0].dtype} of shape {outs[0].shape}, expected integers {wanted}"
    elif not np.isin(outs[0], seen if len(seen) else range(given["classes"])).all():
        yield "predicts a class that the training labels lack"
    if not np.array_equal(outs[0], outs[1]):
        yield "is not deterministic: the same seeds gave other predictions"
    if not isinstance(module.era(), str) or int(module.size(fitted)) <= 0:
        yield "era must return a name and size a positive number of bytes"


def _example() -> dict[str, Any]:
    """Return what a model is tried with that offers no example of its own."""
    random = np.random.RandomState(0)
    labels = np.tile(np.array([0, 1, 3]), 12)
    features = random.normal(size=(36, 5)) + labels[:, None]
    test = random.normal(size=(7, 5))
    return {"features": features, "labels": labels, "classes": 4, "test": test}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _track(module: ModuleType, entry: Entry) -> Iterator[str]:
    for name in ("Answer", "Rules"):
        if not (
            inspect.isclass(getattr(module, name)) and issubclass(getattr(module, name), Record)
        ):
            yield f"{name} is no Record"
    if module.read({"certainly": "not an answer"}, official=False) is not None:
        yield "read claims a format that it cannot know"


def _strategy(module: ModuleType, entry: Entry) -> Iterator[str]:
    yield from strategy_trial.problems(module)


def _dataset(module: ModuleType, entry: Entry) -> Iterator[str]:
    card = module.card
    if not isinstance(card, Card):
        yield "card is no records.Card"
        return
    empty = [
        name for name in ("title", "description", "licence", "source") if not getattr(card, name)
    ]
    if empty:
        yield f"the card says nothing of {', '.join(empty)}"
    if isinstance(module.source, Package):
        try:
            locate.package_file(module.source)
        except Unavailable:
            pass  # not installed here: nothing to check
    if not entry.ours and _needs_nothing(module):
        try:
            tables.table(entry.name)
        except Unavailable:
            pass  # its bytes are not here: nothing to check


def _needs_nothing(module: ModuleType) -> bool:
    """Return whether a dataset has a table without options, which only its challenges know."""
    told = list(inspect.signature(module.table).parameters.values())[1:]
    return all(each.default is not each.empty or each.kind == each.VAR_KEYWORD for each in told)


def _store(module: ModuleType, entry: Entry) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        location = str(Path(folder) / "kept")  # may become a folder or one file
        module.put(location, "a/b/one.json", b"1")
        module.put(location, "a/b/one.json", b"1")
        if list(module.names(location)) != ["a/b/one.json"]:
            yield "names does not list what was put"
        if module.get(location, "a/b/one.json") != b"1":
            yield "get does not return what was put"
        try:
            module.put(location, "a/b/one.json", b"2")
            yield "put replaced what was kept"
        except DataperfError:
            pass


def _engine(module: ModuleType, entry: Entry) -> Iterator[str]:
    if list(module.run(abs, [-3, -1, -2], jobs=2)) != [3, 1, 2]:
        yield "run does not yield every outcome in the order of the items"


def _safety(module: ModuleType, entry: Entry) -> Iterator[str]:
    if module.role not in safety_panel.ROLES or not isinstance(module.external, bool):
        yield f"role must be one of {', '.join(safety_panel.ROLES)}, and external true or false"
    elif not isinstance(module.numeric_version(), str):
        yield "numeric_version must return a text"
    elif not module.external and module.role != "source":
        try:
            run = module.prepare("")
        except Unavailable:
            return  # an extra is not installed here: nothing to try
        texts = ["a bowl of fruit", ""]
        tried: Any = texts if module.role == "text" else [np.zeros((9, 7, 3), np.uint8)] * 2
        first, again = (np.asarray(run(tried), dtype=np.float64) for _ in range(2))
        if first.shape != (2,) or not ((first >= 0) & (first <= 1)).all():
            yield f"gave {first.tolist()} for two items, expected two probabilities"
        elif not np.array_equal(first, again):
            yield "is not deterministic: the same items gave other probabilities"


def _detector(module: ModuleType, entry: Entry) -> Iterator[str]:
    from dataperf.authoring import detector_trial

    yield from detector_trial.problems(module, entry.name)


_CHECKS: dict[str, Callable[[ModuleType, Entry], Iterator[str]]] = {
    "fixed_models": _fixed_model,
    "tracks": _track,
    "metrics": _metric,
    "strategies": _strategy,
    "datasets": _dataset,
    "detectors": _detector,
    "safety": _safety,
    "stores": _store,
    "engines": _engine,
}
