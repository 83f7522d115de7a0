"""Look over images before they are embedded: one range of brightness for all, and their frames."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural

#: Endings and first bytes of formats with 8 bits a channel and one frame.
PLAIN = (".jpg", ".jpeg", ".jpe", ".jfif", ".bmp")
PLAIN_SIGNS = (b"\xff\xd8\xff", b"BM")
#: Numbers of bits of whole values, lowest first.
BITS = (8, 10, 12, 14, 16)
#: Larger values mark pixels without a value.
HIGHEST = 1e30
Limits = tuple[float, float]


@dataclass(frozen=True)
class Survey:
    """What images have in common.

    Parameters
    ----------
    limits
        Values that are black and white in images with other values than 8 bits; None if there are
        none.
    wide
        Number of such images.
    frames : dict of int to int
        Number of frames or pages of each image that has several.
    """

    limits: Limits | None = None
    wide: int = 0
    frames: dict[int, int] = field(default_factory=dict)

    def notes(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return what a user should know of it, given the name of each image."""
        found = []
        if self.limits is not None:
            low, high = (f"{value:,.6g}" for value in self.limits)
            what = f"{plural(self.wide, 'image')} with more than 8 bits a pixel: {low} is black and"
            found.append(("brightness", f"{what} {high} white in all of them"))
        if self.frames:
            item, count = next(iter(self.frames.items()))
            some = plural(len(self.frames), "image")
            what = f"several frames or pages in {some}, such as {names[item]} ({count:,})"
            found.append(("frames", f"{what}: only the first is used"))
        return found


def survey(items: Sequence[Path | bytes]) -> Survey:
    """Look over images; one that cannot be opened is left out.

    Parameters
    ----------
    items
        A path, or the bytes of a file, for each image.
    """
    frames: dict[int, int] = {}
    lows, highs, whole = [], [], True
    for number, item in enumerate(items):
        if _is_plain(item):
            continue
        try:
            count, values = _opened(item)
        except Exception:  # decoders raise errors of many types; embedding reports them
            continue
        if count > 1:
            frames[number] = count
        if values is not None and len(values):
            lows.append(float(values.min()))
            highs.append(float(values.max()))
            whole = whole and bool((values == np.round(values)).all())
    limits = _limits(min(lows), max(highs), whole) if lows else None
    return Survey(limits, len(lows), frames)


def _is_plain(item: Path | bytes) -> bool:
    if isinstance(item, bytes):
        return not item or item.startswith(PLAIN_SIGNS)
    return item.suffix.lower() in PLAIN


def _opened(item: Path | bytes) -> tuple[int, NDArray[np.float64] | None]:
    """Return the number of frames, and the values of an image with other values than 8 bits."""
    from PIL import Image

    with Image.open(io.BytesIO(item) if isinstance(item, bytes) else item) as file:
        count = int(getattr(file, "n_frames", 1))
        if not file.mode.startswith(("I", "F")):
            return count, None
        values = np.asarray(file, dtype=np.float64)
        return count, values[np.isfinite(values) & (np.abs(values) < HIGHEST)]


def _limits(low: float, high: float, whole: bool) -> Limits:
    """Return the values that are black and white, given the lowest and the highest of all images.

    Whole values begin at 0 and end at a power of two. Fractions from 0 to 1 keep that range if they
    fill half of it. All others span from the lowest value to the highest.
    """
    if whole and low >= 0 and high < 2 ** BITS[-1]:
        return 0.0, float(next(2**bits for bits in BITS if high < 2**bits) - 1)
    if low >= 0 and 0.5 < high <= 1:
        return 0.0, 1.0
    return low, high


def scaled(values: NDArray[np.float64], limits: Limits | None) -> NDArray[np.float32]:
    """Return values as 0..255, fractions too; without limits, 8 or 16 bits are assumed.

    Values beyond the limits are black or white; not a number is black.
    """
    if limits is None:
        limits = (0.0, 65_535.0 if values.max() > 255 else 255.0)
    low, high = limits
    shares = np.nan_to_num((values - low) / ((high - low) or 1.0), nan=0.0)
    found: NDArray[np.float32] = (np.clip(shares, 0, 1) * 255).astype(np.float32)
    return found
