"""The first text of a strategy: a copy of the shortest one of its track, or a general template."""

from __future__ import annotations

import ast

from dataperf import registry
from dataperf.basics import files
from dataperf.boards import baselines
from dataperf.registry import Entry

_GENERAL = '''"""{title} (describe here how {name} answers)."""

from __future__ import annotations

from typing import Any

{needs}

tracks = ("{track}",)


def answer(pool: Any, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return ``{form}``: {what}

    Parameters
    ----------
    pool
        ``ids``, ``features`` (n, d), ``labels`` (given class ids, -1 for none), ``classes`` (names
        by class id) and ``columns``.
    rules
        The limits of the board: {limits}.
    seed
        Random seed. The same seed must give the same answer.
    """
    {body}
'''
#: First words, import and code of the template: with an example of the track, and without one.
_EXAMPLE = (
    "Answer with the track's own example",
    "from dataperf import registry",
    'return registry.load("tracks", "{track}").own_example(pool, rules, "own")',
)
_NOTHING = (
    "Answer the board",
    "from dataperf.errors import DataperfError",
    'raise DataperfError("{name} has no answer yet: write it in the function answer")',
)


def text(name: str, track: str) -> str:
    """Return the source of a new strategy.

    Parameters
    ----------
    name
        Name of the strategy.
    track
        Name of the track that it answers.

    Returns
    -------
    str
        A copy of the shortest strategy that answers the track, dataperf's own before others. If
        there is none, a module that returns the track's own example of an answer.

    Raises
    ------
    NotFound
        If there is no such track.
    """
    known = registry.get("tracks", track)
    found = [
        each for each in registry.find("strategies").values() if each.tracks() == (known.name,)
    ]
    ours = [each for each in found if each.ours] or found
    if ours:
        return _copy(name, min(ours, key=lambda each: (each.path.stat().st_size, each.name)))
    return _general(name, known)


def _copy(name: str, source: Entry) -> str:
    """Return the source of a strategy, whose docstring says that it is a copy."""
    content = source.path.read_text(encoding="utf-8")
    first = ast.parse(content).body[0]
    marks = content[: content.find("\n")].rstrip()[-3:]
    note = f"\n\nA copy of the strategy {source.name}: describe here how {name} answers.\n"
    if marks != '"""' or first.end_lineno != 1:  # a docstring of another form stays as it is
        return content
    return content.replace(marks, "\0", 1).replace(marks, note + marks, 1).replace("\0", marks, 1)


def _general(name: str, track: Entry) -> str:
    module = registry.load("tracks", track.name)
    wanted, known = baselines.answer_keys(module)
    keys = wanted or sorted(known or ())
    form = "{" + ", ".join(f'"{key}": ...' for key in keys) + "}"
    what = files.first_line(module.Answer.__doc__) or "an answer of the track."
    shown = hasattr(module, "own_example") and not hasattr(module, "join")
    title, needs, body = _EXAMPLE if shown else _NOTHING
    return _GENERAL.format(
        name=name,
        track=track.name,
        title=title,
        needs=needs,
        form=form,
        what=what[0].lower() + what[1:],
        limits=", ".join(module.Rules.model_fields) or "none",
        body=body.format(name=name, track=track.name),
    )
