"""An audit in a notebook's cell: the findings, and the most suspicious labels."""

from __future__ import annotations

from typing import NamedTuple

from dataperf.curation import markup, samples
from dataperf.curation.charts import SEVERITY_WORDS
from dataperf.curation.samples import Audited, Odd, Usual, class_name
from dataperf.curation.terminal import SIGNS

#: Maximum number of flagged rows with images, and without.
SAMPLES, ROWS = 12, 4


class Shown(NamedTuple):
    """A flagged row: its labels, and its image, its text or its unusual columns."""

    given: str
    suggested: str
    image: str
    text: str | None
    odd: list[Odd]


def html(audit: Audited) -> str:
    """Return an audit as a compact piece of HTML for a notebook's cell.

    It has no script, no style sheet and no ids. It inherits the notebook's text colour, so it
    fits light and dark themes of Jupyter and VS Code. Text from the data is escaped.
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
    """Return the most suspicious rows: as images if there are any, otherwise as words."""
    suspects, rows = samples.suspect_rows(audit), audit.rows
    usual, found = Usual(rows), []
    for place in range(min(SAMPLES if rows.media is not None else ROWS, suspects.flagged)):
        row = int(suspects.rows[place])
        given, suggested = (
            class_name(rows, int(each[place])) for each in (suspects.given, suspects.suggested)
        )
        if rows.media is not None:
            image = samples.image_uri(rows, row, side=96)
            found.append(Shown(given, suggested, image, None, []))
        elif usual.text_column is not None:
            text = str(rows.frame[usual.text_column].iloc[row])
            found.append(Shown(given, suggested, "", text, []))
        else:
            found.append(Shown(given, suggested, "", None, usual.odd(row, most=2)))
    return found
