"""Any data set to the rows that are audited."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataperf import registry
from dataperf.basics.progress import Progress
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
    columns,
    encoding,
    labels,
    media_files,
    named_sources,
    tables,
    text_repair,
)
from dataperf.reading.columns import Column
from dataperf.reading.loaded import Loaded, row_numbers
from dataperf.records import IntArray, TextArray
from dataperf.records.rows import Kind, Rows

if TYPE_CHECKING:
    import pandas as pd

#: Names that a column of labels often has.
LIKELY_LABELS = ("label", "labels", "target", "class", "y", "category", "given")


@dataclass(frozen=True)
class Roles:
    """Which columns serve as what; "" for none."""

    label: str
    id: str
    split: str
    group: str
    true_label: str
    annotators: tuple[str, ...]
    sensitive: tuple[str, ...]
    drop: tuple[str, ...]
    split_named: bool = False

    @property
    def serving(self) -> dict[str, str]:
        """Columns that serve as something other than label or feature, by what they serve as."""
        columns = {
            "id": self.id,
            "split": self.split,
            "group": self.group,
            "true_label": self.true_label,
        }
        return {role: column for role, column in columns.items() if column}

    @property
    def unseen(self) -> set[str]:
        """Columns that are not part of the frame."""
        return {self.label, self.true_label, *self.annotators} | (
            set(self.drop) - set(self.sensitive)
        )

    @property
    def not_encoded(self) -> set[str]:
        """Columns of the frame that are no feature."""
        return {self.id, self.split, self.group, *self.drop}


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
    text_features: int = 256,
    progress: Progress = lambda words, done, total: None,
    wrong: Sequence[Problem] = (),
) -> Rows:
    """Return a data set as it is audited.

    Parameters
    ----------
    source
        A pandas DataFrame; a Hugging Face dataset or its splits; arrays ``(features,
        labels)``, or features with ``label=`` an array; the path of a CSV, TSV, Parquet,
        JSON-lines, JSON or NPZ file, or of a folder of images or audio (class = subfolder);
        ``hf:NAME``; the name of a dataset of ours; ``challenge:NAME/BOARD``.
    label
        The column with the labels (or the labels themselves); not needed where the source
        tells which it is.
    id, split, group, true_label
        Columns: names of the rows, part of the data, rows that belong together, the right
        label where it is known.
    annotators
        More label columns.
    sensitive
        Columns for which fairness is asked.
    embedding
        Of images: ``"network"`` or ``"pixels"``; of audio: ``"network"`` or ``"mfcc"``;
        ``"auto"`` is the network where its packages are installed.
    drop
        Columns that are left out; one that is sensitive too is only kept from the models.
    text_features
        The most features that a column of text yields.
    progress
        Told what is being done, how much of it is done, and how much there is.
    wrong
        What is known to be wrong already: told with the columns that are not there.

    Raises
    ------
    Invalid
        If the source is damaged or empty, columns are not there, or labels are no classes.
    NotFound
        If nothing has the name.
    Unavailable
        If a package is not installed.
    """
    label = _named(label)
    id, split, group, true_label = map(_column_name, (id, split, group, true_label))
    wrong = [*wrong, *of_embedding(embedding)]
    marks = [label, id, split, group, true_label, *_several(annotators)]
    names = [each for each in marks if isinstance(each, str)]
    found = _load_or_tell(
        source, label, names=names, embedding=embedding, progress=progress, wrong=wrong
    )
    if not wrong:
        found = media_files.in_column(found, embedding=embedding, progress=progress)
    named_label = label if isinstance(label, str) else None
    asked = {
        "label": named_label,
        "id": id,
        "split": split,
        "group": group,
        "true_label": true_label,
    }
    several = {"annotators": annotators, "sensitive": sensitive, "drop": drop}
    lists = {role: _several(names) for role, names in several.items()}
    roles = _roles(found, asked, **lists, wrong=wrong)
    told = source if isinstance(source, str | Path) else ""
    found = dataclasses.replace(found, source=str(told))
    return _rows(found, roles, text_features=text_features, progress=progress)


def _named(column: Any) -> Any:
    """Return a column's name as text, whatever the frame has; labels themselves as they are."""
    return str(column) if isinstance(column, int | float | tuple) else column


def _column_name(column: Any) -> str | None:
    """Return a column's name as text: what is not a name is the name of no column."""
    return None if column is None else str(_named(column))


def _several(columns: Any) -> tuple[str, ...]:
    """Return names as a tuple; a single one may be given as it is."""
    alone = isinstance(columns, str) or not isinstance(columns, Iterable)
    return (str(columns),) if alone else tuple(str(_named(each)) for each in columns)


def _load_or_tell(source: Any, label: Any, *, wrong: Sequence[Problem], **told: Any) -> Loaded:
    """Return the columns of a source, or tell what is wrong with it beside what is known."""
    try:
        if wrong and isinstance(source, str | Path) and _path(str(source)).is_dir():
            raise Invalid("audit", ())  # before its files are embedded for nothing
        return _load(source, label, **told)
    except Invalid as error:
        raise Invalid(error.subject, [*wrong, *error.problems]) from error
    except DataperfError as error:
        if not wrong:
            raise
        raise Invalid("audit", [*wrong, Problem("source", "", str(error))]) from error


