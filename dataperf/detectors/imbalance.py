"""Imbalance: classes, values of columns and clusters with far fewer rows than others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf import statistics
from dataperf.basics.wording import agreed, plural
from dataperf.evidence import clusters, discretize, measures
from dataperf.evidence.discretize import Coded
from dataperf.records import IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Imbalance"

#: Minimum number of rows of a class to train and test on.
FEWEST = 5
#: A value or cluster is scarce below this fraction of an even share.
SCARCE = 0.1
#: A column with more values identifies rows rather than kinds of rows.
MOST_VALUES = 1000
#: Minimum Cramér's V of an association with the class, and significance level.
STRONG, ALPHA = 0.3, 0.01


def find(evidence: Evidence) -> Finding | str:
    """Find scarce classes, values and clusters, and columns associated with the class.

    A class, a value of a categorical column, or a cluster is scarce if it has less than a tenth of
    an even share of the rows; a class also if it has fewer than 5 rows. A column is associated with
    the class if Cramér's V is at least 0.3, and Holm's adjusted p-value at most 0.01. Clusters are
    those of `dataperf.evidence.clusters`.

    Severity: high if the largest class has 100 times the rows of the smallest, or a class has
    fewer than 5 rows; medium from 10 times; low from 3 times, or if anything else is found.
    """
    import pandas as pd

    rows = evidence.rows
    if not len(evidence.labelled):
        return "no row has a label"
    classes = _classes(rows)
    coded = [*_described(rows)]
    values = pd.concat([_shares(each) for each in coded], ignore_index=True) if coded else None
    ties = _ties(rows, coded)
    parts, silhouette = _clusters(evidence)
    listed = [
        _scarce(classes, "class"),
        _scarce(values, "value"),
        _scarce(parts, "cluster"),
        ties[ties["tied"]].assign(
            what="associated with class", score=lambda each: each["cramers_v"]
        ),
    ]
    table = pd.concat([each for each in listed if len(each)] or listed[:1], ignore_index=True)
    names = ["what", "column", "value", "rows", "share", "even_share", "cramers_v", "score"]
    table = table.reindex(columns=names).sort_values("score", ascending=False, kind="stable")
    counts = classes["rows"].to_numpy()
    numbers = {
        "entropy": statistics.normalized_entropy(counts),
        "ratio": statistics.imbalance_ratio(counts),
        "smallest_class": int(counts.min()),
        "largest_class": int(counts.max()),
        "classes_under_5": int((counts < FEWEST).sum()),
        "scarce_values": len(listed[1]),
        "scarce_clusters": len(listed[2]),
        "clusters": len(parts) if parts is not None else 0,
        "silhouette": silhouette,
        "tied_columns": len(listed[3]),
        "unlabelled_rows": len(rows) - len(evidence.labelled),
    }
    tables = {"classes": classes, "values": values, "clusters": parts, "association": ties}
    return Finding(
        kind="imbalance",
        title=title,
        sentence=_sentence(rows, classes, numbers),
        severity=_severity(numbers, len(table)),
        table=table.reset_index(drop=True),
        numbers=numbers,
        tables={name: part for name, part in tables.items() if part is not None and len(part)},
    )


def _table(column: str, names: Any, counts: IntArray) -> pd.DataFrame:
    import pandas as pd

    even = 1 / max(1, len(counts))
    share = counts / max(1, counts.sum())
    facts = {"column": column, "value": names, "rows": counts, "share": share, "even_share": even}
    scarcity = np.clip(1 - share / even, 0, 1)
    return pd.DataFrame({**facts, "score": scarcity, "scarce": share < SCARCE * even})


def _classes(rows: Rows) -> pd.DataFrame:
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    made = _table(rows.label, list(rows.classes), counts)
    made["scarce"] |= counts < FEWEST
    return made.sort_values("rows", ascending=False, kind="stable").reset_index(drop=True)


def _described(rows: Rows) -> Iterator[Coded]:
    """Yield the categorical columns and the groups; ids are left out."""
    for place, name in enumerate(rows.frame.columns):
        if name not in rows.made and rows.kinds.get(name, "categorical") == "categorical":
            found = discretize.categories(str(name), rows.frame.iloc[:, place], most=MOST_VALUES)
            if found.other < 0 and len(found.names) > 1 and 2 * len(found.names) < len(rows):
                yield found
    if rows.groups is not None:
        found = discretize.categories("(group)", rows.groups, most=MOST_VALUES)
        if found.other < 0 and 2 * len(found.names) < len(rows):
            yield found


def _shares(found: Coded) -> pd.DataFrame:
    return _table(found.name, list(found.names), found.counts)


def _scarce(table: pd.DataFrame | None, what: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame() if table is None else table[table["scarce"]].assign(what=what)


def _ties(rows: Rows, coded: list[Coded]) -> pd.DataFrame:
    """Return a table with the association of each column with the class."""
    import pandas as pd

    shapes = [(len(each.names), len(rows.classes)) for each in coded]
    found = [
        measures.association(measures.crossed(each.codes, rows.labels, shape))
        for each, shape in zip(coded, shapes, strict=True)
    ]
    table = pd.DataFrame(
        {
            "column": [each.name for each in coded],
            "cramers_v": np.array([v for v, _ in found], dtype=np.float64),
            "p": statistics.holm([p for _, p in found]),
        }
    )
    table["tied"] = (table["cramers_v"] >= STRONG) & (table["p"] <= ALPHA)
    return table.sort_values("cramers_v", ascending=False, kind="stable").reset_index(drop=True)


def _clusters(evidence: Evidence) -> tuple[pd.DataFrame | None, float | None]:
    """Return a table of clusters with size and most frequent class, and the mean silhouette."""
    rows = evidence.rows
    codes, silhouette = clusters.found(rows.features, evidence.seed)
    if codes is None:
        return None, silhouette
    count = int(codes.max()) + 1
    made = _table("(cluster)", [str(number) for number in range(count)], np.bincount(codes))
    mix = measures.crossed(codes, rows.labels, (count, len(rows.classes)))
    made["class"] = discretize.class_names(rows, mix.argmax(axis=1))
    made["class_share"] = statistics.ratio(mix.max(axis=1), mix.sum(axis=1))
    return made.sort_values("rows", kind="stable").reset_index(drop=True), silhouette


def _severity(numbers: dict[str, Any], problems: int) -> Severity:
    if numbers["classes_under_5"]:
        return "high"
    cuts: dict[Severity, float] = {"high": 100, "medium": 10, "low": 3}
    by_ratio = discretize.by_rule(numbers["ratio"] or 1.0, cuts)
    return discretize.gravest(by_ratio, "low" if problems else "none")


def _sentence(rows: Rows, classes: pd.DataFrame, numbers: dict[str, Any]) -> str:
    largest, smallest = classes.iloc[0], classes.iloc[-1]
    text = (
        f"The largest of {plural(len(classes), 'class')} ({largest['value']}) has"
        f" {plural(int(largest['rows']), 'row')},"
        f" the smallest ({smallest['value']}) {smallest['rows']:,};"
        f" normalized entropy {numbers['entropy']:.2f} (1 if balanced)."
    )
    more = [
        (numbers["classes_under_5"], "class has", "classes have", "fewer than 5 rows"),
        (numbers["scarce_values"], "value of a column is", "values of columns are", "scarce"),
        (numbers["scarce_clusters"], "cluster is", "clusters are", "scarce"),
        (numbers["tied_columns"], "column is", "columns are", "associated with the class"),
    ]
    said = [f"{agreed(count, one, many)} {what}" for count, one, many, what in more if count]
    return f"{text} {'; '.join(said)}." if said else text
