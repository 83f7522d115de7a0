"""Plots of an audit for notebooks and papers: each function returns a matplotlib Figure.

No function uses pyplot, so no window opens, no figure stays open, and every backend works.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.basics.wording import plural
from dataperf.curation import samples
from dataperf.curation.map_layout import MOST, layout
from dataperf.curation.samples import Audited, Usual
from dataperf.errors import DataperfError
from dataperf.records import IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers can distinguish, and two more.
COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"),
    *("#d55e00", "#5b4bb3", "#8f8500", "#7a4a2e", "#8a8d92"),
)
ACCENT, WARN, INK, SOFT = "#1d5f8f", "#b9500b", "#1d1e20", "#6b6e73"
#: Maximum number of classes in a bar chart and in a heat map.
MOST_BARS, MOST_HEAT = 30, 20


def figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that notebooks show without pyplot."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")
    vars(made)["_repr_png_"] = functools.partial(_png, made)  # IPython calls it to show an object
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
    """Return a text from the data whose dollar signs matplotlib does not read as mathematics."""
    return samples.clipped(text, most).replace("$", r"\$")


def _needed(audit: Audited, kind: str) -> Any:
    found = samples.finding(audit, kind)
    if found is None:
        why = audit.skipped.get(kind, "the detector was not run")
        raise DataperfError(f"nothing to draw: {kind.replace('_', ' ')} not checked: {why}")
    return found


def plot_map(audit: Audited, *, most: int = MOST, seed: int = 0) -> Figure:
    """Draw a sample of rows in two dimensions, coloured by label, flagged ones ringed.

    Parameters
    ----------
    audit
        The audit.
    most
        Maximum number of rows.
    seed
        Random seed of the sample and of the layout.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows, suspects = audit.rows, samples.suspect_rows(audit)
    placed = layout(rows, suspects.rows, most=most, seed=seed)
    labels = rows.labels[placed.rows]
    counts = np.bincount(labels[labels >= 0], minlength=len(rows.classes))
    order = np.argsort(-counts, kind="stable")
    own = order if len(order) <= len(COLOURS) else order[: len(COLOURS) - 1]
    drawn = figure(8.6, 6.4)
    axes = _axes(
        drawn, f"{rows.name}: {len(placed.rows):,} of {plural(len(rows), 'row')}, {placed.method}"
    )
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
    flagged = placed.places[np.isin(placed.rows, suspects.rows)]
    if len(flagged):
        ring: dict[str, Any] = {"facecolors": "none", "edgecolors": INK, "linewidths": 0.9}
        axes.scatter(flagged[:, 0], flagged[:, 1], s=2.4 * size, label=suspects.word, **ring)
    axes.set(xticks=[], yticks=[], aspect="equal")
    for spine in axes.spines.values():
        spine.set_visible(False)
    drawn.legend(loc="outside right upper", frameon=False, fontsize=9, labelcolor=INK)
    return drawn


