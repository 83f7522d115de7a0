"""Read and check ``challenge.toml``; compute the digest of everything that a board depends on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dataperf import registry
from dataperf.basics import files
from dataperf.basics.validation import problems_of, validate
from dataperf.definitions import dataset_options
from dataperf.errors import Ambiguous, Invalid, NotFound, Problem, did_you_mean
from dataperf.records import Board, Challenge, Task
from dataperf.sources import tables

#: Maximum size in bytes of a challenge file.
LARGEST_FILE = 16 * 2**20
#: Prefix of the names of challenges made of a user's own data: own-TRACK.
OWN = "own-"


def load(name: str) -> Challenge:
    """Return a challenge by name.

    Raises
    ------
    NotFound
        If there is no challenge of that name.
    Invalid
        If the file is not a valid challenge; every problem is listed.
    """
    return read(registry.get("challenges", name).path)


def of(challenge: Challenge | str) -> Challenge:
    """Return a challenge given as a record or by name."""
    return load(challenge) if isinstance(challenge, str) else challenge


def folder_of(challenge: Challenge) -> Path:
    """Return the folder that a challenge lies in."""
    return registry.get("challenges", challenge.name).folder


def is_own(name: str) -> bool:
    """Return whether a challenge is made of a user's own data; it then has no folder."""
    return name.startswith(OWN)


def read(path: Path) -> Challenge:
    """Return the challenge that a file describes."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            what = f"{path.stat().st_size / 2**20:,.0f} MiB"
            raise Invalid(str(path), [Problem("too-large", "", what, "at most 16 MiB")])
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a number of 5,000 digits is a plain ValueError
        raise Invalid(str(path), [Problem("not-toml", "", str(error))]) from error
    except RecursionError:
        raise Invalid(str(path), [Problem("too-deep", "", "nested too deeply")]) from None
    challenge, problems = None, []
    try:
        challenge = validate(Challenge, content, str(path))
    except Invalid as error:
        problems = list(error.problems)
    else:
        problems = [*_own_problems(challenge, path), *_option_problems(challenge)]
    problems += _rule_problems(content)
    if challenge is None or problems:
        raise Invalid(str(path), problems)
    return challenge


def _own_problems(challenge: Challenge, path: Path) -> Iterator[Problem]:
    if is_own(challenge.name):
        what = f'names that begin with "{OWN}" are for data without a folder'
        yield Problem("wrong-name", "name", f'"{challenge.name}"', what)
    if challenge.name != path.parent.name:
        yield Problem(
            "wrong-name", "name", f'"{challenge.name}"', f'the folder\'s name, "{path.parent.name}"'
        )
    for name, board in challenge.boards.items():
        for task_name in board.tasks:
            if task_name not in challenge.tasks:
                hint = did_you_mean(task_name, challenge.tasks)
                yield Problem("unknown-task", f"boards.{name}.tasks", f'"{task_name}"', hint)
        if len(set(board.tasks)) != len(board.tasks):
            yield Problem("duplicate-task", f"boards.{name}.tasks", "a task is named twice")
    for name, task in challenge.tasks.items():
        yield from _task_problems(f"tasks.{name}", task)
    yield from _unknown_plugins(challenge)


def _task_problems(place: str, task: Task) -> Iterator[Problem]:
    for split in task.ranking:
        if split not in task.splits:
            hint = did_you_mean(split, task.splits)
            yield Problem("unknown-split", f"{place}.split", f'"{split}"', hint)
    if len(set(task.ranking)) != len(task.ranking):
        yield Problem("duplicate-split", f"{place}.split", "a split is named twice")
    if task.label_column is None and task.true_label_column is None:
        yield Problem(
            "no-label",
            place,
            "neither label_column nor true_label_column",
            "a column to test against",
        )
    if task.other_class is not None and task.other_class not in task.classes:
        hint = did_you_mean(task.other_class, task.classes)
        yield Problem("unknown-class", f"{place}.other_class", f'"{task.other_class}"', hint)
    if len(set(task.classes)) != len(task.classes):
        yield Problem("duplicate-class", f"{place}.classes", "a class is named twice")
    if len(set(task.seeds)) != len(task.seeds):
        yield Problem("duplicate-seed", f"{place}.seeds", "a seed is named twice")
    if task.balance is not None and set(task.balance) != set(task.classes):
        yield Problem("balance", f"{place}.balance", "its keys are not the classes")
    if task.balance is not None and (
        min(task.balance.values()) < 0 or not any(task.balance.values())
    ):
        yield Problem("balance", f"{place}.balance", "negative shares, or nothing but zeros")
    hidden = {task.true_label_column, task.defect_column} & set(task.visible_columns)
    if hidden:
        yield Problem(
            "leak",
            f"{place}.visible_columns",
            f"shows the truth: {', '.join(sorted(map(str, hidden)))}",
        )


def _unknown_plugins(challenge: Challenge) -> Iterator[Problem]:
    wanted: list[tuple[str, str, str]] = [("track", "tracks", challenge.track)]
    for name, task in challenge.tasks.items():
        wanted += [
            (f"tasks.{name}.dataset", "datasets", task.dataset),
            (f"tasks.{name}.model", "fixed_models", task.model),
        ]
        wanted += [(f"tasks.{name}", "metrics", metric) for metric in metric_names(task)]
    for place, kind, plugin in dict.fromkeys(wanted):
        try:
            registry.get(kind, plugin)
        except NotFound as error:
            what = str(error).partition("\n")
            yield Problem("unknown-plugin", place, what[0], what[2].strip())


def _option_problems(challenge: Challenge) -> Iterator[Problem]:
    known = registry.find("datasets")
    for name, task in challenge.tasks.items():
        dataset = known.get(task.dataset) or known.get(task.dataset.replace("-", "_"))
        if dataset is not None:
            yield from dataset_options.problems(f"tasks.{name}.options", dataset, task.options)


def _rule_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the rules of a file, whatever else is wrong with it."""
    named, boards = content.get("track"), content.get("boards")
    if not isinstance(named, str) or not isinstance(boards, dict):
        return
    try:
        track = registry.load("tracks", named)
    except NotFound:
        return
    for name, board in boards.items():
        rules = board.get("rules", {}) if isinstance(board, dict) else None
        if not isinstance(rules, dict):
            continue  # the challenge's own problems name it
        try:
            track.Rules.model_validate(rules)
        except ValidationError as error:
            yield from problems_of(error, track.Rules, f"boards.{name}.rules")


