"""Own data as the files of a challenge folder: the challenge, its page, its rows."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import tomli_w

from dataperf.basics.wording import plural
from dataperf.definitions import loading
from dataperf.errors import Invalid, Problem
from dataperf.own_data import challenge, evaluate, options, readme
from dataperf.own_data import columns as own_columns
from dataperf.reading import split
from dataperf.records import Challenge, Table

_DATASET = '''"""{title}"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dataperf.records import Card, Generated, Table

card = Card(
    title={title!r},
    description={description!r},
    licence="unknown (name it here)",
    source={source!r},
    attribution="unknown (name it here)",
)

source = Generated()


def table(path, **options):
    """Return pool and test: features, and columns {columns}."""
    with np.load(Path(__file__).with_suffix(".npz"), allow_pickle=False) as arrays:
        columns = {{
            name.removeprefix("column:"): arrays[name]
            for name in arrays.files
            if name.startswith("column:")
        }}
        return Table(arrays["ids"], arrays["features"], columns)
'''


def contents(
    name: str,
    source: Any,
    *,
    track: str | None = None,
    on_message: Callable[[str], None] = lambda words: None,
    **chosen: Any,
) -> dict[str, bytes]:
    """Return the files of a challenge of a data set, by their place in a folder of plug-ins.

    Parameters
    ----------
    name
        Name of the challenge and, with ``_`` for ``-``, of its dataset.
    source, **chosen
        The data set and its options, as for `dataperf.own_data.evaluate.load`.
    track
        Name of a track that works on own data; None takes the default track.
    on_message
        Called with a line for everything that a user should know of how the data was read.

    Raises
    ------
    DataperfError
        If no challenge can be made of the data set.
    """
    if loading.is_own(name):
        what = f'names that begin with "{loading.OWN}" are for data without a folder'
        raise Invalid("new challenge", [Problem("wrong-name", "name", f'"{name}"', what)])
    columns, rules = evaluate.parted(chosen)
    track = track or options.default_track()
    options.check({**rules, "track": track})
    rows = evaluate.read(source, **columns)
    own, data = challenge.challenge(rows, track=track, compared=False, **rules)
    drawn = {key: rules[key] for key in ("seed", "test_share") if key in rules}
    table = challenge.table(rows, track=track, **drawn)
    notes = [*rows.remarks]
    notes += own_columns.notes(rows, drop=columns["drop"] or ())
    notes += split.notes(rows, table.columns["part"])
    for line in [*notes, *own_columns.warnings(rows)]:
        on_message(line)
    place = source if isinstance(source, str) else rows.name
    pool = data[challenge.TASK].pool
    page = readme.page(
        name, own, table, pool, source=place, split=split.how_chosen(rows), notes=notes
    )
    module = name.replace("-", "_")
    return {
        f"challenges/{name}/challenge.toml": _toml(name, module, own).encode(),
        f"challenges/{name}/README.md": page.encode(),
        f"datasets/{module}.py": _dataset(rows.name, place, table).encode(),
        f"datasets/{module}.npz": _arrays(table),
    }


def _toml(name: str, module: str, own: Challenge) -> str:
    """Return the challenge as its file, on the dataset of a folder instead of rows in memory."""
    content = own.model_dump(mode="json", exclude_defaults=True)
    task = content["tasks"][challenge.TASK]
    del task["options"]
    task["dataset"] = module
    return tomli_w.dumps({**content, "name": name})


def _dataset(title: str, source: str, made: Table) -> str:
    plain = " ".join(title.replace("\\", "/").replace('"', "'").split()) or "Own data"
    described = f"{plural(len(made), 'row')} of {plural(made.features.shape[1], 'number')}."
    return _DATASET.format(
        title=plain, description=described, source=source, columns=", ".join(made.columns)
    )


def _arrays(made: Table) -> bytes:
    buffer = io.BytesIO()
    columns: dict[str, Any] = {f"column:{name}": each for name, each in made.columns.items()}
    np.savez_compressed(buffer, ids=made.ids, features=made.features, **columns)
    return buffer.getvalue()
