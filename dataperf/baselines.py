"""Write an answer with a baseline strategy, from what a participant sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataperf import challenge as challenges
from dataperf import registry, submission
from dataperf.errors import DataperfError
from dataperf.evaluation import one_thread
from dataperf.records import Challenge, Submission, TaskData


def answer(
    challenge: Challenge | str, board: str, strategy: str, *, seed: int = 0, submitter: str = "me"
) -> Submission:
    """Return a checked submission that a baseline strategy writes.

    The strategy sees the pool as a participant does: no truth and no test rows.

    Raises
    ------
    NotFound
        If there is no such challenge, board or strategy.
    DataperfError
        If the strategy is for another track.
    Invalid
        If the strategy's answer breaks the board's rules.
    """
    challenge = challenges.of(challenge)
    module = registry.load("strategies", strategy)
    if challenge.track not in module.tracks:
        raise DataperfError(
            f"the strategy {strategy} answers {', '.join(module.tracks)}, not {challenge.track}"
        )
    data = submission.board_data(challenge, board)
    found = raw_answer(challenge, board, module, data, seed=seed)
    content = {
        "schema_version": 1,
        "challenge": challenge.name,
        "board": board,
        "submitter": submitter,
        "method": f"{registry.get('strategies', strategy).name}, seed {seed}",
        "answer": found,
    }
    made = challenges.validate(Submission, content, "submission")
    submission.check(made, challenge, data)
    return made


def raw_answer(
    challenge: Challenge, board: str, module: Any, data: Mapping[str, TaskData], *, seed: int
) -> dict[str, Any]:
    """Return what a strategy answers, unchecked; one answer to all tasks of the board."""
    rules = challenges.rules_of(challenge, board)
    track = registry.load("tracks", challenge.track)
    shown = getattr(track, "shown", lambda pool: pool)
    with one_thread():
        parts = {
            name: module.answer(shown(part.pool), rules, seed=seed) for name, part in data.items()
        }
    if hasattr(track, "join"):
        joined: dict[str, Any] = track.join(parts)
        return joined
    (only,) = parts.values()
    return dict(only)
