"""Which single columns give the label away, looked at cheaply before data is used."""

from __future__ import annotations

from dataperf import registry
from dataperf.evidence import discretize
from dataperf.evidence.collect import Collected
from dataperf.records.rows import Rows, part_of

#: Rows that are looked at, fewer of tables with very many columns.
SEEN, LEAST_SEEN, VALUES_SEEN = 20_000, 2_000, 2_000_000


def leaking(rows: Rows, *, seed: int = 0) -> dict[str, str]:
    """Return feature columns that alone nearly tell the label, the worst first, and how nearly.

    What the detector ``features`` calls a leak, on a sample of the rows. Features without
    columns of their own (pictures, sounds, arrays) are not looked at.
    """
    columns = discretize.describing(rows)
    if not {*columns} & {*rows.feature_columns}:
        return {}
    limit = min(SEEN, max(LEAST_SEEN, VALUES_SEEN // len(columns)))
    picked = discretize.sample(len(rows), limit, seed)
    found = registry.load("detectors", "features").find(Collected(part_of(rows, picked), seed))
    if isinstance(found, str):
        return {}
    leaks = found.table[found.table["problem"] == "leak"]
    told = dict(zip(leaks["column"], leaks["detail"], strict=True))
    return {column: how for column, how in told.items() if column in rows.feature_columns}
