"""A submission: one answer to one board."""

from __future__ import annotations

from typing import Any, Literal

from dataperf.records.fields import Line, Name, Number, Record, Text, Version


class Submission(Record):
    """One answer to one board, as it is handed in.

    Parameters
    ----------
    schema_version
        Version of this file format.
    challenge, board
        Names of the challenge and of its board.
    submitter
        Name of the submitter.
    method
        How the answer was found, in a few words.
    division
        ``"open"``: everything that the rules allow; ``"closed"``: the code that made the answer
        is submitted too, for others to run.
    description, code_url, declared_cost
        Optional, shown with the result; the cost is in the submitter's own units
        (``{"cpu_seconds": 12.5}``).
    answer
        The answer itself, in the form of the challenge's track.

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
    submitter: Line = "anonymous"
    method: Line = ""
    division: Literal["open", "closed"] = "open"
    description: Text | None = None
    code_url: Text | None = None
    declared_cost: dict[str, Number] | None = None
    answer: dict[str, Any]
