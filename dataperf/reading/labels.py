"""Turn a column of labels into class ids."""

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

#: A column of fractional numbers with more distinct values than this is a quantity, not a label.
MOST_GRADES = 20
#: In more rows than this, labels that are all different are taken for ids.
FEW_ROWS = 20


def class_ids(
    column: pd.Series, *, subject: str, name: str, names: Sequence[str] | None = None
) -> tuple[IntArray, tuple[str, ...]]:
    """Return the class ids and class names of a label column.

    Missing labels (None, NaN, empty text, or an id below 0 if ``names`` is given) are -1.
    Classes without rows are left out. Classes are in the order of ``names`` or of a pandas
    categorical; otherwise numbers are sorted by size and text alphabetically.

    Parameters
    ----------
    column : Series of n labels
    subject
        Name of the data, for the error.
    name
        Name of the column.
    names
        Class names, if the column holds their numbers.

    Returns
    -------
    ids : (n,) array of int
        -1 for missing labels.
    classes : tuple of str
        Class name of each id.

    Raises
    ------
    Invalid
        If all labels are missing, equal or different, or they are a quantity.
    """
    codes, values = _codes(column, names)
    present = np.bincount(codes[codes >= 0], minlength=len(values)) > 0
    present_codes = np.flatnonzero(present)
    place = f'label "{name}"'
    if not len(present_codes):
        what = f"all {plural(len(codes), 'label')} are missing"
        raise refuse(subject, "no-labels", place, what, "a column with classes")
    labelled = int((codes >= 0).sum())
    _refuse_quantity([values[each] for each in present_codes], labelled, subject, place)
    if len(present_codes) == 1:
        what = f'every row has the same class "{_word(values[present_codes[0]])}"'
        raise refuse(subject, "one-class", place, what, "at least two classes")
    if len(present_codes) == labelled and labelled > FEW_ROWS:
        what = f"all {plural(labelled, 'label')} are different"
        expected = "classes that rows share; is this a column of ids?"
        raise refuse(subject, "all-different", place, what, expected)
    new = np.full(len(values) + 1, -1, dtype=np.intp)
    new[present_codes] = np.arange(len(present_codes))
    return new[codes], tuple(_word(values[each]) for each in present_codes)


def ids_in(
    column: pd.Series, classes: Sequence[str], *, names: Sequence[str] | None = None
) -> tuple[IntArray, dict[str, int]]:
    """Return the class ids of another label column, given the classes.

    Parameters
    ----------
    column : Series of n labels
    classes
        Class names in the order of their ids.
    names
        Class names, if the column holds their numbers.

    Returns
    -------
    ids : (n,) array of int
        -1 for missing labels and for values that are not among the classes.
    unknown : dict of str to int
        Number of rows of each value that is not among the classes.
    """
    codes, values = _codes(column, names)
    known = {name: number for number, name in enumerate(classes)}
    new = np.array([*(known.get(_word(value), -1) for value in values), -1], dtype=np.intp)
    ids = new[codes]
    counts = np.bincount(codes[(codes >= 0) & (ids < 0)], minlength=len(values))
    return ids, {_word(values[each]): int(counts[each]) for each in np.flatnonzero(counts)}


def text_of(column: pd.Series, missing: str = "") -> TextArray:
    """Return a column as text; integers have no decimal point, missing values are ``missing``."""
    codes, values = _codes(column, None)
    words = np.array([*(_word(value) for value in values), missing], dtype=np.str_)
    found: TextArray = words[codes]
    return found


def _codes(column: pd.Series, names: Sequence[str] | None) -> tuple[IntArray, list[Any]]:
    """Return the sorted distinct values, and the place of each row's value among them; -1 if missing."""
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
    """Set the codes of empty text and infinite numbers to missing."""
    blank = [n for n, value in enumerate(values) if _is_blank(value)]
    return (np.where(np.isin(codes, blank), -1, codes) if blank else codes), values


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value.replace("\0", "").strip()
    return isinstance(value, float | np.floating) and not np.isfinite(value)


def _merged(codes: IntArray, values: list[Any]) -> tuple[IntArray, list[Any]]:
    """Merge values that are written alike, such as 1 and "1"."""
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
    return str(value).rstrip("\0")  # numpy text arrays drop trailing NULs


def _refuse_quantity(values: list[Any], labelled: int, subject: str, place: str) -> None:
    numbers = [value for value in values if isinstance(value, float | np.floating)]
    fractional = [value for value in numbers if not float(value).is_integer()]
    whole = [v for v in values if isinstance(v, int | np.integer) and not isinstance(v, bool)]
    many = len(whole) > max(MOST_GRADES, labelled / 2)
    if not many and (not fractional or len(values) <= MOST_GRADES):
        return
    shown = ", ".join(f"{value:g}" for value in (fractional or whole)[:3])
    what = f"it looks like a quantity: {plural(len(values), 'distinct value')}, such as {shown}"
    expected = (
        "classes; for example, cut the quantity into ranges first:\n"
        "      frame[column] = pandas.qcut(frame[column], 3, labels=['low', 'middle', 'high'])"
    )
    raise refuse(subject, "continuous-label", place, what, expected)


def repeated(values: NDArray[Any]) -> list[str]:
    """Return the values that occur more than once, sorted."""
    unique, counts = np.unique(values, return_counts=True)
    return [str(value) for value in unique[counts > 1]]
