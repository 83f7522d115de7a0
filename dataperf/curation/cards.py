"""Single rows as records: their content, their labels and their neighbours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dataperf.curation import samples
from dataperf.curation.samples import Audited, Odd, SuspectRows, Usual
from dataperf.records import IntArray

#: Nearest rows that are shown as images, that are counted, and that are shown as texts.
NEAR, COUNTED, NEAR_TEXTS = 5, 10, 3
#: How many times as many flagged rows are shown where each is only a few words.
MANY = 8


@dataclass(frozen=True)
class Scene:
    """What every part of a page shows.

    Parameters
    ----------
    audit
        The audit.
    suspects
        The flagged rows.
    usual
        The usual values of its columns.
    most
        Maximum number of samples in a section; of flagged labels without images or sounds,
        ``MANY`` times as many.
    thumbs
        Maximum number of images on the map.
    sounds
        Whether sounds can be played.
    """

    audit: Audited
    suspects: SuspectRows
    usual: Usual
    most: int
    thumbs: int
    sounds: bool

    @property
    def flagged_shown(self) -> int:
        """The number of flagged rows that are shown, the most suspicious first."""
        most = self.most if self.has_media else MANY * self.most
        return min(most, self.suspects.flagged)

    @property
    def has_media(self) -> bool:
        """Whether the rows are images or sounds."""
        return self.audit.rows.media is not None


@dataclass(frozen=True)
class Card:
    """One row as it is shown.

    Parameters
    ----------
    row
        The row's number.
    id, label, true_label
        "" where no true label is known.
    media
        ``"image"``, ``"audio"``, or "" for rows without.
    image, sound
        ``data:`` addresses, "" if there is none or it cannot be read.
    text
        The row's text, None if the data has no text column.
    odd
        The row's unusual columns, if it has no media.
    note
        A few words about the row.
    """

    row: int
    id: str
    label: str
    true_label: str
    media: str
    image: str = ""
    sound: str = ""
    text: str | None = None
    odd: tuple[Odd, ...] = ()
    note: str = ""


class Probability(NamedTuple):
    """The probability of a class, from 0 to 1, and how its bar is drawn."""

    name: str
    share: float
    kind: str


class Near(NamedTuple):
    """A near row: its image or text, its label, and whether that is the suggested or given one."""

    id: str
    image: str
    text: str | None
    label: str
    kind: str


@dataclass(frozen=True)
class Suspect:
    """A row whose label is flagged.

    Parameters
    ----------
    card
        The row.
    given, suggested
        Class ids.
    suggested_name
        The suggested class.
    probabilities
        Those of the suggested and the given class.
    near_labels
        The labels of the nearest rows with their counts, the three most frequent.
    near_total
        How many nearest rows were counted.
    nearest, nearest_kind
        The nearest rows that are shown, and how.
    """

    card: Card
    given: int
    suggested: int
    suggested_name: str
    probabilities: tuple[Probability, ...]
    near_labels: tuple[tuple[str, int], ...]
    near_total: int
    nearest: tuple[Near, ...]
    nearest_kind: str


def card(scene: Scene, row: int, note: str = "", *, side: int = 112) -> Card:
    """Return a row as it is shown: its image, its sound, its text, or its unusual columns."""
    rows = scene.audit.rows
    truth = -1 if rows.truth is None else int(rows.truth[row])
    facts = (
        *(row, str(rows.ids[row]), samples.class_name(rows, int(rows.labels[row]))),
        samples.class_name(rows, truth) if truth >= 0 else "",
    )
    if rows.media is not None:
        image = samples.image_uri(rows, row, side=side)
        sound = samples.sound_uri(rows, row) if scene.sounds and image else ""
        return Card(*facts, rows.media.kind, image, sound, note=note)
    text = text_of(scene, row, 420)
    odd = tuple(scene.usual.odd(row, most=4 if text is None else 2))
    return Card(*facts, "", text=text, odd=odd, note=note)


def text_of(scene: Scene, row: int, most: int) -> str | None:
    """Return a row's text, None if the data has no text column."""
    column = scene.usual.text_column
    if column is None:
        return None
    return samples.clipped(scene.audit.rows.frame[column].iloc[row], most)


def suspect(scene: Scene, place: int) -> Suspect:
    """Return the flagged row at a place; the most suspicious is at 0."""
    rows, suspects = scene.audit.rows, scene.suspects
    row, given, suggested = (
        int(each[place]) for each in (suspects.rows, suspects.given, suspects.suggested)
    )
    near = neighbours_of(scene, row)
    counts = Counter(samples.class_name(rows, int(rows.labels[each])) for each in near)
    kind = rows.media.kind if rows.media is not None else "words"
    return Suspect(
        card=card(scene, row, side=168),
        given=given,
        suggested=suggested,
        suggested_name=samples.class_name(rows, suggested),
        probabilities=_probabilities(scene, row, given, suggested),
        near_labels=tuple(counts.most_common(3)),
        near_total=len(near),
        nearest=_nearest(scene, near, given, suggested),
        nearest_kind=kind,
    )


def _probabilities(scene: Scene, row: int, given: int, suggested: int) -> tuple[Probability, ...]:
    known = scene.audit.probabilities[row]
    return tuple(
        Probability(samples.class_name(scene.audit.rows, number), float(known[number]), kind)
        for number, kind in ((suggested, "strong"), (given, "weak"))
        if 0 <= number < len(known)
    )


def neighbours_of(scene: Scene, row: int) -> IntArray:
    """Return the row numbers of a row's nearest neighbours, at most ``COUNTED``."""
    near = np.asarray(scene.audit.neighbours.rows[row][:COUNTED], dtype=np.intp)
    return near[near >= 0]


def _nearest(scene: Scene, near: IntArray, given: int, suggested: int) -> tuple[Near, ...]:
    """Return the nearest rows as images or texts; none for rows of columns alone."""
    rows, found = scene.audit.rows, []
    if not scene.has_media and scene.usual.text_column is None:
        return ()
    for each in near[: NEAR if scene.has_media else NEAR_TEXTS].tolist():
        label = int(rows.labels[each])
        kind = "agrees" if label == suggested else "given" if label == given else ""
        image = samples.image_uri(rows, each, side=72) if scene.has_media else ""
        text = None if scene.has_media else text_of(scene, each, 110)
        found.append(Near(str(rows.ids[each]), image, text, samples.class_name(rows, label), kind))
    return tuple(found)
