"""The ``dataperf`` command: parse, one library call, print."""

from __future__ import annotations

import io
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dataperf import terminal
from dataperf.options import (
    RESULTS,
    AsJson,
    Beside,
    BoardName,
    Budget,
    ChallengeName,
    ChallengeOrData,
    DataDir,
    MetricName,
    ModelName,
    OwnData,
    OwnDrop,
    OwnEmbedding,
    OwnGroup,
    OwnIds,
    OwnLabel,
    OwnSplit,
    OwnTruth,
    Paths,
    Results,
    Rules,
    SplitSeed,
    TestShare,
)

if TYPE_CHECKING:
    from dataperf.records import Challenge, Result, Submission, TaskData

app = typer.Typer(
    help="The model is frozen; the data is what you submit.",
    epilog="First: dataperf evaluate --challenge speech-selection",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


data_app = typer.Typer(help="Official data.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")


@app.command("list")
def list_(
    kind: Annotated[
        str | None, typer.Argument(help="challenges, metrics, ... (default: all)")
    ] = None,
    as_json: AsJson = False,
    path: Paths = None,
) -> None:
    """List challenges, fixed models, metrics, tracks, strategies, datasets, and all other plug-ins.

    Example: dataperf list metrics
    """
    from dataperf import registry
    from dataperf.errors import NotFound

    if kind is not None and kind not in registry.KINDS:
        raise NotFound("kind of plug-in", kind, registry.KINDS)
    found = {each: registry.find(each) for each in ([kind] if kind else registry.KINDS)}
    if as_json:
        rows = [
            {
                "kind": each,
                "name": entry.name,
                "description": entry.description(),
                "path": str(entry.path),
                "ours": entry.ours,
            }
            for each, entries in found.items()
            for entry in entries.values()
        ]
        return terminal.show_json(rows)
    for each, entries in found.items():
        typer.echo(f"{each.replace('_', ' ')}:")
        for entry in entries.values():
            mark = "" if entry.ours else "  (yours)"
            typer.echo(f"  {entry.name:<26} {entry.description()}{mark}")


@app.command()
def show(
    challenge: Annotated[str, typer.Argument(help="The challenge's name.")],
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference points as a Markdown table.")
    ] = False,
    path: Paths = None,
) -> None:
    """Show what a challenge asks, its boards, and what a score there means.

    Example: dataperf show speech-selection
    """
    from dataperf import anchors, report
    from dataperf import challenge as challenges

    asked = challenges.load(challenge)
    points = {board: anchors.load(asked, board) for board in asked.boards}
    known = {board: found for board, found in points.items() if found is not None}
    if as_json:
        return terminal.show_json(asked.model_dump(mode="json", exclude_none=True))
    if markdown:
        return typer.echo(report.headroom(known) if known else "no reference points")
    terminal.show(report.challenge_page(asked, known))
    typer.echo(f"\ntask, data card, rules: {challenges.folder_of(asked) / 'README.md'}")


