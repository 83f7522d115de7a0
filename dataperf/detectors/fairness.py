"""Group fairness: differences between groups in accuracy, selection rate and recall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.basics.wording import agreed
from dataperf.evidence import discretize, measures
from dataperf.evidence.discretize import Coded
from dataperf.reading.labels import text_of
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Group fairness"

#: Groups with fewer rows are listed but not compared.
SMALL = 30
#: Maximum number of intervals of a number, of values of a column, and of (frequent) classes.
BINS, MOST, CLASSES = 4, 50, 20
#: Numbers with at most this many different values are codes of groups; more are a quantity.
CODES = 20
ALPHA = 0.05
#: Minimum difference of each severity.
CUTS: dict[Severity, float] = {"high": 0.2, "medium": 0.1, "low": 0.05}
#: Minimum disparate impact ratio by the four-fifths rule.
FIFTHS = 0.8

MEASURES = {
    "accuracy difference": "accuracy",
    "demographic parity difference": "selection rate",
    "disparate impact ratio": "selection rate",
    "equal opportunity difference": "recall",
}


@dataclass(frozen=True)
class _Groups:
    """One class against the rest, in the groups that are large enough.

    Parameters
    ----------
    column
        The sensitive column.
    name
        The class; "" for accuracy.
    names
        The g groups.
    cells : (g, 2, 2) array of int
        Number of rows by group, by whether they have the class, and by whether it is predicted.
    """

    column: str
    name: str
    names: tuple[str, ...]
    cells: IntArray


def find(evidence: Evidence) -> Finding | str:
    """Compare the models' out-of-fold predictions between groups.

    For each sensitive column, these are the largest difference between groups in accuracy; and for
    the positive class the largest difference in selection rate (demographic parity difference),
    the smallest selection rate divided by the largest (disparate impact ratio), and the largest
    difference in recall (equal opportunity difference) [1]_. They equal those of
    ``fairlearn.metrics``. The positive class is the second of two classes; of more classes, each of
    the 20 most frequent ones against the rest. The given labels count as true. Groups with fewer
    than 30 rows are listed but not compared; recall also needs 30 rows of the class. Numbers with
    at most 20 different values are groups; other numbers, and dates, are cut into ranges.

    Intervals allow for the choice of the two extreme groups: they go from the largest lower end to the
    largest upper end of the differences of all pairs of groups [2]_, each at 0.05 / number of pairs.
    Ratios take the ends of each group's Wilson interval at 0.05 / number of groups instead.
    Significance is decided by a chi-squared test of the groups, with Holm's adjusted p-value of at most
    0.05. Severity of significant differences: high from 0.2; medium from 0.1, or
    from a disparate impact ratio below 0.8; low from 0.05. A difference in selection rate is at
    most low if the labels differ by as much between groups (``base_difference``): it may be
    justified.

    References
    ----------
    .. [1] M. Hardt, E. Price & N. Srebro, Equality of opportunity in supervised learning, NIPS
       2016.
    .. [2] R. G. Newcombe, Interval estimation for the difference between independent proportions,
       Statistics in Medicine 17 (1998), method 10.
    """
    import pandas as pd

    rows = evidence.rows
    if not rows.sensitive:
        return "no sensitive columns were named"
    picked = evidence.labelled
    if not len(picked):
        return "no row has a label"
    labels = rows.labels[picked]
    predicted = evidence.probabilities.argmax(axis=1)[picked]
    coded = [_coded(rows, name, picked) for name in rows.sensitive]
    groups = pd.concat([_accuracies(each, labels == predicted) for each in coded])
    lines = [line for each in coded for line in _lines(rows, each, labels, predicted)]
    if not lines:
        return f"no sensitive column has two groups of at least {SMALL} rows"
    table = pd.DataFrame(lines)
    table["p"] = statistics.holm(table["p"])
    table["severity"] = [_line_severity(line) for line in table.to_dict("records")]
    table["score"] = np.where(table["p"] <= ALPHA, _size(table), 0.0)
    table = table.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    small = groups[groups["small"]]
    ranges = [each.name for each in coded if each.edges is not None]
    return Finding(
        kind="fairness",
        title=title,
        sentence=_sentence(table, small) + _of_ranges(rows, ranges),
        severity=discretize.gravest(*table["severity"]),
        table=table,
        numbers={
            "columns": len(coded),
            "groups": len(groups),
            "small_groups": len(small),
            "differences": int((table["severity"] != "none").sum()),
            "classes_looked_at": int(table["class"].dropna().nunique()),
            "classes": len(rows.classes),
        },
        tables={"groups": groups.reset_index(drop=True)},
    )


def _coded(rows: Rows, name: str, picked: IntArray) -> Coded:
    kind, values = rows.kinds.get(name, "categorical"), rows.frame[name].iloc[picked]
    if kind in ("numeric", "constant") and not is_quantity(values):
        words = text_of(values)
        if values.map(lambda value: isinstance(value, bool | np.bool_)).any():
            words = np.char.lower(words)
        return discretize.categories(name, [word or None for word in words.tolist()], most=MOST)
    return discretize.coded(name, kind, values, bins=BINS, most=MOST)


def is_quantity(values: pd.Series) -> bool:
    """Return whether numbers are a quantity, which is cut into ranges, rather than codes.

    >>> import pandas as pd
    >>> is_quantity(pd.Series([1, 9] * 30)), is_quantity(pd.Series(range(60)))
    (False, True)
    """
    return int(values.nunique()) > CODES


def _accuracies(coded: Coded, right: NDArray[np.bool_]) -> pd.DataFrame:
    """Return a table of the groups with their accuracy."""
    import pandas as pd

    counts = coded.counts
    good = np.bincount(coded.codes[right], minlength=len(counts))
    low, high = measures.wilson(good, counts)
    facts = {
        "column": coded.name,
        "group": list(coded.names),
        "rows": counts,
        "share": counts / max(1, counts.sum()),
        "accuracy": statistics.ratio(good, counts),
    }
    return pd.DataFrame({**facts, "low": low, "high": high, "small": counts < SMALL})


def _lines(
    rows: Rows, coded: Coded, labels: IntArray, predicted: IntArray
) -> Iterator[dict[str, Any]]:
    """Yield a line for each measure of a column."""
    large = np.flatnonzero(coded.counts >= SMALL)
    if len(large) < 2:
        return
    names = tuple(coded.names[place] for place in large)
    right = labels == predicted
    cells = _cells(coded.codes, np.ones(len(labels), dtype=bool), right, large)
    both = _Groups(coded.name, "", names, cells)
    yield _line("accuracy difference", both)
    frequent = np.argsort(-np.bincount(labels, minlength=len(rows.classes)), kind="stable")
    positive = [1] if len(rows.classes) == 2 else sorted(frequent[:CLASSES].tolist())
    for number in positive:
        cells = _cells(coded.codes, labels == number, predicted == number, large)
        one = _Groups(coded.name, rows.classes[number], names, cells)
        yield _line("demographic parity difference", one)
        yield _line("disparate impact ratio", one)
        kept = cells[:, 1].sum(axis=1) >= SMALL
        if kept.sum() >= 2:
            names_kept = tuple(name for name, wanted in zip(names, kept, strict=True) if wanted)
            few = _Groups(coded.name, one.name, names_kept, cells[kept])
            yield _line("equal opportunity difference", few)


def _cells(
    codes: NDArray[np.int32], truth: NDArray[np.bool_], guess: NDArray[np.bool_], large: IntArray
) -> IntArray:
    place = codes.astype(np.int64) * 4 + 2 * truth + guess
    return np.bincount(place, minlength=4 * int(codes.max() + 1)).reshape(-1, 2, 2)[large]


def _counts(measure: str, cells: IntArray) -> tuple[IntArray, IntArray]:
    """Return hits and rows of the rates that a measure compares, of counts (g, 2, 2).

    Accuracy is the recall of being correct: all rows have the class.
    """
    if MEASURES[measure] == "selection rate":
        return cells[:, :, 1].sum(axis=1), cells.sum(axis=(1, 2))
    return cells[:, 1, 1], cells[:, 1].sum(axis=1)


def _line(measure: str, groups: _Groups) -> dict[str, Any]:
    """Return a measure with its interval, the extreme groups and the p-value."""
    cells = groups.cells
    hits, trials = _counts(measure, cells)
    rates = statistics.ratio(hits, trials)
    low, high = _bounds(measure, hits, trials)
    base = statistics.ratio(cells[:, 1].sum(axis=1), cells.sum(axis=(1, 2)))
    return {
        "column": groups.column,
        "class": groups.name or None,
        "measure": measure,
        "value": float(_between(measure, rates)),
        "low": low,
        "high": high,
        "lowest_group": groups.names[int(np.nanargmin(rates))],
        "lowest": float(np.nanmin(rates)),
        "highest_group": groups.names[int(np.nanargmax(rates))],
        "highest": float(np.nanmax(rates)),
        "base_difference": float(base.max() - base.min()) if groups.name else None,
        "p": _p_value(measure, cells),
    }


def _bounds(measure: str, hits: IntArray, trials: IntArray) -> tuple[float, float]:
    """Return an interval of the largest difference, or smallest ratio, of any two groups."""
    count, rates = len(hits), statistics.ratio(hits, trials)
    apart = ~np.eye(count, dtype=bool)
    if measure.endswith("ratio"):
        low, high = measures.wilson(hits, trials, several=count)
        ends = [
            statistics.ratio(one[:, None], other)[apart]
            for one, other in ((low, high), (high, low))
        ]
        if not np.isfinite(ends).any():
            return 0.0, 1.0
        return float(min(1.0, np.nanmin(ends[0]))), float(min(1.0, np.nanmin(ends[1])))
    low, high = measures.wilson(hits, trials, several=count * (count - 1) // 2)
    difference = rates[:, None] - rates
    down, up = rates - low, high - rates
    lower = difference - np.sqrt(down[:, None] ** 2 + up**2)
    upper = difference + np.sqrt(up[:, None] ** 2 + down**2)
    return float(max(0.0, lower[apart].max())), float(min(1.0, upper[apart].max()))


def _between(measure: str, rates: FloatArray) -> FloatArray:
    """Return the largest difference, or the smallest ratio, of rates (..., g) as (...)."""
    low, high = rates.min(axis=-1), rates.max(axis=-1)
    return statistics.ratio(low, high) if measure.endswith("ratio") else high - low


def _p_value(measure: str, cells: IntArray) -> float:
    """Return the p-value of the chi-squared test that all groups have the same rate."""
    table = cells.sum(axis=1) if MEASURES[measure] == "selection rate" else cells[:, 1]
    return measures.association(table)[1]


def _size(table: pd.DataFrame) -> NDArray[np.float64]:
    ratio = table["measure"] == "disparate impact ratio"
    size = np.where(ratio, (1 - table["value"]) / 2, table["value"])
    return np.asarray(size, dtype=np.float64)


def _line_severity(line: dict[str, Any]) -> Severity:
    if not line["p"] <= ALPHA:
        return "none"
    if line["measure"] == "disparate impact ratio":
        found: Severity = "medium" if line["value"] < FIFTHS else "none"
    else:
        found = discretize.by_rule(line["value"], CUTS)
    if MEASURES[line["measure"]] == "selection rate" and found != "none":
        apart = line["highest"] - line["lowest"]
        return "low" if line["base_difference"] >= 0.9 * apart else found
    return found


def _of_ranges(rows: Rows, names: list[str]) -> str:
    """Return a sentence on columns that were cut into ranges."""
    shown = [f"{name} ({rows.frame[name].nunique():,} values)" for name in names]
    return f" Cut into ranges, as a quantity: {', '.join(shown)}." if shown else ""


def _sentence(table: pd.DataFrame, small: pd.DataFrame) -> str:
    worst: Any = table.iloc[0]
    if worst["severity"] == "none" and (table["severity"] == "none").all():
        text = "The models treat no group measurably differently"
    else:
        worst = table[table["severity"] != "none"].iloc[0]
        what = MEASURES[worst["measure"]] + (f" of {worst['class']}" if worst["class"] else "")
        text = (
            f"By {worst['column']}, {what} is {worst['lowest']:.1%} for {worst['lowest_group']}"
            f" and {worst['highest']:.1%} for {worst['highest_group']}"
            f" ({worst['measure']} {worst['value']:.2f},"
            f" {worst['low']:.2f} to {worst['high']:.2f})"
        )
    if len(small):
        text += f"; {agreed(len(small), 'group', 'groups')} with fewer than {SMALL} rows "
        text += "is not compared" if len(small) == 1 else "are not compared"
    return text + "."
