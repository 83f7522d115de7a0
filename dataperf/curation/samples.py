"""How single rows show themselves: pictures, sounds, words, and the columns that stand out."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence import discretize
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Finding, Neighbours
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

#: Rows that the usual values of a column are told from.
MOST_ROWS = 20_000
#: Longest sound, seconds, and its rate, Hz.
SECONDS, RATE = 3.0, 16_000
#: A PNG up to this size, bytes, is kept; what is larger becomes a JPEG.
SMALL = 8_000

#: Spectrograms: grey values and their colours, red, green and blue.
STOPS = (0, 64, 128, 192, 255)
INKS = ((8, 10, 34), (52, 38, 108), (150, 52, 112), (238, 124, 72), (252, 245, 200))


class Audited(Protocol):
    """What showing needs of an audit."""

    @property
    def rows(self) -> Rows: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def skipped(self) -> Mapping[str, str]: ...
    @property
    def neighbours(self) -> Neighbours: ...
    @property
    def probabilities(self) -> NDArray[np.float32]: ...
    @property
    def seconds(self) -> Mapping[str, float]: ...
    @property
    def values(self) -> FloatArray | None: ...
    @property
    def version(self) -> str: ...


@dataclass(frozen=True)
class Doubt:
    """Rows whose label is doubted, the worst first.

    Parameters
    ----------
    rows : (m,) array of int
    given, suggested : (m,) arrays of int
        Class ids.
    flagged : int
        How many of them; they come first.
    finding
        Where that is said; None if labels were not looked at.
    """

    rows: IntArray
    given: IntArray
    suggested: IntArray
    finding: Finding | None

    @property
    def flagged(self) -> int:
        return len(self.rows)


def finding(audit: Audited, kind: str) -> Finding | None:
    """Return the finding of a kind, None if there is none."""
    return next((each for each in audit.findings if each.kind == kind), None)


def doubts(audit: Audited) -> Doubt:
    """Return the doubtful rows of the label errors, with class ids.

    Those flagged; if there are none, those that confident learning would flag.
    """
    found, rows = finding(audit, "label_errors"), audit.rows
    none = np.zeros(0, dtype=np.intp)
    if found is None or not len(found.table):
        return Doubt(none, none, none, found)
    table = found.table
    for column in ("confident_learning", "flagged"):
        if column in found.table and found.table[column].any():
            table = found.table[found.table[column].astype(bool)]
    picked = table["row"].to_numpy(dtype=np.intp)
    number = {name: place for place, name in enumerate(rows.classes)}
    told = [number.get(str(name), -1) for name in table["suggested"]]
    return Doubt(picked, rows.labels[picked], np.array(told, dtype=np.intp), found)


def class_name(rows: Rows, number: int) -> str:
    """Return the name of a class id; of -1 that there is none."""
    return rows.classes[number] if number >= 0 else "no label"


def clipped(text: object, most: int) -> str:
    """Return a text on one line, cut at a length; what is no print (escapes, too) becomes space.

    >>> clipped("a  long\\nstory", 8)
    'a long …'
    """
    printed = (each if each.isprintable() else " " for each in str(text)[: 4 * most])
    line = " ".join("".join(printed).split())
    return line if len(line) <= most else line[: most - 1] + "…"


# Pictures and sounds ----------------------------------------------------------------------


def picture(rows: Rows, row: int, *, side: int) -> Any:
    """Return a row's picture, at most ``side`` pixels high and wide; None if there is none.

    Returns
    -------
    PIL.Image.Image or None
        Grey or RGB. Small pictures are not blown up. What cannot be read any more (a file
        that went away) is None.
    """
    if rows.media is None:
        return None
    from PIL import Image

    try:
        drawn = Image.fromarray(np.ascontiguousarray(rows.media.image(row)))
    except (OSError, ValueError, TypeError, IndexError):
        return None
    drawn = drawn if drawn.mode in ("L", "RGB") else drawn.convert("RGB")
    if rows.media.kind == "audio" and drawn.mode == "L":
        drawn = Image.fromarray(heatmap(np.asarray(drawn)))
    if max(drawn.size) > side:
        scale = side / max(drawn.size)
        size = (max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale)))
        drawn = drawn.resize(
            size, Image.Resampling.BOX if scale > 0.5 else Image.Resampling.LANCZOS
        )
    return drawn


def heatmap(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return grey values in colours that grow evenly lighter, for spectrograms.

    >>> heatmap(np.array([[0, 255]], dtype=np.uint8)).tolist()
    [[[8, 10, 34], [252, 245, 200]]]
    """
    at = np.arange(256)
    ramp = [np.interp(at, STOPS, side) for side in zip(*INKS)]
    colours: NDArray[np.uint8] = np.stack(ramp, axis=1).round().astype(np.uint8)[grey]
    return colours


