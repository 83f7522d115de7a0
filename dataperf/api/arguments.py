"""Check the arguments of public functions: a wrong type is an error that names the argument."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from dataperf.basics import validation
from dataperf.errors import Invalid, Problem, did_you_mean, printable
from dataperf.records import Challenge, Result, Submission


@dataclass(frozen=True)
class Expected:
    """The accepted values of an argument, in words and as a function."""

    words: str
    fits: Callable[[Any], bool]

    def __or__(self, other: Expected) -> Expected:
        words = f"{self.words} or {other.words}"
        return Expected(words, lambda value: self.fits(value) or other.fits(value))


def _is_path(value: Any) -> bool:
    """Return whether a value is a path that the system can look up, whether it exists or not."""
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        return False
    try:
        Path(value).exists()
    except (OSError, ValueError):  # too long a name, or a NUL in it
        return False
    return True


def _list_of(words: str, part: Expected) -> Expected:
    def fits(value: Any) -> bool:
        return isinstance(value, list | tuple) and all(map(part.fits, value))

    return Expected(f"a list of {words}", fits)


def one_of(*names: str) -> Expected:
    """Return a rule that accepts one of some texts."""
    words = " or ".join(f'"{name}"' for name in names)
    return Expected(words, lambda value: isinstance(value, str) and value in names)


NOTHING = Expected("None", lambda value: value is None)
TEXT = Expected("a text", lambda value: isinstance(value, str))
TEXTS = _list_of("texts", TEXT)
PATH = Expected("a path", _is_path)
YES_OR_NO = Expected("True or False", lambda value: isinstance(value, bool))
NUMBER = Expected("a whole number, at least 1", lambda value: _is_whole(value) and value >= 1)
SEED = Expected(
    f"a whole number from 0 to {validation.MOST_SEED}",
    lambda value: _is_whole(value) and 0 <= value <= validation.MOST_SEED,
)
FUNCTION = Expected("a function", callable)
CHALLENGE = Expected("a challenge's name", lambda value: isinstance(value, str)) | Expected(
    "a Challenge", lambda value: isinstance(value, Challenge)
)
SUBMISSION = (
    PATH
    | Expected("a dict", lambda value: isinstance(value, dict))
    | Expected("a Submission", lambda value: isinstance(value, Submission))
)
SUBMISSIONS = SUBMISSION | _list_of("those", SUBMISSION)
RESULT = PATH | Expected("a Result", lambda value: isinstance(value, Result))
RESULT_LIST = _list_of("results or their files", RESULT)
RESULTS = PATH | _list_of("Results", Expected("", lambda value: isinstance(value, Result)))
DATA = Expected("a path, a dataset's name, a data frame or arrays", lambda value: value is not None)
RULES = one_of("strict", "official")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def check(function: str, **given: tuple[Any, Expected]) -> None:
    """Refuse arguments of a wrong type, all of them at once.

    Parameters
    ----------
    function
        Name of the public function.
    **given
        By argument: its value and its rule.

    Raises
    ------
    Invalid
        If an argument breaks its rule.

    Examples
    --------
    >>> check("pool", challenge=("speech-selection", CHALLENGE), board=(None, TEXT | NOTHING))
    >>> check("pool", challenge=(3, CHALLENGE))
    Traceback (most recent call last):
    dataperf.errors.Invalid: dataperf.pool: 1 problem
      1. challenge: 3 [wrong-type]
          expected a challenge's name or a Challenge
    """
    problems = [
        Problem("wrong-type", name, shown(value), f"expected {expected.words}")
        for name, (value, expected) in given.items()
        if not expected.fits(value)
    ]
    if problems:
        raise Invalid(f"dataperf.{function}", problems)


def check_names(function: str, options: Iterable[str], known: Iterable[str]) -> None:
    """Refuse options that a function does not have, and name the nearest ones."""
    names = list(known)
    problems = [
        Problem(
            "unknown-option",
            name,
            "there is no such option",
            did_you_mean(name, names) or f"one of {', '.join(names)}",
        )
        for name in options
        if name not in names
    ]
    if problems:
        raise Invalid(f"dataperf.{function}", problems)


def shown(value: Any) -> str:
    """Return a value as an error shows it: itself if it is short, otherwise its type.

    >>> shown(3), shown([1, 2]), shown(None)
    ('3', 'a list', 'None')
    """
    if value is None or isinstance(value, str | int | float | Path):
        return validation.shown(value)
    return f"a {type(value).__name__}"


def warn(message: str) -> None:
    """Issue a message as a Python warning: the default ``on_message`` of public functions."""
    warnings.warn(printable(message), UserWarning, stacklevel=4)


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are not None."""
    return {name: value for name, value in options.items() if value is not None}
