"""Missing values and decimal signs of a CSV file, while its columns are still arrow columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataperf.basics.wording import plural, shorten
from dataperf.reading import compression, numbers

#: Bytes that are looked at in one go for codes with leading zeros.
BLOCK = 2**20
Notes = list[tuple[str, str]]


def pointed(table: Any, names: Sequence[str], decimal: str) -> list[str]:
    """Return the columns that were read with decimal points in a file of decimal commas.

    They are read again, as text: "1.234" is a thousand in such a file.
    """
    import pyarrow as pa

    found = [each.name for each in table.schema if pa.types.is_floating(each.type)]
    if decimal == "," or (found and not decimal and _has_commas(table, names)):
        return found
    return []


def _has_commas(table: Any, names: Sequence[str]) -> bool:
    """Return whether some column of text surely holds decimal commas."""
    import pyarrow as pa

    for field in table.schema:
        if field.type == pa.string() and field.name not in names:
            some = table[field.name].slice(0, numbers.LOOK).to_pandas()
            found = numbers.read(some[some != ""])
            if found is not None and found.decimal == ",":
                return True
    return False


def without_missing(table: Any, words: Sequence[str]) -> tuple[Any, dict[str, dict[str, int]]]:
    """Set empty text, and words that stand for a missing value, to null; return their counts.

    Returns
    -------
    table
    counts
        By column: word to number of rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counts: dict[str, dict[str, int]] = {}
    for place, field in enumerate(table.schema):
        if field.type != pa.string():
            continue
        column = table.column(place)
        gone = pc.is_in(column, value_set=pa.array(["", *words], pa.string()))
        if not pc.any(gone).as_py():
            continue
        found = pc.value_counts(column.filter(gone)).to_pylist()
        if some := {each["values"]: each["counts"] for each in found if each["values"]}:
            counts[field.name] = some
        column = pc.if_else(gone, pa.scalar(None, pa.string()), column)
        table = table.set_column(place, field.name, column)
    return table, counts


def has_padded(path: Path, member: str, delimiter: str) -> bool:
    """Return whether some value of a file may have leading zeros, such as 007, or is 0x1F."""
    mark = re.escape(delimiter).encode()
    padded = re.compile(rb'[%s\r\n"] *[+-]?0[\dxX]' % mark)
    last = b"\n"
    with compression.opened(path, member) as stream:
        while part := stream.read(BLOCK):
            if padded.search(last + part):
                return True
            last = part[-16:]
    return False


def whole_numbers(table: Any, names: Sequence[str]) -> list[str]:
    """Return the columns that were read as whole numbers, without the ones that are names."""
    import pyarrow as pa

    once = [each for each in table.schema if table.column_names.count(each.name) == 1]
    return [each.name for each in once if pa.types.is_integer(each.type) and each.name not in names]


def padded(table: Any, columns: Sequence[str], pattern: str) -> list[str]:
    """Return the columns of text that have a value of a pattern."""
    import pyarrow.compute as pc

    found = [pc.any(pc.match_substring_regex(table[name], pattern)).as_py() for name in columns]
    return [name for name, hit in zip(columns, found, strict=True) if hit]


def without_blank_columns(table: Any) -> tuple[Any, Notes]:
    """Return a table without columns that have neither a name nor a value, if there are several.

    Separators at the end of all lines make such columns.
    """
    blank = [
        place
        for place, name in enumerate(table.column_names)
        if not name.strip() and table.column(place).null_count == len(table)
    ]
    if len(blank) < 2 or len(blank) == table.num_columns or not len(table):
        return table, []
    kept = [place for place in range(table.num_columns) if place not in blank]
    note = f"{plural(len(blank), 'column')} without a name and without a value; not used"
    return table.select(kept), [("end of lines", note)]


def unlike_header(table: Any, names: Sequence[str]) -> Notes:
    """Return a warning if the header looks like values, or the first row like a second header."""
    values = [float(name) for name in names if re.fullmatch(r"-?\d+\.\d+", name)]
    if values and (
        min(values) < 0 or any(a >= b for a, b in zip(values, values[1:], strict=False))
    ):
        text = f"warning: the names of the columns look like values: {shorten(list(names), 4)}"
        return [("line 1", f"{text}; write a line of names above them")]
    odd = [place for place in range(table.num_columns) if _has_word_first(table.column(place))]
    if not odd:
        return []
    row = [str(each.as_py()) for each in (table.column(place)[0] for place in odd)]
    text = f"warning: row 0 looks like a second line of names or units: {shorten(row, 4)}"
    return [("row 0", f"{text}; delete that line, or its words count as values")]


def _has_word_first(column: Any) -> bool:
    """Return whether a column of text begins with a word, and goes on with numbers only."""
    import pandas as pd
    import pyarrow as pa

    if column.type != pa.string() or len(column) < 3:
        return False
    first, *rest = column.slice(0, numbers.LOOK).to_pylist()
    rest = [value for value in rest if value]
    if not first or not re.search(r"[^\W\d_]|%", first) or len(rest) < 2:
        return False
    if first.strip().casefold() in numbers.PLACEHOLDERS:
        return False
    return bool(
        pd.to_numeric(pd.Series([first, *rest]), errors="coerce").notna().to_numpy()[1:].all()
    ) and (pd.isna(pd.to_numeric(first, errors="coerce")))
