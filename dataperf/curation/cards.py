"""Single rows as HTML: what is shown of them, what is said of them, and their neighbours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from dataperf.curation import samples
from dataperf.curation.markup import esc, meter, percent
from dataperf.curation.samples import Audited, Doubt, Usual
from dataperf.records import IntArray

#: Neighbours shown beside a row, and counted.
NEAR, COUNTED = 5, 10


@dataclass(frozen=True)
class Scene:
    """What every part of a page draws from.

    Parameters
    ----------
    audit
        What is shown.
    doubt
        Its flagged rows.
    usual
        What its columns usually hold.
    most
        Samples of a section that are shown.
    thumbs
        Pictures on the map.
    sounds
        Whether sounds can be played.
    """

    audit: Audited
    doubt: Doubt
    usual: Usual
    most: int
    thumbs: int
    sounds: bool

    @property
    def has_media(self) -> bool:
        return self.audit.rows.media is not None


def body(scene: Scene, row: int, *, side: int = 168) -> str:
    """Return what a row is: its picture, its sound, its text, or the columns that stand out."""
    rows = scene.audit.rows
    if rows.media is not None:
        address = samples.picture_uri(rows, row, side=side)
        if not address:
            return '<div class="shot gone">cannot be read now</div>'
        kind = rows.media.kind
        alt = f"{'spectrogram' if kind == 'audio' else 'picture'} of {esc(rows.ids[row])}"
        return (
            f'<div class="shot {kind}"><img src="{address}" alt="{alt}">{_play(scene, row)}</div>'
        )
    words = text_of(scene, row, 420)
    if words is not None:
        return f'<blockquote class="words">{esc(words, 420)}</blockquote>'
    lines = "".join(
        f"<tr><th scope='row'>{esc(each.column, 32)}</th><td>{esc(each.value, 40)}</td>"
        f"<td class='usual'>{esc(each.usual, 48)}</td></tr>"
        for each in scene.usual.odd(row)
    )
    if not lines:
        return '<p class="note">no columns to show</p>'
    heads = "<tr><th>stands out in</th><th>here</th><th>usual for its label</th></tr>"
    return f'<table class="odd"><thead>{heads}</thead><tbody>{lines}</tbody></table>'


def text_of(scene: Scene, row: int, most: int) -> str | None:
    """Return a row's text, None if the data has no text column."""
    column = scene.usual.text_column
    return (
        None if column is None else samples.clipped(scene.audit.rows.frame[column].iloc[row], most)
    )


def _play(scene: Scene, row: int) -> str:
    address = samples.sound_uri(scene.audit.rows, row) if scene.sounds else ""
    if not address:
        return ""
    name = esc(scene.audit.rows.ids[row])
    return (
        f'<button type="button" class="play" aria-label="play {name}"><svg viewBox="0 0 24 24">'
        f'<path d="M8 5v14l11-7z"/></svg></button><audio preload="none" src="{address}"></audio>'
    )


def doubtful(scene: Scene, place: int) -> str:
    """Return the card of a row whose label is doubted."""
    rows, doubt = scene.audit.rows, scene.doubt
    row, given, better = (int(each[place]) for each in (doubt.rows, doubt.given, doubt.suggested))
    said = (
        f'<p class="verdict"><s>{esc(samples.class_name(rows, given), 32)}</s>'
        f'<span aria-label="more likely"> → </span>'
        f"<b>{esc(samples.class_name(rows, better), 32)}</b></p>"
    )
    near = neighbours_of(scene, row)
    return (
        f'<article class="card" id="row-{row}" data-given="{given}" data-suggested="{better}">'
        f'{body(scene, row)}<div class="told">{said}{_chances(scene, row, given, better)}'
        f'<p class="why">{_why(scene, near)}</p>{_near(scene, near, given, better)}'
        f"{_foot(scene, row)}</div></article>"
    )


def _foot(scene: Scene, row: int) -> str:
    rows = scene.audit.rows
    name, number = str(rows.ids[row]), str(row)
    told = f"row {number}" if name == number else f"{esc(name, 60)} · row {number}"
    truth = ""
    if rows.truth is not None and rows.truth[row] >= 0:
        truth = f" · truth: {esc(samples.class_name(rows, int(rows.truth[row])), 32)}"
    return f'<p class="foot">{told}{truth}</p>'


def _chances(scene: Scene, row: int, given: int, better: int) -> str:
    chances = scene.audit.probabilities[row]
    lines = "".join(
        f"<tr><th scope='row'>{esc(samples.class_name(scene.audit.rows, number), 24)}</th>"
        f"<td>{meter(float(chances[number]), kind)}</td>"
        f"<td class='n'>{percent(float(chances[number]))}</td></tr>"
        for number, kind in ((better, "strong"), (given, "weak"))
        if 0 <= number < len(chances)
    )
    return (
        f'<table class="chances" aria-label="chance by the models"><tbody>{lines}</tbody></table>'
    )


def neighbours_of(scene: Scene, row: int) -> IntArray:
    """Return the row numbers of a row's nearest neighbours, at most ``COUNTED``."""
    near = np.asarray(scene.audit.neighbours.rows[row][:COUNTED], dtype=np.intp)
    return near[near >= 0]


def _why(scene: Scene, near: IntArray) -> str:
    """Say what the neighbours are labelled."""
    if not len(near):
        return "It has no neighbours."
    rows = scene.audit.rows
    counts = Counter(samples.class_name(rows, int(rows.labels[each])) for each in near)
    (first, most), *rest = counts.most_common(3)
    if most == len(near):
        return f"All {most} nearest rows are labelled <b>{esc(first, 32)}</b>."
    others = ", ".join(f"{count} {esc(name, 24)}" for name, count in rest)
    return f"Of {len(near)} nearest rows {most} are labelled <b>{esc(first, 32)}</b>, {others}."


def _near(scene: Scene, near: IntArray, given: int, better: int) -> str:
    """Return the nearest rows with their labels: the explanation that people read."""
    rows, lines = scene.audit.rows, []
    words = scene.usual.text_column is not None and not scene.has_media
    if not scene.has_media and not words:
        return ""
    for each in near[: 3 if words else NEAR].tolist():
        label = int(rows.labels[each])
        kind = "agrees" if label == better else "given" if label == given else ""
        name = esc(samples.class_name(rows, label), 24)
        if words:
            what = f"<span>{esc(text_of(scene, each, 110), 110)}</span>"
        else:
            address = samples.picture_uri(rows, each, side=72)
            what = f'<img src="{address}" alt="{esc(rows.ids[each])}">' if address else "<i></i>"
        lines.append(f'<li class="{kind}">{what}<em>{name}</em></li>')
    kind = "near words" if words else f"near {rows.media.kind}" if rows.media else "near"
    return f'<ol class="{kind}" aria-label="nearest rows and their labels">{"".join(lines)}</ol>'


def plain(scene: Scene, row: int, said: str, *, kind: str = "") -> str:
    """Return the card of a row with its label and a few words (already HTML)."""
    rows = scene.audit.rows
    label = esc(samples.class_name(rows, int(rows.labels[row])), 32)
    return (
        f'<article class="card small {kind}">{body(scene, row, side=112)}<div class="told">'
        f'<p class="verdict"><b>{label}</b></p><p class="why">{said}</p>{_foot(scene, row)}'
        "</div></article>"
    )
