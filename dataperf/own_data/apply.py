"""Apply a submission to the data it is about: the cleaned file in its own form, and a change log."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.basics import files, json_files
from dataperf.basics.wording import plural
from dataperf.definitions import submission as submissions
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.own_data import (
    changes,
    rewrite_csv,
    rewrite_folder,
    rewrite_json,
    rewrite_parquet,
)
from dataperf.own_data.changes import Change, Edit
from dataperf.reading import compression, tables
from dataperf.records import Submission
from dataperf.records.rows import Rows

JSON, PARQUET, CSV = (".jsonl", ".ndjson", ".json"), (".parquet", ".pq"), (".csv", ".tsv", ".txt")
ELSE = "save the data as CSV, Parquet or JSON lines, and name that file"


@dataclass(frozen=True)
class Applied:
    """What a submission changed in a data set.

    Parameters
    ----------
    rows, kept
        Number of rows before and after.
    changes
        The changed rows in the order of the data.
    notes
        What a user should know: labels that were right already, classes without rows.
    output, log
        The files that were written; None if nothing was.
    data
        The cleaned data frame, if the data was one.
    """

    rows: int
    kept: int
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    output: Path | None = None
    log: Path | None = None
    data: Any = None

    def __str__(self) -> str:
        relabelled = sum(each.action == "relabel" for each in self.changes)
        dropped = plural(self.rows - self.kept, "row")
        text = f"{dropped} of {self.rows:,} dropped, {plural(relabelled, 'row')} relabelled"
        return "\n".join([text, *(f"note: {note}" for note in self.notes)])


def apply(
    submission: Path | str | Mapping[str, Any] | Submission,
    source: Any,
    *,
    output: Path | None = None,
    log: Path | None = None,
    label: str | None = None,
    id: str | None = None,
    drop: Sequence[str] | None = None,
    missing: Sequence[str] | None = None,
    merge_labels: bool = False,
) -> Applied:
    """Apply a repair or a selection to the data it is about.

    Parameters
    ----------
    submission
        A file, its content, or a record; its challenge is ``own-TRACK``, of a track that
        changes rows (`dataperf.own_data.options.applicable`).
    source
        The path of a CSV, Parquet or JSON file or of a folder of images or sounds, or a data frame.
    output
        The cleaned file or folder, with the ending of the source. None writes nothing.
    log
        The change log, CSV or JSON by its ending; None writes ``NAME.changes.csv`` next to the
        output.
    label, id
        The columns of labels and ids, as in the evaluation; without ids, row numbers are used.
    drop
        Columns that are not read; they stay in the file.
    missing, merge_labels
        How labels are read; see `dataperf.reading.read.read`.

    Returns
    -------
    Applied

    Raises
    ------
    Invalid
        If the submission breaks a rule or a place cannot be written to; then nothing is written.
    DataperfError
        If the data cannot be read or written back.
    """
    name = str(submission) if isinstance(submission, str | Path) else "submission"
    path = _path(source)
    if output is not None and output.name and log is None:
        log = output.with_name(f"{output.name.partition('.')[0]}.changes.csv")
    _check_places(submission, path, output, log)
    most = json_files.LARGEST_FILE  # the data is not read yet, and both files are the user's own
    content = submissions.content_of(submission, room=lambda content: most)
    changes.addressed(content, name)  # before the data is read
    how = {"missing": missing, "merge_labels": merge_labels}
    rows = _read(source, label=label, id=id, drop=drop or (), **how)
    edit, notes = changes.of(content, rows, name)
    listed = changes.listed(edit, rows)
    notes += _of_lines(rows, edit)
    frame = None
    if path is None:
        frame = rewrite_parquet.of_frame(source, rows.label, edit)
    elif output is not None and log is not None:
        _write(path, output, log, rows, edit, changes.log(listed, log))
    kept = int(edit.keep.sum())
    return Applied(len(rows), kept, listed, tuple(notes), output, log if output else None, frame)


def _of_lines(rows: Rows, edit: Edit) -> list[str]:
    """Return a note on lines of a file that could not be read."""
    lines = [(name, why) for name, why in rows.skipped if name.startswith("line ")]
    if not lines:
        return []
    fate = "stay as they are" if edit.unread else "are left out"
    return [f"lines that cannot be read {fate}, such as {lines[0][0]}: {lines[0][1]}"]


def _path(source: Any) -> Path | None:
    """Return the path of a source that can be written back; None for a data frame."""
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        return None
    if not isinstance(source, str | Path):
        what = f"a {type(source).__name__} cannot be written back"
        raise Invalid(
            "data", [Problem("wrong-type", "data", what, f"a pandas data frame; or {ELSE}")]
        )
    path = Path(source).expanduser()
    if not _exists(path):
        what = "there is no such file or folder"
        raise Invalid(str(source), [Problem("no-file", "data", what, ELSE)])
    if path.is_file() and _form(path)[0] not in {*JSON, *PARQUET, *CSV}:
        what = f'a file that ends in "{path.suffix}" cannot be written back'
        raise Invalid(str(source), [Problem("form", "data", what, ELSE)])
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or a NUL in it
        return False


def _endings(path: Path) -> list[str]:
    """Return the last ending of a file, and the one before that of a compressed one."""
    return [each for each in compression.endings(path) if each]


def _form(path: Path) -> tuple[str, str]:
    """Return the ending of the table in a file, and its name in a zip archive."""
    ending, packed = compression.endings(path)
    member = compression.member_of(path, tables.ENDINGS) if packed == ".zip" else ""
    return Path(member).suffix.lower() if member else ending, member


def _check_places(
    submission: Any, path: Path | None, output: Path | None, log: Path | None
) -> None:
    """Refuse outputs that would overwrite inputs, or that have another form than the data."""
    problems = []
    read = {"--data": path}
    read["the submission"] = Path(submission) if isinstance(submission, str | Path) else None
    for option, place in (("--output", output), ("--log", log)):
        for what, other in read.items():
            if place is not None and other is not None and _same(place, other):
                words = f"{place} is {what}, which is never overwritten"
                problems.append(Problem("bad-target", option, words, "another name"))
    if output is not None and log is not None and _same(output, log):
        problems.append(Problem("bad-target", "--log", f"{log} is --output", "another name"))
    if output is not None and path is not None:
        if path.is_dir() and output.exists():
            what = f"{output} exists already"
            problems.append(Problem("bad-target", "--output", what, "a new folder"))
        elif path.is_file() and _endings(output) != _endings(path):
            ending = "".join(_endings(path))
            what = f"{output} does not end in {ending}: the cleaned file has the form of the data"
            other = output.with_name(f"{output.stem}{ending}")
            then = f"cleaned{ending}" if _same(other, path) else other.name
            problems.append(Problem("bad-target", "--output", what, then))
        elif path.is_file() and output.is_dir():
            problems.append(Problem("bad-target", "--output", f"{output} is a folder", "a file"))
        if path.is_dir() and path.resolve() in output.resolve().parents:
            what = f"{output} lies in the folder that is read"
            problems.append(Problem("bad-target", "--output", what, "a place outside of it"))
    if log is not None and log.suffix.lower() not in (".csv", ".json"):
        what = f'the ending "{log.suffix}"'
        problems.append(Problem("bad-target", "--log", what, ".csv or .json"))
    if problems:
        raise Invalid("places to write", problems)


def _same(a: Path, b: Path) -> bool:
    try:
        return a.resolve() == b.resolve() or (a.exists() and b.exists() and a.samefile(b))
    except OSError:
        return False


def _read(
    source: Any, *, label: str | None, id: str | None, drop: Sequence[str], **how: Any
) -> Rows:
    """Return the rows as the evaluation reads them; images and sounds by a quick embedding."""
    from dataperf.reading import read

    chosen: dict[str, Any] = {"label": label, "id": id, "drop": tuple(drop), **how}
    words = str(source) if isinstance(source, str | Path) else source
    for embedding in ("pixels", "mfcc"):
        try:
            return read.read(words, embedding=embedding, **chosen)
        except Invalid as error:
            if embedding == "mfcc" or not _is_other_media(error):
                raise
    raise AssertionError("one of the two embeddings is tried last")


def _is_other_media(error: Invalid) -> bool:
    return any("embedding" in each.rule for each in error.problems)


def _write(path: Path, output: Path, log: Path, rows: Rows, edit: Edit, log_content: bytes) -> None:
    """Write the cleaned data and the change log, both or neither."""
    try:
        if path.is_dir():
            where = rewrite_folder.places(rows, edit, path.resolve())
            files.write_whole(log, log_content)
            rewrite_folder.copy(path.resolve(), output, where)
            return
        content = _rewritten(path, rows, _over_records(rows, edit, path))
        scratch = log.with_name(f".{log.name}.part")
        files.write_whole(scratch, log_content)
        try:
            files.write_whole(output, content)
            scratch.replace(log)
        finally:
            scratch.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise DataperfError(f"{output} cannot be written: {error}") from error


def _over_records(rows: Rows, edit: Edit, path: Path) -> Edit:
    """Return the edit for every record of a file, also those whose image could not be read."""
    ending, member = _form(path)
    if rows.media is None or ending not in PARQUET:
        return edit
    import pyarrow.parquet as pq

    count = pq.read_metadata(io.BytesIO(compression.unpacked(path, member))).num_rows
    if count == len(rows):
        return edit
    if "id" in rows.roles:
        raise DataperfError(
            f"{plural(count - len(rows), 'image or sound')} in {path.name} could not be read, so "
            "ids do not say where a row lies.\n  Name rows by their number (leave out --id)"
        )
    at = rows.ids.astype(np.intp)
    labels, keep = np.full(count, -1, dtype=np.intp), np.full(count, edit.unread)
    labels[at], keep[at] = edit.labels, edit.keep
    relabel = {int(at[row]): number for row, number in edit.relabel.items()}
    return Edit(labels, keep, relabel, edit.unread)


def _rewritten(path: Path, rows: Rows, edit: Edit) -> bytes:
    """Return the content of the cleaned file."""
    if edit.changes_nothing:
        return path.read_bytes()
    ending, member = _form(path)
    content = compression.unpacked(path, member)
    if ending in PARQUET:
        made = rewrite_parquet.rewrite(content, rows.label, edit)
    elif ending in JSON:
        made = rewrite_json.rewrite(content, rows.label, edit)
    else:
        columns = [rows.label, *(rows.roles[role] for role in ("id",) if role in rows.roles)]
        made = rewrite_csv.rewrite(content, ending, rows.label, edit, columns)
    return compression.packed(path, made, member)
