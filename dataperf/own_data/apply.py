"""Apply a submission to the data it is about: the cleaned file in its own form, and a change log."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.basics import files, json_files
from dataperf.basics.wording import plural
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.own_data import (
    changes,
    rewrite_csv,
    rewrite_folder,
    rewrite_json,
    rewrite_parquet,
)
from dataperf.own_data.changes import Change, Edit
from dataperf.records import Submission
from dataperf.records.rows import Rows

JSON, PARQUET, CSV = (".jsonl", ".ndjson", ".json"), (".parquet", ".pq"), (".csv", ".tsv", ".txt")
COMPRESSED = (".gz", ".bz2", ".zst")
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
    content = _content(submission)
    changes.addressed(content, name)  # before the data is read
    rows = _read(source, label=label, id=id, drop=drop or ())
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
    if path.is_file() and not set(_endings(path)) & {*JSON, *PARQUET, *CSV}:
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
    endings = [each.lower() for each in path.suffixes]
    return endings[-2:] if endings and endings[-1] in COMPRESSED else endings[-1:]


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
            problems.append(Problem("bad-target", "--output", what, f"{output.stem}{ending}"))
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


def _content(submission: Any) -> Any:
    if isinstance(submission, str | Path):
        most = (
            json_files.LARGEST_FILE
        )  # the data is not read yet, and both files are the user's own
        return json_files.load_json(Path(submission), room=lambda content: most)
    if isinstance(submission, Submission):
        return submission.model_dump(mode="json", exclude_none=True)
    return dict(submission)


def _read(source: Any, *, label: str | None, id: str | None, drop: Sequence[str]) -> Rows:
    """Return the rows as the evaluation reads them; images and sounds by a quick embedding."""
    from dataperf.reading import read

    chosen: dict[str, Any] = {"label": label, "id": id, "drop": tuple(drop)}
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
    if rows.media is None or not set(_endings(path)) & {*PARQUET}:
        return edit
    import pyarrow.parquet as pq

    count = pq.read_metadata(path).num_rows
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
    packed = path.read_bytes()
    if edit.changes_nothing:
        return packed
    endings = _endings(path)
    if set(endings) & {*PARQUET}:
        return rewrite_parquet.rewrite(path, rows.label, edit)
    content = _unpacked(packed, endings[-1])
    if set(endings) & {*JSON}:
        made = rewrite_json.rewrite(content, rows.label, edit)
    else:
        made = rewrite_csv.rewrite(content, endings[0], rows.label, edit)
    return _packed(made, endings[-1])


def _unpacked(content: bytes, ending: str) -> bytes:
    if ending == ".zst":
        import pyarrow as pa

        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            found: bytes = stream.read()
            return found
    if ending == ".gz":
        return gzip.decompress(content)
    return bz2.decompress(content) if ending == ".bz2" else content


def _packed(content: bytes, ending: str) -> bytes:
    if ending == ".zst":
        import pyarrow as pa

        target = pa.BufferOutputStream()
        with pa.CompressedOutputStream(target, "zstd") as stream:
            stream.write(content)
        found: bytes = target.getvalue().to_pybytes()
        return found
    if ending == ".gz":
        return gzip.compress(content, mtime=0)
    return bz2.compress(content) if ending == ".bz2" else content
