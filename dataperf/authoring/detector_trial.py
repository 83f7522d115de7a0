"""Try a detector on a small data set and check its contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from dataperf.authoring import example_rows
from dataperf.records.findings import SEVERITIES, Finding
from dataperf.records.rows import Rows


def problems(detector: Any, name: str) -> Iterator[str]:
    """Yield every way in which a detector breaks its contract.

    The detector runs three times on rows with splits, annotators and a sensitive column: twice on
    the same rows, and once without the truth. All three findings must be the same.

    Parameters
    ----------
    detector : module
    name : str
        Name of its file.

    Yields
    ------
    str
    """
    if not isinstance(detector.title, str) or not detector.title:
        yield "title must be a text that is not empty"
    rows = _rows()
    before = _copied(rows)
    first, again = (detector.find(example_rows.Plain(rows)) for _ in range(2))
    without = detector.find(example_rows.Plain(example_rows.rows(90, **_planted(), truth=None)))
    if _copied(rows) != before:
        yield "find changed the rows that it received"
    if isinstance(first, Finding):
        yield from _finding(first, name, rows)
    elif not isinstance(first, str) or not first:
        yield f"find returned {type(first).__name__}, expected a Finding or a reason"
        return
    if _plain(first) != _plain(again):
        yield "find is not deterministic: the same evidence gave a different finding"
    elif _plain(first) != _plain(without):
        yield "find uses the truth, which may only score what was found"


def _rows() -> Rows:
    return example_rows.rows(90, **_planted())


def _planted() -> dict[str, Any]:
    """Return changes that plant a duplicate, an outlier, a missing label and a wrong label."""
    clean = example_rows.rows(90)
    features, labels = clean.features.copy(), clean.labels.copy()
    features[1], features[2] = features[0], 40.0
    labels[3], labels[4] = -1, (labels[4] + 1) % 3
    frame = clean.frame.assign(**{f"x{number}": features[:, number] for number in range(4)})
    return {"features": features, "labels": labels, "frame": frame}


def _copied(rows: Rows) -> tuple[bytes, ...]:
    arrays = (rows.features, rows.labels, rows.frame.to_json().encode())
    return tuple(each if isinstance(each, bytes) else each.tobytes() for each in arrays)


def _plain(found: Finding | str) -> Any:
    if not isinstance(found, Finding):
        return str(found)
    tables = {"": found.table, **found.tables}
    facts = (found.severity, found.sentence, dict(found.numbers))
    return repr(facts), {name: table.to_json() for name, table in tables.items()}


def _finding(found: Finding, name: str, rows: Rows) -> Iterator[str]:
    import pandas as pd

    if found.kind != name:
        yield f'kind is "{found.kind}", expected the file\'s name, "{name}"'
    if found.severity not in SEVERITIES:
        yield f'severity is "{found.severity}", expected one of {", ".join(SEVERITIES)}'
    if not found.sentence.strip().endswith((".", "?")):
        yield "sentence must end with a full stop or question mark"
    try:
        json.dumps(dict(found.numbers))
    except TypeError as error:
        yield f"numbers cannot be written as JSON: {error}"
    for key, table in {"table": found.table, **found.tables}.items():
        if not isinstance(table, pd.DataFrame):
            yield f"{key} is {type(table).__name__}, expected a DataFrame"
            return
    yield from _row_table(found, rows)


def _row_table(found: Finding, rows: Rows) -> Iterator[str]:
    table = found.table
    if "score" not in table:
        yield "table has no column score (higher is worse)"
        return
    scores = table["score"].to_numpy(np.float64)
    if not np.isfinite(scores).all() or (np.diff(scores) > 0).any():
        yield "table must be sorted by a finite score, worst first"
    if "row" in table:
        numbers = table["row"].to_numpy()
        if not np.isin(numbers, np.arange(len(rows))).all():
            yield "table has row numbers that do not exist"
        elif "id" not in table or table["id"].astype(str).tolist() != rows.ids[numbers].tolist():
            yield "table has a column row, so it needs a column id with the ids of these rows"
