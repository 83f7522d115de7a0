"""The commands that list plug-ins, show a challenge, and rank results."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dataperf.cli import failures, terminal
from dataperf.cli.options import (
    RESULTS,
    AsJson,
    BoardName,
    DataDir,
    Plugins,
    Results,
    ScoreColumns,
    chosen,
    with_groups,
)


def list_(
    kind: Annotated[
        str | None, typer.Argument(help="Kind of plug-in: challenges, metrics, ... [all].")
    ] = None,
    track: Annotated[
        str | None, typer.Option("--track", help="List only strategies for this track.")
    ] = None,
    as_json: AsJson = False,
    plugins: Plugins = None,
) -> None:
    """List challenges, fixed models, metrics and other plug-ins.

    Example: dataperf list metrics
    Example: dataperf list strategies --track cleaning
    """
    from dataperf import registry
    from dataperf.errors import DataperfError, NotFound

    if kind is not None and kind not in registry.KINDS:
        raise NotFound("kind of plug-in", kind, registry.KINDS)
    if track is not None and kind != "strategies":
        raise DataperfError("--track is for strategies: dataperf list strategies --track NAME")
    found = {each: [*registry.find(each).values()] for each in ([kind] if kind else registry.KINDS)}
    if track is not None:
        wanted = registry.get("tracks", track).name
        found = {"strategies": [e for e in found["strategies"] if wanted in e.tracks()]}
    if as_json:
        rows = [
            {
                "kind": each,
                "name": entry.name,
                "description": entry.description(),
                "path": str(entry.path),
                "ours": entry.ours,
                "origin": entry.origin,
                **({"tracks": entry.tracks()} if each == "strategies" else {}),
            }
            for each, entries in found.items()
            for entry in entries
        ]
        return terminal.show_json(rows)
    for each, entries in found.items():
        terminal.line(f"{each.replace('_', ' ')}:")
        for entry in entries:
            mark = "" if entry.ours else f"  ({entry.origin})"
            answers = f"{', '.join(entry.tracks()):<19} " if each == "strategies" else ""
            head = f"  {entry.name:<26} {answers}"
            terminal.line(f"{head}{entry.description()}{mark}", indent=len(head))


def show(
    challenge: Annotated[str, typer.Argument(help="Name of the challenge.")],
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference points as a Markdown table.")
    ] = False,
    plugins: Plugins = None,
) -> None:
    """Show a challenge, its boards and what a score means.

    Example: dataperf show speech-selection
    """
    from dataperf import report
    from dataperf.boards import reference_points
    from dataperf.definitions import freezing, loading

    found = loading.load(challenge)
    if as_json:
        return terminal.show_json(found.model_dump(mode="json", exclude_none=True))
    points = reference_points.load_all(found)
    if markdown:
        return terminal.line(report.headroom(points) if points else "no reference points")
    terminal.show(report.challenge_page(found, points))
    for warning in freezing.changed_parts(found):
        terminal.say(f"warning: {warning}")
    terminal.line(f"\ntask, data card, rules: {loading.folder_of(found) / 'README.md'}")


@with_groups
def leaderboard(
    challenge: Annotated[
        str | None,
        typer.Option(
            "--challenge", "-c", help="Name of the challenge; not needed with --data or --scores."
        ),
    ] = None,
    board: BoardName = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Your own data, to rank the results of it: a file or folder."),
    ] = None,
    *,
    table: ScoreColumns,
    weightings: Annotated[
        bool,
        typer.Option(
            "--weightings", help="Show how the order depends on the weights of tasks and splits."
        ),
    ] = False,
    results: Results = RESULTS,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Rank the kept results, with the ranks that chance leaves open for each.

    A board that cannot be ranked, because its data is not here, is named; the exit code is then 2.
    With --scores, the entries of any table of scores are ranked: entries by items or tasks.

    Example: dataperf leaderboard -c speech-selection -b digits-60
    Example: dataperf leaderboard -c speech-selection --weightings
    Example: dataperf leaderboard --scores table.csv
    Example: dataperf leaderboard --scores long.parquet --entry model --item question --score right
    Example: dataperf leaderboard --scores errors.csv --lower-is-better
    Example: dataperf leaderboard --data mine.csv
    """
    from dataperf import report
    from dataperf.api import results as kept
    from dataperf.boards.leaderboard import plain
    from dataperf.errors import DataperfError

    if table.scores is not None:
        if challenge is not None or data is not None:
            raise DataperfError("--scores ranks a table alone: without --challenge and --data")
        return _of_scores(table, as_json, weightings)
    with terminal.steps("reading results"):
        found = kept.rankings(challenge, board, results, data=data)
    for name, reason in found.unreadable.items():
        terminal.say(f"not ranked, unreadable: {name}: {reason}")
    for note in found.notes:
        terminal.say(note)
    for name, error in found.unranked.items():
        terminal.say(f"not ranked: {challenge}/{name}: {error}")
    if as_json:
        lost: list[dict[str, Any]] = [
            {"challenge": challenge, "board": name, "rows": [], "error": failures.record(error)}
            for name, error in found.unranked.items()
        ]
        terminal.show_json([*(plain(each) for each in found.boards), *lost])
    else:
        for each in found.boards:
            terminal.show(report.leaderboard(each, weightings=weightings))
        if not (found.boards or found.unranked):
            terminal.line(f"no results of {challenge or data} in {results}")
    if found.unranked:
        raise typer.Exit(2)


def _of_scores(table: ScoreColumns, as_json: bool, weightings: bool) -> None:
    """Rank the entries of a table of scores."""
    from dataperf import report
    from dataperf.api import scores
    from dataperf.boards.score_ranking import plain

    found = scores.rank_scores(**chosen(table))
    drawn = report.scores(found, weightings=weightings)
    terminal.show_json(plain(found)) if as_json else terminal.show(drawn)
