"""The command that applies a submission to the data it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import AsJson, MergeLabels, Missing, Plugins, submission_path


def apply(
    submission: Annotated[
        Path,
        typer.Argument(
            parser=submission_path, metavar="SUBMISSION", help="A repair or a selection (JSON)."
        ),
    ],
    data: Annotated[
        str,
        typer.Option("--data", help="The data: a CSV, Parquet or JSON file, or a folder."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The cleaned file or folder to write.")
    ],
    label: Annotated[str | None, typer.Option("--label", "-l", help="The label column.")] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Column of unique ids.")] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", help="Column that is not read (repeatable).")
    ] = None,
    missing: Missing = None,
    merge_labels: MergeLabels = False,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", help="The change log, .csv or .json [cleaned.changes.csv for cleaned.csv]."
        ),
    ] = None,
    as_json: AsJson = False,
    plugins: Plugins = None,
) -> None:
    """Apply a submission to your data and log every change.

    Example: dataperf apply repair.json --data mine.csv --label y -o cleaned.csv
    """
    from dataclasses import asdict

    from dataperf.api.apply import apply as write

    with terminal.steps():
        found = write(
            submission,
            data,
            output=output,
            log=log,
            label=label,
            id=id_column,
            drop=drop or None,
            missing=missing or None,
            merge_labels=merge_labels,
        )
    if as_json:
        listed = [asdict(each) for each in found.changes]
        facts = {"rows": found.rows, "kept": found.kept, "notes": list(found.notes)}
        terminal.show_json({**facts, "changes": listed})
    else:
        terminal.line(str(found))
    for wrote in (found.output, found.log):
        terminal.say(f"wrote {wrote}")
