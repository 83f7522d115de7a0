"""The command that audits a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import AsJson, DataDir, Plugins


def audit(
    source: Annotated[
        str,
        typer.Argument(
            help="A CSV, Parquet or JSON-lines file, a folder of images or sounds, hf:NAME, "
            "challenge:NAME/BOARD, or a dataset that comes with dataperf."
        ),
    ],
    label: Annotated[str | None, typer.Option("--label", "-l", help="The label column.")] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Column of unique ids.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Column that marks train and test rows.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Column of groups whose rows belong together (speaker, patient)."),
    ] = None,
    true_label: Annotated[
        str | None, typer.Option(help="Column of true labels; they score what is found.")
    ] = None,
    annotators: Annotated[
        list[str] | None, typer.Option("--annotator", help="Another label column (repeatable).")
    ] = None,
    sensitive: Annotated[
        list[str] | None,
        typer.Option(help="Column of groups that should be treated equally (repeatable)."),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="Column to leave out (repeatable).")
    ] = None,
    embedding: Annotated[
        str, typer.Option(help="How images or sounds are embedded: auto, network, pixels or mfcc.")
    ] = "auto",
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
            help="Track of the submission: repair, cleaning or selection. The default is repair, "
            "or the track of the challenge whose pool is audited."
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
    """Look for label errors, duplicates, outliers, leaks, weak slices and more in any data set.

    Example: dataperf audit spoken-digits --label word --report audit.html
    Example: dataperf audit mine.parquet -l y --submission repair.json
    """
    from dataperf.cli import output_paths
    from dataperf.curation.audit import audit as look
    from dataperf.curation.submission import TRACKS
    from dataperf.curation.terminal import text
    from dataperf.errors import DataperfError

    if submission is None and (budget is not None or track is not None or all_rows):
        option = "--budget" if budget is not None else "--track" if track else "--all-rows"
        raise DataperfError(f"{option} needs --submission, the file to write")
    output_paths.check(
        {"--report": report, "--submission": submission},
        {"--csv": csv},
        chosen={"--track": (track or TRACKS[0], TRACKS)},
    )
    with terminal.steps() as progress:
        found = look(
            source,
            label=label,
            detectors=detectors or None,
            seed=seed,
            progress=progress,
            id=id_column,
            split=split,
            group=group,
            true_label=true_label,
            annotators=annotators or (),
            sensitive=sensitive or (),
            drop=drop or (),
            embedding=embedding,
        )
        if csv is not None:
            found.to_csv(csv)
        if report is not None:
            found.report(report)
        if submission is not None:
            found.to_submission(
                track, path=submission, budget=budget, seed=seed, all_rows=all_rows
            )
    terminal.show_json(found.to_dict()) if as_json else terminal.show(text(found))
    for wrote in (report, submission, csv):
        if wrote is not None:
            terminal.say(f"wrote {wrote}")
