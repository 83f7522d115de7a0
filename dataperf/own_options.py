"""What may be asked of an evaluation on own data: everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from dataperf import registry
from dataperf.errors import Invalid, Problem, did_you_mean
from dataperf.splits import SHARE

#: What can be evaluated on own data.
TRACKS = ("repair", "cleaning", "selection")
MOST_SEED = 2**32 - 1


def check(told: Mapping[str, Any], *, source: str = "") -> None:
    """Refuse what cannot be asked of own data, before any of it is read.

    Parameters
    ----------
    told
        What `dataperf.own.challenge` takes, as far as it is told.
    source
        Where the data is, if a result is to say so.

    Raises
    ------
    Invalid
        With everything that is wrong.
    """
    found = named("track", told["track"], TRACKS) if "track" in told else []
    for place, kind in (("model", "fixed_models"), ("metric", "metrics")):
        found += named(place, told[place], registry.find(kind)) if place in told else []
    numbers = {key: told[key] for key in ("seed", "share", "budget") if key in told}
    found += problems(**numbers)
    found += _of_source(source)
    if found:
        raise Invalid("what is asked of own data", found)


def problems(
    *, seed: Any = 0, share: Any = SHARE, budget: Any = None, place: str = "share"
) -> list[Problem]:
    """Return what is wrong with the numbers that a split and a budget are made of.

    Parameters
    ----------
    seed
        A whole number from 0 to 2**32 - 1.
    share
        More than 0 and less than 1.
    budget
        At least one row, or None.
    place
        What the share is called where it was given.
    """
    found = []
    if not _is_whole(seed) or not 0 <= seed <= MOST_SEED:
        expected = f"a whole number from 0 to {MOST_SEED}"
        found.append(Problem("bad-seed", "seed", f"the seed is {seed!r}", expected))
    number = isinstance(share, Real) and not isinstance(share, bool)
    if not number or not 0.0 < float(share) < 1.0:
        what = f"the share to test on is {share!r}"
        found.append(Problem("bad-share", place, what, "more than 0, less than 1"))
    if budget is not None and (not _is_whole(budget) or budget < 1):
        what = f"the budget is {budget!r}"
        found.append(Problem("bad-budget", "budget", what, "a whole number of rows, at least 1"))
    return found


def named(place: str, name: Any, known: Iterable[str]) -> list[Problem]:
    """Return what is wrong with a name, of those that there are."""
    names = list(known)
    if isinstance(name, str) and name in names:
        return []
    hint = did_you_mean(name, names) if isinstance(name, str) else ""
    return [Problem("unknown-name", place, f"there is no {name!r}", hint or _one_of(names))]


def _of_source(source: str) -> list[Problem]:
    """Return what is wrong with a path that a result would have to keep."""
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        what = f"{source.encode('utf-8', 'backslashreplace').decode()} is not UTF-8"
        expected = "a path that a result can keep: rename it"
        return [Problem("not-utf8", "data", what, expected)]
    return []


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}"
