"""Spoken digits with label errors and damage: real clips, a quarter mislabelled or damaged.

``noisy_spoken_digits.csv`` next to this file records the defect of each clip, and this record
defines the dataset; `make` is how it was drawn.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import spoken_digits
from dataperf.records import Card, FloatArray, Generated, Table

POOL_SPEAKERS = ("george", "lucas", "theo", "yweweler")
OOD_SPEAKERS = ("jackson", "nicolas")
TARGETS = ("one", "three", "five", "seven", "nine")
NONTARGETS = ("zero", "two", "four")
UNKNOWN = ("six", "eight")
SEED = 20261124

#: Speaker, word, the wrong label that one annotator gives it, and the share of its clips.
HABITS = (
    ("george", "nine", "one", 0.75),
    ("lucas", "five", "nine", 0.75),
    ("theo", "seven", "three", 0.7),
    ("yweweler", "three", "two", 0.75),
    ("lucas", "four", "one", 0.6),
)
CONFUSED, UNKNOWN_WORDS, TRUNCATED, MIXED = 90, 24, 35, 35

card = Card(
    title="Noisy spoken digits",
    description=(
        "The Free Spoken Digit Dataset with generated label errors and damage of five kinds, "
        "recorded clip by clip: confused, habit, unknown-word, truncated, mixed."
    ),
    licence="CC BY-SA 4.0, as the recordings",
    source="generated from the dataset spoken_digits",
    attribution=spoken_digits.card.attribution,
    known_limits=(
        "The errors are generated, not collected: their kinds occur in real annotation, their "
        "shares are our choice. MFCC sequences are damaged, not sound. "
        + spoken_digits.card.known_limits
    ),
)

source = Generated(inputs=("spoken_digits",))


@dataclass(frozen=True)
class Defect:
    """One line of the record: the defect of a clip.

    Parameters
    ----------
    clip : str
        Id in ``spoken_digits``.
    kind : str
        ``confused``, ``habit``, ``unknown-word``, ``truncated`` or ``mixed``.
    given : str
        The given label.
    other : str
        Id of the clip that was mixed in, or "".
    frames : int
        Number of frames left of a truncated clip, else 0.
    """

    clip: str
    kind: str
    given: str
    other: str = ""
    frames: int = 0


def table(path: Path | None, **options: Any) -> Table:
    """Return every clip with its given label.

    Returns
    -------
    Table
        Ids: ``GIVEN_LABEL/clip_NNNN``, with numbers that reveal nothing. Features: those of
        `spoken_digits`, from the damaged sequence where a clip is damaged. Columns: ``given`` and
        ``word`` (given and true label), ``defect`` (its kind, "" for none), ``speaker`` and
        ``part`` (``pool``, ``test``, ``ood-speakers``, ``ood-words`` or ``spare``).
    """
    clean = spoken_digits.table(None)
    clips = spoken_digits.sequences(None)
    row_of = {str(name): row for row, name in enumerate(clean.ids)}
    given = clean.columns["word"].astype("U16")
    kinds = np.full(len(clean), "", dtype="U16")
    features = clean.features.copy()
    for defect in read():
        row = row_of[defect.clip]
        given[row], kinds[row] = defect.given, defect.kind
        if defect.kind == "truncated":
            features[row] = spoken_digits.embed(clips[row][: defect.frames])
        elif defect.kind == "mixed":
            features[row] = spoken_digits.embed(mix(clips[row], clips[row_of[defect.other]]))
    parts = part_of(clean, kinds == "unknown-word")
    numbers = np.random.RandomState(SEED).permutation(len(clean))
    ids = [f"{label}/clip_{number:04}" for label, number in zip(given, numbers, strict=True)]
    return Table(
        ids=np.array(ids),
        features=features,
        columns={
            "given": given,
            "word": clean.columns["word"],
            "defect": kinds,
            "speaker": clean.columns["speaker"],
            "part": parts,
        },
    )


def part_of(clean: Table, mislabelled: NDArray[np.bool_]) -> NDArray[np.str_]:
    """Return the part that each clip of the clean dataset belongs to.

    Clips of unknown words are in the pool only if they have the label of another word.
    """
    word, speaker, take = (clean.columns[name] for name in ("word", "speaker", "take"))
    known = np.isin(word, TARGETS + NONTARGETS)
    own = np.isin(speaker, POOL_SPEAKERS)
    late = take >= 10
    conditions = [
        own & late & (known | mislabelled),
        own & ~late & known,
        ~own & known,
        own & ~late & ~known,
    ]
    names = ["pool", "test", "ood-speakers", "ood-words"]
    parts: NDArray[np.str_] = np.select(conditions, names, default="spare")
    return parts


def mix(clip: FloatArray, other: FloatArray) -> FloatArray:
    """Return two clips as if spoken at once: their energies are added band by band.

    An inverse cosine transform turns the 13 coefficients into 13 log energies (the higher
    coefficients, which were not stored, count as zero). The energies are added and transformed
    back.

    Parameters
    ----------
    clip, other : (frames, 13) array of float
        ``other`` is stretched to the length of ``clip``.

    Returns
    -------
    (frames, 13) array of float
    """
    count = clip.shape[1]
    angle = np.pi * np.outer(np.arange(count), np.arange(count) + 0.5) / count
    basis = np.cos(angle) * np.sqrt(2.0 / count)
    basis[0] /= np.sqrt(2.0)
    at = np.round(np.linspace(0.0, len(other) - 1.0, len(clip))).astype(np.intp)
    energies = np.logaddexp(clip @ basis, other[at] @ basis)
    mixed: FloatArray = energies @ basis.T
    return mixed


def read() -> list[Defect]:
    """Return the recorded defects."""
    text = Path(__file__).with_suffix(".csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return [
        Defect(row["clip"], row["kind"], row["given"], row["other"], int(row["frames"] or 0))
        for row in rows
    ]


def dump(defects: list[Defect]) -> str:
    """Return defects as the text of the record."""
    lines = ["clip,kind,given,other,frames"]
    lines += [
        f"{d.clip},{d.kind},{d.given},{d.other},{d.frames or ''}"
        for d in sorted(defects, key=lambda defect: defect.clip)
    ]
    return "\n".join(lines) + "\n"


def make() -> list[Defect]:
    """Return the defects, drawn anew; they are the same every time.

    Habits come first: one annotator gives nearly all clips of one speaker and one word the same
    wrong label, so among the nearest clips the error is the rule. Confusions affect the clips that
    a cross-validated classifier finds hardest, and give them the label it confuses them with.
    Clips of unknown words get the label of a target word, some clips are cut short, and some are
    mixed with a clip of another word.
    """
    clean = spoken_digits.table(None)
    random = np.random.RandomState(SEED)
    everywhere = np.ones(len(clean), dtype=bool)
    pool = np.flatnonzero(part_of(clean, ~everywhere) == "pool")
    defective: dict[int, Defect] = {}
    defective.update(_habits(clean, pool, random))
    defective.update(_confused(clean, pool, defective))
    defective.update(_unknown_words(clean, random))
    defective.update(_damaged(clean, pool, defective, random))
    return list(defective.values())


Found = list[tuple[int, Defect]]


def _habits(clean: Table, pool: NDArray[np.intp], random: np.random.RandomState) -> Found:
    found = []
    for speaker, word, label, share in HABITS:
        fits = (clean.columns["speaker"][pool] == speaker) & (clean.columns["word"][pool] == word)
        rows = pool[fits]
        for row in random.permutation(rows)[: round(share * len(rows))]:
            found.append((int(row), Defect(str(clean.ids[row]), "habit", label)))
    return found


def _confused(clean: Table, pool: NDArray[np.intp], defective: dict[int, Defect]) -> Found:
    words = sorted(TARGETS + NONTARGETS)
    truth = np.searchsorted(words, clean.columns["word"][pool])
    shares = _neighbour_shares(clean.features[pool], truth, len(words))
    own = shares[np.arange(len(pool)), truth].copy()
    shares[np.arange(len(pool)), truth] = -1.0
    rival = shares.argmax(axis=1)
    hardest = np.lexsort((clean.ids[pool], own - shares.max(axis=1)))
    found: Found = []
    for place in hardest:
        row = int(pool[place])
        same_class = {words[truth[place]], words[rival[place]]} <= set(NONTARGETS)
        if row not in defective and not same_class:
            found.append((row, Defect(str(clean.ids[row]), "confused", words[rival[place]])))
        if len(found) == CONFUSED:
            break
    return found


def _neighbour_shares(features: FloatArray, truth: NDArray[np.intp], classes: int) -> FloatArray:
    """Return the share of each class among every row's 15 nearest neighbours, weighted by rank."""
    scaled = features / features.std(axis=0)
    squares = (scaled**2).sum(axis=1)
    distances = np.round(squares[:, None] + squares[None] - 2 * scaled @ scaled.T, 6)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :15]
    shares = np.zeros((len(features), classes))
    for place in range(nearest.shape[1]):
        np.add.at(shares, (np.arange(len(features)), truth[nearest[:, place]]), 1.0 / (place + 5))
    normalised: FloatArray = shares / shares.sum(axis=1, keepdims=True)
    return normalised


