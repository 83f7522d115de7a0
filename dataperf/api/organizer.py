"""Create and freeze challenges and plug-ins of your own."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from dataperf import registry, report
from dataperf.api import arguments, output_paths
from dataperf.api.arguments import FUNCTION, NOTHING, NUMBER, PATH, TEXT, YES_OR_NO
from dataperf.api.evaluation import Messages
from dataperf.api.own_data import DataOptions
from dataperf.authoring import new_version as next_version
from dataperf.authoring import scaffold
from dataperf.basics import progress
from dataperf.basics.progress import Progress
from dataperf.boards import reference_points, separation
from dataperf.definitions import freezing, loading, submission
from dataperf.errors import DataperfError, NotFound, Unavailable
from dataperf.evaluation import engines, evaluate, metric_direction
from dataperf.records import Challenge
from dataperf.registry import Entry


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
        Your folder of plug-ins. A model, metric or track that lies there may be named.
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
    with registry.also_in(Path(folder)):
        return scaffold.write(
            kind, name, Path(folder), source=data, on_message=on_message, **chosen
        )


def freeze(
    name: str,
    *,
    new_version: bool = False,
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
    new_version
        For a challenge that was frozen and has changed: raise the version in its file by one, and
        freeze it anew. Earlier results are not ranked with later ones.
    engine, jobs
        Where the trainings of reference points run, and how many at a time; see
        `dataperf.evaluation.engines.run`. The points do not depend on them.
    on_message
        Called with a line for everything that you should know: what changed since it was frozen,
        boards without reference points, boards that rank noise. By default a Python warning.
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
        If it was frozen and has changed since; the error names what changed.
    DataperfError
        If a model of the challenge is not frozen, a metric or model of your own fails or ranks in
        the wrong direction, or the folder cannot be written to.

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
        new_version=(new_version, YES_OR_NO),
        engine=(engine, TEXT | NOTHING),
        jobs=(jobs, NUMBER),
        on_message=(on_message, FUNCTION),
        on_progress=(on_progress, function),
    )
    with contextlib.nullcontext() if on_progress is None else progress.listening(on_progress):
        return _freeze(name, new_version, engine, jobs, on_message)


def _freeze(
    name: str, new_version: bool, engine: str | None, jobs: int, on_message: Messages
) -> dict[str, str]:
    models, known = registry.find("fixed_models"), registry.find("challenges")
    engines.chosen(engine, jobs=jobs, items=1)  # checked also where nothing is left to train
    if _plain(name.removesuffix(".py")) in map(_plain, models):
        return _freeze_model(registry.get("fixed_models", name.removesuffix(".py")), new_version)
    if _plain(name) not in map(_plain, known):
        raise NotFound("fixed model or challenge", name, [*models, *known])
    challenge = loading.load(name)
    raised = _check(challenge, new_version, on_message)
    challenge = raised or challenge
    where = {"engine": engine, "jobs": jobs}
    points = _reference_points(challenge, new_version, on_message, where)
    if raised is not None:
        output_paths.write(_file(challenge), next_version.text(challenge, raised.version))
    digests = freezing.freeze_boards(challenge, list(challenge.boards), new_version=new_version)
    reference_points.keep(challenge, points)
    readme = loading.folder_of(challenge) / "README.md"
    if readme.is_file():
        text = report.with_headroom(readme.read_text(encoding="utf-8"), points)
        output_paths.write(readme, text.encode())
    return {f"{challenge.name}/{board}": digest for board, digest in digests.items()}


def _freeze_model(entry: Entry, new_version: bool) -> dict[str, str]:
    """Freeze a model that can be imported and has a numeric version."""
    if new_version:
        raise DataperfError(
            f"the version of a fixed model is in its name: copy {entry.path.name} to the next "
            "version and freeze that"
        )
    if not freezing.model_is_frozen(entry):
        evaluate.era_of(registry.load("fixed_models", entry.name))
    return {entry.path.name: freezing.freeze_model(entry)}


def _check(challenge: Challenge, new_version: bool, on_message: Messages) -> Challenge | None:
    """Refuse what cannot be frozen, before anything is trained; say what has changed.

    Returns the challenge with its next version, or None if the version stays.
    """
    freezing.check_models(challenge)
    metric_direction.check(challenge)
    folder = loading.folder_of(challenge)
    output_paths.check({}, {challenge.name: folder}, chosen={})
    frozen = freezing.read_list(folder / freezing.LIST)
    if new_version and not frozen.keys() & challenge.boards.keys():
        raise DataperfError(
            f"{challenge.name} was never frozen, so it needs no new version: leave out --new-version"
        )
    lines = []
    for board in challenge.boards:
        if not new_version:
            freezing.unfrozen_parts(challenge, board)  # raises if a frozen file has changed
        lines += freezing.changes(challenge, board) if board in frozen else []
        lines.append(freezing.changed_data(challenge, board))
    for line in dict.fromkeys(filter(None, lines)):
        later = "" if new_version else " Results are not ranked until you freeze a --new-version."
        on_message(f"{challenge.name}: {line}{later}")
    if not new_version:
        return None
    raised = challenge.model_copy(update={"version": challenge.version + 1})
    next_version.text(challenge, raised.version)  # refused now if the file does not allow it
    on_message(f"{challenge.name}: version {challenge.version} → {raised.version}")
    return raised


def _file(challenge: Challenge) -> Path:
    return loading.folder_of(challenge) / "challenge.toml"


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _reference_points(
    challenge: Challenge,
    new_version: bool,
    on_message: Messages,
    where: Mapping[str, Any],
) -> dict[str, reference_points.ReferencePoints]:
    """Return the reference points of every board whose data is here."""
    found, frozen = {}, freezing.read_list(loading.folder_of(challenge) / freezing.LIST)
    for number, board in enumerate(challenge.boards):
        try:
            with progress.stage("board", number, len(challenge.boards)):
                known = reference_points.load(challenge, board)
                found[board] = known or reference_points.compute(challenge, board, **where)
                data = submission.board_data(challenge, board)
                for line in separation.warnings(challenge, board, found[board], data):
                    on_message(f"warning: {line}")
        except Unavailable:
            if new_version or board not in frozen:  # else it was said when it was frozen
                on_message(f"{board}: frozen without reference points, its data is not here")
    return found
