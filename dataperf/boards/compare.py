"""Compare results on one board: differences with intervals, test rows, training rows."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import registry, statistics
from dataperf.boards import comparable, disagreements, verdicts
from dataperf.boards.comparable import Entry
from dataperf.boards.disagreements import Disagreement, TrainingDifference
from dataperf.definitions import loading as challenges
from dataperf.records import Estimate, Result, card
from dataperf.records.card import Card, Grid, with_interval
from dataperf.statistics import Outcome, Score, Term

#: Maximum number of classes that each have a line.
MOST_CLASSES = 50


@dataclass(frozen=True)
class Line:
    """One number of two results, and its difference.

    Parameters
    ----------
    a, b
        Letters of the two results.
    where
        What is compared: the score, ``TASK/SPLIT``, or ``TASK/SPLIT: CLASS``.
    metric
        Name of the metric; ``recall`` for a class.
    rows
        Number of test rows.
    values
        The number of each result; None where it is not defined.
    difference
        The first minus the second, with its 95 % interval, which is not corrected.
    p_value
        Corrected for the number of lines of the same table (Holm); None without an interval.
    """

    a: str
    b: str
    where: str
    metric: str
    rows: int
    values: tuple[float | None, float | None]
    difference: Estimate
    p_value: float | None


@dataclass(frozen=True)
class Pair:
    """Two results compared.

    Parameters
    ----------
    score
        The score that ranks.
    verdict
        The outcome in words.
    separable
        Whether the scores are shown to differ.
    rows_needed
        Number of test rows that would show a difference as large as the one observed, with a
        power of 80 %; None if no number would.
    visible
        The smallest difference that these test rows show with a power of 80 %.
    disagreements
        For each test split, the rows that one result has right and the other wrong.
    training
        For each task, the training rows that differ.
    """

    score: Line
    verdict: str
    separable: bool
    rows_needed: int | None
    visible: float | None
    disagreements: list[Disagreement]
    training: list[TrainingDifference]


@dataclass(frozen=True)
class Comparison:
    """Results of one board compared; it shows itself as a table in a notebook.

    Parameters
    ----------
    challenge, board, metric
        Names of the challenge, the board and the metric that ranks.
    names
        Submitter and method of each result, by letter.
    pairs
        Every two results.
    splits, classes
        One line for each pair and split; and for each of their classes.
    notes
        What limits the comparison, one sentence each.
    """

    challenge: str
    board: str
    metric: str
    names: dict[str, str]
    pairs: list[Pair]
    splits: list[Line]
    classes: list[Line]
    notes: list[str]

    def __repr__(self) -> str:
        """Return a few lines: who is compared, and the verdict of each pair."""
        return card.text(self._card())

    def _repr_html_(self) -> str:
        return card.html(self._card())

    def _card(self) -> Card:
        rows = [
            (f"{each.a} - {each.b}", each.where, with_interval(each.difference))
            for each in [*(pair.score for pair in self.pairs), *self.splits]
        ]
        facts = [f"{letter}: {name}" for letter, name in self.names.items()]
        facts += [pair.verdict for pair in self.pairs]
        grids = [Grid(("pair", "of", "difference [95 %]"), rows)]
        title = f"Comparison on {self.challenge}/{self.board}, by {self.metric}"
        return Card(title, facts, grids, self.notes)


def compare(found: Sequence[Result], *, data: Any = None) -> Comparison:
    """Compare results on one board.

    Parameters
    ----------
    found
        Two to ten results.
    data
        The data, for results of own data: a path, or a table in memory.

    Raises
    ------
    Invalid
        If there are too few or too many, they are of different boards or test rows, or one cannot
        be compared. All problems are listed.
    """
    entries = comparable.entries(found, data)
    first = entries[0]
    pairs = list(itertools.combinations(entries, 2))
    splits = [line for pair in pairs for line in _split_lines(*pair)]
    classes = [line for pair in pairs for line in _class_lines(*pair)]
    scores = _corrected(
        [
            _line(one, other, "score", first.result.metric, one.found.score, other.found.score)
            for one, other in pairs
        ]
    )
    contents = disagreements.Contents(data)
    compared = [
        _pair(one, other, line, contents, len(pairs))
        for (one, other), line in zip(pairs, scores, strict=True)
    ]
    return Comparison(
        first.result.challenge,
        first.result.board,
        first.result.metric,
        {entry.letter: comparable.name_of(entry.result) for entry in entries},
        compared,
        _corrected(splits),
        _corrected(classes),
        _notes(entries),
    )


def _line(one: Entry, other: Entry, where: str, metric: str, a: Score, b: Score) -> Line:
    """Return the difference of two scores; the p-value is not corrected yet."""
    found = statistics.score_difference(a, b)
    rows = sum(term.outcome.rows for term in a.terms)
    first, second = (each.value if np.isfinite(each.value) else None for each in (a, b))
    return Line(
        one.letter,
        other.letter,
        where,
        metric,
        rows,
        (first, second),
        found.estimate,
        found.p_value,
    )


def _corrected(lines: Sequence[Line]) -> list[Line]:
    """Correct the p-values of a table for their number."""
    raw = [line.p_value for line in lines if line.p_value is not None]
    adjusted = iter(statistics.holm(raw).tolist())
    return [
        line if line.p_value is None else dataclasses.replace(line, p_value=next(adjusted))
        for line in lines
    ]


def _split_lines(one: Entry, other: Entry) -> list[Line]:
    lines = []
    for name, task in challenges.tasks_of(one.challenge, one.result.board).items():
        for split in task.splits:
            metric = task.headline(split)
            a, b = (
                Score((Term(each.found.metrics[metric], each.found.outcomes[name][split]),))
                for each in (one, other)
            )
            lines.append(_line(one, other, _place(one, name, split), metric, a, b))
    return lines


def _class_lines(one: Entry, other: Entry) -> list[Line]:
    """Return the recall of each class of the ranking splits, if there are not too many classes."""
    accuracy, lines = registry.load("metrics", "accuracy"), []
    for name, task in challenges.tasks_of(one.challenge, one.result.board).items():
        for split in task.ranking if len(task.classes) <= MOST_CLASSES else ():
            a, b = (each.found.outcomes[name][split] for each in (one, other))
            if not statistics.same_items(a, b):
                continue
            for number, label in enumerate(task.classes):
                if (a.truth == number).any():
                    parts = [Score((Term(accuracy, _of_class(each, number)),)) for each in (a, b)]
                    where = f"{_place(one, name, split)}: {label}"
                    lines.append(_line(one, other, where, "recall", *parts))
    return lines


def _of_class(outcome: Outcome, number: int) -> Outcome:
    """Return which rows of one class are predicted right, as an outcome of two classes."""
    rows = outcome.truth == number
    right = (outcome.predicted[:, rows] == number).astype(outcome.truth.dtype)
    return dataclasses.replace(
        outcome,
        truth=outcome.truth[rows] * 0 + 1,
        predicted=right,
        classes=2,
        clusters=None if outcome.clusters is None else outcome.clusters[rows],
    )


def _place(entry: Entry, task: str, split: str) -> str:
    return split if len(entry.data) == 1 else f"{task}/{split}"


def _pair(
    one: Entry, other: Entry, line: Line, contents: disagreements.Contents, comparisons: int
) -> Pair:
    variance = statistics.pair_variance(one.found.score, other.found.score)
    value = line.difference.value
    separable = line.p_value is not None and line.p_value < 1 - statistics.LEVEL
    needed = visible = None
    if variance is not None and value is not None:
        visible = variance.visible(comparisons=comparisons)
        if value and not separable:
            needed = variance.rows_needed(value, comparisons=comparisons)
    tests = [
        found
        for task, outcomes in one.found.outcomes.items()
        for split in outcomes
        if (found := disagreements.of_test(one, other, task, split, contents)) is not None
    ]
    seeds = None
    if variance is not None and value and not separable and needed is None:
        seeds = variance.seeds_needed(value, comparisons=comparisons)
    better = one.found.score.higher_is_better == ((value or 0.0) > 0)
    shown = verdicts.Compared(line.a, line.b, line.rows, value, line.p_value, better, separable)
    words = verdicts.verdict(shown, rows=needed, seeds=seeds, visible=visible)
    training = [disagreements.of_training(one, other, task) for task in one.data]
    return Pair(line, words, separable, needed, visible, tests, training)


def _notes(entries: Sequence[Entry]) -> list[str]:
    """Return what limits the comparison."""
    notes = []
    for entry in entries:
        if entry.result.rules != "strict":
            notes.append(f"{entry.letter} was scored by the official rules, which can be cheated")
    versions = {entry.result.provenance.numeric_version for entry in entries}
    if len(versions) > 1:
        notes.append(f"numeric versions differ: {', '.join(sorted(versions))}")
    tasks = challenges.tasks_of(entries[0].challenge, entries[0].result.board).values()
    few = [
        split
        for outcomes in entries[0].found.outcomes.values()
        for split, each in outcomes.items()
        if each.cluster_count is not None and each.cluster_count < statistics.FEWEST_GROUPS
    ]
    if few:
        words = f"fewer than {statistics.FEWEST_GROUPS} groups of rows"
        notes.append(f"no interval on {', '.join(few)}: {words}")
    if any(len(task.classes) > MOST_CLASSES for task in tasks):
        notes.append(f"classes are not compared where there are more than {MOST_CLASSES}")
    digests = [entry.result.provenance.digests["submission"] for entry in entries]
    for entry, digest in zip(entries, digests, strict=True):
        first = entries[digests.index(digest)].letter
        if first != entry.letter:
            notes.append(f"{first} and {entry.letter} are the same answer")
    return notes


def plain(found: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON."""
    return {
        "challenge": found.challenge,
        "board": found.board,
        "metric": found.metric,
        "results": found.names,
        "pairs": [
            {
                **_plain_line(pair.score),
                "verdict": pair.verdict,
                "separable": pair.separable,
                "rows_needed": pair.rows_needed,
                "visible": pair.visible,
                "disagreements": [dataclasses.asdict(each) for each in pair.disagreements],
                "training": [dataclasses.asdict(each) for each in pair.training],
            }
            for pair in found.pairs
        ],
        "splits": [_plain_line(line) for line in found.splits],
        "classes": [_plain_line(line) for line in found.classes],
        "notes": found.notes,
    }


def _plain_line(line: Line) -> dict[str, Any]:
    fields = {each.name: getattr(line, each.name) for each in dataclasses.fields(line)}
    return {**fields, "values": list(line.values), "difference": line.difference.model_dump()}
