"""Rank results of own data among themselves, on the data that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dataperf.basics import files
from dataperf.boards import leaderboard
from dataperf.boards.leaderboard import Leaderboard
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError, Invalid
from dataperf.own_data import challenge as own_challenge
from dataperf.own_data import evaluate as own
from dataperf.own_data import options
from dataperf.records import Result

#: The one board of own data.
BOARD = own_challenge.BOARD


def rank(found: Iterable[Result], source: Any) -> list[Leaderboard]:
    """Return a leaderboard for each set of options with which results were made.

    Results can be compared only if track, model, metric, split and budget are the same. The data is
    read as each record says, but only from ``source``: a place in a record is never opened. A
    result of other data is not ranked; the digests decide, not the file's name.

    Parameters
    ----------
    found
        Results of own data.
    source
        The data: a path, a dataset's name, or a table in memory.
    """
    groups: dict[str, list[Result]] = {}
    for result in found:
        chosen = {key: value for key, value in result.own_data.items() if key != "source"}
        groups.setdefault(files.digest_json([result.challenge, chosen]), []).append(result)
    read: dict[str, Any] = {}
    return [_ranked(group, source, read) for group in groups.values()]


def _ranked(group: list[Result], source: Any, read: dict[str, Any]) -> Leaderboard:
    """Rank results that were made with the same options."""
    name = group[0].challenge
    chosen: dict[str, Any] = {k: v for k, v in group[0].own_data.items() if k != "source"}
    title = _title(chosen)
    try:
        columns, rules = own.parted(chosen)
        key = files.digest_json(columns)
        if key not in read:
            read[key] = own.read(source, **columns)
        made, data = own_challenge.challenge(read[key], **options.check(rules))
    except DataperfError as error:
        if isinstance(error, Invalid) and any(each.rule == "no-file" for each in error.problems):
            raise  # a mistyped name is not a matter of the results
        reason = f"the data cannot be read as the result says: {' '.join(str(error).split())}"
        return Leaderboard(name, title, group[0].metric, [], [(each, reason) for each in group])
    here = data_digest(data)
    used = {id(each): each.provenance.digests.get("data", "nothing") for each in group}
    same = [each for each in group if used[id(each)] == here]
    words = str(source) if isinstance(source, str | Path) else "the data given"
    others = [
        (each, f"other data: the result used {used[id(each)][:16]}, {words} is {here[:16]}")
        for each in group
        if used[id(each)] != here
    ]
    board = leaderboard.rank(made, BOARD, same, data=data)
    return replace(board, board=title, unranked=[*board.unranked, *others])


def _title(chosen: Mapping[str, Any]) -> str:
    """Return the board's name with the options that make its scores differ from others'.

    >>> _title({"label": "y", "track": "repair"}), _title({"track": "repair", "seed": 3})
    ('own', 'own (seed 3)')
    """
    words = [
        f"{key.replace('_', ' ')} {value}"
        for key, value in chosen.items()
        if key not in own.COLUMNS and key != "track"
    ]
    return f"{BOARD} ({', '.join(words)})" if words else BOARD
