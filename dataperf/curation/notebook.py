"""An audit in a notebook's cell and on a terminal: the findings, then the top rows of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dataperf.curation import samples
from dataperf.curation.markup import SEVERITY_WORDS, esc
from dataperf.curation.samples import Audited, Usual, class_name
from dataperf.curation.terminal import SIGNS
from dataperf.records.findings import Finding

if TYPE_CHECKING:
    pass

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
    doubt, rows = samples.doubts(audit), audit.rows
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
        address = samples.picture_uri(rows, row, side=96)
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