def picture_uri(rows: Rows, row: int, *, side: int) -> str:
    """Return a row's picture as a ``data:`` address, "" if there is none."""
    drawn = picture(rows, row, side=side)
    if drawn is None:
        return ""
    file = io.BytesIO()
    drawn.save(file, "PNG", optimize=True)
    if file.tell() <= SMALL:
        return uri(file.getvalue(), "image/png")
    return uri(jpeg(drawn), "image/jpeg")


def jpeg(drawn: Any) -> bytes:
    """Return an image as JPEG."""
    file = io.BytesIO()
    drawn.save(file, "JPEG", quality=80, optimize=True)
    return file.getvalue()


def uri(content: bytes, media_type: str) -> str:
    """Return bytes as a ``data:`` address."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def sound_uri(rows: Rows, row: int) -> str:
    """Return the start of a row's sound as a WAV file in a ``data:`` address, "" if none."""
    if rows.media is None or rows.media.kind != "audio":
        return ""
    try:
        heard = rows.media.sound(row)
    except (OSError, ValueError, TypeError, IndexError):
        return ""
    return "" if heard is None or not len(heard[0]) else uri(wav(*heard), "audio/wav")


def wav(samples: NDArray[np.float32], rate: int) -> bytes:
    """Return sound as a WAV file: mono, 16 bits, at most ``SECONDS`` long and ``RATE`` fast.

    Parameters
    ----------
    samples : (n,) or (n, channels) array of float
        In -1..1.
    rate
        Hz; is brought down to ``RATE`` by polyphase filtering.
    """
    import wave
    from math import gcd

    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    mono = np.asarray(mono[: int(SECONDS * rate)], dtype=np.float64)
    if rate > RATE:
        from scipy.signal import resample_poly

        shared = gcd(RATE, rate)
        mono, rate = resample_poly(mono, RATE // shared, rate // shared), RATE
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        whole = np.round(np.clip(np.nan_to_num(mono), -1, 1) * 32_767)
        out.writeframes(whole.astype("<i2").tobytes())
    return file.getvalue()


# Words and numbers ------------------------------------------------------------------------


@dataclass(frozen=True)
class Odd:
    """A column in which a row stands out; ``usual`` says what its class has."""

    column: str
    value: str
    usual: str
    strength: float


@dataclass(frozen=True)
class Usual:
    """What is usual in every class, told from at most ``MOST_ROWS`` rows.

    Parameters
    ----------
    rows
        The data.
    """

    rows: Rows

    @cached_property
    def text_column(self) -> str | None:
        """The text column with the longest texts."""
        frame, kinds = self.rows.frame, self.rows.kinds
        names = [name for name in frame.columns if kinds.get(str(name)) == "text"]
        if not names:
            return None
        head = frame[names].head(200).astype(str)
        return str(max(names, key=lambda name: float(head[name].str.len().mean())))

    @cached_property
    def _seen(self) -> IntArray:
        count = len(self.rows)
        if count <= MOST_ROWS:
            return np.arange(count)
        return np.sort(np.random.default_rng(0).choice(count, MOST_ROWS, replace=False))

    @cached_property
    def _columns(self) -> list[tuple[str, str]]:
        """Name and kind of the columns that are looked at; of pure numbers, the features."""
        kinds = self.rows.kinds
        told = [(str(name), str(kinds.get(str(name), ""))) for name in self.rows.frame.columns]
        named = [pair for pair in told if pair[1] in ("numeric", "categorical")]
        if named or self.rows.frame.shape[1]:
            return named[:200]
        width = min(self.rows.features.shape[1], 200)
        return [(f"feature {number}", "feature") for number in range(width)]

    def _values(self, column: str, kind: str, picked: IntArray) -> FloatArray:
        """Return the numbers of some rows; what is none is nan."""
        if kind == "feature":
            told = self.rows.features[picked, int(column.rpartition(" ")[2])]
            return np.asarray(told, dtype=np.float64)
        return discretize.numbers(self.rows.frame[column].iloc[picked], "numeric")

    @cached_property
    def _categories(self) -> dict[str, pd.Series[Any]]:
        """The columns of categories, their values such as can be counted."""
        told = [column for column, kind in self._columns if kind == "categorical"]
        return {column: _countable(self.rows.frame[column]) for column in told}

    @cached_property
    def _numbers(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Median and spread of every numeric column in every class, and over all (last)."""
        found = {}
        labels = self.rows.labels[self._seen]
        for column, kind in self._columns:
            if kind == "categorical":
                continue
            seen = self._values(column, kind, self._seen)
            parts = [seen[labels == number] for number in range(len(self.rows.classes))]
            told = [_middle(part) if len(part) >= 5 else _middle(seen) for part in parts]
            told.append(_middle(seen))
            middles, spreads = zip(*told)
            found[column] = (np.array(middles), np.array(spreads))
        return found

    def odd(self, row: int, *, most: int = 4) -> list[Odd]:
        """Return the columns in which a row is farthest from what its given class has.

        Numbers are held to the median of the class in units of its spread (the interquartile
        range / 1.349); categories to their share in the class, as -log2(share).
        """
        label, found = int(self.rows.labels[row]), []
        for column, kind in self._columns:
            if kind == "categorical":
                found.append(self._category(column, self._categories[column].iloc[row], label))
                continue
            middle, spread = (float(side[label]) for side in self._numbers[column])
            if not np.isfinite(middle):
                continue
            number = float(self._values(column, kind, np.array([row]))[0])
            apart = abs(number - middle) / spread if np.isfinite(number) else 0.0
            usual = " to ".join(short(float(f"{middle + way:.3g}")) for way in (-spread, spread))
            found.append(Odd(column, short(number), usual, apart))
        return sorted(found, key=lambda each: -each.strength)[:most]

    def _category(self, column: str, value: Any, label: int) -> Odd:
        counts = self._counts(column, label)
        total = max(1, int(counts.sum()))
        share = (float(counts.get(value, 0)) + 0.5) / (total + 1)
        usual = (
            f"{clipped(counts.index[0], 30)}, in {counts.iloc[0] / total:.0%}" if total > 1 else ""
        )
        return Odd(column, clipped(value, 40), usual, float(-np.log2(min(share, 1.0))))

    def _counts(self, column: str, label: int) -> pd.Series[Any]:
        seen = self._seen if label < 0 else self._seen[self.rows.labels[self._seen] == label]
        return self._categories[column].iloc[seen].value_counts()


def _countable(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return values; lists and the like, which cannot be counted as they are, as text."""
    if values.dtype != object:
        return values
    try:
        values.map(hash)
    except TypeError:
        return values.map(repr, na_action="ignore")
    return values


def _middle(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), 1.0
    low, middle, high = np.quantile(finite, [0.25, 0.5, 0.75])
    spread = (high - low) / 1.349 or float(finite.std()) or 1.0
    return float(middle), float(spread)


def short(value: float) -> str:
    """Return a number in four figures.

    >>> short(1234567.0), short(0.0123456), short(3.0), short(float("nan"))
    ('1,234,567', '0.01235', '3', 'missing')
    """
    if not np.isfinite(value):
        return "missing"
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
