"""What several commands print, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from dataperf.basics.wording import on_one_line
from dataperf.cli import terminal

if TYPE_CHECKING:
    from dataperf.api.evaluation import Scored
    from dataperf.api.submissions import Checked
    from dataperf.errors import DataperfError, Invalid

#: Maximum number of files that a summary names.
MOST_NAMED = 20


def checks(found: Iterable[tuple[str, Checked | Invalid]], as_json: bool) -> None:
    """Print the outcome of checks; exit with 2 if a submission is not valid."""
    from dataperf.errors import Invalid

    rows: list[dict[str, Any]] = []
    for file, outcome in found:
        row: dict[str, Any] = {"file": file, "valid": True, "warnings": [], "problems": []}
        if isinstance(outcome, Invalid):
            row |= {"valid": False, "problems": [vars(problem) for problem in outcome.problems]}
        else:
            row["warnings"] = list(outcome.warnings)
        rows.append(row)
        if not as_json:
            _check(file, outcome)
    valid = sum(row["valid"] for row in rows)
    if as_json:
        terminal.show_json(rows)
    elif len(rows) > 1:
        summary = f"{valid:,} of {len(rows):,} valid" + (";" if valid < len(rows) else "")
        terminal.line(f"{summary}{_named([row['file'] for row in rows if not row['valid']])}")
    if valid < len(rows):
        raise typer.Exit(2)


def _named(files: Sequence[str]) -> str:
    """Return the files that were refused, after a blank; "" for none."""
    from dataperf.basics.wording import shorten

    return f" not valid: {shorten([*map(on_one_line, files)], MOST_NAMED)}" if files else ""


def _check(file: str, outcome: Checked | Invalid) -> None:
    from dataperf.errors import ONLY_WARNING, Invalid

    if isinstance(outcome, Invalid):
        return terminal.say(f"error: {Invalid(file, outcome.problems)}")
    terminal.line(f"{on_one_line(file)}: valid")
    for warning in outcome.warnings:
        for line in f"warning: {warning.removeprefix(ONLY_WARNING)}".splitlines():
            terminal.line(f"  {line}")


def results(scored: Sequence[Scored], as_json: bool, refused: Sequence[DataperfError] = ()) -> None:
    """Print results, where they are kept, and what was refused.

    Exit with 2 if a submission was refused, otherwise with 1 if an evaluation failed.
    """
    from dataperf.errors import Invalid

    named = [error for error in refused if isinstance(error, Invalid)]
    if as_json:
        found = [{"file": s.location, **s.result.model_dump(mode="json")} for s in scored]
        found += [
            {"file": error.subject, "status": "refused", "problems": [*map(vars, error.problems)]}
            for error in named
        ]
        terminal.show_json(found)
    else:
        _results(scored)
    for error in refused:
        terminal.say(f"error: {error}")
    if refused:
        count = len(scored) + len(refused)
        files = _named([error.subject for error in named])
        terminal.say(f"{len(scored):,} of {count:,} evaluated;{files}")
        raise typer.Exit(2)
    if any(each.result.status == "failed" for each in scored):
        raise typer.Exit(1)


def _results(scored: Sequence[Scored]) -> None:
    """Print own data's results in full; of several on a challenge a line each, the first in full."""
    from dataperf import report

    own = bool(scored[0].result.own_data)
    if len(scored) > 1 and not own:
        terminal.show(report.short_table([each.result for each in scored]))
        terminal.line("\nThe first of them in full:\n")
    for number, each in enumerate(scored):
        if own or number == 0:
            terminal.show(report.full_scorecard(each.result))
            terminal.line("")
        if own:
            terminal.line(f"kept as {on_one_line(each.location)}")
    for each in () if own else scored:
        terminal.line(f"kept as {on_one_line(each.location)}")


def rows(found: Sequence[dict[str, Any]], as_json: bool, *, summary: str) -> None:
    """Print a line for each check of plug-ins or results, its problems, and a summary; exit with 1
    if one failed.

    ``summary`` says what passed: ``verified``.
    """
    if as_json:
        terminal.show_json(found)
    else:
        for row in found:
            terminal.line(f"{'ok  ' if row['ok'] else 'FAIL'} {on_one_line(row['name'])}", indent=5)
            for problem in [*row["problems"], *row.get("notes", ())]:
                terminal.line(f"     {problem}", indent=7)
        failed = sum(not row["ok"] for row in found)
        not_ok = f", {failed} not" if failed else ""
        terminal.line(f"{len(found) - failed} of {len(found)} {summary}{not_ok}")
    if not all(row["ok"] for row in found):
        raise typer.Exit(1)
