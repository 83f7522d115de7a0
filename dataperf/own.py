"""Anybody's data set as a challenge: split by seed or by group, a frozen model, the one flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import challenge as challenges
from dataperf import data, evaluation, own_columns, own_options, own_split, registry, submission
from dataperf.curation.loaded import plural, shorten
from dataperf.errors import DataperfError, Invalid, NotFound, Problem, did_you_mean
from dataperf.own_split import Rows
from dataperf.own_split import in_test as in_test
from dataperf.records import Challenge, Result, Table, TaskData
from dataperf.splits import SHARE
from dataperf.splits import split as split

#: What can be evaluated on own data, and how the challenge made of it is called.
TRACKS = ("repair", "cleaning", "selection")
NAMES = {f"{challenges.OWN}{track}": track for track in TRACKS}
BOARD = TASK = "own"
MODEL, METRIC = "logistic_v1", "accuracy"
#: Columns of own data that serve as something.
COLUMNS = ("label", "split", "group", "truth", "id", "drop", "embedding")
#: About how often a cleaning order is trained along its way.
STEPS = 20
#: Rows of a pool up to which as many random drops are drawn as `repair.Rules` says; beyond, few.
MANY_DRAWS, FEW = 20_000, 5
MOST_CLASSES, MOST_SHOWN = 10_000, 5


# The challenge --------------------------------------------------------------------------


def table(rows: Rows, *, seed: int = 0, share: float = SHARE, track: str = "repair") -> Table:
    """Return the rows as a dataset.

    Returns
    -------
    Table
        Columns ``part`` (see `dataperf.own_split.parts`), ``label``, and if the source has them
        ``truth`` (the label as given where the truth is not told) and ``group``.
    """
    names = np.array([*rows.classes, data.UNKNOWN])
    part = own_split.parts(rows, seed=seed, share=share, track=track)
    columns: dict[str, NDArray[Any]] = {"part": part, "label": names[rows.labels]}
    if rows.truth is not None:
        columns["truth"] = names[np.where(rows.truth >= 0, rows.truth, rows.labels)]
    if rows.groups is not None:
        columns["group"] = np.asarray(rows.groups).astype(str)
    made = Table(np.asarray(rows.ids).astype(str), np.asarray(rows.features), columns)
    return Table(made.ids, made.features, columns, data.content_digest(made))


def challenge(
    rows: Rows,
    *,
    track: str = "repair",
    model: str = MODEL,
    metric: str = METRIC,
    seed: int = 0,
    share: float = SHARE,
    budget: int | None = None,
    compared: bool = True,
) -> tuple[Challenge, dict[str, TaskData]]:
    """Make a challenge of a data set: frozen model, pool and test, rules.

    Parameters
    ----------
    rows
        The data set; its truth, where it has one, is what the test is held against.
    track
        ``repair``, ``cleaning`` (needs the truth) or ``selection``.
    model, metric
        Names of a fixed model and of a metric.
    seed, share
        Of the split; see `split`.
    budget
        How many rows may be repaired, inspected or selected; None for all of the pool.
    compared
        Whether a selection is held against the whole pool and random picks (the track
        ``subset``); one with a folder of its own has reference points instead.

    Returns
    -------
    Challenge, dict of str to TaskData
        What `dataperf.evaluation.evaluate` takes as ``challenge`` and ``data``. The challenge
        is called ``own-TRACK``, its one board ``own``.

    Raises
    ------
    DataperfError
        If the track needs a truth that the data set lacks.
    Invalid
        If the labels cannot be classes.
    """
    plain = own_options.check({"seed": seed, "share": share, "budget": budget})
    seed, share, budget = plain["seed"], plain["share"], plain["budget"]
    _check(rows, track)
    made = table(rows, seed=seed, share=share, track=track)
    pool = int((made.columns["part"] == "pool").sum())
    played = "subset" if track == "selection" and compared else track
    content = {
        "schema_version": 1,
        "name": f"{challenges.OWN}{track}",
        "version": 1,
        "title": f"{track} of {rows.name}"[:200],
        "track": played,
        "tasks": {
            TASK: task(made, rows.classes, model=model, metric=metric)
            | {"dataset": "own_rows", "options": {"sha256": made.digest}}
        },
        "boards": {BOARD: {"tasks": [TASK], "rules": rules(played, pool, budget)}},
    }
    asked = challenges.validate(Challenge, content, "own data")
    _check_plugins(model, metric)
    return asked, {TASK: data.task_data(asked.tasks[TASK], made)}


def task(made: Table, classes: tuple[str, ...], *, model: str, metric: str) -> dict[str, Any]:
    """Return a task on a table that `table` made, as a challenge file has it."""
    told = made.columns
    others = [name for name in ("accuracy", "macro_f1", "balanced_accuracy") if name != metric]
    test = {"title": "rows held out", "where": {"part": ["test"]}}
    return {
        "model": model,
        "seeds": [1],
        "label": "label",
        **({"truth": "truth"} if "truth" in told else {}),
        "classes": list(classes),
        "pool": {"part": ["pool"]},
        "metric": metric,
        "metrics": others,
        "split": "test",
        "splits": {"test": {**test, **({"cluster": "group"} if "group" in told else {})}},
    }


def rules(track: str, pool: int, budget: int | None) -> dict[str, Any]:
    """Return a board's rules for a pool of so many rows."""
    if budget is not None and budget < 1:
        raise DataperfError(f"the budget is {budget}: expected at least 1 row")
    most = {} if budget is None else {"most": budget}
    draws = {"draws": FEW} if pool > MANY_DRAWS else {}
    if track in ("selection", "subset"):
        cap = {"cap": pool if budget is None else budget}
        return cap | (draws if track == "subset" else {})
    if track == "cleaning":
        return {"batch": max(1, -(-min(budget or pool, pool) // STEPS)), **most}
    return {**most, **draws}


def _check(rows: Rows, track: str) -> None:
    if track not in TRACKS:
        raise NotFound("track for own data", track, TRACKS)
    if track == "cleaning" and rows.truth is None:
        raise DataperfError(
            "a cleaning order needs the truth: every inspected label is put right.\n"
            "  Name the column that has it (--truth), or hand in a repair (own-repair)."
        )
    problems = []
    if data.UNKNOWN in rows.classes:
        what = f'the class "{data.UNKNOWN}" stands for a missing label'
        problems.append(Problem("unknown-label", rows.label, what, "leave such labels empty"))
    if len(rows.classes) > MOST_CLASSES:
        what = f"{len(rows.classes):,} classes"
        problems.append(Problem("too-many-classes", rows.label, what, f"at most {MOST_CLASSES:,}"))
    if len(np.unique(rows.labels[rows.labels >= 0])) < 2:
        problems.append(Problem("one-class", rows.label, "fewer than two classes have rows"))
    problems += _strange_truths(rows)
    if problems:
        raise Invalid(rows.name, problems)


def _strange_truths(rows: Rows) -> list[Problem]:
    """Return what the truth has that no label says: the class is misspelt, or cannot be learned."""
    strange = sorted(rows.strange_truths.items(), key=lambda each: -each[1])
    place, blank = f'truth "{rows.roles.get("truth", "truth")}"', "empty where it is not known"
    problems = [
        Problem(
            "unknown-class",
            place,
            f'"{word[:60]}" in {plural(count, "row")} is no class of the label',
            did_you_mean(word[:60], rows.classes) or f"{shorten(rows.classes)}; {blank}",
        )
        for word, count in strange[:MOST_SHOWN]
    ]
    if len(strange) > MOST_SHOWN:
        count = sum(each for _, each in strange[MOST_SHOWN:])
        what = f"{len(strange) - MOST_SHOWN:,} more values in {plural(count, 'row')} are no classes"
        problems.append(Problem("unknown-class", place, what, blank))
    return problems


def _check_plugins(model: str, metric: str) -> None:
    registry.get("fixed_models", model)
    registry.get("metrics", metric)


# From a source --------------------------------------------------------------------------


def read(
    source: Any,
    *,
    label: str | None = None,
    split: str | None = None,
    group: str | None = None,
    truth: str | None = None,
    id: str | None = None,
    drop: Sequence[str] | None = None,
    embedding: str | None = None,
) -> Any:
    """Return the rows of a data set, read as the audit reads it (`dataperf.curation.reading`)."""
    from dataperf.curation import reading

    source = str(source) if isinstance(source, Path) else source
    told: dict[str, Any] = {"drop": drop or (), "embedding": embedding or "auto"}
    return reading.read(source, label=label, split=split, group=group, truth=truth, id=id, **told)


def load(
    source: Any,
    *,
    label: str | None = None,
    split: str | None = None,
    group: str | None = None,
    truth: str | None = None,
    id: str | None = None,
    drop: Sequence[str] | None = None,
    embedding: str | None = None,
    **told: Any,
) -> tuple[Challenge, dict[str, TaskData]]:
    """Read a data set and make a challenge of it.

    Parameters
    ----------
    source
        A path, a dataset's name, or a table in memory.
    label, split, group, truth, id
        Its columns: labels as given, which rows are the ``test`` (drawn by chance where no column
        is named or the source tells none), rows that belong together, right labels, names of rows
        (row numbers if there is none).
    drop, embedding
        Columns to leave out, and what pictures and sounds are turned into, as in the audit.
    **told
        What `challenge` takes.
    """
    told = own_options.check(told)
    beside: dict[str, Any] = {"drop": drop, "embedding": embedding}
    rows = read(source, label=label, split=split, group=group, truth=truth, id=id, **beside)
    return challenge(rows, **told)


def evaluate(
    source: str,
    answers: list[Path],
    *,
    tell: Callable[[str], None] = lambda words: None,
    **told: Any,
) -> list[Result]:
    """Evaluate manifests on a data set, each on the track that it names.

    Parameters
    ----------
    source
        A path, or what else the audit reads.
    answers
        Files; their ``challenge`` is ``own-repair``, ``own-cleaning`` or ``own-selection``.
    tell
        Called with a line for everything that is worth knowing of how the data was taken.
    **told
        What `load` takes but the track. Without a ``budget`` a cleaning order has that of its
        own length.

    Returns
    -------
    list of Result
        Each records with ``own_data`` how the data set can be read again.

    Raises
    ------
    Invalid
        If a file is no such manifest, or breaks a rule; nothing is trained then.
    """
    columns = own_options.columns({key: told.pop(key, None) for key in COLUMNS})
    told = own_options.check(told, source=str(source))
    rows = read(source, **columns)
    place = str(Path(source).resolve()) if Path(source).exists() else source
    own_options.check({}, source=place)
    made: dict[str, tuple[Challenge, dict[str, TaskData]]] = {}
    sent, refused = [], []
    for path in answers:
        try:
            asked = _asked(path, told)
            key = repr(sorted(asked.items()))
            if key not in made:
                made[key] = challenge(rows, **asked)
            answer = submission.read(path, made[key][0])
            submission.check(answer, *made[key])
        except Invalid as error:
            refused.append(error if error.subject == rows.name else _of(path, error))
            continue
        sent.append((answer, made[key], {"source": place, **columns, **asked}))
    if len(refused) > 1:
        raise DataperfError("\n".join(dict.fromkeys(str(error) for error in refused)))
    if refused:
        raise refused[0]
    lines = [line for *_, asked in sent for line in _says(rows, asked)]
    for line in dict.fromkeys([*lines, *own_columns.warnings(rows)]):
        tell(line)
    return [_recorded(answer, *pair, where) for answer, pair, where in sent]


def _says(rows: Rows, asked: Mapping[str, Any]) -> list[str]:
    drawn = {key: asked[key] for key in ("seed", "share", "track") if key in asked}
    return own_split.says(rows, own_split.parts(rows, **drawn))


def _asked(path: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest is to be scored by."""
    track, listed = _address(path)
    asked = {**told, "track": track}
    if track == "cleaning" and asked.get("budget") is None:
        asked["budget"] = listed
    return asked


def _of(path: Path, error: Invalid) -> Invalid:
    return Invalid(str(path), error.problems)


def again(kept: Result) -> tuple[Challenge, dict[str, TaskData]]:
    """Load the data of a kept result again.

    Raises
    ------
    DataperfError
        If the record does not say where it is, or it can no longer be read.
    """
    if not kept.own_data.get("source"):
        raise DataperfError(
            "this result is of somebody's own data, and does not say where it lies.\n"
            "  Evaluate the manifest again with --data, and compare the scores and digests.data"
        )
    told: dict[str, Any] = dict(kept.own_data)
    return load(**told)


def _recorded(
    answer: Any, asked: Challenge, loaded: Mapping[str, TaskData], where: Mapping[str, Any]
) -> Result:
    result = evaluation.evaluate(asked, answer, data=loaded)
    told = {key: value for key, value in where.items() if value is not None}
    return result.model_copy(update={"own_data": told})


def _address(path: Path) -> tuple[str, int | None]:
    """Return the track that a manifest names and, of a cleaning order, how many rows it has."""
    content = submission.load_json(path)
    named = content.get("challenge") if isinstance(content, dict) else None
    if not isinstance(named, str) or named not in NAMES:
        what = f"answers {challenges.shown(named)}" if named else "does not say what it answers"
        expected = f"for own data one of {', '.join(NAMES)}"
        raise Invalid(str(path), [Problem("other-challenge", "challenge", what, expected)])
    answer = content.get("answer")
    orders = answer.get("orders") if isinstance(answer, dict) else None
    order = orders.get(TASK) if isinstance(orders, dict) else None
    return NAMES[named], max(1, len(order)) if isinstance(order, list) else None
