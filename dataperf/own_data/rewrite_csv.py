"""A CSV file with rows dropped and labels changed; every other byte stays."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from dataperf.basics.wording import plural
from dataperf.errors import DataperfError
from dataperf.own_data.changes import Edit
from dataperf.reading.csv_files import _delimiter
from dataperf.records import IntArray

BOM = b"\xef\xbb\xbf"
#: Bytes in which the reader looks for the first line.
HEAD = 65_536
Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True)
class _Line:
    """One record of a file: bytes ``start`` to ``stop``, and to ``end`` with its line end."""

    start: int
    stop: int
    end: int


class Grammar:
    """How the reader parses a file: a quote counts only at the beginning of a value."""

    def __init__(self, delimiter: str) -> None:
        mark = re.escape(delimiter).encode()
        quoted = rb'"[^"]*(?:""[^"]*)*"(?!")'
        field = rb'(?:%s[^%s\r\n]*|(?!")[^%s\r\n]*)' % (quoted, mark, mark)
        self._mark = delimiter.encode()
        self._record = re.compile(rb"(%s(?:%s%s)*)(\r\n|\n|\r|\Z)" % (field, mark, field))
        self._field = re.compile(rb"(?:\A|%s)(%s)" % (mark, field))

    def lines(self, content: bytes, start: int) -> list[_Line]:
        """Return the records from a place on, empty lines too."""
        found = []
        while start < len(content):
            match = self._record.match(content, start)
            if match is None:
                raise DataperfError(
                    f"the CSV text after byte {start:,} cannot be parsed: does a quote open "
                    'a value there and never end it?\n  Put a closing " there'
                )
            found.append(_Line(match.start(1), match.end(1), match.end()))
            start = match.end()
        return found

    def fields(self, record: bytes) -> list[tuple[int, int]]:
        """Return the start and end of each value in a record, quotes included."""
        if b'"' in record:
            return [match.span(1) for match in self._field.finditer(record)]
        found, start = [], 0
        for part in record.split(self._mark):
            found.append((start, start + len(part)))
            start += len(part) + len(self._mark)
        return found


def rewrite(content: bytes, ending: str, label: str, edit: Edit) -> bytes:
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

    Raises
    ------
    DataperfError
        If the file cannot be parsed as the reader parsed it.
    """
    begin = len(BOM) if content.startswith(BOM) else 0
    grammar = Grammar(_delimiter(content[:HEAD].split(b"\n")[0], ending))
    lines = grammar.lines(content, begin)
    header, *rest = [line for line in lines if line.stop > line.start]
    names = [
        plain(content[header.start + a : header.start + b])
        for a, b in grammar.fields(content[header.start : header.stop])
    ]
    if names.count(label) != 1:
        raise DataperfError(f'the file has no column "{label}" in its first line')
    place = names.index(label)
    spans: dict[int, tuple[int, int]] = {}
    row_of: dict[int, int] = {}
    for line in rest:
        fields = grammar.fields(content[line.start : line.stop])
        if len(fields) == len(names):
            row = len(row_of)
            row_of[line.start] = row
            spans[row] = (line.start + fields[place][0], line.start + fields[place][1])
    check_rows(len(row_of), edit)
    written = spellings({row: content[a:b] for row, (a, b) in spans.items()}, edit.labels)
    return _written(content, lines, header, edit, row_of=row_of, spans=spans, written=written)


def _written(
    content: bytes,
    lines: list[_Line],
    header: _Line,
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


def plain(field: bytes) -> str:
    """Return a value without its quotes.

    >>> plain(b'"say ""hi"" now"'), plain(b"plain")
    ('say "hi" now', 'plain')
    """
    if field[:1] == b'"':
        inner, _, rest = field[1:].replace(b'""', b"\0").partition(b'"')
        field = inner.replace(b"\0", b'"') + rest.replace(b"\0", b'""')
    return field.decode("utf-8", "replace")


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
