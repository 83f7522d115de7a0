"""The sections of an audit's page, one function each; None if there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.curation import cards, charts, samples
from dataperf.curation.cards import Card, Scene
from dataperf.curation.charts import Interval, Table, percent, table
from dataperf.curation.samples import short
from dataperf.records import IntArray
from dataperf.records.findings import Finding

#: Maximum number of classes in a heat map and in a bar chart, of confusions, and of filter choices.
MOST_HEAT, MOST_BARS, MOST_CONFUSIONS, MOST_CHOICES = 20, 40, 8, 300


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Parameters
    ----------
    name
        The section's id in the page.
    title
        The heading.
    lead
        The sentence under the heading.
    template
        The file in ``templates/`` that draws ``content``.
    content
        What that template shows.
    severity
        The word for how much it matters; "" where it is not a finding.
    """

    name: str
    title: str
    lead: str
    template: str
    content: Mapping[str, Any] = field(default_factory=dict)
    severity: str = ""


def of_finding(found: Finding, template: str, **content: Any) -> Section:
    """Return the section of one finding."""
    word = charts.SEVERITY_WORDS[found.severity]
    return Section(found.kind, found.title, found.sentence, template, content, word)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a finite number."""
    return isinstance(value, int | float) and bool(np.isfinite(value))


# Label errors -----------------------------------------------------------------------------


class Figure(NamedTuple):
    """A large number, a few words for it, and its interval if it has one."""

    value: str
    words: str
    interval: Interval | None = None


class Filter(NamedTuple):
    """A choice of classes by which samples are filtered."""

    name: str
    words: str
    choices: list[tuple[int, str]]


class Confusion(NamedTuple):
    """The share of the rows of a true class that are labelled as another class."""

    truly: str
    given: str
    share: float


def label_errors(scene: Scene) -> Section | None:
    """Return the flagged rows as cards, and the label confusions."""
    found, suspects = scene.suspects.finding, scene.suspects
    if found is None:
        return None
    count = scene.flagged_shown
    shown = f"the {count:,} most suspicious of {suspects.flagged:,}"
    content: dict[str, Any] = {
        "figures": _estimate(found),
        "suspects": [cards.suspect(scene, place) for place in range(count)],
        "filters": _filters(scene, count),
        "shown": f"all {count:,}" if count == suspects.flagged else shown,
        "flagged": suspects.flagged,
        **_noise(found),
        "tables": [],
    }
    if len(found.table):
        rest = {name: each for name, each in found.tables.items() if name != "transition"}
        content["tables"] = [
            table(found.table, most=300, caption="Rows by suspicion score, highest first"),
            *(table(each, most=40, caption=name) for name, each in rest.items()),
        ]
    return of_finding(found, "label_errors.html", **content)


def _estimate(found: Finding) -> list[Figure]:
    """Return how many of the flagged labels are expected to be wrong, and the truth if known."""
    known = {name: float(each) for name, each in found.numbers.items() if is_number(each)}
    flagged, doubtful = known.get("flagged", 0.0), known.get("doubtful", 0.0)
    figures = []
    if flagged:
        figures.append(Figure(f"{flagged:,.0f}", f"label{'s' * (flagged != 1)} flagged"))
        figures += _expected(known, flagged)
    elif doubtful:
        figures.append(Figure(f"{doubtful:,.0f}", f"label{'s' * (doubtful != 1)} doubtful"))
        figures.append(Figure(f"0 to {known.get('at_most', doubtful):,.0f}", "of them wrong"))
        if "models_right" in known:
            figures.append(Figure(percent(known["models_right"]), "of labels models get right"))
    return figures + _true(known)


def _expected(known: Mapping[str, float], flagged: float) -> list[Figure]:
    """Return the interval of the number of wrong labels, and of the precision."""
    if not {"low", "high", "precision_estimate"} <= known.keys():
        return []
    low, high = known["low"], known["high"]
    words = f"{np.floor(low):,.0f} to {np.ceil(high):,.0f}"
    figures = [Figure(words, "of them expected to be wrong")]
    low, high = low / flagged, high / flagged
    line = charts.interval(known["precision_estimate"], low, high, low, top=1.0)
    figures.append(Figure(f"{percent(low)} to {percent(high)}", "estimated precision", line))
    if "recall_estimate" in known:
        figures.append(
            Figure(percent(known["recall_estimate"]), "of errors like the injected ones")
        )
    return figures


def _true(known: Mapping[str, float]) -> list[Figure]:
    """Return how many labels are truly wrong, and precision and recall of the flags, if known."""
    if "truly_wrong" not in known:
        return []
    figures = [Figure(f"{known['truly_wrong']:,.0f}", "labels wrong in truth")]
    for name in ("precision", "recall"):
        if name in known:
            figures.append(Figure(percent(known[name]), f"true {name} of the flags"))
    if known.get("doubtful") and "doubtful_truly_wrong" in known:
        hits = known["doubtful_truly_wrong"]
        figures.append(Figure(f"{hits:,.0f}", "of the doubtful ones wrong in truth"))
    return figures


def _filters(scene: Scene, count: int) -> list[Filter]:
    suspects = scene.suspects
    return [
        Filter("given", "given label", _choices(scene, suspects.given[:count])),
        Filter("suggested", "suggested label", _choices(scene, suspects.suggested[:count])),
    ]


def _choices(scene: Scene, numbers: IntArray) -> list[tuple[int, str]]:
    known = sorted(set(numbers.tolist()))[:MOST_CHOICES]
    return [(number, samples.class_name(scene.audit.rows, number)) for number in known]


def _noise(found: Finding) -> dict[str, Any]:
    """Return the label confusions: a heat map, or a table if they are not square."""
    if "transition" not in found.tables or not found.numbers.get("flagged"):
        return {"noise": None, "noise_table": None}
    frame = found.tables["transition"]
    numeric = frame.select_dtypes("number")
    values = numeric.to_numpy(dtype=np.float64)
    names = [str(name) for name in numeric.columns]
    if values.shape[0] != values.shape[1] or not len(values):
        return {"noise": None, "noise_table": table(frame, most=50, caption="Noise")}
    if len(values) > MOST_HEAT:
        wrong = values - np.diag(np.diag(values))
        kept = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)))[:MOST_HEAT])
        values, names = values[np.ix_(kept, kept)], [names[each] for each in kept]
    noise = {
        "map": charts.heat(values, names),
        "confusions": _confusions(values, names),
        "classes": len(numeric),
    }
    return {"noise": noise, "noise_table": None}


def _confusions(values: NDArray[Any], names: list[str]) -> list[Confusion]:
    """Return the most frequent confusions."""
    off = np.where(np.eye(len(values), dtype=bool), -1.0, np.nan_to_num(values, nan=-1.0))
    order = np.argsort(-off, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = [(int(each) // len(values), int(each) % len(values)) for each in order]
    return [
        Confusion(names[down], names[across], float(off[down, across]))
        for down, across in pairs
        if off[down, across] >= 0.001
    ]


# The other findings -----------------------------------------------------------------------


class ClassBar(NamedTuple):
    """A class, its rows, how many of them are flagged, and the share of those."""

    name: str
    rows: int
    flagged: int
    share: float


def balance(scene: Scene) -> Section:
    """Return the rows of each class as bars, flagged ones marked, and the scarce classes."""
    rows, found = scene.audit.rows, samples.finding(scene.audit, "imbalance")
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    given = scene.suspects.given
    flagged = np.bincount(given[given >= 0], minlength=len(rows.classes))
    order: IntArray = np.argsort(-counts, kind="stable")
    if len(order) > MOST_BARS:
        order = np.concatenate([order[: MOST_BARS // 2], order[-MOST_BARS // 2 :]])
    bars = [
        ClassBar(rows.classes[each], int(counts[each]), int(flagged[each]), float(share))
        for each, share in zip(order, flagged[order] / np.maximum(1, counts[order]))
    ]
    content: dict[str, Any] = {"bars": bars, "largest": max(1, int(counts.max()))}
    content |= {"classes": len(counts), "word": scene.suspects.word}
    if found is None:
        lead = "Number of rows of each class."
        return Section("imbalance", "Classes", lead, "balance.html", content | {"tables": []})
    tables = [table(found.table, most=30, caption="Scarce classes")] if len(found.table) else []
    tables += [table(each, most=20, caption=name) for name, each in found.tables.items()]
    return of_finding(found, "balance.html", **content, tables=tables)


class Set(NamedTuple):
    """A set of duplicates."""

    words: str
    bad: bool
    cards: list[Card]


def duplicates(scene: Scene) -> Section | None:
    """Return sets of duplicates side by side."""
    found = samples.finding(scene.audit, "duplicates")
    if found is None:
        return None
    sets, frame = [], found.table
    if {"set", "row"} <= set(frame.columns):
        names = list(dict.fromkeys(frame["set"].tolist()))[: max(2, scene.most // 5)]
        sets = [_set(scene, frame[frame["set"] == name]) for name in names]
    return of_finding(
        found, "duplicates.html", sets=sets, tables=_listed(frame, caption="Duplicates")
    )


def _set(scene: Scene, part: Any) -> Set:
    words = {"conflict": "labels conflict", "crosses": "in several splits"}
    marks = [words[name] for name in words if name in part and part[name].any()]
    kinds = sorted({str(each) for each in part["kind"]}) if "kind" in part else []
    note = " · ".join([*marks, *kinds, plural(len(part), "row")])
    drawn = [cards.card(scene, int(row), _split_of(scene, int(row))) for row in part["row"].head(4)]
    return Set(note, bool(marks), drawn)


def _split_of(scene: Scene, row: int) -> str:
    split = scene.audit.rows.split
    return f"in {samples.clipped(split[row], 24)}" if split is not None else ""


def _listed(frame: Any, *, caption: str) -> list[Table]:
    return [table(frame, most=200, caption=caption)] if len(frame) else []


def outliers(scene: Scene) -> Section | None:
    """Return the rows that lie farthest out."""
    found = samples.finding(scene.audit, "outliers")
    if found is None:
        return None
    frame, drawn = found.table, []
    if "row" in frame:
        head = frame.head(max(4, scene.most // 5))
        far = head["times_usual"] if "times_usual" in head else head["score"]
        unit = "× the usual distance" if "times_usual" in head else "score"
        drawn = [
            cards.card(scene, int(row), f"{short(round(float(value), 1))} {unit}")
            for row, value in zip(head["row"], far)
        ]
    return of_finding(
        found, "outliers.html", cards=drawn, tables=_listed(frame, caption="Outliers")
    )


class Slice(NamedTuple):
    """Rows that fulfil a condition, and the error of the models on them."""

    condition: str
    rows: int
    error: float
    low: float
    high: float
    interval: Interval


def slices(scene: Scene) -> Section | None:
    """Return the conditions under which the models err, with intervals."""
    found = samples.finding(scene.audit, "slices")
    if found is None:
        return None
    frame = found.table
    needed = {"condition", "rows", "error", "low", "high"}
    if not len(frame) or not needed <= set(frame.columns):
        first = [table(frame, most=60)] if len(frame) else []
        return of_finding(found, "tables.html", first=first, tables=[])
    overall = found.numbers.get("error")
    mark = float(overall) if is_number(overall) else 0.0
    top = max(float(frame["high"].max()), mark, 1e-9)
    lines = []
    for line in frame.head(40).to_dict(orient="records"):
        error, low, high = (float(line[name]) for name in ("error", "low", "high"))
        drawn = charts.interval(error, low, high, mark, top=top)
        lines.append(Slice(str(line["condition"]), int(line["rows"]), error, low, high, drawn))
    return of_finding(found, "slices.html", slices=lines, overall=mark)


def tables_of(scene: Scene, kind: str) -> Section | None:
    """Return a finding as its tables."""
    found = samples.finding(scene.audit, kind)
    if found is None:
        return None
    first = [table(found.table, most=40)] if len(found.table) else []
    rest = [table(each, most=40, caption=name) for name, each in found.tables.items() if len(each)]
    return of_finding(found, "tables.html", first=first, tables=rest)


def values(scene: Scene) -> Section | None:
    """Return the data values, and the rows with the lowest."""
    known_values = scene.audit.values
    if known_values is None:
        return None
    known = np.flatnonzero(np.isfinite(known_values))
    if len(known) < 2:
        return None
    below = int((known_values[known] < 0).sum())
    lead = (
        f"{below:,} of {plural(len(known), 'row')} ({percent(below / len(known))}) "
        f"{'has' if below == 1 else 'have'} a negative value: "
        "a nearest-neighbour model scores better without them."
    )
    worst = known[np.argsort(known_values[known], kind="stable")][: max(4, scene.most // 5)]
    drawn = [cards.card(scene, int(row), f"value {known_values[row]:.2g}") for row in worst]
    content = {"histogram": charts.histogram(known_values[known]), "cards": drawn}
    return Section("values", "Data values", lead, "values.html", content)


#: Kinds of findings that are not shown as tables.
DRAWN: dict[str, Callable[[Scene], Section | None]] = {
    "label_errors": label_errors,
    "imbalance": balance,
    "duplicates": duplicates,
    "outliers": outliers,
    "slices": slices,
}


def of_kind(scene: Scene, kind: str) -> Section | None:
    """Return the section of a finding of any kind."""
    return DRAWN[kind](scene) if kind in DRAWN else tables_of(scene, kind)
