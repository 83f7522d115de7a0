"""How many test rows and seeds a board needs to show a difference."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import statistics
from dataperf.basics.wording import plural
from dataperf.boards import leaderboard, reference_points
from dataperf.boards.verdicts import about
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError
from dataperf.records import Challenge, Result, TaskData, card
from dataperf.records.card import Card, Grid
from dataperf.statistics import PairVariance, Score

#: Numbers of seeds that a plan lists, and results that it measures at most.
SEEDS, MOST_RESULTS = (1, 3, 5, 10, 30), 20


@dataclass(frozen=True)
class BoardPlan:
    """What a board needs to show a difference; it shows itself as a table in a notebook.

    Parameters
    ----------
    challenge, board, metric
        Names of the challenge, the board and the metric that ranks.
    difference
        The true difference of two scores that is to be shown.
    power
        Probability with which it is to be shown.
    entries
        Number of entries of the board: all their pairs are compared.
    rows, seeds
        Number of test rows and seeds of the board today.
    visible
        The smallest difference that the board shows today with this power.
    power_today
        The probability with which it shows the difference today.
    rows_needed
        Number of test rows that show the difference with today's seeds; None if no number does.
    seeds_needed
        Number of seeds that show it with today's rows; None if no number does, or if it is not
        known how much seeds matter.
    table
        For several numbers of seeds, the number of test rows that show it, or None.
    source
        What the plan is computed from.
    """

    challenge: str
    board: str
    metric: str
    difference: float
    power: float
    entries: int
    rows: int
    seeds: int
    visible: float
    power_today: float
    rows_needed: int | None
    seeds_needed: int | None
    table: list[tuple[int, int | None]]
    source: str

    @property
    def sentences(self) -> list[str]:
        """The plan in words."""
        today = f"{plural(self.rows, 'test row')} and {plural(self.seeds, 'seed')}"
        between = f"two of {self.entries} entries" if self.entries > 2 else "two entries"
        lines = [
            f"today ({today}) the board shows a difference of {self.difference:g} between {between} "
            f"with a power of {self.power_today:.0%}; with {self.power:.0%} it shows {self.visible:.3f}"
        ]
        if self.power_today >= self.power:
            return [*lines, "that is enough"]
        if self.rows_needed is None:
            lines.append(f"with {plural(self.seeds, 'seed')} no number of test rows is enough")
        else:
            lines.append(
                f"with {plural(self.seeds, 'seed')}: about {about(self.rows_needed)} test rows"
            )
        if self.table:
            fewer = f"with {plural(self.rows, 'test row')}"
            if self.seeds_needed is None:
                lines.append(f"{fewer} no number of seeds is enough")
            else:
                lines.append(f"{fewer}: about {plural(self.seeds_needed, 'seed')}")
        return lines

    def __repr__(self) -> str:
        """Return a few lines: the plan in words."""
        return card.text(self._card())

    def _repr_html_(self) -> str:
        return card.html(self._card())

    def _card(self) -> Card:
        rows = [(f"{n}", "-" if rows is None else about(rows)) for n, rows in self.table]
        grids = [Grid(("seeds", "test rows needed"), rows)] if rows else []
        title = f"Plan for {self.challenge}/{self.board}, by {self.metric}"
        return Card(title, self.sentences, grids, [f"computed from {self.source}"])


def plan(
    challenge: Challenge,
    board: str,
    found: Sequence[Result],
    *,
    difference: float,
    power: float = statistics.POWER,
    entries: int = 2,
) -> BoardPlan:
    """Plan a board from its kept results, or else from its reference points.

    Parameters
    ----------
    challenge, board
        The board.
    found
        Results of any board; two of this one are enough, frozen or not.
    difference
        The true difference of two scores that is to be shown.
    power
        Probability with which it is to be shown.
    entries
        Number of entries of the board. The p-value is corrected for the number of their pairs.

    Raises
    ------
    DataperfError
        If the board has neither two results nor reference points from 0 to 1.
    """
    data = submission.board_data(challenge, board)
    tasks = challenges.tasks_of(challenge, board)
    made, source = _measured(challenge, board, found, data)
    seeds = max(len(task.seeds) for task in tasks.values())
    pairs = entries * (entries - 1) // 2
    options: dict[str, Any] = {"power": power, "comparisons": pairs}
    by_seeds = made.seed_count > 1
    return BoardPlan(
        challenge.name,
        board,
        " and ".join(dict.fromkeys(task.metric for task in tasks.values())),
        difference,
        power,
        entries,
        made.count,
        seeds,
        made.visible(**options),
        made.power(difference, comparisons=pairs),
        made.rows_needed(difference, **options),
        made.seeds_needed(difference, **options) if by_seeds else None,
        [(n, made.rows_needed(difference, n, **options)) for n in SEEDS if n > 1]
        if by_seeds
        else [],
        source,
    )


def _measured(
    challenge: Challenge, board: str, found: Sequence[Result], data: Mapping[str, TaskData]
) -> tuple[PairVariance, str]:
    """Return the variance of a typical pair, and where it is from."""
    scores = _scores(challenge, board, found, data)
    pairs = [statistics.pair_variance(*pair) for pair in itertools.combinations(scores, 2)]
    known = [each for each in pairs if each is not None]
    if known:
        words = f"the {plural(len(known), 'pair')} of {plural(len(scores), 'kept result')}"
        return typical(known), f"{words} (medians)"
    points = reference_points.load(challenge, board)
    if scores:
        level, source = scores[0].value, "the score of one kept result"
    elif points is not None:
        level = points.points[next(iter(points.points))].scores[points.split][0]
        source = "the reference points"
    else:
        level, source = np.nan, ""
    if not 0 <= level <= 1:
        raise DataperfError(
            f"nothing to plan {challenge.name}/{board} from: evaluate two submissions to it first,\n"
            "  and name the place of the results (--results)"
        )
    words = "rows are not paired and seeds do not count, as neither is known"
    return _unpaired(challenge, board, level, data), f"{source}: {words}"


def _scores(
    challenge: Challenge, board: str, found: Sequence[Result], data: Mapping[str, TaskData]
) -> list[Score]:
    """Return the scores of the results of a board, frozen or not; each answer counts once."""
    here, digest = challenges.digests(challenge, board)["board"], data_digest(data)
    scores: dict[str, Score] = {}
    for result in found:
        used = result.provenance.digests
        same = (result.challenge, result.board) == (challenge.name, board)
        if not same or used.get("board") != here or used.get("data") != digest:
            continue
        answer = used.get("submission", "")
        if result.status == "scored" and answer not in scores and len(scores) < MOST_RESULTS:
            with contextlib.suppress(DataperfError):  # a record that cannot be trusted
                scores[answer] = leaderboard.recompute(challenge, board, data, result).score
    return list(scores.values())


def typical(found: Sequence[PairVariance]) -> PairVariance:
    """Return the median of each variance."""
    names = ("rows", "both", "seeds", "added")
    medians = {name: float(np.median([getattr(each, name) for each in found])) for name in names}
    first = found[0]
    return PairVariance(
        **medians, count=first.count, seed_count=first.seed_count, parts=first.parts
    )


def _unpaired(
    challenge: Challenge, board: str, level: float, data: Mapping[str, TaskData]
) -> PairVariance:
    """Return the variance of two shares of right rows on two samples of the size of the test."""
    tests = [
        data[name].tests[split]
        for name, task in challenges.tasks_of(challenge, board).items()
        for split in task.ranking
    ]
    count = sum(len(test.labels) for test in tests)
    parts = min(
        len(test.labels) if test.groups is None else len(np.unique(test.groups)) for test in tests
    )
    share = min(max(level, 1 / (count + 2)), 1 - 1 / (count + 2))
    variance = 2 * share * (1 - share) / min(count, max(parts, 1))
    return PairVariance(variance, 0.0, 0.0, 0.0, count, 1, float(parts))


def plain(found: BoardPlan) -> dict[str, Any]:
    """Return a plan as JSON."""
    rows = [{"seeds": seeds, "test_rows": needed} for seeds, needed in found.table]
    return {**vars(found), "table": rows}
