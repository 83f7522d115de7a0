"""What may be asked of an evaluation on own data: everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from dataperf import registry
from dataperf.basics.validation import split_option_problems, unknown_name_problems
from dataperf.errors import Invalid, Problem

#: What can be evaluated on own data.
TRACKS = ("repair", "cleaning", "selection")


def check(told: Mapping[str, Any], *, source: str = "") -> dict[str, Any]:
    """Return what is asked with Python's own numbers, refusing before any data is read.

    Parameters
    ----------
    told
        What `dataperf.own_data.challenge.challenge` takes, as far as it is told.
    source
        Where the data is, if a result is to say so.

    Raises
    ------
    Invalid
        With everything that is wrong.
    """
    found = unknown_name_problems("track", told["track"], TRACKS) if "track" in told else []
    for place, kind in (("model", "fixed_models"), ("metric", "metrics")):
        found += (
            unknown_name_problems(place, told[place], registry.find(kind)) if place in told else []
        )
    numbers = {key: told[key] for key in ("seed", "test_share", "budget") if key in told}
    found += split_option_problems(**numbers)
    found += _of_source(source)
    if found:
        raise Invalid("what is asked of own data", found)
    kinds = {"seed": int, "test_share": float, "budget": int}
    plain = {key: kinds[key](value) for key, value in numbers.items() if value is not None}
    return {**told, **plain}


def columns(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are told as a result can keep them: by their names.

    >>> columns({"label": 0, "group": None, "drop": "a"})
    {'label': '0', 'group': None, 'drop': ['a']}

    Raises
    ------
    Invalid
        If something is told that is no name, such as the labels themselves.
    """
    found: dict[str, Any] = {}
    problems = []
    for role, value in told.items():
        several = role == "drop" and isinstance(value, Iterable) and not isinstance(value, str)
        names = list(value) if several else [] if value is None else [value]
        for name in names:
            if not isinstance(name, str | Integral | float | tuple):
                what, expected = f"a {type(name).__name__}", "the name of a column"
                problems.append(Problem("no-name", role, what, expected))
        words = [str(name) for name in names]
        found[role] = None if value is None else words if role == "drop" else words[0]
    if problems:
        raise Invalid("what is asked of own data", problems)
    return found


def _of_source(source: str) -> list[Problem]:
    """Return what is wrong with a path that a result would have to keep."""
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        what = f"{source.encode('utf-8', 'backslashreplace').decode()} is not UTF-8"
        expected = "a path that a result can keep: rename it"
        return [Problem("not-utf8", "data", what, expected)]
    return []