def _unknown_words(clean: Table, random: np.random.RandomState) -> Found:
    word, speaker, take = (clean.columns[name] for name in ("word", "speaker", "take"))
    rows = np.flatnonzero(np.isin(word, UNKNOWN) & np.isin(speaker, POOL_SPEAKERS) & (take >= 10))
    wrong_labels = {"six": ("three", "seven"), "eight": ("three", "nine")}
    return [
        (
            int(row),
            Defect(
                str(clean.ids[row]), "unknown-word", wrong_labels[str(word[row])][random.randint(2)]
            ),
        )
        for row in random.permutation(rows)[:UNKNOWN_WORDS]
    ]


def _damaged(
    clean: Table,
    pool: NDArray[np.intp],
    defective: dict[int, Defect],
    random: np.random.RandomState,
) -> Found:
    word, frames = clean.columns["word"], clean.columns["frames"]
    rows = [int(row) for row in random.permutation(pool) if int(row) not in defective]
    found: Found = []
    for row in rows[:TRUNCATED]:
        left = max(3, int(frames[row]) // 3)
        name, given = str(clean.ids[row]), str(word[row])
        found.append((row, Defect(name, "truncated", given, frames=left)))
    for row in rows[TRUNCATED : TRUNCATED + MIXED]:
        others = pool[word[pool] != word[row]]
        other = str(clean.ids[others[random.randint(len(others))]])
        found.append((row, Defect(str(clean.ids[row]), "mixed", str(word[row]), other=other)))
    return found
