"""Read arrow batches into columns with bounded memory: arrays are allocated once and filled."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.progress import Progress
from dataperf.errors import refuse
from dataperf.reading.loaded import EXACT, Loaded, check_columns
from dataperf.reading.media_files import is_media

BATCH = 65_536
Lines = list[tuple[str, str]]
#: Tables with at least this many floating-point numbers are held in single precision.
MANY_NUMBERS = 2**24
UNEQUAL = "not used: its lists are not numbers of equal length"
OBJECTS = "not used: its values are objects, not numbers or text"


def from_batches(
    name: str,
    schema: Any,
    rows: int,
    *,
    batches: Iterable[Any],
    progress: Progress,
) -> Loaded:
    """Read arrow record batches into columns.

    Floats go into one array that is allocated before the first batch is read (in single
    precision if there are many). Lists of numbers of equal length go into one array per column.
    All other columns stay in arrow format until the end and then become pandas columns.

    Parameters
    ----------
    name
        Name of the data, for messages.
    schema
        Arrow schema of the batches.
    rows
        Total number of rows of the batches.
    batches
        Record batches.
    progress
        Called with the number of rows read.

    Raises
    ------
    Invalid
        If there are no rows.
    """
    import pandas as pd
    import pyarrow as pa

    names = list(schema.names)
    check_columns(name, names)
    if not rows:
        raise refuse(name, "empty", "", "there are no rows", "a table with at least two rows")
    floats, vectors, others = _sorted_fields(schema)
    exact = len(floats) * rows < MANY_NUMBERS
    numbers = np.empty((len(floats), rows), dtype=np.float64 if exact else np.float32)
    wide: dict[str, NDArray[np.float32] | None] = {}
    kept: dict[str, list[Any]] = {column: [] for column in others}
    done = 0
    for batch in batches:
        part = slice(done, done + len(batch))
        for place, column in enumerate(floats):
            numbers[place, part] = batch.column(column).to_numpy(zero_copy_only=False)
        for column in vectors:
            _add_vectors(wide, column, batch.column(column), part, rows)
        for column in others:
            values = batch.column(column)
            kept[column].append(getattr(values, "storage", values))
        done += len(batch)
        progress(f"reading {name}", done, rows)
    columns: dict[str, Any] = {column: numbers[place] for place, column in enumerate(floats)}
    lost = [(column, UNEQUAL) for column in vectors if wide.get(column) is None]
    for column in list(kept):
        try:
            columns[column] = _to_pandas(schema.field(column), kept.pop(column))
        except (ValueError, OverflowError, pa.ArrowException) as error:
            kind = schema.field(column).type
            lost.append((column, f"not used: pandas cannot hold {kind} ({str(error)[:100]})"))
    frame = pd.DataFrame(
        {c: columns[c] for c in names if c in columns}, index=pd.RangeIndex(rows), copy=False
    )
    frame, more, problems, notes = pull_vectors(frame)
    class_names = _class_names(schema)
    label = {"label": next(iter(class_names))} if len(class_names) == 1 else {}
    return Loaded(
        name,
        frame,
        {c: found for c, found in wide.items() if found is not None} | more,
        roles=label,
        class_names=class_names,
        skipped=(*lost, *problems),
        notes=tuple(notes),
    )


def pull_vectors(
    frame: Any,
) -> tuple[Any, dict[str, NDArray[Any]], Lines, Lines]:
    """Split the columns of lists off a frame.

    Columns of objects with the bytes or path of a file stay in the frame.

    Returns
    -------
    frame
        Without columns of lists and other objects.
    vectors : dict of str to (n, d) array of float32
        Columns of lists of numbers of equal length; NaN for missing lists.
    lost : list of (str, str)
        Column and reason of each column that is not used.
    notes : list of (str, str)
        How other columns were read.
    """
    vectors: dict[str, NDArray[Any]] = {}
    lost: Lines = []
    notes: Lines = []
    changed: dict[str, Any] = {}
    for column in frame.columns:
        if frame[column].dtype != object:
            continue
        there = frame[column].notna()
        values = frame[column][there]
        kinds = set(map(type, values))
        held: set[type] = {kind for kind in kinds if kind is tuple or kind.__hash__ is None}
        if not held or (kinds <= {dict} and is_media(values)):
            continue
        lists = kinds <= {list, tuple, np.ndarray}
        if lists and (found := _stacked(values)) is not None:
            whole = np.full((len(frame), found.shape[1]), np.nan, dtype=np.float32)
            whole[there.to_numpy()] = found
            vectors[column] = whole
        elif 2 * sum(type(value) in held for value in values) > len(values):
            lost.append((column, UNEQUAL if held <= {list, tuple, np.ndarray} else OBJECTS))
        else:
            changed[column], note = _as_text(frame[column], held)
            notes.append((f"column {column}", note))
    frame = frame.assign(**changed) if changed else frame
    gone = [*vectors, *(column for column, _ in lost)]
    return (frame.drop(columns=gone) if gone else frame), vectors, lost, notes


def _as_text(series: Any, held: set[type]) -> tuple[Any, str]:
    """Return a column with its few lists and objects as text, and a note on them."""
    wrong = series.map(lambda value: type(value) in held).to_numpy(dtype=bool)
    after = series.copy()
    after[wrong] = [_json(value) for value in series[wrong]]
    first = int(np.flatnonzero(wrong)[0])
    count, kinds = int(wrong.sum()), " or ".join(sorted(kind.__name__ for kind in held))
    verb = "is" if count == 1 else "are"
    what = f"{count:,} of {len(series):,} values {verb} of type {kinds}, such as row {first}"
    return after, f"{what}: {after.iloc[first][:60]}; read as text"


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _stacked(values: Any) -> NDArray[np.float32] | None:
    try:
        found = np.array([np.array(list(each), np.float32).reshape(-1) for each in values])
    except (TypeError, ValueError):
        return None
    return found if found.ndim == 2 and found.shape[1] else None


def _class_names(schema: Any) -> dict[str, tuple[str, ...]]:
    """Return the class names in the metadata of a Hugging Face dataset, by column."""
    metadata = (schema.metadata or {}).get(b"huggingface")
    try:
        features = json.loads(metadata)["info"]["features"] if metadata else {}
        return {
            name: tuple(feature["names"])
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError):
        return {}


def _sorted_fields(schema: Any) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the columns of floats, of lists of numbers, and of all others."""
    import pyarrow as pa

    floats, vectors, others = [], [], []
    for each in schema:
        kind = each.type
        if pa.types.is_floating(kind):
            floats.append(each.name)
        elif hasattr(kind, "value_type") and _is_list(kind) and _is_number(kind.value_type):
            vectors.append(each.name)
        else:
            others.append(each.name)
    return floats, vectors, others


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _add_vectors(
    wide: dict[str, NDArray[np.float32] | None], name: str, column: Any, part: slice, rows: int
) -> None:
    """Copy a batch of lists into their array; set it to None if the lengths differ."""
    there = np.asarray(column.is_valid())
    filled = column.drop_null()
    flat = filled.flatten().to_numpy(zero_copy_only=False)
    if not len(filled):
        return
    width = len(flat) // len(filled)
    if name not in wide:
        wide[name] = np.full((rows, width), np.nan, dtype=np.float32) if width else None
    out = wide[name]
    if out is None:
        return
    lengths = np.asarray(_lengths(filled))
    if out.shape[1] != width or (lengths != width).any():
        wide[name] = None
        return
    out[np.arange(part.start, part.stop)[there]] = flat.reshape(len(filled), width)


