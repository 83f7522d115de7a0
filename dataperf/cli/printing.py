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
    from dataperf.errors import Invalid


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
    if as_json:
        terminal.show_json(rows)
    if not all(row["valid"] for row in rows):
        raise typer.Exit(2)


def _check(file: str, outcome: Checked | Invalid) -> None:
    from dataperf.errors import Invalid

    if isinstance(outcome, Invalid):
        return terminal.say(f"error: {Invalid(file, outcome.problems)}")
    terminal.line(f"{on_one_line(file)}: valid")
    for warning in outcome.warnings:
        terminal.line(f"  warning: {warning}")


def results(scored: Sequence[Scored], as_json: bool) -> None:
    """Print results and where they are kept; exit with 1 if an evaluation failed."""
    if as_json:
        found = [{"file": s.location, **s.result.model_dump(mode="json")} for s in scored]
        terminal.show_json(found)
    else:
        _results(scored)
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