@app.command()
def answer(
    challenge: ChallengeName,
    board: Annotated[str, typer.Option("--board", "-b", help="The board's name.")],
    strategy: Annotated[str, typer.Option("--strategy", "-s", help="A baseline's name.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write.")] = None,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same answer.", min=0, max=2**32 - 1)
    ] = 0,
    submitter: Annotated[str, typer.Option(help="Who answers.")] = "baseline",
    as_json: AsJson = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
    data_dir: DataDir = None,
    path: Paths = None,
) -> None:
    """Write a submission with a baseline strategy.

    Example: dataperf answer -c speech-selection -b digits-60 -s random -o mine.json
    """
    from dataperf import baselines, files, submission
    from dataperf import challenge as challenges
    from dataperf.errors import DataperfError

    asked = challenges.load(challenge)
    name = strategy.replace("-", "_")
    out = out or Path(f"{board}-{name}-{seed}.json")
    if out.exists() and not force:
        raise DataperfError(f"{out} is there already; give --force or another --out")
    with terminal.progress(f"{name} on {board}"):
        made = baselines.answer(asked, board, strategy, seed=seed, submitter=submitter)
    try:
        files.write_whole(out, submission.dump(made).encode())
    except OSError as error:
        raise DataperfError(f"{out} cannot be written: {error}") from error
    terminal.show_json({"wrote": str(out)}) if as_json else typer.echo(f"wrote {out}")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Submissions.")],
    challenge: ChallengeName,
    board: BoardName = None,
    rules: Rules = "strict",
    as_json: AsJson = False,
    data_dir: DataDir = None,
    path: Paths = None,
) -> None:
    """Check submissions with the evaluator's own rules, without training anything.

    Example: dataperf check -c speech-selection mine.json
    """
    from dataperf import challenge as challenges
    from dataperf import submission
    from dataperf.errors import Invalid

    asked, official = challenges.load(challenge), _rules(rules) == "official"
    rows: list[dict[str, Any]] = []
    for file in (each for path in files for each in submission.files_of(path, asked)):
        row: dict[str, Any] = {"file": str(file), "valid": True, "warnings": [], "problems": []}
        try:
            sent = submission.read(file, asked, board, official=official)
            row["warnings"] = submission.check(sent, asked, official=official)
        except Invalid as error:
            row |= {"valid": False, "problems": [vars(problem) for problem in error.problems]}
            if not as_json:
                typer.echo(f"error: {Invalid(str(file), error.problems)}", err=True)
        rows.append(row)
        if not as_json and row["valid"]:
            typer.echo(f"{file}: valid")
            for warning in row["warnings"]:
                typer.echo(f"  warning: {warning}")
    if as_json:
        terminal.show_json(rows)
    if not all(row["valid"] for row in rows):
        raise typer.Exit(2)


@app.command()
def evaluate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Submissions, or a folder of them; none scores the reference submissions."
        ),
    ] = None,
    challenge: ChallengeOrData = None,
    board: BoardName = None,
    data: OwnData = None,
    label: OwnLabel = None,
    truth: OwnTruth = None,
    split: OwnSplit = None,
    group: OwnGroup = None,
    id: OwnIds = None,
    drop: OwnDrop = None,
    embedding: OwnEmbedding = None,
    model: ModelName = None,
    metric: MetricName = None,
    seed: SplitSeed = None,
    test_share: TestShare = None,
    budget: Budget = None,
    rules: Rules = "strict",
    beside: Beside = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes to use.", min=1)] = 1,
    results_folder: Results = RESULTS,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    path: Paths = None,
) -> None:
    """Retrain the frozen model on each submission and score it.

    Example: dataperf evaluate --challenge speech-selection mine.json
    Example: dataperf evaluate -c speech-selection --data-dir official en_25_train.json
    Example: dataperf evaluate --data mine.parquet --label y --truth y_true cleaning.json
    Example: dataperf evaluate -c adversarial-nibbler --beside unsafe_topics
    """
    from dataperf import beside as machines
    from dataperf import challenge as challenges
    from dataperf import evaluation, results
    from dataperf.errors import DataperfError

    columns: dict[str, Any] = {"label": label, "split": split, "truth": truth, "group": group}
    columns |= {"id": id, "drop": drop or None, "embedding": embedding}
    kinds = {"model": model, "metric": metric, "seed": seed, "share": test_share, "budget": budget}
    told = {key: value for key, value in {**columns, **kinds}.items() if value is not None}
    if beside and data is not None:
        raise DataperfError("--beside is for challenges, not for --data")
    if data is not None and challenge is None and board is None and rules == "strict":
        return _evaluate_own(data, files or [], told, str(results_folder), as_json)
    if data is not None or told or challenge is None:
        raise DataperfError(_what_is_asked(data, challenge, [*told], board, rules))
    asked, chosen = challenges.load(challenge), _rules(rules)
    if board:
        challenges.board_of(asked, board)
    named = machines.prepare(beside or (), asked)
    if not files:
        files = sorted((challenges.folder_of(asked) / "submissions").glob("*.json"))
        if not files:
            raise DataperfError(f"{asked.name} has no reference submissions; name a file")
        terminal.say(f"no file given: scoring the reference submissions of {asked.name}")
        sent = _read(files, asked, None, chosen)
        known = sorted({each.board for each in sent})
        sent = [each for each in sent if board is None or each.board == board]
        if not sent:
            raise DataperfError(
                f"{asked.name} has no reference submissions to {board}, only to {', '.join(known)}"
            )
    else:
        sent = _read(files, asked, board, chosen)
    scored = []
    with terminal.progress("evaluating", len(sent)) as advance:
        for result in evaluation.evaluate_all(asked, sent, jobs=jobs, rules=chosen):
            result = machines.add(result, named)
            scored.append((result, results.keep(result, str(results_folder))))
            advance()
    if as_json:
        terminal.show_json(
            [{"file": kept, **result.model_dump(mode="json")} for result, kept in scored]
        )
    else:
        _print_scores(asked, scored)
    if any(result.status == "failed" for result, _ in scored):
        raise typer.Exit(1)


