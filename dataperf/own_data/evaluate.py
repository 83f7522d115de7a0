"""Evaluate submissions on your own data: read it, split it, train a frozen model, score it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dataperf import plugin_calls, registry
from dataperf.basics import json_files, validation
from dataperf.definitions import submission, submission_files
from dataperf.definitions.submission_files import Refused
from dataperf.definitions.who import NOBODY, Who
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.evaluation import engines
from dataperf.evaluation import evaluate as evaluation
from dataperf.own_data import all_rows, options
from dataperf.own_data import columns as own_columns
from dataperf.own_data.challenge import MODEL, challenge, usual_model
from dataperf.reading import split
from dataperf.reading.split import Rows
from dataperf.records import Challenge, Result, Submission, TaskData
from dataperf.records.own_data import OwnData

#: Options that name columns of own data, or say how its media are embedded.
COLUMNS = (
    *("label", "split", "group", "true_label", "id", "drop", "embedding"),
    *("decimal", "missing", "merge_labels"),
)


def read(source: Any, **columns: Any) -> Any:
    """Return the rows of a data set, read as the audit reads it (`dataperf.reading.read`).

    Parameters
    ----------
    source
        A path, a dataset's name, or a table in memory.
    **columns
        Any of ``COLUMNS``; None means the default.
    """
    from dataperf.reading import read as reading

    source = str(source) if isinstance(source, Path) else source
    given = {name: value for name, value in columns.items() if value is not None}
    return reading.read(source, **given)


def load(source: Any, **chosen: Any) -> tuple[Challenge, dict[str, TaskData]]:
    """Read a data set and make a challenge of it.

    Parameters
    ----------
    source
        A path, a dataset's name, or a table in memory.
    **chosen
        Columns: ``label``; ``split``, which marks test rows (without it they are drawn at random);
        ``group``; ``true_label``; ``id`` (row numbers by default); ``drop``, columns to
        leave out; ``embedding``, how images and sounds are embedded; ``decimal``, ``missing`` and
        ``merge_labels``, how values are read. Other options are passed
        to `challenge`.
    """
    columns, rules = parted(chosen)
    rules = options.check(rules)
    return challenge(read(source, **columns), **rules)


def parted(chosen: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options that name columns, and the others."""
    columns = {key: chosen.get(key) for key in COLUMNS}
    return columns, {key: value for key, value in chosen.items() if key not in COLUMNS}


def evaluate(
    source: Any,
    submissions: Sequence[Path | str | Mapping[str, Any] | Submission],
    *,
    made_by: Sequence[Who] = (),
    unread: Sequence[Invalid] = (),
    on_message: Callable[[str], None] = lambda words: None,
    on_refused: Refused | None = None,
    engine: str | None = None,
    jobs: int = 1,
    **chosen: Any,
) -> list[Result]:
    """Evaluate submissions on a data set, each on the track that it names.

    Parameters
    ----------
    source
        A path, or anything else that the audit reads.
    submissions
        Files, their contents, or records; their ``challenge`` is ``own-TRACK``
        (`dataperf.own_data.options.tracks`).
    made_by
        Who made each submission, where it does not say so.
    unread
        Errors of files that were given and are not submissions.
    on_message
        Called with a line for everything that a user should know of how the data was read.
    on_refused
        Called with each refused submission's error, and the others are evaluated. Without it, one
        bad submission refuses all.
    engine, jobs
        See `dataperf.evaluation.engines.run`.
    **chosen
        The options of `load`, except the track. Without a ``budget`` the answer may have its own
        (a cleaning order: its length).

    Returns
    -------
    list of Result
        Each result records in ``own_data`` how to read the data set again.

    Raises
    ------
    Invalid
        If a submission is not one, or breaks a rule, and no other is valid or there is no
        ``on_refused``; then nothing is trained.
    """
    named, rules = parted(chosen)
    columns = options.columns(named)
    rules = options.check(rules, source=str(source) if isinstance(source, str | Path) else "")
    rows, where = read(source, **columns), _place(source)
    made: dict[str, tuple[Challenge, dict[str, TaskData]]] = {}
    found, refused = [], []
    notes: list[str] = []
    for given, who in itertools.zip_longest(submissions, made_by, fillvalue=NOBODY):
        name = str(given) if isinstance(given, str | Path) else "submission"
        try:
            room = partial(_room, rows)
            content = submission.content_of(given, room=room)  # type: ignore[arg-type]
            own = _rules_of(content, name, rules)
            key = repr(sorted(own.items()))
            if key not in made:
                made[key] = challenge(rows, **own)
            named = {"subject": name, "who": who, "on_message": notes.append}
            answer = submission.parse(content, made[key][0], loaded=made[key][1], **named)
            submission.check(answer, *made[key])
        except Invalid as error:
            same = error.subject == rows.name  # the data is wrong, not this submission
            refused.append(error if same else Invalid(name, error.problems))
            continue
        found.append((answer, made[key], {**where, **columns, **own}))
    submission_files.settle([*refused, *unread], bool(found), on_refused)
    lines = [*rows.remarks]
    lines += [line for *_, own in found for line in _notes(rows, own)]
    lines += [f"note: {note}" for note in notes]
    for line in dict.fromkeys([*lines, *own_columns.warnings(rows)]):
        on_message(line)
    items = [(answer, *pair, own) for answer, pair, own in found]
    return list(engines.run(_recorded, items, engine=engine, jobs=jobs))


