"""The result of an evaluation, and its parts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt
from typing_extensions import TypedDict

from dataperf.records import card, cards
from dataperf.records.fields import Count, Name, Number, Record, Version
from dataperf.records.submission import Submission


class Estimate(Record):
    """A number with its interval.

    ``low`` and ``high`` are None where no interval can be computed; ``groups`` counts the
    groups that the interval rests on when rows are grouped.
    """

    OLD_KEYS = {"clusters": "groups"}

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    groups: Count | None = None


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
    """Defective rows among the selected ones, where the defects of the pool are known.

    ``random`` is the number in a random selection of the same size (mean and 95 % range of the
    hypergeometric distribution); ``p_value`` the probability that it has as few.
    ``ranking`` holds precision@k, recall@k, average precision and AUROC of a ranking or
    flag list, where the answer carries one.
    """

    OLD_KEYS = {"let_in": "selected_defects"}

    selected: Count
    selected_defects: Count
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

    OLD_KEYS = {"samples": "train_rows"}

    train_rows: Count
    train_seconds: Number
    predict_seconds: Number
    peak_memory: Count
    model_size: Count


class TrainingRun(Record):
    """One training set, trained with every seed, and what the model predicted.

    ``weight`` is its share in the score; ``predictions`` holds an encoded integer array of
    shape (seeds, rows) for each split; see ``dataperf.evaluation.results.decode``.
    """

    training_set: str
    rows: Count
    weight: Number = 1.0
    predictions: dict[str, str]


class TaskScores(Record):
    """The scores of one task of a board.

    ``score`` is the task's part of the board's score; ``summary`` holds more numbers of the
    track, ``curves`` numbers along a budget, ``notes`` sentences.
    """

    OLD_KEYS = {"says": "notes", "trials": "training_runs"}

    score: Estimate
    splits: dict[str, SplitScores]
    detection: Detection | None = None
    balance: dict[str, Balance] = {}
    summary: dict[str, Number | None] = {}
    notes: list[str] = []
    curves: dict[str, list[Number]] = {}
    training_runs: list[TrainingRun]


class SafetyReport(Record):
    """What a safety model said of a submission; it is never part of the score.

    Parameters
    ----------
    role
        ``"text"`` and ``"image"`` score texts and images, ``"source"`` gives images.
    option
        Its option without secrets: an address, a folder.
    external
        Whether it lies outside of dataperf, so that another run may differ.
    digest
        sha256 of its code and of its network.
    probabilities
        The probability that each item is unsafe, in the order of the submission; None if it was
        not judged.
    images
        sha256 of the image that a source gave for each item; None if it gave none.
    failed
        The reason, by id.
    numbers
        ``judged``; over those the mean probability (``unsafe``) and the share above one half
        (``flagged``); Cohen's ``kappa`` of that and the raters' majority over the
        ``compared``.
    """

    OLD_KEYS = {"chances": "probabilities"}

    role: Literal["text", "image", "source"]
    option: str = ""
    external: bool
    digest: str
    probabilities: list[Number | None] = []
    images: list[str | None] = []
    failed: dict[str, str] = {}
    numbers: dict[str, Number | None] = {}


class Provenance(Record):
    """Everything that a third party needs to make the result again.

    ``digests`` names sha256 digests of the board, challenge, dataset, model and
    submission; ``numeric_version`` names the numeric behaviour of the fixed model.
    """

    OLD_KEYS = {"era": "numeric_version"}

    digests: dict[str, str]
    numeric_version: str
    frozen: bool
    unfrozen: list[str] = []
    versions: dict[str, str]
    machine: dict[str, Any]
    started: str
    seconds: Number


class OwnData(TypedDict, total=False):
    """How own data can be loaded again (``dataperf.own_data.evaluate.load``).

    A dictionary that holds only what was given; it is empty for a challenge that has a folder.

    Parameters
    ----------
    source
        A path, or a dataset's name.
    label, split, group, true_label, id, drop
        Columns.
    embedding
        How images and sounds are embedded.
    track, model, metric, seed, test_share, budget, compared
        Options of ``dataperf.own_data.challenge.challenge``.
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
    track: Literal["repair", "cleaning", "selection"]
    model: str
    metric: str
    seed: StrictInt
    test_share: Number
    budget: Annotated[StrictInt, Field(ge=1)]
    compared: StrictBool


class Result(Record):
    """The record of one evaluation: one JSON file, named by its content.

    Parameters
    ----------
    schema_version
        Version of this file format.
    challenge, challenge_version, board
        The board that the submission answers.
    status, error
        ``"scored"``, or ``"failed"`` with the reason.
    rules
        ``"official"`` if everything was accepted that the official evaluator accepts; such
        results are never ranked.
    submission
        What was evaluated.
    warnings
        What the check found that may be a mistake.
    metric, score
        The metric that ranks, and the board's score with its 95 % interval.
    tasks
        Scores, predictions and more of each task, by its name.
    summary
        What the track reports of the board as a whole.
    safety
        What safety models said, by name; no score or rank depends on it.
    own_data
        How own data can be loaded again; empty for challenges that have a folder.
    cost
        Time and memory.
    provenance
        Digests, versions and times: what is needed to make the result again.

    Examples
    --------
    >>> import dataperf
    >>> result = dataperf.evaluate(dataperf.baseline("speech-selection/digits-60", "random"))
    >>> result.tasks["digits"].splits["test"].rows
    320
    """

    OLD_KEYS = {"beside": "safety"}

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
    safety: dict[str, SafetyReport] = {}
    own_data: OwnData = {}
    cost: Cost | None = None
    provenance: Provenance

    def __repr__(self) -> str:
        """Return a few lines: the board, who, the score with its interval, and the rank's terms."""
        return card.text(cards.of_result(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return card.html(cards.of_result(self))
