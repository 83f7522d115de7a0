"""Read tables from files and Python objects into one common form."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.progress import Progress
from dataperf.basics.wording import plural, shorten
from dataperf.errors import Invalid, Problem, did_you_mean, refuse
from dataperf.reading import arrow, compression, csv_files, other_files, text_repair
from dataperf.reading.loaded import MOST_LISTED, Loaded, check_columns
from dataperf.reading.values import Options
from dataperf.records import TextArray

#: Endings of files that are read as a table; `compression.ENDINGS` may follow.
ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".npz")
EXPECTED_JSON = "one JSON object in each line, or one list of objects"
IN_PANDAS = "; in Python: pandas.read_json(path, orient=...) or pandas.json_normalize(...)"
ARRAYS = (("features", "labels"), ("X", "y"), ("x", "y"), ("data", "target"))


def read_file(
    path: Path, *, names: Sequence[str] = (), how: Options | None = None, progress: Progress
) -> Loaded:
    """Read a file as columns; its ending decides the format.

    Parameters
    ----------
    path
        The file.
    names
        Columns whose values are names (labels, ids, groups). In a CSV file they stay text
        where a number would lose digits (``01``).
    how
        How values are read where the file leaves it open.
    progress
        Called with the number of rows read.

    Raises
    ------
    Invalid
        If the ending is unknown, or the file is empty, damaged or of another format.
    """
    if not path.stat().st_size:
        raise refuse(str(path), "empty", "", "the file is empty")
    ending, packed = compression.endings(path)
    member = compression.member_of(path, ENDINGS) if packed == ".zip" else ""
    ending = Path(member).suffix.lower() if member else ending
    if ending not in ENDINGS:
        usual = did_you_mean(ending, ENDINGS) or f"one of {', '.join(ENDINGS)}"
        hint = other_files.way_out(path, ending) or usual
        raise refuse(str(path), "unknown-ending", "", f'the ending "{ending}"', hint)
    sign = None if packed or ending == ".npz" else compression.program_and_ending(path)
    if sign and other_files.is_spreadsheet(path):
        expected = "save it as CSV UTF-8 there, and name that file"
        raise refuse(str(path), "spreadsheet", "", "the file is a spreadsheet", expected)
    if sign:
        program, last = sign
        what = f"the file is compressed with {program}"
        expected = f"the name {path.name}{last}, or the decompressed file"
        raise refuse(str(path), "compressed", "", what, expected)
    progress(f"reading {stem(path)}", 0, None)
    if ending in (".parquet", ".pq"):
        content = _content(path, member, "bad-parquet") if packed else None
        return arrow.read_parquet(path, content=content, name=stem(path), progress=progress)
    if ending == ".npz":
        return _read_npz(path, _content(path, member, "bad-npz") if packed else None)
    if ending in (".jsonl", ".ndjson", ".json"):
        return _read_json(path, member, progress=progress)
    how = how or Options()
    return csv_files.read(path, ending, names, how=how, member=member, progress=progress)


def _content(path: Path, member: str, rule: str) -> bytes:
    """Return the whole content of a file, decompressed; raise Invalid if it is damaged."""
    import pyarrow as pa

    try:
        return compression.unpacked(path, member)
    except Invalid:
        raise
    except (*compression.DAMAGE, pa.ArrowException) as error:
        raise refuse(str(path), rule, "", str(error)[:300]) from error


def stem(path: Path) -> str:
    """Return a file's name without its endings."""
    return path.name.partition(".")[0] or path.name


def _read_json(path: Path, member: str, *, progress: Progress) -> Loaded:
    """Read JSON lines, one JSON list of objects, or one object of lists."""
    content = _content(path, member, "bad-json")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(str(path), "not-utf8", "", str(error), _utf8(content)) from error
    records = _records(path, text)
    if not records:
        raise refuse(str(path), "empty", "", "there are no rows")
    progress(f"reading {stem(path)}", len(records), len(records))
    if len(records) == 1 and records[0]:
        columns = list(records[0].values())
        if all(isinstance(values, list) for values in columns) and not _is_split(records[0]):
            return from_columns(stem(path), records[0])
        if len(text) > 2 and any(isinstance(values, dict | list) for values in columns):
            raise refuse(str(path), "nested", "", _nested(records[0]), EXPECTED_JSON + IN_PANDAS)
    return from_records(stem(path), records)


def _utf8(content: bytes) -> str:
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return "UTF-8: iconv -f utf-16 -t utf-8" if wide else "save it as UTF-8"


