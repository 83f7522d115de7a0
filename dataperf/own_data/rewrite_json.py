"""JSON lines, or a JSON list, with rows dropped and labels changed; all other text stays."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dataperf.errors import DataperfError
from dataperf.own_data.changes import Edit
from dataperf.own_data.rewrite_csv import check_rows, spellings

_DECODER = json.JSONDecoder()
_BLANKS = " \t\n\r"


def rewrite(content: bytes, label: str, edit: Edit) -> bytes:
    """Return a file of JSON lines, or one JSON list of objects, with the changes.

    Blanks, the order of keys and the way in which numbers and texts are written stay. A new label
    is written as the file writes it in other rows.

    Parameters
    ----------
    content
        The file, UTF-8 with or without a byte order mark.
    label
        Name of the label column.
    edit
        The changes.

    Raises
    ------
    DataperfError
        If the file is one object of lists, or holds other rows than were read.
    """
    text = content.decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text[len(mark) :]
    spans = _elements(text) if text.lstrip(_BLANKS)[:1] == "[" else _lines(text)
    check_rows(len(spans), edit)
    values = [_value(text[start:stop], label) for start, stop in spans]
    written = spellings(
        {
            row: text[spans[row][0] + span[0] : spans[row][0] + span[1]]
            for row, span in enumerate(values)
            if span is not None
        },
        edit.labels,
    )
    rows = []
    for row, (start, stop) in enumerate(spans):
        if row in edit.relabel:
            rows.append(
                _relabelled(text[start:stop], label, values[row], written[edit.relabel[row]])
            )
        else:
            rows.append(text[start:stop])
    return (mark + _joined(text, spans, rows, edit)).encode("utf-8")


def _joined(text: str, spans: Sequence[tuple[int, int]], rows: Sequence[str], edit: Edit) -> str:
    """Return the kept rows and the text between them, without the text before dropped rows."""
    pieces = [text[: spans[0][0]]]
    began = False
    for row, (start, _) in enumerate(spans):
        if edit.keep[row]:
            if began:
                pieces.append(text[spans[row - 1][1] : start])
            pieces.append(rows[row])
            began = True
    return "".join([*pieces, text[spans[-1][1] :]])


def _lines(text: str) -> list[tuple[int, int]]:
    """Return where the objects of JSON lines begin and end; lines end in a line feed alone."""
    found, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            inner = line.strip(_BLANKS)
            begin = start + line.index(inner)
            found.append((begin, begin + len(inner)))
        start += len(line) + 1
    if len(found) > 1 and not text[found[0][0] : found[0][1]].startswith("{"):
        raise _of_lists()
    try:
        for start, stop in found[:1]:
            json.loads(text[start:stop])
    except ValueError as error:  # one object over several lines
        raise _of_lists() from error
    if len(found) == 1:
        only = json.loads(text[found[0][0] : found[0][1]])
        if isinstance(only, dict) and only and all(isinstance(v, list) for v in only.values()):
            raise _of_lists()
    return found


def _of_lists() -> DataperfError:
    return DataperfError(
        "a JSON file that is one object cannot be written back row by row.\n"
        "  Save it as JSON lines, CSV or Parquet, and apply the submission to that file"
    )


def _elements(text: str) -> list[tuple[int, int]]:
    """Return where the elements of a JSON list begin and end."""
    found = []
    at = _skip(text, text.index("[") + 1)
    while text[at] != "]":
        _, stop = _DECODER.raw_decode(text, at)
        found.append((at, stop))
        at = _skip(text, stop)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _value(row: str, label: str) -> tuple[int, int] | None:
    """Return where the value of a key lies in the text of an object; the last one counts."""
    found = None
    at = _skip(row, 1)
    while row[at] != "}":
        key, at = _DECODER.raw_decode(row, at)
        start = _skip(row, _skip(row, at) + 1)  # after the colon
        _, stop = _DECODER.raw_decode(row, start)
        if key == label:
            found = (start, stop)
        at = _skip(row, stop)
        if row[at] == ",":
            at = _skip(row, at + 1)
    return found


def _relabelled(row: str, label: str, span: tuple[int, int] | None, new: str) -> str:
    if span is not None:
        return row[: span[0]] + new + row[span[1] :]
    body = row[:-1].rstrip(_BLANKS)
    comma = "" if body == "{" else ", "
    return f"{body}{comma}{json.dumps(label, ensure_ascii=False)}: {new}}}"


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at
