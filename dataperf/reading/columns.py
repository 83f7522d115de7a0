"""Detect what a column of a table holds from its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.reading import writing
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
ID_NAME = re.compile(r"(^|[_\s.-])(id|ids|idx|index|key|uuid|guid|row|rowid)$|[a-z]I[dD]$", re.I)


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
    """

    name: str
    kind: Kind
    values: Any
    is_id: bool = False
    notes: tuple[str, ...] = ()


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
        return Column(name, kind, values, _is_numbering(name, values, low, high), notes)
    there = np.isfinite(values)
    infinite = int(np.isinf(values).sum())
    if infinite:
        notes = (*notes, f"{plural(infinite, 'infinite value')} counted as missing")
    whole = bool(there.all())
    finite = values if whole else values[there]
    if not len(finite) or (finite.min() == finite.max() and whole):
        return Column(name, "constant", values, notes=notes)
    return Column(name, kind, values, notes=notes)


def _is_numbering(name: str, values: NDArray[Any], low: Any, high: Any) -> bool:
    """Return whether integers only identify the rows: all different, and without gaps or named so."""
    without_gap = int(high) - int(low) == len(values) - 1 and len(values) >= FEW_ROWS
    if not without_gap and not ID_NAME.search(name):
        return False
    return len(np.unique(values)) == len(values)


def _dates(name: str, series: pd.Series) -> Column:
    """Return times as seconds since the earliest one, in double precision."""
    missing = series.isna().to_numpy()
    if str(series.dtype).startswith(("datetime64[", "timedelta64[")) and "," in str(series.dtype):
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
    return _numbers(name, seconds, series, kind="datetime")


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
    return Column(name, "categorical", series, notes=notes)
