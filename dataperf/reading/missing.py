"""Words that stand for a missing value: one list for every column of every source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dataperf.basics.wording import plural

if TYPE_CHECKING:
    import pandas as pd

#: Words that mean a missing value, unless the caller names others. `None` is not among them:
#: classes are called so.
WORDS = (
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "<NA>"),
)
#: Words that may mean so too; a column that serves as label, id or group says so if it has them.
LIKE_WORDS = frozenset(("none", "null", "nan", "na", "n/a", "nil", "?", "-", "--", "."))
#: Maximum number of columns and of words that a note names.
MOST = 5

#: Column to word to number of rows.
Counts = Mapping[str, Mapping[str, int]]


def words(given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the words that stand for a missing value; None gives the usual ones.

    >>> words(["?", ""]), words([]), "NA" in words(None)
    (('?',), (), True)
    """
    if given is None:
        return WORDS
    return tuple(word for word in dict.fromkeys(str(each) for each in given) if word)


def clear(
    frame: pd.DataFrame, given: Sequence[str], *, numbers: bool
) -> tuple[pd.DataFrame, dict[str, dict[str, int]]]:
    """Return a frame with missing values in place of words that stand for them.

    Parameters
    ----------
    frame
        Any data frame.
    given
        The words.
    numbers
        Whether words that are numbers (``-999``) are missing in columns of numbers too.

    Returns
    -------
    frame
        The same frame if nothing is missing.
    counts
        By column: word to number of rows.
    """
    import pandas as pd

    as_numbers = [number for word in given if (number := _number(word)) is not None]
    new: dict[str, Any] = {}
    counts: dict[str, dict[str, int]] = {}
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype | pd.CategoricalDtype):
            found = _places(column, list(given))
        elif numbers and as_numbers and pd.api.types.is_numeric_dtype(column.dtype):
            found = column.isin(as_numbers)
        else:
            continue
        if found is None or not found.any():
            continue
        counts[str(name)] = {
            str(word): int(count) for word, count in column[found].value_counts().items() if count
        }
        new[name] = column.mask(found.astype(bool))
    return (frame.assign(**new) if new else frame), counts


def _places(column: pd.Series, given: list[str]) -> pd.Series | None:
    try:
        return column.isin(given)
    except TypeError:  # lists and the like cannot be looked up
        return None


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def notes(
    counts: Counts, roles: Mapping[str, str], frame: pd.DataFrame, given: Sequence[str]
) -> list[tuple[str, str]]:
    """Return what was read as missing, and what could be: column and remark.

    Parameters
    ----------
    counts
        By column: word to number of rows that were read as missing.
    roles
        Column to what it serves as (label, id, group and so on).
    frame
        The columns as they were read.
    given
        The words that stand for a missing value.
    """
    found = []
    for name, role in roles.items():
        if some := counts.get(name):
            keep = f"{role}: {_said(some)} read as missing"
            found.append((f"column {name}", f'{keep}; --missing "" keeps such words as values'))
        if name in frame.columns and (some := _like(frame[name], given)):
            word = next(iter(some))
            keep = f"{role}: {_said(some)} read as a value"
            found.append((f"column {name}", f"{keep}; --missing {word} reads it as missing"))
    others = {name: some for name, some in counts.items() if name not in roles}
    if others:
        shown = ", ".join(f"{name} ({_said(some)})" for name, some in list(others.items())[:MOST])
        more = f" and {len(others) - MOST:,} more" if len(others) > MOST else ""
        found.append(("missing values", f"words read as missing in {shown}{more}"))
    return found


def _like(column: pd.Series, given: Sequence[str]) -> dict[str, int]:
    """Return words of a column that may stand for a missing value, with their number of rows."""
    try:
        counts = column.value_counts()
    except TypeError:
        return {}
    return {
        value: int(count)
        for value, count in counts.items()
        if isinstance(value, str) and value.strip().casefold() in LIKE_WORDS and value not in given
        if count
    }


def _said(some: Mapping[str, int]) -> str:
    shown = [f'"{word}" in {plural(count, "row")}' for word, count in list(some.items())[:MOST]]
    return ", ".join(shown)
