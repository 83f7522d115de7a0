"""What every kind of source becomes before it is encoded, and what each way in needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.records import TextArray
from dataperf.records.rows import Media

if TYPE_CHECKING:
    import pandas as pd

#: Lines of one kind that are listed one by one; what is more is counted.
MOST_LISTED = 20


@dataclass(frozen=True)
class Loaded:
    """A source whose columns are read but not yet told apart.

    Parameters
    ----------
    name
        What to call it.
    frame : DataFrame of n rows
        Every column that holds one value a row, index 0..n-1.
    vectors : mapping of str to (n, d) array
        Columns that hold a list of numbers in each row.
    ids : (n,) array of str or None
        Where the source names its rows without a column for it.
    roles
        The columns that serve as label, id, split, group and truth unless the caller says
        otherwise.
    class_names
        The names behind the whole numbers of a column.
    hidden
        Columns that tell the truth: neither shown nor encoded.
    only_vectors
        Whether the columns of the frame describe the rows but are nothing a model sees.
    media
        Pictures or sounds.
    skipped
        What could not be read: name and reason.
    source
        The words with which it can be loaded again; "" if it came as an object.
    """

    name: str
    frame: pd.DataFrame
    vectors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    ids: TextArray | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    only_vectors: bool = False
    media: Media | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    source: str = ""


def chunks(rows: int, width: int, *, numbers: int = 2**22) -> Iterator[slice]:
    """Yield slices that cover the rows, each of about so many numbers of a given width."""
    step = max(1, numbers // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def row_numbers(rows: int) -> TextArray:
    """Return the row numbers as text, each in no more characters than the last one needs."""
    return np.arange(rows).astype(f"<U{len(str(max(0, rows - 1)))}")