def _lengths(column: Any) -> Any:
    import pyarrow.compute as pc

    return pc.list_value_length(column)


def _to_pandas(field: Any, parts: list[Any]) -> Any:
    """Return the batches of one column as a pandas series."""
    import pyarrow as pa

    return plain(pa.chunked_array(parts, type=getattr(field.type, "storage_type", field.type)))


def plain(column: Any) -> Any:
    """Return an arrow array of any type except floats as a pandas series of a native pandas type."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_dictionary(column.type) and hasattr(column, "unify_dictionaries"):
        column = column.unify_dictionaries()
    if pa.types.is_decimal(column.type):
        column = _plain_decimals(column)
    if column.type == pa.time64("ns"):  # Python's times of day have no nanoseconds
        column = column.cast(pa.time64("us"), safe=False)
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("ms"))
    if column.null_count and pa.types.is_integer(column.type) and _beyond_floats(column):
        return column.to_pandas(
            types_mapper={pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}.get
        )
    return column.to_pandas()


def _beyond_floats(column: Any) -> bool:
    """Return whether a floating-point number cannot hold some integer exactly."""
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py().values()
    return any(end is not None and abs(end) > EXACT for end in ends)


def _plain_decimals(column: Any) -> Any:
    """Return decimal numbers as floating-point numbers or integers, whichever holds them exactly."""
    import pyarrow as pa

    floats = column.cast(pa.float64())
    try:
        if floats.cast(column.type).equals(column) and not _beyond_floats(floats):
            return floats
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column


def read_parquet(
    path: Any, *, content: bytes | None = None, name: str, progress: Progress
) -> Loaded:
    """Read a Parquet file batch by batch.

    Parameters
    ----------
    path
        The file.
    content
        What the file holds, if it was compressed.
    name
        Name of the data, for messages.
    progress
        Called with the number of rows read.

    Raises
    ------
    Invalid
        If the file cannot be read, is damaged or empty, or is not a Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        expected = "a file that you may read"
        raise refuse(str(path), "unreadable", "", str(error), expected) from error
    try:
        source = path if content is None else pa.BufferReader(content)
        with pq.ParquetFile(source, memory_map=False, pre_buffer=False) as file:
            schema = _checked(name, file.schema_arrow)
            batches = file.iter_batches(BATCH, columns=schema.names)
            return from_batches(
                name, schema, file.metadata.num_rows, batches=batches, progress=progress
            )
    except (OSError, ValueError, pa.ArrowException) as error:
        what = f"not a complete Parquet file: {str(error)[:300]}"
        raise refuse(str(path), "bad-parquet", "", what, "write or copy it again") from error


def _checked(name: str, schema: Any) -> Any:
    """Return a schema without the index columns that pandas adds.

    Raises
    ------
    Invalid
        If two columns have the same name.
    """
    import pyarrow as pa

    names = list(schema.names)
    check_columns(name, names)
    fields = [each for each in schema if not each.name.startswith("__index_level_")]
    return pa.schema(fields, metadata=schema.metadata)


def from_table(name: str, table: Any, *, progress: Progress) -> Loaded:
    """Read an arrow table into columns; errors as in `from_batches`."""
    schema = _checked(name, table.schema)
    table = table.select(schema.names)
    batches = table.to_batches(max_chunksize=BATCH)
    return from_batches(name, schema, len(table), batches=batches, progress=progress)