def _records(path: Path, text: str) -> list[dict[str, Any]]:
    """Return the objects of a file; lines that are not objects are listed.

    Lines end in a line feed only: JSON text may contain other line ends.
    """
    whole, wrong = _parsed(text)
    if isinstance(whole, list) or (whole is not None and not wrong):
        rows = [(f"row {n}", each, "") for n, each in enumerate(_as_list(whole), 1)]
    elif text.lstrip()[:1] == "[":
        rows = [("", None, wrong)]
    else:
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        rows = [(f"line {n}", *_parsed(line)) for n, line in lines]
    problems = [
        Problem("bad-json", place, error or "not an object", EXPECTED_JSON)
        for place, found, error in rows
        if error or not isinstance(found, dict)
    ]
    if problems:
        rest = len(problems) - MOST_LISTED
        more = [Problem("bad-json", "", f"and {rest:,} more")] if rest > 0 else []
        raise Invalid(str(path), [*problems[:MOST_LISTED], *more])
    return [found for _, found, _ in rows]


def _is_split(record: Mapping[str, Any]) -> bool:
    """Return whether an object is a table with its rows in one list, as pandas can write it."""
    return {"columns", "data"} <= {*record} <= {"columns", "data", "index"}


def _nested(record: Mapping[str, Any]) -> str:
    """Return what an object holds whose rows lie deeper, in words."""
    kinds: dict[type, str] = {dict: "object", list: "list"}
    parts = [
        f'"{key[:40]}" ({kinds[type(value)]})'
        for key, value in record.items()
        if type(value) in kinds
    ]
    return f"the whole file is one object; its values lie in {shorten(parts, 3)}"


def _as_list(whole: Any) -> list[Any]:
    return whole if isinstance(whole, list) else [whole]


def _parsed(text: str) -> tuple[Any, str]:
    """Return the parsed JSON and "", or None and the error."""
    try:
        return json.loads(text), ""
    except (ValueError, RecursionError) as error:
        return None, str(error)[:200]


def _read_npz(path: Path, content: bytes | None) -> Loaded:
    import zipfile

    try:
        with np.load(path if content is None else io.BytesIO(content), allow_pickle=False) as file:
            there = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise refuse(str(path), "bad-npz", "", str(error)[:300]) from error
    for features, labels in ARRAYS:
        if features in there and labels in there:
            return from_arrays(stem(path), there[features], there[labels])
    names = " or ".join(f"{features} and {labels}" for features, labels in ARRAYS)
    what = f"it holds {', '.join(there) or 'nothing'}"
    raise refuse(str(path), "unknown-arrays", "", what, f"arrays named {names}")


def from_arrays(name: str, features: Any, labels: Any) -> Loaded:
    """Return arrays of features and labels as columns.

    Parameters
    ----------
    name
        Name of the data, for messages.
    features : (n, d) or (n, height, width) or (n, height, width, channels) array of numbers
        Images also stay viewable as images.
    labels : (n,) array

    Raises
    ------
    Invalid
        If the features are not numbers, or the labels are not one for each row.
    """
    import pandas as pd

    try:
        values, given = as_array(features, "features"), as_array(labels, "labels")
    except ValueError as error:  # lists of unequal length
        raise refuse(
            name, "features-shape", "", str(error), "numbers of shape (rows, d)"
        ) from error
    if values.dtype.kind not in "fiub" or values.ndim < 2:
        what = f"shape {values.shape} of {values.dtype}"
        raise refuse(name, "features-shape", "features", what, "numbers of shape (rows, d)")
    if given.ndim != 1 or len(given) != len(values):
        what = f"labels of shape {given.shape} for {plural(len(values), 'row')}"
        raise refuse(name, "label-length", "labels", what, "one label for each row")
    given = given.astype(str) if given.dtype.kind == "S" else given
    frame = pd.DataFrame({"label": _labels(given)})
    media = _images(values) if values.ndim in (3, 4) else None
    flat = values.reshape(len(values), -1)
    return Loaded(name, frame, {"x": flat}, roles={"label": "label"}, media=media)


def as_array(values: Any, name: str) -> NDArray[Any]:
    """Return an object as an array, tensors of other libraries too.

    Raises
    ------
    Invalid
        If its library refuses, because it lies on another device or has a gradient.
    ValueError
        If it holds lists of unequal length.
    """
    try:
        return np.asarray(values)
    except (RuntimeError, TypeError, BufferError) as error:  # torch, JAX and others
        what = f"a {type(values).__name__} that gives no array: {str(error)[:200]}"
        expected = "an array of numpy; for a tensor: tensor.detach().cpu().numpy()"
        raise refuse("data", "no-array", name, what, expected) from error