def accept(
    rows: Rows, content: Mapping[str, Any], rules: Mapping[str, Any], *, subject: str
) -> None:
    """Refuse a submission that `evaluate` would refuse on these rows, without training anything.

    Parameters
    ----------
    rows
        The data.
    content
        What the submission says, in the form of a file.
    rules
        Options of `dataperf.own_data.challenge.challenge`, except the track.
    subject
        Name of the submission, for the error.

    Raises
    ------
    Invalid, DataperfError
        As `evaluate` does.
    """
    made = challenge(rows, **_rules_of(content, subject, rules))
    submission.check(submission.parse(content, made[0], subject=subject), *made)


def _place(source: Any) -> dict[str, str]:
    """Return the fields of a result that say where its data is; empty for data in memory."""
    if not isinstance(source, str | Path):
        return {}
    place = str(Path(source).resolve()) if Path(source).exists() else str(source)
    options.check({}, source=place)
    return {"source": place}


def _room(rows: Rows, content: bytes) -> int:
    """Return how many bytes a submission that names every row can need."""
    return json_files.room_for(rows.ids)


def _notes(rows: Rows, own: Mapping[str, Any]) -> list[str]:
    drawn = {key: own[key] for key in ("seed", "test_share", "track") if key in own}
    model = own.get("model") or usual_model(rows.classes)
    found = list(split.notes(rows, split.parts(rows, **drawn)))
    if model != MODEL and not own.get("model"):
        found.append(f"{len(rows.classes):,} classes: the model is {model}, not {MODEL}")
    return found


def _rules_of(content: Any, subject: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a submission's challenge: the given ones, on its own track."""
    track = _track_of(content, subject)
    own = {**rules, "track": track}
    module = registry.load("tracks", track)
    answer = content.get("answer")
    if own.get("budget") is None and hasattr(module, "own_budget") and isinstance(answer, dict):
        with plugin_calls.calling("tracks", module, "own_budget(answer)"):
            own["budget"] = module.own_budget(answer)
    return own


def reload(kept: Result, source: Any) -> tuple[Challenge, dict[str, TaskData]]:
    """Load the data of a kept result again, with the options that it records.

    The place that the record holds is never opened: records come from strangers.

    Parameters
    ----------
    kept
        The result.
    source
        The data that the caller gives; None for none.

    Raises
    ------
    DataperfError
        If no data is given, or it cannot be read.
    """
    if source is None:
        place = kept.own_data.get("source")
        was = f" (the record calls it {validation.shown(place)})" if place else ""
        raise DataperfError(
            f"this result is of data that dataperf does not keep{was}.\n"
            "  Give the data: dataperf verify RESULT --data FILE"
        )
    chosen: dict[str, Any] = {k: v for k, v in kept.own_data.items() if k != "source"}
    columns, rules = parted(chosen)
    return challenge(read(source, **columns), **options.check(rules))


def _recorded(
    item: tuple[Submission, Challenge, Mapping[str, TaskData], Mapping[str, Any]],
) -> Result:
    answer, own, loaded, chosen = item
    result = evaluation.evaluate(own, answer, data=loaded)
    # in the order in which a record is read, so that its name is that of its content
    given = {key: chosen[key] for key in OwnData.__annotations__ if chosen.get(key) is not None}
    return result.model_copy(update={"own_data": given})


def _track_of(content: Any, subject: str) -> str:
    """Return the track of the challenge that a submission names."""
    submission.check_object(content, subject)
    named = content.get("challenge")
    tracks = options.tracks()
    if not isinstance(named, str) or named not in tracks:
        what = f"answers {validation.shown(named)}" if named else "does not name its challenge"
        expected = f"for own data one of {', '.join(tracks)}"
        raise Invalid(subject, [Problem("other-challenge", "challenge", what, expected)])
    all_rows.refuse(content, subject)
    return tracks[named]
