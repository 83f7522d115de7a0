"""Every way dataperf refuses to go on.

DataperfError              the user can mend it: printed without a traceback, exit code 2
├── NotFound               a name that nothing has (with the nearest names that exist)
├── Ambiguous              a name that two files define
├── Invalid                a file or value with problems, all of them listed
├── DigestMismatch         bytes that are not the bytes that were promised
├── Unavailable            data or a library that is not installed here
└── TrainingFailed         a frozen model failed on a training set: a failed result, if it is kept

Anything else that escapes is a defect of ours and keeps its traceback (exit code 1).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: Problems that one message lists; a file can hold millions.
MOST_SHOWN = 100


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    rule
        Stable identifier of the rule that is broken, such as ``"unknown-id"``.
    where
        The place, as a path into the file: ``"answer.samples.one[3]"``.
    what
        What is there.
    expected
        What should be there, or what to do about it.
    severity
        ``"error"`` refuses the input; ``"warning"`` is shown and lets it pass.
    """

    rule: str
    where: str
    what: str
    expected: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        then = f"\n      {self.expected}" if self.expected else ""
        warning = "(only a warning) " if self.severity == "warning" else ""
        return f"{warning}{place}{self.what} [{self.rule}]{then}"


class DataperfError(Exception):
    """The user can mend this; the message says how."""

    exit_code = 2

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross from a worker process: its message is made already."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[DataperfError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class NotFound(DataperfError):
    """A name that nothing has."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        known = sorted(known)
        place = f" ({where})" if where else ""
        super().__init__(
            f'there is no {kind} named "{name}"{place}.\n'
            f"  {did_you_mean(name, known) or 'There is: ' + (', '.join(known) or 'none')}"
        )


class Ambiguous(DataperfError):
    """A name that two files define; neither may shadow the other."""


class Invalid(DataperfError):
    """A file or value with problems.

    Parameters
    ----------
    subject
        What was looked at, usually a file's name.
    problems
        All of the problems; never empty. The message lists the first hundred.
    """

    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        errors = sum(problem.severity == "error" for problem in problems)
        count = f"{errors} problem" + ("s" if errors != 1 else "")
        shown = [f"  {n}. {problem}" for n, problem in enumerate(self.problems[:MOST_SHOWN], 1)]
        if len(self.problems) > MOST_SHOWN:
            shown.append(f"  and {len(self.problems) - MOST_SHOWN:,} more")
        lines = "\n".join(shown)
        super().__init__(f"{subject}: {count}\n{lines}")


class DigestMismatch(DataperfError):
    """Bytes that are not the bytes that were promised."""

    def __init__(self, what: str, *, expected: str, found: str, remedy: str) -> None:
        super().__init__(
            f"{what} is not what it should be:\n"
            f"  expected sha256 {expected}\n  found    sha256 {found}\n  {remedy}"
        )


class Unavailable(DataperfError):
    """Data or a library that is not installed here."""


class TrainingFailed(DataperfError):
    """A frozen model raised, exited or predicted nonsense on a training set.

    Parameters
    ----------
    model
        The model's name.
    reason
        What it raised, in one line.
    """

    def __init__(self, model: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the fixed model {model} cannot be trained or cannot predict: {reason}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest known names, or an empty string.

    >>> did_you_mean("macro_f", ["macro_f1", "accuracy"])
    'Did you mean "macro_f1"?'
    >>> did_you_mean("Y", ["x", "y"])
    'Did you mean "y"?'
    >>> did_you_mean("xyz", ["macro_f1"])
    ''
    """
    names = list(known)
    near = [other for other in names if other.lower() == name.lower()][:3]
    near = near or difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    quoted = " or ".join(f'"{other}"' for other in near)
    return f"Did you mean {quoted}?" if near else ""


def refuse(subject: str, rule: str, where: str, what: str, expected: str = "") -> Invalid:
    """Return the error for one thing that is wrong."""
    return Invalid(subject, [Problem(rule, where, what, expected)])
