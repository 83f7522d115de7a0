"""The rows behind a score: test rows that the frozen model gets wrong, labels that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import DataperfError
from dataperf.evaluation import results, scorecard
from dataperf.records import FloatArray, IntArray, Plan, Task, TaskData, TaskScores, TestSplit

if TYPE_CHECKING:
    import pandas as pd

#: The part of a row that the submission labelled itself.
SELECTED = "selected"


def of_task(task: Task, data: TaskData, plan: Plan, scores: TaskScores) -> pd.DataFrame:
    """Return the rows of a task that lower its score, the worst of each split first.

    Parameters
    ----------
    task
        The task.
    data
        The data on which the result was computed.
    plan
        What the submission trains on.
    scores
        The task's part of the result.

    Returns
    -------
    DataFrame
        ``part``: the test split, or ``selected`` for training rows that the submission labelled
        wrong. ``id``. ``true``: the true class. ``given``: the submission's label of a selected
        row. ``predicted``: the class that the trained models predict most often. ``wrong``: share
        of the models (training sets x seeds, as they weigh in the score) that are wrong, above 0
        to 1. A column is None, and ``wrong`` nan, where it has no meaning.
    """
    import pandas as pd

    parts = [_tested(task, name, test, plan, scores) for name, test in data.tests.items()]
    return pd.concat([*parts, _labelled(task, data, plan)], ignore_index=True)


def _tested(task: Task, name: str, test: TestSplit, plan: Plan, scores: TaskScores) -> pd.DataFrame:
    """Return the wrong rows of a test split; each line of predictions has its weight."""
    runs = [run for run in scores.training_runs if run.weight > 0]
    arrays = [results.decode(run.predictions[name]) for run in runs]
    if any(each.shape != arrays[0].shape or each.shape[1] != len(test.labels) for each in arrays):
        raise DataperfError(f"the predictions of {name} do not fit its rows here")
    weights = np.repeat([run.weight for run in runs], [len(each) for each in arrays])
    lines = np.concatenate(arrays)
    if plan.tested is not None:
        test, lines = test.take(plan.tested), lines[:, plan.tested]
    votes = np.zeros((len(test.labels), len(task.classes)))
    for line, weight in zip(lines, weights, strict=True):
        votes[np.arange(len(line)), line] += weight
    votes /= weights.sum()
    wrong = 1.0 - votes[np.arange(len(votes)), test.labels]
    rows = np.flatnonzero((lines != test.labels).any(axis=0))
    rows = rows[np.argsort(-wrong[rows], kind="stable")]
    predicted = votes[rows].argmax(axis=1)
    return _frame(task, name, test.ids[rows], test.labels[rows], None, predicted, wrong[rows])


def _labelled(task: Task, data: TaskData, plan: Plan) -> pd.DataFrame:
    """Return the rows that the submission labelled wrong, in the order of the pool."""
    rows, given = scorecard.wrong_labels(data, plan.sets[0])
    truth = data.truth.labels[rows] if data.truth is not None else rows
    missing = np.full(len(rows), np.nan)
    return _frame(task, SELECTED, data.pool.ids[rows], truth, given, None, missing)


def _frame(
    task: Task,
    part: str,
    ids: NDArray[Any],
    truth: IntArray,
    given: IntArray | None,
    predicted: IntArray | None,
    wrong: FloatArray,
) -> pd.DataFrame:
    import pandas as pd

    names = np.array(task.classes, dtype=object)
    nothing = np.full(len(ids), None, dtype=object)
    return pd.DataFrame(
        {
            "part": np.full(len(ids), part, dtype=object),
            "id": ids.astype(object),
            "true": names[truth],
            "given": nothing if given is None else names[given],
            "predicted": nothing if predicted is None else names[predicted],
            "wrong": np.round(wrong, 6),
        }
    )