def metric_names(task: Task) -> list[str]:
    """Return every metric that a task uses, the ranking one first."""
    names = [task.metric, *task.metrics]
    for split in task.splits.values():
        names += [split.metric] if split.metric else []
        names += split.metrics or []
    return list(dict.fromkeys(names))


def board_of(challenge: Challenge, name: str) -> Board:
    """Return a board by name.

    Raises
    ------
    NotFound
        If the challenge has no board of that name.
    """
    if name not in challenge.boards:
        raise NotFound("board", name, challenge.boards, where=f"in {challenge.name}")
    return challenge.boards[name]


def rules_of(challenge: Challenge, board: str) -> Any:
    """Return a board's limits as the track's own record."""
    track = registry.load("tracks", challenge.track)
    return validate(track.Rules, board_of(challenge, board).rules, f"rules of {board}")


def parts(challenge: Challenge, board: str) -> dict[str, registry.Part]:
    """Return every file that the numbers of a board rest on, by name.

    These are the track, models, datasets and metrics with all that each rests on (see
    `dataperf.registry.parts`). The rest of the toolkit is not included: the tests compare its
    results with recorded scores.

    Raises
    ------
    Ambiguous
        If two files of different folders have one name: ``metrics/_helper.py``.
    """
    tasks = tasks_of(challenge, board).values()
    wanted = {("tracks", challenge.track): None}
    wanted |= {("fixed_models", task.model): None for task in tasks}
    wanted |= {("metrics", name): None for task in tasks for name in metric_names(task)}
    found = [registry.parts(registry.get(kind, name)) for kind, name in wanted]
    found += [tables.definition_parts(name) for name in {task.dataset for task in tasks}]
    merged: dict[str, registry.Part] = {}
    for name, part in sorted(
        ((name, part) for each in found for name, part in each.items()), key=lambda pair: pair[0]
    ):
        other = merged.setdefault(name, part)
        if other.path != part.path:
            raise Ambiguous(
                f"two files of {challenge.name}/{board} are called {name}:\n  {other.path}\n"
                f"  {part.path}\n  Rename one of them."
            )
    return merged


def files_of(challenge: Challenge, board: str) -> list[Path]:
    """Return the paths of the files that a board rests on, its challenge's file included."""
    found = [part.path for part in parts(challenge, board).values()]
    if not is_own(challenge.name):
        found.append(registry.get("challenges", challenge.name).path)
    return found


def digests(challenge: Challenge, board: str) -> dict[str, str]:
    """Return the sha256 of every file that a board rests on, by name, and one of all: ``board``.

    ``board`` also covers the board and its tasks in the challenge file. Results with different
    digests of the board are never compared.
    """
    tasks = tasks_of(challenge, board)
    found = {name: part.digest for name, part in parts(challenge, board).items()}
    content = {
        "challenge": challenge.name,
        "version": challenge.version,
        "track": challenge.track,
        "files": found,
        "tasks": {name: _untitled(task) for name, task in tasks.items()},
        "board": {"name": board, **_untitled(challenge.boards[board])},
    }
    return {"board": files.digest_json(content), **found}


def _untitled(record: Task | Board) -> dict[str, Any]:
    """Return a record without titles and published scores: these must not change a digest."""
    titles: Any = {"title": True, "splits": {"__all__": {"title"}}}
    if isinstance(record, Board):
        titles = {"title", "published"}
    return record.model_dump(mode="json", exclude_defaults=True, exclude=titles)


def tasks_of(challenge: Challenge, board: str) -> dict[str, Task]:
    """Return the tasks of a board by name, in the board's order."""
    return {name: challenge.tasks[name] for name in board_of(challenge, board).tasks}
