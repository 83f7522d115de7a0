"""Check every plug-in against the contract of its kind."""

from __future__ import annotations

import ast
import inspect
import math
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from dataperf import plugin_calls, registry, statistics
from dataperf.authoring import strategy_trial
from dataperf.basics.progress import report
from dataperf.boards import safety_panel
from dataperf.definitions import freezing
from dataperf.definitions import loading as challenges
from dataperf.errors import DataperfError, DigestMismatch, Unavailable
from dataperf.evaluation import metric_direction
from dataperf.records import Card, Challenge, Package, Record
from dataperf.registry import Entry
from dataperf.sources import locate, tables


def plugins() -> list[dict[str, Any]]:
    """Check every plug-in that is found.

    Returns
    -------
    list of dict
        One for each plug-in: ``name`` (``KIND/NAME``), ``ok`` and ``problems`` (list of str).
    """
    rows = []
    entries = [entry for kind in registry.KINDS for entry in registry.find(kind).values()]
    for number, entry in enumerate(entries):
        report("checking plug-ins", number, len(entries))
        problems, name = plugin(entry), f"{entry.kind}/{entry.name}"
        rows.append({"name": name, "ok": not problems, "problems": problems})
    return rows


def plugin(entry: Entry) -> list[str]:
    """Return every way in which a plug-in breaks its contract.

    Parameters
    ----------
    entry : Entry
        The plug-in, as found by the registry.

    Returns
    -------
    list of str
        Empty if the plug-in keeps its contract.
    """
    problems = [] if entry.description() else ["has no description: begin with a docstring"]
    try:
        if entry.kind == "challenges":
            problems += _changed_boards(challenges.load(entry.name))
            if not (entry.folder / "README.md").is_file():
                problems.append("has no README.md (task, data card, rules, how to read the score)")
            return problems
        module = registry.load(entry.kind, entry.name)
        with plugin_calls.naming((entry.kind, module)):
            return [*problems, *_CHECKS[entry.kind](module, entry)]
    except DataperfError as error:
        return [*problems, str(error)]
    except (Exception, SystemExit) as error:
        return [*problems, f"{type(error).__name__}: {error}"]


def _changed_boards(challenge: Challenge) -> list[str]:
    """Return messages about the frozen parts of a challenge that have changed."""
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
    used: Any = module
    score = partial(statistics.score_of, used, classes=3)
    by_counts = hasattr(module, "from_counts")
    if by_counts:
        stack = np.stack([statistics.confusion(truth, predicted, 3)] * 4)
        if np.shape(used.from_counts(stack)) != (4,):
            yield "from_counts must return shape (4,) for counts of shape (4, 3, 3)"
            return
    value = score(truth, predicted)
    name = "from_counts" if by_counts else "score"
    if not isinstance(value, float) or not math.isfinite(value):
        yield f"{name} returned {value!r}, expected a finite float"
        return
    if score(truth, predicted) != value:
        yield f"{name} is not deterministic"
    yield from metric_direction.problems(module, classes=3)
    if by_counts and hasattr(module, "score"):
        other = module.score(truth, predicted, classes=3)
        if not math.isclose(other, value, rel_tol=1e-12):
            yield f"from_counts gives {value!r} and score {other!r}; offer only from_counts"


def _fixed_model(module: ModuleType, entry: Entry) -> Iterator[str]:
    freezing.model_is_frozen(entry)  # raises if it was frozen and has changed
    for name in _imports(entry.path):
        if name.partition(".")[0] == "dataperf":
            yield "imports dataperf: a frozen model must not depend on it"
    given = module.example() if hasattr(module, "example") else _example()
    test, seen = given.pop("test"), given["labels"]
    predictions = []
    for _ in range(2):
        fitted = module.fit(**given, seeds=(1, 2))
        predictions.append(np.asarray(module.predict(fitted, test)))
    wanted = (2, len(test))
    first, second = predictions
    if first.shape != wanted or first.dtype.kind not in "iu":
        yield f"predict returned {first.dtype} of shape {first.shape}, expected integers {wanted}"
    elif not np.isin(first, seen if len(seen) else range(given["classes"])).all():
        yield "predicts a class that the training labels lack"
    if not np.array_equal(first, second):
        yield "is not deterministic: two fits with the same seeds gave different predictions"
    if not isinstance(module.era(), str) or int(module.size(fitted)) <= 0:
        yield "era must return a name, and size a positive number of bytes"


def _example() -> dict[str, Any]:
    """Return arguments for trying a model that has no example of its own."""
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
            yield f"{name} is not a subclass of dataperf.records.Record"
    if module.read({"certainly": "not an answer"}, official=False) is not None:
        yield "read accepts a format that it cannot know; expected None"


def _strategy(module: ModuleType, entry: Entry) -> Iterator[str]:
    yield from strategy_trial.problems(module)


def _dataset(module: ModuleType, entry: Entry) -> Iterator[str]:
    card = module.card
    if not isinstance(card, Card):
        yield "card is not a dataperf.records.Card"
        return
    empty = [
        name for name in ("title", "description", "licence", "source") if not getattr(card, name)
    ]
    if empty:
        yield f"the card has no {', '.join(empty)}"
    if isinstance(module.source, Package):
        try:
            locate.package_file(module.source)
        except Unavailable:
            pass  # not installed: nothing to check
    if not entry.ours and _needs_nothing(module):
        try:
            tables.table(entry.name)
        except Unavailable:
            pass  # the data is not on this machine: nothing to check


def _needs_nothing(module: ModuleType) -> bool:
    """Return whether a dataset's table needs no options, which only challenges know."""
    options = list(inspect.signature(module.table).parameters.values())[1:]
    return all(each.default is not each.empty or each.kind == each.VAR_KEYWORD for each in options)


def _store(module: ModuleType, entry: Entry) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        location = str(Path(folder) / "kept")  # may become a folder or one file
        module.put(location, "a/b/one.json", b"1")
        module.put(location, "a/b/one.json", b"1")
        if list(module.names(location)) != ["a/b/one.json"]:
            yield "names does not list the stored name"
        if module.get(location, "a/b/one.json") != b"1":
            yield "get does not return the stored content"
        try:
            module.put(location, "a/b/one.json", b"2")
            yield "put replaced existing content; expected an error"
        except DataperfError:
            pass


def _engine(module: ModuleType, entry: Entry) -> Iterator[str]:
    if list(module.run(abs, [-3, -1, -2], jobs=2)) != [3, 1, 2]:
        yield "run does not yield every result in the order of the items"


def _safety(module: ModuleType, entry: Entry) -> Iterator[str]:
    if module.role not in safety_panel.ROLES or not isinstance(module.external, bool):
        yield f"role must be one of {', '.join(safety_panel.ROLES)}, and external True or False"
    elif not isinstance(module.numeric_version(), str):
        yield "numeric_version must return a str"
    elif not module.external and module.role != "source":
        try:
            run = module.prepare("")
        except Unavailable:
            return  # an extra is not installed: nothing to try
        texts = ["a bowl of fruit", ""]
        items: Any = texts if module.role == "text" else [np.zeros((9, 7, 3), np.uint8)] * 2
        first, again = (np.asarray(run(items), dtype=np.float64) for _ in range(2))
        if first.shape != (2,) or not ((first >= 0) & (first <= 1)).all():
            yield f"returned {first.tolist()} for two items, expected two probabilities"
        elif not np.array_equal(first, again):
            yield "is not deterministic: two runs on the same items gave different probabilities"


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
