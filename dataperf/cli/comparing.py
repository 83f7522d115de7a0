"""The commands that compare results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import AsJson, DataDir, Plugins


def compare(
    results: Annotated[list[Path], typer.Argument(help="Two to ten kept results of one board.")],
    data: Annotated[
        str | None,
        typer.Option("--data", help="Your own data, if the results are of own data."),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Compare results: differences, test rows where they disagree, training rows that differ.

    Example: dataperf compare A.json B.json
    Example: dataperf compare --data mine.parquet A.json B.json C.json
    """
    from dataperf import report
    from dataperf.api import comparing
    from dataperf.boards.compare import plain

    with terminal.progress("comparing"):
        found = comparing.compare(results, data=data)
    terminal.show_json(plain(found)) if as_json else terminal.show(report.comparison(found))
