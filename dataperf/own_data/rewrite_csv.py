"""A CSV file with rows dropped and labels changed; every other byte stays."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from dataperf.basics.wording import plural
from dataperf.errors import DataperfError
from dataperf.own_data.changes import Edit
from dataperf.reading.csv_form import Grammar, Line, form_of, head_of
from dataperf.records import IntArray

Value = TypeVar("Value", bound=Hashable)


def rewrite(
    content: bytes, ending: str, label: str, edit: Edit, columns: Sequence[str] = ()
) -> bytes:
    """Return a CSV file with the changes.

    Separators, quotes, line ends, the byte order mark, empty lines and the order of columns
    stay; so does every value that is not changed. A new label is written as the file writes it
    in other rows. Lines that the reader leaves out stay unless ``edit`` says otherwise.

    Parameters
    ----------
    content
        The file.
    ending
        Ending of the file's name, such as ``.csv``, which may settle the separator.
    label
        Name of the label column.
    edit
        The changes.
    columns
        The columns that the reader was asked for; see `dataperf.reading.csv_form.form_of`.

    Raises
    ------
    DataperfError
        If the file cannot be parsed as the reader parsed it.
    """
    form = form_of(head_of(io.BytesIO(content)), ending, columns or (label,))
    if form.names.count(label) != 1:
        raise DataperfError(f'the file has no column "{label}" in its first line')
    place = form.place(label)
    grammar = Grammar(form.delimiter)
    lines = grammar.lines(content, form.header.start)
    header, *rest = [line for line in lines if line.stop > line.start]
    spans: dict[int, tuple[int, int]] = {}
    row_of: dict[int, int] = {}
    for line in rest:
        fields = grammar.fields(content[line.start : line.stop])
        if len(fields) == form.width:
            row = len(row_of)
            row_of[line.start] = row
            spans[row] = (line.start + fields[place][0], line.start + fields[place][1])
    check_rows(len(row_of), edit)
    written = spellings({row: content[a:b] for row, (a, b) in spans.items()}, edit.labels)
    return _written(content, lines, header, edit, row_of=row_of, spans=spans, written=written)


def _written(
    content: bytes,
    lines: list[Line],
    header: Line,
    edit: Edit,
    *,
    row_of: Mapping[int, int],
    spans: Mapping[int, tuple[int, int]],
    written: Mapping[int, bytes],
) -> bytes:
    pieces, copied, last = [], 0, 0
    for line in lines:
        row = row_of.get(line.start)
        empty = line.stop == line.start or line is header
        stays = empty or (edit.unread if row is None else bool(edit.keep[row]))
        if not stays:
            pieces.append(content[copied : line.start])
            copied = line.end
            continue
        last = line.end
        if row is not None and row in edit.relabel:
            start, stop = spans[row]
            pieces += [content[copied:start], written[edit.relabel[row]]]
            copied = stop
    pieces.append(content[copied:])
    made = b"".join(pieces)
    dropped_last = last < len(content)
    return _without_line_end(made) if dropped_last and content[-1:] not in b"\r\n" else made


def _without_line_end(made: bytes) -> bytes:
    """Return a file without a line end after its last row, as the original had none."""
    for end in (b"\r\n", b"\n", b"\r"):
        if made.endswith(end):
            return made[: -len(end)]
    return made


def check_rows(found: int, edit: Edit) -> None:
    """Refuse a file with another number of rows than was read from it.

    Raises
    ------
    DataperfError
        If the numbers differ.
    """
    if found != len(edit.labels):
        raise DataperfError(
            f"the file holds {plural(found, 'row')}, but {len(edit.labels):,} were read from it, so it "
            "cannot be written back.\n  Did it change meanwhile? Otherwise save it in another "
            "form (Parquet, JSON lines) and apply the submission to that"
        )


def spellings(written: Mapping[int, Value], labels: IntArray) -> dict[int, Value]:
    """Return how a file writes each class: the most frequent way.

    Parameters
    ----------
    written
        What the file has for the label of each row.
    labels : (n,) array of int
        Class ids of the rows as they were read.

    Raises
    ------
    DataperfError
        If one text is written for two classes; the rows of the file are then not the rows that were
        read.
    """
    counts: dict[int, Counter[Value]] = defaultdict(Counter)
    class_of: dict[Value, int] = {}
    for row, text in written.items():
        number = int(labels[row])
        if class_of.setdefault(text, number) != number:
            raise DataperfError(
                f"row {row} cannot be written back: {str(text)[:60]!r} was read as two labels"
            )
        counts[number][text] += 1
    return {number: each.most_common(1)[0][0] for number, each in counts.items()}
