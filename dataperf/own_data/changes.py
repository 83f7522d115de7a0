"""What a submission changes in a data set, row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import validation
from dataperf.basics.wording import no_formula
from dataperf.definitions import answer_ids, submission
from dataperf.errors import Invalid, Problem
from dataperf.own_data import options
from dataperf.own_data.all_rows import ALL_ROWS
from dataperf.own_data.challenge import BOARD, TASK
from dataperf.records import IntArray, Pool, Submission, TaskData
from dataperf.records.rows import Rows

#: Problems that only matter where a model is trained and tested.
OF_TRAINING = ("noisy-test", "missing-class", "over-budget")
NO_CHANGES = (
    "the answers of {track} say nothing about which rows to drop or relabel: an answer changes "
    "nothing by itself",
    "a repair: dataperf audit DATA --submission repair.json, or decide row by row on the page "
    "that dataperf audit DATA --report audit.html writes and save the decisions",
)


@dataclass(frozen=True)
class Change:
    """One row that is changed.

    Parameters
    ----------
    row
        Row number in the data, from 0.
    id
        Id of the row; the row number if the data has no ids.
    action
        ``"drop"`` or ``"relabel"``.
    old_label, new_label
        Class names; "" for no label, and for the new label of a dropped row.
    """

    row: int
    id: str
    action: str
    old_label: str
    new_label: str


@dataclass(frozen=True)
class Edit:
    """The changes, in the form that writers of files need.

    Parameters
    ----------
    labels : (n,) array of int
        Class id of each row as it is read; -1 for no label.
    keep : (n,) array of bool
        Rows that stay.
    relabel
        Row number to new class id.
    unread
        Whether lines that could not be read stay too; not in a selection.
    """

    labels: IntArray
    keep: NDArray[np.bool_]
    relabel: Mapping[int, int]
    unread: bool = True

    @property
    def changes_nothing(self) -> bool:
        """Whether every row stays as it is."""
        return bool(self.keep.all()) and not self.relabel


def of(content: Any, rows: Rows, subject: str) -> tuple[Edit, list[str]]:
    """Return what a submission changes in a data set, and notes about it.

    Parameters
    ----------
    content
        The parsed submission.
    rows
        The data.
    subject
        The submission's file, for messages.

    Raises
    ------
    Invalid
        If it is not to own data, its track changes no rows, or it names rows or classes that the data
        lacks, or would leave no row; every problem is listed.
    """
    track, record = addressed(content, subject)
    plugin = registry.load("tracks", track)
    everything = Pool(rows.ids, np.zeros((len(rows), 0)), rows.labels, rows.classes, {})
    there = {TASK: TaskData(everything, None, {}, "")}
    named, notes, wrong = answer_ids.settled(
        dict(record.answer), plugin.Answer, lambda: there, own=True
    )
    if wrong:
        raise Invalid(subject, wrong)
    answer = validation.validate(plugin.Answer, named, subject, "answer")
    labelled = getattr(plugin, "GIVES_LABELS", False)
    pool = everything if labelled else everything.take(np.flatnonzero(rows.labels >= 0))
    with plugin_calls.calling("tracks", plugin):
        keep, relabel = plugin.own_changes(answer, everything)
        rules = plugin.Rules.model_validate(plugin.own_rules(max(1, len(rows)), None))
        found = plugin.check(answer, rules, {TASK: TaskData(pool, None, {}, "")}, official=False)
    edit = Edit(rows.labels, keep, dict(sorted(relabel.items())), unread=labelled)
    found = [each for each in found if each.rule not in OF_TRAINING]
    softer = [each for each in found if _is_note(each)]
    problems = [each for each in found if not _is_note(each)]
    if not edit.keep.any() and not problems:
        problems.append(Problem("no-row-left", "answer", "every row would be dropped"))
    if problems:
        raise Invalid(subject, problems)
    return edit, notes + [" ".join(f"{each.where}: {each.what}".split()) for each in softer]


def _is_note(problem: Problem) -> bool:
    return problem.severity != "error" or problem.rule == "emptied-class"


def addressed(content: Any, subject: str) -> tuple[str, Submission]:
    """Return the track of a submission and its record.

    Raises
    ------
    Invalid
        If its track changes no rows, or not a submission to own data.
    """
    submission.check_object(content, subject)
    named = content.get("challenge")
    tracks, problems = options.tracks(), []
    changing = [own for own, name in tracks.items() if name in options.applicable()]
    if not isinstance(named, str) or named not in tracks:
        what = f"answers {validation.shown(named)}" if named else "does not name its challenge"
        expected = " or ".join(changing)
        problems.append(Problem("other-challenge", "challenge", what, expected))
    elif named not in changing:
        problems.append(
            Problem("no-changes", "answer", NO_CHANGES[0].format(track=named), NO_CHANGES[1])
        )
    elif content.get("board") not in (BOARD, ALL_ROWS):
        what = validation.shown(content.get("board"))
        problems.append(Problem("unknown-board", "board", what, f'"{BOARD}" or "{ALL_ROWS}"'))
    if problems:
        raise Invalid(subject, problems)
    return tracks[str(named)], validation.validate(Submission, content, subject)


def listed(edit: Edit, rows: Rows) -> tuple[Change, ...]:
    """Return the changed rows in the order of the data."""

    def name(number: int) -> str:
        return rows.classes[number] if number >= 0 else ""

    touched = sorted({*np.flatnonzero(~edit.keep).tolist(), *edit.relabel})
    return tuple(
        Change(
            row=row,
            id=str(rows.ids[row]),
            action="relabel" if row in edit.relabel else "drop",
            old_label=name(int(rows.labels[row])),
            new_label=name(edit.relabel[row]) if row in edit.relabel else "",
        )
        for row in touched
    )


def log(changes: tuple[Change, ...], path: Path) -> bytes:
    """Return the change log as a file: JSON if its name ends so, otherwise CSV.

    JSON holds every value as it is. In CSV, which people open in spreadsheets, a text that begins
    like a formula gets an apostrophe in front.
    """
    lines = [asdict(each) for each in changes]
    if path.suffix.lower() == ".json":
        return (json.dumps(lines, ensure_ascii=False, indent=1) + "\n").encode()
    text = io.StringIO()
    names = [each.name for each in fields(Change)]
    bare = any("\r" in str(value) for line in lines for value in line.values())
    writer = csv.DictWriter(
        text,
        names,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL,  # else a "\r" would split a line
    )
    writer.writeheader()
    for line in lines:
        writer.writerow({k: no_formula(v) if isinstance(v, str) else v for k, v in line.items()})
    return text.getvalue().encode()
