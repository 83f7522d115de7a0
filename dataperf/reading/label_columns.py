"""The columns that hold labels, and the column of groups, as the audit needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dataperf.basics.wording import plural
from dataperf.reading import labels
from dataperf.reading.loaded import Loaded
from dataperf.reading.roles import Roles
from dataperf.records import IntArray, TextArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LabelColumns:
    """The label columns as class ids, and notes on them by column."""

    labels: IntArray
    classes: tuple[str, ...]
    truth: IntArray | None
    annotators: dict[str, IntArray]
    strange_truths: dict[str, int]
    notes: list[tuple[str, str]]


def read(found: Loaded, frame: pd.DataFrame, chosen: Roles, *, merge: bool) -> LabelColumns:
    """Return the class ids of the label, the true label and the annotators."""
    names = found.class_names
    given = labels.read(
        frame[chosen.label],
        subject=found.name,
        name=chosen.label,
        names=names.get(chosen.label),
        merge=merge,
    )
    notes = [(chosen.label, note) for note in given.notes]
    unknown: dict[str, dict[str, int]] = {}

    def ids_of(column: str) -> IntArray:
        other, unknown[column] = labels.ids_in(
            frame[column], given.classes, names=names.get(column), merge=merge
        )
        if count := sum(unknown[column].values()):
            note = f"{plural(count, 'value')} not among the classes of the label: taken as missing"
            notes.append((column, note))
        return other

    annotators = {column: ids_of(column) for column in chosen.annotators}
    truth = ids_of(chosen.true_label) if chosen.true_label else None
    strange_truths = unknown.get(chosen.true_label, {})
    return LabelColumns(given.ids, given.classes, truth, annotators, strange_truths, notes)


def groups(frame: pd.DataFrame, column: str) -> tuple[TextArray | None, list[tuple[str, str]]]:
    """Return the group of each row; a row without one is a group of its own, with a note."""
    if not column:
        return None, []
    names = labels.text_of(frame[column])
    alone = np.flatnonzero(names == "")
    if not len(alone):
        return names, []
    found = np.array(names, dtype=object)
    found[alone] = labels.alone(names, alone)
    note = f"{plural(len(alone), 'row')} without a group: each is a group of its own"
    return found.astype(np.str_), [(column, note)]
