"""A column of labels to class ids: what counts as missing, and what is no label at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.errors import refuse
from dataperf.records import IntArray, TextArray

if TYPE_CHECKING:
    import pandas as pd

#: A column of broken numbers with more distinct values than this is a quantity, not a label.
MOST_GRADES = 20
#: From so many rows on, a label that no two rows share is taken for a name of the row.
FEW_ROWS = 20


def class_ids(
    column: pd.Series, *, subject: str, name: str, names: Sequence[str] | None = None
) -> tuple[IntArray, tuple[str, ...]]:
    """Return class ids and class names of a label column.

    Missing (None, NaN, empty text, an id below 0 where ``names`` are given) is -1. Classes
    that no row has are left out. They are in the order of ``names`` or of a pandas
    categorical, else numbers by size and text by the alphabet.

    Parameters
    ----------
    column : Series of n labels
    subject
        What is read, for the error.
    name
        The column's name.
    names
        The class names behind whole numbers.

    Returns
    -------
    ids : (n,) array of int
    classes : tuple of str

    Raises
    ------
    Invalid
        If no row or every row has a label of its own, all have the same one, or the
        labels are a quantity.
    """
    codes, values = _codes(column, names)
    present = np.bincount(codes[codes >= 0], minlength=len(values)) > 0
    kept = np.flatnonzero(present)
    place = f'label "{name}"'
    if not len(kept):
        what = f"all {plural(len(codes), 'label')} are missing"
        raise refuse(subject, "no-labels", place, what, "a column with classes")
    labelled = int((codes >= 0).sum())
    _refuse_quantity([values[each] for each in kept], labelled, subject, place)
    if len(kept) == 1:
        what = f'every row is of the one class "{_word(values[kept[0]])}"'
        raise refuse(subject, "one-class", place, what, "at least two classes")
    if len(kept) == labelled and labelled > FEW_ROWS:
        what = f"all {plural(labelled, 'label')} are different"
        expected = "classes that rows share; is this a column of ids?"
        raise refuse(subject, "all-different", place, what, expected)
    new = np.full(len(values) + 1, -1, dtype=np.intp)
    new[kept] = np.arange(len(kept))
    return new[codes], tuple(_word(values[each]) for each in kept)


def ids_in(
    column: pd.Series, classes: Sequence[str], *, names: Sequence[str] | None = None
) -> tuple[IntArray, dict[str, int]]:
    """Return the ids of another label column in known classes, and how many rows have what else.

    Rows that fit none are -1, as missing ones are.
    """
    codes, values = _codes(column, names)
    known = {name: number for number, name in enumerate(classes)}
    new = np.array([*(known.get(_word(value), -1) for value in values), -1], dtype=np.intp)
    ids = new[codes]
    counts = np.bincount(codes[(codes >= 0) & (ids < 0)], minlength=len(values))
    return ids, {_word(values[each]): int(counts[each]) for each in np.flatnonzero(counts)}


def text_of(column: pd.Series, missing: str = "") -> TextArray:
    """Return a column as text, whole numbers without a decimal point."""
    codes, values = _codes(column, None)
    words = np.array([*(_word(value) for value in values), missing], dtype=np.str_)
    found: TextArray = words[codes]
    return found


def _codes(column: pd.Series, names: Sequence[str] | None) -> tuple[IntArray, list[Any]]:
    """Return the place of every row's value in a sorted list of values; -1 for missing."""
    import pandas as pd

    if names is not None and column.dtype.kind in "iuf":
        numbers = column.fillna(-1).to_numpy().astype(np.intp)
        return np.where((numbers >= 0) & (numbers < len(names)), numbers, -1), list(names)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = np.asarray(column.cat.codes, np.intp), list(column.cat.categories)
        return _without_blank(codes, values)
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


def _without_blank(codes: IntArray, values: list[Any]) -> tuple[IntArray, list[Any]]:
    """Return the codes with empty text and infinite numbers as missing."""
    blank = [n for n, value in enumerate(values) if _is_blank(value)]
    return (np.where(np.isin(codes, blank), -1, codes) if blank else codes), values


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value.replace("\0", "").strip()
    return isinstance(value, float | np.floating) and not np.isfinite(value)


def _merged(codes: IntArray, values: list[Any]) -> tuple[IntArray, list[Any]]:
    """Return one value for all that are written alike, such as 1 and "1"."""
    words = [_word(value) for value in values]
    if len(set(words)) == len(words):
        return codes, values
    first: dict[str, int] = {}
    for number, word in enumerate(words):
        first.setdefault(word, number)
    to = np.array([*(first[word] for word in words), -1], dtype=np.intp)
    return to[codes], values


def _word(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).rstrip("\0")  # which arrays of text cannot end in


def _refuse_quantity(values: list[Any], labelled: int, subject: str, place: str) -> None:
    numbers = [value for value in values if isinstance(value, float | np.floating)]
    broken = [value for value in numbers if not float(value).is_integer()]
    whole = [v for v in values if isinstance(v, int | np.integer) and not isinstance(v, bool)]
    many = len(whole) > max(MOST_GRADES, labelled / 2)
    if not many and (not broken or len(values) <= MOST_GRADES):
        return
    shown = ", ".join(f"{value:g}" for value in (broken or whole)[:3])
    what = f"it looks like a quantity: {plural(len(values), 'distinct value')}, such as {shown}"
    expected = (
        "classes; cut it into ranges first, for instance\n"
        "      frame[column] = pandas.qcut(frame[column], 3, labels=['low', 'middle', 'high'])"
    )
    raise refuse(subject, "continuous-label", place, what, expected)


def repeated(values: NDArray[Any]) -> list[str]:
    """Return the values that are there more than once, sorted."""
    unique, counts = np.unique(values, return_counts=True)
    return [str(value) for value in unique[counts > 1]]
