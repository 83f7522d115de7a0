"""The section of columns: how each was read, what it holds, and what it says about the label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.curation import charts, samples
from dataperf.curation.cards import Scene
from dataperf.curation.charts import Histogram
from dataperf.curation.samples import Audited
from dataperf.curation.sections import Section
from dataperf.evidence import discretize
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

#: Maximum number of columns, of values that are named, and bars of a histogram.
MOST, VALUES, BARS = 100, 3, 24
#: What a column was read as, in words.
KINDS = {
    "numeric": "numbers",
    "categorical": "categories",
    "text": "text",
    "datetime": "dates",
    "embedding": "vectors",
    "constant": "one value",
}
#: What a column serves as, in words.
ROLES = {"id": "ids", "split": "split", "group": "groups", "true_label": "true label"}


@dataclass(frozen=True)
class Share:
    """A frequent value and the share of the rows that have it."""

    value: str
    share: float


@dataclass(frozen=True)
class Line:
    """One column.

    Parameters
    ----------
    name, kind, use
        The column's name, what it was read as, and what it is used for.
    missing
        Share of rows without a value.
    distinct
        Number of different values.
    bars
        A histogram of numbers and dates; None for other columns.
    low, high
        The ends of the histogram in words.
    top
        The most frequent values of other columns.
    association
        How well the column alone predicts the label, from 0 (chance) to 1; None if unknown.
    note
        What a reader should know of how it was read.
    """

    name: str
    kind: str
    use: str
    missing: float
    distinct: int
    bars: Histogram | None
    low: str
    high: str
    top: tuple[Share, ...]
    association: float | None
    note: str


def section(scene: Scene) -> Section | None:
    """Return the section of columns; None for rows without columns."""
    rows = scene.audit.rows
    names = [str(name) for name in rows.frame.columns]
    if not names:
        return None
    power = column_power(scene.audit)
    names.sort(key=lambda name: -power.get(name, -1.0))
    lines = [_line(rows, name, power.get(name)) for name in names[:MOST]]
    lead = (
        "How each column was read, and how well it alone predicts the label, from 0 (chance) to "
        f"100\N{NO-BREAK SPACE}%. The label is the column {samples.clipped(rows.label, 60)}."
    )
    content = {"lines": lines, "total": len(names)}
    return Section("columns", "Columns", lead, "columns.html", content)


def column_power(audit: Audited) -> dict[str, float]:
    """Return how well each column alone predicts the label, 0 (chance) to 1; {} if unknown."""
    found = samples.finding(audit, "features")
    table = None if found is None else found.tables.get("columns")
    if table is None or not {"column", "power"} <= set(table.columns):
        return {}
    return dict(zip(table["column"].astype(str), table["power"].astype(float), strict=True))


def _line(rows: Rows, name: str, association: float | None) -> Line:
    kind = str(rows.kinds.get(name, "categorical"))
    values = rows.frame[name]
    bars, low, high = None, "", ""
    top: tuple[Share, ...] = ()
    if kind in ("numeric", "datetime"):
        numbers = discretize.numbers(values, kind)  # type: ignore[arg-type]
        known = numbers[np.isfinite(numbers)]
        missing, distinct = 1 - len(known) / max(1, len(numbers)), len(np.unique(known))
        if distinct > 1 and name != rows.roles.get("id"):
            bars = charts.histogram(known, bins=BARS)
            low, high = (_end(float(each), kind) for each in (known.min(), known.max()))
    else:
        counts = _counts(values)
        missing, distinct = 1 - int(counts.sum()) / max(1, len(values)), len(counts)
        top = tuple(
            Share(samples.clipped(value, 40), count / len(values))
            for value, count in counts.head(VALUES if kind != "text" else 0).items()
        )
    words = KINDS.get(kind, kind)
    remarks = [*rows.skipped, *rows.notes]
    note = "; ".join(why for what, why in remarks if what == f"column {name}")
    use = _use(rows, name)
    return Line(name, words, use, missing, distinct, bars, low, high, top, association, note)


def _counts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return how often each value occurs, the most frequent first."""
    try:
        return values.value_counts()
    except TypeError:  # lists and the like cannot be counted as they are
        return values.map(repr, na_action="ignore").value_counts()


def _use(rows: Rows, name: str) -> str:
    """Return what a column is used for."""
    serving = [ROLES.get(role, role) for role, column in rows.roles.items() if column == name]
    if serving:
        return ", ".join(serving)
    if name in rows.feature_columns:
        return "feature"
    return "shown only" if rows.media is not None else "not used"


def _end(value: float, kind: str) -> str:
    if kind == "datetime":
        return str(np.datetime64(int(value), "s")).partition("T")[0]
    return samples.short(value)
