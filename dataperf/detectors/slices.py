"""Weak slices: simple conditions under which the models err much more often than overall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.evidence import clusters, conditions, discretize, measures
from dataperf.evidence.conditions import Counted
from dataperf.evidence.discretize import Coded
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Weak slices"

FEWEST_ROWS = 50
#: Minimum number of rows of a slice, and minimum share of the examined rows.
SUPPORT, SHARE = 20, 0.005
#: Minimum error rate of a slice, relative to all rows: factor and difference, in two variants.
LIFT, EXCESS = 1.2, 0.05
DOUBLE, LITTLE = 2.0, 0.02
ALPHA = 0.05
#: Conditions with a lower z-score count as tests but are not examined further.
KEEP = 2.5
#: Minimum gain in z-score by a second condition.
SECOND = 1.5
#: Maximum number of intervals for one column and for two crossed columns; of categories.
ALONE, CROSSED, VALUES = 10, 5, 20
#: Maximum number of examined values (rows x columns); minimum of the maximum number of rows.
VALUES_SEEN, LEAST_SEEN = 12_800_000, 10_000
#: Maximum number of crossed columns, of slices shown, and of conditions examined further.
MOST_CROSSED, MOST, CLOSER = 64, 20, 400


def find(evidence: Evidence) -> Finding | str:
    """Find at most 20 different conditions with a high out-of-fold error rate.

    All conditions on one column (a value, an interval between deciles, missing) and on two columns
    (quintiles; never the given label) are counted on at most 100,000 labelled rows. The error rate
    of a slice is at least 1.2 times that of all rows and 5 points higher, or twice as high and 2
    points higher. Its p-value (hypergeometric: errors at random among the rows) is at most 0.05
    after Holm's correction for all conditions counted. Of slices that share half of their rows,
    only the one with the highest z-score is kept; a second condition must add 1.5 to it. A slice
    must still stand out without the rows of earlier slices. The interval is Wilson's; it is not
    corrected for the selection of the slice.

    If the data has only embeddings, their clusters (`dataperf.evidence.clusters`) replace the
    columns.

    Severity, by the lower end of the interval: high if a slice with at least 5 % of the rows errs
    twice as often as all rows; medium if one with at least 1 % errs 1.5 times as often; low if
    there is any slice.
    """
    rows = evidence.rows
    labelled = evidence.labelled
    if len(labelled) < FEWEST_ROWS:
        return f"fewer than {FEWEST_ROWS} rows have a label"
    picked = _picked(evidence)
    wrong = evidence.probabilities[picked].argmax(axis=1) != rows.labels[picked]
    coded = _coded(evidence, picked)
    if not coded:
        return "no column can form a condition"
    if not wrong.any() or wrong.all():
        return "the models are correct on all rows, or wrong on all rows"
    least = max(SUPPORT, int(np.ceil(SHARE * len(picked))))
    single = conditions.singles(coded, wrong, least)
    crossed = _to_cross(rows, picked, coded, single, wrong)
    double = conditions.pairs(crossed, wrong, least, chosen=range(len(crossed)), keep=KEEP)
    table, members = _slices(rows, wrong, [(coded, single), (crossed, double)])
    rate = float(wrong.mean())
    low, high = measures.wilson(wrong.sum(), len(wrong))
    return Finding(
        kind="slices",
        title=title,
        sentence=_sentence(table, rate, single.tests + double.tests),
        severity=_severity(table, rate),
        table=table,
        numbers={
            "slices": len(table),
            "error": rate,
            "error_low": float(low),
            "error_high": float(high),
            "conditions_counted": single.tests + double.tests,
            "rows_looked_at": len(picked),
            "columns": len(coded),
            "columns_crossed": len(crossed),
            "least_rows": least,
        },
        tables={"rows": _wrong_rows(evidence, picked, wrong, table, members)},
    )


def _picked(evidence: Evidence) -> IntArray:
    """Return the examined rows; fewer for wide data."""
    wide = len(discretize.describing(evidence.rows)) or evidence.rows.features.shape[1]
    limit = min(discretize.SAMPLE, max(LEAST_SEEN, VALUES_SEEN // max(1, wide)))
    return evidence.labelled[discretize.sample(len(evidence.labelled), limit, evidence.seed)]


def _coded(evidence: Evidence, picked: IntArray) -> list[Coded]:
    """Return what conditions use: columns, split, groups, and the given label."""
    rows = evidence.rows
    found: list[Coded] = []
    embedded = rows.media is not None or len(set(rows.feature_columns)) < rows.features.shape[1]
    if not discretize.describing(rows) and embedded:
        codes, _ = clusters.found(rows.features[picked], evidence.seed)
        if codes is not None:
            names = tuple(str(number) for number in range(int(codes.max()) + 1))
            found.append(Coded("(cluster)", codes, names))
    else:
        for name, kind, values in discretize.described(rows, picked):
            if kind in ("numeric", "datetime", "categorical"):
                found.append(discretize.coded(name, kind, values, bins=ALONE, most=VALUES))
    for name, values in (("(split)", rows.split), ("(group)", rows.groups)):
        if values is not None:
            found.append(discretize.categories(name, values[picked], most=VALUES))
    given = discretize.class_names(rows, rows.labels[picked])
    found.append(discretize.categories(rows.label, given, most=VALUES))
    return [each for each in found if len(each.names) > 1 and each.counts.max() < len(picked)]


def _to_cross(
    rows: Rows, picked: IntArray, coded: list[Coded], single: Counted, wrong: NDArray[np.bool_]
) -> list[Coded]:
    """Return the columns to cross, with fewer intervals; if there are many, the strongest."""
    z = conditions.z_scores(single.rows, single.errors, float(wrong.mean()))
    best = np.full(len(coded), -np.inf)
    np.maximum.at(best, np.array([terms[0].column for terms in single.terms], dtype=np.intp), z)
    # a label crossed with a feature only shows on which side of a class border a row lies
    order = [place for place in np.argsort(-best, kind="stable") if coded[place].name != rows.label]
    chosen = [coded[place] for place in sorted(order[:MOST_CROSSED])]
    wanted = {each.name for each in chosen if each.edges is not None}
    fewer = {
        name: discretize.coded(name, kind, values, bins=CROSSED, most=VALUES)
        for name, kind, values in discretize.described(rows, picked)
        if name in wanted
    }
    return [fewer.get(each.name, each) for each in chosen]


def _slices(
    rows: Rows, wrong: NDArray[np.bool_], parts: list[tuple[list[Coded], Counted]]
) -> tuple[pd.DataFrame, list[NDArray[np.bool_]]]:
    """Return the table of slices that stand out, and the rows of each."""
    import pandas as pd

    rate = float(wrong.mean())
    (coded, _), (crossed, _) = parts
    counted = conditions.joined([part for _, part in parts])
    singles = len(parts[0][1].terms)
    z = conditions.z_scores(counted.rows, counted.errors, rate)
    p = _p_values(counted, z, wrong)
    error = counted.errors / np.maximum(counted.rows, 1)
    by_much = (error >= LIFT * rate) & (error >= rate + EXCESS)
    fit = (p <= ALPHA) & (by_much | ((error >= DOUBLE * rate) & (error >= rate + LITTLE)))
    value = z - SECOND * (np.arange(len(z)) >= singles)
    order = np.flatnonzero(fit)
    order = order[np.argsort(-value[order], kind="stable")][:CLOSER]
    masks = (
        conditions.met(coded if number < singles else crossed, counted.terms[number])
        for number in order
    )
    picks, taken = _reduced(order, masks, wrong)
    low, high = measures.wilson(counted.errors[picks], counted.rows[picks])
    facts = {
        "condition": [
            conditions.in_words(
                coded if number < singles else crossed, counted.terms[number], rows.kinds
            )
            for number in picks
        ],
        "rows": counted.rows[picks],
        "share": counted.rows[picks] / len(wrong),
        "errors": counted.errors[picks],
        "error": error[picks],
        "low": low,
        "high": high,
        "lift": error[picks] / max(rate, 1e-12),
        "p": p[picks],
        "score": np.clip(low - rate, 0, 1),
    }
    table = pd.DataFrame(facts)
    order = np.argsort(-table["score"].to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True), [taken[place] for place in order]


def _wrong_rows(
    evidence: Evidence,
    picked: IntArray,
    wrong: NDArray[np.bool_],
    table: pd.DataFrame,
    members: list[NDArray[np.bool_]],
) -> pd.DataFrame:
    """Return the wrongly predicted rows of each slice, the most confident first."""
    import pandas as pd

    rows, found = evidence.rows, []
    for condition, member in zip(table["condition"], members, strict=True):
        inside = picked[member & wrong]
        probabilities = evidence.probabilities[inside]
        score = probabilities.max(axis=1).astype(np.float64)
        given = discretize.class_names(rows, rows.labels[inside])
        predicted = discretize.class_names(rows, probabilities.argmax(axis=1))
        more = {"condition": condition, "given": given, "predicted": predicted}
        part = discretize.row_table(rows, inside, score, **more)
        found.append(part.sort_values("score", ascending=False, kind="stable"))
    none = discretize.row_table(rows, picked[:0], [], condition=[], given=[], predicted=[])
    return pd.concat(found, ignore_index=True) if found else none


def _p_values(counted: Counted, z: FloatArray, wrong: NDArray[np.bool_]) -> FloatArray:
    """Return Holm's adjusted p-values; 1 for conditions with a z-score below `KEEP`."""
    from scipy.stats import hypergeom

    p = np.ones(len(z))
    close = np.flatnonzero(z >= KEEP)
    close = close[np.argsort(-z[close], kind="stable")][: 10 * CLOSER]
    found = hypergeom.sf(
        counted.errors[close] - 1, len(wrong), int(wrong.sum()), counted.rows[close]
    )
    p[close] = measures.holm_of_many(np.asarray(found, dtype=np.float64), counted.tests)
    return p


