"""Encode columns as features: finite, float32, and scaled so that no column dominates.

A numeric column is centred at its median and divided by its spread, so that its standard
deviation is about 1. Two different categories are as far apart as two rows of a numeric column
on average. Text and embeddings are scaled as one block each. Medians, spreads and the like are
estimated on at most 200,000 rows, drawn with a fixed seed: the same data give the same features.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.progress import Progress
from dataperf.basics.wording import plural
from dataperf.reading.columns import Column
from dataperf.reading.loaded import chunks

if TYPE_CHECKING:
    import pandas as pd

#: Maximum number of rows that medians and spreads are estimated on.
SAMPLE = 200_000
#: Values are clipped at this many spreads from the median.
FARTHEST = 10.0
#: The interquartile range of a normal distribution, in standard deviations.
NORMAL_RANGE = 1.349
#: Number of categories with their own feature, and of features that the rest is hashed into.
OWN_FEATURE, BUCKETS = 50, 16
#: The same for tables of more than `MANY_ROWS` rows, to bound memory.
OWN_FEATURE_OF_MANY, BUCKETS_OF_MANY = 16, 8
MANY_ROWS = 1_000_000
MISSING = " is missing"


@dataclass(frozen=True)
class Block:
    """Features that are written together.

    Parameters
    ----------
    names
        Column of each feature.
    write
        Called with the (n, len(names)) float32 array to fill.
    wide
        Whether it is one text or embedding, scaled as a whole.
    """

    names: tuple[str, ...]
    write: Callable[[NDArray[np.float32]], None]
    wide: bool = False


def encode(
    columns: Sequence[Column],
    vectors: Mapping[str, NDArray[Any]],
    rows: int,
    *,
    text_features: int = 256,
    progress: Progress = lambda words, done, total: None,
) -> tuple[NDArray[np.float32], tuple[str, ...], list[tuple[str, str]]]:
    """Encode columns and embeddings as the features that models and neighbours use.

    Parameters
    ----------
    columns
        Columns with one value in each row. Ids and constant columns have no features.
    vectors : mapping of str to (n, d) array
        Embeddings. All values of one embedding are scaled by the same factor.
    rows
        Number of rows, n.
    text_features
        Maximum number of features per text column.
    progress
        Called with the number of blocks of features done.

    Returns
    -------
    features : (n, d) array of float32
        Finite.
    names : tuple of d str
        Column of each feature; ``NAME[3]`` for a value of an embedding.
    notes : list of (str, str)
        Column and what was wrong with it.
    """
    blocks = [block for column in columns for block in _blocks(column, rows, text_features)]
    blocks += [_vector(name, values) for name, values in vectors.items()]
    notes = [
        (name, f"{plural(count, 'missing or infinite value')}: the column's mean is used")
        for name, values in vectors.items()
        if (count := _not_finite(values))
    ]
    width = sum(len(block.names) for block in blocks)
    features = np.zeros((rows, width), dtype=np.float32)
    single = len(blocks) == 1
    widest = max((len(block.names) for block in blocks if block.wide), default=1)
    start = 0
    for number, block in enumerate(blocks, 1):
        out = features[:, start : start + len(block.names)]
        block.write(out)
        if block.wide:
            _scale(out, variance=float(len(block.names)) if single else widest**0.5)
        start += len(block.names)
        progress("encoding columns", number, len(blocks))
    return features, tuple(name for block in blocks for name in block.names), notes


def _scale(block: NDArray[np.float32], *, variance: float) -> None:
    """Scale a block in place by one factor, so that its features have this total variance.

    A single block gets a mean variance of 1 per feature. Together with other columns, each block
    weighs as much as the square root of the widest block's width in numeric columns. So neither
    one number nor an embedding of a thousand dominates the distances between rows.
    """
    rows = block[_sample(len(block))]
    total = float(rows.var(axis=0, dtype=np.float64).sum())
    if total > 0:
        factor = np.float32((variance / total) ** 0.5)
        for part in chunks(len(block), block.shape[1]):
            block[part] *= factor


def _sample(rows: int) -> Any:
    """Return the rows to estimate on: all, or a sorted sample without replacement."""
    if rows <= SAMPLE:
        return slice(None)
    drawn = np.random.default_rng(0).choice(rows, SAMPLE, replace=False, shuffle=False)
    return np.sort(drawn)


def _blocks(column: Column, rows: int, text_features: int) -> list[Block]:
    if column.is_id or column.kind == "constant":
        return []
    if column.kind in ("numeric", "datetime"):
        return [*_numeric(column.name, column.values), *_parts(column)]
    if column.kind == "categorical":
        return [_categorical(column.name, column.values, rows)]
    from dataperf.reading.texts import text_block

    names, write = text_block(column.name, column.values, text_features)
    return [Block(names, write, wide=True)] if names else []


def _numeric(name: str, values: NDArray[Any]) -> list[Block]:
    """Encode a numeric column as one feature, and one more that marks missing values."""
    missing = values.dtype.kind == "f" and not _all_finite(values)
    centre, spread, size = _spread(values[_sample(len(values))].astype(np.float64))

    def write(out: NDArray[np.float32]) -> None:
        for part in chunks(len(values), 1, numbers=2**18):
            found = (values[part].astype(np.float64) - centre) / spread
            np.clip(found, -FARTHEST, FARTHEST, out=found)
            found[np.isnan(found)] = 0.0
            found[~np.isfinite(values[part])] = 0.0
            out[part, 0] = found / size

    def write_missing(out: NDArray[np.float32]) -> None:
        out[:, 0] = ~np.isfinite(values)

    found = [Block((name,), write)]
    return [*found, Block((name,), write_missing)] if missing else found


def _parts(column: Column) -> list[Block]:
    """Encode the parts of dates as they are: cosines and sines."""
    parts = column.parts
    if parts is None or not parts.shape[1]:
        return []

    def write(out: NDArray[np.float32]) -> None:
        out[:] = parts

    return [Block((column.name,) * parts.shape[1], write)]


def _all_finite(values: NDArray[Any]) -> bool:
    return all(
        bool(np.isfinite(values[part]).all()) for part in chunks(len(values), 1, numbers=2**20)
    )


def _spread(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return a column's median, its spread, and its standard deviation after scaling by both.

    The spread is the interquartile range, divided by that of a standard normal distribution. If
    it is 0 (half of the values are equal), the spread is the standard deviation, but at least a
    quarter of the range.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0, 1.0
    low, centre, high = np.quantile(values, (0.25, 0.5, 0.75))
    spread = float(high - low) / NORMAL_RANGE
    if not spread > 0:
        spread = max(float(values.std()), float(np.ptp(values)) / 4)
    if not spread > 0 or not np.isfinite(spread):
        return float(centre), 1.0, 1.0
    deviation = float(np.clip((values - centre) / spread, -FARTHEST, FARTHEST).std())
    return float(centre), spread, max(1.0, deviation)


def _categorical(name: str, values: pd.Series, rows: int) -> Block:
    """Encode frequent categories as one 0/1 feature each; the others share hashed features.

    Missing values are a category.
    """
    import pandas as pd

    own = OWN_FEATURE if rows <= MANY_ROWS else OWN_FEATURE_OF_MANY
    buckets = BUCKETS if rows <= MANY_ROWS else BUCKETS_OF_MANY
    codes, unique = pd.factorize(values, use_na_sentinel=True)
    words = [str(value) for value in unique] + [MISSING]
    codes = np.where(codes < 0, len(words) - 1, codes)
    counts = np.bincount(codes, minlength=len(words))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda n: (-counts[n], words[n]))
    all_own = len(order) <= own
    place = np.zeros(len(words), dtype=np.intp)
    for feature, value in enumerate(order):
        rest = own + zlib.crc32(words[value].encode("utf-8", "replace")) % buckets
        place[value] = feature if feature < own else rest
    width = len(order) if all_own else own + buckets

    def write(out: NDArray[np.float32]) -> None:
        out[:] = 0.0
        for part in chunks(len(codes), width):
            found = place[codes[part]]
            out[part][np.arange(len(found)), found] = 1.0

    return Block((name,) * width, write)


def _vector(name: str, values: NDArray[Any]) -> Block:
    """Encode an embedding, centred at its mean; missing values become the mean."""
    names = tuple(f"{name}[{number}]" for number in range(values.shape[1]))

    def write(out: NDArray[np.float32]) -> None:
        rows = values[_sample(len(values))].astype(np.float64)
        rows[~np.isfinite(rows)] = np.nan
        there = np.maximum((~np.isnan(rows)).sum(axis=0), 1)
        mean = np.nansum(rows, axis=0) / there
        for part in chunks(len(values), len(names)):
            found = values[part] - mean
            found[~np.isfinite(found)] = 0.0
            out[part] = np.clip(found, -1e18, 1e18)

    return Block(names, write, wide=True)


def _not_finite(values: NDArray[Any]) -> int:
    if values.dtype.kind != "f":
        return 0
    parts = chunks(len(values), values.shape[1])
    return sum(int((~np.isfinite(values[part])).sum()) for part in parts)
