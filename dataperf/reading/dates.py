"""Read dates and times as people write them, and the parts of dates that models can use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.reading.numbers import PLACEHOLDERS

if TYPE_CHECKING:
    import pandas as pd

_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
#: Year first; the separator may be a hyphen, a slash or a point.
_YEAR_FIRST = re.compile(rf"\d{{4}}([-/.])\d{{1,2}}(?:\1\d{{1,2}}{_TIME}{_ZONE})?")
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([./-])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}{_ZONE}")
_NAMED = re.compile(
    rf"(?:[A-Za-z]{{3,9}},? )?(?:\d{{1,2}}[ -]?[A-Za-z]{{3,9}}\.?,?[ -]?(?:\d{{4}}|\d{{2}})"
    rf"|[A-Za-z]{{3,9}}\.? \d{{1,2}},? \d{{4}}){_TIME}{_ZONE}"
)
_WHEN = re.compile(
    r"(^|[_\s.-])(time|date|stamp|timestamp|datetime|created|updated|epoch|ts|when)|"
    r"(time|date|stamp)$|_at$|[a-z](At|Time|Date)$",
    re.I,
)
#: Numbers such as 20210203 or 20210203140500, without blanks or signs between their parts.
_COMPACT = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"(?:T?(?:[01]\d|2[0-3])(?:[0-5]\d){1,2}Z?)?"
)
_CHINESE = re.compile(r"(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
#: Fewer compact dates are read as dates only if the name of their column says so.
FEW_DATES = 20
#: Days since 1899-12-30, as spreadsheets count them, from 1970 to 2100.
_SERIALS, _FIRST_DAY = (25_569, 73_050), "1899-12-30"
#: Unix times from 1990 to 2100, in seconds.
_EARLIEST, _LATEST = 631_152_000, 4_102_444_800
#: Values that are looked at first, and the least share of dates among all values.
LOOK, LEAST = 200, 0.9
#: Two digits from here on mean a year of the last century, as in POSIX.
LAST_CENTURY, MONTHS = 69, 12


@dataclass(frozen=True)
class Found:
    """A column of dates.

    Parameters
    ----------
    values : Series of n times, or None
        NaT for missing; None if they are dates in two orders.
    form
        How they are written, where a note should say so.
    lost
        Number of values that are not dates, with an example.
    """

    values: pd.Series | None
    form: str = ""
    lost: tuple[int, str] = (0, "")


def read(name: str, column: pd.Series) -> Found | None:
    """Read a column as dates; None if it holds something else.

    ISO dates, dates with the year first or last, dates with the names of months, and whole
    numbers of seconds (or thousandths, millionths) since 1970 in a column that is called so.

    Parameters
    ----------
    name
        Name of the column.
    column : Series of n values

    Examples
    --------
    >>> import pandas as pd
    >>> found = read("when", pd.Series(["31/01/2021", "01/02/2021"]))
    >>> [str(each)[:10] for each in found.values], found.form
    (['2021-01-31', '2021-02-01'], 'day/month/year')
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        return _compact(name, column) or _unix(name, column) or _serial(name, column)
    there = column[column.notna() & ~column.map(_is_blank)]
    some = there.iloc[:: max(1, len(there) // LOOK)].iloc[:LOOK]
    if not len(some) or not all(isinstance(value, str) for value in some):
        return None
    if (found := _written_numbers(name, column, some)) is not None:
        return found
    if all(_CHINESE.match(value.strip()) for value in some):
        column = column.map(_from_chinese, na_action="ignore")
        some = some.map(_from_chinese)
    shapes = [_shape(value) for value in some]
    if sum(shape != "" for shape in shapes) < LEAST * len(some):
        return None
    codes, unique = pd.factorize(column.where(column.map(_is_text)), use_na_sentinel=True)
    words = [str(each).strip() for each in unique]
    parsed, form = _settled(words, all(_PLAIN.fullmatch(value.strip()) for value in some))
    if parsed is None:
        return Found(None, form, (0, words[0])) if form else None
    bad = parsed.isna().to_numpy()
    moments = parsed.take(np.where(codes < 0, 0, codes)).set_axis(column.index)
    moments = moments.mask(codes < 0)
    lost = moments.isna() & column.notna()
    if (lost & column.index.isin(there.index)).sum() > (1 - LEAST) * len(there):
        return None
    example = words[int(np.flatnonzero(bad)[0])] if bad.any() else ""
    return Found(moments, form, (int(lost.sum()), example))


def _from_chinese(text: Any) -> Any:
    """Return a date such as 2021年2月3日 with hyphens; other values as they are."""
    return _CHINESE.sub(r"\1-\2-\3", text) if isinstance(text, str) else text


def _written_numbers(name: str, column: pd.Series, some: pd.Series) -> Found | None:
    """Read numbers that are written as text as compact dates, or as numbers of time."""
    import pandas as pd

    if not all(re.match(r"\d{5}", value.strip()) for value in some):
        return None
    if (found := _compact(name, column)) is not None:
        return found
    as_numbers = pd.to_numeric(column, errors="coerce")
    if (as_numbers.isna() & column.notna()).any() or as_numbers.dtype.kind not in "iuf":
        return None
    return _unix(name, as_numbers) or _serial(name, as_numbers)


def _compact(name: str, column: pd.Series) -> Found | None:
    """Read numbers such as 20210203; None if not all of them are dates."""
    import pandas as pd

    there = column[column.notna()]
    if len(there) < FEW_DATES and not _WHEN.search(name):
        return None
    if column.dtype.kind in "iuf":
        if not len(there) or float(there.min()) < 19e6 or (there % 1 != 0).any():
            return None
        there = there.astype("int64")
    words = there.astype(str).str.strip()
    if not len(words) or not words.map(lambda word: bool(_COMPACT.fullmatch(word))).all():
        return None
    if words.str.len().nunique() > 1 or words.nunique() < 2:
        return None
    iso = words.str.replace(r"^(\d{8})(?=\d)", r"\1T", regex=True)
    moments = pd.to_datetime(iso.astype(object), format="ISO8601", errors="coerce", utc=True)
    if moments.isna().any():
        return None
    form = f"year, month and day without signs between them, such as {words.iloc[0]}"
    return Found(moments.dt.tz_localize(None).reindex(column.index), form)


def _serial(name: str, column: pd.Series) -> Found | None:
    """Read days since 1899-12-30, as spreadsheets store dates, if the column's name says so."""
    import pandas as pd

    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = numbers[np.isfinite(numbers)]
    if not re.search(r"date|datum|fecha|data$", name, re.I) or len(np.unique(known)) < 2:
        return None
    if known.min() < _SERIALS[0] or known.max() > _SERIALS[1]:
        return None
    days = pd.Series(np.where(np.isfinite(numbers), numbers, 0), index=column.index)
    moments = pd.Timestamp(_FIRST_DAY) + pd.to_timedelta((days * 86_400).round(), unit="s")
    return Found(
        moments.mask(~np.isfinite(numbers)), f"days since {_FIRST_DAY}, as in spreadsheets"
    )


def _settled(words: list[str], plain: bool) -> tuple[pd.Series | None, str]:
    """Return different words as times, and their form; None and "" if they are of several forms."""
    import pandas as pd

    if plain:  # the common case, without a look at every word
        moments = pd.to_datetime(
            pd.Series(words, dtype=object), format="ISO8601", errors="coerce", utc=True
        )
        odd = moments.isna().to_numpy()
        if not any(_shape(words[place]) for place in np.flatnonzero(odd)):
            return moments.dt.tz_localize(None), ""
    shapes = {shape for word in words if (shape := _shape(word))}
    return _parsed(words, shapes.pop()) if len(shapes) == 1 else (None, "")


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and value.strip().casefold() in PLACEHOLDERS


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _shape(text: Any) -> str:
    if not isinstance(text, str) or not 6 <= len(text.strip()) <= 45:
        return ""
    text = text.strip()
    shapes = {"year first": _YEAR_FIRST, "year last": _YEAR_LAST, "named": _NAMED}
    return next((name for name, pattern in shapes.items() if pattern.fullmatch(text)), "")


def _parsed(words: list[str], shape: str) -> tuple[pd.Series | None, str]:
    """Return the times, in UTC where they have a zone, and their form in words."""
    import pandas as pd

    form, order = "", ""
    if shape == "year last":
        form, order = _order(words)
        if not order:
            return None, form
    iso = [_iso(word, order) for word in words]
    plain = shape != "named" and not any(re.search("[ap]m", word, re.I) for word in iso)
    moments = pd.to_datetime(
        pd.Series(iso, dtype=object),
        format="ISO8601" if plain else "mixed",
        errors="coerce",
        utc=True,
    )
    return moments.dt.tz_localize(None), form


def _iso(word: str, order: str) -> str:
    """Return a date with the year first, and with two digits for days, months and hours."""
    word = re.sub(r"(:\d{2}),(\d)", r"\1.\2", word)
    if match := re.match(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?", word):
        parts = [match[1], match[2], match[3] or "1"]
    elif match := _YEAR_LAST.fullmatch(word):
        parts = [
            _year(match[4]),
            *((match[3], match[1]) if order == "day" else (match[1], match[3])),
        ]
        match = re.match(r"\d+\D\d+\D\d+", word)
    else:
        return word
    assert match is not None
    rest = re.sub(r"^[T ]+(\d):", r" 0\1:", word[match.end() :])
    return "-".join([parts[0], parts[1].zfill(2), parts[2].zfill(2)]) + rest


def _year(digits: str) -> str:
    """Return a year with four digits: 69 to 99 are of the last century."""
    if len(digits) == 4:
        return digits
    return f"{19 if int(digits) >= LAST_CENTURY else 20}{digits}"


def _order(words: list[str]) -> tuple[str, str]:
    """Return the order in words, and whether "day" or "month" comes first; "" if both do."""
    matches = [match for word in words if (match := _YEAR_LAST.fullmatch(word))]
    first = max(int(match[1]) for match in matches)
    second = max(int(match[3]) for match in matches)
    mark = matches[0][2]
    day, month = f"day{mark}month{mark}year", f"month{mark}day{mark}year"
    if first > MONTHS and second > MONTHS:
        return f"some are {day}, others {month}", ""
    if second > MONTHS:
        return month, "month"
    if first > MONTHS or mark == ".":
        return day, "day"
    return f"{day}; {month} fits too: write the year first to settle it", "day"


def _unix(name: str, column: pd.Series) -> Found | None:
    """Read seconds since 1970, if the column's name says so."""
    import pandas as pd

    if not _WHEN.search(name) or column.dtype.kind not in "iuf":
        return None
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return None
    for unit, ticks in (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)):
        if known.min() >= _EARLIEST * ticks and known.max() <= _LATEST * ticks:
            if len(np.unique(known)) < 2:
                return None
            whole = pd.Series(
                np.where(np.isfinite(numbers), numbers, 0) / ticks, index=column.index
            )
            moments = pd.to_datetime((whole * 1e3).round().astype("int64"), unit="ms")
            words = {
                "s": "seconds",
                "ms": "milliseconds",
                "us": "microseconds",
                "ns": "nanoseconds",
            }
            return Found(moments.mask(~np.isfinite(numbers)), f"{words[unit]} since 1970")
    return None


def span(moments: pd.Series) -> str:
    """Return the first and the last of some times in words.

    >>> import pandas as pd
    >>> span(pd.Series(pd.to_datetime(["2021-02-03", None, "2021-01-02"])))
    '2021-01-02 to 2021-02-03'
    """
    first, last = (str(each) for each in (moments.min(), moments.max()))
    if first[:10] != last[:10]:
        first, last = first[:10], last[:10]
    return f"{first} to {last}"


def parts(moments: pd.Series) -> NDArray[np.float32]:
    """Return parts of dates that repeat, as points on a circle: time of year, day of week, hour.

    Parameters
    ----------
    moments : Series of n times
        Without time zone; NaT for missing.

    Returns
    -------
    (n, k) array of float32
        A cosine and a sine for each part that varies; 0 for missing. The time of year only counts
        if the times span more than a month.

    Examples
    --------
    >>> import pandas as pd
    >>> parts(pd.Series(pd.to_datetime(["2021-02-01", "2021-02-02"]))).shape
    (2, 2)
    """
    there = moments.notna().to_numpy()
    known = moments[there].dt
    columns = []
    if there.any():
        year = (known.day_of_year.to_numpy() - 1) / 365.25
        hour = (known.hour.to_numpy() * 60 + known.minute.to_numpy()) / 1440
        wide = (known.month.nunique() > 1) and np.ptp(moments[there].to_numpy()) > np.timedelta64(
            31, "D"
        )
        for turns, used in ((year, wide), (known.day_of_week.to_numpy() / 7, True), (hour, True)):
            if used and len(np.unique(turns)) > 1:
                for circle in (np.cos, np.sin):
                    whole = np.zeros(len(moments), dtype=np.float32)
                    whole[there] = circle(2 * np.pi * turns)
                    columns.append(whole)
    return np.stack(columns, axis=1) if columns else np.zeros((len(moments), 0), dtype=np.float32)
