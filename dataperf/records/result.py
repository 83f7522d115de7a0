"""Results: the record of one evaluation and its parts."""

from __future__ import annotations

from typing import Any, Literal

from dataperf.records import card, cards
from dataperf.records.fields import Count, Name, Number, Record, Version
from dataperf.records.own_data import OwnData
from dataperf.records.submission import Submission


class Estimate(Record):
    """A number with its 95 % confidence interval.

    Parameters
    ----------
    value
        The number; null where it is not defined.
    low, high
        Ends of the interval; null where no interval can be computed.
    groups
        Number of groups that the interval is based on; null if rows are not grouped. Fewer than
        four give no interval.

    Examples
    --------
    >>> str(Estimate(value=0.5, low=0.4, high=0.6)), str(Estimate(value=0.5))
    ('0.500 [0.400, 0.600]', '0.500')
    """

    OLD_KEYS = {"clusters": "groups"}

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    groups: Count | None = None

    def __str__(self) -> str:
        """Return the number with its interval, if it has one."""
        return card.with_interval(self)


class SplitScores(Record):
    """The scores of one test split.

    Parameters
    ----------
    title
        Title of the split.
    ood
        Whether the split is out of distribution.
    metric
        Headline metric of the split.
    metrics
        Estimate of each metric, by name: the mean over seeds.
    per_seed
        Values of each metric, one for each training seed.
    gap
        Headline metric minus that of the ranking split; null where they cannot be compared.
    per_class
        Precision, recall and F1 of each class, by class name; null where not defined.
    confusion
        Confusion matrix, the mean over seeds: number of rows by true class (rows) and predicted
        class (columns), both in the order of the task's ``classes``. Empty for more than 1,000
        classes.
    worst_group
        Group with the worst headline metric: its ``group`` name, ``value`` and number of ``rows``;
        null if rows are not grouped.
    rows
        Number of test rows.
    """

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
    """How many defective rows of the pool the submission selected or detected.

    Parameters
    ----------
    selected
        Number of different rows in the training set.
    selected_defects
        Number of these rows with a defect or a wrong label. A wrong label counts only if the row
        is still trained with a wrong label.
    share
        ``selected_defects`` divided by ``selected``.
    pool_share
        Share of the pool's rows with a defect or a wrong label, 0 to 1.
    random
        Number of defective rows in a random selection of the same size: mean and 95 % range of
        the hypergeometric distribution.
    p_value
        Probability that a random selection has as few defective rows or fewer.
    by_defect
        For each type of defect, its number of rows in the ``pool`` and among the ``selected``.
    ranking
        Precision@k, recall@k, average precision and AUROC of the submission's ranking or flags;
        null if it has neither.
    """

    OLD_KEYS = {"let_in": "selected_defects"}

    selected: Count
    selected_defects: Count
    share: Number
    pool_share: Number
    random: Estimate
    p_value: Number
    by_defect: dict[str, dict[str, Number]]
    ranking: dict[str, Number | None] | None = None


class Balance(Record):
    """How evenly a training set covers the values of one column.

    Parameters
    ----------
    counts
        Number of training rows with each value.
    normalized_entropy
        Entropy of the shares divided by its maximum: 1 is even, 0 is a single value.
    imbalance_ratio
        Largest count divided by the smallest; null if a value is missing.
    total_variation
        Total variation distance to the reference shares, 0 to 1.
    reference
        What the shares are compared with.
    """

    counts: dict[str, Count]
    normalized_entropy: Number
    imbalance_ratio: Number | None = None
    total_variation: Number
    reference: str


class Cost(Record):
    """The resources that the evaluation used.

    Parameters
    ----------
    train_rows
        Number of training rows, added up over all training sets.
    train_seconds, predict_seconds
        Wall-clock time of training and of prediction, in seconds.
    peak_memory
        Largest memory of the process so far, in bytes, including data and libraries.
    model_size
        Size of the learned parameters, in bytes.
    """

    OLD_KEYS = {"samples": "train_rows"}

    train_rows: Count
    train_seconds: Number
    predict_seconds: Number
    peak_memory: Count
    model_size: Count


class TrainingRun(Record):
    """One training set, trained with every seed, and the predictions of the models.

    Parameters
    ----------
    training_set
        Digest of the training set.
    rows
        Number of training rows.
    weight
        Relative weight of this run in the score.
    predictions
        For each split, an encoded integer array of shape (seeds, rows); see
        ``dataperf.evaluation.results.decode``.
    """

    training_set: str
    rows: Count
    weight: Number = 1.0
    predictions: dict[str, str]


class TaskScores(Record):
    """The scores of one task of a board.

    Parameters
    ----------
    score
        The task's part of the board's score.
    splits
        Scores of each test split, by name.
    detection
        Defective rows in the submission; null where defects are not known.
    balance
        Balance of the training set, by column.
    summary
        Further numbers of the track, by name.
    notes
        The same in sentences.
    curves
        Numbers along a budget, by name.
    training_runs
        Training sets with their predictions.
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
    """What a safety model reports on a submission; it never changes the score.

    Parameters
    ----------
    role
        ``"text"`` and ``"image"`` score texts and images; ``"source"`` supplies images.
    option
        The option given to the plug-in (an address, a folder), without secrets.
    external
        Whether it depends on something outside dataperf, so that it cannot be reproduced.
    digest
        Digest of its code and its network.
    probabilities
        Probability that each item is unsafe, in the order of the submission; null for an item
        that was not scored.
    images
        sha256 of the image supplied for each item; null where there is none.
    failed
        Reason why an image is missing or unreadable, by id.
    numbers
        ``judged``: number of scored items. ``unsafe``: their mean probability. ``flagged``: share
        with a probability above 0.5. ``compared``: number of scored items with a majority of
        raters. ``kappa``: Cohen's kappa between the flags and the raters' majority.
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
    """Everything that is needed to reproduce the result.

    Parameters
    ----------
    digests
        sha256 digests of the board, the data, the submission and each plug-in, by name.
        ``submission`` covers the answer, ``submission_record`` also who made it and how.
    numeric_version
        Numeric behaviour of the fixed model; results of different versions are not comparable.
    frozen
        Whether everything that the score depends on was frozen.
    unfrozen
        Names of the parts that were not frozen.
    versions
        Versions of Python, of libraries, and of the installed packages that offer its plug-ins.
    machine
        Operating system, processor, number of cores and memory in bytes.
    started
        Start time, ISO 8601, UTC.
    seconds
        Duration of the evaluation, in seconds.
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


class Result(Record):
    """The record of one evaluation: one JSON file, named by its digest.

    Parameters
    ----------
    schema_version
        Version of this file format: 2.
    challenge, challenge_version, board
        What was evaluated.
    status
        ``"scored"``, or ``"failed"`` if the submission could not be scored.
    error
        Why it failed.
    rules
        ``"strict"``, or ``"official"`` if the published evaluator's rules were used, including
        their gaps. Official results are never ranked.
    submission
        The submission, complete.
    warnings
        Warnings of the check.
    metric
        The ranking metric.
    score
        The score that ranks.
    tasks
        Scores of each task, by name.
    summary
        Further numbers of the track about the whole board.
    safety
        Reports of safety models that the user named; they never change a score or rank.
    own_data
        Options with which your own data can be loaded again; empty for a challenge with a folder.
    cost
        Resources used.
    provenance
        Everything that is needed to reproduce the result.

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
    challenge_version: Count
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
