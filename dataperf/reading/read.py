"""Read any data set into the rows of an audit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataperf import registry
from dataperf.basics.progress import Progress, report
from dataperf.basics.threads import one_thread
from dataperf.basics.wording import plural, shorten
from dataperf.errors import (
    Ambiguous,
    DataperfError,
    Invalid,
    NotFound,
    Problem,
    did_you_mean,
    refuse,
)
from dataperf.media.embed import EMBEDDINGS
from dataperf.reading import (
    arrow,
    columns,
    encoding,
    in_memory,
    label_columns,
    labels,
    media_files,
    named_sources,
    roles,
    tables,
    text_repair,
    values,
)
from dataperf.reading.columns import Column
from dataperf.reading.loaded import Loaded, row_numbers
from dataperf.reading.roles import Roles
from dataperf.records import TextArray
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


@one_thread()
def read(
    source: Any,
    *,
    label: str | Sequence[Any] | None = None,
    id: str | None = None,
    split: str | None = None,
    group: str | None = None,
    true_label: str | None = None,
    annotators: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    embedding: str = "auto",
    drop: Sequence[str] = (),
    decimal: str | None = None,
    missing: Sequence[str] | None = None,
    merge_labels: bool = False,
    text_features: int = 256,
    progress: Progress = report,
    wrong: Sequence[Problem] = (),
) -> Rows:
    """Read a data set.

    Parameters
    ----------
    source
        A table of pandas, polars or pyarrow; a Hugging Face dataset or its splits; ``(features,
        labels)``, or features with ``label=`` an array, where features are an array, a sparse
        matrix or a table; an array with named fields; the path of a CSV, TSV, Parquet,
        JSON-lines, JSON or NPZ file, or of a folder of images or audio (class = subfolder);
        ``hf:NAME``; the name of a dataset plug-in; ``challenge:NAME/BOARD``.
    label
        The label column, or the labels themselves. Optional if the source names its label
        column.
    id, split, group, true_label
        Columns with the row ids, the part of the data that a row belongs to (train, test),
        the rows that belong together, and the true label where it is known.
    annotators
        Columns with labels by further annotators.
    sensitive
        Columns whose values are compared for fairness.
    embedding
        How images or sounds are embedded: ``"network"`` or ``"pixels"`` for images,
        ``"network"`` or ``"mfcc"`` for audio. ``"auto"`` is the network if its packages are
        installed.
    drop
        Columns to ignore. A column that is also in ``sensitive`` is only hidden from the models.
    decimal
        The decimal sign of numbers that are written as text, ``","`` or ``"."``. None finds it
        from the values.
    missing
        Words that stand for a missing value in every column, instead of `missing.WORDS`. An empty
        value is always missing.
    merge_labels
        Whether labels that differ only by blanks, case, a full stop or Unicode form are one class.
    text_features
        Maximum number of features per text column.
    progress
        Called with the name of the step, the amount done, and the total amount.
    wrong
        Problems that are already known; they are reported together with unknown columns.

    Returns
    -------
    Rows
        All rows that could be read; its ``skipped`` lists the rest.

    Raises
    ------
    Invalid
        If the source is damaged or empty, a column does not exist, or the labels are not classes.
    NotFound
        If no source has this name.
    Unavailable
        If a package is not installed.
    """
    label = roles.column_name(label)
    id, split, group, true_label = map(roles.text_or_none, (id, split, group, true_label))
    wrong = [*wrong, *embedding_problems(embedding)]
    how = values.options(decimal, missing, merge_labels, wrong)
    of_labels = [label, id, split, group, true_label, *roles.column_names(annotators)]
    names = [each for each in of_labels if isinstance(each, str)]
    found = _load_or_refuse(
        source, label, names=names, how=how, embedding=embedding, progress=progress, problems=wrong
    )
    if not wrong:
        found = media_files.in_column(found, embedding=embedding, progress=progress)
    chosen = roles.choose(
        found,
        {
            "label": label if isinstance(label, str) else None,
            "id": id,
            "split": split,
            "group": group,
            "true_label": true_label,
        },
        annotators=roles.column_names(annotators),
        sensitive=roles.column_names(sensitive),
        drop=roles.column_names(drop),
        problems=wrong,
    )
    location = source if isinstance(source, str | Path) else ""
    found = dataclasses.replace(found, source=str(location))
    return _rows(found, chosen, how, text_features=text_features, progress=progress)


def _load_or_refuse(
    source: Any, label: Any, *, problems: Sequence[Problem], **options: Any
) -> Loaded:
    """Return the columns of a source; if it cannot be read, list the known problems too."""
    try:
        if problems and isinstance(source, str | Path) and _path(str(source)).is_dir():
            raise Invalid("audit", ())  # do not embed its files for nothing
        return _load(source, label, **options)
    except Invalid as error:
        raise Invalid(error.subject, [*problems, *error.problems]) from error
    except DataperfError as error:
        if not problems:
            raise
        raise Invalid("audit", [*problems, Problem("source", "", str(error))]) from error


def _load(
    source: Any,
    label: Any,
    *,
    names: Sequence[str],
    how: values.Options,
    embedding: str,
    progress: Progress,
) -> Loaded:
    """Return the columns of a source of any kind."""
    if isinstance(source, str | Path):
        found = _load_named(str(source), names, how, embedding=embedding, progress=progress)
    elif named_sources.is_huggingface(source):
        found = named_sources.from_huggingface(source, progress=progress)
    else:
        return in_memory.load(source, label, progress=progress)
    if label is None or isinstance(label, str):
        return found
    if not isinstance(label, Iterable):
        expected = "the name of a column, or a label for each row"
        raise refuse(found.name, "no-label", "label", f"a {type(label).__name__}", expected)
    return tables.with_label(found, label)


def _load_named(
    words: str, names: Sequence[str], how: values.Options, *, embedding: str, progress: Progress
) -> Loaded:
    """Return the columns of a source that is given as text."""
    if words.startswith("hf:"):
        return named_sources.load_huggingface(words.removeprefix("hf:"), progress=progress)
    if words.startswith("challenge:"):
        return named_sources.read_challenge(words.removeprefix("challenge:"))
    if not words.strip("\0 \t\n"):
        raise refuse("source", "no-source", "", "the name is empty", "a path, or a dataset's name")
    path = _path(words)
    known = named_sources.is_dataset(words)
    if known and path.exists():
        raise Ambiguous(
            f'"{words}" is the name of a dataset, and of a file or folder here.\n'
            f"  To read the file or folder, write ./{words}"
        )
    if known:
        return named_sources.read_dataset(words)
    if path.is_dir():
        return media_files.read_folder(path.resolve(), embedding=embedding, progress=progress)
    if path.exists():
        return tables.read_file(path, names=names, how=how, progress=progress)
    raise _missing_source(words, path)


def _path(words: str) -> Path:
    """Return text as a path.

    Raises
    ------
    Invalid
        If it is not a valid path.
    """
    try:
        path = Path(words).expanduser()
        path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise refuse(shorten([words[:80]]), "bad-path", "", str(error)[:200]) from error
    return path


def _missing_source(words: str, path: Path) -> DataperfError:
    if path.suffix or "/" in words or "\\" in words:
        siblings = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings) or (
            "" if path.parent.is_dir() else f"the folder {path.parent} does not exist either"
        )
        return refuse(words, "no-file", "", "there is no such file or folder", hint)
    return NotFound("file, folder or dataset", words, registry.find("datasets"))


def _rows(
    found: Loaded, chosen: Roles, how: values.Options, *, text_features: int, progress: Progress
) -> Rows:
    """Return the rows of a source whose columns have their roles."""
    found = dataclasses.replace(
        found, frame=text_repair.changed(found.frame, text_repair.printed)[0]
    )
    frame, notes = values.settled(found, chosen, how)
    of_labels = label_columns.read(found, frame, chosen, merge=how.merge_labels)
    frame = values.named_classes(found, frame, chosen.unseen)
    shown = [c for c in frame.columns if c not in chosen.unseen and c not in found.hidden]
    described = [columns.describe(column, frame[column]) for column in shown]
    encoded = (
        [] if found.only_vectors else [c for c in described if c.name not in chosen.not_encoded]
    )
    vectors = {name: each for name, each in found.vectors.items() if name not in chosen.drop}
    features, feature_columns, encoding_notes = encoding.encode(
        encoded, vectors, len(frame), text_features=text_features, progress=progress
    )
    if not features.shape[1]:
        raise _no_features(found, described)
    groups, of_groups = label_columns.groups(frame, chosen.group)
    of_columns = [
        *of_labels.notes,
        *of_groups,
        *((each.name, note) for each in described for note in each.notes),
        *encoding_notes,
    ]
    return Rows(
        name=found.name,
        frame=frame[shown],
        ids=_ids(found, frame, chosen.id),
        features=features,
        feature_columns=feature_columns,
        kinds={column.name: column.kind for column in described},
        label=chosen.label,
        labels=of_labels.labels,
        classes=of_labels.classes,
        split=_text(frame, chosen.split),
        groups=groups,
        truth=of_labels.truth,
        annotators=of_labels.annotators,
        sensitive=chosen.sensitive,
        media=found.media,
        skipped=found.skipped,
        source=found.source,
        roles=chosen.serving,
        split_named=chosen.split_named,
        strange_truths=of_labels.strange_truths,
        reading=how.given(),
        notes=(*found.notes, *notes, *((f"column {column}", note) for column, note in of_columns)),
        made=found.made,
    )


def _text(frame: pd.DataFrame, column: str) -> TextArray | None:
    return labels.text_of(frame[column], "(missing)") if column else None


def _no_features(found: Loaded, described: Sequence[Column]) -> DataperfError:
    ids = [column.name for column in described if column.is_id]
    constant = [column.name for column in described if column.kind == "constant"]
    why = [f"ids: {shorten(ids)}"] * bool(ids)
    why += [f"constant: {shorten(constant)}"] * bool(constant)
    unread = [name for name, reason in found.skipped if reason in (arrow.OBJECTS, arrow.UNEQUAL)]
    why += [f"lists or objects: {shorten(unread)}"] * bool(unread)
    what = f"no column that a model could learn from ({'; '.join(why) or 'only the label'})"
    expected = "at least one column besides the label"
    if unread:
        expected += " with one value in each row; for objects: pandas.json_normalize(...)"
    return refuse(found.name, "no-features", "", what, expected)


def _ids(found: Loaded, frame: pd.DataFrame, column: str) -> TextArray:
    """Return the id of each row; the row number if there is no column of ids.

    Raises
    ------
    Invalid
        If an id is missing or repeated.
    """
    rows = len(found.frame)
    if not column:
        return row_numbers(rows) if found.ids is None else found.ids
    series = frame[column]
    problems = []
    ids = labels.text_of(series)
    if missing := int((ids == "").sum()):
        problems.append(Problem("missing-id", column, f"{plural(missing, 'row')} without an id"))
    if twice := [value for value in labels.repeated(ids) if value]:
        what = f"{plural(len(twice), 'repeated id')}: {shorten(twice, 5)}"
        expected = "a unique id for each row; without id= the row number is the id"
        problems.append(Problem("duplicate-id", column, what, expected))
    if problems:
        raise Invalid(found.name, problems)
    return ids


def embedding_problems(embedding: Any) -> list[Problem]:
    """Return the problem of an unknown embedding, of images or of sounds; empty if it is known."""
    known = list(dict.fromkeys(name for each in EMBEDDINGS.values() for name in each))
    if isinstance(embedding, str) and embedding in known:
        return []
    expected = did_you_mean(str(embedding), known) or f"one of {', '.join(known)}"
    return [Problem("unknown-embedding", "embedding", f'"{embedding}"', expected)]
