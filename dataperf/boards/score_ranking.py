"""Rank the entries of anybody's table of scores, with the ranks that chance leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import registry, statistics
from dataperf.basics.wording import plural
from dataperf.boards import score_table, sensitivity
from dataperf.boards.score_table import Columns, ScoreTable
from dataperf.boards.sensitivity import Weightings
from dataperf.records import Estimate, card
from dataperf.records.card import Card, Grid, with_interval
from dataperf.statistics import MANY_GROUPS, Outcome


@dataclass(frozen=True)
class ScoreRow:
    """One entry of a table of scores, with the ranks that it may have.

    Parameters
    ----------
    rank, worst_rank
        The best and the worst rank that the entry may have.
    name
        Name of the entry.
    score
        Mean score with its 95 % interval.
    better_than
        Names of the entries that it is shown to be better than.
    """

    rank: int
    worst_rank: int
    name: str
    score: Estimate
    better_than: list[str]

    @property
    def ranks(self) -> str:
        """The ranks in words: ``1`` or ``1-3``."""
        return str(self.rank) if self.rank == self.worst_rank else f"{self.rank}-{self.worst_rank}"


@dataclass(frozen=True)
class ScoreRanking:
    """A ranked table of scores; it shows itself as a table in a notebook.

    Parameters
    ----------
    name
        Name of the table.
    rows
        The entries, the best first.
    visible
        The smallest difference that is visible: half of the pairs have to differ by more to be
        shown to differ.
    separable
        Number of pairs of entries that are shown to differ.
    neighbours
        Number of pairs of neighbours by score that are shown to differ.
    sample
        What chance is taken over, in words.
    notes
        What limits the ranks or was left out, one sentence each.
    tasks
        Mean scores of the rows in each task, by task; empty where only items are known.
    lower_is_better
        Whether a lower score is better.
    """

    name: str
    rows: list[ScoreRow]
    visible: float | None
    separable: int
    neighbours: int
    sample: str
    notes: list[str]
    tasks: dict[str, list[float]]
    lower_is_better: bool

    def sensitivity(self) -> list[Weightings]:
        """Return how the order depends on the weights of the tasks, if there are several."""
        names, up = [row.name for row in self.rows], not self.lower_is_better
        return sensitivity.of_parts("tasks", self.tasks, names, up=up)

    @property
    def summary(self) -> list[str]:
        """What the table can show, in words."""
        pairs = len(self.rows) * (len(self.rows) - 1) // 2
        between = f"{self.neighbours:,} of {len(self.rows) - 1:,} neighbours"
        lines = [f"{self.separable:,} of {plural(pairs, 'pair')} are separable, {between}"]
        if self.visible is not None:
            lines.append(f"smallest visible difference: {self.visible:.4g}")
        return [*lines, self.sample]

    def __repr__(self) -> str:
        """Return a few lines: what the table can show, and the first of its rows."""
        return card.text(self._card())

    def _repr_html_(self) -> str:
        return card.html(self._card())

    def _card(self) -> Card:
        lines = [(row.ranks, row.name, with_interval(row.score)) for row in self.rows]
        grids = [Grid(("ranks", "entry", "score [95 %]"), lines)]
        return Card(f"Ranks of {self.name}", self.summary, grids, self.notes, listed=True)


def rank(source: Any, columns: Columns, *, lower_is_better: bool = False) -> ScoreRanking:
    """Rank the entries of a table of scores.

    Parameters
    ----------
    source, columns
        See `dataperf.boards.score_table.read`.
    lower_is_better
        Whether a lower score is better.

    Raises
    ------
    Invalid
        If the table cannot be read, or is too small.
    """
    table = score_table.read(source, columns)
    parts = list(table.tasks.values())
    found = statistics.rank_table(parts, seeds=table.seeds, higher_is_better=not lower_is_better)
    estimates = _estimates(table, found)
    sign = 1 if lower_is_better else -1
    order = np.argsort(sign * found.values, kind="stable").tolist()
    better = found.ranks.better
    rows = [
        ScoreRow(
            found.ranks.best[entry],
            found.ranks.worst[entry],
            table.entries[entry],
            estimates[entry],
            [table.entries[other] for other in order if better[entry, other]],
        )
        for entry in order
    ]
    neighbours = sum(bool(better[a, b]) for a, b in zip(order, order[1:], strict=False))
    notes = [*_notes(table), *table.notes]
    return ScoreRanking(
        table.name,
        rows,
        found.ranks.visible,
        int(better.sum()),
        neighbours,
        _sample(table),
        notes,
        {name: [values[entry] for entry in order] for name, values in _tasks(table).items()},
        lower_is_better,
    )


def _tasks(table: ScoreTable) -> dict[str, list[float]]:
    """Return the mean scores of all entries in each task; empty where only items are known."""
    if len(table.tasks) > 1:
        return {name: part.mean(axis=1).tolist() for name, part in table.tasks.items()}
    if table.sample == "items":
        return {}
    (part,) = table.tasks.values()
    return dict(zip(table.columns, part.T.tolist(), strict=True))


def _estimates(table: ScoreTable, found: statistics.TableScores) -> list[Estimate]:
    """Return each mean with its interval: Wilson's for shares of right items, else Student's t."""
    parts = list(table.tasks.values())
    if len(parts) == 1 and not table.seeds and np.isin(parts[0], (0.0, 1.0)).all():
        accuracy, truth = registry.load("metrics", "accuracy"), np.ones(parts[0].shape[1], np.intp)
        return [
            statistics.interval(accuracy, Outcome(truth, line[None].astype(np.intp), 2))
            for line in parts[0]
        ]
    return [
        Estimate(value=float(value), low=float(value - reach), high=float(value + reach))
        for value, reach in zip(found.values, found.reach, strict=True)
    ]


def _sample(table: ScoreTable) -> str:
    """Return what chance is taken over, in words."""
    count = sum(part.shape[1] for part in table.tasks.values())
    if table.sample == "items" and len(table.tasks) > 1:
        tasks = plural(len(table.tasks), "task")
        words = f"the {count:,} items are the sample; the {tasks} are as they are"
        other = "items"
    elif table.sample == "items":
        words, other = f"the {count:,} items are the sample", "items"
    elif table.sample == "tasks":
        words, other = f"the {count:,} tasks are the sample, as there are no items", "tasks"
    else:
        words, other = f"the {count:,} columns (items or tasks) are the sample", "columns"
    seeds = " and seeds" if table.seeds else ""
    return f"{words}: ranks hold for other {other}{seeds} of the same kind"


def _notes(table: ScoreTable) -> list[str]:
    """Return what limits the ranks."""
    notes = []
    fewest = min(part.shape[1] for part in table.tasks.values())
    if table.sample != "items":
        notes.append("how sure each mean itself is, is not known and not part of the ranks")
    if fewest < MANY_GROUPS:
        unit = table.sample if len(table.tasks) == 1 else "items in a task"
        notes.append(f"only {fewest} {unit}: the intervals are rough")
    if not table.seeds:
        notes.append("no seeds: the ranks are those of these runs")
    elif min(map(len, table.seeds)) < 2:
        notes.append("some entries have one seed: the variance between seeds is that of the others")
    return notes


def plain(found: ScoreRanking) -> dict[str, Any]:
    """Return a ranking as JSON."""
    rows = [
        {
            "rank": row.rank,
            "worst_rank": row.worst_rank,
            "entry": row.name,
            "score": row.score.model_dump(),
            "better_than": row.better_than,
        }
        for row in found.rows
    ]
    others = {name: value for name, value in vars(found).items() if name != "rows"}
    return {**others, "rows": rows, "sensitivity": sensitivity.plain(found.sensitivity())}
