"""An audit as one HTML page without links to other files."""

from __future__ import annotations

import base64
import hashlib
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dataperf.basics.progress import report
from dataperf.basics.wording import plural
from dataperf.curation import column_table, decisions, map_points, markup, samples, sections
from dataperf.curation.cards import Scene
from dataperf.curation.charts import SEVERITY_WORDS, percent, table
from dataperf.curation.map_layout import Layout, layout
from dataperf.curation.samples import Audited, Usual, short
from dataperf.curation.sections import Section
from dataperf.records.findings import Finding

#: Maximum size of a page in bytes.
LIMIT = 6_000_000
#: Share of the samples, images on the map, and sounds: the page takes the first line that fits.
SIZES = (
    (1.0, 2_000, True),
    (0.5, 1_000, True),
    (0.5, 500, False),
    (0.2, 100, False),
    (0.05, 0, False),
)
#: Images in the strip at the top.
MOST_STRIP = 14
#: The main number of a finding, and what it counts: many, and one.
HEADLINES = {
    "label_errors": ("flagged", "labels flagged", "label flagged"),
    "duplicates": ("rows", "rows in sets of duplicates", "row in sets of duplicates"),
    "outliers": ("rows", "rows far from all others", "row far from all others"),
    "imbalance": ("ratio", "largest to smallest class", "largest to smallest class"),
    "features": ("problems", "column problems", "column problem"),
    "slices": ("slices", "weak slices", "weak slice"),
    "fairness": ("differences", "differences between groups", "difference between groups"),
    "drift": ("auroc", *2 * ("AUROC of a model that separates the splits",)),
    "annotators": ("cohen_kappa", *2 * ("agreement beyond chance (Cohen's κ)",)),
}
#: What to do about findings of each kind.
ADVICE = {
    "duplicates": "Keep one row of each set of duplicates. If you need several, put them on the "
    "same side of a split; otherwise tests repeat training rows.",
    "outliers": "Look at the outliers: a broken file and a rare but valid case look the same.",
    "imbalance": "Collect more rows of the scarce classes before you tune a model.",
    "features": "Drop columns that leak the label or only identify rows, then audit again.",
    "slices": "Collect more rows, or check labels, where the models err most.",
    "fairness": "Find out why groups differ before you use the data to decide about people.",
    "drift": "Split the data again, or report scores for each split.",
    "annotators": "Talk to the annotators who stand out. Have the rows on which they disagree "
    "labelled again.",
}


def page(audit: Audited, *, title: str | None = None, most: int = 60) -> str:
    """Return an audit as one page: images first, then numbers, then what to do.

    The page works from a file and loads nothing from a network; its content policy forbids that.
    It is smaller than ``LIMIT`` bytes: if images would make it larger, it shows fewer of them and
    says so.

    Parameters
    ----------
    audit
        The audit.
    title
        Title of the page; None takes the name of the data.
    most
        Maximum number of flagged rows that are shown, of rows without images or sounds 8 times as
        many; other sections show a fifth of it.

    Returns
    -------
    str
        HTML.
    """
    suspects, usual = samples.suspect_rows(audit), Usual(audit.rows)
    report("arranging the map")
    placed = layout(audit.rows, suspects.rows)
    drawn = ""
    for share, thumbs, sounds in SIZES:
        report("drawing the page")
        count = max(1, round(most * share)) if most > 0 else 0
        scene = Scene(audit, suspects, usual, count, thumbs, sounds)
        drawn = _assembled(scene, placed, title or audit.rows.name)
        if len(drawn.encode("utf-8")) < LIMIT:
            break
    return drawn


def _assembled(scene: Scene, placed: Layout, title: str) -> str:
    style, script = markup.own_file("page.css"), markup.own_file("page.js")
    return markup.render(
        "page.html",
        title=title,
        style=markup.trusted(style),
        script=markup.trusted(script),
        digest=_digest(script),
        has_media=scene.has_media,
        header=_header(scene),
        parts=_sections(scene, placed),
        decisions=decisions.content(scene.audit, scene.suspects),
    )


def _sections(scene: Scene, placed: Layout) -> list[Section]:
    """Return the sections in their order: flagged labels, map, classes, the rest."""
    found = {each.kind: sections.of_kind(scene, each.kind) for each in scene.audit.findings}
    first = found.pop("label_errors", None) if scene.suspects.flagged else None
    classes = found.pop("imbalance", None) or sections.balance(scene)
    ordered = [
        *(first, map_points.section(scene, placed), classes, column_table.section(scene)),
        *found.values(),
        *(sections.values(scene), _next(scene), _about(scene, placed)),
    ]
    return [each for each in ordered if each is not None]


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


