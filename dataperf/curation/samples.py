"""How single rows are shown: images, sounds, texts, and the columns in which they are unusual."""

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

#: Rows from which the usual values of a column are computed.
MOST_ROWS = 20_000
#: Maximum length of a sound in seconds, and maximum sample rate in Hz.
SECONDS, RATE = 3.0, 16_000
#: Maximum size of a PNG in bytes; a larger one becomes a JPEG.
SMALL = 8_000

#: Mean length up to which a text that models do not see only names its row.
NAME = 40

#: Spectrograms: grey values and their colours, red, green and blue.
STOPS = (0, 64, 128, 192, 255)
INKS = ((8, 10, 34), (52, 38, 108), (150, 52, 112), (238, 124, 72), (252, 245, 200))


class Audited(Protocol):
    """The parts of an audit that are shown."""

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
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def peak_memory(self) -> int: ...


@dataclass(frozen=True)
class SuspectRows:
    """Rows whose label is flagged, or else doubtful, the most suspicious first.

    Parameters
    ----------
    rows : (m,) array of int
    given, suggested : (m,) arrays of int
        Class ids.
    finding
        The label errors; None if labels were not checked.
    word
        ``"flagged"``, or ``"doubtful"`` where no label is called wrong.
    """

    rows: IntArray
    given: IntArray
    suggested: IntArray
    finding: Finding | None
    word: str = "flagged"

    @property
    def flagged(self) -> int:
        """The number of rows."""
        return len(self.rows)


def finding(audit: Audited, kind: str) -> Finding | None:
    """Return the finding of a kind, None if there is none."""
    return next((each for each in audit.findings if each.kind == kind), None)


def suspect_rows(audit: Audited) -> SuspectRows:
    """Return the flagged rows of the label errors, with class ids.

    If none is flagged, return the doubtful rows, or those that confident learning flags.
    """
    found, rows = finding(audit, "label_errors"), audit.rows
    none = np.zeros(0, dtype=np.intp)
    if found is None or not len(found.table):
        return SuspectRows(none, none, none, found)
    table, word = found.table, "doubtful"
    for column in ("confident_learning", "doubtful", "flagged"):
        if column in found.table and found.table[column].any():
            table = found.table[found.table[column].astype(bool)]
            word = "flagged" if column == "flagged" else "doubtful"
    picked = table["row"].to_numpy(dtype=np.intp)
    number = {name: place for place, name in enumerate(rows.classes)}
    suggested = [number.get(str(name), -1) for name in table["suggested"]]
    return SuspectRows(picked, rows.labels[picked], np.array(suggested, np.intp), found, word)


def class_name(rows: Rows, number: int) -> str:
    """Return the name of a class id; "no label" for -1."""
    return rows.classes[number] if number >= 0 else "no label"


def clipped(text: object, most: int) -> str:
    """Return a text on one line, cut at a length; control characters become spaces.

    >>> clipped("a  long\\nstory", 8)
    'a long …'
    """
    printed = (each if each.isprintable() else " " for each in str(text)[: 4 * most])
    line = " ".join("".join(printed).split())
    return line if len(line) <= most else line[: most - 1] + "…"


# Images and sounds -----------------------------------------------------------------------


def image(rows: Rows, row: int, *, side: int) -> Any:
    """Return a row's image, at most ``side`` pixels high and wide; None if there is none.

    Returns
    -------
    PIL.Image.Image or None
        Grey or RGB. Small images are not enlarged. None if the file cannot be read any more.
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
    """Return grey values as colours of evenly growing lightness, for spectrograms.

    >>> heatmap(np.array([[0, 255]], dtype=np.uint8)).tolist()
    [[[8, 10, 34], [252, 245, 200]]]
    """
    at = np.arange(256)
    ramp = [np.interp(at, STOPS, side) for side in zip(*INKS)]
    colours: NDArray[np.uint8] = np.stack(ramp, axis=1).round().astype(np.uint8)[grey]
    return colours


def image_uri(rows: Rows, row: int, *, side: int) -> str:
    """Return a row's image as a ``data:`` address, "" if there is none."""
    drawn = image(rows, row, side=side)
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
        sound = rows.media.sound(row)
    except (OSError, ValueError, TypeError, IndexError):
        return ""
    return "" if sound is None or not len(sound[0]) else uri(wav(*sound), "audio/wav")


