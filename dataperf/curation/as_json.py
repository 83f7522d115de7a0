"""Findings as plain values, for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.records.findings import Finding

if TYPE_CHECKING:
    import pandas as pd


def finding(found: Finding) -> dict[str, Any]:
    """Return all that a finding says."""
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
    """Return a value that JSON has; nan and infinity become None."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str) or value is None else str(value)