def _load(
    source: Any, label: Any, *, names: Sequence[str], embedding: str, progress: Progress
) -> Loaded:
    """Return the columns of a source of any kind."""
    if isinstance(source, str | Path):
        found = _load_named(str(source), names, embedding=embedding, progress=progress)
    elif named_sources.is_huggingface(source):
        found = named_sources.from_huggingface(source, progress=progress)
    elif hasattr(source, "iloc") and hasattr(source, "columns"):
        found = tables.from_frame("data", source)
    elif isinstance(source, tuple) and len(source) == 2:
        return tables.from_arrays("data", source[0], source[1])
    elif hasattr(source, "__array__") and label is not None and not isinstance(label, str):
        return tables.from_arrays("data", source, label)
    elif isinstance(source, Mapping) and source:
        found = tables.from_columns("data", source)
    elif isinstance(source, list) and source and all(isinstance(row, Mapping) for row in source):
        found = tables.from_records("data", source)
    else:
        expected = (
            "a DataFrame, a Hugging Face dataset, arrays as (features, labels), a path, hf:NAME, "
            "challenge:NAME/BOARD or the name of a dataset"
        )
        what = f"a {type(source).__name__}" + (
            " without labels" if hasattr(source, "__array__") else ""
        )
        raise refuse("source", "unknown-source", "", what, expected)
    if label is None or isinstance(label, str):
        return found
    if not isinstance(label, Iterable):
        expected = "the name of a column, or a label for each row"
        raise refuse(found.name, "no-label", "label", f"a {type(label).__name__}", expected)
    return tables.with_label(found, label)


def _load_named(words: str, names: Sequence[str], *, embedding: str, progress: Progress) -> Loaded:
    """Return the columns of a source given in words."""
    if words.startswith("hf:"):
        return named_sources.load_huggingface(words.removeprefix("hf:"), progress=progress)
    if words.startswith("challenge:"):
        return named_sources.read_challenge(words.removeprefix("challenge:"))
    if not words.strip("\0 \t\n"):
        raise refuse("source", "no-source", "", "no name is given", "a path, or a dataset's name")
    path = _path(words)
    known = named_sources.is_dataset(words)
    if known and path.exists():
        raise Ambiguous(
            f'"{words}" is a dataset of ours, and there is a file or folder of that name.\n'
            f"  Name the file or folder ./{words}"
        )
    if known:
        return named_sources.read_dataset(words)
    if path.is_dir():
        return media_files.read_folder(path.resolve(), embedding=embedding, progress=progress)
    if path.exists():
        return tables.read_file(path, names=names, progress=progress)
    raise _not_there(words, path)


def _path(words: str) -> Path:
    """Return words as a path, refusing what can be none."""
    try:
        path = Path(words).expanduser()
        path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise refuse(shorten([words[:80]]), "bad-path", "", str(error)[:200]) from error
    return path


def _not_there(words: str, path: Path) -> DataperfError:
    if path.suffix or "/" in words or "\\" in words:
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside) or (
            "" if path.parent.is_dir() else f"nor is there the folder {path.parent}"
        )
        return refuse(words, "no-file", "", "there is no such file or folder", hint)
    return NotFound("file, folder or dataset", words, registry.find("datasets"))


def _roles(
    found: Loaded,
    asked: Mapping[str, str | None],
    *,
    annotators: Sequence[str],
    sensitive: Sequence[str],
    drop: Sequence[str],
    wrong: Sequence[Problem],
) -> Roles:
    """Return which columns serve as what, all names checked at once."""
    roles = {role: name or found.roles.get(role, "") for role, name in asked.items()}
    if not asked["true_label"] and roles["true_label"] == roles["label"]:
        roles["true_label"] = ""
    there = list(found.frame.columns)
    lists = {"annotators": annotators, "sensitive": sensitive}
    wanted = [(role, name) for role, name in roles.items() if name]
    wanted += [(role, name) for role, names in lists.items() for name in names]
    problems = [_no_column(role, name, found) for role, name in wanted if name not in there]
    known = [*there, *found.vectors]
    problems += [_no_column("drop", name, found) for name in drop if name not in known]
    if not roles["label"]:
        problems.insert(0, _no_label(there))
    hidden = {roles["label"], roles["true_label"], *annotators}
    expected = "a column that describes the rows"
    for name in sorted({*sensitive} & hidden & {*there}):
        told = f'"{name}" holds labels: no group is treated alike by it'
        problems.append(Problem("sensitive-label", "sensitive", told, expected))
    if roles["label"] and roles["label"] in drop:
        told = f'"{roles["label"]}" is the label'
        problems.append(Problem("dropped-label", "drop", told, "a column that can be left out"))
    if problems or wrong:
        raise Invalid(found.name, [*wrong, *problems])
    return Roles(
        **roles,
        annotators=tuple(annotators),
        sensitive=tuple(sensitive),
        drop=tuple(drop),
        split_named=bool(asked["split"]),
    )


