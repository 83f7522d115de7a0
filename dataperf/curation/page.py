"""An audit as one page of HTML that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import io
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.curation import samples, sections
from dataperf.curation.cards import Scene, text_of
from dataperf.curation.map_layout import Layout, layout
from dataperf.curation.markup import embedded, esc, percent, table
from dataperf.curation.samples import Audited, Usual

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
#: Classes with a colour of their own; side of a picture on the map, pixels.
COLOURS, TILE = 10, 32

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
    audit = scene.audit
    kinds = [found.kind for found in audit.findings]
    told = {kind: sections.of_kind(scene, kind) for kind in kinds}
    first = told.pop("label_errors", "") if scene.doubt.flagged else ""
    classes = told.pop("imbalance", "") or sections.balance(scene)
    parts = [first, _map(scene, placed), classes, *told.values(), sections.values(scene)]
    style, script = _file("page.css"), _file("page.js")
    policy = (
        "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{esc(title)}: audit</title><style>{style}</style></head><body>"
        f'<a class="skip" href="#main">Skip to the findings</a>{_header(scene, title)}'
        f'<main id="main">{"".join(parts)}{_steps(scene)}{_about(scene, placed)}</main>'
        f"<script>{script}</script></body></html>\n"
    )


def _file(name: str) -> str:
    return (Path(__file__).with_name(name)).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    told = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(told).decode('ascii')}"


# Header -----------------------------------------------------------------------------------


def _header(scene: Scene, title: str) -> str:
    audit, rows = scene.audit, scene.audit.rows
    facts = [
        ("rows", f"{len(rows):,}"),
        ("classes", f"{len(rows.classes):,}"),
        ("features", f"{rows.features.shape[1]:,}"),
        ("label column", esc(rows.label, 40)),
    ]
    missing = int((rows.labels < 0).sum())
    facts += [("without a label", f"{missing:,}")] if missing else []
    facts += [("not readable", f"{len(rows.skipped):,}")] if rows.skipped else []
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    found = sum(each.severity in ("high", "medium") for each in audit.findings)
    count = len(audit.findings)
    verdict = f"{found} of {count} checks found something that matters."
    if not found:
        verdict = f"None of {count} checks found anything that matters." if count else ""
    return (
        f'<header class="top"><p class="brand">dataperf audit</p><h1>{esc(title)}</h1>'
        f'<p class="summary">{verdict}</p><dl class="facts">{listed}</dl>{_sheet(scene)}'
        f"{sections.overview(scene)}{_nothing(audit)}</header>"
    )


def _sheet(scene: Scene) -> str:
    """Return the most doubtful samples as one strip of pictures."""
    doubt, rows = scene.doubt, scene.audit.rows
    if not scene.has_media or not doubt.flagged or not scene.most:
        return ""
    cells = []
    for place in range(min(14, scene.most, doubt.flagged)):
        row = int(doubt.rows[place])
        address = samples.picture_uri(rows, row, side=96)
        given, better = (
            esc(samples.class_name(rows, int(each[place])), 20)
            for each in (doubt.given, doubt.suggested)
        )
        image = f'<img src="{address}" alt="">' if address else "<i></i>"
        cells.append(
            f'<li><a href="#row-{row}">{image}<span><s>{given}</s> <b>{better}</b></span></a></li>'
        )
    return f'<ol class="sheet" aria-label="the most doubtful labels">{"".join(cells)}</ol>'


def _nothing(audit: Audited) -> str:
    if not audit.skipped:
        return ""
    told = " ".join(
        f"<span><b>{esc(kind.replace('_', ' '))}</b> {esc(reason, 200)}</span>"
        for kind, reason in audit.skipped.items()
    )
    return f'<p class="skipped">Nothing to look at: {told}</p>'


# Map --------------------------------------------------------------------------------------


def _map(scene: Scene, placed: Layout) -> str:
    rows, count = scene.audit.rows, len(scene.audit.rows)
    if len(placed.rows) < 3:
        return ""
    data, sheet = _points(scene, placed)
    sampled = (
        f" A sample of {len(placed.rows):,} of {count:,} rows." if len(placed.rows) < count else ""
    )
    lead = (
        f"Every point is a row; rows that are alike lie together ({esc(placed.method)}).{sampled}"
    )
    if scene.doubt.flagged:
        lead += (
            " Rings mark flagged labels: a ring of one colour inside another colour's cloud is "
            "worth a look."
        )
    legend = "".join(
        f'<button type="button" aria-pressed="true" data-class="{place}">'
        f'<i style="background:var(--c{place})"></i>{esc(name, 28)}</button>'
        for place, name in enumerate(data["names"])
    )
    source = f' src="{sheet}"' if sheet else ""
    return sections.section(
        "map",
        "Map",
        lead,
        '<div class="map"><canvas tabindex="0" role="application" aria-label="map of rows: arrows '
        'move, plus and minus zoom, n and p step through flagged rows, 0 shows all"></canvas>'
        '<div class="tip" role="status" hidden></div><div class="tools">'
        '<button type="button" data-zoom="in" aria-label="zoom in">+</button>'
        '<button type="button" data-zoom="out" aria-label="zoom out">−</button>'
        '<button type="button" data-zoom="all" aria-label="show all">all</button></div></div>'
        f'<div class="legend" role="group" aria-label="classes shown">{legend}'
        '<button type="button" aria-pressed="false" data-flagged><i class="ring"></i>flagged only'
        "</button></div>"
        '<p class="note">Wheel or pinch to zoom, drag to move; n and p step through flagged rows. '
        f"Class of a row: its given label, {esc(rows.label, 40)}.</p>"
        f'<img class="tiles" alt="" hidden{source}>'
        f'<script type="application/json" id="points">{embedded(data)}</script>',
    )


def _points(scene: Scene, placed: Layout) -> tuple[dict[str, Any], str]:
    """Return what the map draws, and the sheet of its pictures."""
    rows, doubt = scene.audit.rows, scene.doubt
    labels = rows.labels[placed.rows]
    counts = np.bincount(labels[labels >= 0], minlength=len(rows.classes))
    own = np.sort(np.argsort(-counts, kind="stable")[:COLOURS])
    if len(rows.classes) > COLOURS or (labels < 0).any():
        own = np.sort(np.argsort(-counts, kind="stable")[: COLOURS - 1])
    colour = np.full(len(rows.classes) + 1, len(own))
    colour[own] = np.arange(len(own))
    names = [rows.classes[each] for each in own]
    if len(rows.classes) > len(own) or (labels < 0).any():
        names.append("other")
    better = dict(zip(doubt.rows.tolist(), doubt.suggested.tolist()))
    cards = set(doubt.rows[: scene.most].tolist())
    rank = {row: place for place, row in enumerate(better)}
    order = np.argsort([rank.get(row, len(rows)) for row in placed.rows.tolist()], kind="stable")
    tiles, sheet = _tiles(scene, placed.rows[order[: scene.thumbs]])
    points = []
    for place in order[::-1].tolist():  # the most doubtful are drawn last, above all
        row = int(placed.rows[place])
        x, y = (int(each) for each in np.round(placed.places[place] * 10_000))
        words = text_of(scene, row, 110) if not scene.has_media else None
        points.append(
            [x, y, int(colour[rows.labels[row]]), row, int(rows.labels[row]), better.get(row, -2)]
            + [
                samples.clipped(rows.ids[row], 60),
                int(row in cards),
                tiles.get(row, -1),
                words or "",
            ]
        )
    classes = sorted({point[4] for point in points} | {point[5] for point in points} - {-2})
    told = {str(each): samples.clipped(samples.class_name(rows, each), 40) for each in classes}
    clipped = [samples.clipped(name, 40) for name in names]
    return {"points": points, "names": clipped, "classes": told, "tile": TILE}, sheet


def _tiles(scene: Scene, picked: Any) -> tuple[dict[int, int], str]:
    """Return the place of every row's picture on one sheet, and the sheet."""
    if not scene.has_media or not len(picked):
        return {}, ""
    from PIL import Image

    across = 50
    sheet = Image.new("RGB", (across * TILE, TILE * -(-len(picked) // across)))
    found: dict[int, int] = {}
    modes = set()
    for row in picked.tolist():
        drawn = samples.picture(scene.audit.rows, row, side=TILE)
        if drawn is not None:
            left, top = TILE * (len(found) % across), TILE * (len(found) // across)
            middle = ((TILE - drawn.width) // 2, (TILE - drawn.height) // 2)
            modes.add(drawn.mode)
            sheet.paste(drawn, (left + middle[0], top + middle[1]))
            found[row] = len(found)
    file = io.BytesIO()
    (sheet.convert("L") if modes == {"L"} else sheet).save(file, "JPEG", quality=70, optimize=True)
    return found, samples.uri(file.getvalue(), "image/jpeg") if found else ""


# What to do, and how it was made -----------------------------------------------------------


def _steps(scene: Scene) -> str:
    audit = scene.audit
    items = []
    if scene.doubt.flagged:
        items.append(
            "<li><p>Turn the flagged labels into a manifest: what to put right, what to drop.</p>"
            f"{_command(*commands(audit)[0])}</li><li><p>Prove that it helps: the same frozen "
            "model, trained before and after, tested on rows that the repair never saw.</p>"
            f"{_command(*commands(audit)[1])}</li>"
        )
    items += [
        f"<li><p>{ADVICE[found.kind]} <a href='#{esc(found.kind)}'>See above</a></p></li>"
        for found in audit.findings
        if found.kind in ADVICE and found.severity in ("high", "medium")
    ]
    if not items:
        items = ["<li><p>Nothing here needs repair. Audit again when the data changes.</p></li>"]
    return sections.section(
        "next", "Next steps", "From finding to proof.", f'<ol class="steps">{"".join(items)}</ol>'
    )


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


def _command(*lines: str) -> str:
    text = "\n".join(esc(line, 500) for line in lines)
    return (
        f'<div class="command"><pre tabindex="0"><code>{text}</code></pre>'
        '<button type="button" data-copy>Copy</button></div>'
    )


def _about(scene: Scene, placed: Layout) -> str:
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
    notes = "".join(f"<li>{esc(line, 400)}</li>" for line in lines)
    import pandas as pd

    parts = []
    if audit.seconds:
        took = {"part": list(audit.seconds), "seconds": [float(s) for s in audit.seconds.values()]}
        parts.append(table(pd.DataFrame(took), most=40, caption="Time"))
    if rows.skipped:
        lost = pd.DataFrame(list(rows.skipped), columns=["name", "reason"])
        parts.append(table(lost, most=50, caption="Not readable"))
    more = f"<details><summary>Time and files left out</summary>{''.join(parts)}</details>"
    return sections.section(
        "about",
        "How this was made",
        f"dataperf {esc(audit.version)}, {len(rows):,} rows"
        + (f" from {esc(rows.source, 200)}." if rows.source else "."),
        f'<ul class="notes">{notes}</ul>{more if parts else ""}',
    )
