"""Pictures of an audit for notebooks and papers: each function returns a matplotlib Figure.

Nothing goes through pyplot, so no window opens, no figure stays behind, and any backend will do.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.curation import samples
from dataperf.curation.map_layout import MOST, layout
from dataperf.curation.samples import Audited, Usual
from dataperf.errors import DataperfError
from dataperf.records import IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, told apart by colour-blind readers, and two more.
COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"),
    *("#d55e00", "#5b4bb3", "#8f8500", "#7a4a2e", "#8a8d92"),
)
ACCENT, WARN, INK, SOFT = "#1d5f8f", "#b9500b", "#1d1e20", "#6b6e73"
#: Classes that a chart shows.
MOST_BARS, MOST_HEAT = 30, 20


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches that notebooks show without pyplot."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")
    vars(made)["_repr_png_"] = functools.partial(_png, made)  # what IPython asks an object for
    return made


def _png(drawn: Figure) -> bytes:
    file = io.BytesIO()
    drawn.savefig(file, format="png")
    return file.getvalue()


def _axes(drawn: Figure, title: str) -> Axes:
    axes = drawn.add_subplot()
    axes.set_title(_plain(title, 90), loc="left", fontsize=12, color=INK, pad=12)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#c9c8c2")
    axes.tick_params(colors=SOFT, labelsize=9, length=0)
    return axes


def _plain(text: object, most: int) -> str:
    """Return data's text so that matplotlib does not take dollars for mathematics."""
    return samples.clipped(text, most).replace("$", r"\$")


def _needed(audit: Audited, kind: str) -> Any:
    found = samples.finding(audit, kind)
    if found is None:
        why = audit.skipped.get(kind, "the audit did not look for it")
        raise DataperfError(f"nothing to draw, no {kind.replace('_', ' ')}: {why}")
    return found


