"""Missing values and decimal signs of a CSV file, while its columns are still arrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataperf.reading import numbers


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
