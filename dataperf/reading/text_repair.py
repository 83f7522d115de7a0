"""Repair text that cannot be written as UTF-8: lone surrogates become question marks."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from numbers import Integral
from typing import TYPE_CHECKING, Any

from dataperf.reading.loaded import EXACT

if TYPE_CHECKING:
    import pandas as pd

#: Integers with more bits may be too large for a float.
LONGEST_INTEGER = 1023


def whole(value: Any) -> Any:
    """Return text without lone surrogates; any other value unchanged.

    >>> whole("a" + chr(0xD800)), whole("é"), whole(3)
    ('a?', 'é', 3)
    """
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "replace").decode()


def file_name(name: str) -> str:
    """Return a file's name with escapes in place of bytes that are not UTF-8.

    Different files keep different names, because the names serve as ids.

    >>> file_name("caf" + chr(0xDCE9)), file_name("café")
    ('caf\\\\xe9', 'café')
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def series(values: list[Any]) -> pd.Series[Any]:
    """Return values as a pandas series: lone surrogates repaired, integers with all their digits."""
    import pandas as pd

    try:
        found = pd.Series(values)
    except UnicodeEncodeError:
        return pd.Series([whole(value) for value in values])
    if found.dtype.kind == "f" and any(_is_wide(value) for value in values):
        return _exact(values)
    return found


def _is_wide(value: Any) -> bool:
    return isinstance(value, Integral) and abs(int(value)) > EXACT


def _exact(values: list[Any]) -> pd.Series[Any]:
    """Return integers and missing values as integers; other numbers among them stay as they are."""
    import pandas as pd

    absent = [value is None or value is pd.NA or value != value for value in values]
    if all(gone or isinstance(value, Integral) for gone, value in zip(absent, values)):
        whole_ones = [None if gone else int(value) for gone, value in zip(absent, values)]
        try:
            return pd.Series(pd.array(whole_ones, dtype="Int64"))
        except (OverflowError, TypeError, ValueError):
            return pd.Series(whole_ones, dtype=object)
    return pd.Series(values, dtype=object)


def printed(value: Any) -> Any:
    """Return bytes as text; bytes that are not UTF-8 as Python prints them; other values unchanged.

    >>> printed(b"a\\xff"), printed(b"a"), printed("a")
    ("b'a\\\\xff'", 'a', 'a')
    """
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return repr(value)


def quiet(value: Any) -> Any:
    """Return values that raise when used in a form that does not; any other value unchanged.

    A signalling decimal NaN becomes None. An integer that no float can hold becomes a decimal.

    >>> quiet(Decimal("sNaN")), quiet(3), quiet(2**1023) == 2**1023
    (None, 3, True)
    """
    if isinstance(value, Decimal) and value.is_snan():
        return None
    if isinstance(value, int) and value.bit_length() > LONGEST_INTEGER:
        return Decimal(value)
    return value


def changed(frame: pd.DataFrame, change: Callable[[Any], Any]) -> tuple[pd.DataFrame, list[str]]:
    """Apply a function to the values of a frame.

    Only columns of Python objects are changed: no others hold bytes, lone surrogates or decimals.

    Parameters
    ----------
    frame
        Any data frame.
    change
        Called with each value; returns the new one.

    Returns
    -------
    frame
        With the new values.
    columns : list of str
        Names of the columns in which a value changed.
    """
    import pandas as pd

    found = {}
    for name in frame.columns:
        if frame[name].dtype == object:
            values = frame[name].tolist()
            after = [change(value) for value in values]
            if any(
                type(new) is not type(old) or (isinstance(new, str) and new != old)
                for new, old in zip(after, values)
            ):
                found[name] = pd.Series(after, index=frame.index)
    return (frame.assign(**found) if found else frame), [str(name) for name in found]
