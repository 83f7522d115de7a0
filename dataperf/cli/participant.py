"""The commands of a participant: write a baseline's submission, check one, evaluate one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dataperf.cli import printing, terminal
from dataperf.cli.options import (
    RESULTS,
    AsJson,
    BoardName,
    ChallengeName,
    Columns,
    DataDir,
    Engine,
    Jobs,
    Method,
    NamedChallenge,
    OwnRules,
    Plugins,
    Results,
    Rules,
    Safety,
    Submitter,
    chosen,
    submission_path,
    with_groups,
)

if TYPE_CHECKING:
    from dataperf.errors import DataperfError


def baseline(
    challenge: ChallengeName,
    strategy: Annotated[str, typer.Option("--strategy", "-s", help="Name of the strategy.")],
    board: BoardName = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write.")] = None,
    seed: Annotated[int, typer.Option(help="Random seed.", min=0, max=2**32 - 1)] = 0,
    submitter: Annotated[str, typer.Option(help="Name of the submitter.")] = "baseline",
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Write a submission with a baseline strategy.

    Example: dataperf baseline -c speech-selection -b digits-60 -s random -o mine.json
    """
    from dataperf.api import challenges

    request = challenges.BaselineRequest(challenge, board, strategy, seed, submitter, out, force)
    with terminal.steps(f"{strategy} on {board or challenge}"):
        written = challenges.write_baseline(request)
    terminal.show_json({"wrote": str(written)}) if as_json else terminal.line(f"wrote {written}")


def check(
    files: Annotated[
        list[Path],
        typer.Argument(parser=submission_path, help="Submissions, or folders of them."),
    ],
    challenge: NamedChallenge = None,
    board: BoardName = None,
    rules: Rules = "strict",
    submitter: Submitter = None,
    method: Method = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Check submissions with the rules of the evaluator.

    A folder stands for every JSON file in it and in its sub-folders; what is not read is named.

    Example: dataperf check mine.json
    Example: dataperf check -c speech-selection my-submissions
    Example: dataperf check -c speech-selection -b en-25 --data-dir official en_25_train.json
    """
    from dataperf.api import submissions
    from dataperf.definitions.who import Who

    who = Who(submitter, method)
    request = submissions.CheckRequest(files, challenge, board, rules, who)
    with terminal.steps("checking"):
        found = list(submissions.check_all(request))
    printing.checks(found, as_json)


@with_groups
def evaluate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            parser=submission_path,
            help="Submissions, or folders of them. Without any, the reference submissions of the "
            "challenge are scored.",
        ),
    ] = None,
    challenge: NamedChallenge = None,
    board: BoardName = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Your own data instead of a challenge: a file or a folder."),
    ] = None,
    *,
    columns: Columns,
    own: OwnRules,
    rules: Rules = "strict",
    submitter: Submitter = None,
    method: Method = None,
    safety: Safety = None,
    jobs: Jobs = 1,
    engine: Engine = None,
    results: Results = RESULTS,
    rows: Annotated[
        Path | None,
        typer.Option(
            "--rows", help="Write the test rows that the frozen model gets wrong to this CSV file."
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Train the frozen model on each submission and score it.

    A submission that breaks a rule does not stop the others; the last line counts both.

    Example: dataperf evaluate mine.json
    Example: dataperf evaluate --challenge speech-selection
    Example: dataperf evaluate mine.json --rows wrong.csv
    Example: dataperf evaluate -c speech-selection --data-dir official --submitter Ana en_25_train.json
    Example: dataperf evaluate --data mine.parquet --label y --true-label y_true cleaning.json
    Example: dataperf evaluate -c adversarial-nibbler --safety unsafe_topics
    Example: dataperf evaluate -c digit-cleaning answers --jobs 4 --engine processes
    """
    from dataperf.api import evaluation
    from dataperf.definitions.who import Who

    options = chosen(columns, own)
    who = Who(submitter, method)
    request = evaluation.EvaluationRequest(
        files or (),
        challenge,
        board,
        rules,
        safety or (),
        jobs,
        data,
        options,
        results,
        engine,
        rows,
        who,
    )
    refused: list[DataperfError] = []
    with terminal.steps():
        scored = evaluation.run(request, on_message=terminal.say, on_refused=refused.append)
    if rows is not None:
        terminal.say(f"wrote {rows}")
    printing.results(scored, as_json, refused)
