"""Turn columns of any kind into small integer codes; sample rows; tables of flagged rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.reading.columns import SECOND
from dataperf.records import IntArray
from dataperf.records.findings import SEVERITIES, Severity
from dataperf.records.rows import Kind, Rows

if TYPE_CHECKING:
    import pandas as pd

#: Maximum number of rows that a detector examines where a sample is enough.
SAMPLE = 100_000
#: Numbers from here on are shown in scientific form.
WHOLE = 1e12


@dataclass(frozen=True)
class Coded:
    """A column as codes.

    Parameters
    ----------
    name
        Name of the column.
    codes : (n,) array of int32
        In ``range(len(names))``.
    names : tuple of str
        Meaning of each code: a value, an interval, ``missing`` or ``(other)``.
    edges : (intervals + 1,) array of float, or None
        Ends of the intervals, ascending; the intervals are the first codes. None for categories.
    missing
        Code of missing values; -1 if no value is missing.
    other
        Code of all rare values; -1 if there is none.
    """

    name: str
    codes: NDArray[np.int32]
    names: tuple[str, ...]
    edges: NDArray[np.float64] | None = None
    missing: int = -1
    other: int = -1

    @property
    def counts(self) -> IntArray:
        """Number of rows of each code."""
        return np.bincount(self.codes, minlength=len(self.names))


def sample(rows: int, limit: int, seed: int) -> IntArray:
    """Return at most ``limit`` random row numbers, sorted.

    >>> sample(3, 5, 0)
    array([0, 1, 2])
    """
    if rows <= limit:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))


def describing(rows: Rows) -> list[str]:
    """Return the frame's columns that describe the rows: all except id, split and group.

    Ids, splits and groups differ by definition; a difference in them is not a finding. Nor is one
    in what the reader made, such as the width of an image.
    """
    serving = {*rows.roles.values(), *rows.made}
    return [str(name) for name in rows.frame.columns if name not in serving]


def described(rows: Rows, picked: IntArray) -> Iterator[tuple[str, Kind, Any]]:
    """Yield name, kind and values of each column that describes the picked rows.

    These are the columns that `describing` returns. If there are none, each feature is a column,
    except for images and sounds.
    """
    if names := describing(rows):
        whole = len(picked) == len(rows) and bool((np.diff(picked) > 0).all())
        part = rows.frame if whole else rows.frame.iloc[picked]
        for name in names:
            yield name, rows.kinds.get(name, "categorical"), part[name]
    elif rows.media is None:
        for number, name in enumerate(feature_names(rows)):
            yield name, "numeric", rows.features[picked, number]


def feature_names(rows: Rows) -> list[str]:
    """Return a name for each feature; features of the same column are numbered."""
    names = rows.feature_columns
    often = len(set(names)) < len(names)
    return [f"{name}[{number}]" if often else name for number, name in enumerate(names)]


def numbers(values: Any, kind: Kind) -> NDArray[np.float64]:
    """Return the values of a numeric or datetime column; nan where missing or infinite.

    >>> numbers(["1", None, float("inf")], "numeric").tolist()
    [1.0, nan, nan]
    """
    import pandas as pd

    if kind == "datetime":
        if isinstance(getattr(values, "dtype", None), pd.PeriodDtype):
            values = values.dt.to_timestamp()
        when = pd.Series(pd.to_datetime(values, errors="coerce", utc=True)).reset_index(drop=True)
        if when.dt.unit == "ns":  # nanoseconds since 1970 do not fit into a float
            when = when.astype("datetime64[us, UTC]")
        whole = when.astype("int64").to_numpy(np.float64)
        return np.where(when.isna().to_numpy(), np.nan, whole / SECOND[when.dt.unit])
    series = pd.to_numeric(pd.Series(values), errors="coerce")
    if series.dtype.kind == "c":
        series = series.abs()
    found = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def coded(name: str, kind: Kind, values: Any, *, bins: int, most: int) -> Coded:
    """Turn a column into codes: intervals of numbers and dates, and all other values one by one.

    Parameters
    ----------
    name, kind, values
        As `described` yields them.
    bins
        Maximum number of intervals, with about equal numbers of rows. A column with few distinct
        numbers has one interval for each.
    most
        Maximum number of categories; the rarer values share a code.
    """
    if kind in ("numeric", "datetime"):
        return _intervals(name, kind, numbers(values, kind), bins)
    return categories(name, values, most=most)


def _intervals(name: str, kind: Kind, values: NDArray[np.float64], bins: int) -> Coded:
    there = np.isfinite(values)
    known = values[there]
    inner = np.empty(0)
    if len(known):
        inner = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    distinct = np.unique(known[:: max(1, len(known) // 2000)])
    if 1 < len(distinct) <= bins and np.isin(known, distinct).all():
        inner = (distinct[1:] + distinct[:-1]) / 2
    # the last interval must include the largest value, or it would be empty
    inner = inner[inner < known.max()] if len(known) else inner
    ends = [known.min(), known.max()] if len(known) else [np.nan, np.nan]
    edges = np.concatenate([ends[:1], inner, ends[1:]])
    if len(known) and (known == np.floor(known)).all():
        edges = np.floor(edges)  # "over 2023", not "over 2023.5": the values are whole
    codes = np.searchsorted(inner, values, side="left").astype(np.int32)
    names = [interval_name(edges, kind, low, low + 1) for low in range(len(inner) + 1)]
    missing = -1
    if not there.all():
        missing = len(names)
        codes[~there] = missing
        names.append("missing")
    return Coded(name, codes, tuple(names), edges, missing)


def interval_name(edges: NDArray[np.float64], kind: Kind, low: int, high: int) -> str:
    """Return the intervals in ``range(low, high)`` as text.

    >>> edges = np.array([0.0, 1.0, 2.0, 9.0])
    >>> [interval_name(edges, "numeric", *ends) for ends in ((0, 1), (1, 2), (1, 3))]
    ['at most 1', 'over 1 to 2', 'over 1']
    >>> interval_name(np.array([2021.0, 2023.0, 12345.0]), "numeric", 1, 2)
    'over 2023'
    """
    last = len(edges) - 1
    first, end = (_shown(edges[place], kind) for place in (low, high))
    if low == 0 and high == last:
        return "any"
    if low == 0:
        return f"at most {end}"
    return f"over {first}" if high == last else f"over {first} to {end}"


def _shown(value: float, kind: Kind) -> str:
    if kind == "datetime" and np.isfinite(value):
        return str(np.datetime64(math.floor(value), "s"))
    if value == np.floor(value) and abs(value) < WHOLE:
        return str(int(value))
    return f"{value:.0f}" if 1e4 <= abs(value) < WHOLE else f"{value:.4g}"


def categories(name: str, values: Any, *, most: int) -> Coded:
    """Turn a column of categories into codes, the most frequent first.

    >>> found = categories("x", ["b", "a", None, "b"], most=1)
    >>> found.names, found.codes.tolist()
    (('b', 'missing', '(other)'), [0, 2, 1, 0])
    """
    import pandas as pd

    series = pd.Series(values)
    try:
        codes, found = pd.factorize(series)
    except TypeError:  # lists and the like cannot be compared as they are
        codes, found = pd.factorize(series.map(repr).where(series.notna(), None))
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    order = np.argsort(-counts, kind="stable")
    kept = min(len(order), most)
    names = [str(found[place]) for place in order[:kept]]
    new = np.empty(len(order) + 1, dtype=np.int32)
    new[order] = np.minimum(np.arange(len(order)), kept)
    missing = other = -1
    if (codes < 0).any():
        missing = len(names)
        names.append("missing")
    if kept < len(order):
        other = len(names)
        names.append("(other)")
    new[order[kept:]] = other
    new[-1] = missing  # factorize gives -1 for missing
    return Coded(name, new[codes], tuple(names), missing=missing, other=other)


def row_table(rows: Rows, picked: IntArray, score: Any, **more: Any) -> pd.DataFrame:
    """Return a table of flagged rows with ``row``, ``id``, ``score`` and further columns."""
    import pandas as pd

    facts: dict[str, Any] = {"row": picked, "id": rows.ids[picked], "score": score}
    return pd.DataFrame({**facts, **more})


def class_names(rows: Rows, labels: IntArray) -> NDArray[Any]:
    """Return the names of class ids as an array of objects; None for missing labels."""
    names = np.array([*rows.classes, None], dtype=object)
    return names[labels]


def folds(rows: Rows, picked: IntArray, count: int, seed: int) -> IntArray:
    """Return a random fold for each picked row; rows of a group get the same fold."""
    random = np.random.default_rng(seed)
    if rows.groups is None:
        return random.permutation(len(picked)) % count
    groups, place = np.unique(rows.groups[picked], return_inverse=True)
    of_group: IntArray = random.permutation(len(groups)) % count
    return of_group[place]


def by_rule(value: float, cuts: Mapping[Severity, float]) -> Severity:
    """Return the highest severity whose threshold the value reaches.

    >>> by_rule(0.02, {"high": 0.1, "medium": 0.01})
    'medium'
    """
    order: tuple[Severity, ...] = ("high", "medium", "low")
    return next((name for name in order if value >= cuts.get(name, np.inf)), "none")


def gravest(*severities: Severity) -> Severity:
    """Return the highest of several severities.

    >>> gravest("low", "none")
    'low'
    """
    return max(severities, key=SEVERITIES.index, default="none")


def chunks(rows: int, size: int, work: Callable[[slice], None]) -> None:
    """Call ``work`` on slices of at most ``size`` rows, to bound memory."""
    for start in range(0, rows, size):
        work(slice(start, min(rows, start + size)))
