"""The form of a CSV file: where its header begins, what separates values, whether rows have names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dataperf.errors import DataperfError

BOM = b"\xef\xbb\xbf"
#: Separators, most usual first. Blanks separate only where nothing else does, and every line agrees.
SEPARATORS = ",;\t|"
#: Bytes in which the form is looked for; more are read only for a longer first line.
HEAD, LONGEST_LINE = 65_536, 2**28
#: Lines that are compared with the header.
LINES = 100
#: Share of the lines that must agree before they overrule the header.
ALIKE = 0.9
#: The line with which Excel names the separator.
EXCEL = re.compile(rb'"?sep=(.)"?[ \t;,]*(?:\r\n|\n|\r)', re.IGNORECASE)


@dataclass(frozen=True)
class Line:
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

    def lines(self, content: bytes, start: int) -> list[Line]:
        """Return the records from a place on, empty lines too."""
        found = []
        while start < len(content):
            line = self._line(content, start)
            if line is None:
                raise DataperfError(
                    f"the CSV text after byte {start:,} cannot be parsed: does a quote open "
                    'a value there and never end it?\n  Put a closing " there'
                )
            found.append(line)
            start = line.end
        return found

    def first(self, head: bytes, start: int, most: int) -> list[Line]:
        """Return the first records that have values; one that is cut off is left out."""
        found: list[Line] = []
        while start < len(head) and len(found) < most:
            line = self._line(head, start)
            if line is None or (found and len(head) >= HEAD and line.end == len(head)):
                break
            found += [line] if line.stop > line.start else []
            start = line.end
        return found

    def _line(self, content: bytes, start: int) -> Line | None:
        match = self._record.match(content, start)
        return match and Line(match.start(1), match.end(1), match.end())

    def fields(self, record: bytes) -> list[tuple[int, int]]:
        """Return the start and end of each value in a record, quotes included."""
        if b'"' in record:
            return [match.span(1) for match in self._field.finditer(record)]
        found, start = [], 0
        for part in record.split(self._mark):
            found.append((start, start + len(part)))
            start += len(part) + len(self._mark)
        return found

    def values(self, record: bytes) -> list[str]:
        """Return the values of a record without their quotes."""
        return [plain(record[start:stop]) for start, stop in self.fields(record)]


def plain(field: bytes) -> str:
    """Return a value without its quotes.

    >>> plain(b'"say ""hi"" now"'), plain(b"plain")
    ('say "hi" now', 'plain')
    """
    if field[:1] == b'"':
        inner, _, rest = field[1:].replace(b'""', b"\0").partition(b'"')
        field = inner.replace(b"\0", b'"') + rest.replace(b"\0", b'""')
    return field.decode("utf-8", "replace")


@dataclass(frozen=True)
class Form:
    """The form of a CSV file.

    Parameters
    ----------
    delimiter
        What separates the values.
    header
        The record with the names of the columns.
    names
        The names of the columns.
    surplus
        ``"names"``: every line begins with one value more than the header, the row's name, as R
        writes it. ``"end"``: every line ends with a separator, the header does not. ``""``: header
        and lines have the same number of values.
    """

    delimiter: str
    header: Line
    names: tuple[str, ...]
    surplus: Literal["", "names", "end"] = ""

    @property
    def extra(self) -> str:
        """A name, unlike all others, for the values that the header does not name."""
        found = "row name"
        while found in self.names:
            found += "_"
        return found

    @property
    def columns(self) -> list[str]:
        """A name for each value of a line."""
        found = list(self.names)
        if self.surplus:
            found.insert(0 if self.surplus == "names" else len(found), self.extra)
        return found

    @property
    def width(self) -> int:
        """Number of values in each line."""
        return len(self.names) + bool(self.surplus)

    def place(self, column: str) -> int:
        """Return where the value of a column lies in a line."""
        return self.names.index(column) + (self.surplus == "names")


def line_ends(text: bytes) -> int:
    """Return the number of line ends in a text."""
    return len(re.findall(rb"\r\n|\n|\r", text))


def head_of(stream: Any) -> bytes:
    """Return the first bytes of a file: enough to hold its first line."""
    found = [stream.read(HEAD)]
    size = len(found[0])
    while found[-1] and size < LONGEST_LINE and not re.search(rb"[\r\n]", found[-1]):
        found.append(stream.read(1 << 20))
        size += len(found[-1])
    return b"".join(found)


def form_of(head: bytes, ending: str, columns: Sequence[str] = ()) -> Form:
    """Return the form of a CSV file.

    Parameters
    ----------
    head
        What `head_of` returned.
    ending
        Ending of the file's name; ``.tsv`` means that tabs separate the values.
    columns
        Names of columns that are looked for: they settle the separator where nothing else does.
    """
    begin = len(BOM) if head.startswith(BOM) else 0
    named = EXCEL.match(head, begin)
    if named and re.search(re.escape(named[1]), head[named.end() :]):
        begin, delimiter = named.end(), named[1].decode("latin-1")
    elif ending == ".tsv":
        delimiter = "\t"
    else:
        delimiter = _delimiter(head, begin, columns)
    grammar = Grammar(delimiter)
    header, *rest = grammar.first(head, begin, LINES) or [Line(begin, begin, begin)]
    names = tuple(grammar.values(head[header.start : header.stop]))
    lines = [grammar.values(head[line.start : line.stop]) for line in rest]
    surplus: Literal["", "names", "end"] = ""
    wider = [values for values in lines if len(values) == len(names) + 1]
    if len(names) > 1 and len(wider) > ALIKE * len(lines):
        surplus = "names" if any(values[-1].strip() for values in wider) else "end"
    return Form(delimiter, header, names, surplus)


def _delimiter(head: bytes, begin: int, columns: Sequence[str]) -> str:
    """Return the separator: the most frequent one of the header, quoted names left out.

    Another one is taken if the lines fit it and don't fit the first, or if it alone gives the
    columns that are looked for.
    """
    counts, fits, known = {}, {}, {}
    for each in SEPARATORS + " ":
        grammar = Grammar(each)
        lines = [
            grammar.values(head[line.start : line.stop])
            for line in grammar.first(head, begin, LINES)
        ]
        header, rest = (lines[0], lines[1:]) if lines else ([], [])
        counts[each] = len(header) - 1
        same = sum(len(header) <= len(values) <= len(header) + 1 for values in rest)
        fits[each] = same / len(rest) if rest and counts[each] > 0 else 0.0
        known[each] = sum(column in header for column in columns)
    usual = max(SEPARATORS, key=lambda each: counts[each])
    if counts[usual] <= 0:
        return " " if fits[" "] == 1 else ","
    ranked = sorted(SEPARATORS, key=lambda each: (-known[each], -counts[each]))
    ties = [each for each in ranked if counts[each] == counts[usual]]
    best = ties[0] if fits[ties[0]] >= fits[usual] else usual
    other = max(SEPARATORS, key=lambda each: (fits[each], known[each]))
    return other if fits[best] < 0.5 and fits[other] >= ALIKE else best
