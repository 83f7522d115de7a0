"""Verify a result: run its evaluation again and compare every number."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dataperf import registry
from dataperf.basics import validation
from dataperf.basics.threads import one_thread
from dataperf.boards import folders, record_form, safety_panel
from dataperf.boards.folders import Board
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError
from dataperf.evaluation import engines, record_check, results
from dataperf.evaluation import evaluate as evaluation
from dataperf.own_data import evaluate as own
from dataperf.records import Challenge, Record, Result, TaskData

#: Parts of a result that must be equal to the last digit.
EXACT = (
    *("status", "error", "metric", "challenge_version", "warnings"),
    *("score", "tasks", "summary"),
)


@dataclass(frozen=True)
class Kept:
    """A result in a store: its name, and the location (`results.place_of`)."""

    name: str
    location: str


def places(files: Sequence[Path], location: str | None) -> Sequence[Path | Kept | Board]:
    """Return the results to verify.

    Parameters
    ----------
    files
        Files and folders; with a location, names of results or folders there. Without names, all
        results there.
    location
        See `results.place_of`.

    Raises
    ------
    DataperfError
        If neither is given, or nothing is kept at the location.
    """
    if location is None:
        if not files:
            raise DataperfError("name result files, or where results are kept (--results)")
        return folders.expand(files)
    there = results.names(location)
    named = folders.under(there, [file.as_posix() for file in files]) or there
    if not named:
        raise DataperfError(f"no results in {location}")
    return [Kept(name, location) for name in named]


def verify(
    kept: Sequence[Kept | Path | Board | Result],
    *,
    data: Any = None,
    safety: Sequence[str] = (),
    engine: str | None = None,
    jobs: int = 1,
) -> Iterator[dict[str, Any]]:
    """Run the evaluations of many results again, one row each; see `result`.

    A result that cannot be run again has a problem in its row. So has a defect of dataperf, whose
    row also has a ``traceback``.

    Parameters
    ----------
    kept, data, safety
        See `result`.
    engine, jobs
        See `dataperf.evaluation.engines.run`.
    """
    yield from engines.run(
        partial(_row, data=data, safety=safety), kept, engine=engine, jobs=jobs, words="verifying"
    )


def _row(
    kept: Kept | Path | Board | Result, *, data: Any = None, safety: Sequence[str]
) -> dict[str, Any]:
    try:
        if isinstance(kept, Board):
            return folders.board(kept)
        return result(kept, data=data, safety=safety)
    except DataperfError as error:
        return {"name": _name(kept), "ok": False, "problems": [str(error)]}
    except Exception as error:
        what = f"a defect of dataperf: {type(error).__name__}: {error}"
        trace = {"traceback": traceback.format_exc()}
        return {"name": _name(kept), "ok": False, "problems": [what], **trace}


def _name(given: Kept | Path | Board | Result) -> str:
    if isinstance(given, Kept):
        return given.name
    if isinstance(given, Board):
        return f"{given.challenge.parent.name}/{given.board}"
    return results.name_of(given) if isinstance(given, Result) else str(given)


def _read(given: Kept | Path | Result) -> tuple[Result, str]:
    """Return the record and its name."""
    if isinstance(given, Result):
        record_check.check(given)
        return given, _name(given)
    if isinstance(given, Kept):
        return results.get(given.location, given.name), given.name
    return results.read(given), str(given)


@one_thread()
def result(
    given: Kept | Path | Result, *, data: Any = None, safety: Sequence[str] = ()
) -> dict[str, Any]:
    """Run the evaluation of a result again.

    First the record's own digest is checked, then the digests of everything that it depends on,
    then the evaluation: every prediction, score and interval must be equal. Records come from
    strangers, so no file or address that a record names is opened.

    Parameters
    ----------
    given : Path, Result or Kept
        The record, its file, or its name in a store.
    data : optional
        The data of a result of own data: a path, or a table in memory.
    safety : sequence of str
        Safety plug-ins outside dataperf to run again, each ``NAME=OPTION``; see
        `dataperf.boards.safety_panel.prepare`. Others of this kind are not run.

    Returns
    -------
    dict
        ``name`` (str), ``ok`` (bool), ``problems`` and ``notes`` (what was not checked), lists of
        str.

    Raises
    ------
    Invalid
        If the file is not a result, or was changed after it was written.
    DataperfError
        If it is of own data and no data is given, or the data cannot be read.
    """
    kept, name = _read(given)
    loaded = None
    if challenges.is_own(kept.challenge):
        challenge, loaded = own.reload(kept, data)
    else:
        challenge = challenges.load(kept.challenge)
    source = str(data) if isinstance(data, str | Path) else "the data given"
    problems = [*record_form.problems(kept), *_changed(kept, challenge, loaded, source)]
    if not problems and loaded is None:
        loaded = submission.board_data(challenge, kept.board)
        problems = list(_other_data(kept, loaded, f"the data of {kept.board}"))
    notes: list[str] = []
    if not problems:
        new = evaluation.evaluate(challenge, kept.submission, data=loaded, rules=kept.rules)
        new, notes = _settled(registry.load("tracks", challenge.track), challenge, kept, new)
        new, reworded = _titled(kept, new)
        notes += [*reworded, *record_form.notes(kept)]
        problems = [*_differences(kept, new), *record_form.differences(kept, new)]
        others, skipped = safety_panel.rerun(kept, safety, data=loaded)
        problems, notes = problems + others, notes + skipped
    if data is not None and not challenges.is_own(kept.challenge):
        notes.append(f"{kept.challenge} is not of own data: the data given was not used")
    return {"name": name, "ok": not problems, "problems": problems, "notes": notes}


def _changed(
    kept: Result, challenge: Challenge, loaded: Mapping[str, TaskData] | None, source: str
) -> Iterator[str]:
    if loaded is not None:
        other = list(_other_data(kept, loaded, source))
        if other:
            yield from other
            return
    if kept.board not in challenge.boards:
        yield f"the board {kept.board} is no longer there"
        return
    digests = challenges.digests(challenge, kept.board)
    recorded = kept.provenance.digests
    for name in sorted(digests):
        used = recorded.get(name, "nothing")
        if digests[name] != used and name != "board":
            yield f"{name} has changed: the result used {used[:16]}, here is {digests[name][:16]}"
    if digests["board"] != recorded.get("board"):
        yield "the board's definition differs here; scores cannot be compared"
    if evaluation.answer_digest(kept.submission) != recorded.get("submission"):
        yield "the submission inside the record is not the one that was scored"
    version = evaluation.numeric_version(challenge, kept.board)
    if version != kept.provenance.numeric_version:
        then = kept.provenance.numeric_version
        yield f"numeric version {then} then, {version} here: install the libraries of {then}"


def _other_data(kept: Result, data: Mapping[str, TaskData], what: str) -> Iterator[str]:
    here, used = data_digest(data), kept.provenance.digests.get("data", "nothing")
    if here != used:
        yield f"{what} has changed: the result used {used[:16]}, here is {here[:16]}"


def _differences(kept: Result, new: Result) -> Iterator[str]:
    if (kept.provenance.frozen, kept.provenance.unfrozen) != (
        new.provenance.frozen,
        new.provenance.unfrozen,
    ):
        yield f"frozen: {kept.provenance.frozen} then, {new.provenance.frozen} now"
    for part in EXACT:
        before, after = (getattr(each, part) for each in (kept, new))
        if before != after:
            yield _first_difference(_plain(before), _plain(after), part)


def _settled(
    track: Any, challenge: Challenge, kept: Result, new: Result
) -> tuple[Result, list[str]]:
    """Return the new result with the record's own numbers where they agree within tolerance.

    This concerns numbers that only an extra computes (``OPTIONAL``): either side may lack them, and
    they may differ slightly between processors. The notes are written anew from these numbers.
    """
    optional = getattr(track, "OPTIONAL", {})
    tasks, unseen = dict(new.tasks), set()
    for name in tasks.keys() & kept.tasks.keys() if optional else ():
        recorded, numbers = kept.tasks[name].summary, dict(tasks[name].summary)
        for key, within in optional.items():
            before, after = recorded.get(key), numbers.get(key)
            unseen |= {key} if before is not None and after is None else set()
            if before is None or after is None or abs(before - after) <= within:
                numbers.pop(key, None)
                numbers |= {key: before} if key in recorded else {}
        first = {key: numbers[key] for key in recorded if key in numbers}
        numbers = first | numbers  # in the record's order
        words = track.notes(numbers, challenge.tasks[name]) if hasattr(track, "notes") else []
        tasks[name] = tasks[name].model_copy(update={"summary": numbers, "notes": words})
    lacking = [f"{key} was not checked: it needs an extra" for key in optional if key in unseen]
    return new.model_copy(update={"tasks": tasks}), lacking


def _titled(kept: Result, new: Result) -> tuple[Result, list[str]]:
    """Return the new result with the record's titles of test splits, and a note for each other one.

    A board's digest leaves titles out, so a challenge may reword them and honest records stay so.
    """
    tasks, notes = dict(new.tasks), []
    for name in tasks.keys() & kept.tasks.keys():
        splits = dict(tasks[name].splits)
        for split in splits.keys() & kept.tasks[name].splits.keys():
            before, after = kept.tasks[name].splits[split].title, splits[split].title
            if before != after:
                words = f"{validation.shown(before)} then, {validation.shown(after)} now"
                notes.append(f"tasks.{name}.splits.{split}: the title is {words}")
                splits[split] = splits[split].model_copy(update={"title": before})
        tasks[name] = tasks[name].model_copy(update={"splits": splits})
    return new.model_copy(update={"tasks": tasks}), sorted(notes)


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
    return f"{place} differs: {validation.shown(before)} then, {validation.shown(after)} now"
