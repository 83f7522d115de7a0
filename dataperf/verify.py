"""Is it true? A result is run again and compared; a plug-in is held to its contract."""

from __future__ import annotations

import ast
import inspect
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from dataperf import (
    beside,
    data,
    evaluation,
    frozen,
    own,
    registry,
    results,
    sources,
    tried,
)
from dataperf import challenge as challenges
from dataperf.errors import DataperfError, DigestMismatch, Unavailable
from dataperf.records import Card, Challenge, Package, Record, Result, TaskData
from dataperf.registry import Entry

#: Parts of a result that must come out again to the last digit.
EXACT = (
    *("status", "error", "metric", "challenge_version", "warnings"),
    *("score", "tasks", "summary"),
)


def result(path: Path, *, asking: Sequence[str] = ()) -> dict[str, Any]:
    """Run a kept result's evaluation again.

    First its own digest, then the digests of everything it depends on, then the evaluation:
    every prediction, score and interval must be the same. Own data is read again from where
    the record says that it lies.

    Parameters
    ----------
    path
        The record.
    asking
        What lies outside of dataperf and shall be asked again: ``NAME=OPTION``, as in
        ``dataperf.beside.prepare``. Nothing of that kind is asked otherwise.

    Returns
    -------
    dict
        ``name``, ``ok``, ``problems`` and ``notes`` (what was not looked at), lists of sentences.

    Raises
    ------
    Invalid
        If the file is no result, or was changed after it was written.
    DataperfError
        If it is of own data that can no longer be found.
    """
    kept = results.read(path)
    loaded = None
    if challenges.is_own(kept.challenge):
        challenge, loaded = own.again(kept)
    else:
        challenge = challenges.load(kept.challenge)
    problems = list(_changed(kept, challenge, loaded))
    notes: list[str] = []
    if not problems:
        again = evaluation.evaluate(challenge, kept.submission, data=loaded, rules=kept.rules)
        again, notes = _settled(registry.load("tracks", challenge.track), challenge, kept, again)
        problems = list(_differences(kept, again))
        others, unasked = beside.again(kept, asking, data=loaded)
        problems, notes = problems + others, notes + unasked
    return {"name": str(path), "ok": not problems, "problems": problems, "notes": notes}


def _changed(
    kept: Result, challenge: Challenge, loaded: Mapping[str, TaskData] | None
) -> Iterator[str]:
    if loaded is not None:
        here, used = evaluation.data_digest(loaded), kept.provenance.digests.get("data", "nothing")
        if here != used:
            place = kept.own_data["source"]
            yield f"{place} has changed: the result used {used[:16]}, here is {here[:16]}"
            return
    if kept.board not in challenge.boards:
        yield f"the board {kept.board} is no longer there"
        return
    digests = challenges.digests(challenge, kept.board)
    told = kept.provenance.digests
    for name in sorted(digests):
        used = told.get(name, "nothing")
        if digests[name] != used and name != "board":
            yield f"{name} has changed: the result used {used[:16]}, here is {digests[name][:16]}"
    if digests["board"] != told.get("board"):
        yield "the board's definition is another one here; scores cannot be compared"
    if evaluation.answer_digest(kept.submission) != told.get("submission"):
        yield "the submission inside the record is not the one that was scored"
    era = evaluation.era(challenge, kept.board)
    if era != kept.provenance.era:
        yield f"numeric era {kept.provenance.era} then, {era} here: install that era's libraries"


def _differences(kept: Result, again: Result) -> Iterator[str]:
    if (kept.provenance.frozen, kept.provenance.unfrozen) != (
        again.provenance.frozen,
        again.provenance.unfrozen,
    ):
        yield f"frozen: {kept.provenance.frozen} then, {again.provenance.frozen} now"
    for part in EXACT:
        before, after = (getattr(each, part) for each in (kept, again))
        if before != after:
            where = _first_difference(_plain(before), _plain(after), part)
            yield f"{where or part} is not the same"


def _settled(
    track: Any, challenge: Challenge, kept: Result, again: Result
) -> tuple[Result, list[str]]:
    """Return the new result with the record's own numbers where the two are as good as equal.

    That are those which only an extra brings (``OPTIONAL``): either side may lack them, and
    another processor's may differ a little. What the record says in words must follow.
    """
    optional = getattr(track, "OPTIONAL", {})
    tasks, unseen = dict(again.tasks), set()
    for name in tasks.keys() & kept.tasks.keys() if optional else ():
        told, numbers = kept.tasks[name].summary, dict(tasks[name].summary)
        for key, within in optional.items():
            before, after = told.get(key), numbers.get(key)
            unseen |= {key} if before is not None and after is None else set()
            if before is None or after is None or abs(before - after) <= within:
                numbers.pop(key, None)
                numbers |= {key: before} if key in told else {}
        says = track.says(numbers, challenge.tasks[name]) if hasattr(track, "says") else []
        tasks[name] = tasks[name].model_copy(update={"summary": numbers, "says": says})
    lacking = [f"{key} was not looked at: it needs an extra" for key in optional if key in unseen]
    return again.model_copy(update={"tasks": tasks}), lacking


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _first_difference(before: Any, after: Any, place: str) -> str:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if before.get(key) != after.get(key):
                return _first_difference(before.get(key), after.get(key), f"{place}.{key}")
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            if pair[0] != pair[1]:
                return _first_difference(*pair, f"{place}[{number}]")
    return f"{place}: {challenges.shown(before)} then, {challenges.shown(after)} now;"


# Plug-ins -------------------------------------------------------------------------------


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
            frozen.unfrozen_parts(challenge, board)
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
    frozen.model_is_frozen(entry)  # refuses one that was frozen and has changed
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
    yield from tried.problems(module)


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
            sources.package_file(module.source)
        except Unavailable:
            pass  # not installed here: nothing to check
    if not entry.ours and _needs_nothing(module):
        try:
            data.table(entry.name)
        except Unavailable:
            pass  # its bytes are not here: nothing to check


def _needs_nothing(module: ModuleType) -> bool:
    """Return whether a dataset has a table without options, which only its challenges know."""
    told = list(inspect.signature(module.table).parameters.values())[1:]
    return all(each.default is not each.empty or each.kind == each.VAR_KEYWORD for each in told)


def _store(module: ModuleType, entry: Entry) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as location:
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
    if module.role not in beside.ROLES or not isinstance(module.external, bool):
        yield f"role must be one of {', '.join(beside.ROLES)}, and external true or false"
    elif not isinstance(module.era(), str):
        yield "era must return a text"
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
    from dataperf.curation import contract

    yield from contract.problems(module, entry.name)


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