def _what_is_asked(
    data: str | None, challenge: str | None, told: list[str], board: str | None, rules: str
) -> str:
    """Return what is wrong with the choice between a challenge and own data."""
    if data is not None and challenge is not None:
        return "--challenge and --data exclude each other: a challenge has its own data"
    if data is not None:
        return f"{'--board' if board else f'--rules {rules}'} is for challenges, not for --data"
    if told:
        return f"--{told[0].replace('share', 'test-share')} is for your own data: give --data"
    return "name a challenge (--challenge NAME) or your own data (--data FILE --label COLUMN)"


def _evaluate_own(
    source: str, files: list[Path], told: dict[str, Any], results_folder: str, as_json: bool
) -> None:
    from dataperf import own, report, results
    from dataperf.errors import DataperfError

    if not files:
        raise DataperfError("name a manifest; dataperf audit writes one")
    with terminal.progress(f"evaluating on {source}"):
        scored = [
            (each, results.keep(each, results_folder))
            for each in own.evaluate(source, files, **told)
        ]
    if as_json:
        terminal.show_json(
            [{"file": kept, **result.model_dump(mode="json")} for result, kept in scored]
        )
    else:
        for result, kept in scored:
            terminal.show(report.scorecard(result, None))
            typer.echo(f"\nkept as {kept}")
    if any(result.status == "failed" for result, _ in scored):
        raise typer.Exit(1)


def _print_scores(asked: Challenge, scored: list[tuple[Result, str]]) -> None:
    from dataperf import anchors, report

    first = scored[0][0]
    if len(scored) > 1:
        terminal.show(report.short_table([result for result, _ in scored]))
        typer.echo("\nThe first of them in full:\n")
    published = asked.boards[first.board].published
    terminal.show(report.scorecard(first, anchors.load(asked, first.board), published))
    typer.echo("")
    for _, kept in scored:
        typer.echo(f"kept as {kept}")


@app.command()
def leaderboard(
    challenge: ChallengeName,
    board: BoardName = None,
    results_folder: Results = RESULTS,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    path: Paths = None,
) -> None:
    """Rank the results that are kept here; differences within noise share a rank.

    Example: dataperf leaderboard -c speech-selection -b digits-60
    """
    from dataperf import challenge as challenges
    from dataperf import leaderboard as ranking
    from dataperf import report, results
    from dataperf.errors import DataperfError

    asked = challenges.load(challenge)
    if board:
        challenges.board_of(asked, board)
    if not results_folder.is_dir():
        raise DataperfError(f"there is no folder {results_folder}; dataperf evaluate makes it")
    found, broken = results.read_all(str(results_folder), f"{asked.name}/")
    for name, reason in broken.items():
        terminal.say(f"not ranked, unreadable: {name}: {reason}")
    names = [board] if board else sorted({result.board for result in found} & set(asked.boards))
    ranked = [ranking.rank(asked, name, found) for name in names]
    if as_json:
        return terminal.show_json([ranking.plain(each) for each in ranked])
    if not ranked:
        typer.echo(f"no results of {asked.name} in {results_folder}")
    for each in ranked:
        terminal.show(report.leaderboard(each))


