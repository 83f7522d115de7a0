"""An audit as one page of HTML that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import shlex
from typing import Any, NamedTuple

import pandas as pd

from dataperf.curation import map_points, markup, samples, sections
from dataperf.curation.cards import Scene
from dataperf.curation.charts import SEVERITY_WORDS, percent, table
from dataperf.curation.map_layout import Layout, layout
from dataperf.curation.samples import Audited, Usual, short
from dataperf.curation.sections import Section
from dataperf.records.findings import Finding

#: Bytes that a page never exceeds.
LIMIT = 6_000_000
#: Samples of a section, pictures on the map, sounds: the page takes the first that fits.
SIZES = (
    (1.0, 2_000, True),
    (0.5, 1_000, True),
    (0.5, 500, False),
    (0.2, 100, False),
    (0.05, 0, False),
)
#: Images in the strip at the top.
MOST_STRIP = 14
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
ADVICE = {
    "duplicates": "Keep one row of every set, and put what must stay of a set on one side of a "
    "split, or tests will ask what training has seen.",
    "outliers": "Look at the rows that lie far out: a broken file and a rare case look the same.",
    "imbalance": "Collect more of the scarce classes before tuning anything.",
    "features": "Drop columns that leak the label or only name rows, then audit again.",
    "slices": "Collect or check rows where the models err most.",
    "fairness": "Find out why groups differ before the data is used to decide about people.",
    "drift": "Make the splits again, or report scores on each of them.",
    "annotators": "Talk to the annotators who stand out, and have rows they disagree on done again.",
}


def page(audit: Audited, *, title: str | None = None, most: int = 60) -> str:
    """Return an audit as one page: pictures first, then numbers, then what to do.

    The page asks nothing of any network (its content policy forbids it), works from a file,
    and is smaller than ``LIMIT`` bytes: where pictures would make it larger, fewer are shown,
    and the page says so.

    Parameters
    ----------
    audit
        What was found.
    title
        Instead of the data's name.
    most
        Samples with doubted labels that are shown; other sections show a fifth of it.

    Returns
    -------
    str
        HTML.
    """
    doubt, usual = samples.doubts(audit), Usual(audit.rows)
    placed = layout(audit.rows, doubt.rows)
    drawn = ""
    for share, thumbs, sounds in SIZES:
        count = max(1, round(most * share)) if most > 0 else 0
        scene = Scene(audit, doubt, usual, count, thumbs, sounds)
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
    )


def _sections(scene: Scene, placed: Layout) -> list[Section]:
    """Return the sections in their order: flagged labels, map, classes, the rest."""
    found = {each.kind: sections.of_kind(scene, each.kind) for each in scene.audit.findings}
    first = found.pop("label_errors", None) if scene.doubt.flagged else None
    classes = found.pop("imbalance", None) or sections.balance(scene)
    ordered = [
        *(first, map_points.section(scene, placed), classes, *found.values()),
        *(sections.values(scene), _next(scene), _about(scene, placed)),
    ]
    return [each for each in ordered if each is not None]


def _digest(script: str) -> str:
    told = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(told).decode('ascii')}"


# Header -----------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A flagged row in the strip of images: its image, its label and the suggested one."""

    row: int
    image: str
    given: str
    suggested: str


class FindingCard(NamedTuple):
    """A finding in the overview, with the number that stands for it."""

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
    key, unit = HEADLINES.get(found.kind, ("rows", "rows"))
    value, number = found.numbers.get(key, len(found.table)), "–"
    if sections.is_number(value):
        number = f"{value:,}" if isinstance(value, int) else short(float(f"{value:.3g}"))
    word = SEVERITY_WORDS[found.severity]
    return FindingCard(found.kind, word, found.title, number, unit, found.sentence)


def _strip(scene: Scene) -> list[Pair]:
    """Return the most doubtful samples as one strip of pictures."""
    doubt, rows = scene.doubt, scene.audit.rows
    if not scene.has_media:
        return []
    found = []
    for place in range(min(MOST_STRIP, scene.most, doubt.flagged)):
        row = int(doubt.rows[place])
        given, better = (
            samples.class_name(rows, int(each[place])) for each in (doubt.given, doubt.suggested)
        )
        found.append(Pair(row, samples.picture_uri(rows, row, side=96), given, better))
    return found


