"""What results, challenges and pools show of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dataperf.errors import ONLY_WARNING
from dataperf.records.card import Card, Curve, Grid, counted, number, with_interval

if TYPE_CHECKING:
    from dataperf.records.challenge import Challenge
    from dataperf.records.data import Pool
    from dataperf.records.result import Result, TaskScores


def of_result(result: Result) -> Card:
    """Return what a result shows: whose it is, its score, its parts, and whether it is ranked."""
    who = f"{result.submission.submitter}: {result.submission.method or 'no method named'}"
    title = f"Result on {result.challenge}/{result.board}, {who}"
    if result.status == "failed":
        return Card(title, [f"failed: {result.error}"], notes=[_ranked(result)])
    grids = [_splits(result)] if len(result.tasks) == 1 else [_tasks(result)]
    notes = [note for part in result.tasks.values() for note in part.notes]
    notes += [f"warning: {warning.removeprefix(ONLY_WARNING)}" for warning in result.warnings]
    facts = [f"scored: {result.metric} {with_interval(result.score)}", *_facts(result)]
    drawn = [each for part in result.tasks.items() for each in curves(*part)]
    listed = [_in_words(each, named=len(drawn) > 1) for each in drawn]
    return Card(title, [*facts, *listed], grids, [*notes, _ranked(result)], curves=drawn)


def curves(task: str, part: TaskScores) -> list[Curve]:
    """Return the curves of a task's score along a budget: each number against the first one."""
    across, *others = part.curves or [""]
    return [
        Curve(across, name, part.curves[across], part.curves[name], f"CURVE of {task}")
        for name in others
        if len(part.curves[name]) == len(part.curves[across]) > 1
    ]


def _in_words(curve: Curve, *, named: bool) -> str:
    points = ", ".join(f"{number(y)} at {x:,.0f}" for x, y in curve.some(5))
    task = f"{curve.title.removeprefix('CURVE of ')}: " * named
    return f"{task}{curve.along} after rows {curve.across}: {points}"


def _facts(result: Result) -> Iterator[str]:
    parts = list(result.tasks.values())
    if len(parts) == 1:
        others = list(parts[0].splits.items())[1:]
        if others:
            scores = (f"{name} {number(each.metrics[each.metric].value)}" for name, each in others)
            yield f"other splits: {', '.join(scores)}"
        yield from _defects(parts[0])
    elif parts:
        yield f"mean of {len(parts)} tasks"
        yield from filter(None, [wrong_labels(result)])
    if result.cost is not None:
        rows = counted(result.cost.train_rows, "training row")
        yield f"{rows} in {result.cost.train_seconds:.2f} s"


def _defects(part: TaskScores) -> Iterator[str]:
    found = part.detection
    if found is not None and len(part.training_runs) == 1:
        if not found.pool_share:
            words = counted(found.selected, "selected label")
            yield f"{found.selected_defects:,} of {words} {_are(found.selected_defects)} wrong"
            return
        yield (
            f"{found.selected_defects:,} of {counted(found.selected, 'selected row')} "
            f"{_are(found.selected_defects)} defective "
            f"({found.share:.1%}; pool {found.pool_share:.1%})"
        )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def wrong_labels(result: Result) -> str:
    """Return how many labels that a submission gave are wrong, by task; "" where it gave none."""
    parts = {
        name: part.detection
        for name, part in result.tasks.items()
        if part.detection and len(part.training_runs) == 1 and not part.detection.pool_share
    }
    counts = [f"{name} {e.selected_defects:,} of {e.selected:,}" for name, e in parts.items()]
    return f"selected rows with a wrong label: {', '.join(counts)}" if counts else ""


def _ranked(result: Result) -> str:
    if result.status == "failed":
        return "not ranked: the evaluation failed"
    if result.own_data or result.challenge.startswith("own-"):
        return "on your own data: part of no leaderboard"
    if result.rules == "official":
        return "not ranked: scored by the official rules"
    if not result.provenance.frozen:
        return f"not ranked: not frozen: {', '.join(result.provenance.unfrozen)}"
    return f"can be ranked on {result.challenge}/{result.board}"


def _splits(result: Result) -> Grid:
    (part,) = result.tasks.values()
    rows = [
        (
            name + (" (out of distribution)" if split.ood else ""),
            split.metric,
            with_interval(split.metrics[split.metric]),
            f"{split.rows:,}",
        )
        for name, split in part.splits.items()
    ]
    return Grid(("split", "metric", "score [95 %]", "rows"), rows)


def _tasks(result: Result) -> Grid:
    rows = [(name, with_interval(part.score)) for name, part in result.tasks.items()]
    return Grid(("task", "score [95 %]"), rows)


def of_challenge(challenge: Challenge) -> Card:
    """Return what a challenge shows: its title, its track and its boards."""
    rows = []
    for name, board in challenge.boards.items():
        tasks = [challenge.tasks[task] for task in board.tasks]
        rules = ", ".join(f"{key} {value}" for key, value in board.rules.items())
        models = ", ".join(dict.fromkeys(task.model for task in tasks))
        metrics = ", ".join(dict.fromkeys(task.metric for task in tasks))
        rows.append((name, board.title, rules, models, metrics))
    boards = ", ".join(challenge.boards)
    return Card(
        f"Challenge {challenge.name} (version {challenge.version}): {challenge.title}",
        [f"track: {challenge.track}", f"boards: {boards}"],
        [Grid(("board", "title", "rules", "fixed model", "metric"), rows)],
    )


def of_pool(pool: Pool) -> Card:
    """Return what a pool shows: its size, classes and visible columns."""
    labelled = int((pool.labels >= 0).sum())
    classes = ", ".join(pool.classes[:12]) + (", …" if len(pool.classes) > 12 else "")
    facts = [
        f"{counted(labelled, 'row has', 'rows have')} a label of "
        f"{counted(len(pool.classes), 'class', 'classes')}: {classes}",
        f"visible columns: {', '.join(pool.columns) or 'none'}",
    ]
    shape = pool.features.shape
    head = f"Pool of {counted(len(pool), 'row')}, features {shape[0]:,} x {shape[1]:,} {pool.features.dtype}"
    first = pool.take(np.arange(min(5, len(pool)))).frame
    rows = [tuple(str(value) for value in row) for row in first.itertuples(index=False)]
    return Card(head, facts, [Grid(tuple(first.columns), rows, "first rows of .frame")])
