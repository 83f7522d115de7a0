"""Problems of columns: leaks of the label, ids, constant or missing values, and sorted rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.basics.wording import plural
from dataperf.evidence import discretize, measures, one_column
from dataperf.records import IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Kind, Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Leaking and empty columns"

#: A column leaks if its power (0 chance, 1 perfect) is at least this ...
LEAK = 0.95
#: ... or at least `SUSPECT`, and `GAP` above the next best column.
SUSPECT, GAP = 0.6, 0.3
#: A column with a smaller share of other values is nearly constant.
NEARLY = 0.005
#: Minimum share of unique values of an identifier.
UNIQUE = 0.99
#: Minimum Cramér's V between missingness and label; minimum power of the row number.
DEPENDENT, ORDERED = 0.1, 0.1
ALPHA = 0.01
#: Minimum share of missing values that is reported, and that is serious.
HOLE, HOLED = 0.2, 0.5
FOLDS, BINS, MOST, FEWEST = 5, 64, 5000, 20
#: Columns that the reader of images and sounds makes.
MEASURED = ("width", "height", "frames", "seconds", "rate", "loudness")
#: Maximum number of examined values (rows x features) of single features.
VALUES = 6_400_000


@dataclass(frozen=True)
class _Seen:
    """The examined rows: ``whole`` for the content of columns, ``picked`` for what they predict.

    ``places`` are the places of the picked rows in ``whole``.
    """

    rows: Rows
    whole: IntArray
    picked: IntArray
    places: IntArray
    labels: IntArray
    fold: IntArray


def find(evidence: Evidence) -> Finding | str:
    """Find columns with problems; leaks of the label come first.

    The power of a column is the balanced accuracy of a cross-validated one-column tree
    (`dataperf.evidence.one_column`), scaled to 0 (chance) .. 1 (perfect). The problems are:

    - ``leak``: a power of at least 0.95; or at least 0.6, and 0.3 above the next best column. For
      text, the part before the first digit is tried too (``cat/`` of ``cat/001.png``);
    - ``order``: the row number predicts the label (a power of at least 0.1, and a p-value of at
      most 0.01 over 20 stretches). The rows are sorted: shuffle them before splitting;
    - ``missingness``: missing values depend on the label (Cramér's V of at least 0.1, and Holm's
      adjusted p-value of at most 0.01);
    - ``identifier`` (99 % of the values are unique), ``constant``, ``nearly constant`` (less than
      0.5 % other values), ``missing`` (more than 20 %).

    Leaks are searched in at most 100,000 labelled rows, all other problems in all rows.

    Severity: high if a column leaks; medium if missing values depend on the label, or half of a
    column is missing; low if there is any other problem.
    """
    import pandas as pd

    rows = evidence.rows
    if len(evidence.labelled) < FEWEST:
        return f"fewer than {FEWEST} rows have a label"
    if not discretize.describing(rows) and rows.media is not None:
        return "there are no columns besides the images or sounds"
    seen = _seen(evidence)
    described = pd.DataFrame(
        [_facts(seen, *each) for each in discretize.described(rows, seen.whole)],
        columns=["column", "kind", "missing", "distinct", "top_share", "power", "by", "v", "p"],
    )
    described["p"] = statistics.holm(described["p"]) if len(described) else []
    order = _order(seen)
    others = [each for each in _others(rows, described) if not _measured(rows, each[0])]
    problems = [*_leaks(described), *others]
    if order >= ORDERED and _order_p(seen) <= ALPHA and not _sorted_by_reader(rows):
        problems.append(
            ("(row number)", "order", order, order, "the row number predicts the label")
        )
    table = pd.DataFrame(problems, columns=["column", "problem", "score", "value", "detail"])
    grave = table["problem"].map(GRAVITY).fillna(0)
    table = table.assign(grave=grave).sort_values(
        ["grave", "score"], ascending=False, kind="stable"
    )
    table["score"] = (table["grave"] + table["score"]) / 3
    numbers = {
        "columns": len(described),
        "problems": len(table),
        **{name: int((table["problem"] == name).sum()) for name in GRAVITY},
        "rows_looked_at": len(seen.picked),
        "order_power": order,
    }
    return Finding(
        kind="features",
        title=title,
        sentence=_sentence(table, len(described)),
        severity=_severity(table),
        table=table.drop(columns="grave").reset_index(drop=True),
        numbers=numbers,
        tables={"columns": described.rename(columns={"v": "missing_v", "p": "missing_p"})},
    )


#: Problems by severity: 2 high, 1 medium, 0 low.
GRAVITY = {
    "leak": 2,
    "missingness": 1,
    "missing": 0,
    "order": 0,
    "identifier": 0,
    "constant": 0,
    "nearly constant": 0,
}


def _seen(evidence: Evidence) -> _Seen:
    rows = evidence.rows
    whole = np.arange(len(rows))
    if not discretize.describing(rows):  # many features without names: a sample is enough
        limit = max(2000, 10 * VALUES // max(1, rows.features.shape[1]))
        whole = discretize.sample(len(rows), limit, evidence.seed)
    labelled = whole[rows.labels[whole] >= 0]
    picked = labelled[discretize.sample(len(labelled), discretize.SAMPLE, evidence.seed)]
    fold = discretize.folds(rows, picked, FOLDS, evidence.seed)
    places = np.searchsorted(whole, picked)
    return _Seen(rows, whole, picked, places, rows.labels[picked], fold)


def _facts(seen: _Seen, name: str, kind: Kind, values: Any) -> tuple[Any, ...]:
    """Return a line of the table of columns."""
    import pandas as pd

    series = pd.Series(values)
    gone = _missing(kind, series)
    try:
        counts = series[~gone].value_counts(sort=True)
    except TypeError:
        counts = series[~gone].map(repr).value_counts(sort=True)
    top = float(counts.iloc[0]) / max(1, len(series) - gone.sum()) if len(counts) else 1.0
    power, by = 0.0, ""
    if len(counts) > 1:
        power, by = _power(seen, name, kind, series)
    table = measures.crossed(
        gone.astype(np.int8), seen.rows.labels[seen.whole], (2, len(seen.rows.classes))
    )
    v, p = measures.association(table)
    return name, kind, float(gone.mean()), len(counts), top, power, by, v, p


def _missing(kind: Kind, series: pd.Series) -> NDArray[np.bool_]:
    if kind in ("numeric", "datetime"):
        return np.isnan(discretize.numbers(series, kind))
    gone: NDArray[np.bool_] = series.isna().to_numpy()
    return gone


def _power(seen: _Seen, name: str, kind: Kind, series: pd.Series) -> tuple[float, str]:
    """Return the power of a column, and the part of it with the highest power."""
    part = series.iloc[seen.places]
    coded = discretize.coded(name, kind, part, bins=BINS, most=MOST)
    found = {"value": _lift(seen, coded.codes)}
    if kind in ("text", "categorical"):
        before = part.astype(str).str.extract(r"^([^0-9]*)[0-9]", expand=False)
        prefix = discretize.categories(name, before, most=MOST).codes
        found["text before the first digit"] = _lift(seen, prefix)
    if kind == "text":
        for number in np.flatnonzero(np.array(seen.rows.feature_columns) == name):
            step = _step(seen, name)
            values = seen.rows.features[seen.picked[::step], number]
            codes = discretize.coded(name, "numeric", values, bins=BINS, most=MOST).codes
            found[f"feature {number}"] = _lift(seen, codes, step)
    by = max(found, key=lambda each: found[each])
    return found[by], by


def _step(seen: _Seen, name: str) -> int:
    """Return the step with which rows are examined for each feature of a text column."""
    dimensions = seen.rows.feature_columns.count(name)
    return -(-len(seen.picked) * dimensions // VALUES)


def _lift(seen: _Seen, codes: NDArray[np.integer], step: int = 1) -> float:
    labels, fold = seen.labels[::step], seen.fold[::step]
    accuracy = one_column.balanced_accuracy(codes, labels, fold, classes=len(seen.rows.classes))
    return one_column.lift(accuracy, len(np.unique(labels)))


def _order(seen: _Seen) -> float:
    """Return the power of the row number to predict the label."""
    bins = max(2, min(BINS, len(seen.picked) // 10))
    codes = (np.arange(len(seen.picked)) * bins) // len(seen.picked)
    fold = np.random.default_rng(0).permutation(len(seen.picked)) % FOLDS
    accuracy = one_column.balanced_accuracy(
        codes, seen.labels, fold, classes=len(seen.rows.classes)
    )
    return one_column.lift(accuracy, len(np.unique(seen.labels)))


def _order_p(seen: _Seen) -> float:
    codes = (np.arange(len(seen.picked)) * 20) // len(seen.picked)
    return measures.association(measures.crossed(codes, seen.labels, (20, len(seen.rows.classes))))[
        1
    ]


def _leaks(described: pd.DataFrame) -> Iterator[tuple[str, str, float, float, str]]:
    power = described["power"].to_numpy(np.float64)
    for place in np.argsort(-power, kind="stable"):
        others = np.delete(power, place)
        gap = power[place] - others.max(initial=0.0)
        if power[place] >= LEAK or (power[place] >= SUSPECT and gap >= GAP):
            line = described.iloc[place]
            part = "" if line["by"] == "value" else f" ({line['by']})"
            detail = f"a tree on this column only{part} gets {power[place]:.0%} of the way from"
            detail += " chance to perfect accuracy"
            yield line["column"], "leak", float(power[place]), float(power[place]), detail


def _others(rows: Rows, described: pd.DataFrame) -> Iterator[tuple[str, str, float, float, str]]:
    for line in described.itertuples():
        known = round(len(rows) * (1 - line.missing))
        if line.missing > 0 and line.v >= DEPENDENT and line.p <= ALPHA:
            detail = f"missing values ({line.missing:.1%}) depend on the label"
            yield line.column, "missingness", float(line.v), float(line.v), detail
        if line.missing > HOLE:
            detail = f"{line.missing:.1%} missing"
            yield line.column, "missing", float(line.missing), float(line.missing), detail
        if line.distinct <= 1:
            yield line.column, "constant", 0.5, 1.0, "one value" if known else "no value"
        elif 1 - line.top_share < NEARLY:
            detail = f"one value in {line.top_share:.2%} of the rows"
            yield line.column, "nearly constant", 0.4, float(line.top_share), detail
        elif line.distinct >= UNIQUE * known and _names_rows(rows, line.column, line.kind):
            share = line.distinct / known
            yield line.column, "identifier", 0.6, share, f"{share:.1%} of its values are unique"


def _measured(rows: Rows, name: str) -> bool:
    """Return whether the reader itself measured a column, such as the width of an image."""
    return rows.media is not None and name in MEASURED


def _sorted_by_reader(rows: Rows) -> bool:
    """Return whether the reader put the rows in order: files of a folder, or our own data sets."""
    source = rows.source
    return bool(source) and not source.startswith("hf:") and not Path(source).is_file()


def _names_rows(rows: Rows, name: str, kind: Kind) -> bool:
    """Return whether unique values are ids rather than measurements or prose."""
    if name not in rows.frame.columns or len(rows) < FEWEST:
        return False
    values = rows.frame[name].dropna()
    if kind == "numeric":
        found = discretize.numbers(values, kind)
        whole = bool(np.all(found == np.round(found)))
        return whole and float(np.ptp(found)) <= 10 * len(found)
    if kind == "text" and name in rows.feature_columns:
        return False  # the reader took it for text, not for ids
    return kind in ("categorical", "text") and not bool(
        values.astype(str).str.contains(r"\s\S+\s", regex=True).mean() > 0.5
    )


def _severity(table: pd.DataFrame) -> Severity:
    found = set(table["problem"])
    if "leak" in found:
        return "high"
    holed = bool((table.loc[table["problem"] == "missing", "value"] >= HOLED).any())
    if "missingness" in found or holed:
        return "medium"
    return "low" if found else "none"


def _sentence(table: pd.DataFrame, count: int) -> str:
    if not len(table):
        return f"None of {plural(count, 'column')} leaks the label, is an id, constant or mostly missing."
    leaks = table.loc[table["problem"] == "leak", "column"].tolist()
    text = ""
    if leaks:
        named = ", ".join(leaks[:3]) + (f" and {len(leaks) - 3} more" if len(leaks) > 3 else "")
        verb = "determines" if len(leaks) == 1 else "each determine"
        text = f"{named} nearly {verb} the label: is this known at prediction time? "
    rest = table.loc[table["problem"] != "leak", "problem"].value_counts()
    said = ", ".join(f"{number:,} {problem}" for problem, number in rest.items())
    return (text + (f"Of {plural(count, 'column')}: {said}." if said else "")).strip()