# What to do, and how it was made -----------------------------------------------------------


def _next(scene: Scene) -> Section:
    audit = scene.audit
    advice = [
        (found.kind, ADVICE[found.kind])
        for found in audit.findings
        if found.kind in ADVICE and found.severity in ("high", "medium")
    ]
    content = {"commands": commands(audit) if scene.doubt.flagged else (), "advice": advice}
    return Section("next", "Next steps", "From finding to proof.", "next.html", content)


def commands(audit: Audited) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines that write a manifest and that score it; Python for data from an object."""
    source, label = audit.rows.source, shlex.quote(audit.rows.label)
    if not source:
        return (
            ('audit.to_manifest(path="repair.json")',),
            (
                'audit.rows.frame.assign(label=...).to_parquet("mine.parquet")  # your own data',
                "dataperf evaluate --data mine.parquet --label label --model logistic_v1 repair.json",
            ),
        )
    named = shlex.quote(source)
    if source.startswith("challenge:"):
        track = _track_of(source)
        return (
            (f"dataperf audit {named} --track {track} --manifest {track}.json",),
            (f"dataperf evaluate {track}.json",),
        )
    return (
        (f"dataperf audit {named} --label {label} --manifest repair.json",),
        (f"dataperf evaluate --data {named} --label {label} --model logistic_v1 repair.json",),
    )


def _track_of(source: str) -> str:
    """Return the track of a challenge whose pool was audited; cleaning if it is not here."""
    from dataperf.definitions import loading
    from dataperf.errors import DataperfError

    try:
        return loading.load(source.partition(":")[2].partition("/")[0]).track
    except DataperfError:
        return "cleaning"


def _about(scene: Scene, placed: Layout) -> Section:
    audit, rows = scene.audit, scene.audit.rows
    tables = []
    if audit.seconds:
        took = {"part": list(audit.seconds), "seconds": [float(s) for s in audit.seconds.values()]}
        tables.append(table(pd.DataFrame(took), most=40, caption="Time"))
    if rows.skipped:
        lost = pd.DataFrame(list(rows.skipped), columns=["name", "reason"])
        tables.append(table(lost, most=50, caption="Not readable"))
    lead = f"dataperf {audit.version}, {len(rows):,} rows"
    lead += f" from {samples.clipped(rows.source, 200)}." if rows.source else "."
    content = {"lines": _remarks(scene, placed), "tables": tables}
    return Section("about", "How this was made", lead, "about.html", content)


def _remarks(scene: Scene, placed: Layout) -> list[str]:
    """Say what was left out of the page, and what its numbers rest on."""
    audit, rows = scene.audit, scene.audit.rows
    lines = [str(note) for note in getattr(audit, "notes", ())]
    flagged = scene.doubt.flagged
    if flagged > scene.most:
        lines.append(
            f"{min(scene.most, flagged):,} of {flagged:,} flagged rows are shown as samples."
        )
    if len(placed.rows) < len(rows):
        share = percent(len(placed.rows) / len(rows))
        lines.append(f"The map shows {len(placed.rows):,} of {len(rows):,} rows ({share}).")
    if scene.has_media and scene.thumbs < len(placed.rows):
        lines.append(f"Pictures on the map are kept for {scene.thumbs:,} rows, flagged ones first.")
    if rows.media is not None and rows.media.kind == "audio":
        kept = f"the first {samples.SECONDS:g} s at no more than {samples.RATE // 1000} kHz"
        lines.append(f"Sounds: {kept}." if scene.sounds else "Sounds are left out: too large.")
    exact = "every pair was compared"
    if not audit.neighbours.exact:
        exact = f"an approximate index found {percent(audit.neighbours.recall)} of them"
    lines.append(f"Neighbours: Euclidean distance between features; {exact}.")
    lines.append("Chances: models that did not see the row's label (out of fold).")
    return lines
