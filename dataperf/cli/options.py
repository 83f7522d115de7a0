"""Options that several commands share, alone or in groups."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from dataperf.cli import terminal

RESULTS = "dataperf-results"


def _add_path(folders: list[Path] | None) -> list[Path] | None:
    if folders:
        known = [part for part in os.environ.get("DATAPERF_PATH", "").split(os.pathsep) if part]
        named = [str(folder) for folder in folders if str(folder) not in known]
        os.environ["DATAPERF_PATH"] = os.pathsep.join([*named, *known])
    if os.environ.get("DATAPERF_PATH"):
        from dataperf.registry import first_use

        first_use.on_message[0] = terminal.say
    return folders


def _set_data(folder: Path | None) -> Path | None:
    if folder is not None:
        os.environ["DATAPERF_DATA"] = str(folder)
    return folder


def submission_path(words: str) -> Path:
    """Return a path; an empty one is refused, because it would be the current folder."""
    if not words.strip():
        raise typer.BadParameter("an empty path; . is the current folder")
    return Path(words)


Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugins", callback=_add_path, help="Folder of your plug-ins (repeatable)."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        callback=_set_data,
        help="Folder of the official data, in the layout of its publisher.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ChallengeName = Annotated[str, typer.Option("--challenge", "-c", help="Name of the challenge.")]
NamedChallenge = Annotated[
    str | None,
    typer.Option(
        "--challenge",
        "-c",
        help="Name of the challenge; needed only if the submission does not name it.",
    ),
]
BoardName = Annotated[str | None, typer.Option("--board", "-b", help="Name of the board.")]
Rules = Annotated[
    str,
    typer.Option(
        "--rules", help='"strict", or "official": accept all that the official evaluator accepts.'
    ),
]
Submitter = Annotated[
    str | None,
    typer.Option("--submitter", help="Who made the submissions, if their files do not say so."),
]
Method = Annotated[
    str | None,
    typer.Option("--method", help="How they were made, if their files do not say so."),
]
Results = Annotated[
    str,
    typer.Option(
        "--results", help="Where results are kept: a folder, or NAME:LOCATION of another store."
    ),
]
Safety = Annotated[
    list[str] | None,
    typer.Option(
        "--safety",
        help="Safety plug-in to run as well, NAME or NAME=OPTION (repeatable). "
        "Scores do not depend on it.",
    ),
]
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
Decimal = Annotated[
    str | None,
    typer.Option("--decimal", help='Decimal sign of numbers written as text: "," or ".".'),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(
        "--missing",
        help='Word that stands for a missing value, instead of NA, null and the like (repeatable; "" '
        "for empty values only).",
    ),
]
MergeLabels = Annotated[
    bool,
    typer.Option(
        "--merge-labels",
        help="Read labels that differ only by blanks, case, a full stop or Unicode form as one "
        "class.",
    ),
]


@dataclass(frozen=True)
class Columns:
    """Columns of a data set, and how its media are embedded."""

    label: Annotated[str | None, typer.Option("--label", "-l", help="The label column.")] = None
    true_label: Annotated[
        str | None, typer.Option("--true-label", help="Column with the true labels.")
    ] = None
    split: Annotated[str | None, typer.Option("--split", help="Column that marks test rows.")] = (
        None
    )
    group: Annotated[
        str | None,
        typer.Option("--group", help="Column of groups whose rows belong together (speaker)."),
    ] = None
    id: Annotated[str | None, typer.Option("--id", help="Column of unique ids.")] = None
    drop: Annotated[
        list[str] | None, typer.Option("--drop", help="Column to leave out (repeatable).")
    ] = None
    embedding: Annotated[
        str | None,
        typer.Option(
            "--embedding", help="How images or sounds are embedded: auto, network, pixels or mfcc."
        ),
    ] = None
    decimal: Decimal = None
    missing: Missing = None
    merge_labels: MergeLabels = False


@dataclass(frozen=True)
class OwnRules:
    """How a challenge of your own data is split and scored."""

    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Own data: the fixed model [logistic_v1; knn_v1 for over 1,000 classes].",
        ),
    ] = None
    metric: Annotated[
        str | None, typer.Option("--metric", help="Own data: the metric that ranks [accuracy].")
    ] = None
    seed: Annotated[
        int | None, typer.Option("--seed", help="Own data: random seed of the split [0].")
    ] = None
    test_share: Annotated[
        float | None,
        typer.Option("--test-share", help="Own data: share of rows that are tested on [0.2]."),
    ] = None
    budget: Annotated[
        int | None,
        typer.Option("--budget", help="Own data: maximum number of rows in a submission [all]."),
    ] = None


@dataclass(frozen=True)
class ScoreColumns:
    """A table of scores, and which of its columns are which."""

    scores: Annotated[
        str | None,
        typer.Option("--scores", help="A table of scores to rank instead of kept results."),
    ] = None
    lower_is_better: Annotated[
        bool | None,
        typer.Option("--lower-is-better", help="Table: a lower score is better."),
    ] = None
    entry: Annotated[
        str | None, typer.Option("--entry", help="Table: column of the entries [by its name].")
    ] = None
    item: Annotated[
        str | None, typer.Option("--item", help="Table: column of the items [by its name].")
    ] = None
    task: Annotated[
        str | None, typer.Option("--task", help="Table: column of the tasks [by its name].")
    ] = None
    seed: Annotated[
        str | None, typer.Option("--seed", help="Table: column of the seeds [by its name].")
    ] = None
    score: Annotated[
        str | None,
        typer.Option("--score", help="Table: column of the scores, if there is one score a line."),
    ] = None
    drop: Annotated[
        list[str] | None, typer.Option("--drop", help="Table: column to leave out (repeatable).")
    ] = None
    entries_in: Annotated[
        str | None,
        typer.Option("--entries-in", help="Table: entries are its rows or its columns [rows]."),
    ] = None
    missing: Annotated[
        str | None,
        typer.Option("--missing", help="Table: leave out items or entries with gaps [items]."),
    ] = None


def chosen(*groups: Any) -> dict[str, Any]:
    """Return the options of groups that were given: not those left at None or empty."""
    return {
        name: value
        for group in groups
        for name, value in dataclasses.asdict(group).items()
        if value is not None and value is not False and value != []
    }


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that has the options of each group that it takes as a parameter.

    A parameter annotated with one of the dataclasses above stands for that dataclass's fields,
    which carry their own `typer.Option`; the command gets them as one record.
    """
    parameters = inspect.signature(command, eval_str=True).parameters.values()
    groups = {each.name: each.annotation for each in parameters if _is_group(each.annotation)}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            names = [field.name for field in dataclasses.fields(group)]
            given[name] = group(**{each: given.pop(each) for each in names if each in given})
        command(**given)

    spelled = [
        part
        for each in parameters
        for part in (_spelled(each.annotation) if each.name in groups else [each])
    ]
    kept = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in spelled]
    run.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation)


def _spelled(group: Any) -> Iterator[inspect.Parameter]:
    """Yield a parameter for every field of a group."""
    hints = get_type_hints(group, include_extras=True)
    for field in dataclasses.fields(group):
        kind = inspect.Parameter.KEYWORD_ONLY
        yield inspect.Parameter(
            field.name, kind, default=field.default, annotation=hints[field.name]
        )