def plot_balance(audit: Audited) -> Figure:
    """Draw the number of rows of each class, and how many of their labels are flagged.

    Of more than ``MOST_BARS`` classes only the largest and the smallest are drawn.
    """
    rows, suspects = audit.rows, samples.suspect_rows(audit)
    given, word = suspects.given, suspects.word
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    flagged = np.bincount(given[given >= 0], minlength=len(rows.classes))
    order: IntArray = np.argsort(-counts, kind="stable")
    if len(order) > MOST_BARS:
        order = np.concatenate([order[: MOST_BARS // 2], order[-MOST_BARS // 2 :]])
    drawn = figure(7.5, 1.2 + 0.3 * len(order))
    axes = _axes(drawn, f"{rows.name}: rows of each class")
    at = np.arange(len(order))
    axes.barh(at, counts[order], color=ACCENT, height=0.62, label="rows")
    axes.barh(at, flagged[order], color=WARN, height=0.62, label=f"label {word}")
    axes.set_yticks(at, [_plain(rows.classes[each], 28) for each in order])
    axes.invert_yaxis()
    for place, each in enumerate(order):
        words = f" {counts[each]:,}" + (f" ({flagged[each]:,} {word})" if flagged[each] else "")
        axes.text(counts[each], place, words, va="center", fontsize=8.5, color=SOFT)
    axes.margins(x=0.18)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    return drawn


def plot_label_errors(audit: Audited, *, most: int = 24) -> Figure:
    """Draw the rows with the most suspicious labels: the given label and the suggested one.

    Parameters
    ----------
    audit
        The audit.
    most
        Maximum number of rows.

    Raises
    ------
    DataperfError
        If labels were not checked.
    """
    _needed(audit, "label_errors")
    suspects, rows = samples.suspect_rows(audit), audit.rows
    count = min(most, suspects.flagged)
    if not count:
        drawn = figure(6, 1.2)
        drawn.text(0.03, 0.5, "No label is flagged.", color=SOFT, fontsize=11)
        return drawn
    has_images = rows.media is not None
    across = 6 if has_images else 2
    down = -(-count // across)
    drawn = figure(9, (1.75 if has_images else 1.2) * down)
    cells = drawn.subplots(down, across, squeeze=False).ravel()
    usual = Usual(rows)
    for place, axes in enumerate(cells):
        axes.set_axis_off()
        if place >= count:
            continue
        row = int(suspects.rows[place])
        given, suggested = (
            _plain(samples.class_name(rows, int(each[place])), 16 if has_images else 28)
            for each in (suspects.given, suspects.suggested)
        )
        axes.set_title(f"{given} → {suggested}", fontsize=9.5, color=INK, loc="left", pad=4)
        image = samples.image(rows, row, side=160)
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
    odd = [f"{each.column} {each.value} (usual {each.usual})" for each in usual.odd(row)]
    return _lines(odd or [f"row {row}"])


def _lines(texts: list[str]) -> str:
    return "\n".join(_plain(text, 70) for text in texts)


def plot_noise(audit: Audited) -> Figure:
    """Draw how often each true class carries each given label, in per cent of the true class.

    The diagonal is not shaded. Of more than ``MOST_HEAT`` classes only the most confused are drawn.

    Raises
    ------
    DataperfError
        If labels were not checked.
    """
    found = _needed(audit, "label_errors")
    if "transition" not in found.tables:
        raise DataperfError("nothing to draw: label confusions were not estimated")
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
    axes = _axes(drawn, "Label confusions, % of the true class")
    high = float(np.nanmax(off)) if np.isfinite(off).any() and np.nanmax(off) > 0 else 1.0
    axes.imshow(off, cmap="Oranges", vmin=0, vmax=high)
    ticks = [_plain(name, 14) for name in names]
    axes.set_xticks(range(len(names)), ticks, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), ticks)
    axes.set(xlabel="given label", ylabel="true label")
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
    """Draw the model error in every weak slice with its 95 % interval, and that over all rows.

    Raises
    ------
    DataperfError
        If slices were not checked.
    """
    found = _needed(audit, "slices")
    frame = found.table.head(most)
    drawn = figure(8, 1.4 + 0.34 * max(1, len(frame)))
    axes = _axes(drawn, "Model error in weak slices (dashed: over all rows)")
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
    named = zip(frame["condition"], frame["rows"])
    axes.set_yticks(at, [f"{_plain(where, 60)}  ({count:,})" for where, count in named])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return drawn


def plot_values(audit: Audited, *, bins: int = 60) -> Figure:
    """Draw a histogram of the data values; negative values are orange.

    Raises
    ------
    DataperfError
        If no row has a data value.
    """
    values = audit.values
    known = None if values is None else values[np.isfinite(values)]
    if known is None or not len(known):
        raise DataperfError("nothing to draw: no row has a data value")
    low, high = (float(each) for each in np.quantile(known, [0.002, 0.998]))
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    counts, edges = np.histogram(np.clip(known, low, high), bins=bins, range=(low, high))
    drawn = figure(8, 3.2)
    below = int((known < 0).sum())
    axes = _axes(drawn, f"Data values: {below:,} of {len(known):,} are negative")
    colours = [WARN if edge <= 1e-12 else ACCENT for edge in edges[1:]]
    axes.bar(edges[:-1], counts, width=np.diff(edges) * 0.88, align="edge", color=colours)
    axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (3, 3)))
    axes.set(xlabel="data value", ylabel="rows")
    axes.xaxis.label.set_color(SOFT)
    axes.yaxis.label.set_color(SOFT)
    return drawn
