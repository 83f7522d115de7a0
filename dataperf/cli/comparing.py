"""The commands that compare results and plan a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import RESULTS, AsJson, DataDir, Plugins, Results


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

    with terminal.steps("comparing"):
        found = comparing.compare(results, data=data)
    terminal.show_json(plain(found)) if as_json else terminal.show(report.comparison(found))


def plan(
    board: Annotated[str, typer.Argument(help="The board: CHALLENGE/BOARD.")],
    difference: Annotated[
        float, typer.Option("--difference", "-d", help="True difference of scores to be shown.")
    ] = 0.02,
    power: Annotated[
        float, typer.Option("--power", help="Probability with which it is to be shown.")
    ] = 0.8,
    entries: Annotated[
        int, typer.Option("--entries", help="Number of entries whose pairs are all compared.")
    ] = 2,
    results: Results = RESULTS,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Say how many test rows and seeds a board needs to show a difference.

    Example: dataperf plan speech-selection/digits-60 --difference 0.02
    Example: dataperf plan speech-selection/digits-60 --difference 0.05 --power 0.9 --entries 10
    """
    from dataperf import report
    from dataperf.api import comparing
    from dataperf.boards.plan import plain

    with terminal.steps("planning"):
        found = comparing.plan(
            board, difference=difference, power=power, entries=entries, results=results
        )
    terminal.show_json(plain(found)) if as_json else terminal.show(report.plan(found))
