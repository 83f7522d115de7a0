"""What may be asked of an evaluation on own data: everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from dataperf import registry
from dataperf.errors import Problem, did_you_mean
from dataperf.splits import SHARE

MOST_SEED = 2**32 - 1


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


def plugin(place: str, kind: str, name: Any) -> list[Problem]:
    """Return what is wrong with the name of a plug-in."""
    return named(place, name, registry.find(kind))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}"
