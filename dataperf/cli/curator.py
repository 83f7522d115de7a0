"""Looking for what is wrong in a data set."""

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
    split: Annotated[str | None, typer.Option(help="Column that tells train from test.")] = None,
    group: Annotated[
        str | None, typer.Option(help="Column of what belongs together (speaker, patient).")
    ] = None,
    true_label: Annotated[
        str | None, typer.Option(help="Column of right labels: scores what is found.")
    ] = None,
    annotators: Annotated[
        list[str] | None, typer.Option("--annotator", help="Another label column (repeatable).")
    ] = None,
    sensitive: Annotated[
        list[str] | None, typer.Option(help="Column of groups to treat alike (repeatable).")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="Column to leave out (repeatable).")
    ] = None,
    embedding: Annotated[
        str, typer.Option(help="For images and sounds: auto, network, pixels or mfcc.")
    ] = "auto",
    detectors: Annotated[
        list[str] | None, typer.Option("--detector", help="Use only this one (repeatable).")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page of HTML here.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="Write a submission here.")] = None,
    track: Annotated[
        str | None,
        typer.Option(
            help="What the submission is: repair (default), cleaning, selection; of a "
            "challenge's pool what the challenge asks for."
        ),
    ] = None,
    budget: Annotated[int | None, typer.Option(help="Most rows that it names.", min=1)] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every table into this folder.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything drawn.", min=0, max=2**32 - 1)] = 0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Look for label errors, duplicates, outliers, leaks, weak slices and more in any data set.

    Example: dataperf audit spoken-digits --label word --report audit.html
    Example: dataperf audit mine.parquet -l y --manifest repair.json
    """
    from dataperf.cli import output_paths
    from dataperf.curation.audit import audit as look
    from dataperf.curation.manifest import TRACKS
    from dataperf.curation.terminal import text
    from dataperf.errors import DataperfError

    if manifest is None and (budget is not None or track is not None):
        option = "--track" if budget is None else "--budget"
        raise DataperfError(f"{option} is of the submission: say where to write it (--manifest)")
    output_paths.check(
        {"--report": report, "--manifest": manifest},
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
        if manifest is not None:
            found.to_manifest(track, path=manifest, budget=budget, seed=seed)
    terminal.show_json(found.to_dict()) if as_json else terminal.show(text(found))
    for wrote in (report, manifest, csv):
        if wrote is not None:
            terminal.say(f"wrote {wrote}")
