"""Submissions over all rows: they clean a file, but no row is left that could prove a gain."""

from __future__ import annotations

from typing import Any

from dataperf.errors import Invalid, Problem

#: The board that such a submission names, instead of the board of own data.
ALL_ROWS = "all-rows"


def refuse(content: Any, subject: str) -> None:
    """Refuse to evaluate a submission that was made over all rows.

    Its labels were judged with the test rows, and it may change them, so no score of it would
    prove anything.

    Parameters
    ----------
    content
        The parsed submission.
    subject
        Name of the submission's file, for the message.

    Raises
    ------
    Invalid
        If the submission says that it is over all rows.
    """
    if not isinstance(content, dict) or content.get("board") != ALL_ROWS:
        return
    what = "the submission was made over all rows, so no row is left to test it on"
    expected = (
        "to clean the file: dataperf apply. To measure a gain: write the submission again without "
        "the test rows (audit without --all-rows)"
    )
    raise Invalid(subject, [Problem("all-rows", "board", what, expected)])
