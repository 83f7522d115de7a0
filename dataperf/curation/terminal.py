"""An audit on a terminal: the findings, then the first rows of each; and in a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dataperf.basics.wording import plural
from dataperf.curation.charts import SEVERITY_WORDS, cell
from dataperf.curation.samples import Audited, clipped
from dataperf.records.findings import Finding, Severity
from dataperf.records.rows import WARNING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

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
    *(
        "measure",
        "class",
        "given",
        "suggested",
        "true_label",
        "value",
        "rows",
        "error",
        "low",
        "high",
    ),
    *("confidence", "conflict", "crosses", "times_usual", "effect", "accuracy", "kind", "score"),
)
#: Maximum number of columns of a table on a terminal, and width of a severity with its sign.
MOST_COLUMNS, SEVERITY_WIDTH = 6, 8


def summary(audit: Audited) -> str:
    """Return an audit in a few lines of text: the data, then one line for each finding."""
    rows = audit.rows
    lines = [
        f"Audit of {clipped(rows.name, 60)}: {plural(len(rows), 'row')}, "
        f"{plural(len(rows.classes), 'class')}, label {clipped(rows.label, 40)}"
    ]
    lines += [f"  {clipped(note, 300)}" for note in audit.notes if note.startswith(WARNING)]
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
    counts = (plural(len(rows), "row"), plural(rows.features.shape[1], "feature"))
    facts = ", ".join([*counts, plural(len(rows.classes), "class")])
    missing = int((rows.labels < 0).sum())
    facts += f", label {clipped(rows.label, 60)}" + (f" ({missing:,} missing)" if missing else "")
    warnings = [Text(clipped(note, 500)) for note in audit.notes if note.startswith(WARNING)]
    parts: list[Any] = [head, Text(facts), *warnings, Text(""), Findings(audit.findings)]
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
    lines += [f"note: {note}" for note in audit.notes if not note.startswith(WARNING)]
    if audit.seconds.get("total") and audit.peak_memory:
        memory = audit.peak_memory / 2**20
        lines.append(f"time {audit.seconds['total']:.1f} s, peak memory {memory:,.0f} MiB")
    unreadable = audit.rows.skipped
    if unreadable:
        lines.append(f"not readable, left out: {len(unreadable):,}, first {unreadable[0][0]}")
    return lines


def _longest(texts: Iterable[str]) -> int:
    """Return the length of the longest word, which is the least width that breaks none."""
    return max((len(word) for text in texts for word in text.split()), default=0)


@dataclass(frozen=True)
class Findings:
    """The findings as a table; as a list where a word would not fit into its last column."""

    findings: Sequence[Finding]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None, pad_edge=False, title="FINDINGS", title_justify="left")
        drawn.add_column("severity", no_wrap=True)
        drawn.add_column("finding", no_wrap=True)
        drawn.add_column("what was found", overflow="fold")
        lines = []
        for found in self.findings:
            sign, _, style = SIGNS[found.severity]
            severity = Text(f"{sign} {SEVERITY_WORDS[found.severity]}", style=style)
            lines.append((severity, Text(found.title), Text(clipped(found.sentence, 2000))))
        titles = max((line[1].cell_len for line in lines), default=0)
        room = options.max_width - SEVERITY_WIDTH - titles - 4
        if _longest(line[2].plain for line in lines) <= room:
            for line in lines:
                drawn.add_row(*line)
            yield drawn
            return
        yield Text("FINDINGS", style="italic")
        for severity, title, sentence in lines:
            yield Text.assemble(severity, "  ", title)
            yield Padding(sentence, (0, 0, 0, 2))


@dataclass(frozen=True)
class Cells:
    """The first rows of a table: as many of its columns as fit without breaking a word."""

    heads: Sequence[str]
    rights: Sequence[bool]
    cells: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None, pad_edge=False)
        used, count = 0, 0
        for place, head in enumerate(self.heads):
            used += _longest([head, *self.cells[place]]) + (2 if place else 0)
            if place and used > options.max_width:
                break
            count += 1
        for head, right in zip(self.heads[:count], self.rights):
            drawn.add_column(Text(head), justify="right" if right else "left", overflow="fold")
        for line in zip(*self.cells[:count]):
            drawn.add_row(*(Text(text) for text in line))
        yield drawn


def _top(found: Finding, most: int) -> tuple[RenderableType, RenderableType]:
    """Return a heading and the first rows of a finding's table."""
    from rich.text import Text

    whole = found.table
    for name in ("doubtful", "flagged"):
        if name in found.table and found.table[name].any():
            whole = found.table[found.table[name].astype(bool)]
    frame, names = whole.head(most), columns(whole)
    more = f"  the first {most} of {len(whole):,}" if len(whole) > most else ""
    title = Text(f"{clipped(found.title, 80).upper()}{more}", style="italic")
    cells = [[cell(name, value).text for value in frame[name].tolist()] for name in names]
    rights = [bool(place) and frame[name].dtype.kind in "fiu" for place, name in enumerate(names)]
    return title, Cells([name.replace("_", " ") for name in names], rights, cells)


def columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a finding's table that fit a terminal."""
    known = [str(name) for name in frame.columns]
    chosen = [name for name in COLUMNS if name in known and not frame[name].isna().all()]
    return (chosen or known)[:MOST_COLUMNS]
