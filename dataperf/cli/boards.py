"""What there is to answer, and how the answers rank."""

from __future__ import annotations

from typing import Annotated

import typer

from dataperf.cli import terminal
from dataperf.cli.options import (
    RESULTS,
    AsJson,
    BoardName,
    ChallengeName,
    DataDir,
    Plugins,
    Results,
)


def list_(
    kind: Annotated[
        str | None, typer.Argument(help="challenges, metrics, ... (default: all)")
    ] = None,
    track: Annotated[
        str | None, typer.Option("--track", help="Only strategies that answer this track.")
    ] = None,
    as_json: AsJson = False,
    plugins: Plugins = None,
) -> None:
    """List challenges, fixed models, metrics, tracks, strategies, datasets, and all other plug-ins.

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
        typer.echo(f"{each.replace('_', ' ')}:")
        for entry in entries:
            mark = "" if entry.ours else f"  ({entry.origin})"
            answers = f"{', '.join(entry.tracks()):<19} " if each == "strategies" else ""
            typer.echo(f"  {entry.name:<26} {answers}{entry.description()}{mark}")


def show(
    challenge: Annotated[str, typer.Argument(help="The challenge's name.")],
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference points as a Markdown table.")
    ] = False,
    plugins: Plugins = None,
) -> None:
    """Show what a challenge asks, its boards, and what a score there means.

    Example: dataperf show speech-selection
    """
    from dataperf import report
    from dataperf.boards import reference_points
    from dataperf.definitions import freezing
    from dataperf.definitions import loading as challenges
    from dataperf.errors import DigestMismatch

    asked = challenges.load(challenge)
    points = {board: reference_points.load(asked, board) for board in asked.boards}
    known = {board: found for board, found in points.items() if found is not None}
    if as_json:
        return terminal.show_json(asked.model_dump(mode="json", exclude_none=True))
    if markdown:
        return typer.echo(report.headroom(known) if known else "no reference points")
    terminal.show(report.challenge_page(asked, known))
    for board in asked.boards:
        try:
            freezing.unfrozen_parts(asked, board)
        except DigestMismatch as error:
            typer.echo(f"warning: {error}", err=True)
    typer.echo(f"\ntask, data card, rules: {challenges.folder_of(asked) / 'README.md'}")


def leaderboard(
    challenge: ChallengeName,
    board: BoardName = None,
    results_at: Results = RESULTS,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    plugins: Plugins = None,
) -> None:
    """Rank the results that are kept here; differences within noise share a rank.

    Example: dataperf leaderboard -c speech-selection -b digits-60
    """
    from dataperf import report
    from dataperf.boards import leaderboard as ranking
    from dataperf.definitions import loading as challenges
    from dataperf.evaluation import results

    asked = challenges.load(challenge)
    if board:
        challenges.board_of(asked, board)
    found, broken = results.read_all(results_at, f"{asked.name}/")
    for name, reason in broken.items():
        terminal.say(f"not ranked, unreadable: {name}: {reason}")
    names = [board] if board else sorted({result.board for result in found} & set(asked.boards))
    ranked = [ranking.rank(asked, name, found) for name in names]
    if as_json:
        return terminal.show_json([ranking.plain(each) for each in ranked])
    if not ranked:
        typer.echo(f"no results of {asked.name} in {results_at}")
    for each in ranked:
        terminal.show(report.leaderboard(each))
