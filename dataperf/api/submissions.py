"""Read and check submissions from files, dicts and records, and find their challenge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import CHALLENGE, NOTHING, RULES, SUBMISSION, TEXT
from dataperf.basics import json_files
from dataperf.definitions import loading
from dataperf.definitions import submission as submissions
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.records import Challenge, Submission, TaskData, card
from dataperf.records.card import Card

#: The types in which a submission may be given.
Given = str | Path | dict[str, Any] | Submission


@dataclass(frozen=True)
class Read:
    """A submission that was read, its challenge, and the name of its file ("submission" if none)."""

    submission: Submission
    challenge: Challenge
    name: str


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
        notes = [f"warning: {warning}" for warning in self.warnings]
        return Card(f"Valid submission to {made.challenge}/{made.board}, {who}", notes=notes)


@dataclass(frozen=True)
class CheckRequest:
    """What to check: files or submissions, with challenge, board and rules."""

    submissions: Sequence[Given]
    challenge: str | Challenge | None = None
    board: str | None = None
    rules: str = "strict"


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
    return _checked(
        read(submission, challenge, board, rules=rules), Data(), official=rules == "official"
    )


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
    for given in files_of(request.submissions, challenge):
        try:
            found = read(given, challenge, request.board, rules=request.rules)
            yield found.name, _checked(found, data, official=official)
        except Invalid as error:
            yield _name(given), error


def read_all(request: CheckRequest, data: Data) -> list[Read]:
    """Read and check several submissions; the problems of all of them are reported together.

    Parameters
    ----------
    request
        What to read.
    data
        Where the boards' data is kept.

    Raises
    ------
    Invalid
        If one breaks a rule.
    DataperfError
        If several do.
    """
    found, refused = [], []
    challenge = None if request.challenge is None else loading.of(request.challenge)
    for given in files_of(request.submissions, challenge):
        try:
            each = read(given, challenge, request.board, rules=request.rules)
            _checked(each, data, official=request.rules == "official")
            found.append(each)
        except Invalid as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise DataperfError("\n".join(str(error) for error in refused))
    return found


def files_of(given: Sequence[Given], challenge: Challenge | None) -> list[Given]:
    """Return submissions with the folders of files replaced by their files."""
    found: list[Given] = []
    for each in given:
        path = isinstance(each, str | Path)
        found += submissions.files_of(Path(each), challenge) if path else [each]  # type: ignore[arg-type]
    return found


def read(given: Given, challenge: str | Challenge | None, board: str | None, *, rules: str) -> Read:
    """Return a submission as a record, with its challenge.

    Raises
    ------
    Invalid
        If it is not a submission to the challenge, or names none and none is given.
    """
    official, name = rules == "official", _name(given)
    chosen = None if challenge is None else loading.of(challenge)
    if isinstance(given, Submission):
        chosen = chosen or submissions.challenge_in(given.model_dump(include={"challenge"}), name)
        problems = submissions.address_problems(given, chosen, board)
        if problems:
            raise Invalid(name, problems)
        return Read(given, chosen, name)
    if isinstance(given, dict):
        content = plain(given)
        chosen = chosen or submissions.challenge_in(content, name)
        made = submissions.parse(content, chosen, board, subject=name, official=official)
    elif chosen is None:
        made, chosen = submissions.read_named(Path(given), board, official=official)
    else:
        made = submissions.read(Path(given), chosen, board, official=official)
    return Read(made, chosen, name)


def plain(content: dict[str, Any]) -> Any:
    """Return a dict as the JSON of a file would be read; NumPy's values become Python's.

    >>> import numpy as np
    >>> plain({"drop": np.array([3, 4])})
    {'drop': [3, 4]}

    Raises
    ------
    Invalid
        If it holds what JSON cannot.
    """
    try:
        text = json.dumps(content, default=_as_json, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            "submission", [Problem("not-json", "", str(error), "values that JSON has")]
        ) from error
    return json_files.parse_json(text.encode(), "submission")


def _as_json(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is not a JSON value")


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
