"""Rows of somebody's own data set, handed over with what is evaluated on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dataperf.errors import Unavailable
from dataperf.records import Card, Generated, Table

card = Card(
    title="Own rows",
    description="Whatever data set is given: dataperf evaluate --data mine.parquet --label y.",
    licence="that of the data set",
    source="the data set",
    attribution="",
    known_limits="Nothing is kept of the rows but their digest.",
)

source = Generated()


def table(path: Path | None, **options: Any) -> Table:
    """Raise Unavailable: the rows are not kept anywhere."""
    raise Unavailable(
        "own rows are not kept; they are handed over.\n"
        "  Give the data set again: dataperf evaluate --data mine.parquet --label y"
    )
