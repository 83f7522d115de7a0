"""The command that downloads official data."""

from __future__ import annotations

from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import AsJson, DataDir, Plugins


def data_get(
    name: Annotated[str, typer.Argument(help="Name of a challenge or of a dataset.")],
    again: Annotated[
        bool, typer.Option("--again", help="Download existing files anew and replace them.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Download official data, check its digest and unpack it.

    Example: dataperf data get speech-selection
    Example: dataperf data get speech-selection --again
    """
    from dataperf import registry
    from dataperf.definitions import loading as challenges
    from dataperf.sources import download

    if name in registry.find("challenges"):
        tasks = challenges.load(name).tasks.values()
        wanted = {task.dataset: registry.load("datasets", task.dataset).source for task in tasks}
        wanted = {key: source for key, source in wanted.items() if download.is_needed(source)}
    else:
        name = registry.get("datasets", name).name
        wanted = {name: registry.load("datasets", name).source}
    found = {}
    for dataset, source in wanted.items():
        with terminal.byte_progress() as progress:
            place = download.get(
                dataset, source, again=again, progress=progress, on_message=terminal.say
            )
            found[dataset] = str(place)
        if not as_json:
            terminal.line(f"{dataset}: {found[dataset]}")
    if as_json:
        return terminal.show_json(found)
    if not found:
        terminal.line(f"nothing to download: the data of {name} comes with the installation")
