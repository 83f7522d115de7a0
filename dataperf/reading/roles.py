"""Which columns of a source serve as label, id, split, group and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dataperf.basics.wording import shorten
from dataperf.errors import Invalid, Problem, did_you_mean
from dataperf.reading import arrow
from dataperf.reading.loaded import Loaded

if TYPE_CHECKING:
    import pandas as pd

#: Usual names of a label column; suggested if no label column was named.
LIKELY_LABELS = ("label", "labels", "target", "class", "y", "category", "given")


@dataclass(frozen=True)
class Roles:
    """The name of the column in each role; "" for none."""

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
        """Role to column, for the roles id, split, group and true_label that have a column."""
        columns = {
            "id": self.id,
            "split": self.split,
            "group": self.group,
            "true_label": self.true_label,
        }
        return {role: column for role, column in columns.items() if column}

    @property
    def unseen(self) -> set[str]:
        """Columns that are removed from the frame."""
        labels = {self.label, self.true_label, *self.annotators} - {""}
        return labels | (set(self.drop) - set(self.sensitive))

    @property
    def not_encoded(self) -> set[str]:
        """Columns of the frame that are not features."""
        return ({self.id, self.split, self.group} - {""}) | set(self.drop)


def column_name(column: Any) -> Any:
    """Return a column's name as text, whatever type the frame uses; label values as given."""
    return str(column) if isinstance(column, int | float | tuple) else column


def text_or_none(column: Any) -> str | None:
    """Return a column's name as text; a value of a wrong type names no column that exists."""
    return None if column is None else str(column_name(column))


def column_names(columns: Any) -> tuple[str, ...]:
    """Return column names as a tuple; a single name may be given by itself."""
    single = isinstance(columns, str) or not isinstance(columns, Iterable)
    return (str(columns),) if single else tuple(str(column_name(each)) for each in columns)


def choose(
    found: Loaded,
    named: Mapping[str, str | None],
    *,
    annotators: Sequence[str],
    sensitive: Sequence[str],
    drop: Sequence[str],
    problems: Sequence[Problem] = (),
) -> Roles:
    """Return the column in each role: the one that the caller named, else the source's own.

    Parameters
    ----------
    found
        The source.
    named
        Role to the column that the caller named, or None: label, id, split, group, true_label.
    annotators, sensitive, drop
        Columns that the caller named.
    problems
        Problems that are already known; they are reported together with those found here.

    Raises
    ------
    Invalid
        If a column does not exist or cannot have its role; all problems are listed.
    """
    roles = {role: name or found.roles.get(role, "") for role, name in named.items()}
    if not named["true_label"] and roles["true_label"] == roles["label"]:
        roles["true_label"] = ""
    several = {"annotators": annotators, "sensitive": sensitive}
    problems = [*problems, *_unknown_columns(found, roles, several, drop)]
    hidden = {roles["label"], roles["true_label"], *annotators}
    for name in sorted({*sensitive} & hidden & {*found.frame.columns}):
        what = f'"{name}" holds labels, not a property of the rows'
        expected = "a column that describes the rows"
        problems.append(Problem("sensitive-label", "sensitive", what, expected))
    if roles["label"] and roles["label"] in drop:
        what = f'"{roles["label"]}" is the label'
        problems.append(Problem("dropped-label", "drop", what, "a column that can be left out"))
    label = found.frame.get(roles["label"])
    if label is not None and _are_lists(label):
        problems.append(_not_one_value("label", roles["label"], "a list"))
    if problems:
        raise Invalid(found.name, problems)
    return Roles(
        **roles,
        annotators=tuple(annotators),
        sensitive=tuple(sensitive),
        drop=tuple(drop),
        split_named=bool(named["split"]),
    )


def _unknown_columns(
    found: Loaded,
    roles: Mapping[str, str],
    several: Mapping[str, Sequence[str]],
    drop: Sequence[str],
) -> list[Problem]:
    """Return a problem for each named column that does not exist, and for a missing label."""
    there = list(found.frame.columns)
    wanted = [(role, name) for role, name in roles.items() if name]
    wanted += [(role, name) for role, names in several.items() for name in names]
    problems = [_no_column(role, name, found) for role, name in wanted if name not in there]
    known = [*there, *found.vectors]
    problems += [_no_column("drop", name, found) for name in drop if name not in known]
    return problems if roles["label"] else [_no_label(there), *problems]


def _no_column(role: str, name: str, found: Loaded) -> Problem:
    there = [str(column) for column in found.frame.columns]
    if name in found.vectors or name in dict(found.skipped):
        objects = dict(found.skipped).get(name) == arrow.OBJECTS
        return _not_one_value(role, name, "an object" if objects else "a list")
    hint = f"{did_you_mean(name, there)} Columns: {shorten(there) or 'none'}".strip()
    return Problem("unknown-column", role, f'there is no column "{name}"', hint)


def _are_lists(label: pd.Series) -> bool:
    """Return whether labels are lists written as text, such as ``['a', 'b']`` in a CSV file."""
    texts = [value.strip() for value in label.dropna().iloc[:1000] if isinstance(value, str)]
    lists = [text for text in texts if text[:1] + text[-1:] == "[]"]
    return len(lists) > len(texts) / 2 and any("," in text or "'" in text for text in lists)


def _not_one_value(role: str, name: str, kind: str) -> Problem:
    """Return the problem of a column of lists or objects that serves as a label, id or group."""
    what = f'"{name}" holds {kind} in each row'
    if role not in ("label", "true_label", "annotators"):
        return Problem("not-one-value", role, what, "a column with one value in each row")
    what += ": several labels a row are not supported yet"
    expected = "one label in each row: for example a column that says whether one of them is there"
    return Problem("not-one-value", role, what, expected)


def _no_label(there: Sequence[str]) -> Problem:
    likely = [name for name in there if name.lower() in LIKELY_LABELS]
    hint = f'perhaps label="{likely[0]}"; ' if likely else ""
    expected = f"{hint}columns: {shorten(there) or 'none'}"
    return Problem("no-label", "label", "no label column was named", expected)
