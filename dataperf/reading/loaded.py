"""The common form of all sources before they are encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import shorten
from dataperf.errors import refuse
from dataperf.records import TextArray
from dataperf.records.rows import Media

if TYPE_CHECKING:
    import pandas as pd

#: A floating-point number holds whole numbers exactly up to here.
EXACT = 2**53
#: Problems of one kind that are listed; the rest is counted.
MOST_LISTED = 20
#: Maximum number of columns that are looked at one by one.
MOST_COLUMNS = 20_000


def check_columns(subject: str, names: Sequence[str]) -> None:
    """Refuse a table with too many columns, or with two of one name.

    Raises
    ------
    Invalid
        If it has more than `MOST_COLUMNS` columns, or names repeat.
    """
    if len(names) > MOST_COLUMNS:
        what = f"{len(names):,} columns"
        expected = (
            f"at most {MOST_COLUMNS:,}; hand numbers over as one array: an .npz file with the "
            "arrays features and labels, or one Parquet column of lists"
        )
        raise refuse(subject, "too-many-columns", "", what, expected)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        places = [number for number, name in enumerate(names, 1) if not name]
        if twice == [""]:
            what = f"columns {shorten([str(place) for place in places], 6)} have no name"
        else:
            what = "two columns have this name"
        expected = "a name of its own for each column; in a text file, the first line has them"
        raise refuse(subject, "duplicate-column", ", ".join(filter(None, twice)), what, expected)


@dataclass(frozen=True)
class Loaded:
    """A source whose columns are read but do not have their roles yet.

    Parameters
    ----------
    name
        Name of the data, for messages.
    frame : DataFrame of n rows
        Every column that holds one value a row, index 0..n-1.
    vectors : mapping of str to (n, d) array
        Columns that hold a list of numbers in each row.
    ids : (n,) array of str or None
        Row ids, if the source has them outside its columns.
    roles
        Role (label, id, split, group, true_label) to column; the caller may choose others.
    class_names
        Column to the class names that its integers stand for.
    hidden
        Columns that give the true label or the defect: neither shown nor encoded.
    only_vectors
        Whether models see only the vectors, and the columns of the frame only describe the rows.
    media
        Images or sounds.
    skipped
        Name and reason of what could not be read.
    notes
        Place and remark on how it was read, for the user.
    missing_words
        By column: words that the reader has already taken as missing, with their number of rows.
    source
        Path or name that loads the data again; "" if it was an object in memory.
    made
        Columns that the reader made, such as the width of an image: shown, but not judged.
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
    notes: tuple[tuple[str, str], ...] = ()
    missing_words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    source: str = ""
    made: tuple[str, ...] = ()


def chunks(rows: int, width: int, *, numbers: int = 2**22) -> Iterator[slice]:
    """Yield slices that cover all rows, each with at most ``numbers`` values (rows x width)."""
    step = max(1, numbers // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def row_numbers(rows: int) -> TextArray:
    """Return the row numbers as text, with as many characters as the last one needs."""
    return np.arange(rows).astype(f"<U{len(str(max(0, rows - 1)))}")