def wav(samples: NDArray[np.float32], rate: int) -> bytes:
    """Return a sound as a WAV file: mono, 16 bits, at most ``SECONDS`` long, at most ``RATE`` Hz.

    Parameters
    ----------
    samples : (n,) or (n, channels) array of float
        In -1..1.
    rate
        Sample rate in Hz; a higher one is reduced to ``RATE`` by polyphase filtering.
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


# Unusual columns -------------------------------------------------------------------------


@dataclass(frozen=True)
class Odd:
    """A column in which a row is unusual, with the usual values of its class."""

    column: str
    value: str
    usual: str
    strength: float


@dataclass(frozen=True)
class Usual:
    """The usual values of every class, computed from at most ``MOST_ROWS`` rows.

    Parameters
    ----------
    rows
        The data.
    """

    rows: Rows

    @cached_property
    def text_column(self) -> str | None:
        """The text column with the longest texts; short names of rows do not count.

        They are shown where the rows have nothing else to show.
        """
        frame, kinds = self.rows.frame, self.rows.kinds
        names = [name for name in frame.columns if kinds.get(str(name)) == "text"]
        head = frame[names].head(200).astype(str)
        length = {name: float(head[name].str.len().mean()) for name in names}
        read = set(self.rows.feature_columns)
        if any(kinds.get(str(name)) in ("numeric", "categorical") for name in frame.columns):
            names = [name for name in names if str(name) in read or length[name] > NAME]
        return str(max(names, key=lambda name: length[name])) if names else None

    @cached_property
    def _seen(self) -> IntArray:
        count = len(self.rows)
        if count <= MOST_ROWS:
            return np.arange(count)
        return np.sort(np.random.default_rng(0).choice(count, MOST_ROWS, replace=False))

    @cached_property
    def _columns(self) -> list[tuple[str, str]]:
        """Name and kind of the columns that are compared; the features if there are no columns.

        Every id is unusual, so ids are not compared.
        """
        kinds, column = self.rows.kinds, self.rows.roles.get("id")
        names = [str(name) for name in self.rows.frame.columns if name != column]
        pairs = [(name, str(kinds.get(name, ""))) for name in names]
        named = [pair for pair in pairs if pair[1] in ("numeric", "categorical")]
        if named or self.rows.frame.shape[1]:
            return named[:200]
        width = min(self.rows.features.shape[1], 200)
        return [(f"feature {number}", "feature") for number in range(width)]

    def _values(self, column: str, kind: str, picked: IntArray) -> FloatArray:
        """Return the numbers of some rows; other values become nan."""
        if kind == "feature":
            numbers = self.rows.features[picked, int(column.rpartition(" ")[2])]
            return np.asarray(numbers, dtype=np.float64)
        return discretize.numbers(self.rows.frame[column].iloc[picked], "numeric")

    @cached_property
    def _categories(self) -> dict[str, pd.Series[Any]]:
        """The categorical columns, with values that can be counted."""
        names = [column for column, kind in self._columns if kind == "categorical"]
        return {column: _countable(self.rows.frame[column]) for column in names}

    @cached_property
    def _numbers(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Median and spread of every numeric column: of each class, then of all rows."""
        found = {}
        labels = self.rows.labels[self._seen]
        for column, kind in self._columns:
            if kind == "categorical":
                continue
            seen = self._values(column, kind, self._seen)
            parts = [seen[labels == number] for number in range(len(self.rows.classes))]
            pairs = [_middle(part) if len(part) >= 5 else _middle(seen) for part in parts]
            pairs.append(_middle(seen))
            middles, spreads = zip(*pairs)
            found[column] = (np.array(middles), np.array(spreads))
        return found

    def odd(self, row: int, *, most: int = 4) -> list[Odd]:
        """Return the columns in which a row differs most from its given class.

        A number is compared with the median of the class, in units of the spread (interquartile
        range / 1.349). A category counts by its share in the class, as -log2(share).
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
            usual = " to ".join(_rounded(middle + way) for way in (-spread, spread))
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
    """Return values; those that cannot be counted, such as lists, as texts."""
    if values.dtype != object:
        return values
    try:
        values.map(hash)
    except TypeError:
        return values.map(repr, na_action="ignore")
    return values


def _rounded(value: float) -> str:
    """Return a value with three digits, or as a whole number if it has more."""
    whole = 1000 <= abs(value) < 2**53
    return short(round(value) if whole else float(f"{value:.3g}"))


def _middle(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), 1.0
    low, middle, high = np.quantile(finite, [0.25, 0.5, 0.75])
    spread = (high - low) / 1.349 or float(finite.std()) or 1.0
    return float(middle), float(spread)


def short(value: float) -> str:
    """Return a value of the data with four digits; a year has no separator.

    >>> short(1234567.0), short(1999.0), short(0.0123456), short(float("nan"))
    ('1,234,567', '1999', '0.01235', 'missing')
    """
    if not np.isfinite(value):
        return "missing"
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e9 else f"{value:.4g}"
