"""Make a challenge of a user's rows: frozen model, pool and test, rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import validation
from dataperf.basics.validation import SHARE
from dataperf.basics.wording import plural, shorten
from dataperf.definitions import data
from dataperf.definitions import loading as challenges
from dataperf.errors import DataperfError, Invalid, NotFound, Problem, did_you_mean
from dataperf.evaluation import metric_direction
from dataperf.own_data import options
from dataperf.reading import split
from dataperf.reading.split import Rows
from dataperf.records import Challenge, Table, TaskData
from dataperf.sources import tables

BOARD = TASK = "own"
MODEL, METRIC = "logistic_v1", "accuracy"
MOST_CLASSES, MOST_SHOWN = 10_000, 5
#: With more classes, logistic regression needs minutes and gigabytes: neighbours vote instead, and
#: fewer random draws are compared with.
MANY_CLASSES, MODEL_OF_MANY, FEW_DRAWS = 1_000, "knn_v1", 5


def table(
    rows: Rows, *, seed: int = 0, test_share: float = SHARE, track: str | None = None
) -> Table:
    """Return the rows as a dataset, for the default track if none is named.

    Returns
    -------
    Table
        Columns ``part`` (see `dataperf.reading.split.parts`), ``label``, and if the source has them
        ``truth`` (the given label where no true label is known) and ``group``.
    """
    names = np.array([*rows.classes, data.UNKNOWN])
    chosen = track or options.default_track()
    part = split.parts(rows, seed=seed, test_share=test_share, track=chosen)
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
    track: str | None = None,
    model: str | None = None,
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
        Name of a track that works on own data; see `dataperf.own_data.options.tracks`. None takes
        the default track.
    model, metric
        Names of a fixed model and of a metric. The default model is `usual_model`.
    seed, test_share
        Random seed and share of the test rows; see `dataperf.reading.draw.split`.
    budget
        Maximum number of rows that may be repaired, inspected or selected; None for all of the
        pool.
    compared
        Whether the answer is compared with others, if the track can (``own_compared``). A challenge
        with its own folder has reference points instead.

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
    track = track or options.default_track()
    _check(rows, track)
    model = model or usual_model(rows.classes)
    made = table(rows, seed=seed, test_share=test_share, track=track)
    pool = int((made.columns["part"] == "pool").sum())
    played, limits = rules(track, pool, budget, compared=compared)
    if len(rows.classes) > MANY_CLASSES and limits.get("random_draws"):
        limits["random_draws"] = min(limits["random_draws"], FEW_DRAWS)
    content = {
        "schema_version": 2,
        "name": challenges.OWN + track.replace("_", "-"),
        "version": 1,
        "title": f"{track} of {rows.name}"[:200],
        "track": played,
        "tasks": {
            TASK: task(made, rows.classes, model=model, metric=metric)
            | {"dataset": "own_rows", "options": {"sha256": made.digest}}
        },
        "boards": {BOARD: {"tasks": [TASK], "rules": limits}},
    }
    own = validation.validate(Challenge, content, "own data")
    _check_plugins(rows, model, metric)
    return own, {TASK: data.task_data(own.tasks[TASK], made)}


def usual_model(classes: Sequence[str]) -> str:
    """Return the name of the model that is trained on own data if no other is named."""
    return MODEL if len(classes) <= MANY_CLASSES else MODEL_OF_MANY


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


def rules(
    track: str, pool: int, budget: int | None, *, compared: bool
) -> tuple[str, dict[str, Any]]:
    """Return the track of a board and its rules, for a pool of so many rows."""
    if budget is not None and budget < 1:
        raise DataperfError(f"the budget is {budget}: expected at least 1 row")
    module = registry.load("tracks", track)
    with plugin_calls.calling("tracks", module, "own_rules(pool, budget)"):
        if compared and hasattr(module, "own_compared"):
            name, limits = module.own_compared(pool, budget)
            return str(name), dict(limits)
        return track, dict(module.own_rules(pool, budget))


def _check(rows: Rows, track: str) -> None:
    known = options.tracks().values()
    if track not in known:
        raise NotFound("track for own data", track, known)
    if rows.truth is None and _needs_truth(track):
        others = ", ".join(
            name for name, each in options.tracks().items() if not _needs_truth(each)
        )
        raise DataperfError(
            f"the track {track} needs true labels.\n"
            f"  Name their column (--true-label), or answer another challenge: {others}"
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


def _needs_truth(track: str) -> bool:
    return bool(getattr(registry.load("tracks", track), "NEEDS_TRUTH", False))


def _strange_truths(rows: Rows) -> list[Problem]:
    """Return problems of true labels that are not classes: misspelt, or no row has them."""
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


def _check_plugins(rows: Rows, model: str, metric: str) -> None:
    """Refuse unknown names, and a user's own metric that ranks in the wrong direction."""
    registry.get("fixed_models", model)
    module = registry.load("metrics", metric)
    if plugin_calls.is_yours(module):
        where = plugin_calls.named("metrics", module)
        wrong = metric_direction.problems(module, len(rows.classes))
        if wrong:
            raise Invalid(rows.name, [Problem("metric-direction", where, each) for each in wrong])
