"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer


def _add_path(folders: list[Path] | None) -> list[Path] | None:
    if folders:
        known = [part for part in os.environ.get("DATAPERF_PATH", "").split(os.pathsep) if part]
        named = [str(folder) for folder in folders if str(folder) not in known]
        os.environ["DATAPERF_PATH"] = os.pathsep.join([*named, *known])
    return folders


Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins", callback=_add_path, help="A folder of your own plug-ins (repeatable)."
    ),
]


def submission_path(words: str) -> Path:
    """Return a path, but none of no words: it would be the folder that one is in."""
    if not words.strip():
        raise typer.BadParameter("an empty path; . is the folder you are in")
    return Path(words)


def _set_data(folder: Path | None) -> Path | None:
    if folder is not None:
        os.environ["DATAPERF_DATA"] = str(folder)
    return folder


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        callback=_set_data,
        help="The folder with the official data, in its publisher's layout.",
    ),
]
Rules = Annotated[
    str,
    typer.Option(
        "--rules", help='"strict", or "official": accept all that the official evaluator does.'
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ChallengeName = Annotated[str, typer.Option("--challenge", "-c", help="The challenge's name.")]
ChallengeOrData = Annotated[
    str | None, typer.Option("--challenge", "-c", help="The challenge's name (or give --data).")
]
OwnData = Annotated[
    str | None, typer.Option("--data", help="Your own data set: a file, a folder, a name.")
]
OwnLabel = Annotated[str | None, typer.Option("--label", "-l", help="Its label column.")]
OwnTrueLabel = Annotated[
    str | None, typer.Option("--true-label", help="Its column with the right labels.")
]
OwnSplit = Annotated[
    str | None, typer.Option("--split", help="Its column that calls some rows test.")
]
OwnGroup = Annotated[
    str | None, typer.Option("--group", help="Its column of rows that belong together.")
]
OwnDrop = Annotated[
    list[str] | None, typer.Option("--drop", help="A column of it to leave out (repeatable).")
]
OwnEmbedding = Annotated[
    str | None, typer.Option("--embedding", help="Of its pictures or sounds, as in the audit.")
]
OwnIds = Annotated[str | None, typer.Option("--id", help="Its column that names the rows.")]
ModelName = Annotated[
    str | None, typer.Option("--model", help="With your own data: the fixed model (logistic_v1).")
]
MetricName = Annotated[
    str | None, typer.Option("--metric", help="With your own data: what ranks (accuracy).")
]
SplitSeed = Annotated[
    int | None, typer.Option("--seed", help="With your own data: of the split (0).")
]
TestShare = Annotated[
    float | None,
    typer.Option("--test-share", help="With your own data: held out to test on (0.2)."),
]
Budget = Annotated[
    int | None,
    typer.Option(
        "--budget", help="With your own data: rows that may be repaired, inspected, selected."
    ),
]
Safety = Annotated[
    list[str] | None,
    typer.Option(
        "--safety",
        help="A safety plug-in to ask too, NAME or NAME=OPTION (repeatable); scores stay as they are.",
    ),
]
BoardName = Annotated[str | None, typer.Option("--board", "-b", help="The board's name.")]
Results = Annotated[
    str,
    typer.Option(
        "--results", help="Where results are kept: a folder, or NAME:LOCATION of another store."
    ),
]
RESULTS = "dataperf-results"
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", help="How many evaluations run at a time.", min=1)
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        envvar="DATAPERF_ENGINE",
        help="Where evaluations run: in_process, processes, or an engine of your own.",
    ),
]


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given: those left at None say nothing."""
    return {name: value for name, value in options.items() if value is not None}
