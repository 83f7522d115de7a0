"""Rows of a data set as an audit sees them, and the images or sounds behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dataperf.records.data import IntArray, TextArray

if TYPE_CHECKING:
    import pandas as pd

#: How a note begins that asks for a decision; the place of a column without a name.
WARNING, UNNAMED = "warning: ", 'column ""'
#: How the values of a column are treated.
Kind = Literal["numeric", "categorical", "text", "datetime", "embedding", "constant"]


class Media(Protocol):
    """Images or sounds of the rows, opened only when they are shown."""

    @property
    def kind(self) -> Literal["image", "audio"]:
        """What it holds."""

    def image(self, row: int) -> NDArray[np.uint8]:
        """Return the image of a row, (height, width) or (height, width, 3), in 0..255; the
        spectrogram of a sound."""

    def sound(self, row: int) -> tuple[NDArray[np.float32], int] | None:
        """Return the samples in -1..1 and their rate in Hz; None for images."""


@dataclass(frozen=True)
class Rows:
    """A data set as an audit sees it.

    Parameters
    ----------
    name : str
        Name of the data set.
    frame : DataFrame of n rows
        All columns, without the label and embeddings, index 0 to n - 1. Numbers and dates that
        were written as text are numbers and dates; other values are as given. It has no
        columns if the data set has only embeddings.
    ids : (n,) array of str
        Unique; the row number if the source has no ids.
    features : (n, d) array of float32
        Input of models and neighbours: finite, columns scaled.
    feature_columns : tuple of d str
        The column of ``frame`` (or of the embedding) that each feature comes from.
    kinds : mapping of str to str
        The kind of each column of ``frame``.
    label : str
        Name of the label column.
    labels : (n,) array of int
        Class ids; -1 where the label is missing.
    classes : tuple of str
        Class names in the order of the ids; at least two.
    split : (n,) array of str or None
        The part that each row belongs to (train, test), if the source has a split column.
    groups : (n,) array of str or None
        Group of each row (a speaker, a patient); a group never lies on both sides of a split.
    truth : (n,) array of int or None
        True class ids where they are known, -1 where not. Used only to score what was found.
    annotators : mapping of str to (n,) array of int
        Further label columns: class ids, -1 where missing.
    sensitive : tuple of str
        Columns of ``frame`` to check for fairness.
    media : Media or None
        Images or sounds.
    skipped : tuple of (str, str)
        Name of each item that could not be read, and the reason.
    notes : tuple of (str, str)
        How values were read, where a reader of the data should know: the place and a remark.
    reading : mapping of str to object
        The options ``decimal``, ``missing`` and ``merge_labels``, where the caller gave them.
    source : str
        A path or a dataset's name with which the data can be loaded again; "" if it was passed as
        an object.
    roles : mapping of str to str
        The columns used as ``id``, ``split``, ``group`` and ``true_label``, by role.
    split_named : bool
        Whether the caller named the split column, rather than the source.
    strange_truths : mapping of str to int
        Values of the true-label column that are not classes, with their number of rows; the truth
        of these rows is -1.
    made : tuple of str
        Columns that the reader made, such as the width of an image. They are shown, but no finding
        is about them.
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
    notes: tuple[tuple[str, str], ...] = ()
    reading: Mapping[str, str | tuple[str, ...] | bool] = field(default_factory=dict)
    made: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes as lines; one that asks for a decision begins with ``warning:``."""
        return tuple(
            f"{WARNING * what.startswith(WARNING)}{place if place != 'column ' else UNNAMED}: "
            f"{what.removeprefix(WARNING)}"
            for place, what in self.notes
        )


def part_of(rows: Rows, chosen: IntArray) -> Rows:
    """Return some of the rows, without media and truth.

    Parameters
    ----------
    rows : Rows
    chosen : array of int
        Row numbers.

    Returns
    -------
    Rows
    """
    return replace(
        rows,
        frame=rows.frame.iloc[chosen].reset_index(drop=True),
        ids=rows.ids[chosen],
        features=rows.features[chosen],
        labels=rows.labels[chosen],
        split=None if rows.split is None else rows.split[chosen],
        groups=None if rows.groups is None else rows.groups[chosen],
        truth=None,
        annotators={name: each[chosen] for name, each in rows.annotators.items()},
        media=None,
    )
