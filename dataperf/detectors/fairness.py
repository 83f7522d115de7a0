"""Groups of people (or things) that the models serve worse, or choose less often, than others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.evidence import discretize, measures
from dataperf.evidence.discretize import Coded
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Group fairness"

#: Smaller groups are named but not compared.
SMALL = 30
#: Groups of a number, values of a column, and classes (the most frequent) that are looked at.
BINS, MOST, CLASSES = 4, 50, 20
RESAMPLES = 1000
ALPHA = 0.05
#: Differences by how grave they are.
CUTS: dict[Severity, float] = {"high": 0.2, "medium": 0.1, "low": 0.05}
#: The four-fifths rule.
FIFTHS = 0.8

MEASURES = {
    "accuracy difference": "accuracy",
    "demographic parity difference": "share predicted",
    "disparate impact ratio": "share predicted",
    "equal opportunity difference": "recall",
}


@dataclass(frozen=True)
class _Groups:
    """One class against the rest, in the groups that are large enough.

    ``cells`` (g, 2, 2) counts rows by group, whether they have the class, whether it is
    predicted; ``names`` has the g groups.
    """

    column: str
    name: str
    names: tuple[str, ...]
    cells: IntArray


def find(evidence: Evidence) -> Finding | str:
    """Return how the models' out-of-fold predictions differ between groups.

    For every sensitive column: the largest difference between groups in accuracy; and for the
    positive class (the second of two; of more, each against the rest, the twenty most
    frequent): in the share predicted (demographic parity difference, and disparate impact, the
    smallest share over the largest) and in recall (equal opportunity difference) [1]_, as
    ``fairlearn.metrics`` defines them. Truth is the label as given. Groups of under 30 rows,
    and for recall under 30 rows of the class, are left out and named.

    Intervals are percentiles of 1,000 resamples of every group's rows; a largest difference is
    never negative and grows by chance, so what counts is a chi-squared test of the groups
    with Holm's adjusted p-value of at most 0.05. Severity, of those: high from a difference of
    0.2, medium from 0.1 or below four fifths in disparate impact, low from 0.05. A share that
    differs as the labels do (``base_difference``) may be right: it is at most low if the
    labels' differs by as much.

    References
    ----------
    .. [1] M. Hardt, E. Price & N. Srebro, Equality of opportunity in supervised learning, NIPS
       2016.
    """
    import pandas as pd

    rows = evidence.rows
    if not rows.sensitive:
        return "no sensitive columns were named"
    try:
        import fairlearn.metrics  # noqa: F401
    except ImportError:
        return "fairlearn is not installed: pip install 'dataperf[fairness]'"
    picked = evidence.labelled
    if not len(picked):
        return "no row has a label"
    labels = rows.labels[picked]
    predicted = evidence.probabilities.argmax(axis=1)[picked]
    coded = [_coded(rows, name, picked) for name in rows.sensitive]
    groups = pd.concat([_accuracies(each, labels == predicted) for each in coded])
    lines = [
        line
        for number, each in enumerate(coded)
        for line in _lines(rows, each, labels, predicted, evidence.seed + number)
    ]
    if not lines:
        return f"no sensitive column has two groups of at least {SMALL} rows"
    table = pd.DataFrame(lines)
    table["p"] = statistics.holm(table["p"])
    table["severity"] = [_line_severity(line) for line in table.to_dict("records")]
    table["score"] = np.where(table["p"] <= ALPHA, _size(table), 0.0)
    table = table.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    small = groups[groups["small"]]
    return Finding(
        kind="fairness",
        title=title,
        sentence=_sentence(table, small),
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
    kind = rows.kinds.get(name, "categorical")
    return discretize.coded(name, kind, rows.frame[name].iloc[picked], bins=BINS, most=MOST)


def _accuracies(coded: Coded, right: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the table of groups with their accuracy."""
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
    rows: Rows, coded: Coded, labels: IntArray, predicted: IntArray, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield every measure of one column."""
    random = np.random.default_rng(seed)
    large = np.flatnonzero(coded.counts >= SMALL)
    if len(large) < 2:
        return
    names = tuple(coded.names[place] for place in large)
    right = labels == predicted
    cells = _cells(coded.codes, np.ones(len(labels), dtype=bool), right, large)
    both = _Groups(coded.name, "", names, cells)
    yield _line("accuracy difference", both, _by_fairlearn(cells), random)
    frequent = np.argsort(-np.bincount(labels, minlength=len(rows.classes)), kind="stable")
    asked = [1] if len(rows.classes) == 2 else sorted(frequent[:CLASSES].tolist())
    for number in asked:
        cells = _cells(coded.codes, labels == number, predicted == number, large)
        one = _Groups(coded.name, rows.classes[number], names, cells)
        told = _by_fairlearn(cells)
        yield _line("demographic parity difference", one, told, random)
        yield _line("disparate impact ratio", one, told, random)
        kept = cells[:, 1].sum(axis=1) >= SMALL
        if kept.sum() >= 2:
            named = tuple(name for name, wanted in zip(names, kept, strict=True) if wanted)
            few = _Groups(coded.name, one.name, named, cells[kept])
            told = told if kept.all() else _by_fairlearn(few.cells)
            yield _line("equal opportunity difference", few, told, random)


def _cells(
    codes: NDArray[np.int32], truth: NDArray[np.bool_], guess: NDArray[np.bool_], large: IntArray
) -> IntArray:
    place = codes.astype(np.int64) * 4 + 2 * truth + guess
    return np.bincount(place, minlength=4 * int(codes.max() + 1)).reshape(-1, 2, 2)[large]


def _rates(measure: str, cells: NDArray[Any]) -> FloatArray:
    """Return the rate that a measure compares, (..., g, 2, 2) counts to (..., g)."""
    if MEASURES[measure] == "share predicted":
        return statistics.ratio(cells[..., 1].sum(axis=-1), cells.sum(axis=(-2, -1)))
    return statistics.ratio(cells[..., 1, 1], cells[..., 1, :].sum(axis=-1))


def _line(
    measure: str, groups: _Groups, told: dict[str, float], random: np.random.Generator
) -> dict[str, Any]:
    cells = groups.cells
    rates = _rates(measure, cells)
    totals = cells.reshape(len(cells), 4).sum(axis=1)
    shares = cells.reshape(len(cells), 4) / totals[:, None]
    drawn = random.multinomial(totals, shares, size=(RESAMPLES, len(cells)))
    spread = _between(measure, _rates(measure, drawn.reshape(RESAMPLES, len(cells), 2, 2)))
    low, high = np.nanquantile(spread, [0.025, 0.975]) if np.isfinite(spread).any() else (0.0, 1.0)
    base = statistics.ratio(cells[:, 1].sum(axis=1), totals)
    return {
        "column": groups.column,
        "class": groups.name or None,
        "measure": measure,
        "value": told[measure],
        "low": float(low),
        "high": float(high),
        "lowest_group": groups.names[int(np.nanargmin(rates))],
        "lowest": float(np.nanmin(rates)),
        "highest_group": groups.names[int(np.nanargmax(rates))],
        "highest": float(np.nanmax(rates)),
        "base_difference": float(base.max() - base.min()) if groups.name else None,
        "p": _p_value(measure, cells),
    }


def _between(measure: str, rates: FloatArray) -> FloatArray:
    low, high = rates.min(axis=-1), rates.max(axis=-1)
    return statistics.ratio(low, high) if measure.endswith("ratio") else high - low


def _by_fairlearn(cells: IntArray) -> dict[str, float]:
    """Return every measure by fairlearn, from the counts of cells instead of every row.

    Accuracy is the recall of being right where every row is asked for.
    """
    from fairlearn import metrics

    group, truth, guess = np.nonzero(cells)
    weights = np.r_[cells[group, truth, guess], 0, 0]
    asked = {"share": metrics.selection_rate, "recall": metrics.true_positive_rate}
    frame = metrics.MetricFrame(
        metrics=asked,
        y_true=np.r_[truth, 0, 1],  # both classes are there, with no weight
        y_pred=np.r_[guess, 0, 1],
        sensitive_features=np.r_[group, group[:1], group[:1]],
        sample_params={name: {"sample_weight": weights} for name in asked},
    )
    apart, ratio = frame.difference(method="between_groups"), frame.ratio(method="between_groups")
    return {
        "accuracy difference": float(apart["recall"]),
        "demographic parity difference": float(apart["share"]),
        "disparate impact ratio": float(ratio["share"]),
        "equal opportunity difference": float(apart["recall"]),
    }


def _p_value(measure: str, cells: IntArray) -> float:
    """Return the chi-squared test's p-value that all groups have one rate."""
    table = cells.sum(axis=1) if MEASURES[measure] == "share predicted" else cells[:, 1]
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
    if MEASURES[line["measure"]] == "share predicted" and found != "none":
        apart = line["highest"] - line["lowest"]
        return "low" if line["base_difference"] >= 0.9 * apart else found
    return found


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
        text += f"; {len(small):,} groups of under {SMALL} rows are not compared"
    return text + "."
