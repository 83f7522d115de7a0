"""What the page needs to turn a person's decisions about flagged rows into a submission."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics.validation import SHARE
from dataperf.curation.samples import Audited, SuspectRows
from dataperf.definitions import loading
from dataperf.errors import DataperfError
from dataperf.own_data import options
from dataperf.own_data.all_rows import ALL_ROWS
from dataperf.reading import split
from dataperf.records.rows import Rows

#: Name of the file that the page saves, and the parts of the answer in it.
FILE = "repair.json"
PARTS = {"drop", "relabel"}


def content(audit: Audited, suspects: SuspectRows) -> dict[str, Any] | None:
    """Return the flagged rows and the head of a submission; None if no repair can be made.

    Returns
    -------
    dict or None
        ``head`` (the submission without its answer), ``all_rows`` (the board of a submission over
        all rows), ``file``, ``key`` (under which a browser keeps decisions), ``classes`` (names by
        class id), ``pool`` (labelled training rows of each class), and ``rows``: number, id, given
        and suggested class id, and whether the evaluator tests on the row.
    """
    rows, address = audit.rows, _address(audit.rows)
    if address is None or not suspects.flagged:
        return None
    tested = np.zeros(len(rows), dtype=bool)
    if not rows.source.startswith("challenge:"):
        tested = _tested(rows)
    lines = [
        [row, str(rows.ids[row]), given, suggested, int(tested[row])]
        for row, given, suggested in zip(
            *(each.tolist() for each in (suspects.rows, suspects.given, suspects.suggested)),
            strict=True,
        )
    ]
    named = {number for line in lines for number in line[2:4] if number >= 0}
    pool = np.bincount(rows.labels[~tested & (rows.labels >= 0)], minlength=len(rows.classes))
    return {
        "head": {
            "schema_version": 2,
            **address,
            "method": f"decisions on the page of dataperf audit {audit.version}",
        },
        "all_rows": ALL_ROWS,
        "file": FILE,
        "key": f"dataperf-{_digest(rows, suspects)}",
        "classes": {str(each): rows.classes[each] for each in sorted(named)},
        "pool": {str(each): int(pool[each]) for each in sorted(named)},
        "rows": lines,
    }


def _address(rows: Rows) -> dict[str, str] | None:
    """Return the challenge and board that a repair of the rows answers; None if there is none."""
    if not rows.source.startswith("challenge:"):
        track = options.default_track()
        own = {"challenge": loading.OWN + track.replace("_", "-"), "board": "own"}
        return own if _repairs(track) else None
    name, _, rest = rows.source.removeprefix("challenge:").partition("/")
    try:
        challenge = loading.load(name)
        repairs = _repairs(challenge.track)
    except DataperfError:
        return None
    board = rest.partition("/")[0] or next(iter(challenge.boards))
    return {"challenge": challenge.name, "board": board} if repairs else None


def _repairs(track: str) -> bool:
    """Return whether answers of a track say which rows to drop and to relabel, as the page does."""
    return set(registry.load("tracks", track).Answer.model_fields) >= PARTS


def _tested(rows: Rows) -> NDArray[np.bool_]:
    """Return which rows are not in the pool by default; all if they cannot be split."""
    try:
        parts = split.parts(rows, seed=0, test_share=SHARE, track=options.default_track())
    except DataperfError:
        return np.ones(len(rows), dtype=bool)
    tested: NDArray[np.bool_] = parts != "pool"
    return tested


def _digest(rows: Rows, suspects: SuspectRows) -> str:
    """Return a digest under which a browser keeps the decisions about this audit."""
    words = "\0".join([rows.name, rows.label, *map(str, rows.ids[suspects.rows].tolist())])
    return hashlib.sha256(words.encode() + rows.labels.tobytes()).hexdigest()[:16]
