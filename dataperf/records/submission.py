"""Submissions: one answer to one board."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from dataperf.records import names
from dataperf.records.fields import Line, Name, Number, Record, Text, Version


class Submission(Record):
    """One answer to one board of a challenge.

    Parameters
    ----------
    schema_version
        Version of this file format: 2.
    challenge
        Name of the challenge.
    board
        Name of the board.
    submitter
        Name of the submitter: one line, in one script, without look-alike or invisible characters.
    method
        How the answer was made, in a few words.
    division
        ``"open"``: any method within the rules; ``"closed"``: the selection code itself is
        submitted for others to run.
    description
        Longer description (optional).
    code_url
        Address of the code (optional).
    declared_cost
        Cost of making the answer, in units of your choice, such as ``{"cpu_seconds": 12.5}``
        (optional). It is shown next to the result.
    answer
        The answer, in the form that the challenge's track defines.

    Examples
    --------
    >>> made = Submission(
    ...     schema_version=2,
    ...     challenge="own-repair",
    ...     board="own",
    ...     answer={"drop": ["17"], "relabel": {"4": "cat"}},
    ... )
    >>> made.submitter, made.answer["drop"]
    ('anonymous', ['17'])
    """

    schema_version: Version
    challenge: Name
    board: Name
    submitter: Annotated[Line, AfterValidator(names.signed)] = "anonymous"
    method: Annotated[Line, AfterValidator(names.visible)] = ""
    division: Literal["open", "closed"] = "open"
    description: Text | None = None
    code_url: Text | None = None
    declared_cost: dict[str, Number] | None = None
    answer: dict[str, Any]
