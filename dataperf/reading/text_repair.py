"""Text that no file can hold, made such that one can: half characters become question marks."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def whole(value: Any) -> Any:
    """Return text without half characters (lone surrogates); anything else as it is.

    >>> whole("a" + chr(0xD800)), whole("é"), whole(3)
    ('a?', 'é', 3)
    """
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "replace").decode()


def file_name(name: str) -> str:
    """Return a file's name with bytes that are not UTF-8 as Python escapes them.

    Two files whose names differ only there keep different names, as ids must be.

    >>> file_name("caf" + chr(0xDCE9)), file_name("café")
    ('caf\\\\xe9', 'café')
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def series(values: list[Any]) -> pd.Series[Any]:
    """Return values as a series."""
    import pandas as pd

    try:
        return pd.Series(values)
    except UnicodeEncodeError:
        return pd.Series([whole(value) for value in values])


def printed(value: Any) -> Any:
    """Return bytes as Python prints them; anything else as it is.

    >>> printed(b"a\\xff"), printed("a")
    ("b'a\\\\xff'", 'a')
    """
    return repr(value) if isinstance(value, bytes) else value


def quiet(value: Any) -> Any:
    """Return None for a decimal NaN that signals, which nothing may look at; else the value.

    >>> quiet(Decimal("sNaN")), quiet(3)
    (None, 3)
    """
    return None if isinstance(value, Decimal) and value.is_snan() else value


def changed(frame: pd.DataFrame, change: Callable[[Any], Any]) -> tuple[pd.DataFrame, list[str]]:
    """Return a frame with its values changed, and the columns in which any was.

    Only columns of Python objects are looked at: no others hold bytes, half characters or decimals.
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
