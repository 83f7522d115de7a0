"""The command that writes what a participant may see of a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import AsJson, BoardName, DataDir, Plugins


def pool(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file: .csv, .parquet or .jsonl.")
    ],
    named: Annotated[
        str | None,
        typer.Argument(
            metavar="CHALLENGE/BOARD", help="The challenge and its board; or -c and -b."
        ),
    ] = None,
    challenge: Annotated[
        str | None, typer.Option("--challenge", "-c", help="Name of the challenge.")
    ] = None,
    board: BoardName = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Write what a participant may see of a board: ids, given labels, columns and features.

    Example: dataperf pool speech-selection/digits-60 -o pool.csv
    Example: dataperf pool -c speech-selection -b digits-60 -o pool.parquet
    """
    from dataperf.api import pool_files
    from dataperf.errors import DataperfError

    name = named or challenge
    if name is None or (named and challenge):
        raise DataperfError("name one board: dataperf pool CHALLENGE/BOARD -o FILE")
    with terminal.steps(f"reading the pool of {name}"):
        written = pool_files.write(name, board, output, replace=force)
    if as_json:
        rows = [
            {"wrote": str(each.path), "rows": each.rows, "notes": list(each.notes)}
            for each in written
        ]
        return terminal.show_json(rows)
    for each in written:
        terminal.line(f"wrote {each.path}: {each.rows:,} rows")
        for note in each.notes:
            terminal.say(f"note: {note}")
