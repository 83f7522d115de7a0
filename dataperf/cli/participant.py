"""Answering a board: a baseline's answer, its check, its score."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dataperf.cli import terminal
from dataperf.cli.options import (
    RESULTS,
    AsJson,
    BoardName,
    Budget,
    ChallengeName,
    ChallengeOrData,
    DataDir,
    Engine,
    Jobs,
    MetricName,
    ModelName,
    OwnData,
    OwnDrop,
    OwnEmbedding,
    OwnGroup,
    OwnIds,
    OwnLabel,
    OwnSplit,
    OwnTrueLabel,
    Plugins,
    Results,
    Rules,
    Safety,
    SplitSeed,
    TestShare,
    given,
    submission_path,
)

if TYPE_CHECKING:
    from dataperf.records import Challenge, Result, Submission, TaskData


def baseline(
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
    plugins: Plugins = None,
) -> None:
    """Write a submission with a baseline strategy.

    Example: dataperf baseline -c speech-selection -b digits-60 -s random -o mine.json
    """
    from dataperf.basics import files
    from dataperf.boards import baselines
    from dataperf.definitions import loading as challenges
    from dataperf.definitions import submission
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


def check(
    files: Annotated[
        list[Path],
        typer.Argument(parser=submission_path, help="Submissions."),
    ],
    challenge: ChallengeName,
    board: BoardName = None,
    rules: Rules = "strict",
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Check submissions with the evaluator's own rules, without training anything.

    Example: dataperf check -c speech-selection mine.json
    """
    from dataperf.definitions import loading as challenges
    from dataperf.definitions import submission
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


