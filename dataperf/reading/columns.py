"""Detect what a column of a table holds from its values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.reading import dates, writing
from dataperf.records.rows import Kind

if TYPE_CHECKING:
    import pandas as pd

#: Number of values that are inspected to detect the kind of a column.
LOOK = 2_000
#: A column with text is numeric if at least this share of its values are numbers.
MOSTLY = 0.9
#: Text with at most this many distinct values is categorical, however long.
FEW_VALUES = 50
#: In fewer rows, integers may be all different and without gaps by chance.
FEW_ROWS = 20
#: Short texts are text only if at least this share of them are different.
DIFFERENT = 0.5
#: Ticks of each time unit per second.
SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
#: Ids may be missing or repeated in this share of the rows.
LEAST_KNOWN = 0.95
#: Names that programs give to a column of row numbers: pandas, readr and others.
INDEX_NAME = re.compile(
    r"^(|#|\.\.\.1|Unnamed: ?\d+|level_\d+|__index_level_\d+__"
    r"|(row[ _.]?(names?|num(ber)?|id|no|nr)|rownames?|index))$",
    re.I,
)
NUMBERING = "numbers the rows, so it is not a feature"
ID_NAME = re.compile(
    r"(?i:(^|[_\s.-])(id|ids|idx|index|key|uuid|guid|row|rowid)$)|[a-z]I[dD]$|^X(\.\d+)?$|^(?i:no|nr)\.?$"
)


@dataclass(frozen=True)
class Column:
    """A column, ready to be encoded.

    Parameters
    ----------
    name
        Name in the frame.
    kind
        What it holds.
    values
        Numbers with NaN for missing (numeric, datetime); otherwise the series.
    is_id
        Whether the values only identify the rows.
    notes
        Remarks on how the column was read, for the user.
    parts : (n, k) array of float32 or None
        Parts of dates that repeat, such as the day of the week.
    """

    name: str
    kind: Kind
    values: Any
    is_id: bool = False
    notes: tuple[str, ...] = ()
    parts: NDArray[np.float32] | None = None


def describe(name: str, series: pd.Series) -> Column:
    """Detect what a column holds.

    A column of text is *text* if most of its values are different and have four or more words on
    average, or are short texts (`dataperf.reading.writing`). It is an id if all values are different and short. Otherwise it is *categorical*.

    Parameters
    ----------
    name
        Name of the column.
    series : Series of n values

    Returns
    -------
    Column
    """
    import pandas as pd

    kind = series.dtype
    if isinstance(kind, pd.SparseDtype):
        series = series.sparse.to_dense()
        kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        constant = series.nunique(dropna=False) <= 1
        return Column(name, "constant" if constant else "categorical", series)
    if pd.api.types.is_bool_dtype(kind):
        return _numbers(name, series.to_numpy(dtype=np.float32, na_value=np.nan), series)
    if pd.api.types.is_numeric_dtype(kind):
        if kind.kind == "c":
            note = "complex numbers: their absolute value is used"
            return _numbers(name, np.abs(series.to_numpy()), series, note)
        return _numbers(name, _floats(series), series)
    if isinstance(kind, pd.PeriodDtype):
        series = series.dt.to_timestamp()
        kind = series.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind):
        return _dates(name, series)
    return _objects(name, series)


def _floats(series: pd.Series) -> NDArray[Any]:
    """Return numbers with NaN for missing; floats are not copied."""
    if series.dtype.kind in "iuf" and isinstance(series.dtype, np.dtype):
        return np.asarray(series)
    found: NDArray[Any] = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return found


def _numbers(
    name: str, values: NDArray[Any], series: pd.Series, *notes: str, kind: Kind = "numeric"
) -> Column:
    if values.dtype.kind != "f":
        low, high = values.min(), values.max()
        if low == high:
            return Column(name, "constant", values, notes=notes)
        return _numbering(Column(name, kind, values, notes=notes))
    there = np.isfinite(values)
    infinite = int(np.isinf(values).sum())
    if infinite:
        notes = (*notes, f"{plural(infinite, 'infinite value')} counted as missing")
    whole = bool(there.all())
    finite = values if whole else values[there]
    if not len(finite) or (finite.min() == finite.max() and whole):
        return Column(name, "constant", values, notes=notes)
    found = Column(name, kind, values, notes=notes)
    return _numbering(found) if kind == "numeric" else found


def _numbering(column: Column) -> Column:
    """Return a column of numbers, as ids if they only identify the rows."""
    if not _is_numbering(column.name, column.values):
        return column
    note = () if ID_NAME.search(column.name) else (NUMBERING,)
    return replace(column, is_id=True, notes=(*column.notes, *note))


def _is_numbering(name: str, values: NDArray[Any]) -> bool:
    """Return whether whole numbers only identify the rows.

    They do if nearly all are different, and they have a name of ids or lie close together: at
    least half of the numbers between the lowest and the highest occur. An index that a program
    wrote may also count up again and again, as in files that were joined.
    """
    first = values[:FEW_ROWS]
    if values.dtype.kind == "f" and not np.isin(first[np.isfinite(first)] % 1, 0).all():
        return False
    known = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if len(known) < LEAST_KNOWN * len(values) or not (known == np.floor(known)).all():
        return False
    if INDEX_NAME.search(name):
        counting = float((np.diff(known) == 1).mean()) if len(known) > 1 else 0.0
        return counting >= MOSTLY or len(np.unique(known)) >= len(known) / 2
    named = bool(ID_NAME.search(name))
    dense = len(known) >= (float(known.max()) - float(known.min()) + 1) / 2
    if not named and (len(values) < FEW_ROWS or not dense):
        return False
    least = len(values) if len(values) < FEW_ROWS else LEAST_KNOWN * len(known)
    return len(np.unique(known)) >= least


def _dates(name: str, series: pd.Series) -> Column:
    """Return times as seconds since the earliest one, in double precision."""
    missing = series.isna().to_numpy()
    if getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    kind = "datetime64[ns]" if series.dtype.kind == "M" else "timedelta64[ns]"
    values = series.to_numpy()
    wide = values.astype(kind)
    if not (wide.astype(values.dtype) == values)[~missing].all():  # out of range of nanoseconds
        wide = values
    counts = wide.astype(np.int64)
    first = counts[~missing].min() if (~missing).any() else 0
    seconds = (counts - first) / SECOND[np.datetime_data(wide.dtype)[0]]
    seconds[missing] = np.nan
    if series.dtype.kind == "m":
        return _numbers(name, seconds, series)
    found = _numbers(name, seconds, series, kind="datetime")
    if missing.all():
        return found
    note = f"dates from {dates.span(series)}"
    return replace(found, notes=(*found.notes, note), parts=dates.parts(series))


def _objects(name: str, series: pd.Series) -> Column:
    """Detect what a column of text or of Python objects holds."""
    import pandas as pd

    if not isinstance(series.dtype, pd.StringDtype):
        series = series.astype(object)
    there = series[series.notna()]
    if not len(there):
        return Column(name, "constant", series)
    sample = there.iloc[:: max(1, len(there) // LOOK)].iloc[:LOOK]
    kinds = set(map(type, there))
    if kinds <= {bool, np.bool_}:
        return _numbers(
            name, series.astype("boolean").to_numpy(np.float32, na_value=np.nan), series
        )
    if all(hasattr(each, "isoformat") and hasattr(each, "year") for each in kinds):
        moments = pd.to_datetime(series, errors="coerce", utc=True).dt.tz_localize(None)
        return _dates(name, moments)
    if (found := _parsed(name, series, sample)) is not None:
        return found
    notes: tuple[str, ...] = ()
    if len(kinds) > 1 or str not in kinds:
        series = series.map(str, na_action="ignore")
        types = ", ".join(sorted(kind.__name__ for kind in kinds))
        notes = (f"mixed types ({types}) read as text",) * (len(kinds) > 1)
    return _words(name, series, notes)


def _parsed(name: str, series: pd.Series, sample: pd.Series) -> Column | None:
    """Return a column of text as numbers if nearly all of its values are numbers, else None."""
    import pandas as pd

    codes = any(isinstance(value, str) and re.match(r"0\d", value) for value in sample)
    if codes or pd.to_numeric(sample, errors="coerce").notna().mean() < MOSTLY:
        return None
    numbers = pd.to_numeric(series, errors="coerce").astype(np.float64)
    lost = int((numbers.isna() & series.notna()).sum())
    if lost > (1 - MOSTLY) * series.notna().sum():
        return None
    example = series[numbers.isna() & series.notna()].iloc[:1].map(repr).tolist()
    note = (
        f"{plural(lost, 'non-numeric value')}, such as {''.join(example)[:40]}, counted as missing"
    )
    return _numbers(name, numbers.to_numpy(), series, *([note] if lost else []))


def _words(name: str, series: pd.Series, notes: tuple[str, ...]) -> Column:
    there = series[series.notna()]
    distinct = int(there.nunique())
    if distinct <= 1 and (distinct == 0 or len(there) == len(series)):
        return Column(name, "constant", series, notes=notes)
    sample = there.iloc[:: max(1, len(there) // LOOK)].iloc[:LOOK]
    values = sample.tolist()
    many = distinct > min(FEW_VALUES, len(there) / 2)
    long = writing.words_in(values) >= writing.WORDS
    short = distinct > DIFFERENT * len(there) and writing.is_short_text(values)
    if many and (long or short or writing.has_form(values)):
        return Column(name, "text", series, notes=notes)
    if distinct == len(series) and len(series) > 2:
        return Column(name, "text", series, True, notes)
    named = INDEX_NAME.search(name) or ID_NAME.search(name)
    if named and len(there) >= FEW_ROWS and distinct >= LEAST_KNOWN * len(series):
        note = (
            f"{distinct:,} different values in {plural(len(series), 'row')} are ids, not a feature"
        )
        return Column(name, "text", series, True, (*notes, note))
    return Column(name, "categorical", series, notes=notes)
