"""The page's map: a point for each row, and one sheet of small images."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from dataperf.curation import samples
from dataperf.curation.cards import Scene, text_of
from dataperf.curation.map_layout import Layout
from dataperf.curation.sections import Section
from dataperf.records import IntArray

#: Classes with their own colour; side of an image on the map in pixels; images in a line of the sheet.
COLOURS, TILE, ACROSS = 10, 32, 50
#: Suggested class of a row that is not flagged.
NOT_FLAGGED = -2


def section(scene: Scene, placed: Layout) -> Section | None:
    """Return the section of the map; None if there are too few rows to draw one."""
    rows, count = scene.audit.rows, len(scene.audit.rows)
    if len(placed.rows) < 3:
        return None
    lead = f"Each point is a row. Similar rows lie close together ({placed.method})."
    if len(placed.rows) < count:
        lead += f" The map shows a sample of {len(placed.rows):,} of {count:,} rows."
    if scene.suspects.flagged:
        lead += (
            " Rings mark flagged labels. Check the rings of one colour inside a cloud of another "
            "colour."
        )
    points, sheet = _points(scene, placed)
    content = {"points": points, "sheet": sheet, "label": rows.label}
    return Section("map", "Map", lead, "map.html", content)


def _points(scene: Scene, placed: Layout) -> tuple[dict[str, Any], str]:
    """Return what the map draws, and the sheet of its images."""
    rows, suspects = scene.audit.rows, scene.suspects
    colour, names = _colours(scene, placed)
    suggested = dict(zip(suspects.rows.tolist(), suspects.suggested.tolist()))
    cards = set(suspects.rows[: scene.most].tolist())
    rank = {row: place for place, row in enumerate(suggested)}
    order = np.argsort([rank.get(row, len(rows)) for row in placed.rows.tolist()], kind="stable")
    tiles, sheet = _tiles(scene, placed.rows[order[: scene.thumbs]])
    points: list[list[Any]] = []
    for place in order[::-1].tolist():  # the most suspicious are drawn last, on top
        row = int(placed.rows[place])
        label = int(rows.labels[row])
        x, y = (int(each) for each in np.round(placed.places[place] * 10_000))
        words = text_of(scene, row, 110) if not scene.has_media else None
        points.append(
            [
                *(x, y, int(colour[label]), row, label, suggested.get(row, NOT_FLAGGED)),
                *(samples.clipped(rows.ids[row], 60), int(row in cards)),
                *(tiles.get(row, -1), words or ""),
            ]
        )
    shown = {point[4] for point in points} | {point[5] for point in points} - {NOT_FLAGGED}
    classes = {str(each): samples.clipped(samples.class_name(rows, each), 40) for each in shown}
    clipped = [samples.clipped(name, 40) for name in names]
    return {"points": points, "names": clipped, "classes": classes, "tile": TILE}, sheet


def _colours(scene: Scene, placed: Layout) -> tuple[IntArray, list[str]]:
    """Return the colour number of each class, and the name of each colour."""
    rows = scene.audit.rows
    labels = rows.labels[placed.rows]
    counts = np.bincount(labels[labels >= 0], minlength=len(rows.classes))
    shared = len(rows.classes) > COLOURS or bool((labels < 0).any())
    most = COLOURS - 1 if shared else COLOURS
    own = np.sort(np.argsort(-counts, kind="stable")[:most])
    colour = np.full(len(rows.classes) + 1, len(own))
    colour[own] = np.arange(len(own))
    names = [rows.classes[each] for each in own]
    return colour, [*names, "other"] if shared else names


def _tiles(scene: Scene, picked: IntArray) -> tuple[dict[int, int], str]:
    """Return the place of each row's image on one sheet, and the sheet."""
    if not scene.has_media or not len(picked):
        return {}, ""
    from PIL import Image

    sheet = Image.new("RGB", (ACROSS * TILE, TILE * -(-len(picked) // ACROSS)))
    found: dict[int, int] = {}
    modes = set()
    for row in picked.tolist():
        drawn = samples.image(scene.audit.rows, row, side=TILE)
        if drawn is not None:
            left, top = TILE * (len(found) % ACROSS), TILE * (len(found) // ACROSS)
            middle = ((TILE - drawn.width) // 2, (TILE - drawn.height) // 2)
            modes.add(drawn.mode)
            sheet.paste(drawn, (left + middle[0], top + middle[1]))
            found[row] = len(found)
    file = io.BytesIO()
    (sheet.convert("L") if modes == {"L"} else sheet).save(file, "JPEG", quality=70, optimize=True)
    return found, samples.uri(file.getvalue(), "image/jpeg") if found else ""
