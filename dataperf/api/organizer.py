"""Create and freeze challenges and plug-ins of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from dataperf import registry, report
from dataperf.api import arguments, output_paths
from dataperf.api.arguments import FUNCTION, NOTHING, NUMBER, PATH, TEXT
from dataperf.api.evaluation import Messages, Progress
from dataperf.api.own_data import DataOptions
from dataperf.authoring import scaffold
from dataperf.boards import reference_points
from dataperf.definitions import freezing, loading
from dataperf.errors import NotFound, Unavailable
from dataperf.evaluation import engines
from dataperf.records import Challenge


def new(
    kind: str,
    name: str,
    *,
    folder: str | Path = ".",
    data: Any = None,
    track: str | None = None,
    on_message: Messages = arguments.warn,
    **options: Unpack[DataOptions],
) -> list[Path]:
    """Write a new plug-in to start from, in your own folder; no file is replaced.

    Parameters
    ----------
    kind
        ``"challenge"``, ``"metric"``, ``"strategy"``, ``"detector"``, ``"safety"`` or
        ``"model"``.
    name
        Name of the plug-in.
    folder
        Your folder of plug-ins.
    data
        For a challenge: your own data set to make it of, as in `evaluate_data`.
    track
        The track of a strategy, or of a challenge of your own data.
    on_message
        Called with a line for everything that you should know of how the data was read; by
        default a Python warning.
    **options
        With ``data``: how it is read and scored, as in `evaluate_data`.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    Invalid
        If an argument is wrong, or no challenge can be made of the data.
    NotFound
        If there is no such kind.
    DataperfError
        If the name is taken, or a file exists already.

    Examples
    --------
    >>> import tempfile
    >>> import dataperf
    >>> [path.name for path in dataperf.new("metric", "my_hits", folder=tempfile.mkdtemp())]
    ['my_hits.py']
    """
    arguments.check(
        "new",
        kind=(kind, TEXT),
        name=(name, TEXT),
        folder=(folder, PATH),
        track=(track, TEXT | NOTHING),
        on_message=(on_message, FUNCTION),
    )
    arguments.check_names("new", options, DataOptions.__annotations__)
    chosen: dict[str, Any] = arguments.given({**options, "track": track})
    return scaffold.write(kind, name, Path(folder), source=data, on_message=on_message, **chosen)


def freeze(
    name: str,
    *,
    engine: str | None = None,
    jobs: int = 1,
    on_message: Messages = arguments.warn,
    on_progress: Progress | None = None,
) -> dict[str, str]:
    """Freeze a fixed model, or the boards of a challenge with their reference points.

    Parameters
    ----------
    name
        Name of a fixed model or of a challenge.
    engine, jobs
        Where the trainings of reference points run, and how many at a time; see
        `dataperf.evaluation.engines.run`. The points do not depend on them.
    on_message
        Called with a line for every board that is frozen now without reference points; by default
        a Python warning.
    on_progress
        Called with a few words, the work done and the total work.

    Returns
    -------
    dict of str to str
        The sha256 digest of what is frozen now, by the name of its file or board. Freezing it
        again changes nothing.

    Raises
    ------
    Invalid
        If an argument has a wrong type.
    NotFound
        If there is no such fixed model, challenge or engine.
    DigestMismatch
        If it was frozen and has changed since.
    DataperfError
        If a model of the challenge is not frozen.

    Examples
    --------
    >>> import dataperf
    >>> list(dataperf.freeze("logistic_v1"))
    ['logistic_v1.py']
    """
    function = FUNCTION | NOTHING
    arguments.check(
        "freeze",
        name=(name, TEXT),
        engine=(engine, TEXT | NOTHING),
        jobs=(jobs, NUMBER),
        on_message=(on_message, FUNCTION),
        on_progress=(on_progress, function),
    )
    models, known = registry.find("fixed_models"), registry.find("challenges")
    engines.chosen(engine, jobs=jobs, items=1)  # checked also where nothing is left to train
    if _plain(name.removesuffix(".py")) in map(_plain, models):
        entry = registry.get("fixed_models", name.removesuffix(".py"))
        return {entry.path.name: freezing.freeze_model(entry)}
    if _plain(name) not in map(_plain, known):
        raise NotFound("fixed model or challenge", name, [*models, *known])
    challenge = loading.load(name)
    freezing.check_models(challenge)
    points = _reference_points(challenge, engine, jobs, on_message, on_progress)
    digests = freezing.freeze_boards(challenge, list(challenge.boards))
    reference_points.keep(challenge, points)
    readme = loading.folder_of(challenge) / "README.md"
    if readme.is_file():
        text = report.with_headroom(readme.read_text(encoding="utf-8"), points)
        output_paths.write(readme, text.encode())
    return {f"{challenge.name}/{board}": digest for board, digest in digests.items()}


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _reference_points(
    challenge: Challenge,
    engine: str | None,
    jobs: int,
    on_message: Messages,
    on_progress: Progress | None,
) -> dict[str, reference_points.ReferencePoints]:
    """Return the reference points of every board whose data is here."""
    found, frozen = {}, freezing.read_list(loading.folder_of(challenge) / freezing.LIST)
    for number, board in enumerate(challenge.boards):
        if on_progress is not None:
            on_progress(f"reference points of {board}", number, len(challenge.boards))
        try:
            known = reference_points.load(challenge, board)
            found[board] = known or reference_points.compute(
                challenge, board, engine=engine, jobs=jobs
            )
        except Unavailable:
            if board not in frozen:  # else it was said when it was frozen
                on_message(f"{board}: frozen without reference points, its data is not here")
    return found
