"""Apply a submission to the data it is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import NOTHING, PATH, SUBMISSION, TEXT, TEXTS, YES_OR_NO, Expected
from dataperf.api.submissions import Given
from dataperf.own_data.apply import Applied

DATA = Expected("a path or a pandas data frame", lambda value: value is not None)


def apply(
    submission: Given,
    data: Any,
    *,
    output: str | Path | None = None,
    log: str | Path | None = None,
    label: str | None = None,
    id: str | None = None,
    drop: Sequence[str] | None = None,
    missing: Sequence[str] | None = None,
    merge_labels: bool = False,
) -> Applied:
    """Write the data as a submission leaves it, in its own form, with a log of every change.

    In a CSV or JSON file, everything that the submission does not change stays byte for byte:
    separators, quotes, line ends, order of columns, and values as they are written. A Parquet
    file keeps its types, order and compression. A folder of images or sounds becomes a new folder in
    which files are left out or lie in the subfolder of another class.

    Parameters
    ----------
    submission
        A path, a dict or a `Submission` to own data. A repair drops and relabels rows, a selection
        keeps only the rows that it names.
    data
        The path of a CSV, Parquet or JSON file or of a folder of images or sounds, or a pandas
        data frame.
    output
        The cleaned file or folder; never the data itself. None writes nothing.
    log
        The change log, one line a changed row: ``row``, ``id``, ``action``, ``old_label``,
        ``new_label``. CSV, or JSON if its name ends in ``.json``. None writes
        ``NAME.changes.csv`` next to the output.
    label, id
        The columns of labels and ids, as in `evaluate_data`. Without ids, row numbers are used.
    drop
        Columns that are not read; they stay in the data.
    missing, merge_labels
        How labels are read, as in `evaluate_data`.

    Returns
    -------
    Applied
        The changes and, for a data frame, the cleaned one (``.data``).

    Raises
    ------
    Invalid
        If the submission names rows or classes that the data lacks, is a cleaning order, or a
        place cannot be written to; every problem is listed, and nothing is written.
    DataperfError
        If the data cannot be read or written back.

    Examples
    --------
    >>> import dataperf
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"size": range(6), "y": ["a", "a", "a", "b", "b", "a"]})
    >>> repair = {"schema_version": 2, "challenge": "own-repair", "board": "own"}
    >>> repair["answer"] = {"relabel": {"5": "b"}, "drop": ["0"]}
    >>> applied = dataperf.apply(repair, frame, label="y")
    >>> print(applied)
    1 row of 6 dropped, 1 row relabelled
    >>> applied.data["y"].tolist()
    ['a', 'a', 'b', 'b', 'b']
    """
    arguments.check(
        "apply",
        submission=(submission, SUBMISSION),
        data=(data, DATA),
        output=(output, PATH | NOTHING),
        log=(log, PATH | NOTHING),
        label=(label, TEXT | NOTHING),
        id=(id, TEXT | NOTHING),
        drop=(drop, TEXTS | NOTHING),
        missing=(missing, TEXTS | NOTHING),
        merge_labels=(merge_labels, YES_OR_NO),
    )
    from dataperf.own_data import apply as own

    return own.apply(
        submission,
        data,
        output=None if output is None else Path(output),
        log=None if log is None else Path(log),
        label=label,
        id=id,
        drop=drop,
        missing=missing,
        merge_labels=merge_labels,
    )