@app.command()
def verify(
    files: Annotated[list[Path] | None, typer.Argument(help="Result files.")] = None,
    data_dir: DataDir = None,
    beside: Beside = None,
    plugins: Annotated[
        bool, typer.Option("--plugins", help="Check every plug-in found against its contract.")
    ] = False,
    as_json: AsJson = False,
    path: Paths = None,
) -> None:
    """Run a result's evaluation again and compare every prediction and score.

    Example: dataperf verify dataperf-results/speech-selection/digits-60/*.json
    Example: dataperf verify --plugins --path my-folder
    """
    from dataperf import verify as verification
    from dataperf.errors import DataperfError

    if not files and not plugins:
        raise DataperfError("name a result file, or give --plugins")
    rows: list[dict[str, Any]] = []
    if plugins:
        rows += verification.plugins()
    for file in files or []:
        with terminal.progress(f"verifying {file.name}"):
            try:
                rows.append(verification.result(file, asking=beside or ()))
            except DataperfError as error:
                rows.append({"name": str(file), "ok": False, "problems": [str(error)]})
    if as_json:
        terminal.show_json(rows)
    else:
        for row in rows:
            typer.echo(f"{'ok  ' if row['ok'] else 'FAIL'} {row['name']}")
            for problem in [*row["problems"], *row.get("notes", ())]:
                typer.echo(f"     {problem}")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


@app.command()
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
    truth: Annotated[
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
    path: Paths = None,
) -> None:
    """Look for label errors, duplicates, outliers, leaks, weak slices and more in any data set.

    Example: dataperf audit spoken-digits --label word --report audit.html
    Example: dataperf audit mine.parquet -l y --manifest repair.json
    """
    from dataperf.curation import targets
    from dataperf.curation.audit import audit as look
    from dataperf.curation.manifest import TRACKS
    from dataperf.curation.notebook import text
    from dataperf.errors import DataperfError

    if manifest is None and (budget is not None or track is not None):
        option = "--track" if budget is None else "--budget"
        raise DataperfError(f"{option} is of the submission: say where to write it (--manifest)")
    targets.check(
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
            truth=truth,
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


@data_app.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="A challenge or a dataset.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    path: Paths = None,
) -> None:
    """Download official data from its publisher: resumed, checked by digest, unpacked.

    Example: dataperf data get speech-selection
    """
    from dataperf import challenge as challenges
    from dataperf import download, registry

    if name in registry.find("challenges"):
        tasks = challenges.load(name).tasks.values()
        wanted = {task.dataset: registry.load("datasets", task.dataset).source for task in tasks}
        wanted = {key: source for key, source in wanted.items() if download.is_needed(source)}
    else:
        name = registry.get("datasets", name).name
        wanted = {name: registry.load("datasets", name).source}
    found = {}
    for dataset, source in wanted.items():
        with terminal.byte_progress() as progress:
            found[dataset] = str(download.get(dataset, source, progress=progress))
        if not as_json:
            typer.echo(f"{dataset}: {found[dataset]}")
    if as_json:
        return terminal.show_json(found)
    if not found:
        typer.echo(f"nothing to download: all data of {name} comes with the installation")