def evaluate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            parser=submission_path,
            help="Submissions, or a folder of them; none scores the reference submissions.",
        ),
    ] = None,
    challenge: ChallengeOrData = None,
    board: BoardName = None,
    data: OwnData = None,
    label: OwnLabel = None,
    true_label: OwnTrueLabel = None,
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
    safety: Safety = None,
    jobs: Jobs = 1,
    engine: Engine = None,
    results_at: Results = RESULTS,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Retrain the frozen model on each submission and score it.

    Example: dataperf evaluate --challenge speech-selection mine.json
    Example: dataperf evaluate -c speech-selection --data-dir official en_25_train.json
    Example: dataperf evaluate --data mine.parquet --label y --true-label y_true cleaning.json
    Example: dataperf evaluate -c adversarial-nibbler --safety unsafe_topics
    Example: dataperf evaluate -c digit-cleaning answers --jobs 4 --engine processes
    """
    from dataperf.boards import safety_panel
    from dataperf.definitions import loading as challenges
    from dataperf.errors import DataperfError
    from dataperf.evaluation import evaluate as evaluation
    from dataperf.evaluation import results

    columns: dict[str, Any] = {
        "label": label,
        "split": split,
        "true_label": true_label,
        "group": group,
    }
    columns |= {"id": id, "drop": drop or None, "embedding": embedding}
    kinds = {
        "model": model,
        "metric": metric,
        "seed": seed,
        "test_share": test_share,
        "budget": budget,
    }
    told = given({**columns, **kinds})
    if safety and data is not None:
        raise DataperfError("--safety is for challenges, not for --data")
    results.place_of(results_at)  # refused before anything is trained
    if data is not None and challenge is None and board is None and rules == "strict":
        return _evaluate_own(data, files or [], told, results_at, as_json, engine=engine, jobs=jobs)
    if data is not None or told or challenge is None:
        raise DataperfError(_what_is_asked(data, challenge, [*told], board, rules))
    asked, chosen = challenges.load(challenge), _rules(rules)
    if board:
        challenges.board_of(asked, board)
    named = safety_panel.prepare(safety or (), asked)
    sent = _read(files, asked, board, chosen) if files else _references(asked, board, chosen)
    scored = []
    with terminal.progress("evaluating", len(sent)) as advance:
        ran = evaluation.evaluate_all(asked, sent, jobs=jobs, engine=engine, rules=chosen)
        for result in ran:
            result = safety_panel.add(result, named)
            scored.append((result, results.keep(result, results_at)))
            advance()
    _show(scored, as_json, lambda: _print_scores(asked, scored))


def _what_is_asked(
    data: str | None, challenge: str | None, told: list[str], board: str | None, rules: str
) -> str:
    """Return what is wrong with the choice between a challenge and own data."""
    if data is not None and challenge is not None:
        return "--challenge and --data exclude each other: a challenge has its own data"
    if data is not None:
        return f"{'--board' if board else f'--rules {rules}'} is for challenges, not for --data"
    if told:
        return f"--{told[0].replace('_', '-')} is for your own data: give --data"
    return "name a challenge (--challenge NAME) or your own data (--data FILE --label COLUMN)"


def _evaluate_own(
    source: str,
    files: list[Path],
    told: dict[str, Any],
    results_at: str,
    as_json: bool,
    *,
    engine: str | None,
    jobs: int,
) -> None:
    from dataperf import report
    from dataperf.definitions import submission
    from dataperf.errors import DataperfError
    from dataperf.evaluation import results
    from dataperf.own_data import evaluate as own

    if not files:
        raise DataperfError("name a manifest; dataperf audit writes one")
    files = [each for path in files for each in submission.files_of(path)]
    with terminal.progress(f"evaluating on {source}"):
        scored = [
            (each, results.keep(each, results_at))
            for each in own.evaluate(
                source, files, on_message=terminal.say, engine=engine, jobs=jobs, **told
            )
        ]

    def in_words() -> None:
        for result, kept in scored:
            terminal.show(report.scorecard(result, None))
            typer.echo(f"\nkept as {kept}")

    _show(scored, as_json, in_words)


def _show(scored: list[tuple[Result, str]], as_json: bool, in_words: Callable[[], None]) -> None:
    """Print results and where they are kept; exit with 1 if an evaluation failed."""
    if as_json:
        terminal.show_json(
            [{"file": kept, **result.model_dump(mode="json")} for result, kept in scored]
        )
    else:
        in_words()
    if any(result.status == "failed" for result, _ in scored):
        raise typer.Exit(1)


def _print_scores(asked: Challenge, scored: list[tuple[Result, str]]) -> None:
    from dataperf import report
    from dataperf.boards import reference_points

    first = scored[0][0]
    if len(scored) > 1:
        terminal.show(report.short_table([result for result, _ in scored]))
        typer.echo("\nThe first of them in full:\n")
    published = asked.boards[first.board].published
    terminal.show(report.scorecard(first, reference_points.load(asked, first.board), published))
    typer.echo("")
    for _, kept in scored:
        typer.echo(f"kept as {kept}")


def _rules(named: str) -> Literal["strict", "official"]:
    from dataperf.errors import NotFound

    if named == "official":
        return "official"
    if named != "strict":
        raise NotFound("kind of rules", named, ("strict", "official"))
    return "strict"


def _references(asked: Challenge, board: str | None, rules: str) -> list[Submission]:
    """Read the challenge's reference submissions, of one board or all."""
    from dataperf.definitions import loading as challenges
    from dataperf.errors import DataperfError

    files = sorted((challenges.folder_of(asked) / "submissions").glob("*.json"))
    if not files:
        raise DataperfError(f"{asked.name} has no reference submissions; name a file")
    terminal.say(f"no file given: scoring the reference submissions of {asked.name}")
    sent = _read(files, asked, None, rules)
    known = sorted({each.board for each in sent})
    sent = [each for each in sent if board is None or each.board == board]
    if not sent:
        raise DataperfError(
            f"{asked.name} has no reference submissions to {board}, only to {', '.join(known)}"
        )
    return sent


def _read(files: list[Path], asked: Challenge, board: str | None, rules: str) -> list[Submission]:
    """Read and check all files; the problems of all of them are reported together."""
    from dataperf.definitions import submission
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
