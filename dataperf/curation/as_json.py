"""An audit and its findings as values that JSON can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.curation.samples import Audited
from dataperf.records.findings import Finding

if TYPE_CHECKING:
    import pandas as pd


def audit(found: Audited) -> dict[str, Any]:
    """Return everything that an audit holds but its evidence."""
    rows = found.rows
    return {
        "dataperf": found.version,
        "data": {
            "name": rows.name,
            "source": rows.source,
            "rows": len(rows),
            "features": rows.features.shape[1],
            "label": rows.label,
            "classes": list(rows.classes),
            "without_label": int((rows.labels < 0).sum()),
            "unreadable": [list(each) for each in rows.skipped],
        },
        "notes": list(found.notes),
        "findings": [finding(each) for each in found.findings],
        "not_checked": dict(found.skipped),
        "seconds": dict(found.seconds),
        "peak_memory": found.peak_memory,
    }


def finding(found: Finding) -> dict[str, Any]:
    """Return everything that a finding holds."""
    return {
        "kind": found.kind,
        "title": found.title,
        "severity": found.severity,
        "sentence": found.sentence,
        "numbers": {name: _value(value) for name, value in found.numbers.items()},
        "rows": _records(found.table),
        "tables": {name: _records(table) for name, table in found.tables.items()},
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    table = table.reset_index() if table.index.name is not None else table
    return [
        {str(name): _value(value) for name, value in row.items()}
        for row in table.to_dict(orient="records")
    ]


def _value(value: Any) -> Any:
    """Return a value that JSON can hold; nan and infinity become None."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str) or value is None else str(value)