@app.command()
def new(
    kind: Annotated[
        str, typer.Argument(help="challenge, metric, strategy, detector, safety, model")
    ],
    name: Annotated[str, typer.Argument(help="Its name.")],
    path: Annotated[Path, typer.Option("--path", help="Your folder of plug-ins.")] = Path(),
    from_data: Annotated[
        str | None, typer.Option("--from-data", help="Make the challenge of your own data set.")
    ] = None,
    track: Annotated[
        str | None, typer.Option("--track", help="repair, cleaning or selection (with --from-data)")
    ] = None,
    label: OwnLabel = None,
    truth: OwnTruth = None,
    split: OwnSplit = None,
    group: OwnGroup = None,
    id: OwnIds = None,
    model: ModelName = None,
    metric: MetricName = None,
    seed: SplitSeed = None,
    test_share: TestShare = None,
    budget: Budget = None,
    as_json: AsJson = False,
) -> None:
    """Write a new plug-in (challenge, metric, strategy, ...) to start from, in your own folder.

    Example: dataperf new metric my_metric --path my-folder
    Example: dataperf new challenge mine --from-data mine.parquet --label y --path my-folder
    """
    from dataperf import new as scaffold

    columns = {"label": label, "split": split, "truth": truth, "group": group, "id": id}
    kinds = {"model": model, "metric": metric, "seed": seed, "share": test_share, "budget": budget}
    told = {
        key: value
        for key, value in {**columns, **kinds, "track": track}.items()
        if value is not None
    }
    made = scaffold.write(kind, name, path, source=from_data, **told)
    written = [str(file) for file in made]
    if as_json:
        return terminal.show_json({"wrote": written})
    for file in written:
        typer.echo(f"wrote {file}")
    typer.echo(f"check it: dataperf verify --plugins --path {shlex.quote(str(path))}")


@app.command()
def freeze(
    name: Annotated[str, typer.Argument(help="A fixed model or a challenge.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    path: Paths = None,
) -> None:
    """Freeze a fixed model, or a challenge's boards with their reference points.

    Example: dataperf freeze my_model_v1 --path my-folder
    """
    from dataperf import anchors, files, frozen, registry, report
    from dataperf import challenge as challenges
    from dataperf.errors import NotFound, Unavailable

    models, asked = registry.find("fixed_models"), registry.find("challenges")
    names = {known.replace("-", "_") for known in models}
    if name.removesuffix(".py").replace("-", "_") in names:
        entry = registry.get("fixed_models", name.removesuffix(".py"))
        return _print_frozen({entry.path.name: frozen.freeze_model(entry)}, as_json)
    if name.replace("-", "_") not in {known.replace("-", "_") for known in asked}:
        raise NotFound("fixed model or challenge", name, [*models, *asked])
    challenge = challenges.load(name)
    frozen.check_models(challenge)
    found = {}
    for board in challenge.boards:
        with terminal.progress(f"reference points of {board}"):
            try:
                found[board] = anchors.load(challenge, board) or anchors.compute(challenge, board)
            except Unavailable:
                terminal.say(f"{board}: frozen without reference points, its data is not here")
    digests = frozen.freeze_boards(challenge, list(challenge.boards))
    anchors.keep(challenge, found)
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


@app.command()
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


def _rules(named: str) -> Literal["strict", "official"]:
    from dataperf.errors import NotFound

    if named == "official":
        return "official"
    if named != "strict":
        raise NotFound("kind of rules", named, ("strict", "official"))
    return "strict"


def _read(files: list[Path], asked: Challenge, board: str | None, rules: str) -> list[Submission]:
    """Read and check all files; the problems of all of them are reported together."""
    from dataperf import submission
    from dataperf.errors import DataperfError, Invalid

    read: list[Submission] = []
    loaded: dict[str, dict[str, TaskData]] = {}
    refused: list[Invalid] = []
    official = rules == "official"
    for file in (each for path in files for each in submission.files_of(path, asked)):
        try:
            sent = submission.read(file, asked, board, official=official)
            if sent.board not in loaded:
                loaded[sent.board] = submission.board_data(asked, sent.board)
            try:
                submission.check(sent, asked, loaded[sent.board], official=official)
            except Invalid as error:
                raise Invalid(str(file), error.problems) from None
            read.append(sent)
        except Invalid as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise DataperfError("\n".join(str(error) for error in refused))
    return read


def _version(wanted: bool) -> None:
    if wanted:
        from dataperf import __version__

        typer.echo(f"dataperf {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; exit 0 if good, 1 if we failed, 2 if the user can mend it."""
    from dataperf.errors import DataperfError

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers are ended too
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except DataperfError as error:
        typer.echo(f"error: {_harmless(str(error))}", err=True)
        sys.exit(error.exit_code)


def _harmless(text: str) -> str:
    """Return text without what a terminal obeys: names in somebody's data may hold escapes."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode()
        for each in text
    )


if __name__ == "__main__":
    main()
