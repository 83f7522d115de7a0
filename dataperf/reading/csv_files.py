"""Read CSV files: lines that do not fit are listed, and names keep their leading zeros."""

from __future__ import annotations

import codecs
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.basics.progress import Progress
from dataperf.basics.wording import plural
from dataperf.errors import DataperfError, Invalid, refuse
from dataperf.reading import arrow, compression, csv_form, csv_values, other_files
from dataperf.reading.csv_form import Form
from dataperf.reading.loaded import MOST_COLUMNS, MOST_LISTED, Loaded, check_columns
from dataperf.reading.values import Options
from dataperf.records import TextArray

#: Values that change when read as numbers: leading zeros, or more digits than a float holds.
LOSES_DIGITS = r"^\s*[+-]?(0[0-9]|[0-9]{16})"
LOSES_ZEROS = r"^\s*[+-]?0[0-9xX]"
#: Truth values are written in two ways; more ways stay text.
TRUTH_WORDS = 2
#: Bytes that are parsed at a time; a line must not be longer.
BLOCK, LONGEST_BLOCK = 2**20, 2**30
SAME_NUMBER = "the same number of values in every line"
SEPARATORS = (
    "values separated by a comma, semicolon, tab or | (for another sign, such as a colon, write a "
    "first line sep=:); a title or comment above the names: delete it"
)
BACKSLASH = 'quotes in values written as ""; in Python: pandas.read_csv(path, escapechar="\\\\")'


class _Ragged:
    """The lines that do not have as many values as the header has names."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.unclosed: list[str] = []

    def __call__(self, row: Any) -> str:
        where = f"line {row.number}" if row.number else "a line"
        if "\n" in row.text and row.text.count('"') % 2:
            self.unclosed.append(where)
        what = f"{plural(row.actual_columns, 'value')} instead of {row.expected_columns}"
        self.lines.append((where, what))
        return "skip"


def read(
    path: Path,
    ending: str,
    names: Sequence[str],
    *,
    how: Options,
    as_text: Sequence[str] = (),
    member: str = "",
    progress: Progress,
) -> Loaded:
    """Read a CSV file; lines with too few or too many values are skipped and listed.

    Parameters
    ----------
    path
        The file, compressed or not.
    ending
        Ending of the file's name; ``.tsv`` means that tabs separate the values.
    names
        Columns to read as text where numbers would lose digits.
    how
        The decimal sign and the words that stand for a missing value.
    as_text
        Further columns to read as text, which is settled later.
    member
        Name of the file, if ``path`` is a zip archive.
    progress
        Called with the number of rows read.

    Raises
    ------
    Invalid
        If the file is empty, damaged, not UTF-8, or most of its lines do not fit.
    """
    import pyarrow as pa

    head = _head(path, member)
    form = csv_form.form_of(head, ending, names)
    if names and len(form.names) == 1 and form.names[0] not in ("", *names):
        what = f'only one column, "{form.names[0][:80]}"'
        raise refuse(str(path), "one-column", "line 1", what, SEPARATORS)
    if len(form.names) > MOST_COLUMNS:
        check_columns(str(path), form.names)
    try:
        table, ragged = _table(path, member, form, head, text=[*names, *as_text], how=how)
    except Invalid:
        raise
    except (*compression.DAMAGE, pa.ArrowException) as error:
        if names and "UTF8" in str(error):  # without names, the reader says where
            return read(path, ending, (), how=how, member=member, progress=progress)
        raise _csv_problem(path, error) from error
    _refuse_bytes(path, table)
    if ragged.unclosed or _ends_in_a_quote(path, member, table):
        where = ragged.unclosed[0] if ragged.unclosed else "the last row"
        what = "a quoted value starts here and never ends"
        raise refuse(str(path), "open-quote", where, what, 'a closing "')
    again = [] if as_text else csv_values.pointed(table, names, how.decimal)
    if not as_text and csv_values.has_padded(path, member, form.delimiter):
        whole = csv_values.whole_numbers(table, names)
        texts, _ = _table(path, member, form, head, text=[*names, *whole], how=how)
        again += csv_values.padded(texts, whole, LOSES_ZEROS)
    if again:
        return read(path, ending, names, how=how, as_text=again, member=member, progress=progress)
    unlike = csv_values.unlike_header(table, form.names)
    table, words = csv_values.without_missing(table, how.missing)
    table = _with_types(table, names)
    lines = ragged.lines
    if len(lines) > len(table):
        first = f"{lines[0][0]} has {lines[0][1]}"
        what = f"{plural(len(lines), 'line')} of {len(lines) + len(table):,} do not fit: {first}"
        raise refuse(str(path), "ragged", "", what, f"{SAME_NUMBER}; {_header(form, head)}")
    if form.surplus == "names" and b'\\"' in head:
        raise refuse(str(path), "backslash", "", 'quotes in values are written as \\"', BACKSLASH)
    table, ids, note = _without_surplus(path, table, form)
    table, blank = csv_values.without_blank_columns(table)
    found = arrow.from_table(path.name.partition(".")[0] or path.name, table, progress=progress)
    skipped = (*found.skipped, *_listed(lines, "line"))
    return dataclasses.replace(
        found,
        ids=ids,
        skipped=skipped,
        notes=(*found.notes, *note, *blank, *unlike),
        missing_words=words,
    )


def _header(form: Form, head: bytes) -> str:
    """Return in words which line was read as the header."""
    number = csv_form.line_ends(head[: form.header.start]) + 1
    text = head[form.header.start : form.header.stop].decode("utf-8", "replace")[:60]
    return f'line {number}, "{text}", is read as the names of the columns: delete what stands above'


def _table(
    path: Path, member: str, form: Form, head: bytes, *, text: Sequence[str], how: Options
) -> tuple[Any, _Ragged]:
    """Return the table of a file, and the lines that do not fit."""
    import pyarrow as pa
    from pyarrow import csv

    options: dict[str, Any] = {"skip_rows": csv_form.line_ends(head[: form.header.start])}
    text = list(text)
    if form.surplus:
        options["skip_rows"] = csv_form.line_ends(head[: form.header.end])
        options["column_names"] = form.columns
        text.append(form.extra)
    convert = csv.ConvertOptions(
        null_values=["", *how.missing],
        column_types={name: pa.string() for name in text},
    )
    block = max(BLOCK, 8 * (form.header.end - form.header.start))
    while True:
        ragged = _Ragged()
        parse = csv.ParseOptions(
            delimiter=form.delimiter, invalid_row_handler=ragged, newlines_in_values=True
        )
        reading = csv.ReadOptions(use_threads=False, block_size=block, **options)
        try:
            with compression.opened(path, member) as stream:
                found = csv.read_csv(
                    stream, read_options=reading, parse_options=parse, convert_options=convert
                )
            return found, ragged
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error) or block >= LONGEST_BLOCK:
                raise
            block = min(LONGEST_BLOCK, 8 * block)  # a line is longer than the block


def _without_surplus(
    path: Path, table: Any, form: Form
) -> tuple[Any, TextArray | None, list[tuple[str, str]]]:
    """Remove the values that the header does not name: names of rows, or nothing at all.

    Returns
    -------
    table
        The named columns.
    ids : (n,) array of str or None
        The names of the rows.
    note : list of (str, str)
        What was removed, for the user.

    Raises
    ------
    Invalid
        If the values can't be names of rows, because some are missing or repeated.
    """
    if not form.surplus:
        return table, None, []
    values = ["" if each is None else each for each in table[form.extra].to_pylist()]
    rest = table.drop_columns([form.extra])
    if form.surplus == "end" and not any(values):
        return rest, None, [("end of lines", "a separator without a value; not used")]
    if form.surplus == "names" and all(values) and len(set(values)) == len(values):
        note = "the header is one name shorter than the lines: their first values are the ids"
        return rest, np.array(values, dtype=np.str_), [("names of rows", note)]
    wide, names = form.width, len(form.names)
    what = f"the lines have {wide} values, the header has {plural(names, 'name')}"
    expected = f"{SAME_NUMBER}; one more only for unique names of rows, which come first"
    raise refuse(str(path), "ragged", "line 1", what, expected)


def _ends_in_a_quote(path: Path, member: str, table: Any) -> bool:
    """Return whether the last value spans several lines because its quote was never closed."""
    last = table.slice(max(0, len(table) - 1)).to_pylist()
    if not any(isinstance(value, str) and "\n" in value for row in last for value in row.values()):
        return False
    quotes = 0
    with compression.opened(path, member) as stream:
        while part := stream.read(1 << 20):
            quotes += part.count(b'"')
    return quotes % 2 == 1


def _with_types(table: Any, names: Sequence[str]) -> Any:
    """Convert names that were read as text to numbers or truth values, where that loses nothing.

    Dates stay text, and so do truth values that are written in more than two ways.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    options = csv.ConvertOptions(
        null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
    )
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
        )["name"]
        if pa.types.is_temporal(found.type):
            continue
        if pa.types.is_boolean(found.type) and pc.count_distinct(column).as_py() > TRUTH_WORDS:
            continue
        table = table.set_column(table.column_names.index(name), name, found)
    return table


