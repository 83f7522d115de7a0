"""The command that audits a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import AsJson, Columns, DataDir, Plugins, chosen, with_groups


@with_groups
def audit(
    source: Annotated[
        str,
        typer.Argument(
            help="A CSV, Parquet or JSON-lines file, a folder of images or sounds, hf:NAME, "
            "challenge:NAME/BOARD, or a dataset that comes with dataperf."
        ),
    ],
    columns: Columns,
    annotators: Annotated[
        list[str] | None, typer.Option("--annotator", help="Another label column (repeatable).")
    ] = None,
    sensitive: Annotated[
        list[str] | None,
        typer.Option(help="Column of groups that should be treated equally (repeatable)."),
    ] = None,
    detectors: Annotated[
        list[str] | None, typer.Option("--detector", help="Run only this detector (repeatable).")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report to this file.")] = None,
    submission: Annotated[
        Path | None, typer.Option(help="Write a submission to this file.")
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            help="Track of the submission [the track of the challenge whose pool is audited; "
            "labels to repair for your own data]."
        ),
    ] = None,
    budget: Annotated[
        int | None, typer.Option(help="Maximum number of rows in the submission.", min=1)
    ] = None,
    all_rows: Annotated[
        bool,
        typer.Option(
            "--all-rows",
            help="Judge test rows too, to clean a file with dataperf apply; no evaluation accepts "
            "such a submission.",
        ),
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(help="Write every table as a CSV file into this folder.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed.", min=0, max=2**32 - 1)] = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Find label errors, duplicates and more in any data set.

    Example: dataperf audit spoken-digits --label word --report audit.html
    Example: dataperf audit mine.parquet -l y --submission repair.json
    """
    from dataperf.api import audits
    from dataperf.curation.terminal import text

    reading = {**chosen(columns), "annotators": annotators or None, "sensitive": sensitive or None}
    written = {"report": report, "submission": submission, "csv": csv}
    request = audits.AuditRequest(
        source,
        reading,
        detectors or None,
        seed,
        **written,
        track=track,
        budget=budget,
        all_rows=all_rows,
    )
    said: list[str] = []
    with terminal.steps():
        found = audits.run(request, on_message=said.append)
    terminal.show_json(found.to_dict()) if as_json else terminal.show(text(found))
    for line in [f"wrote {place}" for place in request.written] + said:
        terminal.say(line)
