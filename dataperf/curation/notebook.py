"""An audit in a notebook's cell: the findings, and the most doubtful labels."""

from __future__ import annotations

from typing import NamedTuple

from dataperf.curation import markup, samples
from dataperf.curation.charts import SEVERITY_WORDS
from dataperf.curation.samples import Audited, Odd, Usual, class_name
from dataperf.curation.terminal import SIGNS

#: Flagged rows that are shown: images, and rows of words.
SAMPLES, WORDS = 12, 4


class Shown(NamedTuple):
    """A flagged row: its labels and its image, its text, or the columns that stand out."""

    given: str
    suggested: str
    image: str
    text: str | None
    odd: list[Odd]


def html(audit: Audited) -> str:
    """Return an audit as a compact piece of HTML for a notebook's cell.

    No script, no style sheet, no ids: colours are the notebook's own (``currentColor``), so it
    fits light and dark themes of Jupyter and VS Code. Text from data is escaped.
    """
    rows = audit.rows
    findings = [
        {
            "sign": SIGNS[found.severity][0],
            "colour": SIGNS[found.severity][1],
            "severity": SEVERITY_WORDS[found.severity],
            "title": found.title,
            "sentence": found.sentence,
        }
        for found in audit.findings
    ]
    return markup.render(
        "notebook.html",
        name=rows.name,
        rows=len(rows),
        classes=len(rows.classes),
        features=rows.features.shape[1],
        label=rows.label,
        has_media=rows.media is not None,
        suspects=_suspects(audit),
        findings=findings,
        skipped=[kind.replace("_", " ") for kind in audit.skipped],
    )


def _suspects(audit: Audited) -> list[Shown]:
    """Return the most doubtful labels: images if there are any, else words."""
    doubt, rows = samples.doubts(audit), audit.rows
    usual, found = Usual(rows), []
    for place in range(min(SAMPLES if rows.media is not None else WORDS, doubt.flagged)):
        row = int(doubt.rows[place])
        given, better = (
            class_name(rows, int(each[place])) for each in (doubt.given, doubt.suggested)
        )
        if rows.media is not None:
            image = samples.picture_uri(rows, row, side=96)
            found.append(Shown(given, better, image, None, []))
        elif usual.text_column is not None:
            text = str(rows.frame[usual.text_column].iloc[row])
            found.append(Shown(given, better, "", text, []))
        else:
            found.append(Shown(given, better, "", None, usual.odd(row, most=2)))
    return found
