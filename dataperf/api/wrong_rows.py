"""The rows that lower a score, with what the data says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.api import arguments, output_paths
from dataperf.api.arguments import DATA, NOTHING, RESULT
from dataperf.basics.wording import no_formula
from dataperf.definitions import loading, submission
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError
from dataperf.evaluation import evaluate, results
from dataperf.evaluation import wrong_rows as rows_of
from dataperf.own_data import evaluate as own
from dataperf.records import Challenge, Result, Task, TaskData
from dataperf.sources import tables

if TYPE_CHECKING:
    import pandas as pd


#: The column with which our data sets mark their pool and their test splits.
PART = "part"


def wrong_rows(result: str | Path | Result, *, data: Any = None) -> pd.DataFrame:
    """Return the test rows that the frozen model gets wrong with a submission, and what they hold.

    Use them to see what your data lacks. Whoever chooses data by these rows learns the test: the
    score is then too good for new rows.

    Parameters
    ----------
    result
        A result, or the file of a kept one.
    data
        Your own data, for a result of data in memory or of a file that has moved. Other results
        say where their data lies.

    Returns
    -------
    DataFrame
        ``task``: the task, where there are several. ``part``: the test split; or ``selected``, for
        training rows that the submission itself labelled wrong, where the truth is known. ``id``.
        ``true``: the true class. ``given``: the submission's label of a selected row.
        ``predicted``: the class that is predicted most often. ``wrong``: share of the trained
        models that predict another class than the true one, above 0 to 1. Then the columns of the
        data. Each split begins with the rows that most models get wrong.

    Raises
    ------
    Invalid
        If an argument has a wrong type.
    DataperfError
        If the challenge hides its test rows (``practice = false``), the result failed, or its data
        has changed or is not found.

    Examples
    --------
    >>> import dataperf
    >>> result = dataperf.evaluate(dataperf.baseline("speech-selection/digits-60", "random"))
    >>> rows = dataperf.wrong_rows(result)
    >>> list(rows.columns)[:7]
    ['part', 'id', 'true', 'given', 'predicted', 'wrong', 'speaker']
    """
    arguments.check("wrong_rows", result=(result, RESULT), data=(data, DATA | NOTHING))
    kept = result if isinstance(result, Result) else results.read(Path(result))
    if kept.status != "scored":
        raise DataperfError(f"the evaluation failed, so nothing was predicted: {kept.error}")
    return _own(kept, data) if loading.is_own(kept.challenge) else _of_challenge(kept)


def refuse_hidden(challenge: str | Challenge) -> None:
    """Refuse a challenge whose test rows are hidden.

    Raises
    ------
    DataperfError
        If it is not for practice.
    """
    found = loading.of(challenge)
    if not found.practice:
        raise DataperfError(f"{found.name} hides its test rows (practice = false): none are shown")


def check_place(path: Path) -> None:
    """Refuse a place that cannot be written to, before anything is trained."""
    output_paths.check({"--rows": path}, {}, chosen={})


def write(path: Path, found: Sequence[Result], *, data: Any = None) -> None:
    """Write the wrong rows of results to one CSV file; of several, each row names its submission.

    A text that begins like a formula gets an apostrophe in front, so that no spreadsheet runs it.

    Raises
    ------
    DataperfError
        If the file cannot be written, or as `wrong_rows` does.
    """
    import pandas as pd

    frames = []
    for result in found:
        if result.status != "scored":
            continue
        frame = wrong_rows(result, data=data)
        if len(found) > 1:
            who = f"{result.board} {result.submission.submitter}: {result.submission.method}"
            frame.insert(0, "submission", who)
        frames.append(frame)
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    whole = whole.map(lambda value: no_formula(value) if isinstance(value, str) else value)
    output_paths.write(path, whole.to_csv(index=False).encode())


def _of_challenge(result: Result) -> pd.DataFrame:
    refuse_hidden(result.challenge)
    challenge = loading.load(result.challenge)
    data = submission.board_data(challenge, result.board)
    tasks = loading.tasks_of(challenge, result.board)
    unseen = {PART} | {
        str(column)
        for task in challenge.tasks.values()
        for column in (task.label_column, task.true_label_column, task.defect_column)
    }
    contents = {name: _content(task, data[name], unseen) for name, task in tasks.items()}
    return _joined(result, challenge, data, contents)


def _content(task: Task, data: TaskData, unseen: set[str]) -> pd.DataFrame:
    """Return the columns of a task's dataset, by id; of the pool's rows only the visible ones."""
    import pandas as pd

    table = tables.table(task.dataset, task.options)
    in_pool = np.isin(table.ids, data.pool.ids)
    columns = {name: each.astype(object) for name, each in table.columns.items()}
    for name in columns.keys() - set(task.visible_columns):
        columns[name][in_pool] = None
    shown = {name: each for name, each in columns.items() if name not in unseen}
    return pd.DataFrame(shown, index=table.ids.astype(object))


def _own(result: Result, data: Any) -> pd.DataFrame:
    chosen: dict[str, Any] = dict(result.own_data)
    source = chosen.pop("source", None) if data is None else data
    chosen.pop("source", None)
    if source is None:
        raise DataperfError(
            "this result is of your own data, and does not say where the data lies: give data"
        )
    challenge, loaded = own.load(source, **chosen)
    columns, _ = own.parted(chosen)
    rows = own.read(source, **columns)
    content = rows.frame.set_axis(rows.ids.astype(object), axis=0)
    return _joined(result, challenge, loaded, dict.fromkeys(loaded, content))


def _joined(
    result: Result,
    challenge: Challenge,
    data: Mapping[str, TaskData],
    contents: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return the rows of all tasks, each with the content of its id."""
    import pandas as pd

    here, used = data_digest(data), result.provenance.digests.get("data", "nothing")
    if here != used:
        raise DataperfError(
            f"the data has changed: the result used {used[:16]}, here is {here[:16]}"
        )
    tasks = loading.tasks_of(challenge, result.board)
    official = result.rules == "official"
    plans = evaluate.plans_of(challenge, result.submission, data, official=official)
    frames = []
    for name, task in tasks.items():
        frame = rows_of.of_task(task, data[name], plans[name], result.tasks[name])
        content = contents[name]
        others = content.loc[frame["id"]].reset_index(drop=True)
        others.columns = [_free(str(each), [*frame.columns, "task"]) for each in others.columns]
        frame = pd.concat([frame, others], axis=1)
        if len(tasks) > 1:
            frame.insert(0, "task", name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _free(name: str, taken: Sequence[str]) -> str:
    """Return the name of a column of the data, another one if it is taken."""
    return f"{name} of the data" if name in taken else name
