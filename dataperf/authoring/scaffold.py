"""Write a new plug-in to start from, in the user's own folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dataperf import registry
from dataperf.authoring import strategy_template
from dataperf.authoring.templates import _KINDS, _TEMPLATES, FIRST_TRACK
from dataperf.basics import files
from dataperf.errors import DataperfError, NotFound
from dataperf.own_data import folder as own_challenge
from dataperf.registry import first_use


def write(
    kind: str,
    name: str,
    folder: Path,
    *,
    source: Any = None,
    on_message: Callable[[str], None] = lambda words: None,
    **options: Any,
) -> list[Path]:
    """Write the files of a new plug-in and return them; nothing is ever replaced.

    Parameters
    ----------
    kind, name
        What to make, and its name.
    folder
        The user's folder of plug-ins.
    source
        For a challenge: the data set to make it of.
    on_message
        Called with a line for everything that a user should know of how the data was read.
    **options
        With a ``source`` those of `dataperf.own_data.evaluate.load`. For a strategy ``track``; by
        default that of the challenge that this module writes.

    Raises
    ------
    NotFound
        If there is no such kind or track.
    DataperfError
        If the name is not a valid name, a file exists already, or no challenge can be made of the
        data set.
    """
    if kind not in _KINDS:
        raise NotFound("kind to make", kind, _KINDS)
    pattern = r"[a-z][a-z0-9-]{0,63}" if kind == "challenge" else r"[a-z][a-z0-9_]{0,63}"
    if not re.fullmatch(pattern, name):
        raise DataperfError(f'"{name}" is not a name for a {kind}: expected {pattern}')
    _check_free(kind, _KINDS[kind], name)
    track = options.pop("track", FIRST_TRACK) if kind == "strategy" else ""
    if source is not None:
        if kind != "challenge":
            raise DataperfError(f"only a challenge can be made of a data set, not a {kind}")
        _check_free("dataset", "datasets", name)
        wanted = own_challenge.contents(name, source, on_message=on_message, **options)
    elif options:
        first = next(iter(options)).replace("_", "-")
        others = "a strategy, or for " if first == "track" else ""
        raise DataperfError(f"--{first} is for {others}a challenge of your own data: --from-data")
    elif kind == "strategy":
        wanted = {f"strategies/{name}.py": strategy_template.text(name, track).encode()}
    else:
        wanted = {
            place.format(name=name): text.format(name=name).encode()
            for place, text in _TEMPLATES[kind]
        }
    there = [str(folder / place) for place in wanted if (folder / place).exists()]
    if there:
        raise DataperfError(f"already there: {', '.join(there)}")
    theirs = first_use.holds_code(folder)
    try:
        for place, content in wanted.items():
            files.write_whole(folder / place, content)
        if not theirs:
            first_use.own(folder)
    except OSError as error:
        raise DataperfError(f"{folder} cannot be written: {error}") from error
    return [folder / place for place in wanted]


def _check_free(kind: str, plugins: str, name: str) -> None:
    if name.replace("-", "_") in {known.replace("-", "_") for known in registry.find(plugins)}:
        raise DataperfError(f'there is a {kind} named "{name}" already; choose another name')
