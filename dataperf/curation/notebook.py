"""An audit in a notebook's cell and on a terminal: the findings, then the top rows of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dataperf.curation import shown
from dataperf.curation.marks import SEVERITY_WORDS, cell, esc
from dataperf.curation.records import Finding, Severity
from dataperf.curation.shown import Audited, Usual, class_name, clipped

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

#: Severities: a sign, a colour that reads on white and on black, and a terminal's style.
SIGNS: dict[Severity, tuple[str, str, str]] = {
    "high": ("●", "#d9480f", "bold red"),
    "medium": ("◐", "#b7791f", "yellow"),
    "low": ("○", "#4a8ab5", "blue"),
    "none": ("✓", "#2f9e74", "green"),
}
#: Columns of a finding's table on a terminal, those that say most first.
TOLD = (
    *("id", "set", "column", "condition", "split", "annotator", "what", "group", "problem"),
    *("measure", "class", "given", "suggested", "value", "rows", "error", "low", "high"),
    *("confidence", "conflict", "crosses", "times_usual", "effect", "accuracy", "kind", "score"),
)
SAMPLES = 12


def html(audit: Audited) -> str:
    """Return an audit as a compact piece of HTML for a notebook's cell.

    No script, no style sheet, no ids: colours are the notebook's own (``currentColor``), so it
    fits light and dark themes of Jupyter and VS Code. Text from data is escaped.
    """
    rows = audit.rows
    facts = (
        f"{len(rows):,} rows · {len(rows.classes):,} classes · {rows.features.shape[1]:,} features"
        f" · label {esc(rows.label, 40)}"
    )
    lines = "".join(_line(found) for found in audit.findings)
    skipped = ", ".join(esc(kind.replace("_", " ")) for kind in audit.skipped)
    note = f'<div style="{_soft(8)}">Nothing to look at: {skipped}</div>' if skipped else ""
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:13px;line-height:1.45;'
        'max-width:960px;color:inherit;font-variant-numeric:tabular-nums">'
        f'<div style="font-size:20px;margin:2px 0">{esc(rows.name)}</div>'
        f'<div style="{_soft(0)}">{facts}</div>{_samples(audit)}'
        '<table style="border-collapse:collapse;margin:12px 0 0;width:100%;background:none;color:inherit;font-size:inherit">'
        f"<tbody>{lines}</tbody></table>{note}"
        f'<div style="{_soft(10)}">.table("label_errors") · .plot_map() · .explain(row) · '
        '.to_manifest(path="repair.json") · .report("audit.html")</div></div>'
    )


def _soft(above: int) -> str:
    return f"opacity:.65;margin-top:{above}px"


def _line(found: Finding) -> str:
    sign, colour, _ = SIGNS[found.severity]
    style = "padding:7px 14px 7px 0;border:0;border-top:1px solid rgba(128,128,128,.28);"
    style += "text-align:left;vertical-align:top;background:none"
    return (
        f'<tr style="background:none"><td style="{style};white-space:nowrap;color:{colour}">'
        f'{sign} {SEVERITY_WORDS[found.severity]}</td><td style="{style};white-space:nowrap;'
        f'font-weight:600">{esc(found.title)}</td><td style="{style}">{esc(found.sentence, 600)}'
        "</td></tr>"
    )


def _samples(audit: Audited) -> str:
    """Return the most doubtful labels: pictures if there are any, else words."""
    doubt, rows = shown.doubts(audit), audit.rows
    usual = Usual(rows)
    count = min(SAMPLES if rows.media is not None else 4, doubt.flagged)
    cells = []
    for place in range(count):
        row = int(doubt.rows[place])
        given, better = (
            esc(class_name(rows, int(each[place])), 18) for each in (doubt.given, doubt.suggested)
        )
        if rows.media is None:
            told = f'<s style="opacity:.65">{given}</s> → <b>{better}</b>'
            cells.append(f'<div style="width:100%">{told} &nbsp; {_words(usual, row)}</div>')
            continue
        address = shown.picture_uri(rows, row, side=96)
        image = f'<img src="{address}" alt="" style="width:64px;height:64px;object-fit:contain;'
        image += 'border-radius:5px;display:block;margin:0">'
        cells.append(
            f'<div style="width:66px;overflow:hidden">{image if address else ""}'
            '<div style="font-size:11px;line-height:1.35;margin-top:4px">'
            f'<s style="opacity:.65">{given}</s><br><b>{better}</b></div></div>'
        )
    drawn = "".join(cells)
    style = "display:flex;flex-wrap:wrap;gap:8px;margin-top:12px"
    return f'<div style="{style}">{drawn}</div>' if drawn else ""


def _words(usual: Usual, row: int) -> str:
    column = usual.text_column
    if column is not None:
        return esc(usual.rows.frame[column].iloc[row], 110)
    return ", ".join(
        f"{esc(each.column, 24)} {esc(each.value, 20)} "
        f'<span style="opacity:.65">(usual: {esc(each.usual, 32)})</span>'
        for each in usual.odd(row, most=2)
    )


# Terminal ---------------------------------------------------------------------------------


def text(audit: Audited, *, most: int = 5) -> RenderableType:
    """Return an audit for a terminal: one table of findings, then the top rows of each.

    Parameters
    ----------
    audit
        What was found.
    most
        Rows of each finding.

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
    lines = [
        f"nothing to look at: {kind.replace('_', ' ')}: {why}"
        for kind, why in audit.skipped.items()
    ]
    lines += [f"note: {note}" for note in getattr(audit, "notes", ())]
    if audit.seconds.get("total") and getattr(audit, "peak_memory", 0):
        held = audit.peak_memory / 2**20  # type: ignore[attr-defined]
        lines.append(
            f"took {audit.seconds['total']:.1f} s; the process held {held:,.0f} MiB at most"
        )
    if rows.skipped:
        lines.append(f"not readable, left out: {len(rows.skipped):,}, {rows.skipped[0][0]} first")
    if lines:
        parts += [Text("")] + [Text(clipped(line, 500), style="dim") for line in lines]
    return Group(*parts)


def _findings(findings: Sequence[Finding]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, title="FINDINGS", title_justify="left")
    drawn.add_column("severity", no_wrap=True)
    drawn.add_column("finding", no_wrap=True)
    drawn.add_column("what was found", overflow="fold")
    for found in findings:
        sign, _, style = SIGNS[found.severity]
        told = Text(f"{sign} {SEVERITY_WORDS[found.severity]}", style=style)
        drawn.add_row(told, Text(found.title), Text(clipped(found.sentence, 2000)))
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
    cells = {name: [_plain(name, value) for value in frame[name].tolist()] for name in names}
    for place, name in enumerate(names):
        number = place and frame[name].dtype.kind in "fiu"
        side = "right" if number else "left"
        drawn.add_column(name.replace("_", " "), justify=side, overflow="fold")  # type: ignore[arg-type]
    for at in range(len(frame)):
        drawn.add_row(*(Text(cells[name][at]) for name in names))
    return title, drawn


def columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a finding's table that fit a terminal, at most six."""
    known = [str(name) for name in frame.columns]
    told = [name for name in TOLD if name in known and not frame[name].isna().all()]
    return (told or known)[:6]


def _plain(name: str, value: Any) -> str:
    import html as entities

    return entities.unescape(cell(name, value)[0])
