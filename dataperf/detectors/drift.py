"""Differences between splits: columns, labels, and whether a model can distinguish them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.evidence import discretize, measures
from dataperf.evidence.measures import Area
from dataperf.records import IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Kind, Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Drift between splits"

#: Smaller splits are not compared.
FEWEST = 20
#: Minimum effect of a drifted column, and significance level.
EFFECT, ALPHA = 0.1, 0.01
#: Maximum number of rows for the classifier, its folds, and maximum number of splits compared.
SEEN, FOLDS, SPLITS = 20_000, 3, 10
#: Factor of the AUROC's interval, for the chance of the folds and their models. In 120 comparisons of
#: two samples of one distribution, the interval held 0.5 in 89 % of cases without it, in 97 % with it.
WIDER = 1.2
#: Maximum number of categories of a column, and of nameless features that are tested.
VALUES, FEATURES = 100, 512
#: Maximum number of tested values (rows x columns) of a split.
VALUES_SEEN = 6_400_000


def find(evidence: Evidence) -> Finding | str:
    """Compare each split with the reference split: ``train`` if it exists, else the largest one.

    Numbers and dates are compared by the Kolmogorov-Smirnov test. Categories, missing values and
    labels are compared by the chi-squared test, with the total variation distance as effect. The
    tests use at most 100,000 rows of each split (fewer for wide data), and the first 512 features
    if columns have no names. A column has drifted if its effect (0 to 1) is at least 0.1, and
    Holm's adjusted p-value over all tests is at most 0.01. A classifier (boosted trees, 3 folds,
    at most 20,000 rows, groups kept whole) is trained to distinguish the splits; its out-of-fold
    AUROC is 0.5 if they have the same distribution [1]_.

    Severity: high if the lower end of the AUROC's interval is at least 0.8, or a column's effect
    at least 0.4; medium from 0.65, from an effect of 0.2, or if the labels have drifted; low from
    0.55, or if any column has drifted.

    References
    ----------
    .. [1] D. Lopez-Paz & M. Oquab, Revisiting classifier two-sample tests, ICLR 2017.
    """
    import pandas as pd

    rows = evidence.rows
    if rows.split is None:
        return "no split column was given"
    names, split = np.unique(rows.split, return_inverse=True)
    counts = np.bincount(split)
    large = [number for number in np.argsort(-counts, kind="stable") if counts[number] >= FEWEST]
    if len(large) < 2:
        return f"fewer than two splits have at least {FEWEST} rows"
    reference = next((number for number in large if names[number] == "train"), large[0])
    lines: list[dict[str, Any]] = []
    classifiers = []
    for number in [each for each in large if each != reference][:SPLITS]:
        pair = {"split": str(names[number]), "reference": str(names[reference])}
        both = [_some(rows, split, each, evidence.seed) for each in (number, reference)]
        lines += [{**pair, **line} for line in _tests(rows, both[0], both[1])]
        area = split_auroc(rows, both[0], both[1], evidence.seed)
        sizes = {"rows": int(counts[number]), "reference_rows": int(counts[reference])}
        classifiers.append(
            {**pair, **sizes, "auroc": area.value, "low": area.low, "high": area.high}
        )
    table = pd.DataFrame(lines)
    table["p"] = statistics.holm(table["p"])
    table["drifted"] = (table["effect"] >= EFFECT) & (table["p"] <= ALPHA)
    table["score"] = np.where(table["drifted"], 0.5 + table["effect"] / 2, table["effect"] / 2)
    table = table.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    areas = pd.DataFrame(classifiers)
    areas = areas.sort_values("low", ascending=False, kind="stable", ignore_index=True)
    of_labels = table["test"] == "labels"
    return Finding(
        kind="drift",
        title=title,
        sentence=_sentence(table, areas),
        severity=_severity(table, areas),
        table=table,
        numbers={
            "splits": len(classifiers) + 1,
            "auroc": float(areas["auroc"].iloc[0]),
            "auroc_low": float(areas["low"].iloc[0]),
            "auroc_high": float(areas["high"].iloc[0]),
            "drifted_columns": int((table["drifted"] & ~of_labels).sum()),
            "tests": len(table),
            "label_effect": float(table.loc[of_labels, "effect"].max())
            if of_labels.any()
            else None,
            "rows_left_out": int(counts[counts < FEWEST].sum()),
        },
        tables={"classifier": areas},
    )


def _some(rows: Rows, split: IntArray, number: int, seed: int) -> IntArray:
    inside = np.flatnonzero(split == number)
    wide = len(discretize.describing(rows)) or min(FEATURES, rows.features.shape[1])
    limit = min(discretize.SAMPLE, max(SEEN, VALUES_SEEN // max(1, wide)))
    return inside[discretize.sample(len(inside), limit, seed)]


def _tests(rows: Rows, here: IntArray, there: IntArray) -> Iterator[dict[str, Any]]:
    """Yield a line for each test of two splits."""
    both = np.concatenate([here, there])
    first = np.arange(len(both)) < len(here)
    described, named = discretize.described(rows, both), bool(discretize.describing(rows))
    for number, (name, kind, values) in enumerate(described):
        if not named and number >= FEATURES:
            break
        yield from _column(name, kind, values, first)
    labels = rows.labels[both]
    known = labels >= 0
    if known[first].any() and known[~first].any():
        yield _categories(rows.label, "labels", labels[known], first[known])


def _column(
    name: str, kind: Kind, values: Any, first: NDArray[np.bool_]
) -> Iterator[dict[str, Any]]:
    import pandas as pd

    if kind in ("numeric", "datetime"):
        found = discretize.numbers(values, kind)
        gone = np.isnan(found)
        if (~gone & first).any() and (~gone & ~first).any():
            yield _numbers(name, found[first & ~gone], found[~first & ~gone])
    else:
        gone = pd.Series(values).isna().to_numpy()
        if kind == "categorical":
            codes = discretize.categories(name, values, most=VALUES).codes.astype(np.intp)
            yield _categories(name, "categories", codes, first)
        elif kind == "text":
            length = pd.Series(values).astype("object").fillna("").astype(str).str.len()
            found = length.to_numpy(np.float64)
            yield {**_numbers(name, found[first], found[~first]), "test": "length"}
    if gone.any() and not gone.all() and kind != "categorical":
        yield _categories(name, "missing", gone.astype(np.intp), first)


def _numbers(name: str, here: NDArray[np.float64], there: NDArray[np.float64]) -> dict[str, Any]:
    from scipy.stats import ks_2samp

    found = ks_2samp(here, there, method="asymp")
    facts = {"here": float(np.median(here)), "there": float(np.median(there))}
    return {
        **{"column": name, "test": "numbers"},
        **{"effect": float(found.statistic), "p": float(found.pvalue)},
        **{"median": facts["here"], "reference_median": facts["there"]},
    }


def _categories(name: str, test: str, codes: IntArray, first: NDArray[np.bool_]) -> dict[str, Any]:
    table = measures.crossed(codes, (~first).astype(np.intp), (int(codes.max()) + 1, 2))
    effect = statistics.total_variation(table[:, 0], table[:, 1])
    # rare values differ by chance: subtract the effect expected by chance
    chance = _by_chance(table)
    p = measures.association(table)[1]
    return {"column": name, "test": test, "effect": max(0.0, effect - chance), "p": p}


def _by_chance(table: IntArray) -> float:
    """Return the expected total variation distance of two samples of the same distribution.

    It sums, over categories, the mean of a folded normal distribution of the difference of shares.
    """
    totals = table.sum(axis=0)
    share = table.sum(axis=1) / max(1, totals.sum())
    variance = share * (1 - share) * (1 / max(1, totals[0]) + 1 / max(1, totals[1]))
    return float(np.sqrt(2 * variance / np.pi).sum() / 2)


def split_auroc(rows: Rows, here: IntArray, there: IntArray, seed: int) -> Area:
    """Return the out-of-fold AUROC of a classifier that distinguishes two splits.

    Parameters
    ----------
    rows
        The data.
    here, there : arrays of int
        Row numbers of the two splits.
    seed
        Random seed of samples, folds and classifier.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    share = min(1.0, SEEN / (len(here) + len(there)))
    parts = [
        part[discretize.sample(len(part), max(FEWEST, int(share * len(part))), seed)]
        for part in (here, there)
    ]
    picked = np.concatenate(parts)
    first = np.arange(len(picked)) < len(parts[0])
    if not rows.features.shape[1]:
        return Area(0.5, 0.5, 0.5)
    fold = _folds(rows, picked, first, seed)
    scores = np.full(len(picked), 0.5)
    features = rows.features[picked]
    for number in range(FOLDS):
        held = fold == number
        if held.any() and 0 < first[~held].sum() < (~held).sum():
            model = HistGradientBoostingClassifier(
                max_iter=40, max_leaf_nodes=15, max_bins=63, early_stopping=False, random_state=seed
            )
            model.fit(features[~held], first[~held])
            # scores of folds are not comparable; use ranks within each fold
            scores[held] = _ranks(model.predict_proba(features[held])[:, 1])
    found = measures.auroc(scores, first)
    half = WIDER * (found.high - found.low) / 2
    return Area(found.value, max(0.0, found.value - half), min(1.0, found.value + half))


