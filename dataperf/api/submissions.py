"""Read and check submissions from files, dicts and records, and find their challenge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import CHALLENGE, NOTHING, RULES, SUBMISSION, TEXT
from dataperf.definitions import loading, submission_files
from dataperf.definitions import submission as submissions
from dataperf.definitions.submission_files import Refused
from dataperf.definitions.who import NOBODY, Who
from dataperf.errors import ONLY_WARNING, DataperfError, Invalid, Problem, refuse
from dataperf.records import Challenge, Submission, TaskData, card
from dataperf.records.card import Card

#: The types in which a submission may be given.
Given = str | Path | dict[str, Any] | Submission
Messages = Callable[[str], None]


@dataclass(frozen=True)
class Read:
    """A submission that was read, its challenge, and the name of its file ("submission" if none)."""

    submission: Submission
    challenge: Challenge
    name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """The outcome of a check that found no error.

    Parameters
    ----------
    submission
        What was checked.
    warnings
        Possible mistakes, one sentence each.

    Examples
    --------
    >>> made = {"schema_version": 2, "challenge": "mine", "board": "small", "answer": {}}
    >>> Checked(Submission.model_validate(made), ("it is empty",))
    Valid submission to mine/small, anonymous: no method named
      warning: it is empty
    """

    submission: Submission
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return card.text(self._card())

    def _repr_html_(self) -> str:
        return card.html(self._card())

    def _card(self) -> Card:
        made = self.submission
        who = f"{made.submitter}: {made.method or 'no method named'}"
        notes = [f"warning: {warning.removeprefix(ONLY_WARNING)}" for warning in self.warnings]
        return Card(f"Valid submission to {made.challenge}/{made.board}, {who}", notes=notes)


@dataclass(frozen=True)
class CheckRequest:
    """What to check: files or submissions, with challenge, board, rules, and who made them."""

    submissions: Sequence[Given]
    challenge: str | Challenge | None = None
    board: str | None = None
    rules: str = "strict"
    who: Who = NOBODY


@dataclass
class Data:
    """The data of boards, loaded once each."""

    loaded: dict[tuple[str, str], dict[str, TaskData]] = field(default_factory=dict)

    def of(self, challenge: Challenge, board: str) -> dict[str, TaskData]:
        """Return the data of a board's tasks."""
        key = (challenge.name, board)
        if key not in self.loaded:
            self.loaded[key] = submissions.board_data(challenge, board)
        return self.loaded[key]


def check(
    submission: Given,
    challenge: str | Challenge | None = None,
    *,
    board: str | None = None,
    rules: str = "strict",
) -> Checked:
    """Check a submission as the evaluator does, without training anything.

    Parameters
    ----------
    submission
        The path of a file (or of a folder, in formats that are folders), the content of a file
        as a dict, or a `Submission`.
    challenge
        A challenge or its name; None takes the one that the submission names. Official formats
        name none.
    board
        Name of the board, for official formats that do not name it.
    rules
        ``"strict"``, or ``"official"``: accept everything that the official evaluator accepts.

    Returns
    -------
    Checked
        With the submission as a record, and warnings.

    Raises
    ------
    Invalid
        If the submission breaks a rule or an argument has a wrong type; every problem is listed.
    NotFound
        If there is no such challenge or board.

    Examples
    --------
    >>> import dataperf
    >>> made = dataperf.baseline("speech-selection/digits-60", "random")
    >>> dataperf.check(made).warnings
    ()
    >>> dataperf.check({**made.model_dump(), "board": "digits-6"})
    Traceback (most recent call last):
    dataperf.errors.Invalid: submission: 1 problem
      1. board: "digits-6" [unknown-board]
          boards: digits-25, digits-60, digits-300, en-25, en-60, id-25, id-60, pt-25, pt-60. \
Did you mean "digits-60" or "digits-25" or "digits-300"?
    """
    check_arguments("check", submission, challenge, board, rules)
    found = read(submission, challenge, board, rules=rules)
    checked = _checked(found, Data(), official=rules == "official")
    return replace(checked, warnings=(*checked.warnings, *found.notes))


def check_arguments(
    function: str, submission: Any, challenge: Any, board: Any, rules: Any, **more: Any
) -> None:
    """Refuse arguments of a wrong type that `check` and `evaluate` share."""
    arguments.check(
        function,
        submission=(submission, SUBMISSION),
        challenge=(challenge, CHALLENGE | NOTHING),
        board=(board, TEXT | NOTHING),
        rules=(rules, RULES),
        **more,
    )


