"""The parts of an audit's page, one function each; a part with nothing to say is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from dataperf.curation import samples
from dataperf.curation.cards import Scene, doubtful, plain
from dataperf.curation.markup import SEVERITY_WORDS, esc, heat, histogram, interval, percent, table
from dataperf.curation.samples import short
from dataperf.records.findings import Finding

#: The number that stands for a finding, and what it counts.
HEADLINES = {
    "label_errors": ("flagged", "labels flagged"),
    "duplicates": ("rows", "rows in sets of duplicates"),
    "outliers": ("rows", "rows far from all others"),
    "imbalance": ("ratio", "largest class to smallest"),
    "features": ("problems", "problems of columns"),
    "slices": ("slices", "weak slices"),
    "fairness": ("differences", "differences between groups"),
    "drift": ("auroc", "AUROC of telling the splits apart"),
    "annotators": ("cohen_kappa", "agreement beyond chance (κ)"),
}
#: Classes in a heat map, in a chart of bars.
MOST_HEAT, MOST_BARS = 20, 40


def section(name: str, title: str, lead: str, content: str, *, severity: str = "") -> str:
    """Return one section; ``lead`` and ``content`` are HTML."""
    mark = f'<span class="severity {severity}">{severity}</span>' if severity else ""
    return (
        f'<section id="{name}" aria-labelledby="{name}-title"><header><h2 id="{name}-title">'
        f'{esc(title)}</h2>{mark}</header><p class="lead">{lead}</p>{content}</section>'
    )


def of_finding(found: Finding, content: str) -> str:
    """Return the section of one finding."""
    word = SEVERITY_WORDS[found.severity]
    return section(found.kind, found.title, esc(found.sentence, 900), content, severity=word)


def overview(scene: Scene) -> str:
    """Return a card for every finding, the worst first."""
    cards = "".join(_finding_card(found) for found in scene.audit.findings)
    return f'<div class="health">{cards}</div>' if cards else ""


def _finding_card(found: Finding) -> str:
    word = SEVERITY_WORDS[found.severity]
    key, unit = HEADLINES.get(found.kind, ("rows", "rows"))
    value = found.numbers.get(key, len(found.table))
    told = "–"
    if _is_number(value):
        told = f"{value:,}" if isinstance(value, int) else short(float(f"{value:.3g}"))
    return (
        f'<a class="finding {word}" href="#{esc(found.kind)}"><span class="severity {word}">{word}'
        f"</span><h3>{esc(found.title)}</h3><p class='count'><b>{told}</b> {esc(unit)}</p>"
        f"<p>{esc(found.sentence, 420)}</p></a>"
    )


def label_errors(scene: Scene) -> str:
    """Return the doubted labels as cards, and which class is given for which."""
    found, doubt = scene.doubt.finding, scene.doubt
    if found is None:
        return ""
    cards = min(scene.most, doubt.flagged)
    parts = [_estimate(found)]
    if cards:
        drawn = "".join(doubtful(scene, place) for place in range(cards))
        style = "pictures" if scene.has_media else "sentences"
        parts.append(_filters(scene, cards))
        parts.append(f'<div class="cards {style}" data-cards>{drawn}</div>')
        parts.append('<button type="button" class="more" data-more hidden>Show more</button>')
    if "transition" in found.tables and found.numbers.get("flagged"):
        parts.append(_noise(found))
    if len(found.table):
        listed = table(found.table, most=300, caption="Rows, the most doubtful label first")
        rest = {name: each for name, each in found.tables.items() if name != "transition"}
        listed += "".join(table(each, most=40, caption=name) for name, each in rest.items())
        parts.append(f"<details><summary>All as a table</summary>{listed}</details>")
    return of_finding(found, "".join(parts))


def _estimate(found: Finding) -> str:
    """Say how many of the flagged rows are real, with the interval drawn."""
    names = ("flagged", "expected_real", "precision_estimate", "low", "high", "noise_rate")
    told = {name: float(each) for name in names if _is_number(each := found.numbers.get(name))}
    flagged, share = told.get("flagged", 0.0), told.get("precision_estimate")
    if not flagged:
        return ""
    figures = [(f"{flagged:,.0f}", "labels flagged")]
    if "expected_real" in told:
        figures.append((f"≈ {told['expected_real']:,.0f}", "of them really wrong"))
    if share is not None:
        low, high = (told.get(end, share * flagged) / flagged for end in ("low", "high"))
        words = f"precision, {percent(low)} to {percent(high)}"
        figures.append((percent(share), words + interval(share, low, high, share, top=1.0)))
    if "noise_rate" in told:
        figures.append((percent(told["noise_rate"]), "of all labels wrong, at least"))
    drawn = "".join(f"<div><b>{value}</b><span>{words}</span></div>" for value, words in figures)
    return f'<div class="figures">{drawn}</div>'


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and bool(np.isfinite(value))


def _filters(scene: Scene, cards: int) -> str:
    rows, doubt = scene.audit.rows, scene.doubt

    def choice(name: str, words: str, numbers: list[int]) -> str:
        options = "".join(
            f'<option value="{each}">{esc(samples.class_name(rows, each), 40)}</option>'
            for each in sorted(set(numbers))[:300]
        )
        return (
            f'<label>{words} <select data-filter="{name}"><option value="">any</option>{options}'
            "</select></label>"
        )

    told = f"the {cards:,} most doubtful of {doubt.flagged:,}"
    told = f"all {cards:,}" if cards == doubt.flagged else told
    return (
        '<div class="filters">'
        + choice("given", "labelled", doubt.given[:cards].tolist())
        + choice("suggested", "more likely", doubt.suggested[:cards].tolist())
        + f'<output data-shown aria-live="polite">{told}</output></div>'
    )


def _noise(found: Finding) -> str:
    frame = found.tables["transition"]
    numeric = frame.select_dtypes("number")
    values = numeric.to_numpy(dtype=np.float64)
    names = [str(name) for name in numeric.columns]
    if values.shape[0] != values.shape[1] or not len(values):
        return table(frame, most=50, caption="Noise")
    note = ""
    if len(values) > MOST_HEAT:
        wrong = values - np.diag(np.diag(values))
        kept = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)))[:MOST_HEAT])
        values, names = values[np.ix_(kept, kept)], [names[each] for each in kept]
        note = f'<p class="note">The {MOST_HEAT} most confused classes of {len(numeric)}.</p>'
    drawn = heat(values, names, across="given as", down="really")
    drawn = f'<div class="noise">{drawn}{_confusions(values, names)}</div>'
    return (
        '<h3>Which class is given for which</h3><p class="note">Of the rows that really are of a '
        f"class, the per cent that carry each label, estimated.</p>{drawn}{note}"
    )


def _confusions(values: NDArray[Any], names: list[str]) -> str:
    """Return the most frequent confusions as a list."""
    off = np.where(np.eye(len(values), dtype=bool), -1.0, np.nan_to_num(values, nan=-1.0))
    order = np.argsort(-off, axis=None, kind="stable")[:8]
    pairs = [(int(each) // len(values), int(each) % len(values)) for each in order]
    lines = "".join(
        f"<li><b>{esc(names[down], 24)}</b> given as <b>{esc(names[across], 24)}</b>"
        f"<span>{percent(float(off[down, across]))}</span></li>"
        for down, across in pairs
        if off[down, across] >= 0.001
    )
    return f'<ol class="confusions">{lines}</ol>' if lines else ""


def balance(scene: Scene) -> str:
    """Return the rows of every class as bars, flagged ones marked, and what is scarce."""
    rows, found = scene.audit.rows, samples.finding(scene.audit, "imbalance")
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    given = scene.doubt.given
    flagged = np.bincount(given[given >= 0], minlength=len(rows.classes))
    order = np.argsort(-counts, kind="stable")
    note = ""
    if len(order) > MOST_BARS:
        order = np.concatenate([order[: MOST_BARS // 2], order[-MOST_BARS // 2 :]])
        note = f'<p class="note">The largest and the smallest of {len(counts):,} classes.</p>'
    top = max(1, int(counts.max()))
    lines = "".join(
        f"<tr><th scope='row'>{esc(rows.classes[each], 32)}</th><td class='wide'>"
        f"<span class='bar' style='width:{100 * counts[each] / top:.1f}%'>"
        f"<i style='width:{100 * flagged[each] / max(1, counts[each]):.1f}%'></i></span></td>"
        f"<td class='n' data-v='{counts[each]}'>{counts[each]:,}</td>"
        f"<td class='n' data-v='{flagged[each]}'>{flagged[each]:,}</td>"
        f"<td class='n' data-v='{flagged[each] / max(1, counts[each]):.6f}'>"
        f"{percent(flagged[each] / max(1, counts[each]))}</td></tr>"
        for each in order
    )
    heads = "".join(
        f'<th scope="col" class="{kind}"><button type="button">{words}</button></th>'
        for words, kind in (("class", ""), ("", "wide"), ("rows", "n"), ("doubted", "n"), ("", "n"))
    ).replace('<button type="button"></button>', "")
    drawn = (
        f'<table class="sort bars"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'
        f'<p class="key"><i class="all"></i> rows <i class="bad"></i> label doubted</p>{note}'
    )
    if found is None:
        return section("imbalance", "Classes", "Rows of every class.", drawn)
    others = [table(each, most=20, caption=name) for name, each in found.tables.items()]
    if len(found.table):
        others.insert(0, table(found.table, most=30, caption="Scarce"))
    more = f"<details><summary>All as tables</summary>{''.join(others)}</details>"
    return of_finding(found, drawn + (more if others else ""))


def duplicates(scene: Scene) -> str:
    """Return sets of duplicates side by side."""
    found = samples.finding(scene.audit, "duplicates")
    if found is None:
        return ""
    sets = []
    frame = found.table
    if {"set", "row"} <= set(frame.columns):
        names = list(dict.fromkeys(frame["set"].tolist()))[: max(2, scene.most // 5)]
        for name in names:
            part = frame[frame["set"] == name]
            marks = [word for word in ("conflict", "crosses") if word in part and part[word].any()]
            words = {"conflict": "labels conflict", "crosses": "in several splits"}
            kinds = sorted({str(each) for each in part["kind"]}) if "kind" in part else []
            told = " · ".join([*(words[each] for each in marks), *kinds, f"{len(part)} rows"])
            cards = "".join(
                plain(scene, int(row), _split_of(scene, int(row))) for row in part["row"].head(4)
            )
            bad = " bad" if marks else ""
            sets.append(
                f'<div class="set{bad}"><p class="note">{esc(told)}</p>'
                f'<div class="cards small">{cards}</div></div>'
            )
    listed = table(frame, most=200, caption="Duplicates") if len(frame) else ""
    more = f"<details><summary>All as a table</summary>{listed}</details>" if listed else ""
    drawn = f'<div class="sets">{"".join(sets)}</div>' if sets else ""
    return of_finding(found, drawn + more)


def _split_of(scene: Scene, row: int) -> str:
    split = scene.audit.rows.split
    return f"in {esc(split[row], 24)}" if split is not None else ""


def outliers(scene: Scene) -> str:
    """Return the rows that lie farthest out."""
    found = samples.finding(scene.audit, "outliers")
    if found is None:
        return ""
    frame, cards = found.table, ""
    if "row" in frame:
        head = frame.head(max(4, scene.most // 5))
        far = head["times_usual"] if "times_usual" in head else head["score"]
        unit = "× the usual distance" if "times_usual" in head else "score"
        cards = "".join(
            plain(scene, int(row), f"{short(round(float(value), 1))} {unit}")
            for row, value in zip(head["row"], far)
        )
    listed = table(frame, most=200, caption="Outliers") if len(frame) else ""
    more = f"<details><summary>All as a table</summary>{listed}</details>" if listed else ""
    return of_finding(found, (f'<div class="cards small">{cards}</div>' if cards else "") + more)


def slices(scene: Scene) -> str:
    """Return the conditions under which the models err, with intervals drawn."""
    found = samples.finding(scene.audit, "slices")
    if found is None:
        return ""
    frame = found.table
    needed = {"condition", "rows", "error", "low", "high"}
    if not len(frame) or not needed <= set(frame.columns):
        return of_finding(found, table(frame, most=60) if len(frame) else "")
    overall = found.numbers.get("error")
    mark = float(overall) if _is_number(overall) else 0.0
    top = max(float(frame["high"].max()), mark, 1e-9)
    lines = "".join(
        f"<tr><th scope='row'>{esc(line['condition'], 160)}</th>"
        f"<td class='n' data-v='{line['rows']}'>{int(line['rows']):,}</td>"
        f"<td class='n' data-v='{line['error']:.6f}'>{percent(float(line['error']))}</td>"
        f"<td class='wide'>{interval(line['error'], line['low'], line['high'], mark, top=top)}</td>"
        f"<td class='n' data-v='{line['low']:.6f}'>{percent(float(line['low']))} to "
        f"{percent(float(line['high']))}</td></tr>"
        for line in frame.head(40).to_dict(orient="records")
    )
    heads = "".join(
        f'<th scope="col" class="{kind}">{_button(words)}</th>'
        for words, kind in (
            *(("where", ""), ("rows", "n"), ("error", "n")),
            *(("", "wide"), ("95 % interval", "n")),
        )
    )
    return of_finding(
        found,
        f'<table class="sort"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'
        f'<p class="key"><i class="line"></i> error over all rows, {percent(mark)}</p>',
    )


def _button(words: str) -> str:
    return f'<button type="button">{words}</button>' if words else ""


def tables_of(scene: Scene, kind: str) -> str:
    """Return a finding as its tables."""
    found = samples.finding(scene.audit, kind)
    if found is None:
        return ""
    parts = [table(found.table, most=40)] if len(found.table) else []
    rest = [table(each, most=40, caption=name) for name, each in found.tables.items() if len(each)]
    if rest:
        parts.append(f"<details><summary>More tables</summary>{''.join(rest)}</details>")
    return of_finding(found, "".join(parts))


def values(scene: Scene) -> str:
    """Return how much the rows are worth, and those that do harm."""
    told = scene.audit.values
    if told is None:
        return ""
    known = np.flatnonzero(np.isfinite(told))
    if len(known) < 2:
        return ""
    below = int((told[known] < 0).sum())
    words = (
        f"{below:,} of {len(known):,} rows ({percent(below / len(known))}) are worth less than "
        "nothing: a model that learns by example does better without them."
    )
    worst = known[np.argsort(told[known], kind="stable")][: max(4, scene.most // 5)]
    cards = "".join(plain(scene, int(row), f"worth {told[row]:.2g}") for row in worst)
    style = "below zero"
    return section(
        "values",
        "What each row is worth",
        words,
        histogram(told[known], words=words)
        + f'<p class="key"><i class="bad"></i> {style} <i class="all"></i> above zero</p>'
        f'<h3>Worth least</h3><div class="cards small">{cards}</div>',
    )


#: Every kind of finding that has a way of its own to show.
DRAWN: dict[str, Callable[[Scene], str]] = {
    "label_errors": label_errors,
    "imbalance": balance,
    "duplicates": duplicates,
    "outliers": outliers,
    "slices": slices,
}


def of_kind(scene: Scene, kind: str) -> str:
    """Return the section of a finding of any kind."""
    return DRAWN[kind](scene) if kind in DRAWN else tables_of(scene, kind)
