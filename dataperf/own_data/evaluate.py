"""Anybody's data set as a challenge: split by seed or by group, a frozen model, the one flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dataperf.basics import json_files, validation
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.evaluation import engines
from dataperf.evaluation import evaluate as evaluation
from dataperf.own_data import columns as own_columns
from dataperf.own_data import options
from dataperf.own_data.challenge import NAMES, TASK, challenge
from dataperf.reading import split as own_split
from dataperf.reading.draw import split as split
from dataperf.reading.split import Rows
from dataperf.reading.split import in_test as in_test
from dataperf.records import Challenge, Result, Submission, TaskData

#: Columns of own data that serve as something.
COLUMNS = ("label", "split", "group", "true_label", "id", "drop", "embedding")


# The challenge --------------------------------------------------------------------------


# From a source --------------------------------------------------------------------------


def read(
    source: Any,
    *,
    label: str | None = None,
    split: str | None = None,
    group: str | None = None,
    true_label: str | None = None,
    id: str | None = None,
    drop: Sequence[str] | None = None,
    embedding: str | None = None,
) -> Any:
    """Return the rows of a data set, read as the audit reads it (`dataperf.reading.read`)."""
    from dataperf.reading import read as reading

    source = str(source) if isinstance(source, Path) else source
    told: dict[str, Any] = {"drop": drop or (), "embedding": embedding or "auto"}
    return reading.read(
        source, label=label, split=split, group=group, true_label=true_label, id=id, **told
    )


def load(
    source: Any,
    *,
    label: str | None = None,
    split: str | None = None,
    group: str | None = None,
    true_label: str | None = None,
    id: str | None = None,
    drop: Sequence[str] | None = None,
    embedding: str | None = None,
    **told: Any,
) -> tuple[Challenge, dict[str, TaskData]]:
    """Read a data set and make a challenge of it.

    Parameters
    ----------
    source
        A path, a dataset's name, or a table in memory.
    label, split, group, truth, id
        Its columns: labels as given, which rows are the ``test`` (drawn by chance where no column
        is named or the source tells none), rows that belong together, right labels, names of rows
        (row numbers if there is none).
    drop, embedding
        Columns to leave out, and what pictures and sounds are turned into, as in the audit.
    **told
        What `challenge` takes.
    """
    told = options.check(told)
    beside: dict[str, Any] = {"drop": drop, "embedding": embedding}
    rows = read(
        source, label=label, split=split, group=group, true_label=true_label, id=id, **beside
    )
    return challenge(rows, **told)


def evaluate(
    source: str,
    answers: list[Path],
    *,
    tell: Callable[[str], None] = lambda words: None,
    engine: str | None = None,
    jobs: int = 1,
    **told: Any,
) -> list[Result]:
    """Evaluate manifests on a data set, each on the track that it names.

    Parameters
    ----------
    source
        A path, or what else the audit reads.
    answers
        Files; their ``challenge`` is ``own-repair``, ``own-cleaning`` or ``own-selection``.
    tell
        Called with a line for everything that is worth knowing of how the data was taken.
    engine, jobs
        See `dataperf.evaluation.engines.run`.
    **told
        What `load` takes but the track. Without a ``budget`` a cleaning order has that of its
        own length.

    Returns
    -------
    list of Result
        Each records with ``own_data`` how the data set can be read again.

    Raises
    ------
    Invalid
        If a file is no such manifest, or breaks a rule; nothing is trained then.
    """
    columns = options.columns({key: told.pop(key, None) for key in COLUMNS})
    told = options.check(told, source=str(source))
    rows = read(source, **columns)
    place = str(Path(source).resolve()) if Path(source).exists() else source
    options.check({}, source=place)
    made: dict[str, tuple[Challenge, dict[str, TaskData]]] = {}
    sent, refused = [], []
    for path in answers:
        try:
            asked = _asked(path, told)
            key = repr(sorted(asked.items()))
            if key not in made:
                made[key] = challenge(rows, **asked)
            answer = submission.read(path, made[key][0])
            submission.check(answer, *made[key])
        except Invalid as error:
            refused.append(error if error.subject == rows.name else _of(path, error))
            continue
        sent.append((answer, made[key], {"source": place, **columns, **asked}))
    if len(refused) > 1:
        raise DataperfError("\n".join(dict.fromkeys(str(error) for error in refused)))
    if refused:
        raise refused[0]
    lines = [line for *_, asked in sent for line in _notes(rows, asked)]
    for line in dict.fromkeys([*lines, *own_columns.warnings(rows)]):
        tell(line)
    items = [(answer, *pair, where) for answer, pair, where in sent]
    return list(engines.run(_recorded, items, engine=engine, jobs=jobs))


def _notes(rows: Rows, asked: Mapping[str, Any]) -> list[str]:
    drawn = {key: asked[key] for key in ("seed", "test_share", "track") if key in asked}
    return own_split.notes(rows, own_split.parts(rows, **drawn))


def _asked(path: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest is to be scored by."""
    track, listed = _address(path)
    asked = {**told, "track": track}
    if track == "cleaning" and asked.get("budget") is None:
        asked["budget"] = listed
    return asked


def _of(path: Path, error: Invalid) -> Invalid:
    return Invalid(str(path), error.problems)


def reload(kept: Result) -> tuple[Challenge, dict[str, TaskData]]:
    """Load the data of a kept result again.

    Raises
    ------
    DataperfError
        If the record does not say where it is, or it can no longer be read.
    """
    if not kept.own_data.get("source"):
        raise DataperfError(
            "this result is of somebody's own data, and does not say where it lies.\n"
            "  Evaluate the manifest again with --data, and compare the scores and digests.data"
        )
    told: dict[str, Any] = dict(kept.own_data)
    return load(**told)


def _recorded(
    item: tuple[Submission, Challenge, Mapping[str, TaskData], Mapping[str, Any]],
) -> Result:
    answer, asked, loaded, where = item
    result = evaluation.evaluate(asked, answer, data=loaded)
    told = {key: value for key, value in where.items() if value is not None}
    return result.model_copy(update={"own_data": told})


def _address(path: Path) -> tuple[str, int | None]:
    """Return the track that a manifest names and, of a cleaning order, how many rows it has."""
    content = json_files.load_json(path)
    named = content.get("challenge") if isinstance(content, dict) else None
    if not isinstance(named, str) or named not in NAMES:
        what = f"answers {validation.shown(named)}" if named else "does not say what it answers"
        expected = f"for own data one of {', '.join(NAMES)}"
        raise Invalid(str(path), [Problem("other-challenge", "challenge", what, expected)])
    answer = content.get("answer")
    orders = answer.get("orders") if isinstance(answer, dict) else None
    order = orders.get(TASK) if isinstance(orders, dict) else None
    return NAMES[named], max(1, len(order)) if isinstance(order, list) else None
