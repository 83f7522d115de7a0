"""Tables, bars and heat maps as HTML; every text that comes from data is escaped here."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.curation.samples import clipped, short
from dataperf.records.findings import Severity

if TYPE_CHECKING:
    import pandas as pd

SEVERITY_WORDS: dict[Severity, str] = {
    "high": "high",
    "medium": "medium",
    "low": "low",
    "none": "fine",
}
#: Columns of a finding's table that are shares of something.
SHARES = {
    *("share", "even_share", "error", "accuracy", "agreement", "confidence", "chance"),
    *("lowest", "highest"),
}


def esc(text: object, most: int = 120) -> str:
    """Return a text for HTML, on one line, cut at a length.

    >>> esc('</script><b title="x">')
    '&lt;/script&gt;&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape(clipped(text, most), quote=True)


def embedded(value: Any) -> str:
    """Return a value as JSON that cannot end the script element it stands in.

    >>> embedded(["</script>"])
    '["\\\\u003c/script\\\\u003e"]'
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def percent(share: float) -> str:
    """Return a share in per cent, with a figure behind the point where it is small.

    >>> percent(0.5), percent(0.0123), percent(0.00001), percent(float("nan"))
    ('50 %', '1.2 %', '<0.1 %', '–')
    """
    if not np.isfinite(share):
        return "–"
    if 0 < share < 0.001:
        return "<0.1 %"
    return (
        f"{share:.1%}".replace("%", " %") if 0 < share < 0.1 else f"{share:.0%}".replace("%", " %")
    )


def cell(column: str, value: Any) -> tuple[str, str]:
    """Return the text of a cell, and the number to sort it by ("" for words)."""
    if isinstance(value, bool | np.bool_):
        return ("yes" if value else "no"), str(int(value))
    if isinstance(value, int | np.integer):
        return (str(value) if column == "row" else f"{int(value):,}"), str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        if not np.isfinite(number):
            return "–", "-1e99"
        return (percent(number) if column in SHARES else short(number)), repr(number)
    return ("–" if value is None else esc(value)), ""


def table(frame: pd.DataFrame, *, most: int, leave: Sequence[str] = (), caption: str = "") -> str:
    """Return a table whose columns sort on a click; says so if it holds only the first rows.

    Parameters
    ----------
    frame
        What to show.
    most
        Rows that are shown.
    leave
        Columns that are not shown.
    caption
        A few words above.
    """
    names = [name for name in frame.columns if str(name) not in leave]
    names = [name for name in names if not frame[name].isna().all()][:14]
    cells = {
        name: [cell(str(name), value) for value in frame[name].head(most).tolist()]
        for name in names
    }
    numeric = {
        name: any(order for _, order in column) and all(o or t == "–" for t, o in column)
        for name, column in cells.items()
    }
    heads = "".join(
        f'<th scope="col"{_right(numeric[name])}><button type="button">'
        f"{esc(str(name).replace('_', ' '))}</button></th>"
        for name in names
    )
    body = "".join(
        "<tr>" + "".join(_cell(*cells[name][at], numeric[name]) for name in names) + "</tr>"
        for at in range(min(most, len(frame)))
    )
    told = f"<caption>{esc(caption)}</caption>" if caption else ""
    more = ""
    if len(frame) > most:
        more = f'<p class="note">The first {most:,} of {len(frame):,} lines.</p>'
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(caption or "table")}">'
        f'<table class="sort">{told}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
        f"</div>{more}"
    )


def _right(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _cell(text: str, order: str, numeric: bool) -> str:
    key = f' data-v="{order}"' if order else ""
    return f"<td{_right(numeric)}{key}>{text}</td>"


def meter(share: float, kind: str = "") -> str:
    """Return a thin bar that fills a share of its width."""
    width = 100 * min(max(share, 0.0), 1.0)
    return f'<span class="meter {kind}"><i style="width:{width:.1f}%"></i></span>'


def interval(value: float, low: float, high: float, mark: float, *, top: float) -> str:
    """Return a value with its interval on a line from 0 to ``top``, and a mark to compare with."""
    place = [100 * min(max(each / top, 0.0), 1.0) for each in (low, high, value, mark)]
    return (
        f'<span class="interval" aria-hidden="true">'
        f'<i class="span" style="left:{place[0]:.1f}%;width:{place[1] - place[0]:.1f}%"></i>'
        f'<i class="dot" style="left:{place[2]:.1f}%"></i>'
        f'<i class="mark" style="left:{place[3]:.1f}%"></i></span>'
    )


def heat(values: NDArray[Any], names: Sequence[str], *, across: str, down: str) -> str:
    """Return a square table whose cells off the diagonal are shaded by their size.

    Parameters
    ----------
    values : (k, k) array of float
        Shares; rows and columns are the classes.
    names : k names
    across, down
        What columns and rows mean.
    """
    off = values[~np.eye(len(values), dtype=bool)]
    top = float(np.nanmax(off)) if off.size and np.nanmax(off) > 0 else 1.0
    heads = "".join(f'<th scope="col"><span>{esc(name, 24)}</span></th>' for name in names)
    lines = []
    for place, name in enumerate(names):
        cells = "".join(
            _heat_cell(float(value), float(value) / top, place == other, (name, names[other]))
            for other, value in enumerate(values[place])
        )
        lines.append(f'<tr><th scope="row">{esc(name, 24)}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(down)} by {esc(across)}">'
        f'<table class="heat"><thead><tr><td class="axes">{esc(down)} ↓ &nbsp;{esc(across)} →</td>'
        f"{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _heat_cell(value: float, part: float, own: bool, names: tuple[str, str]) -> str:
    if not np.isfinite(value):
        return "<td>–</td>"
    told = f"{value:.1%}".replace("%", "").replace(".0", "") if value >= 0.0005 else "·"
    if own:
        return f'<td class="own">{value:.0%}</td>'.replace("%", "")
    title = f"{esc(names[0], 40)} given as {esc(names[1], 40)}: {percent(value)}"
    deep = " deep" if part > 0.85 else ""
    return f'<td class="h{deep}" style="--v:{min(part, 1):.3f}" title="{title}">{told}</td>'


def histogram(values: NDArray[Any], *, bins: int = 48, words: str) -> str:
    """Return bars of how often values occur; those below zero are marked.

    Parameters
    ----------
    values : (n,) array of float
        Finite.
    bins
        Number of bars.
    words
        What a screen reader says.
    """
    low, high = np.quantile(values, [0.002, 0.998])
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    wide, tall, top = 960, 190, max(1, int(counts.max()))
    bars = []
    for place, count in enumerate(counts):
        height = tall * count / top
        kind = "below" if edges[place + 1] <= 1e-12 else "above"
        label = (
            f"{count:,} rows from {short(float(edges[place]))} to {short(float(edges[place + 1]))}"
        )
        bars.append(
            f'<rect class="{kind}" x="{place * wide / bins + 1:.1f}" y="{tall - height:.1f}" '
            f'width="{wide / bins - 2:.1f}" height="{height:.1f}" rx="1.5">'
            f"<title>{label}</title></rect>"
        )
    zero = ""
    if low < 0 < high:
        x = wide * (0 - low) / (high - low)
        zero = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{tall}"/>'
        zero += f'<text x="{x:.1f}" y="{tall + 8}" text-anchor="middle">0</text>'
    ends = f'<text x="0" y="{tall + 8}">{short(float(low))}</text>'
    ends += f'<text x="{wide}" y="{tall + 8}" text-anchor="end">{short(float(high))}</text>'
    return (
        f'<svg class="histogram" viewBox="0 -4 {wide} {tall + 46}" role="img" '
        f'aria-label="{esc(words, 300)}">{"".join(bars)}{zero}{ends}</svg>'
    )