# Header -----------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A flagged row in the strip of images: its image, its label and the suggested one."""

    row: int
    image: str
    given: str
    suggested: str


class FindingCard(NamedTuple):
    """A finding in the overview, with its main number."""

    kind: str
    severity: str
    title: str
    number: str
    unit: str
    sentence: str


def _header(scene: Scene) -> dict[str, Any]:
    audit, rows = scene.audit, scene.audit.rows
    facts = [
        ("rows", f"{len(rows):,}"),
        ("classes", f"{len(rows.classes):,}"),
        ("features", f"{rows.features.shape[1]:,}"),
        ("label column", rows.label),
    ]
    missing = int((rows.labels < 0).sum())
    facts += [("without a label", f"{missing:,}")] if missing else []
    facts += [("not readable", f"{len(rows.skipped):,}")] if rows.skipped else []
    found = sum(each.severity in ("high", "medium") for each in audit.findings)
    count = len(audit.findings)
    verdict = f"{found} of {count} checks found something that matters."
    if not found:
        verdict = f"None of {count} checks found anything that matters." if count else ""
    return {
        "verdict": verdict,
        "facts": facts,
        "strip": _strip(scene),
        "findings": [_finding_card(each) for each in audit.findings],
        "skipped": [(kind.replace("_", " "), why) for kind, why in audit.skipped.items()],
    }


def _finding_card(found: Finding) -> FindingCard:
    key, *units = HEADLINES.get(found.kind, ("rows", "rows", "row"))
    value, number = found.numbers.get(key, len(found.table)), "–"
    if sections.is_number(value):
        number = f"{value:,}" if isinstance(value, int) else short(float(f"{value:.3g}"))
    word = SEVERITY_WORDS[found.severity]
    unit = units[number == "1"]
    return FindingCard(found.kind, word, found.title, number, unit, found.sentence)


def _strip(scene: Scene) -> list[Pair]:
    """Return the most suspicious rows as one strip of images."""
    suspects, rows = scene.suspects, scene.audit.rows
    if not scene.has_media:
        return []
    found = []
    for place in range(min(MOST_STRIP, scene.most, suspects.flagged)):
        row = int(suspects.rows[place])
        given, suggested = (
            samples.class_name(rows, int(each[place]))
            for each in (suspects.given, suspects.suggested)
        )
        found.append(Pair(row, samples.image_uri(rows, row, side=96), given, suggested))
    return found


# Next steps, and how the report was made -----------------------------------------------------------


def _next(scene: Scene) -> Section:
    audit = scene.audit
    advice = [
        (found.kind, ADVICE[found.kind])
        for found in audit.findings
        if found.kind in ADVICE and found.severity in ("high", "medium")
    ]
    suspects = scene.suspects
    flagged = bool(suspects.flagged) and suspects.word == "flagged"
    content = {
        "commands": commands(audit) if flagged else (),
        "apply": apply_command(audit) if flagged else "",
        "doubtful": suspects.flagged if suspects.word == "doubtful" else 0,
        "advice": advice,
    }
    return Section(
        "next", "Next steps", "Repair the data, then measure the gain.", "next.html", content
    )


