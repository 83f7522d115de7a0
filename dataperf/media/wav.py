"""Read WAV files: PCM with scipy, every other coding with soundfile, and files that were piped."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

#: Codings that scipy reads: integers and floats.
PCM = (1, 3)
#: The coding that names another one.
EXTENSIBLE = 0xFFFE
#: A program that writes into a pipe cannot know the size: it claims 0, or as much as possible.
UNKNOWN_SIZE = 0x7FFF0000


@dataclass(frozen=True)
class Header:
    """The header of a WAV file.

    Parameters
    ----------
    coding
        Number of the coding: 1 PCM, 3 floats, 6 A-law, 7 mu-law, and so on.
    frame
        Bytes that hold one sample of every channel.
    start
        Byte where the sound begins.
    claimed, there
        Number of bytes of the sound: as the file says, and as it has.
    last
        Whether nothing but the sound follows.
    big
        Whether numbers have the highest byte first (RIFX).
    """

    coding: int
    frame: int
    start: int
    claimed: int
    there: int
    last: bool
    big: bool

    @property
    def piped(self) -> bool:
        """Whether the claimed size is none, because the file was written into a pipe."""
        unknown = self.claimed >= UNKNOWN_SIZE or (self.claimed == 0 and self.last)
        return unknown and self.claimed != self.there


def header_of(item: Path | bytes) -> Header:
    """Return the header of a WAV file.

    Raises
    ------
    ValueError
        If it is none, or the file ends before the sound that it claims.
    """
    with io.BytesIO(item) if isinstance(item, bytes) else item.open("rb") as file:
        found = _parsed(file)
    if found.claimed > found.there and not found.piped:
        raise ValueError(
            f"it ends too early: {found.there:,} of {found.claimed:,} bytes of the sound are there"
        )
    return found


def _parsed(file: IO[bytes]) -> Header:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    big = file.read(4) == b"RIFX"
    order: Any = "big" if big else "little"
    whole = int.from_bytes(file.read(4), order)
    if file.read(4) != b"WAVE":
        raise ValueError("not a WAV file, though it begins like one")
    coding = frame = 0
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], int.from_bytes(chunk[4:], order)
        if name == b"data":
            if not coding:
                raise ValueError("the header does not say how the sound is coded")
            start = file.tell()
            last = length > 0 or whole in (0, 0xFFFFFFFF) or whole + 8 <= start
            return Header(coding, max(1, frame), start, length, size - start, last, big)
        if name == b"fmt ":
            content = file.read(min(length, 64))
            coding, frame = (int.from_bytes(content[a : a + 2], order) for a in (0, 12))
            if coding == EXTENSIBLE and len(content) >= 26:
                coding = int.from_bytes(content[24:26], order)
            length -= len(content)
        file.seek(length + length % 2, os.SEEK_CUR)
    raise ValueError("it ends before the sound begins")


def with_sizes(item: Path | bytes, header: Header) -> bytes:
    """Return a piped WAV file with the sizes that it has."""
    content = bytearray(item if isinstance(item, bytes) else item.read_bytes())
    there = header.there - header.there % header.frame
    del content[header.start + there :]
    order: Any = "big" if header.big else "little"
    content[4:8] = (len(content) - 8).to_bytes(4, order)
    content[header.start - 4 : header.start] = there.to_bytes(4, order)
    return bytes(content)


def read_pcm(file: Any) -> tuple[NDArray[Any], int]:
    """Return the samples of a WAV file of PCM or floats, in -1..1, and their rate in Hz."""
    from scipy.io import wavfile

    with warnings.catch_warnings():
        warnings.simplefilter("error", wavfile.WavFileWarning)
        warnings.filterwarnings("ignore", message="Chunk .* not understood")
        rate, samples = wavfile.read(file)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128, rate
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min), rate
    return samples, rate
