"""Write an answer with a baseline strategy, from what a participant sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataperf import plugin_calls, registry
from dataperf.basics import validation
from dataperf.basics.threads import one_thread
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Invalid
from dataperf.records import Challenge, Pool, Submission, TaskData

#: How a strategy is called.
CALL = "answer(pool, rules, *, seed)"


def answer(
    challenge: Challenge | str,
    board: str,
    strategy: str,
    *,
    seed: int = 0,
    submitter: str = "me",
    data: Mapping[str, TaskData] | None = None,
) -> Submission:
    """Return a checked submission that a baseline strategy writes.

    The strategy sees the pool as a participant does: no truth and no test rows. ``data`` is the
    data of the board's tasks if it is loaded already.

    Raises
    ------
    NotFound
        If there is no such challenge, board or strategy.
    DataperfError
        If the strategy is for another track, or a user's own raises or returns something else
        than the track wants.
    Invalid
        If the strategy's answer breaks the board's rules.
    """
    challenge = challenges.of(challenge)
    module = registry.load("strategies", strategy)
    if challenge.track not in module.tracks:
        entries = registry.find("strategies").values()
        others = [entry.name for entry in entries if challenge.track in entry.tracks()]
        raise DataperfError(
            f"the strategy {strategy} answers {', '.join(module.tracks)}, not {challenge.track}\n"
            f"  These do: {', '.join(others) or 'none'}"
        )
    data = data or submission.board_data(challenge, board)
    found = raw_answer(challenge, board, module, data, seed=seed)
    content = {
        "schema_version": 2,
        "challenge": challenge.name,
        "board": board,
        "submitter": submitter,
        "method": f"{registry.get('strategies', strategy).name}, seed {seed}",
        "answer": found,
    }
    try:
        made = validation.validate(Submission, content, "submission")
        submission.check(made, challenge, data)
    except Invalid as error:
        if not plugin_calls.is_yours(module):
            raise
        subject = f"the answer of {plugin_calls.named('strategies', module)}"
        raise Invalid(subject, error.problems) from error
    return made


def raw_answer(
    challenge: Challenge, board: str, module: Any, data: Mapping[str, TaskData], *, seed: int
) -> dict[str, Any]:
    """Return what a strategy answers, rules unchecked; one answer to all tasks of the board."""
    rules = challenges.rules_of(challenge, board)
    return joined(challenge.track, module, visible(challenge, data), rules, seed=seed)


def visible(challenge: Challenge, data: Mapping[str, TaskData]) -> dict[str, Pool]:
    """Return what participants see of a board's data: by task, its pool as the track shows it."""
    track = registry.load("tracks", challenge.track)
    shown = getattr(track, "shown", lambda pool: pool)
    return {name: shown(part.pool) for name, part in data.items()}


def joined(
    track: str, module: Any, pools: Mapping[str, Pool], rules: Any, *, seed: int
) -> dict[str, Any]:
    """Return one answer, in plain Python, of what a strategy returns for each task's pool.

    Raises
    ------
    DataperfError
        If a user's strategy raises, or what one returns is no dict with the track's keys.
    """
    played = registry.load("tracks", track)
    wanted, known = _keys(played)
    parts = {}
    for name, pool in pools.items():
        with one_thread(), plugin_calls.calling("strategies", module, CALL):
            found = _plain(module.answer(pool, rules, seed=seed))
        wrong = not isinstance(found, dict) or any(key not in found for key in wanted)
        if wrong or (known is not None and not known.issuperset(found)):
            raise DataperfError(
                f"{plugin_calls.named('strategies', module)} returned {_told(found)};\n"
                f"  expected what the track {track} wants, a dict with {_listed(wanted, known)}"
            )
        parts[name] = found
    if hasattr(played, "join"):
        together: dict[str, Any] = played.join(parts)
        return together
    (only,) = parts.values()
    return dict(only)


def _keys(track: Any) -> tuple[list[str], set[str] | None]:
    """Return the keys that a strategy's answer must have, and those it may; None if unknown.

    Where a track joins the answers to single tasks, it takes one key of each, and says which
    by missing it; where it joins nothing, they have the form of the whole answer.
    """
    try:
        made = track.join({"": {}}) if hasattr(track, "join") else {}
    except KeyError as error:
        return [str(error.args[0])], None
    except Exception:  # a user's own track, which looks at more than keys
        return [], None
    fields = track.Answer.model_fields
    if made != {}:
        return [], None
    return [name for name, field in fields.items() if field.is_required()], set(fields)


def _listed(wanted: list[str], known: set[str] | None) -> str:
    optional = sorted((known or set()) - set(wanted))
    may = f"{'and if need be ' if wanted else ''}{', '.join(optional)}" if optional else ""
    return " ".join(part for part in (", ".join(wanted), may) if part) or "its keys"


def _told(found: Any) -> str:
    if isinstance(found, dict):
        return f"the keys {', '.join(map(str, found)) or '(none)'}"
    return validation.shown(found)


def _plain(value: Any) -> Any:
    """Return a value with NumPy's numbers, texts and arrays as Python's own."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {_plain(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