def _folds(rows: Rows, picked: IntArray, first: NDArray[np.bool_], seed: int) -> IntArray:
    """Return folds with equal shares of both splits; groups are kept whole."""
    if rows.groups is not None:
        return discretize.folds(rows, picked, FOLDS, seed)
    fold = np.empty(len(picked), dtype=np.intp)
    random = np.random.default_rng(seed)
    for side in (first, ~first):
        fold[side] = random.permutation(int(side.sum())) % FOLDS
    return fold


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.stats import rankdata

    ranks: NDArray[np.float64] = rankdata(values) / (len(values) + 1)
    return ranks


def _severity(table: pd.DataFrame, areas: pd.DataFrame) -> Severity:
    of_labels = table["test"] == "labels"
    drifted = table[table["drifted"]]
    cuts: dict[Severity, float] = {"high": 0.4, "medium": 0.2, "low": EFFECT}
    return discretize.gravest(
        discretize.by_rule(float(areas["low"].max()), {"high": 0.8, "medium": 0.65, "low": 0.55}),
        discretize.by_rule(float(drifted["effect"].max()) if len(drifted) else 0.0, cuts),
        "medium" if bool((table["drifted"] & of_labels).any()) else "none",
    )


def _sentence(table: pd.DataFrame, areas: pd.DataFrame) -> str:
    most: Any = areas.iloc[0]
    drifted = table[table["drifted"]]
    text = (
        f"A model distinguishes {most['split']} from {most['reference']} with an AUROC of"
        f" {most['auroc']:.2f} ({most['low']:.2f} to {most['high']:.2f}; 0.5 if they do not differ)"
    )
    if not len(drifted):
        return f"{text}; no column differs measurably."
    worst: Any = drifted.iloc[0]
    what = "the labels" if worst["test"] == "labels" else worst["column"]
    count = len(drifted)
    verb = "test shows" if count == 1 else "tests show"
    return f"{text}; {count:,} {verb} a difference, the largest in {what}."
