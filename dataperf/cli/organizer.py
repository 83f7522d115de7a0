"""The commands of an organizer: start challenges and plug-ins, freeze them, verify results."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import printing, terminal
from dataperf.cli.options import (
    AsJson,
    Columns,
    DataDir,
    Engine,
    Jobs,
    OwnRules,
    Plugins,
    Safety,
    chosen,
    with_groups,
)


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Results or folders of results; with --results, names of results in that place "
            "[all]."
        ),
    ] = None,
    results: Annotated[
        str | None,
        typer.Option("--results", help="Verify results kept in a folder or NAME:LOCATION."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="The data of results of your own data, wherever it lies now."),
    ] = None,
    jobs: Jobs = 1,
    engine: Engine = None,
    data_dir: DataDir = None,
    safety: Safety = None,
    as_json: AsJson = False,
    plugins: Plugins = None,
) -> None:
    """Run results again and compare every prediction and score.

    Example: dataperf verify dataperf-results/speech-selection/digits-60/*.json
    Example: dataperf verify dataperf-results --jobs 2
    Example: dataperf verify dataperf-results/own-repair/own/*.json --data mine.csv
    """
    from dataperf.api.results import verify_all

    with terminal.steps("verifying"):
        found = [
            asdict(each)
            for each in verify_all(
                files or (),
                results=results,
                data=data,
                safety=safety or (),
                engine=engine,
                jobs=jobs,
                on_message=terminal.say,
            )
        ]
    printing.rows(found, as_json, summary="verified")


def check_plugins(as_json: AsJson = False, plugins: Plugins = None) -> None:
    """Check every plug-in against its contract.

    Example: dataperf check-plugins --plugins my-folder
    """
    from dataperf.authoring import conformance

    with terminal.steps("checking"):
        found = conformance.plugins()
    printing.rows(found, as_json, summary="plug-ins keep their contract")


@with_groups
def new(
    kind: Annotated[
        str, typer.Argument(help="challenge, metric, strategy, detector, safety or model.")
    ],
    name: Annotated[str, typer.Argument(help="Name of the plug-in.")],
    columns: Columns,
    own: OwnRules,
    path: Annotated[Path, typer.Option("--plugins", help="Your folder of plug-ins.")] = Path(),
    from_data: Annotated[
        str | None,
        typer.Option("--from-data", help="Make the challenge of this data set of your own."),
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            "--track", help="Track of a strategy, or of a challenge made with --from-data."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a new plug-in or challenge to start from.

    Example: dataperf new metric my_metric --plugins my-folder
    Example: dataperf new strategy my_order --track cleaning --plugins my-folder
    Example: dataperf new challenge mine --from-data mine.parquet --label y --plugins my-folder
    """
    from dataperf.api import organizer

    more = {"folder": path, "data": from_data, "track": track, "on_message": terminal.say}
    with terminal.steps():
        made = organizer.new(kind, name, **more, **chosen(columns, own))  # type: ignore[arg-type]
    written = [str(file) for file in made]
    if as_json:
        return terminal.show_json({"wrote": written})
    for file in written:
        terminal.line(f"wrote {file}")
    terminal.line(f"check it: dataperf check-plugins --plugins {shlex.quote(str(path))}")


def freeze(
    name: Annotated[str, typer.Argument(help="Name of a fixed model or of a challenge.")],
    new_version: Annotated[
        bool,
        typer.Option(
            "--new-version", help="Raise the version of a changed challenge and freeze it anew."
        ),
    ] = False,
    jobs: Jobs = 1,
    engine: Engine = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Freeze a fixed model, or the boards of a challenge.

    Example: dataperf freeze my_model_v1 --plugins my-folder
    Example: dataperf freeze my-challenge --new-version --plugins my-folder
    """
    from dataperf.api import organizer

    with terminal.steps("freezing"):
        digests = organizer.freeze(
            name, new_version=new_version, engine=engine, jobs=jobs, on_message=terminal.say
        )
    if as_json:
        return terminal.show_json(digests)
    for frozen, digest in digests.items():
        terminal.line(f"frozen: {digest}  {frozen}")


def schema(
    what: Annotated[str, typer.Argument(help="challenge, submission or result.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print errors as JSON too; the schema is JSON anyway.")
    ] = False,
) -> None:
    """Print the JSON Schema of a file format.

    Example: dataperf schema submission > submission.schema.json
    """
    from dataperf import records
    from dataperf.errors import NotFound

    formats: dict[str, type[records.Record]] = {
        "challenge": records.Challenge,
        "submission": records.Submission,
        "result": records.Result,
    }
    if what not in formats:
        raise NotFound("schema", what, formats)
    terminal.show_json(formats[what].model_json_schema())
