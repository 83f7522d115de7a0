"""The options of an evaluation on own data, checked all at once before data is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from dataperf import registry
from dataperf.basics.validation import split_option_problems, unknown_name_problems
from dataperf.definitions import loading
from dataperf.errors import Invalid, Problem


def tracks() -> dict[str, str]:
    """Return the tracks that work on own data, by the name of the challenge: ``own-TRACK``.

    Those are the tracks that offer ``own_rules``; see `dataperf.contracts.Track`.
    """
    return {
        loading.OWN + name.replace("_", "-"): name
        for name, entry in registry.find("tracks").items()
        if entry.defines("own_rules")
    }


def default_track() -> str:
    """Return the track of own data where none is named: the one that says ``OWN_DEFAULT``."""
    found = registry.find("tracks").items()
    return next(name for name, each in found if each.ours and each.defines("OWN_DEFAULT"))


def applicable() -> list[str]:
    """Return the tracks whose answers `dataperf.apply` can apply: they offer ``own_changes``."""
    return [name for name in tracks().values() if _changes_rows(name)]


def _changes_rows(track: str) -> bool:
    return registry.get("tracks", track).defines("own_changes")


def check(given: Mapping[str, Any], *, source: str = "") -> dict[str, Any]:
    """Return options with their numbers as Python's own.

    Parameters
    ----------
    given
        Options of `dataperf.own_data.challenge.challenge`.
    source
        The data's path, if a result is to record it.

    Raises
    ------
    Invalid
        If an option is wrong; every problem is listed.
    """
    found = []
    if "track" in given:
        found = unknown_name_problems("track", given["track"], tracks().values())
    for place, kind in (("model", "fixed_models"), ("metric", "metrics")):
        found += (
            unknown_name_problems(place, given[place], registry.find(kind))
            if place in given
            else []
        )
    numbers = {key: given[key] for key in ("seed", "test_share", "budget") if key in given}
    found += split_option_problems(**numbers)
    found += _of_source(source)
    if found:
        raise Invalid("options for own data", found)
    kinds = {"seed": int, "test_share": float, "budget": int}
    plain = {key: kinds[key](value) for key, value in numbers.items() if value is not None}
    return {**given, **plain}


def columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that name columns, as names that a result can record.

    >>> columns({"label": 0, "group": None, "drop": "a"})
    {'label': '0', 'group': None, 'drop': ['a']}

    Raises
    ------
    Invalid
        If an option is not a name, such as the labels themselves.
    """
    found: dict[str, Any] = {}
    problems = []
    for role, value in given.items():
        if role in ("decimal", "missing", "merge_labels"):
            found[role] = value if role != "missing" or value is None else listed(value)
            continue
        several = role == "drop" and isinstance(value, Iterable) and not isinstance(value, str)
        names = list(value) if several else [] if value is None else [value]
        for name in names:
            if not isinstance(name, str | Integral | float | tuple):
                what, expected = f"a {type(name).__name__}", "the name of a column"
                problems.append(Problem("no-name", role, what, expected))
        words = [str(name) for name in names]
        found[role] = None if value is None else words if role == "drop" else words[0]
    if problems:
        raise Invalid("options for own data", problems)
    return found


def listed(words: Any) -> Any:
    """Return words as a list; a single word may be given by itself.

    >>> listed("?"), listed(("?", "-"))
    (['?'], ['?', '-'])
    """
    return [words] if isinstance(words, str) or not isinstance(words, Iterable) else list(words)


def _of_source(source: str) -> list[Problem]:
    """Return what is wrong with a path that a result would record."""
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        what = f"{source.encode('utf-8', 'backslashreplace').decode()} is not UTF-8"
        expected = "a path that a result can record: rename it"
        return [Problem("not-utf8", "data", what, expected)]
    return []
