"""Own data to the files of a challenge folder: what is asked, its page, its rows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from dataperf.definitions import loading as challenges
from dataperf.errors import Invalid, Problem
from dataperf.own_data import challenge, evaluate, options, readme
from dataperf.own_data import columns as own_columns
from dataperf.reading import split as own_split
from dataperf.records import Challenge, Table

_DATASET = '''"""{title}"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dataperf.records import Card, Generated, Table

card = Card(
    title={title!r},
    description={description!r},
    licence="not told (say here)",
    source={source!r},
    attribution="not told (say here)",
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
    source: str,
    *,
    label: str | None = None,
    track: str = "repair",
    tell: Callable[[str], None] = lambda words: None,
    **told: Any,
) -> dict[str, bytes]:
    """Return the files of a challenge of a data set, by their place in a folder of plug-ins.

    Parameters
    ----------
    name
        Of the challenge and, with ``_`` for ``-``, of its dataset.
    source, label, **told
        What `dataperf.own_data.evaluate.load` takes.
    track
        ``repair``, ``cleaning`` or ``selection``.
    tell
        Called with a line for everything that is worth knowing of how the data was taken.

    Raises
    ------
    DataperfError
        If no challenge can be made of the data set.
    """
    if challenges.is_own(name):
        what = f'names that begin with "{challenges.OWN}" are for data without a folder'
        raise Invalid("new challenge", [Problem("wrong-name", "name", f'"{name}"', what)])
    columns = {key: told.pop(key, None) for key in evaluate.COLUMNS if key != "label"}
    options.check({**told, "track": track})
    rows = evaluate.read(source, label=label, **columns)
    asked, _ = challenge.challenge(rows, track=track, compared=False, **told)
    drawn = {key: told[key] for key in ("seed", "test_share") if key in told}
    made = challenge.table(rows, track=track, **drawn)
    notes = own_columns.notes(rows, drop=columns["drop"] or ())
    notes += own_split.notes(rows, made.columns["part"])
    for line in [*notes, *own_columns.warnings(rows)]:
        tell(line)
    split_told = own_split.how_chosen(rows)
    page = readme.page(name, asked, made, source=source, split=split_told, notes=notes)
    module = name.replace("-", "_")
    return {
        f"challenges/{name}/challenge.toml": _toml(name, module, asked).encode(),
        f"challenges/{name}/README.md": page.encode(),
        f"datasets/{module}.py": _dataset(rows.name, source, made).encode(),
        f"datasets/{module}.npz": _arrays(made),
    }


def _toml(name: str, module: str, asked: Challenge) -> str:
    task, board = asked.tasks[challenge.TASK], asked.boards[challenge.BOARD]
    content = task.model_dump(mode="json", exclude_defaults=True, exclude={"options", "splits"})
    lines = [
        "schema_version = 2",
        f"name = {_value(name)}",
        "version = 1",
        f"title = {_value(asked.title)}",
        f"track = {_value(asked.track)}",
        "",
        f"[tasks.{challenge.TASK}]",
        *(f"{key} = {_value(each)}" for key, each in {**content, "dataset": module}.items()),
    ]
    for split, told in task.splits.items():
        lines += ["", f"[tasks.{challenge.TASK}.splits.{split}]"]
        words = told.model_dump(mode="json", exclude_defaults=True)
        lines += [f"{key} = {_value(each)}" for key, each in words.items()]
    lines += ["", f"[boards.{challenge.BOARD}]", f"tasks = {_value(board.tasks)}"]
    lines += [f"rules = {_value(board.rules)}"] if board.rules else []
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """Return a value as TOML writes it: its texts, numbers and lists are those of JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _dataset(title: str, source: str, made: Table) -> str:
    plain = " ".join(title.replace("\\", "/").replace('"', "'").split()) or "Own data"
    described = f"{len(made):,} rows of {made.features.shape[1]} numbers."
    return _DATASET.format(
        title=plain, description=described, source=source, columns=", ".join(made.columns)
    )


def _arrays(made: Table) -> bytes:
    buffer = io.BytesIO()
    columns: dict[str, Any] = {f"column:{name}": each for name, each in made.columns.items()}
    np.savez_compressed(buffer, ids=made.ids, features=made.features, **columns)
    return buffer.getvalue()