def _reduced(
    order: IntArray, masks: Iterator[NDArray[np.bool_]], wrong: NDArray[np.bool_]
) -> tuple[list[int], list[NDArray[np.bool_]]]:
    """Return the slices that are not explained by earlier ones."""
    rate = float(wrong.mean())
    picks: list[int] = []
    taken: list[NDArray[np.bool_]] = []
    covered = np.zeros(len(wrong), dtype=bool)
    for number, mask in zip(order.tolist(), masks, strict=True):
        rest = mask & ~covered
        beyond = conditions.z_scores(np.array([rest.sum()]), np.array([wrong[rest].sum()]), rate)
        same = any((mask & other).sum() >= 0.5 * min(mask.sum(), other.sum()) for other in taken)
        if same or beyond[0] < 3:
            continue
        picks.append(number)
        taken.append(mask)
        covered |= mask
        if len(picks) == MOST:
            break
    return picks, taken


def _severity(table: pd.DataFrame, rate: float) -> Severity:
    surely = table["low"] / max(rate, 1e-12)
    if ((table["share"] >= 0.05) & (surely >= 2)).any():
        return "high"
    if ((table["share"] >= 0.01) & (surely >= 1.5)).any():
        return "medium"
    return "low" if len(table) else "none"


def _sentence(table: pd.DataFrame, rate: float, tests: int) -> str:
    if not len(table):
        return (
            f"The models err on {rate:.1%} of the rows; none of {tests:,} simple conditions has a"
            " much higher error rate."
        )
    worst: Any = table.iloc[0]
    return (
        f"Where {worst['condition']}, the models err on {worst['error']:.1%} of"
        f" {plural(int(worst['rows']), 'row')} ({worst['low']:.1%} to {worst['high']:.1%}), compared with {rate:.1%} of all rows;"
        f" {len(table):,} weak {'slice' if len(table) == 1 else 'slices'} found."
    )
