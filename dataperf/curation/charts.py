"""Tables, heat maps, bars and intervals as plain records, which templates and terminals draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataperf.curation.samples import clipped, short
from dataperf.reading import spelling
from dataperf.records import FloatArray
from dataperf.records.findings import Severity

if TYPE_CHECKING:
    import pandas as pd

#: How a reader sees each severity.
SEVERITY_WORDS: dict[Severity, str] = {
    "high": "high",
    "medium": "medium",
    "low": "low",
    "none": "fine",
}
#: Columns of a finding's table that hold shares; they are shown in per cent.
SHARES = {
    *("share", "even_share", "error", "accuracy", "agreement", "confidence", "chance"),
    *("lowest", "highest"),
}
#: Columns of a finding's table that hold labels.
LABELS = {"given", "suggested", "class", "neighbours_say", "true_label"}
#: Columns that count: only their whole numbers get a thousands sign, years and ids do not.
COUNTS = {"rows", "reference_rows", "distinct", "flagged", "wrong"}
#: Maximum number of columns of a table.
MOST_COLUMNS = 14


def percent(share: float) -> str:
    """Return a share in per cent, with one decimal where it is small.

    >>> percent(0.5), percent(0.0123), percent(0.00001), percent(float("nan"))
    ('50 %', '1.2 %', '<0.1 %', '–')
    """
    if not np.isfinite(share):
        return "–"
    if 0 < share < 0.001:
        return "<0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


class Cell(NamedTuple):
    """The text of a cell, and the number to sort it by ("" for words)."""

    text: str
    order: str


class Head(NamedTuple):
    """The name of a column, and whether it holds numbers."""

    name: str
    numeric: bool


@dataclass(frozen=True)
class Table:
    """The first rows of a data frame as texts.

    Parameters
    ----------
    caption
        A few words above; "" for none.
    heads
        The columns.
    lines
        The cells of each row that is shown.
    total
        Rows of the whole data frame.
    """

    caption: str
    heads: list[Head]
    lines: list[list[Cell]]
    total: int


def cell(column: str, value: Any) -> Cell:
    """Return a value as the text of a cell.

    >>> cell("share", 0.5), cell("row", 1200), cell("rows", 1200), cell("name", None)
    (Cell(text='50 %', order='0.5'), Cell(text='1200', order='1200'), Cell(text='1,200', order='1200'), Cell(text='–', order=''))
    """
    if isinstance(value, bool | np.bool_):
        return Cell("yes" if value else "no", str(int(value)))
    if isinstance(value, int | np.integer):
        return Cell(f"{int(value):,}" if column in COUNTS else str(int(value)), str(int(value)))
    if isinstance(value, float | np.floating):
        number = float(value)
        if not np.isfinite(number):
            return Cell("–", "-1e99")
        return Cell(percent(number) if column in SHARES else short(number), repr(number))
    if column in LABELS and isinstance(value, str):
        value = spelling.shown(value)
    return Cell("–" if value is None else clipped(value, 120), "")


def table(frame: pd.DataFrame, *, most: int, caption: str = "") -> Table:
    """Return the first rows of a data frame as texts; columns without any value are left out.

    Parameters
    ----------
    frame
        What to show.
    most
        Maximum number of rows.
    caption
        A few words above.
    """
    names = [name for name in frame.columns if not frame[name].isna().all()][:MOST_COLUMNS]
    cells = [
        [cell(str(name), value) for value in frame[name].head(most).tolist()] for name in names
    ]
    heads = [
        Head(str(name).replace("_", " "), _is_numeric(column)) for name, column in zip(names, cells)
    ]
    count = min(most, len(frame))
    lines = [[column[place] for column in cells] for place in range(count)]
    return Table(caption, heads, lines, len(frame))


def _is_numeric(column: list[Cell]) -> bool:
    return any(each.order for each in column) and all(
        each.order or each.text == "–" for each in column
    )


class Interval(NamedTuple):
    """A value, the ends of its interval and a mark to compare with, in per cent of a line."""

    low: float
    high: float
    value: float
    mark: float


def interval(value: float, low: float, high: float, mark: float, *, top: float) -> Interval:
    """Return where a value and its interval lie on a line from 0 to ``top``.

    >>> interval(0.5, 0.25, 3.0, 0.0, top=1.0)
    Interval(low=25.0, high=100.0, value=50.0, mark=0.0)
    """
    return Interval(*(100 * min(max(each / top, 0.0), 1.0) for each in (low, high, value, mark)))


class HeatCell(NamedTuple):
    """A share, its text, its shade from 0 to 1, and whether it lies on the diagonal."""

    value: float
    text: str
    part: float
    kind: Literal["own", "other", "missing"]


@dataclass(frozen=True)
class Heat:
    """A square table of shares; rows and columns are the classes."""

    names: list[str]
    lines: list[list[HeatCell]]


def heat(values: NDArray[Any], names: Sequence[str]) -> Heat:
    """Return a square table of shares whose cells off the diagonal are shaded by their size.

    Parameters
    ----------
    values : (k, k) array of float
        Shares; rows and columns are the classes.
    names : k names
    """
    off = values[~np.eye(len(values), dtype=bool)]
    top = float(np.nanmax(off)) if off.size and np.nanmax(off) > 0 else 1.0
    lines = [
        [_heat_cell(float(value), top, down == across) for across, value in enumerate(line)]
        for down, line in enumerate(values)
    ]
    return Heat(list(names), lines)


def _heat_cell(value: float, top: float, own: bool) -> HeatCell:
    if not np.isfinite(value):
        return HeatCell(value, "–", 0.0, "missing")
    if own:
        return HeatCell(value, f"{100 * value:.0f}", 0.0, "own")
    text = f"{100 * value:.1f}".replace(".0", "") if value >= 0.0005 else "·"
    return HeatCell(value, text, min(value / top, 1.0), "other")


class Bar(NamedTuple):
    """One bar of a histogram: values from ``low`` to ``high``, and its place in pixels."""

    x: float
    width: float
    height: float
    rows: int
    low: float
    high: float
    below: bool


@dataclass(frozen=True)
class Histogram:
    """Bars of how often values occur, in a drawing of ``wide`` by ``tall`` pixels.

    ``zero`` is where zero lies, None if it lies outside.
    """

    wide: int
    tall: int
    bars: list[Bar]
    zero: float | None


def histogram(values: FloatArray, *, bins: int = 48) -> Histogram:
    """Return bars of how often values occur; the bars below zero are marked.

    The lowest and the highest 0.2 % of the values count in the first and the last bar.

    Parameters
    ----------
    values : (n,) array of float
        Finite.
    bins
        Number of bars.
    """
    low, high = np.quantile(values, [0.002, 0.998])
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    wide, tall, top = 960, 190, max(1, int(counts.max()))
    bars = [
        Bar(
            x=place * wide / bins + 1,
            width=wide / bins - 2,
            height=tall * int(count) / top,
            rows=int(count),
            low=float(edges[place]),
            high=float(edges[place + 1]),
            below=bool(edges[place + 1] <= 1e-12),
        )
        for place, count in enumerate(counts)
    ]
    zero = float(wide * (0 - low) / (high - low)) if low < 0 < high else None
    return Histogram(wide, tall, bars, zero)