def check_all(request: CheckRequest) -> Iterator[tuple[str, Checked | Invalid]]:
    """Check several submissions; yield for each its file's name and the outcome or the error.

    Parameters
    ----------
    request
        What to check; a folder stands for the files in it.
    """
    arguments.check("check", rules=(request.rules, RULES))
    data, official = Data(), request.rules == "official"
    challenge = None if request.challenge is None else loading.of(request.challenge)
    listed = listing(request.submissions, challenge, request.who)
    for given, who in listed.items:
        try:
            found = read(given, challenge, request.board, rules=request.rules, who=who)
            checked = _checked(found, data, official=official)
            copied = [note for path, note in listed.copies.items() if path == given]
            more = (*found.notes, *copied)
            yield found.name, replace(checked, warnings=(*checked.warnings, *more))
        except Invalid as error:
            yield _name(given), error
        except DataperfError as error:
            if len(listed.items) + len(listed.unread) == 1:
                raise
            yield _name(given), Invalid(_name(given), [Problem("not-checked", "", str(error))])
    for unread in listed.unread:
        yield unread.subject, unread


def read_all(
    request: CheckRequest,
    data: Data,
    *,
    on_refused: Refused | None = None,
    on_message: Messages = lambda words: None,
) -> list[Read]:
    """Read and check several submissions; the problems of all of them are reported together.

    Parameters
    ----------
    request
        What to read.
    data
        Where the boards' data is kept.
    on_refused
        Called with the error of each submission that breaks a rule, and of each file that is not
        one; the others are returned. Without it, one bad submission refuses all.
    on_message
        Called with a line for what a user should know of the files.

    Raises
    ------
    Invalid
        If one breaks a rule, and no other is valid or there is no ``on_refused``.
    DataperfError
        If several do.
    """
    found: list[Read] = []
    refused: list[DataperfError] = []
    challenge = None if request.challenge is None else loading.of(request.challenge)
    listed = listing(request.submissions, challenge, request.who)
    for given, who in listed.items:
        try:
            each = read(given, challenge, request.board, rules=request.rules, who=who)
            _checked(each, data, official=request.rules == "official")
            found.append(each)
        except Invalid as error:
            refused.append(error)
        except DataperfError as error:
            if len(listed.items) == 1 or on_refused is None:
                raise
            refused.append(Invalid(_name(given), [Problem("not-read", "", str(error))]))
    submission_files.settle([*refused, *listed.unread], bool(found), on_refused)
    for line in [*listed.copies.values(), *(note for each in found for note in each.notes)]:
        on_message(f"note: {line}")
    return found


@dataclass(frozen=True)
class Listing:
    """Submissions with who made them, errors for what is not one, and notes on equal files."""

    items: list[tuple[Given, Who]]
    unread: list[Invalid]
    copies: dict[Path, str]


def listing(given: Sequence[Given], challenge: Challenge | None, who: Who) -> Listing:
    """Return the submissions that are given, with folders replaced by what they hold."""
    paths = [Path(each) for each in given if isinstance(each, str | Path)]
    found = submission_files.find(paths, challenge)
    items: list[tuple[Given, Who]] = [
        (path, replace(who, folder=found.teams.get(path))) for path in found.paths
    ]
    items += [(each, who) for each in given if not isinstance(each, str | Path)]
    copies = {
        path: f"{path} has the same content as {first}"
        for path, first in submission_files.same_content(found.paths)
    }
    return Listing(items, found.unread, copies)


def check_single(function: str, given: Any, challenge: Any = None) -> None:
    """Refuse a folder of several submissions where a function returns one result.

    Raises
    ------
    Invalid
        If a path is a folder that holds several.
    """
    if not isinstance(given, str | Path) or not Path(given).is_dir():
        return
    chosen = None if challenge is None else loading.of(challenge)
    count = len(submission_files.find([Path(given)], chosen).paths)
    if count > 1:
        what, expected = f"{given} holds {count} submissions", "a path for each of them"
        raise refuse(f"dataperf.{function}", "several", "submission", what, expected)


def read(
    given: Given,
    challenge: str | Challenge | None,
    board: str | None,
    *,
    rules: str,
    who: Who = NOBODY,
) -> Read:
    """Return a submission as a record, with its challenge.

    Raises
    ------
    Invalid
        If it is not a submission to the challenge, or names none and none is given.
    """
    name = _name(given)
    chosen = None if challenge is None else loading.of(challenge)
    notes: list[str] = []
    options: dict[str, Any] = {"official": rules == "official", "who": who}
    options["on_message"] = notes.append
    if not isinstance(given, str | Path):
        content = submissions.content_of(given)
        chosen = chosen or submissions.challenge_in(content, name)
        made = submissions.parse(content, chosen, board, subject=name, **options)
    elif chosen is None:
        made, chosen = submissions.read_named(Path(given), board, **options)
    else:
        made = submissions.read(Path(given), chosen, board, **options)
    return Read(made, chosen, name, tuple(notes))


def _name(given: Given) -> str:
    return str(given) if isinstance(given, str | Path) else "submission"


def _checked(read: Read, data: Data, *, official: bool) -> Checked:
    made, challenge = read.submission, read.challenge
    try:
        loaded = data.of(challenge, made.board)
        warnings = submissions.check(made, challenge, loaded, official=official)
    except Invalid as error:
        raise Invalid(read.name, error.problems) from None
    return Checked(made, tuple(warnings))
