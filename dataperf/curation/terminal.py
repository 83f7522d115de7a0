"""An audit on a terminal: the findings, then the first rows of each; and in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dataperf.basics.wording import plural
from dataperf.curation.charts import SEVERITY_WORDS, cell
from dataperf.curation.samples import Audited, clipped
from dataperf.records.findings import Finding, Severity

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

#: Severities: a sign, a colour that reads on white and on black, and a style for terminals.
SIGNS: dict[Severity, tuple[str, str, str]] = {
    "high": ("●", "#d9480f", "bold red"),
    "medium": ("◐", "#b7791f", "yellow"),
    "low": ("○", "#4a8ab5", "blue"),
    "none": ("✓", "#2f9e74", "green"),
}
#: Columns of a finding's table on a terminal, the most informative first.
COLUMNS = (
    *("id", "set", "column", "condition", "split", "annotator", "what", "group", "problem"),
    *("measure", "class", "given", "suggested", "value", "rows", "error", "low", "high"),
    *("confidence", "conflict", "crosses", "times_usual", "effect", "accuracy", "kind", "score"),
)
#: Maximum number of columns of a table on a terminal.
MOST_COLUMNS = 6


def summary(audit: Audited) -> str:
    """Return an audit in a few lines of text: the data, then one line for each finding."""
    rows = audit.rows
    lines = [
        f"Audit of {clipped(rows.name, 60)}: {plural(len(rows), 'row')}, "
        f"{len(rows.classes):,} classes, label {clipped(rows.label, 40)}"
    ]
    lines += [
        f"  {SIGNS[found.severity][0]} {SEVERITY_WORDS[found.severity]:<6}  "
        f"{clipped(found.title, 40)}: {clipped(found.sentence, 100)}"
        for found in audit.findings
    ]
    if audit.skipped:
        names = ", ".join(kind.replace("_", " ") for kind in audit.skipped)
        lines.append(f"  not checked: {clipped(names, 100)}")
    return "\n".join(lines)


def text(audit: Audited, *, most: int = 5) -> RenderableType:
    """Return an audit for a terminal: a table of the findings, then the first rows of each.

    Parameters
    ----------
    audit
        The audit.
    most
        Maximum number of rows of each finding.

    Returns
    -------
    rich renderable
    """
    from rich.console import Group
    from rich.text import Text

    rows = audit.rows
    head = Text(clipped(rows.name, 200), style="bold")
    facts = (
        f"{len(rows):,} rows, {rows.features.shape[1]:,} features, {len(rows.classes):,} classes"
    )
    missing = int((rows.labels < 0).sum())
    facts += f", label {clipped(rows.label, 60)}" + (f" ({missing:,} missing)" if missing else "")
    parts: list[Any] = [head, Text(facts), Text(""), _findings(audit.findings)]
    for found in audit.findings:
        if found.severity != "none" and len(found.table):
            parts += [Text(""), *_top(found, most)]
    lines = _remarks(audit)
    if lines:
        parts += [Text("")] + [Text(clipped(line, 500), style="dim") for line in lines]
    return Group(*parts)


def _remarks(audit: Audited) -> list[str]:
    """Return what was not checked, the notes, the cost, and what could not be read."""
    lines = [f"not checked: {kind.replace('_', ' ')}: {why}" for kind, why in audit.skipped.items()]
    lines += [f"note: {note}" for note in audit.notes]
    if audit.seconds.get("total") and audit.peak_memory:
        memory = audit.peak_memory / 2**20
        lines.append(f"time {audit.seconds['total']:.1f} s, peak memory {memory:,.0f} MiB")
    unreadable = audit.rows.skipped
    if unreadable:
        lines.append(f"not readable, left out: {len(unreadable):,}, first {unreadable[0][0]}")
    return lines


def _findings(findings: Sequence[Finding]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, title="FINDINGS", title_justify="left")
    drawn.add_column("severity", no_wrap=True)
    drawn.add_column("finding", no_wrap=True)
    drawn.add_column("what was found", overflow="fold")
    for found in findings:
        sign, _, style = SIGNS[found.severity]
        severity = Text(f"{sign} {SEVERITY_WORDS[found.severity]}", style=style)
        drawn.add_row(severity, Text(found.title), Text(clipped(found.sentence, 2000)))
    return drawn


def _top(found: Finding, most: int) -> tuple[RenderableType, RenderableType]:
    """Return a heading and the first rows of a finding's table."""
    from rich.table import Table
    from rich.text import Text

    whole = found.table
    if "flagged" in whole and whole["flagged"].any():
        whole = whole[whole["flagged"].astype(bool)]
    frame, names = whole.head(most), columns(whole)
    more = f"  the first {most} of {len(whole):,}" if len(whole) > most else ""
    title = Text(f"{clipped(found.title, 80).upper()}{more}", style="italic")
    drawn = Table(box=None, pad_edge=False)
    cells = {name: [cell(name, value).text for value in frame[name].tolist()] for name in names}
    for place, name in enumerate(names):
        number = place and frame[name].dtype.kind in "fiu"
        side = "right" if number else "left"
        drawn.add_column(name.replace("_", " "), justify=side, overflow="fold")  # type: ignore[arg-type]
    for at in range(len(frame)):
        drawn.add_row(*(Text(cells[name][at]) for name in names))
    return title, drawn


def columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a finding's table that fit a terminal."""
    known = [str(name) for name in frame.columns]
    chosen = [name for name in COLUMNS if name in known and not frame[name].isna().all()]
    return (chosen or known)[:MOST_COLUMNS]
