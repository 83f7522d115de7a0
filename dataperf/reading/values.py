"""Settle what the values of a table mean: missing values, dates, and numbers written as text."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.basics.wording import plural, shorten
from dataperf.errors import Problem
from dataperf.reading import dates, missing, numbers
from dataperf.reading.loaded import EXACT, Loaded
from dataperf.reading.roles import Roles

if TYPE_CHECKING:
    import pandas as pd

#: Maximum number of columns that a note names.
MOST = 6
DECIMALS = (",", ".")

Notes = list[tuple[str, str]]


@dataclass(frozen=True)
class Options:
    """How values are read where a file leaves it open.

    Parameters
    ----------
    decimal
        The decimal sign of numbers that are written as text; "" finds it from the values.
    missing
        The words that stand for a missing value.
    missing_given
        Whether the caller named these words.
    merge_labels
        Whether labels that differ only by blanks, case, a full stop or Unicode form are one class.
    """

    decimal: str = ""
    missing: tuple[str, ...] = missing.WORDS
    missing_given: bool = False
    merge_labels: bool = False

    def given(self) -> dict[str, str | tuple[str, ...] | bool]:
        """Return the options that the caller gave, by name."""
        found: dict[str, str | tuple[str, ...] | bool] = {}
        if self.decimal:
            found["decimal"] = self.decimal
        if self.missing_given:
            found["missing"] = self.missing
        return found | ({"merge_labels": True} if self.merge_labels else {})


def options(decimal: Any, words: Any, merge_labels: Any, problems: list[Problem]) -> Options:
    """Return the options of a caller; problems are added to the list."""
    if decimal not in (None, "", *DECIMALS):
        problems.append(Problem("bad-decimal", "decimal", f"{decimal!r}", '"," or "."'))
        decimal = None
    if isinstance(words, str):
        words = [words]
    given = None if words is None else list(words) if isinstance(words, Iterable) else [words]
    if given is not None and not all(isinstance(word, str) for word in given):
        problems.append(Problem("bad-missing", "missing", f"{words!r}"[:80], "a list of words"))
        given = None
    if not isinstance(merge_labels, bool):
        what = f"{merge_labels!r}"[:80]
        problems.append(Problem("wrong-type", "merge_labels", what, "True or False"))
    return Options(decimal or "", missing.words(given), given is not None, merge_labels is True)


def settled(found: Loaded, chosen: Roles, how: Options) -> tuple[pd.DataFrame, Notes]:
    """Return the columns of a source with their values settled, and notes on what was read how.

    Columns with a role keep their values as written, except for missing ones.

    Parameters
    ----------
    found
        The source.
    chosen
        The columns' roles.
    how
        The caller's options.
    """
    frame, counts = missing.clear(found.frame, how.missing, numbers=how.missing_given)
    roles = _roles(chosen)
    for name, some in found.missing_words.items():
        counts[name] = {**some, **counts.get(name, {})}
    notes = missing.notes(counts, roles, frame, how.missing)
    notes += _lost_digits(frame, roles)
    if found.only_vectors:
        return frame, notes
    exempt = {*roles, *found.class_names, *chosen.drop, *found.hidden} - {*chosen.sensitive}
    texts = {}
    new: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        if name in exempt or not _may_change(column):
            continue
        if (moments := _moments(str(name), column, notes)) is not None:
            new[name] = moments
        elif column.dtype.kind not in "iuf":
            texts[name] = _times_as_text(column)
    read, more = _numbers(texts, how.decimal)
    new |= read
    return (frame.assign(**new) if new else frame), notes + more


def _roles(chosen: Roles) -> dict[str, str]:
    """Return columns that hold names, and what they serve as."""
    found = {column: role.replace("_", " ") for role, column in chosen.serving.items()}
    found |= dict.fromkeys(chosen.annotators, "annotator")
    found |= {name: "sensitive" for name in chosen.sensitive if name not in found}
    return {chosen.label: "label", **found}


def _may_change(column: pd.Series) -> bool:
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):  # categories on purpose
        return False
    return isinstance(kind, pd.StringDtype) or kind.kind in "Oiuf"


def _lost_digits(frame: pd.DataFrame, roles: Mapping[str, str]) -> Notes:
    """Return a note on names that are floating-point numbers beyond their exact range."""
    found = []
    for name, role in roles.items():
        if name in frame.columns and frame[name].dtype.kind == "f":
            large = frame[name].abs() >= EXACT
            if large.any():
                text = (
                    f"{role}: {plural(int(large.sum()), 'number')} beyond 2^53 came as floating "
                    "point, which may have merged different ones; give them as text or integers"
                )
                found.append((f"column {name}", text))
    return found


def _moments(name: str, column: pd.Series, notes: Notes) -> pd.Series | None:
    """Return a column of dates as times, with a note; None for other columns."""
    found = dates.read(name, column)
    if found is None:
        return None
    if found.values is None:
        text = f'warning: dates such as "{found.lost[1]}" not read as dates: {found.form}'
        notes.append((f"column {name}", text))
        return None
    if found.form:
        notes.append((f"column {name}", f"dates read as {found.form}"))
    if found.lost[0]:
        count, example = found.lost
        text = f'{plural(count, "value")} not a date, such as "{example}", counted as missing'
        notes.append((f"column {name}", text))
    return found.values


def _times_as_text(column: pd.Series) -> pd.Series:
    """Return times of day as text, which is then read as clock times."""
    there = column[column.notna()]
    if len(there) and all(isinstance(value, datetime.time) for value in there):
        return column.map(lambda value: value.isoformat(), na_action="ignore")
    return column


@dataclass
class _Group:
    """Columns that are read in the same way, with an example of the first."""

    columns: list[str] = field(default_factory=list)
    example: str = ""


def _numbers(texts: Mapping[Any, pd.Series], decimal: str) -> tuple[dict[Any, pd.Series], Notes]:
    """Read columns of text as numbers; a sign that one column leaves open, others may settle."""
    import pandas as pd

    found = {name: numbers.read(column, decimal=decimal) for name, column in texts.items()}
    sure = {each.decimal for each in found.values() if each is not None and each.decimal}
    if not decimal and len(sure) == 1:
        (sign,) = sure
        for name, each in found.items():
            if each is not None and each.values is None or each is None:
                found[name] = numbers.read(texts[name], decimal=sign)
    new, good, bad = {}, dict[str, _Group](), dict[str, _Group]()
    blanks = dict[str, _Group]()
    for name, each in found.items():
        if each is None:
            continue
        if each.values is None:
            _add(bad, each.form, name, each.example)
            continue
        new[name] = pd.Series(each.values, index=texts[name].index)
        if each.form:
            _add(good, each.form, name, each.example)
        for word, count in each.blanks:
            _add(blanks, f'"{word}"', f"{name} ({plural(count, 'row')})", "")
    return new, _said(good, bad, blanks)


def _add(groups: dict[str, _Group], key: str, name: Any, example: str) -> None:
    group = groups.setdefault(key, _Group())
    group.columns.append(str(name))
    group.example = group.example or example


def _said(
    good: Mapping[str, _Group], bad: Mapping[str, _Group], blanks: Mapping[str, _Group]
) -> Notes:
    notes = [
        ("numbers", f"read as numbers with {form}: {_names(each.columns)}; {each.example}")
        for form, each in good.items()
    ]
    if blanks:
        words = "; ".join(f"{word} in {_names(each.columns)}" for word, each in blanks.items())
        notes.append(("numbers", f"read as missing among numbers: {words}"))
    for form, each in bad.items():
        text = (
            f"warning: not read as numbers: {_names(each.columns)}, {form}, such as {each.example}"
        )
        notes.append(("numbers", text + _way_out(form)))
    return notes


def _way_out(form: str) -> str:
    if "decimal" in form:
        return "; --decimal , or --decimal . settles it"
    if "words" in form:
        return "; --missing WORD reads a word as missing"
    return "; write them in one form"


def _names(columns: Sequence[str]) -> str:
    return shorten(list(columns), MOST)


def named_classes(found: Loaded, frame: pd.DataFrame, keep: Iterable[str]) -> pd.DataFrame:
    """Return a frame with class names in place of the numbers that stand for them.

    Parameters
    ----------
    found
        The source, whose ``class_names`` has the names by column.
    frame
        Columns of the source.
    keep
        Columns that stay as numbers: labels, whose class ids are read elsewhere.
    """
    import pandas as pd

    new = {}
    for name, names in found.class_names.items():
        if name not in frame.columns or name in keep or len(set(names)) < len(names):
            continue
        if frame[name].dtype.kind in "iuf":
            codes = frame[name].fillna(-1).to_numpy().astype(np.intp)
            codes = np.where((codes >= 0) & (codes < len(names)), codes, -1)
            new[name] = pd.Series(pd.Categorical.from_codes(codes, list(names)))
    return frame.assign(**new) if new else frame
