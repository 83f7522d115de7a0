"""The page's map: a point for each row, and one sheet of small images."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from dataperf.curation import samples
from dataperf.curation.cards import Scene, text_of
from dataperf.curation.column_table import column_power
from dataperf.curation.map_layout import Layout
from dataperf.curation.sections import Section
from dataperf.records import IntArray

#: Classes with their own colour; side of an image on the map in pixels; images in a line of the sheet.
COLOURS, TILE, ACROSS = 10, 32, 50
#: Columns whose values are shown with a point.
SHOWN = 3
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
            f" Rings mark {scene.suspects.word} labels. Check the rings of one colour inside a cloud of another "
            "colour."
        )
    points, sheet = _points(scene, placed)
    content = {"points": points, "sheet": sheet, "label": rows.label, "word": scene.suspects.word}
    return Section("map", "Map", lead, "map.html", content)


def _points(scene: Scene, placed: Layout) -> tuple[dict[str, Any], str]:
    """Return what the map draws, and the sheet of its images."""
    rows, suspects = scene.audit.rows, scene.suspects
    colour, names = _colours(scene, placed)
    suggested = dict(zip(suspects.rows.tolist(), suspects.suggested.tolist()))
    cards = set(suspects.rows[: scene.flagged_shown].tolist())
    rank = {row: place for place, row in enumerate(suggested)}
    order = np.argsort([rank.get(row, len(rows)) for row in placed.rows.tolist()], kind="stable")
    tiles, sheet = _tiles(scene, placed.rows[order[: scene.thumbs]])
    words = _words(scene, placed)
    points: list[list[Any]] = []
    for place in order[::-1].tolist():  # the most suspicious are drawn last, on top
        row = int(placed.rows[place])
        label = int(rows.labels[row])
        x, y = (int(each) for each in np.round(placed.places[place] * 10_000))
        points.append(
            [
                *(x, y, int(colour[label]), row, label, suggested.get(row, NOT_FLAGGED)),
                *(samples.clipped(rows.ids[row], 60), int(row in cards)),
                *(tiles.get(row, -1), words[place]),
            ]
        )
    shown = {point[4] for point in points} | {point[5] for point in points} - {NOT_FLAGGED}
    classes = {str(each): samples.clipped(samples.class_name(rows, each), 40) for each in shown}
    clipped = [samples.clipped(name, 40) for name in names]
    return {"points": points, "names": clipped, "classes": classes, "tile": TILE}, sheet


def _words(scene: Scene, placed: Layout) -> list[str]:
    """Return the text of each placed row, and its values in the columns that say most."""
    if scene.has_media:
        return [""] * len(placed.rows)
    rows, lines = scene.audit.rows, [""] * len(placed.rows)
    names = _telling(scene)
    values = {name: rows.frame[name].iloc[placed.rows].tolist() for name in names}
    for place, row in enumerate(placed.rows.tolist()):
        found = [f"{name} {_value(each[place])}" for name, each in values.items()]
        text = text_of(scene, row, 110)
        parts = (text or "", samples.clipped("; ".join(found), 160))
        lines[place] = " · ".join(each for each in parts if each)
    return lines


def _telling(scene: Scene) -> list[str]:
    """Return the columns of numbers and categories that alone predict the label best."""
    rows, power = scene.audit.rows, column_power(scene.audit)
    kinds = ("numeric", "categorical", "datetime")
    names = [str(each) for each in rows.frame.columns if rows.kinds.get(str(each)) in kinds]
    return sorted(names, key=lambda name: -power.get(name, 0.0))[:SHOWN]


def _value(given: Any) -> str:
    """Return a value of the data in a few characters.

    >>> _value(1.5), _value(2000), _value("a  b"), _value(None)
    ('1.5', '2000', 'a b', 'missing')
    """
    if given is None or given != given:
        return "missing"
    if isinstance(given, int | float | np.number) and not isinstance(given, bool | np.bool_):
        return samples.short(float(given))
    return samples.clipped(given, 40)


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
