"""Making challenges and plug-ins, freezing them, verifying what came of them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from dataperf.cli import terminal
from dataperf.cli.options import (
    AsJson,
    Budget,
    DataDir,
    Engine,
    Jobs,
    MetricName,
    ModelName,
    OwnDrop,
    OwnGroup,
    OwnIds,
    OwnLabel,
    OwnSplit,
    OwnTrueLabel,
    Plugins,
    Safety,
    SplitSeed,
    TestShare,
    given,
)


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Result files; with --results, names of results there."),
    ] = None,
    results_at: Annotated[
        str | None,
        typer.Option("--results", help="Verify results of this folder or NAME:LOCATION."),
    ] = None,
    jobs: Jobs = 1,
    engine: Engine = None,
    data_dir: DataDir = None,
    safety: Safety = None,
    as_json: AsJson = False,
    plugins: Plugins = None,
) -> None:
    """Run the evaluation of each result again and compare every prediction and score.

    Example: dataperf verify dataperf-results/speech-selection/digits-60/*.json
    Example: dataperf verify --results dataperf-results --jobs 2
    """
    from dataperf.boards import rerun

    places = rerun.places(files or [], results_at)
    rows = []
    with terminal.progress("verifying", len(places)) as advance:
        for row in rerun.verify(places, asking=safety or (), engine=engine, jobs=jobs):
            if "traceback" in row:  # a defect of ours must not hide the other results
                terminal.say(row.pop("traceback"))
            rows.append(row)
            advance()
    _print_checks(rows, as_json)


def check_plugins(as_json: AsJson = False, plugins: Plugins = None) -> None:
    """Check every plug-in found against its contract.

    Example: dataperf check-plugins --plugins my-folder
    """
    from dataperf.authoring import conformance

    _print_checks(conformance.plugins(), as_json)


def _print_checks(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print one line a check and its problems; exit with 1 if one failed."""
    if as_json:
        terminal.show_json(rows)
    else:
        for row in rows:
            typer.echo(f"{'ok  ' if row['ok'] else 'FAIL'} {row['name']}")
            for problem in [*row["problems"], *row.get("notes", ())]:
                typer.echo(f"     {problem}")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def new(
    kind: Annotated[
        str, typer.Argument(help="challenge, metric, strategy, detector, safety, model")
    ],
    name: Annotated[str, typer.Argument(help="Its name.")],
    path: Annotated[Path, typer.Option("--plugins", help="Your folder of plug-ins.")] = Path(),
    from_data: Annotated[
        str | None, typer.Option("--from-data", help="Make the challenge of your own data set.")
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            "--track", help="repair, cleaning or selection: of a strategy, or with --from-data."
        ),
    ] = None,
    label: OwnLabel = None,
    true_label: OwnTrueLabel = None,
    split: OwnSplit = None,
    group: OwnGroup = None,
    id: OwnIds = None,
    drop: OwnDrop = None,
    model: ModelName = None,
    metric: MetricName = None,
    seed: SplitSeed = None,
    test_share: TestShare = None,
    budget: Budget = None,
    as_json: AsJson = False,
) -> None:
    """Write a new plug-in (challenge, metric, strategy, ...) to start from, in your own folder.

    Example: dataperf new metric my_metric --plugins my-folder
    Example: dataperf new strategy my_order --track cleaning --plugins my-folder
    Example: dataperf new challenge mine --from-data mine.parquet --label y --plugins my-folder
    """
    from dataperf.authoring import scaffold

    columns: dict[str, Any] = {
        "label": label,
        "split": split,
        "true_label": true_label,
        "group": group,
    }
    columns |= {"id": id, "drop": drop or None}
    kinds = {
        "model": model,
        "metric": metric,
        "seed": seed,
        "test_share": test_share,
        "budget": budget,
    }
    told = given({**columns, **kinds, "track": track})
    made = scaffold.write(kind, name, path, source=from_data, tell=terminal.say, **told)
    written = [str(file) for file in made]
    if as_json:
        return terminal.show_json({"wrote": written})
    for file in written:
        typer.echo(f"wrote {file}")
    typer.echo(f"check it: dataperf check-plugins --plugins {shlex.quote(str(path))}")


def freeze(
    name: Annotated[str, typer.Argument(help="A fixed model or a challenge.")],
    jobs: Jobs = 1,
    engine: Engine = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Freeze a fixed model, or a challenge's boards with their reference points.

    Example: dataperf freeze my_model_v1 --plugins my-folder
    """
    from dataperf import registry, report
    from dataperf.basics import files
    from dataperf.boards import reference_points
    from dataperf.definitions import freezing
    from dataperf.definitions import loading as challenges
    from dataperf.errors import NotFound, Unavailable

    models, asked = registry.find("fixed_models"), registry.find("challenges")
    names = {known.replace("-", "_") for known in models}
    if name.removesuffix(".py").replace("-", "_") in names:
        entry = registry.get("fixed_models", name.removesuffix(".py"))
        return _print_frozen({entry.path.name: freezing.freeze_model(entry)}, as_json)
    if name.replace("-", "_") not in {known.replace("-", "_") for known in asked}:
        raise NotFound("fixed model or challenge", name, [*models, *asked])
    challenge = challenges.load(name)
    freezing.check_models(challenge)
    found = {}
    for board in challenge.boards:
        with terminal.progress(f"reference points of {board}"):
            try:
                found[board] = reference_points.load(challenge, board) or reference_points.compute(
                    challenge, board, engine=engine, jobs=jobs
                )
            except Unavailable:
                terminal.say(f"{board}: frozen without reference points, its data is not here")
    digests = freezing.freeze_boards(challenge, list(challenge.boards))
    reference_points.keep(challenge, found)
    readme = challenges.folder_of(challenge) / "README.md"
    if readme.is_file():
        text = report.with_headroom(readme.read_text(encoding="utf-8"), found)
        files.write_whole(readme, text.encode())
    _print_frozen({f"{challenge.name}/{board}": each for board, each in digests.items()}, as_json)


def _print_frozen(digests: dict[str, str], as_json: bool) -> None:
    if as_json:
        return terminal.show_json(digests)
    for name, digest in digests.items():
        typer.echo(f"frozen: {digest}  {name}")


def schema(
    what: Annotated[str, typer.Argument(help="challenge, submission or result")],
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
