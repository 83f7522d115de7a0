"""A Parquet file or a data frame with rows dropped and labels changed; types stay."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from dataperf.own_data.changes import Edit
from dataperf.own_data.rewrite_csv import check_rows
from dataperf.records import IntArray


def rewrite(content: bytes, label: str, edit: Edit) -> bytes:
    """Return a Parquet file with the changes.

    Columns, their types and order, the schema's metadata, the compression of each column and the
    size of row groups stay.

    Parameters
    ----------
    content
        The file.
    label
        Name of the label column.
    edit
        The changes.

    Raises
    ------
    DataperfError
        If the file holds other rows than were read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(pa.BufferReader(content)) as file:
        table, about = file.read(), file.metadata
        check_rows(len(table), edit)
        group = about.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
    codecs = {
        each.path_in_schema: "NONE" if each.compression == "UNCOMPRESSED" else each.compression
        for each in columns
    }
    place = table.schema.names.index(label)
    if edit.relabel:
        column = table.column(place).take(pa.array(sources(edit)))
        table = table.set_column(place, table.schema.field(place), column)
    table = table.filter(pa.array(edit.keep))
    target = io.BytesIO()
    pq.write_table(
        table, target, compression=codecs, row_group_size=max(1, group.num_rows), store_schema=True
    )
    return target.getvalue()


def of_frame(frame: Any, label: str, edit: Edit) -> Any:
    """Return a pandas data frame with the changes, its index and types as they were.

    Parameters
    ----------
    frame : DataFrame of n rows
    label
        Name of the label column, as text.
    edit
        The changes.
    """
    check_rows(len(frame), edit)
    place = [str(name) for name in frame.columns].index(label)
    changed = frame.copy()
    if edit.relabel:
        column = frame.iloc[:, place].take(sources(edit))
        changed.isetitem(place, column.set_axis(frame.index))
    return changed[edit.keep]


def sources(edit: Edit) -> IntArray:
    """Return for each row the row whose label it takes: its own, or one of its new class."""
    rows: IntArray = np.arange(len(edit.labels))
    example = {int(edit.labels[row]): row for row in range(len(rows) - 1, -1, -1)}
    for row, number in edit.relabel.items():
        rows[row] = example[number]
    return rows
