"""What is asked: a challenge, its tasks, splits and boards."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from dataperf.records import card, cards
from dataperf.records.fields import Line, Name, Number, Record, Scalar, Text, Version


class Span(Record):
    """Whole numbers from ``first`` to ``last``, both included."""

    first: StrictInt
    last: StrictInt


class Exclude(Record):
    """Every value but these."""

    exclude: list[Scalar]


#: Which rows: for each column, the values allowed, a span of them, or all but some.
Where = dict[str, list[Scalar] | Span | Exclude]


class Split(Record):
    """Rows that a trained model is tested on.

    Parameters
    ----------
    title
        What the split asks, in a few words.
    where
        Which rows of the dataset.
    ood
        Whether the split lies outside the pool's distribution.
    metric
        The split's headline metric; None takes the task's ranking metric.
    metrics
        What is reported beside it; None takes the task's.
    group_column
        Column whose values group rows that are not independent (speaker, word);
        intervals resample groups first, then rows inside them.
    """

    OLD_KEYS = {"cluster": "group_column"}

    title: Text
    where: Where = {}
    ood: StrictBool = False
    metric: Name | None = None
    metrics: list[Name] | None = None
    group_column: str | None = None


class Task(Record):
    """Data, the frozen model trained on it, and how it is scored.

    Parameters
    ----------
    dataset
        Name of a dataset plug-in.
    options
        Passed to the dataset's ``table`` function.
    model
        Name of a fixed model.
    seeds
        The model is trained once for each.
    label_column
        Column with the label that participants see; None if the pool has no labels.
    true_label_column
        Column with the label that is right, where it is known.
    defect_column
        Column naming what is wrong with a row ("" for nothing), where it is known.
    classes
        Class names; a class id is a position in this list, never taken from a submission.
    other_class
        The class of every label that is not a class name; None makes such rows an error.
    visible_columns
        Columns that participants see.
    balance
        The shares the classes should have; None means equal shares.
    pool
        Rows that may be chosen.
    splits
        Rows that are tested on, by name.
    split
        The split that ranks; of several, the mean of their headline metrics.
    metric
        The metric that ranks.
    metrics
        What is reported beside it.
    """

    OLD_KEYS = {
        "label": "label_column",
        "truth": "true_label_column",
        "defect": "defect_column",
        "rest": "other_class",
        "visible": "visible_columns",
    }

    dataset: Name
    options: dict[str, Scalar] = {}
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
        """The splits that rank, the in-distribution one first."""
        return [self.split] if isinstance(self.split, str) else list(self.split)

    def headline(self, split: str) -> str:
        """Return the metric that stands for a split: its own, else the one that ranks."""
        return self.splits[split].metric or self.metric


class Board(Record):
    """One ranked table.

    Parameters
    ----------
    tasks
        Names of tasks of the challenge; the score of a board is the mean over its tasks.
    rules
        Limits, in the words of the challenge's track.
    title
        What sets the board apart, in a few words.
    published
        Scores that others have reported for it, by method: shown beside ours, never ranked.
    """

    tasks: Annotated[list[Name], Field(min_length=1)]
    rules: dict[str, Any] = {}
    title: Text = ""
    published: dict[Line, Number] = {}


class Challenge(Record):
    """What is asked: the contents of ``challenges/NAME/challenge.toml``.

    Parameters
    ----------
    schema_version
        Version of this file format.
    name
        The folder's name.
    version
        Raised by the organizer whenever scores would change.
    title
        What is asked, in one line.
    track
        Name of a track: how an answer is read, checked and trained on.
    tasks, boards
        By name.
    practice
        Whether everything needed to score lies on the participant's machine.
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
