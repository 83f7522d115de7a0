"""Evaluate submissions on your own data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, overload

from typing_extensions import Unpack

from dataperf.api import arguments, evaluation
from dataperf.api.arguments import DATA, FUNCTION, NOTHING, PATH, SUBMISSIONS
from dataperf.api.evaluation import EvaluationRequest, Messages
from dataperf.api.submissions import Given, check_single
from dataperf.records import Result


class DataOptions(TypedDict, total=False):
    """How your own data is read, split and scored; see `evaluate_data`."""

    label: str | None
    split: str | None
    group: str | None
    true_label: str | None
    id: str | None
    drop: Sequence[str] | None
    embedding: str | None
    decimal: str | None
    missing: Sequence[str] | None
    merge_labels: bool | None
    model: str | None
    metric: str | None
    seed: int | None
    test_share: float | None
    budget: int | None


@overload
def evaluate_data(
    data: Any,
    submissions: Given,
    *,
    results: str | Path | None = None,
    on_message: Messages = ...,
    **options: Unpack[DataOptions],
) -> Result: ...


@overload
def evaluate_data(
    data: Any,
    submissions: Sequence[Given],
    *,
    results: str | Path | None = None,
    on_message: Messages = ...,
    **options: Unpack[DataOptions],
) -> list[Result]: ...


def evaluate_data(
    data: Any,
    submissions: Given | Sequence[Given],
    *,
    results: str | Path | None = None,
    on_message: Messages = arguments.warn,
    **options: Unpack[DataOptions],
) -> Result | list[Result]:
    """Evaluate submissions on your own data: split it, train a frozen model, score it.

    Parameters
    ----------
    data
        The path of a table or of a folder of images or sounds, the name of a dataset, a data
        frame, or ``(features, labels)`` arrays.
    submissions
        One submission or a list, each a path, a dict or a `Submission`. Its challenge is
        ``own-TRACK``: ``own-`` and the name of a track that works on own data.
    results
        Where to keep the results; None does not keep them.
    on_message
        Called with a line for everything that you should know of how the data was read; by
        default a Python warning.
    **options
        Columns: ``label``, ``split`` (marks test rows), ``group`` (rows that belong together),
        ``true_label``, ``id``, ``drop`` (columns to leave out). ``embedding`` says how images or
        sounds are embedded. ``decimal`` is the decimal sign of numbers written as text, ``missing``
        the words that stand for a missing value; ``merge_labels`` makes labels that differ only by
        blanks, case, a full stop or Unicode form one class. ``model`` and ``metric`` name plug-ins (logistic_v1, accuracy).
        ``seed`` and ``test_share`` draw the test rows (0, 0.2). ``budget`` is the maximum number
        of rows in a submission.

    Returns
    -------
    Result or list of Result
        One for one submission, a list for a list.

    Raises
    ------
    Invalid
        If an argument is wrong or a submission breaks a rule; every problem is listed, and
        nothing is trained.
    DataperfError
        If the data cannot be read.

    Examples
    --------
    >>> import dataperf
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> features = np.concatenate([random.normal(0, 1, (60, 4)), random.normal(6, 1, (60, 4))])
    >>> labels = np.repeat(["cat", "dog"], 60)
    >>> labels[3] = "dog"
    >>> repair = {"schema_version": 2, "challenge": "own-repair", "board": "own"}
    >>> repair["answer"] = {"relabel": {"3": "cat"}}
    >>> dataperf.evaluate_data((features, labels), repair).score.value
    1.0
    """
    arguments.check(
        "evaluate_data",
        data=(data, DATA),
        submissions=(submissions, SUBMISSIONS),
        results=(results, PATH | NOTHING),
        on_message=(on_message, FUNCTION),
    )
    arguments.check_names("evaluate_data", options, DataOptions.__annotations__)
    several = isinstance(submissions, list | tuple)
    given: Any = submissions if several else [submissions]
    if not several:
        check_single("evaluate_data", submissions)
    if not given:
        return []
    chosen = arguments.given(options)
    request = EvaluationRequest(given, data=data, options=chosen, results=results)
    found = [scored.result for scored in evaluation.run(request, on_message=on_message)]
    return found if several else found[0]