def plot_map(audit: Audited, *, most: int = MOST, seed: int = 0) -> Figure:
    """Draw a sample of rows in two dimensions, coloured by label, flagged ones ringed.

    Parameters
    ----------
    audit
        What was found.
    most
        Rows that are drawn.
    seed
        Of the sample and the placing.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows, doubt = audit.rows, samples.doubts(audit)
    placed = layout(rows, doubt.rows, most=most, seed=seed)
    labels = rows.labels[placed.rows]
    counts = np.bincount(labels[labels >= 0], minlength=len(rows.classes))
    order = np.argsort(-counts, kind="stable")
    own = order if len(order) <= len(COLOURS) else order[: len(COLOURS) - 1]
    drawn = figure(8.6, 6.4)
    axes = _axes(drawn, f"{rows.name}: {len(placed.rows):,} of {len(rows):,} rows, {placed.method}")
    size = 26 if len(placed.rows) < 400 else 9
    for colour, number in zip(COLOURS, np.sort(own)):
        at = placed.places[labels == number]
        name = _plain(rows.classes[number], 24)
        axes.scatter(at[:, 0], at[:, 1], s=size, c=colour, alpha=0.7, linewidths=0, label=name)
    rest = ~np.isin(labels, own)
    if rest.any():
        at = placed.places[rest]
        axes.scatter(
            at[:, 0], at[:, 1], s=size, c=COLOURS[-1], alpha=0.5, linewidths=0, label="other"
        )
    flagged = placed.places[np.isin(placed.rows, doubt.rows)]
    if len(flagged):
        axes.scatter(
            flagged[:, 0],
            flagged[:, 1],
            s=2.4 * size,
            facecolors="none",
            edgecolors=INK,
            linewidths=0.9,
            label="flagged",
        )
    axes.set(xticks=[], yticks=[], aspect="equal")
    for spine in axes.spines.values():
        spine.set_visible(False)
    drawn.legend(loc="outside right upper", frameon=False, fontsize=9, labelcolor=INK)
    return drawn


def plot_balance(audit: Audited) -> Figure:
    """Draw how many rows every class has, and how many of their labels are flagged.

    Of more than ``MOST_BARS`` classes the largest and the smallest are drawn.
    """
    rows, given = audit.rows, samples.doubts(audit).given
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    bad = np.bincount(given[given >= 0], minlength=len(rows.classes))
    order: IntArray = np.argsort(-counts, kind="stable")
    if len(order) > MOST_BARS:
        order = np.concatenate([order[: MOST_BARS // 2], order[-MOST_BARS // 2 :]])
    drawn = figure(7.5, 1.2 + 0.3 * len(order))
    axes = _axes(drawn, f"{rows.name}: rows of each class")
    at = np.arange(len(order))
    axes.barh(at, counts[order], color=ACCENT, height=0.62, label="rows")
    axes.barh(at, bad[order], color=WARN, height=0.62, label="label flagged")
    axes.set_yticks(at, [_plain(rows.classes[each], 28) for each in order])
    axes.invert_yaxis()
    for place, each in enumerate(order):
        told = f" {counts[each]:,}" + (f" ({bad[each]:,} flagged)" if bad[each] else "")
        axes.text(counts[each], place, told, va="center", fontsize=8.5, color=SOFT)
    axes.margins(x=0.18)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    return drawn


def plot_label_errors(audit: Audited, *, most: int = 24) -> Figure:
    """Draw the samples with the most doubtful labels: the given one and the likelier one.

    Parameters
    ----------
    audit
        What was found.
    most
        Samples that are drawn.

    Raises
    ------
    DataperfError
        If labels were not looked at.
    """
    _needed(audit, "label_errors")
    doubt, rows = samples.doubts(audit), audit.rows
    count = min(most, doubt.flagged)
    if not count:
        drawn = figure(6, 1.2)
        drawn.text(0.03, 0.5, "No label is flagged.", color=SOFT, fontsize=11)
        return drawn
    pictures = rows.media is not None
    across = 6 if pictures else 2
    down = -(-count // across)
    drawn = figure(9, (1.75 if pictures else 1.2) * down)
    cells = drawn.subplots(down, across, squeeze=False).ravel()
    usual = Usual(rows)
    for place, axes in enumerate(cells):
        axes.set_axis_off()
        if place >= count:
            continue
        row = int(doubt.rows[place])
        given, better = (
            _plain(samples.class_name(rows, int(each[place])), 16 if pictures else 28)
            for each in (doubt.given, doubt.suggested)
        )
        axes.set_title(f"{given} → {better}", fontsize=9.5, color=INK, loc="left", pad=4)
        image = samples.picture(rows, row, side=160)
        if image is not None:
            axes.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=255)
        else:
            axes.text(0, 0.95, _words(rows, usual, row), va="top", fontsize=8.5, color=SOFT)
    return drawn


def _words(rows: Any, usual: Usual, row: int) -> str:
    import textwrap

    column = usual.text_column
    if column is not None:
        text = textwrap.wrap(str(rows.frame[column].iloc[row])[:400], 62)[:5]
        return _lines(text)
    told = [f"{each.column} {each.value} (usual {each.usual})" for each in usual.odd(row)]
    return _lines(told or [f"row {row}"])


def _lines(texts: list[str]) -> str:
    return "\n".join(_plain(text, 70) for text in texts)


def plot_noise(audit: Audited) -> Figure:
    """Draw how often each class is given for each, in per cent of the rows that really are of it.

    Shades leave the diagonal out. Of more than ``MOST_HEAT`` classes the most confused are drawn.

    Raises
    ------
    DataperfError
        If labels were not looked at.
    """
    found = _needed(audit, "label_errors")
    if "transition" not in found.tables:
        raise DataperfError("nothing to draw: the audit did not estimate which class is given")
    frame = found.tables["transition"].select_dtypes("number")
    values, names = frame.to_numpy(dtype=np.float64), [str(name) for name in frame.columns]
    off = np.where(np.eye(len(values), dtype=bool), np.nan, values)
    if len(values) > MOST_HEAT:
        worst = np.nansum(off, axis=0) + np.nansum(off, axis=1)
        kept = np.sort(np.argsort(-worst, kind="stable")[:MOST_HEAT])
        values, off = values[np.ix_(kept, kept)], off[np.ix_(kept, kept)]
        names = [names[each] for each in kept]
    side = 2.2 + 0.52 * len(names)
    drawn = figure(side + 0.6, side)
    axes = _axes(drawn, "Which class is given for which, %")
    high = float(np.nanmax(off)) if np.isfinite(off).any() and np.nanmax(off) > 0 else 1.0
    axes.imshow(off, cmap="Oranges", vmin=0, vmax=high)
    told = [_plain(name, 14) for name in names]
    axes.set_xticks(range(len(names)), told, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), told)
    axes.set(xlabel="given as", ylabel="really")
    for (down, across), value in np.ndenumerate(values):
        deep = down != across and value > 0.65 * high
        words = f"{100 * value:.0f}" if down == across else f"{100 * value:.1f}"
        colour = "white" if deep else SOFT if down == across else INK
        if value >= 0.0005:
            axes.text(across, down, words, ha="center", va="center", fontsize=8, color=colour)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return drawn


def plot_slices(audit: Audited, *, most: int = 15) -> Figure:
    """Draw the error in every weak slice with its 95 % interval, beside the error over all rows.

    Raises
    ------
    DataperfError
        If slices were not looked for.
    """
    found = _needed(audit, "slices")
    frame = found.table.head(most)
    drawn = figure(8, 1.4 + 0.34 * max(1, len(frame)))
    axes = _axes(drawn, "Error of the models in weak slices (dashed: over all rows)")
    if not len(frame):
        axes.set_axis_off()
        axes.text(0, 0.5, "No weak slices.", color=SOFT, fontsize=11)
        return drawn
    at = np.arange(len(frame))
    error = frame["error"].to_numpy(dtype=np.float64)
    low, high = (frame[end].to_numpy(dtype=np.float64) for end in ("low", "high"))
    axes.hlines(at, low, high, color=ACCENT, alpha=0.35, linewidth=5)
    axes.scatter(error, at, color=ACCENT, s=34, zorder=3)
    overall = found.numbers.get("error")
    if isinstance(overall, int | float):
        axes.axvline(overall, color=INK, linewidth=1.1, linestyle=(0, (3, 3)))
    told = zip(frame["condition"], frame["rows"])
    axes.set_yticks(at, [f"{_plain(where, 60)}  ({count:,})" for where, count in told])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return drawn


def plot_values(audit: Audited, *, bins: int = 60) -> Figure:
    """Draw how much the rows are worth; those worth less than nothing are orange.

    Raises
    ------
    DataperfError
        If the worth is not known.
    """
    told = audit.values
    known = None if told is None else told[np.isfinite(told)]
    if known is None or not len(known):
        raise DataperfError("nothing to draw: the audit does not know what rows are worth")
    low, high = (float(each) for each in np.quantile(known, [0.002, 0.998]))
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    counts, edges = np.histogram(np.clip(known, low, high), bins=bins, range=(low, high))
    drawn = figure(8, 3.2)
    below = int((known < 0).sum())
    axes = _axes(drawn, f"What rows are worth: {below:,} of {len(known):,} less than nothing")
    colours = [WARN if edge <= 1e-12 else ACCENT for edge in edges[1:]]
    axes.bar(edges[:-1], counts, width=np.diff(edges) * 0.88, align="edge", color=colours)
    axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (3, 3)))
    axes.set(xlabel="worth of a row", ylabel="rows")
    axes.xaxis.label.set_color(SOFT)
    axes.yaxis.label.set_color(SOFT)
    return drawn
