"""The errors that dataperf raises on purpose.

DataperfError              the user can fix it: printed without a traceback, exit code 2
├── NotFound               an unknown name (with the nearest known names)
├── Ambiguous              a name that two files define
├── Invalid                a file or value with problems, all of them listed
├── DigestMismatch         bytes that do not have the expected digest
├── Unavailable            data or a package that is not installed here
└── TrainingFailed         a frozen model failed on a training set

Any other exception is a bug in dataperf and keeps its traceback (exit code 1).
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: Characters without a sign of their own that are printed as they are: line ends, tabs, joiners.
KEPT = "\n\t\u200c\u200d"
#: Maximum number of problems in one message; a file can have millions.
MOST_SHOWN = 100
#: Marks a warning in a list of problems; a line that begins with "warning:" omits it.
ONLY_WARNING = "(only a warning) "


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    rule
        Stable identifier of the broken rule, such as ``"unknown-id"``.
    where
        Path into the file: ``"answer.samples.one[3]"``.
    what
        What was found.
    expected
        What was expected, or what to do.
    severity
        ``"error"`` rejects the input; ``"warning"`` is shown and the input is accepted.
    """

    rule: str
    where: str
    what: str
    expected: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        then = f"\n      {self.expected}" if self.expected else ""
        warning = ONLY_WARNING if self.severity == "warning" else ""
        return f"{warning}{place}{self.what} [{self.rule}]{then}"


class DataperfError(Exception):
    """Base class of errors that the user can fix; the message says how.

    Examples
    --------
    >>> error = DataperfError("there is no such file")
    >>> str(error), error.exit_code
    ('there is no such file', 2)
    """

    exit_code = 2

    def __str__(self) -> str:
        """Return the message with control characters escaped: names in it may be a stranger's."""
        return printable(super().__str__())

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross process borders: keep the message, do not build it again."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[DataperfError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class NotFound(DataperfError):
    """An unknown name.

    Parameters
    ----------
    kind
        What was looked for, such as ``"challenge"``.
    name
        The unknown name.
    known
        All names that exist; the message suggests the nearest ones.
    where
        Where the name was looked for; "" if that is plain.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        known = sorted(known)
        place = f" ({where})" if where else ""
        super().__init__(
            f'there is no {kind} named "{name}"{place}.\n'
            f"  {did_you_mean(name, known) or 'Known: ' + (', '.join(known) or 'none')}"
        )


class Ambiguous(DataperfError):
    """A name that two files define. Neither may shadow the other."""


class Invalid(DataperfError):
    """A file or value with problems.

    Parameters
    ----------
    subject
        What was checked, usually a file's name.
    problems
        All problems; at least one. The message lists the first 100.

    Examples
    --------
    >>> error = Invalid("mine.json", [Problem("unknown-id", "answer.samples", "no id x")])
    >>> print(error)
    mine.json: 1 problem
      1. answer.samples: no id x [unknown-id]
    >>> error.problems[0].rule
    'unknown-id'
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
        named = subject.replace("\n", "\\n")  # a file's name cannot forge a line
        super().__init__(f"{named}: {count}\n{lines}")


class DigestMismatch(DataperfError):
    """Bytes that do not have the expected digest.

    Parameters
    ----------
    what
        The file or data.
    expected, found
        sha256 in hex.
    remedy
        What the user can do.
    """

    def __init__(self, what: str, *, expected: str, found: str, remedy: str) -> None:
        super().__init__(
            f"{what} has the wrong digest:\n"
            f"  expected sha256 {expected}\n  found    sha256 {found}\n  {remedy}"
        )


class Unavailable(DataperfError):
    """Data or a package that is not installed here."""


class TrainingFailed(DataperfError):
    """A frozen model raised, exited or predicted nonsense on a training set.

    Parameters
    ----------
    model
        The model's name.
    reason
        What it raised, in one line.
    path
        The file of a user's own model; "" for ours.
    """

    def __init__(self, model: str, reason: str, path: str = "") -> None:
        self.reason = reason
        named = f"{model} ({path})" if path else model
        super().__init__(f"the fixed model {named} cannot be trained or cannot predict: {reason}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known names, or an empty string.

    Parameters
    ----------
    name
        The unknown name.
    known
        The names that exist.

    Returns
    -------
    str
        At most three names.

    Examples
    --------
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
    """Return the error for a single problem; the caller raises it.

    Parameters
    ----------
    subject
        What was checked, usually a file's name.
    rule
        Stable identifier of the broken rule, such as ``"unknown-id"``.
    where
        Path into the file; "" for the whole of it.
    what
        What was found.
    expected
        What was expected, or what to do.

    Returns
    -------
    Invalid
        With one problem.

    Examples
    --------
    >>> raise refuse("data.csv", "empty", "", "the file is empty")
    Traceback (most recent call last):
    dataperf.errors.Invalid: data.csv: 1 problem
      1. the file is empty [empty]
    """
    return Invalid(subject, [Problem(rule, where, what, expected)])


def printable(text: str, escaped: Callable[[str], str] | None = None) -> str:
    r"""Return a text with control characters escaped, which would command the terminal.

    So are characters that reorder or hide others. Line ends and tabs stay as they are; so do the
    two joiners that several scripts are spelt with.

    Parameters
    ----------
    text
        Any text.
    escaped
        Returns what a character is written as; by default Python's own escape.

    >>> printable("\x1b[2Jred")
    '\\x1b[2Jred'
    """
    if text.isascii() and text.isprintable():
        return text
    escaped = escaped or (lambda each: each.encode("unicode_escape").decode())
    return "".join(each if _harmless(each) else escaped(each) for each in text)


def _harmless(character: str) -> bool:
    if character.isprintable() or character in KEPT:
        return True
    return unicodedata.category(character) == "Zs"  # spaces of other widths
