"""Embed images and sounds: open them one by one, embed them in batches."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.progress import Progress
from dataperf.basics.wording import shorten
from dataperf.errors import Unavailable, did_you_mean, refuse
from dataperf.media import embedding_cache, sounds
from dataperf.media.survey import Limits, scaled

MediaKind = Literal["image", "audio"]
Item = Path | bytes
EMBEDDINGS: dict[MediaKind, tuple[str, ...]] = {
    "image": ("auto", "network", "pixels"),
    "audio": ("auto", "network", "mfcc"),
}
#: Side of the grey image of the embedding ``pixels``, in pixels.
SIDE = 32
Embedded = tuple[NDArray[np.float32], dict[str, list[Any]], dict[int, str], list[tuple[str, str]]]


@dataclass(frozen=True)
class Files:
    """Images or sounds in files or in memory, opened only when they are shown.

    Parameters
    ----------
    kind
        ``"image"`` or ``"audio"``.
    items
        A path, or the bytes of a file, for each row.
    limits
        Values that are black and white in images of more than 8 bits a pixel; see
        `dataperf.media.survey`.
    """

    kind: MediaKind
    items: Sequence[Item]
    limits: Limits | None = None

    def image(self, row: int) -> NDArray[np.uint8]:
        """Return the image of a row, or the spectrogram of its sound; values in 0..255."""
        if self.kind == "image":
            return open_image(self.items[row], self.limits)
        return sounds.spectrogram(*sounds.open_sound(self.items[row]))

    def sound(self, row: int) -> tuple[NDArray[np.float32], int] | None:
        """Return the samples in -1..1 and their rate in Hz; None for images."""
        return None if self.kind == "image" else sounds.open_sound(self.items[row])


@dataclass(frozen=True)
class Images:
    """Arrays of numbers, one for each row, shown as images.

    Parameters
    ----------
    values : (n, height, width) or (n, height, width, channels) array
    low, high
        Values that are shown black and white.
    """

    values: NDArray[Any]
    low: float
    high: float
    kind: Literal["image"] = "image"

    def image(self, row: int) -> NDArray[np.uint8]:
        """Return the image of a row; values in 0..255."""
        span = (self.high - self.low) or 1.0
        shares = np.clip((np.asarray(self.values[row], np.float64) - self.low) / span, 0.0, 1.0)
        drawn = np.round(np.nan_to_num(shares) * 255).astype(np.uint8)
        return drawn[..., 0] if drawn.ndim == 3 and drawn.shape[2] == 1 else drawn

    def sound(self, row: int) -> None:
        """Return None: an image has no sound."""


def open_image(item: Item, limits: Limits | None = None) -> NDArray[np.uint8]:
    """Open an image as an array of shape (height, width, 3), or (height, width) if it is grey.

    The orientation in its EXIF data is applied, transparency becomes white, and other values are
    reduced to 8 bits.

    Parameters
    ----------
    item
        A path, or the bytes of a file.
    limits
        Values that are black and white, if the image has more than 8 bits a pixel; by default 0 and
        255, or 0 and 65,535.

    Raises
    ------
    ValueError, OSError
        If the image cannot be read.
    """
    return _opened_image(item, limits).astype(np.uint8)


def _opened_image(item: Item, limits: Limits | None) -> NDArray[Any]:
    """Open an image as `open_image` does; values of more than 8 bits keep their fractions."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(item) if isinstance(item, bytes) else item) as file:
        file.load()
        image = ImageOps.exif_transpose(file)
        if image.mode.startswith(("I", "F")):
            return scaled(np.asarray(image, dtype=np.float64), limits)
        if image.mode in ("L", "1"):
            return np.asarray(image.convert("L"))
        if "A" in image.mode or "transparency" in image.info:
            behind = Image.new("RGBA", image.size, "white")
            return np.asarray(Image.alpha_composite(behind, image.convert("RGBA")).convert("RGB"))
        return np.asarray(image.convert("RGB"))


