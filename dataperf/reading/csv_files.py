"""Read CSV files: lines that do not fit are listed, and names keep their leading zeros."""

from __future__ import annotations

import codecs
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataperf.basics.progress import Progress
from dataperf.basics.wording import plural
from dataperf.errors import DataperfError, refuse
from dataperf.reading import arrow
from dataperf.reading.loaded import MOST_LISTED, Loaded

#: Values that change when read as numbers: leading zeros, or more digits than a float holds.
LOSES_DIGITS = r"^\s*[+-]?(0[0-9]|[0-9]{16})"


def read(path: Path, ending: str, names: Sequence[str], *, progress: Progress) -> Loaded:
    """Read a CSV file; lines with too few or too many values are skipped and listed.

    Parameters
    ----------
    path
        The file, compressed or not.
    ending
        Ending of the file's name; ``.tsv`` means that tabs separate the values.
    names
        Columns to read as text where numbers would lose digits.
    progress
        Called with the number of rows read.

    Raises
    ------
    Invalid
        If the file is empty, damaged, not UTF-8, or most of its lines do not fit.
    """
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[tuple[str, str]] = []
    unclosed: list[str] = []

    def skip(row: Any) -> str:
        where = f"line {row.number}" if row.number else "a line"
        if "\n" in row.text and row.text.count('"') % 2:
            unclosed.append(where)
        ragged.append(
            (where, f"{plural(row.actual_columns, 'value')} instead of {row.expected_columns}")
        )
        return "skip"

    start = _start(path)
    parse = csv.ParseOptions(
        delimiter=_delimiter(start, ending), invalid_row_handler=skip, newlines_in_values=True
    )
    convert = csv.ConvertOptions(
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        column_types={name: pa.string() for name in names},
    )
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            table = csv.read_csv(
                stream,
                read_options=csv.ReadOptions(use_threads=False),
                parse_options=parse,
                convert_options=convert,
            )
    except (OSError, ValueError, pa.ArrowException) as error:
        if names and "UTF8" in str(error):  # without names, the reader says where
            return read(path, ending, (), progress=progress)
        raise _csv_problem(path, error) from error
    _refuse_bytes(path, table)
    if unclosed or _ends_in_a_quote(path, table):
        where = unclosed[0] if unclosed else "the last row"
        what = "a quoted value starts here and never ends"
        raise refuse(str(path), "open-quote", where, what, 'a closing "')
    table = _with_types(table, names)
    if len(ragged) > len(table):
        first = f"{ragged[0][0]} has {ragged[0][1]}"
        what = f"{plural(len(ragged), 'line')} of {len(ragged) + len(table):,} do not fit: {first}"
        raise refuse(str(path), "ragged", "", what, "the same number of values in every line")
    found = arrow.from_table(path.name.partition(".")[0] or path.name, table, progress=progress)
    return _with_skipped(found, _listed(ragged, "line"))


def _ends_in_a_quote(path: Path, table: Any) -> bool:
    """Return whether the last value spans several lines because its quote was never closed."""
    import pyarrow as pa

    last = table.slice(max(0, len(table) - 1)).to_pylist()
    if not any(isinstance(value, str) and "\n" in value for row in last for value in row.values()):
        return False
    quotes = 0
    with pa.input_stream(str(path), compression="detect") as stream:
        while part := stream.read(1 << 20):
            quotes += part.count(b'"')
    return quotes % 2 == 1


def _with_types(table: Any, names: Sequence[str]) -> Any:
    """Convert the columns read as text to the type of their values, unless that loses digits."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    options = csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=True)
    for name in dict.fromkeys(names):
        column = table[name] if table.column_names.count(name) == 1 else None
        if column is None or column.type != pa.string():
            continue
        if pc.any(pc.match_substring_regex(column, LOSES_DIGITS)).as_py():
            continue
        content = pa.BufferOutputStream()
        csv.write_csv(pa.table({"name": column}), content)
        found = csv.read_csv(
            pa.BufferReader(content.getvalue()),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=options,
        )
        table = table.set_column(table.column_names.index(name), name, found["name"])
    return table


def _start(path: Path) -> bytes:
    """Return the first line of a text file.

    Raises
    ------
    Invalid
        If the file cannot be decompressed, or is not UTF-8.
    """
    import pyarrow as pa

    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            start: bytes = stream.read(65_536).split(b"\n")[0]
    except (OSError, pa.ArrowException) as error:
        raise refuse(str(path), "bad-csv", "", str(error)[:300]) from error
    if b"\0" in start or start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        expected = "UTF-8: iconv -f utf-16 -t utf-8"
        raise refuse(str(path), "not-utf8", "line 1", "UTF-16, or not text at all", expected)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError as error:
        expected = "UTF-8; for Latin-1: iconv -f latin1 -t utf-8"
        raise refuse(str(path), "not-utf8", "line 1", str(error), expected) from error
    return start


def _delimiter(header: bytes, ending: str) -> str:
    """Return the separator: a tab, or whichever of , ; tab and | is most frequent in the header."""
    return "\t" if ending == ".tsv" else max(",;\t|", key=lambda each: header.count(each.encode()))


def _csv_problem(path: Path, error: Exception) -> DataperfError:
    """Return the error for a CSV file that cannot be read, with what to do."""
    text = str(error)
    if "UTF8" in text or "utf-8" in text:
        return refuse(str(path), "not-utf8", "", text[:200], "UTF-8: iconv -f latin1 -t utf-8")
    if "Empty CSV" in text:
        return refuse(str(path), "empty", "", "the file is empty")
    return refuse(str(path), "bad-csv", "", text[:300])


def _refuse_bytes(path: Path, table: Any) -> None:
    """Raise Invalid if text is not UTF-8, with the place of the first such value."""
    import pyarrow as pa

    for field in table.schema:
        if not pa.types.is_binary(field.type):
            continue
        for number, value in enumerate(table.column(field.name).to_pylist(), 1):
            try:
                (value or b"").decode("utf-8")
            except UnicodeDecodeError:
                where = f'column "{field.name}", row {number}'
                expected = "UTF-8; for Latin-1: iconv -f latin1 -t utf-8"
                raise refuse(str(path), "not-utf8", where, repr(value)[:60], expected) from None


def _with_skipped(found: Loaded, more: Sequence[tuple[str, str]]) -> Loaded:
    return dataclasses.replace(found, skipped=(*found.skipped, *more))


def _listed(problems: list[tuple[str, str]], word: str) -> list[tuple[str, str]]:
    """Return the first problems, and the number of further ones."""
    if len(problems) <= MOST_LISTED:
        return problems
    rest = plural(len(problems) - MOST_LISTED, f"more {word}")
    return [*problems[:MOST_LISTED], (rest, "skipped for the same reason")]