def _head(path: Path, member: str) -> bytes:
    """Return the first bytes of a text file, with its first line.

    Raises
    ------
    Invalid
        If the file cannot be decompressed, or is not UTF-8.
    """
    import pyarrow as pa

    try:
        with compression.opened(path, member) as stream:
            head = csv_form.head_of(stream)
    except (*compression.DAMAGE, pa.ArrowException) as error:
        if isinstance(error, DataperfError):
            raise
        raise refuse(str(path), "bad-csv", "", str(error)[:300]) from error
    if sign := other_files.sign_of(head):
        raise refuse(str(path), "other-file", "", f"the file is {sign[0]}", sign[1])
    start = head.split(b"\n")[0]
    if b"\0" in start or start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        expected = "UTF-8: iconv -f utf-16 -t utf-8"
        raise refuse(str(path), "not-utf8", "line 1", "UTF-16, or not text at all", expected)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError as error:
        expected = "UTF-8; for Latin-1: iconv -f latin1 -t utf-8"
        raise refuse(str(path), "not-utf8", "line 1", str(error), expected) from error
    return head


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


def _listed(problems: list[tuple[str, str]], word: str) -> list[tuple[str, str]]:
    """Return the first problems, and the number of further ones."""
    if len(problems) <= MOST_LISTED:
        return problems
    rest = plural(len(problems) - MOST_LISTED, f"more {word}")
    return [*problems[:MOST_LISTED], (rest, "skipped for the same reason")]
