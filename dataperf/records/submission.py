"""What is answered: one submission to one board."""

from __future__ import annotations

from typing import Any, Literal

from dataperf.records.fields import Line, Name, Number, Record, Text, Version


class Submission(Record):
    """One answer to one board.

    Parameters
    ----------
    schema_version
        Version of this file format.
    challenge, board
        What is answered.
    submitter
        Who answers.
    method
        How the answer was found, in a few words.
    division
        ``"open"``: anything goes that the rules allow; ``"closed"``: the selection code
        itself is submitted for others to run.
    description, code_url, declared_cost
        Optional, shown beside the result; the cost in the submitter's own units
        (``{"cpu_seconds": 12.5}``).
    answer
        The answer itself, in the form of the challenge's track.

    Examples
    --------
    >>> mine = Submission(
    ...     schema_version=2,
    ...     challenge="speech-selection",
    ...     board="digits-60",
    ...     submitter="me",
    ...     answer={"samples": ["one/clip_1135"]},
    ... )
    >>> mine.division
    'open'
    """

    schema_version: Version
    challenge: Name
    board: Name
    submitter: Line = "anonymous"
    method: Line = ""
    division: Literal["open", "closed"] = "open"
    description: Text | None = None
    code_url: Text | None = None
    declared_cost: dict[str, Number] | None = None
    answer: dict[str, Any]
