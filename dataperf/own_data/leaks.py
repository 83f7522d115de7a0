"""Single columns that give the label away, found quickly before data is used."""

from __future__ import annotations

from dataperf import registry
from dataperf.evidence import discretize
from dataperf.evidence.collect import Collected
from dataperf.records.rows import Rows, part_of

#: Rows of the sample; fewer if the table has very many columns.
SEEN, LEAST_SEEN, VALUES_SEEN = 20_000, 2_000, 2_000_000


def leaking(rows: Rows, *, seed: int = 0) -> dict[str, str]:
    """Return the feature columns that nearly determine the label, the worst first, with a reason.

    The leaks are those that the detector ``features`` finds on a sample of the rows. Features without
    columns of their own (images, sounds, arrays) are not checked.
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
    details = dict(zip(leaks["column"], leaks["detail"], strict=True))
    return {column: how for column, how in details.items() if column in rows.feature_columns}
