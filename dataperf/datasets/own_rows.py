"""Rows of your own data set, passed with each evaluation; dataperf stores no copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dataperf.errors import Unavailable
from dataperf.records import Card, Generated, Table

card = Card(
    title="Own rows",
    description="Your own data set: dataperf evaluate --data mine.parquet --label y.",
    licence="that of the data set",
    source="the data set",
    attribution="",
    known_limits="Only the digest of the rows is recorded.",
)

source = Generated()


def table(path: Path | None, **options: Any) -> Table:
    """Raise Unavailable: dataperf stores no copy of your own rows.

    Raises
    ------
    Unavailable
        Always.
    """
    raise Unavailable(
        "dataperf stores no copy of your data; pass it again.\n"
        "  Example: dataperf evaluate --data mine.parquet --label y"
    )
