"""The curator's data: rows as they are audited, and the media behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dataperf.records.data import IntArray, TextArray

if TYPE_CHECKING:
    import pandas as pd

#: What a column holds, as it is treated.
Kind = Literal["numeric", "categorical", "text", "datetime", "embedding", "constant"]


class Media(Protocol):
    """Pictures or sounds behind the rows, read when they are shown."""

    @property
    def kind(self) -> Literal["image", "audio"]:
        """What it holds."""

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Return a picture of a row, (height, width) or (height, width, 3); of a sound, its
        spectrogram."""

    def sound(self, row: int) -> tuple[NDArray[np.float32], int] | None:
        """Return samples in -1..1 and their rate in Hz; None for pictures."""


@dataclass(frozen=True)
class Rows:
    """A data set as it is audited.

    Parameters
    ----------
    name
        What to call it.
    frame : DataFrame of n rows
        All columns as given but the label and embeddings, index 0..n-1; without columns if
        there are only numbers.
    ids : (n,) array of str
        Unique; the row number where the source names none.
    features : (n, d) array of float32
        What models and neighbours see: finite, columns scaled.
    feature_columns : tuple of d str
        The column of ``frame`` (or of the embedding) that each feature comes from.
    kinds
        What each column of ``frame`` holds.
    label : str
        Name of the label column.
    labels : (n,) array of int
        Class ids; -1 where the label is missing.
    classes : tuple of str
        In the order of the ids; at least two.
    split : (n,) array of str or None
        Which part of the data a row belongs to (train, test), where the source says.
    groups : (n,) array of str or None
        Rows that belong together (a speaker, a patient) and never fall on both sides of a fold.
    truth : (n,) array of int or None
        The right class ids where they are known; never used to find anything, only to score
        what was found.
    annotators
        More label columns: name to (n,) class ids, -1 where missing.
    sensitive
        Columns of ``frame`` for which fairness is asked.
    media
        Pictures or sounds.
    skipped
        What could not be read: name and reason.
    source
        The words with which the data can be loaded again (a path, a dataset's name), "" if
        it came as an object.
    roles
        The columns that serve as ``id``, ``split``, ``group`` and ``truth``, by what they serve
        as.
    split_named
        Whether the caller named the column of the split, rather than the source.
    strange_truths
        What the column of the truth has that is no class, and in how many rows; their truth
        is -1.
    """

    name: str
    frame: pd.DataFrame
    ids: TextArray
    features: NDArray[np.float32]
    feature_columns: tuple[str, ...]
    kinds: Mapping[str, Kind]
    label: str
    labels: IntArray
    classes: tuple[str, ...]
    split: TextArray | None = None
    groups: TextArray | None = None
    truth: IntArray | None = None
    annotators: Mapping[str, IntArray] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()
    media: Media | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    source: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    split_named: bool = False
    strange_truths: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


def part_of(rows: Rows, kept: IntArray) -> Rows:
    """Return some of the rows, for judging them by them alone: without media and truth."""
    return replace(
        rows,
        frame=rows.frame.iloc[kept].reset_index(drop=True),
        ids=rows.ids[kept],
        features=rows.features[kept],
        labels=rows.labels[kept],
        split=None if rows.split is None else rows.split[kept],
        groups=None if rows.groups is None else rows.groups[kept],
        truth=None,
        annotators={name: each[kept] for name, each in rows.annotators.items()},
        media=None,
    )
