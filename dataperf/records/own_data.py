"""How your own data can be loaded again: the options that a result records."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from dataperf.records.fields import Name, Number


class OwnData(TypedDict, total=False):
    """The options with which your own data can be loaded again.

    These are the options of ``dataperf.own_data.evaluate.load``. An option that was not given is
    absent; results of a challenge with a folder hold an empty object.

    Parameters
    ----------
    source
        A path, or the name of a dataset.
    label, split, group, true_label, id, drop
        Names of columns.
    embedding
        How images or sounds are embedded.
    decimal, missing, merge_labels
        The decimal sign, the words that stand for a missing value, and whether labels that differ
        only in spelling are one class.
    track, model, metric
        Names of plug-ins.
    seed
        Random seed of the split.
    test_share
        Share of test rows, 0 to 1.
    budget
        Maximum number of rows in the submission.
    compared
        Whether the answer is compared with others, where the track can.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    source: str
    label: str
    split: str
    group: str
    true_label: str
    id: str
    drop: list[str]
    embedding: str
    decimal: Literal[",", "."]
    missing: list[str]
    merge_labels: StrictBool
    track: Name
    model: str
    metric: str
    seed: StrictInt
    test_share: Number
    budget: Annotated[StrictInt, Field(ge=1)]
    compared: StrictBool
