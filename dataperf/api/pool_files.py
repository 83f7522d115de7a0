"""Write what a participant may see of a board to a file."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dataperf.api import output_paths
from dataperf.api.challenges import board_of
from dataperf.api.challenges import pool as visible_pool
from dataperf.basics.wording import plural
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.records import Pool

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".parquet", ".jsonl")


@dataclass(frozen=True)
class Written:
    """A pool's file, its number of rows, and what a participant should know of it."""

    path: Path
    rows: int
    notes: tuple[str, ...]


def write(
    challenge: str, board: str | None, output: Path, *, replace: bool = False
) -> list[Written]:
    """Write the pool of each task of a board: ids, given labels, visible columns and features.

    Values are written as they are; nothing is escaped for spreadsheets.

    Parameters
    ----------
    challenge, board
        As in `dataperf.pool`.
    output
        A CSV, Parquet or JSON lines file, by its ending. With several tasks, the name of each is
        added: ``pool-TASK.csv``.
    replace
        Whether files that are there are replaced.

    Raises
    ------
    Invalid
        If the ending is another one, or a place cannot be written to.
    DataperfError
        If a file is there, or the data is not on this machine.
    """
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        what = f'the name ends in "{output.suffix}"'
        problem = Problem("form", "output", what, f"an ending of {', '.join(ENDINGS)}")
        raise Invalid(str(output), [problem])
    found, name = board_of("pool", challenge, board)
    tasks = found.boards[name].tasks
    places = {
        task: output if len(tasks) == 1 else output.with_stem(f"{output.stem}-{task}")
        for task in tasks
    }
    there = [str(path) for path in places.values() if path.exists()]
    if there and not replace:
        raise DataperfError(f"{', '.join(there)}: there already; give --force or another --output")
    output_paths.check({str(path): path for path in places.values()}, {}, chosen={})
    pools = visible_pool(found, name)
    by_task = {tasks[0]: pools} if isinstance(pools, Pool) else pools
    written = []
    for task, pool in by_task.items():
        output_paths.write(places[task], _content(_frame(pool), ending))
        notes = _notes(pool, f"{found.name}/{name}")
        written.append(Written(places[task], len(pool), tuple(notes)))
    return written


def _frame(pool: Pool) -> pd.DataFrame:
    """Return a pool as one table: id, label, visible columns, features."""
    import pandas as pd

    names = [f"feature_{number}" for number in range(pool.features.shape[1])]
    features = pd.DataFrame(pool.features, columns=names)
    features = features[[each for each in names if each not in pool.frame.columns]]
    return pd.concat([pool.frame, features], axis=1)


def _content(frame: pd.DataFrame, ending: str) -> bytes:
    if ending == ".parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    if ending == ".csv":
        text: str = frame.to_csv(index=False, lineterminator="\n")
        return text.encode()
    # pandas' own JSON keeps 15 digits of a number; 17 are needed
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    lines = (json.dumps(row, ensure_ascii=False, default=lambda each: each.item()) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _notes(pool: Pool, board: str) -> list[str]:
    ids = pool.ids.tolist()
    found = []
    if ids:
        found.append(f'ids are text: a submission names the first row "{ids[0]}"')
    if ids and all(each.isdigit() for each in ids):
        found.append('read the column id as text: dtype={"id": str} in pandas')
    if pool.facts:
        names = ", ".join(pool.facts)
        found.append(
            f"not in the file: {plural(len(pool.facts), 'fact')} ({names}); see the README"
        )
    return found
