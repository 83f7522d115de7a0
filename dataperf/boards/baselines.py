"""Write a submission with a baseline strategy, from what a participant may see."""

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

    The strategy sees the pool as a participant does: no true labels and no test rows.

    Parameters
    ----------
    challenge : Challenge or str
        The challenge, or its name.
    board : str
        Name of the board.
    strategy : str
        Name of the strategy.
    seed : int
        Random seed of the strategy.
    submitter : str
        Name of the submitter.
    data : mapping of str to TaskData, optional
        Data of the board's tasks, if it is already loaded.

    Returns
    -------
    Submission

    Raises
    ------
    NotFound
        If there is no such challenge, board or strategy.
    DataperfError
        If the strategy is for another track, or a user's strategy raises or returns something
        that the track does not accept.
    Invalid
        If the strategy's answer breaks the board's rules.
    """
    challenge = challenges.of(challenge)
    module = registry.load("strategies", strategy)
    if challenge.track not in module.tracks:
        entries = registry.find("strategies").values()
        others = [entry.name for entry in entries if challenge.track in entry.tracks()]
        raise DataperfError(
            f"the strategy {strategy} is for the track {', '.join(module.tracks)}, not "
            f"{challenge.track}\n  Strategies for {challenge.track}: {', '.join(others) or 'none'}"
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
    """Return a strategy's answer to a board, joined over its tasks; rules are not checked.

    Parameters
    ----------
    challenge : Challenge
    board : str
    module : module
        The strategy.
    data : mapping of str to TaskData
        Data of the board's tasks.
    seed : int
        Random seed of the strategy.

    Returns
    -------
    dict
        The answer, in the form of the track.

    Raises
    ------
    DataperfError
        As `joined` does.
    """
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
    """Return one answer, in plain Python values, from a strategy's answers to each task.

    Parameters
    ----------
    track : str
        Name of the track.
    module : module
        The strategy.
    pools : mapping of str to Pool
        The visible pool of each task.
    rules
        The board's rules.
    seed : int
        Random seed of the strategy.

    Returns
    -------
    dict
        The answer, in the form of the track.

    Raises
    ------
    DataperfError
        If a user's strategy raises, or a strategy returns anything but a dict with the track's
        keys.
    """
    track_module = registry.load("tracks", track)
    wanted, known = answer_keys(track_module)
    parts = {}
    for name, pool in pools.items():
        with one_thread(), plugin_calls.calling("strategies", module, CALL):
            found = _plain(module.answer(pool, rules, seed=seed))
        wrong = not isinstance(found, dict) or any(key not in found for key in wanted)
        if wrong or (known is not None and not known.issuperset(found)):
            raise DataperfError(
                f"{plugin_calls.named('strategies', module)} returned {_described(found)};\n"
                f"  the track {track} expects a dict with {_listed(wanted, known)}"
            )
        parts[name] = found
    if hasattr(track_module, "join"):
        answer: dict[str, Any] = track_module.join(parts)
        return answer
    (only,) = parts.values()
    return dict(only)


def answer_keys(track: Any) -> tuple[list[str], set[str] | None]:
    """Return the keys that a strategy's answer must have, and all it may have; None if unknown.

    A track that joins answers to single tasks reads one key of each; calling it with an empty
    answer raises a KeyError that names this key. Without ``join``, an answer has the keys of the
    track's ``Answer``.
    """
    try:
        made = track.join({"": {}}) if hasattr(track, "join") else {}
    except KeyError as error:
        return [str(error.args[0])], None
    except Exception:  # a user's track that reads more than the keys
        return [], None
    fields = track.Answer.model_fields
    if made != {}:
        return [], None
    return [name for name, field in fields.items() if field.is_required()], set(fields)


def _listed(wanted: list[str], known: set[str] | None) -> str:
    optional = sorted((known or set()) - set(wanted))
    may = f"{'and optionally ' if wanted else ''}{', '.join(optional)}" if optional else ""
    return " ".join(part for part in (", ".join(wanted), may) if part) or "its keys"


def _described(found: Any) -> str:
    if isinstance(found, dict):
        return f"the keys {', '.join(map(str, found)) or '(none)'}"
    return validation.shown(found)


def _plain(value: Any) -> Any:
    """Return a value with NumPy numbers, texts and arrays converted to Python's own."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {_plain(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
