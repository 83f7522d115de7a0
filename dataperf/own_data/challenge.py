"""A challenge made of somebody's rows: frozen model, pool and test, rules."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics import validation
from dataperf.basics.validation import SHARE
from dataperf.basics.wording import plural, shorten
from dataperf.definitions import data
from dataperf.definitions import loading as challenges
from dataperf.errors import DataperfError, Invalid, NotFound, Problem, did_you_mean
from dataperf.own_data import options
from dataperf.reading import split
from dataperf.reading.split import Rows
from dataperf.records import Challenge, Table, TaskData
from dataperf.sources import tables

#: Tracks of own data, and the names of the challenges made of it.
TRACKS = ("repair", "cleaning", "selection")
NAMES = {f"{challenges.OWN}{track}": track for track in TRACKS}
BOARD = TASK = "own"
MODEL, METRIC = "logistic_v1", "accuracy"
#: About how many times the model is trained along a cleaning order.
STEPS = 20
#: A pool of more rows gets only a few random draws instead of the number in `repair.Rules`.
MANY_DRAWS, FEW = 20_000, 5
MOST_CLASSES, MOST_SHOWN = 10_000, 5


def table(rows: Rows, *, seed: int = 0, test_share: float = SHARE, track: str = "repair") -> Table:
    """Return the rows as a dataset.

    Returns
    -------
    Table
        Columns ``part`` (see `dataperf.reading.split.parts`), ``label``, and if the source has them
        ``truth`` (the given label where no true label is known) and ``group``.
    """
    names = np.array([*rows.classes, data.UNKNOWN])
    part = split.parts(rows, seed=seed, test_share=test_share, track=track)
    columns: dict[str, NDArray[Any]] = {"part": part, "label": names[rows.labels]}
    if rows.truth is not None:
        columns["truth"] = names[np.where(rows.truth >= 0, rows.truth, rows.labels)]
    if rows.groups is not None:
        columns["group"] = np.asarray(rows.groups).astype(str)
    made = Table(np.asarray(rows.ids).astype(str), np.asarray(rows.features), columns)
    return Table(made.ids, made.features, columns, tables.content_digest(made))


def challenge(
    rows: Rows,
    *,
    track: str = "repair",
    model: str = MODEL,
    metric: str = METRIC,
    seed: int = 0,
    test_share: float = SHARE,
    budget: int | None = None,
    compared: bool = True,
) -> tuple[Challenge, dict[str, TaskData]]:
    """Make a challenge of a data set: frozen model, pool and test, rules.

    Parameters
    ----------
    rows
        The data set. Tests use its true labels, where it has them.
    track
        ``repair``, ``cleaning`` (needs true labels) or ``selection``.
    model, metric
        Names of a fixed model and of a metric.
    seed, test_share
        Random seed and share of the test rows; see `dataperf.reading.draw.split`.
    budget
        Maximum number of rows that may be repaired, inspected or selected; None for all of the
        pool.
    compared
        Whether a selection is compared with the whole pool and random selections (the track
        ``subset``); one with a folder of its own has reference points instead.

    Returns
    -------
    Challenge, dict of str to TaskData
        The ``challenge`` and ``data`` for `dataperf.evaluation.evaluate.evaluate`. The challenge
        is called ``own-TRACK``, its one board ``own``.

    Raises
    ------
    DataperfError
        If the track needs true labels that the data set lacks.
    Invalid
        If the labels cannot be classes.
    """
    plain = options.check({"seed": seed, "test_share": test_share, "budget": budget})
    seed, test_share, budget = plain["seed"], plain["test_share"], plain["budget"]
    _check(rows, track)
    made = table(rows, seed=seed, test_share=test_share, track=track)
    pool = int((made.columns["part"] == "pool").sum())
    played = "subset" if track == "selection" and compared else track
    content = {
        "schema_version": 2,
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
    own = validation.validate(Challenge, content, "own data")
    _check_plugins(model, metric)
    return own, {TASK: data.task_data(own.tasks[TASK], made)}


def task(made: Table, classes: tuple[str, ...], *, model: str, metric: str) -> dict[str, Any]:
    """Return a task on a table that `table` made, in the form of a challenge file."""
    there = made.columns
    others = [name for name in ("accuracy", "macro_f1", "balanced_accuracy") if name != metric]
    test = {"title": "rows held out", "where": {"part": ["test"]}}
    return {
        "model": model,
        "seeds": [1],
        "label_column": "label",
        **({"true_label_column": "truth"} if "truth" in there else {}),
        "classes": list(classes),
        "pool": {"part": ["pool"]},
        "metric": metric,
        "metrics": others,
        "split": "test",
        "splits": {"test": {**test, **({"group_column": "group"} if "group" in there else {})}},
    }


def rules(track: str, pool: int, budget: int | None) -> dict[str, Any]:
    """Return a board's rules for a pool of so many rows."""
    if budget is not None and budget < 1:
        raise DataperfError(f"the budget is {budget}: expected at least 1 row")
    bounded = {} if budget is None else {"budget": budget}
    draws = {"random_draws": FEW} if pool > MANY_DRAWS else {}
    if track in ("selection", "subset"):
        bounded = {"budget": pool if budget is None else budget}
        return bounded | (draws if track == "subset" else {})
    if track == "cleaning":
        return {"batch": max(1, -(-min(budget or pool, pool) // STEPS)), **bounded}
    return {**bounded, **draws}


def _check(rows: Rows, track: str) -> None:
    if track not in TRACKS:
        raise NotFound("track for own data", track, TRACKS)
    if track == "cleaning" and rows.truth is None:
        raise DataperfError(
            "a cleaning order needs true labels: every inspected label is corrected.\n"
            "  Name their column (--true-label), or submit a repair (own-repair)."
        )
    problems = []
    if data.UNKNOWN in rows.classes:
        what = f'the class "{data.UNKNOWN}" stands for a missing label'
        problems.append(Problem("unknown-label", rows.label, what, "leave missing labels empty"))
    if len(rows.classes) > MOST_CLASSES:
        what = f"{len(rows.classes):,} classes"
        problems.append(Problem("too-many-classes", rows.label, what, f"at most {MOST_CLASSES:,}"))
    if len(np.unique(rows.labels[rows.labels >= 0])) < 2:
        problems.append(Problem("one-class", rows.label, "fewer than two classes have rows"))
    problems += _strange_truths(rows)
    if problems:
        raise Invalid(rows.name, problems)


def _strange_truths(rows: Rows) -> list[Problem]:
    """Return true labels that are not a class: the class is misspelt, or no row has it."""
    strange = sorted(rows.strange_truths.items(), key=lambda each: -each[1])
    place = f'true label "{rows.roles.get("true_label", "true label")}"'
    blank = "empty where it is not known"
    problems = [
        Problem(
            "unknown-class",
            place,
            f'"{word[:60]}" in {plural(count, "row")} is not a class of the label',
            did_you_mean(word[:60], rows.classes) or f"{shorten(rows.classes)}; {blank}",
        )
        for word, count in strange[:MOST_SHOWN]
    ]
    if len(strange) > MOST_SHOWN:
        count = sum(each for _, each in strange[MOST_SHOWN:])
        what = (
            f"{len(strange) - MOST_SHOWN:,} more values in {plural(count, 'row')} are not classes"
        )
        problems.append(Problem("unknown-class", place, what, blank))
    return problems


def _check_plugins(model: str, metric: str) -> None:
    registry.get("fixed_models", model)
    registry.get("metrics", metric)