def embed(
    kind: MediaKind,
    items: Sequence[Item],
    *,
    embedding: str,
    limits: Limits | None = None,
    progress: Progress,
    subject: str,
) -> Embedded:
    """Embed all readable items.

    Parameters
    ----------
    kind
        What the items are.
    items
        Paths, or the bytes of files.
    embedding
        A name from `EMBEDDINGS`.
    limits
        See `open_image`.
    progress
        Called with the number of items done.
    subject
        Name of the data, for errors.

    Returns
    -------
    vectors : (readable, d) array of float32
    facts : mapping of name to a list with one value for each item
        Width and height in pixels; or seconds, rate in Hz and loudness in dB.
    bad : mapping of item number to reason
        The unreadable items.
    note : list of (str, str)
        Which embedding was used, if a better one is not installed.

    Raises
    ------
    Invalid
        If the embedding is unknown.
    Unavailable
        If the packages of the embedding are not installed.
    DigestMismatch
        If a network's file does not have the expected digest.
    """
    if embedding not in EMBEDDINGS[kind]:
        hint = did_you_mean(embedding, EMBEDDINGS[kind]) or f"one of {shorten(EMBEDDINGS[kind])}"
        raise refuse(subject, "unknown-embedding", "embedding", f'"{embedding}"', f"{hint}")
    from dataperf.media import networks

    note = []
    if embedding == "auto":
        lacking = networks.lacking(kind)
        embedding = "network" if not lacking else EMBEDDINGS[kind][-1]
        if lacking:
            what = f"{embedding}; a better one needs pip install 'dataperf[media]' ({lacking})"
            note = [("embedding", what)]
    describe: Callable[[list[Any]], NDArray[np.float32]]
    if embedding != "network":
        describe = _pixels if kind == "image" else sounds.mfcc_statistics
        return (*_in_batches(kind, items, describe, limits=limits, progress=progress), note)
    describe = networks.image_network() if kind == "image" else networks.speech_network()
    by = f"{kind} {networks.digest(kind)}{sounds.cache_suffix(kind)} {limits or ''}"
    found = embedding_cache.load_or_make(
        items, by, lambda: _in_batches(kind, items, describe, limits=limits, progress=progress)
    )
    return (*found, note)


def _in_batches(
    kind: MediaKind,
    items: Sequence[Item],
    describe: Callable[[list[Any]], NDArray[np.float32]],
    *,
    limits: Limits | None,
    progress: Progress,
) -> embedding_cache.Described:
    names = ("width", "height") if kind == "image" else ("seconds", "rate", "loudness")
    facts: dict[str, list[Any]] = {name: [] for name in names}
    bad: dict[int, str] = {}
    found: list[NDArray[np.float32]] = []
    waiting: list[Any] = []
    lacking: Unavailable | None = None
    for number, item in enumerate(items):
        try:
            opened, values = _open(kind, item, limits)
        except Exception as error:  # decoders raise errors of many types; each means one bad file
            lacking = error if isinstance(error, Unavailable) else lacking
            bad[number] = f"unreadable: {_reason(error)}"
            opened, values = None, (None,) * len(names)
        for name, value in zip(names, values):
            facts[name].append(value)
        waiting += [] if opened is None else [opened]
        if waiting and (len(waiting) == 16 or number == len(items) - 1):
            found.append(describe(waiting))
            waiting = []
        progress(f"embedding {kind}", number + 1, len(items))
    if waiting:
        found.append(describe(waiting))
    if lacking and len(bad) == len(items):
        raise lacking
    return np.concatenate(found) if found else np.empty((0, 1), np.float32), facts, bad


def _reason(error: Exception) -> str:
    """Return a decoder's error as one line, without memory addresses."""
    lines = re.sub(r"<_io\.BytesIO object at \w+>", "in these bytes", str(error)).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def _open(kind: MediaKind, item: Item, limits: Limits | None) -> tuple[Any, tuple[Any, ...]]:
    if not item:
        raise ValueError("neither the bytes of a file nor a path")
    if kind == "image":
        image = _opened_image(item, limits)
        return image, (image.shape[1], image.shape[0])
    samples, rate = sounds.open_sound(item)
    loudness = float(20 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-6))
    return (samples, rate), (len(samples) / rate, rate, loudness)


def _pixels(images: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Embed each image as 32 x 32 grey values in 0..1 and its mean red, green and blue in 0..1."""
    from PIL import Image

    found = []
    for pixels in images:
        image = Image.fromarray(pixels)
        grey = image if image.mode == "F" else image.convert("L")
        small = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
        bands = pixels[:, :, None] if image.mode == "F" else np.asarray(image.convert("RGB"))
        colours = np.broadcast_to(bands.astype(np.float32).mean(axis=(0, 1)) / 255, 3)
        found.append(np.concatenate([small.reshape(-1) / 255, colours]))
    return np.stack(found).astype(np.float32)