def _no_column(role: str, name: str, found: Loaded) -> Problem:
    there = [str(column) for column in found.frame.columns]
    if name in found.vectors:
        return Problem("not-one-value", role, f'"{name}" holds a list in each row', "one value")
    hint = f"{did_you_mean(name, there)} There is: {shorten(there) or 'no column'}".strip()
    return Problem("unknown-column", role, f'no column "{name}"', hint)


def _no_label(there: Sequence[str]) -> Problem:
    likely = [name for name in there if name.lower() in LIKELY_LABELS]
    hint = f'perhaps label="{likely[0]}"; ' if likely else ""
    what = "which column holds the labels is not told"
    return Problem("no-label", "label", what, f"{hint}there is: {shorten(there) or 'no column'}")


def _rows(found: Loaded, roles: Roles, *, text_features: int, progress: Progress) -> Rows:
    """Return the rows of a source whose columns have their roles."""
    name, frame = found.name, text_repair.changed(found.frame, text_repair.printed)[0]
    names = found.class_names
    ids, classes = labels.class_ids(
        frame[roles.label], subject=name, name=roles.label, names=names.get(roles.label)
    )
    notes: list[tuple[str, str]] = list(found.skipped)

    strange: dict[str, dict[str, int]] = {}

    def others(column: str) -> IntArray:
        other, strange[column] = labels.ids_in(frame[column], classes, names=names.get(column))
        if count := sum(strange[column].values()):
            told = f"{plural(count, 'label')} that no row has as its label: counted as missing"
            notes.append((f"column {column}", told))
        return other

    annotated = {column: others(column) for column in roles.annotators}
    right = others(roles.true_label) if roles.true_label else None
    shown = [c for c in frame.columns if c not in roles.unseen and c not in found.hidden]
    described = [columns.describe(column, frame[column]) for column in shown]
    notes += [(f"column {each.name}", told) for each in described for told in each.notes]
    encoded = (
        [] if found.only_vectors else [c for c in described if c.name not in roles.not_encoded]
    )
    vectors = {name: values for name, values in found.vectors.items() if name not in roles.drop}
    features, feature_columns, problems = encoding.encode(
        encoded, vectors, len(frame), text_features=text_features, progress=progress
    )
    if not features.shape[1]:
        raise _nothing_to_see(name, described)
    return Rows(
        name=name,
        frame=frame[shown],
        ids=_ids(found, roles.id),
        features=features,
        feature_columns=feature_columns,
        kinds=_kinds(described),
        label=roles.label,
        labels=ids,
        classes=classes,
        split=_text(frame, roles.split),
        groups=_text(frame, roles.group),
        truth=right,
        annotators=annotated,
        sensitive=roles.sensitive,
        media=found.media,
        skipped=(*notes, *((f"column {column}", told) for column, told in problems)),
        source=found.source,
        roles=roles.serving,
        split_named=roles.split_named,
        strange_truths=strange.get(roles.true_label, {}),
    )


def _kinds(described: Iterable[Column]) -> dict[str, Kind]:
    return {column.name: column.kind for column in described}


def _text(frame: pd.DataFrame, column: str) -> TextArray | None:
    return labels.text_of(frame[column], "(missing)") if column else None


def _nothing_to_see(name: str, described: Sequence[Column]) -> DataperfError:
    ids = [column.name for column in described if column.is_id]
    constant = [column.name for column in described if column.kind == "constant"]
    told = [f"ids: {shorten(ids)}"] * bool(ids) + [f"constant: {shorten(constant)}"] * bool(
        constant
    )
    what = f"no column that a model could learn from ({'; '.join(told) or 'only the label'})"
    return refuse(name, "no-features", "", what, "at least one column beside the label")


def _ids(found: Loaded, column: str) -> TextArray:
    """Return the rows' names, each one's own.

    Raises
    ------
    Invalid
        If the column of ids has a value twice, or none in some row.
    """
    rows = len(found.frame)
    if not column:
        return row_numbers(rows) if found.ids is None else found.ids
    series = found.frame[column]
    problems = []
    ids = labels.text_of(series)
    if missing := int((ids == "").sum()):
        problems.append(Problem("missing-id", column, f"{plural(missing, 'row')} without an id"))
    if twice := [value for value in labels.repeated(ids) if value]:
        what = f"{plural(len(twice), 'id')} there more than once: {shorten(twice, 5)}"
        expected = "an id of its own for every row; without id= rows are named by their number"
        problems.append(Problem("duplicate-id", column, what, expected))
    if problems:
        raise Invalid(found.name, problems)
    return ids


def of_embedding(embedding: Any) -> list[Problem]:
    """Return what is wrong with the name of an embedding, of pictures or of sounds."""
    known = list(dict.fromkeys(name for each in EMBEDDINGS.values() for name in each))
    if isinstance(embedding, str) and embedding in known:
        return []
    expected = did_you_mean(str(embedding), known) or f"one of {', '.join(known)}"
    return [Problem("unknown-embedding", "embedding", f'"{embedding}"', expected)]
