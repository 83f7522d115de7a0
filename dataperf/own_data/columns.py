"""What the columns of own data serve as, and a word on those that tell the label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataperf.basics.wording import plural, shorten

#: Columns that are named.
MOST_NAMED = 10


def notes(rows: Any, *, drop: Sequence[str] = ()) -> list[str]:
    """Return lines on which columns became features and which serve as something else.

    Parameters
    ----------
    rows
        The data, as `dataperf.own_data.evaluate.read` returns it.
    drop
        Columns that the caller left out.
    """
    names = list(dict.fromkeys(rows.feature_columns))
    numbers = len(rows.feature_columns)
    more = f", as {numbers:,} numbers" if numbers > len(names) else ""
    lines = [f"features: {plural(len(names), 'column')} ({shorten(names, MOST_NAMED)}){more}"]
    serving = {"label": rows.label, **rows.roles}
    lines.append(f"no features: {', '.join(f'{role} {name}' for role, name in serving.items())}")
    if drop:
        lines.append(f"dropped: {shorten(list(drop), MOST_NAMED)}")
    known = {*names, *serving.values(), *drop}
    idle = [str(name) for name in rows.frame.columns if name not in known]
    if idle:
        lines.append(f"not used (they name rows, or never change): {shorten(idle, MOST_NAMED)}")
    return [" ".join(line.split()) for line in lines]


def warnings(rows: Any) -> list[str]:
    """Return a line for every feature that alone nearly tells the label.

    Such a column is often the right label, or something made from it: then no model has
    anything to learn, whatever is repaired or chosen.
    """
    from dataperf.own_data.leaks import leaking

    hint = (
        "name it as the truth (--true-label) or leave it out (--drop) if it is made from the label"
    )
    return [
        f"warning: the feature {column} nearly tells the label ({how}); {hint}"
        for column, how in leaking(rows).items()
    ]
