"""Challenges: tasks, test splits and boards, as in ``challenge.toml``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from dataperf.records import card, cards
from dataperf.records.fields import LARGEST_INT, Line, Name, Number, Record, Scalar, Text, Version


def _one_message(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Return a value of an option, or one error instead of one for each type that it could have."""
    expected = "a text of at most 200 characters, a number below 2 to the 63, true or false"
    if isinstance(value, int) and abs(value) > LARGEST_INT:
        raise PydanticCustomError("wrong_type", expected)
    try:
        return read(value)
    except ValidationError:
        raise PydanticCustomError("wrong_type", expected) from None


#: A value of an option: one line of text, a number, true or false.
Option = Annotated[Line | StrictBool | StrictInt | Number, WrapValidator(_one_message)]


class Span(Record):
    """A range of whole numbers, both ends included.

    Parameters
    ----------
    first, last
        Smallest and largest value.
    """

    first: StrictInt
    last: StrictInt


class Exclude(Record):
    """All values except the listed ones.

    Parameters
    ----------
    exclude
        Values to leave out.
    """

    exclude: list[Scalar]


#: Which rows: for each column, the allowed values, a range of them, or all but some.
Where = dict[str, list[Scalar] | Span | Exclude]


class Split(Record):
    """Test rows: a trained model is scored on them.

    Parameters
    ----------
    title
        What the split measures, in a few words.
    where
        Which rows of the dataset belong to the split: for each column, a list of values, a range
        (``first``, ``last``) or ``exclude``.
    ood
        Whether the rows are out of distribution, that is, unlike the pool.
    metric
        Headline metric of the split; by default the task's ``metric``.
    metrics
        Further metrics to report; by default the task's ``metrics``.
    group_column
        Column that groups dependent rows (speaker, word). Intervals then take groups as the
        independent parts of the test.
    """

    OLD_KEYS = {"cluster": "group_column"}

    title: Text
    where: Where = {}
    ood: StrictBool = False
    metric: Name | None = None
    metrics: list[Name] | None = None
    group_column: str | None = None


class Task(Record):
    """A dataset, the frozen model trained on it, and how the model is scored.

    Parameters
    ----------
    dataset
        Name of a dataset plug-in.
    options
        Options of the dataset, by name.
    model
        Name of a fixed model.
    seeds
        Training seeds: the model is trained once with each.
    label_column
        Column of the label that participants see; null if the pool has no labels.
    true_label_column
        Column of the true label, where it is known.
    defect_column
        Column that names the defect of a row ("" for none), where it is known.
    classes
        Class names. A class id is a position in this list, counted from 0.
    other_class
        Class of every label that is not in ``classes``; null makes such a label an error.
    visible_columns
        Further columns that participants see.
    balance
        Target share of each class, 0 to 1; by default all equal.
    pool
        Which rows may be selected, in the form of a split's ``where``.
    splits
        Test splits, by name.
    split
        The ranking split. With a list, the mean of the splits' headline metrics ranks.
    metric
        The ranking metric.
    metrics
        Further metrics to report.
    """

    OLD_KEYS = {
        "label": "label_column",
        "truth": "true_label_column",
        "defect": "defect_column",
        "rest": "other_class",
        "visible": "visible_columns",
    }

    dataset: Name
    options: dict[str, Option] = {}
    model: Name
    seeds: Annotated[list[StrictInt], Field(min_length=1)]
    label_column: str | None = None
    true_label_column: str | None = None
    defect_column: str | None = None
    classes: Annotated[list[str], Field(min_length=2)]
    other_class: str | None = None
    visible_columns: list[str] = []
    balance: dict[str, Number] | None = None
    pool: Where = {}
    splits: Annotated[dict[Name, Split], Field(min_length=1)]
    split: Name | Annotated[list[Name], Field(min_length=1)]
    metric: Name
    metrics: list[Name] = []

    @property
    def ranking(self) -> list[str]:
        """The ranking splits, the first one in the order of the file first."""
        return [self.split] if isinstance(self.split, str) else list(self.split)

    def headline(self, split: str) -> str:
        """Return the headline metric of a split: its own, else the ranking metric."""
        return self.splits[split].metric or self.metric


class Board(Record):
    """One ranked table of a challenge.

    Parameters
    ----------
    tasks
        Names of tasks of the challenge. The score is the mean over them.
    rules
        Limits of a submission, as the challenge's track defines them.
    title
        How this board differs from the others, in a few words.
    published
        Scores that others have reported for it, by method: shown next to ours, never ranked.

    Examples
    --------
    >>> Board(tasks=["digits"], rules={"budget": 60}).rules["budget"]
    60
    """

    tasks: Annotated[list[Name], Field(min_length=1)]
    rules: dict[str, Any] = {}
    title: Text = ""
    published: dict[Line, Number] = {}


class Challenge(Record):
    """A challenge: the contents of ``challenges/NAME/challenge.toml``.

    Parameters
    ----------
    schema_version
        Version of this file format: 2.
    name
        Name of the challenge and its folder.
    version
        Version of the challenge, from 1. The organizer raises it when scores would change.
    title
        The question of the challenge, in one line.
    track
        Name of a track, which defines how a submission is read, checked and trained on.
    practice
        Whether the participant's machine has all data needed to score.
    tasks
        Tasks, by name.
    boards
        Boards, by name.
    """

    schema_version: Version
    name: Name
    version: Annotated[StrictInt, Field(ge=1)]
    title: Text
    track: Name
    practice: StrictBool = True
    tasks: Annotated[dict[Name, Task], Field(min_length=1)]
    boards: Annotated[dict[Name, Board], Field(min_length=1)]

    def __repr__(self) -> str:
        """Return a few lines: name, title, track and boards."""
        return card.text(cards.of_challenge(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return card.html(cards.of_challenge(self))
