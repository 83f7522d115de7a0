"""Notes on the columns of own data: which are features, and which give the label away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataperf.basics.wording import plural, shorten

#: Maximum number of columns that a note names.
MOST_NAMED = 10


def notes(rows: Any, *, drop: Sequence[str] = ()) -> list[str]:
    """Return lines that list the features, and the other columns with their meaning.

    Parameters
    ----------
    rows
        The data, as `dataperf.own_data.evaluate.read` returns it.
    drop
        Columns that the caller leaves out.
    """
    names = list(dict.fromkeys(rows.feature_columns))
    numbers = len(rows.feature_columns)
    more = f", as {numbers:,} numbers" if numbers > len(names) else ""
    lines = [f"features: {plural(len(names), 'column')} ({shorten(names, MOST_NAMED)}){more}"]
    serving = {"label": rows.label, **rows.roles}
    others = ", ".join(f"{name} ({role.replace('_', ' ')})" for role, name in serving.items())
    lines.append(f"not features: {others}")
    if drop:
        lines.append(f"dropped: {shorten(list(drop), MOST_NAMED)}")
    known = {*names, *serving.values(), *drop}
    ignored = [str(name) for name in rows.frame.columns if name not in known]
    if ignored:
        lines.append(f"ignored (constant, or unique per row): {shorten(ignored, MOST_NAMED)}")
    return [" ".join(line.split()) for line in lines]


def warnings(rows: Any) -> list[str]:
    """Return a line for every feature that nearly determines the label by itself.

    Such a column is often the true label, or made from it. A repair or a selection then has
    almost no effect on the score.
    """
    from dataperf.own_data.leaks import leaking

    hint = "name it as the true label (--true-label), or drop it (--drop) if made from the label"
    return [
        f"warning: the feature {column} nearly determines the label ({how}); {hint}"
        for column, how in leaking(rows).items()
    ]
