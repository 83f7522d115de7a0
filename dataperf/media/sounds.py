"""Open sound files; compute spectrograms and cepstral coefficients."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.extras import require_extra
from dataperf.errors import Unavailable
from dataperf.media import wav

#: Rate in Hz of all spectra, and their window and step in samples.
RATE, WINDOW, STEP = 16_000, 512, 160
BANDS, COEFFICIENTS = 64, 20
#: Highest rate in Hz that is read; resampling needs memory in proportion to it.
HIGHEST_RATE = 1_000_000
#: Numbers that are decoded at a time, and samples that one sound may have (4 hours at 16 kHz).
BLOCK, MOST_SAMPLES = 2**22, 2**28


def open_sound(item: Path | bytes) -> tuple[NDArray[np.float32], int]:
    """Open a sound file.

    WAV files of PCM or floats are read with scipy, all others with the package soundfile. Sizes
    that a program could not know, because it wrote into a pipe, are taken from the file.

    Parameters
    ----------
    item
        A path, or the bytes of a file.

    Returns
    -------
    samples : (n,) array of float32
        In -1..1, channels averaged.
    rate : int
        In Hz.

    Raises
    ------
    ValueError, OSError
        If the file cannot be read, or has no samples.
    Unavailable
        If soundfile is needed but not installed.
    """
    start = item[:4] if isinstance(item, bytes) else _first_bytes(item)
    if start in (b"RIFF", b"RIFX"):
        samples, rate = _read_wav(item)
    elif not start:
        raise ValueError("the file is empty")
    else:
        samples, rate = _read_other(item, "reading audio other than WAV")
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if not 0 < rate <= HIGHEST_RATE:
        raise ValueError(f"a rate of {rate:,} Hz, expected 1 to {HIGHEST_RATE:,} Hz")
    if not len(samples):
        raise ValueError("the file has no samples")
    return np.nan_to_num(samples.astype(np.float32)), int(rate)


def cache_suffix(kind: str) -> str:
    """Return a part of the cache key: it changes once more files can be read.

    Without soundfile some sounds cannot be read; their cached embedding must not be used after
    it is installed.

    >>> cache_suffix("image")
    ''
    """
    if kind == "image":
        return ""
    try:
        require_extra("soundfile", "media", "reading audio other than WAV")
    except Unavailable:
        return " without soundfile"
    return ""


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _read_wav(item: Path | bytes) -> tuple[NDArray[Any], int]:
    header = wav.header_of(item)
    if header.piped:
        item = wav.with_sizes(item, header)
    if header.coding in wav.PCM:
        return wav.read_pcm(io.BytesIO(item) if isinstance(item, bytes) else item)
    return _read_other(item, "reading WAV files that are not PCM")


def _read_other(item: Path | bytes, why: str) -> tuple[NDArray[np.float32], int]:
    """Return the samples of a file that soundfile reads, block by block.

    The number of samples that the file claims is not believed: it may ask for more memory than
    there is.
    """
    soundfile = require_extra("soundfile", "media", why)
    with soundfile.SoundFile(io.BytesIO(item) if isinstance(item, bytes) else item) as file:
        rate, channels = int(file.samplerate), int(file.channels)
        blocks, samples = [], 0
        while len(block := file.read(max(1, BLOCK // channels), dtype="float32")):
            blocks.append(block.mean(axis=1) if block.ndim == 2 else block)
            samples += len(block)
            if samples > MOST_SAMPLES:
                raise ValueError(f"more than {MOST_SAMPLES:,} samples: cut it into shorter sounds")
    return np.concatenate(blocks or [np.empty(0, np.float32)]), rate


def resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Resample a sound to 16 kHz."""
    if rate == RATE:
        return samples
    from scipy.signal import resample_poly

    common = int(np.gcd(rate, RATE))
    found: NDArray[np.float32] = resample_poly(samples, RATE // common, rate // common)
    return found.astype(np.float32)


def log_mel(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Return the energy of 64 mel bands over time in dB, shape (frames, 64)."""
    from scipy.signal import get_window

    sound = resampled(samples, rate)
    sound = np.pad(sound, (0, max(0, WINDOW - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::STEP]
    power = np.abs(np.fft.rfft(frames * get_window("hann", WINDOW), axis=1)) ** 2
    return np.asarray(10 * np.log10(np.maximum(power @ _mel_filters().T, 1e-8)))


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float64]:
    """Return triangular filters, equally spaced in mel (2595 log10(1 + f / 700), O'Shaughnessy
    1987) from 20 Hz to 8 kHz."""
    first, last = (float(2595 * np.log10(1 + hertz / 700)) for hertz in (20.0, RATE / 2))
    edges = 700 * (10 ** (np.linspace(first, last, BANDS + 2) / 2595) - 1)
    at = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (at - low) / (middle - low), (high - at) / (high - middle)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def spectrogram(samples: NDArray[np.float32], rate: int) -> NDArray[np.uint8]:
    """Return the spectrogram of a sound as an image: time to the right, high frequencies on top.

    The loudest point is white; 60 dB below it is black. The image is at most 1,000 pixels wide.
    """
    levels = log_mel(samples, rate)
    levels = levels[:: -(-len(levels) // 1000)]
    shares = np.clip((levels - levels.max()) / 60 + 1, 0.0, 1.0)
    drawn: NDArray[np.uint8] = np.round(shares.T[::-1] * 255).astype(np.uint8)
    return drawn


def mfcc_statistics(sounds: list[tuple[NDArray[np.float32], int]]) -> NDArray[np.float32]:
    """Embed sounds as the mean and standard deviation of 20 MFCCs over time, (n, 40)."""
    from scipy.fft import dct

    found = []
    for samples, rate in sounds:
        cepstra = dct(log_mel(samples, rate), axis=1, norm="ortho")[:, :COEFFICIENTS]
        found.append(np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0)]))
    return np.stack(found).astype(np.float32)
