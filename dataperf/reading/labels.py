"""Turn a column of labels into class ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.errors import refuse
from dataperf.reading import quantities, spelling
from dataperf.records import IntArray, TextArray

if TYPE_CHECKING:
    import pandas as pd

#: In more rows than this, labels that are all different are taken for ids.
FEW_ROWS = 20


@dataclass(frozen=True)
class Labels:
    """A label column as class ids.

    Parameters
    ----------
    ids : (n,) array of int
        -1 for missing labels.
    classes : tuple of str
        Class name of each id; all different.
    notes
        Remarks on how the labels were read.
    merged
        Whether labels that are written alike are one class.
    """

    ids: IntArray
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    merged: bool = False


def read(
    column: pd.Series,
    *,
    subject: str,
    name: str,
    names: Sequence[str] | None = None,
    merge: bool = False,
) -> Labels:
    """Return the class ids and class names of a label column.

    Missing labels (None, NaN, empty text, or an id below 0 if ``names`` is given) are -1.
    Classes without rows are left out. Classes are in the order of ``names`` or of a pandas
    categorical; otherwise numbers are sorted by size and text alphabetically. Values of different
    types that are written in the same way, such as 1 and "1", are one class.

    Parameters
    ----------
    column : Series of n labels
    subject
        Name of the data, for the error.
    name
        Name of the column.
    names
        Class names, if the column holds their numbers.
    merge
        Whether labels that differ only by blanks, case, a full stop or Unicode form are one
        class. It is called as most of its rows are.

    Raises
    ------
    Invalid
        If all labels are missing, equal or different, or they are a quantity.
    """
    codes, values, alike = _codes(column, names)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    present = np.flatnonzero(counts)
    place = f'label "{name}"'
    if not len(present):
        what = f"all {plural(len(codes), 'label')} are missing"
        raise refuse(subject, "no-labels", place, what, "a column with classes")
    labelled = int((codes >= 0).sum())
    notes = [f"{_shown_all(alike)}: written alike, one class"] * bool(alike)
    chosen = [values[each] for each in present]
    if names is None and str(column.dtype) != "category":
        quantities.refuse(chosen, counts[present], subject, place)
        notes += quantities.notes(chosen, labelled)
    words = [_word(value) for value in chosen]
    variants = spelling.variants(words, counts[present].tolist())
    to = np.arange(len(present))
    if variants:
        notes.append(spelling.note(variants, merge=merge))
        if merge:
            to, kept = spelling.merged(words, variants)
            words = [words[each] for each in kept]
    if len(words) == 1:
        what = f'every row has the same class "{words[0]}"'
        raise refuse(subject, "one-class", place, what, "at least two classes")
    if len(words) == labelled and labelled > FEW_ROWS:
        what = f"all {plural(labelled, 'label')} are different"
        expected = "classes that rows share; is this a column of ids?"
        raise refuse(subject, "all-different", place, what, expected)
    new = np.full(len(values) + 1, -1, dtype=np.intp)
    new[present] = to
    return Labels(new[codes], tuple(words), tuple(notes), merge)


def _shown_all(alike: Sequence[tuple[str, str]]) -> str:
    """Return values of different types that are written alike, in words."""
    return ", ".join(f"{word} as {kinds}" for word, kinds in alike[:3])


def ids_in(
    column: pd.Series,
    classes: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    merge: bool = False,
) -> tuple[IntArray, dict[str, int]]:
    """Return the class ids of another label column, given the classes.

    Parameters
    ----------
    column : Series of n labels
    classes
        Class names in the order of their ids.
    names
        Class names, if the column holds their numbers.
    merge
        As in `read`.

    Returns
    -------
    ids : (n,) array of int
        -1 for missing labels and for values that are not among the classes.
    unknown : dict of str to int
        Number of rows of each value that is not among the classes.
    """
    codes, values, _ = _codes(column, names)
    known = {name: number for number, name in enumerate(classes)}
    loose = {spelling.key(name): number for number, name in enumerate(classes)} if merge else {}

    def number_of(word: str) -> int:
        return known.get(word, loose.get(spelling.key(word), -1) if merge else -1)

    new = np.array([*(number_of(_word(value)) for value in values), -1], dtype=np.intp)
    ids = new[codes]
    counts = np.bincount(codes[(codes >= 0) & (ids < 0)], minlength=len(values))
    return ids, {_word(values[each]): int(counts[each]) for each in np.flatnonzero(counts)}


def text_of(column: pd.Series, missing: str = "") -> TextArray:
    """Return a column as text; integers have no decimal point, missing values are ``missing``."""
    codes, values, _ = _codes(column, None)
    words = np.array([*(_word(value) for value in values), missing], dtype=np.str_)
    found: TextArray = words[codes]
    return found


def alone(groups: TextArray, rows: IntArray) -> list[str]:
    """Return a name for each of some rows that no group has.

    >>> alone(np.array(["a", "", ""]), np.array([1, 2]))
    ['(no group) row 1', '(no group) row 2']
    """
    known, word = set(groups.tolist()), "(no group)"
    while any(f"{word} row {row}" in known for row in rows.tolist()):
        word += "_"
    return [f"{word} row {row}" for row in rows.tolist()]


def _codes(
    column: pd.Series, names: Sequence[str] | None
) -> tuple[IntArray, list[Any], list[tuple[str, str]]]:
    """Return the place of each row's value among the sorted distinct values, and these.

    The place is -1 if the value is missing. Last come the values that were merged because they
    are written alike, with their types.
    """
    import pandas as pd

    if names is not None and column.dtype.kind in "iuf":
        numbers = column.fillna(-1).to_numpy().astype(np.intp)
        codes = np.where((numbers >= 0) & (numbers < len(names)), numbers, -1)
        return _merged(codes, list(names))
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = np.asarray(column.cat.codes, np.intp), list(column.cat.categories)
        return _merged(*_without_blank(codes, values))
    if column.dtype == object:  # True and 1 are equal, but not written alike
        column = column.map(lambda value: _Truth(bool(value)) if _is_bool(value) else value)
    try:
        codes, unique = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists and the like cannot be compared as they are
        codes, unique = pd.factorize(column.map(repr, na_action="ignore"))
    values = list(unique)
    try:
        order = sorted(range(len(values)), key=lambda place: values[place])
    except TypeError:  # numbers and text in one column
        order = sorted(range(len(values)), key=lambda place: _word(values[place]))
    rank = np.empty(len(values) + 1, dtype=np.intp)
    rank[order], rank[-1] = np.arange(len(values)), -1
    return _merged(*_without_blank(rank[codes], [values[place] for place in order]))


@dataclass(frozen=True, order=True)
class _Truth:
    """A truth value that equals no number and no text."""

    value: bool

    def __str__(self) -> str:
        return str(self.value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _without_blank(codes: IntArray, values: list[Any]) -> tuple[IntArray, list[Any]]:
    """Set the codes of empty text and infinite numbers to missing."""
    blank = [n for n, value in enumerate(values) if _is_blank(value)]
    return (np.where(np.isin(codes, blank), -1, codes) if blank else codes), values


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value.replace("\0", "").strip()
    return isinstance(value, float | np.floating) and not np.isfinite(value)


def _merged(
    codes: IntArray, values: list[Any]
) -> tuple[IntArray, list[Any], list[tuple[str, str]]]:
    """Merge values that are written alike, such as 1 and "1"."""
    words = [_word(value) for value in values]
    if len(set(words)) == len(words):
        return codes, values, []
    first: dict[str, int] = {}
    kinds: dict[str, list[str]] = {}
    there = np.bincount(codes[codes >= 0], minlength=len(values))
    for number, word in enumerate(words):
        first.setdefault(word, number)
        if there[number]:
            kinds.setdefault(word, []).append(_kind(values[number]))
    to = np.array([*(first[word] for word in words), -1], dtype=np.intp)
    alike = [(word, " and ".join(dict.fromkeys(each))) for word, each in kinds.items()]
    return to[codes], values, [pair for pair in alike if " and " in pair[1]]


def _kind(value: Any) -> str:
    if _is_bool(value) or isinstance(value, _Truth):
        return "truth value"
    return "text" if isinstance(value, str) else "number"


def _word(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).rstrip("\0")  # numpy text arrays drop trailing NULs


def repeated(values: NDArray[Any]) -> list[str]:
    """Return the values that occur more than once, sorted."""
    unique, counts = np.unique(values, return_counts=True)
    return [str(value) for value in unique[counts > 1]]