def _labels(given: NDArray[Any]) -> Any:
    import pandas as pd

    return text_repair.series(given.tolist()) if given.dtype.kind in "OU" else pd.Series(given)


def _images(values: NDArray[Any]) -> Any:
    from dataperf.media.embed import Images

    if values.ndim == 4 and values.shape[3] not in (1, 3):
        return None
    finite = np.isfinite(values)
    high = 255.0 if values.dtype == np.uint8 else float(np.max(values, initial=0, where=finite))
    low = float(np.min(values, initial=0, where=finite))
    return Images(values, low, high if high > low else low + 1.0)


def from_records(name: str, records: Sequence[Mapping[str, Any]]) -> Loaded:
    """Return dicts, one for each row, as columns; a key that a row lacks is missing there.

    Raises
    ------
    Invalid
        As `from_frame` does.
    """
    keys = list(dict.fromkeys(key for record in records for key in record))
    return from_columns(name, {key: [record.get(key) for record in records] for key in keys})


def from_columns(name: str, columns: Mapping[str, Sequence[Any]]) -> Loaded:
    """Return lists of Python values, one for each column, as columns.

    Raises
    ------
    Invalid
        If the columns differ in length, or as `from_frame` does.
    """
    import pandas as pd

    check_columns(name, [str(key) for key in columns])
    for key, values in columns.items():
        if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
            what = f"a {type(values).__name__}"
            raise refuse(name, "wrong-type", str(key), what, "a list of the column's values")
    found = {
        text_repair.whole(str(key)): text_repair.series(list(values))
        for key, values in columns.items()
    }
    lengths = {len(series) for series in found.values()}
    if len(lengths) > 1:
        what = f"columns of {min(lengths):,} to {max(lengths):,} values"
        raise refuse(name, "unequal-columns", "", what, "the same number of values in each")
    return from_frame(name, pd.DataFrame(found))


def from_frame(name: str, frame: Any) -> Loaded:
    """Return the columns of a pandas DataFrame; a unique index gives the row ids.

    Raises
    ------
    Invalid
        If the frame is empty or two columns have the same name.
    """
    import pandas as pd

    names = [text_repair.whole(str(column)) for column in frame.columns]
    check_columns(name, names)
    if not len(frame):
        raise refuse(name, "empty", "", "there are no rows", "a table with at least two rows")
    ids: TextArray | None = None
    notes: list[tuple[str, str]] = []
    if not isinstance(frame.index, pd.RangeIndex):
        ids = np.array([text_repair.whole(str(each)) for each in frame.index], dtype=np.str_)
        if count := len(ids) - len(np.unique(ids)):
            ids = None
            note = f"{plural(count, 'repeated value')}: the row number is the id"
            notes.append(("index", note))
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    frame, _ = text_repair.changed(frame, text_repair.quiet)
    frame, repaired = text_repair.changed(frame, text_repair.whole)
    note = "lone surrogates (half characters) became question marks"
    notes += [(f"column {column}", note) for column in repaired]
    backed = [name for name in names if isinstance(frame[name].dtype, pd.ArrowDtype)]
    if backed:
        frame = frame.assign(**{name: arrow.plain(_arrow(frame[name])) for name in backed})
    frame, vectors, problems, more = arrow.pull_vectors(frame)
    notes += more
    return Loaded(name, frame, vectors, ids, skipped=tuple(problems), notes=tuple(notes))


def _arrow(series: Any) -> Any:
    import pyarrow as pa

    return pa.array(series)


def with_label(found: Loaded, labels: Any) -> Loaded:
    """Add labels that were passed separately as a column.

    Raises
    ------
    Invalid
        If they are not one for each row.
    """
    given = text_repair.series([text_repair.quiet(each) for each in labels]).reset_index(drop=True)
    if len(given) != len(found.frame):
        what = f"{plural(len(given), 'label')} for {plural(len(found.frame), 'row')}"
        raise refuse(found.name, "label-length", "label", what, "one label for each row")
    name = "label"
    while name in found.frame.columns:
        name += "_"
    frame = found.frame.assign(**{name: given})
    return dataclasses.replace(found, frame=frame, roles={**found.roles, "label": name})
