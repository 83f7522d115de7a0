"""Tell quantities from classes: one rule for labels that are numbers.

Numbers with at most 20 different values are classes. More of them are classes only if they look
like codes: whole numbers that count from 0 or 1 without gaps, or that are far apart, have no
common divisor and many rows each. All others are a quantity, such as a price or a mass.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.basics.wording import plural
from dataperf.errors import refuse as refused
from dataperf.reading import dates, numbers
from dataperf.records import IntArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Numbers with at most this many different values are classes.
MOST_GRADES = 20
#: In fewer rows, fractions may be all different and still be grades.
FEW_ROWS = 8
#: Share of the numbers between the lowest and the highest from which there are no gaps.
FULL = 0.8
#: Codes with gaps have at least this many rows each on average.
ROWS_OF_CODE = 10
WAY_OUT = (
    "classes; for example, cut the quantity into ranges first:\n"
    "      frame[column] = pandas.qcut(frame[column], 3, labels=['low', 'middle', 'high'])\n"
    "      or, if they are codes, write a letter before each"
)


def refuse(values: Sequence[Any], counts: IntArray, subject: str, place: str) -> None:
    """Refuse labels that are a quantity or dates.

    Parameters
    ----------
    values
        The different labels.
    counts : array of int
        Number of rows of each.
    subject, place
        The data and the column, for the error.

    Raises
    ------
    Invalid
        If they are not classes.
    """
    if len(values) > MOST_GRADES and _are_dates(values):
        what = f"{plural(len(values), 'different date')}, such as {values[0]}"
        raise refused(subject, "continuous-label", place, what, WAY_OUT)
    found = _numbers(values)
    if found is None or not is_quantity(found, counts):
        return
    shown = ", ".join(str(value) for value in _examples(values, found))
    what = f"it looks like a quantity: {plural(len(values), 'distinct value')}, such as {shown}"
    raise refused(subject, "continuous-label", place, what, WAY_OUT)


def is_quantity(values: NDArray[np.float64], counts: IntArray) -> bool:
    """Return whether different numbers are a quantity rather than classes.

    >>> import numpy as np
    >>> mass = np.arange(2700, 6300, 50.0)
    >>> is_quantity(mass, np.full(72, 5)), is_quantity(np.arange(100.0), np.full(100, 5))
    (True, False)
    """
    labelled = int(counts.sum())
    if not (values == np.floor(values)).all():
        return len(values) > MOST_GRADES or (len(values) > labelled / 2 and labelled >= FEW_ROWS)
    if len(values) <= MOST_GRADES:
        return False
    if len(values) > labelled / 2:
        return True
    low, high = float(values.min()), float(values.max())
    if len(values) >= FULL * (high - low + 1):
        return low not in (0.0, 1.0)
    together = np.gcd.reduce(np.abs(values).astype(np.int64)) if high < 2**62 else 1
    return bool(together > 1) or labelled / len(values) < ROWS_OF_CODE


def _are_dates(values: Sequence[Any]) -> bool:
    """Return whether labels are dates, or text that is read as dates."""
    import pandas as pd

    if all(isinstance(each, datetime.date | np.datetime64) for each in values):
        return True
    if not all(isinstance(each, str) for each in values):
        return False
    found = dates.read("", pd.Series(list(values), dtype=object))
    return found is not None and found.values is not None and not found.lost[0]


def notes(values: Sequence[Any], labelled: int) -> list[str]:
    """Return a note on many numbers that were taken for codes of classes."""
    found = _numbers(values)
    if found is None or len(found) <= MOST_GRADES:
        return []
    text = f"{len(found):,} different whole numbers are read as codes of classes, not as a quantity"
    return [text]


def _numbers(values: Sequence[Any]) -> NDArray[np.float64] | None:
    """Return labels as numbers; None if they are something else.

    Text counts as numbers only if it cannot be a code: with a fraction, a unit or a separator.
    """
    import pandas as pd

    if all(isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values):
        return np.array(values, dtype=np.float64)
    if not all(isinstance(value, str) for value in values) or len(values) <= MOST_GRADES:
        return None
    found = numbers.read(pd.Series(list(values), dtype=object), decimal=",")
    if found is not None and found.values is not None and not found.blanks:
        return found.values
    plain = pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce").to_numpy(
        np.float64
    )
    fractions = np.isfinite(plain).all() and not (plain == np.floor(plain)).all()
    return plain if fractions else None


def _examples(values: Sequence[Any], found: NDArray[np.float64]) -> list[Any]:
    odd = [value for value, number in zip(values, found, strict=True) if number != int(number)]
    return [f"{value:g}" if isinstance(value, float) else value for value in (odd or values)[:3]]