def commands(audit: Audited) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the commands that write a submission and that score it.

    For data that came as an object, the first is a line of Python.
    """
    source, label = audit.rows.source, shlex.quote(audit.rows.label)
    if not source:
        return (
            ('audit.to_submission(path="repair.json")',),
            (
                'audit.rows.frame.assign(label=...).to_parquet("mine.parquet")  # your own data',
                "dataperf evaluate --data mine.parquet --label label --model logistic_v1 repair.json",
            ),
        )
    named = shlex.quote(source)
    if source.startswith("challenge:"):
        track = _track_of(source)
        return (
            (f"dataperf audit {named} --track {track} --submission {track}.json",),
            (f"dataperf evaluate {track}.json",),
        )
    chosen = f"--label {label}{_roles(audit)}"
    return (
        (f"dataperf audit {named} {chosen} --submission repair.json",),
        (f"dataperf evaluate --data {named} {chosen} --model logistic_v1 repair.json",),
    )


def _roles(audit: Audited) -> str:
    """Return the options that name the columns of the data, as the audit was given them."""
    options = {"id": "--id", "group": "--group", "true_label": "--true-label", "split": "--split"}
    roles = dict(audit.rows.roles)
    if not audit.rows.split_named:
        roles.pop("split", None)
    named = "".join(
        f" {option} {shlex.quote(roles[role])}" for role, option in options.items() if role in roles
    )
    decimal = audit.rows.reading.get("decimal")
    return (
        named + (f" --decimal {shlex.quote(str(decimal))}" if decimal else "") + _of_labels(audit)
    )


def _of_labels(audit: Audited) -> str:
    """Return the options that say how labels are read, as the audit was given them."""
    how = audit.rows.reading
    words = how.get("missing")
    if isinstance(words, tuple):
        words = "".join(f" --missing {shlex.quote(word)}" for word in words or ("",))
    return f"{words or ''}{' --merge-labels' if how.get('merge_labels') else ''}"


def apply_command(audit: Audited) -> str:
    """Return the command that writes the cleaned data; "" where there is no file to clean."""
    source, label = audit.rows.source, shlex.quote(audit.rows.label)
    path = Path(source) if source else None
    if (
        path is None
        or source.startswith(("challenge:", "hf:"))
        or not (path.suffix or "/" in source)
    ):
        return ""
    target = shlex.quote(f"{path.name.partition('.')[0]}-cleaned{''.join(path.suffixes[-2:])}")
    column = audit.rows.roles.get("id")
    chosen = f"--label {label}" + (f" --id {shlex.quote(column)}" if column else "")
    chosen += _of_labels(audit)
    return f"dataperf apply repair.json --data {shlex.quote(source)} {chosen} -o {target}"


def _track_of(source: str) -> str:
    """Return the track of a challenge, TRACK if the challenge is not installed."""
    from dataperf.definitions import loading
    from dataperf.errors import DataperfError

    try:
        return loading.load(source.partition(":")[2].partition("/")[0]).track
    except DataperfError:
        return "TRACK"


def _about(scene: Scene, placed: Layout) -> Section:
    audit, rows = scene.audit, scene.audit.rows
    tables = []
    if audit.seconds:
        parts = {"part": list(audit.seconds), "seconds": [float(s) for s in audit.seconds.values()]}
        tables.append(table(pd.DataFrame(parts), most=40, caption="Time"))
    if rows.skipped:
        lost = pd.DataFrame(list(rows.skipped), columns=["name", "reason"])
        tables.append(table(lost, most=50, caption="Not readable"))
    lead = f"dataperf {audit.version}, {plural(len(rows), 'row')}"
    lead += f" from {samples.clipped(rows.source, 200)}." if rows.source else "."
    content = {"lines": _remarks(scene, placed), "tables": tables}
    return Section("about", "How this report was made", lead, "about.html", content)


def _remarks(scene: Scene, placed: Layout) -> list[str]:
    """Return what the page leaves out, and how its numbers were computed."""
    audit, rows = scene.audit, scene.audit.rows
    lines = list(audit.notes)
    flagged = scene.suspects.flagged
    if flagged > scene.flagged_shown:
        marked = plural(flagged, f"{scene.suspects.word} row")
        lines.append(f"{scene.flagged_shown:,} of {marked} are shown as samples.")
    if len(placed.rows) < len(rows):
        share = percent(len(placed.rows) / len(rows))
        lines.append(f"The map shows {len(placed.rows):,} of {plural(len(rows), 'row')} ({share}).")
    if scene.has_media and scene.thumbs < len(placed.rows):
        first = f"{scene.suspects.word} rows first"
        lines.append(f"The map has images of {plural(scene.thumbs, 'row')}, {first}.")
    if rows.media is not None and rows.media.kind == "audio":
        length = f"the first {samples.SECONDS:g} s, at most {samples.RATE // 1000} kHz"
        missing = "Sounds are left out because the page would be too large."
        lines.append(f"Sounds: {length}." if scene.sounds else missing)
    search = "every pair was compared"
    if not audit.neighbours.exact:
        search = f"an approximate index found {percent(audit.neighbours.recall)} of them"
    lines.append(f"Neighbours: Euclidean distance between features; {search}.")
    lines.append(
        "Probabilities: predicted out of fold, by models that did not see the row's label."
    )
    return lines
