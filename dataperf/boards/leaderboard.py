"""Rank the results of one board; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import statistics
from dataperf.basics import files
from dataperf.basics.progress import report, stage
from dataperf.basics.threads import one_thread
from dataperf.basics.validation import shown
from dataperf.basics.wording import in_one_line, plural
from dataperf.boards import record_form, sensitivity
from dataperf.boards.sensitivity import Weightings
from dataperf.definitions import freezing, submission
from dataperf.definitions import loading as challenges
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError
from dataperf.evaluation import evaluate, record_check, results, scorecard
from dataperf.evaluation.train import Run, training_set_digest, weights_of
from dataperf.records import (
    Challenge,
    Estimate,
    Plan,
    Result,
    Task,
    TaskData,
    TaskScores,
    card,
)
from dataperf.records.card import Card, Grid, with_interval
from dataperf.statistics import Outcome, Ranks, Score


@dataclass(frozen=True)
class Row:
    """One line of a leaderboard, with the ranks that the entry may have.

    Parameters
    ----------
    rank
        The best rank that the entry may have: one more than the number of entries that are shown
        to be better.
    worst_rank
        The worst rank that it may have.
    result
        The entry's result.
    score
        Computed here from the record's predictions, not taken from the record.
    """

    rank: int
    worst_rank: int
    result: Result
    score: Estimate

    @property
    def ranks(self) -> str:
        """The ranks in words: ``1`` or ``1-3``."""
        return str(self.rank) if self.rank == self.worst_rank else f"{self.rank}-{self.worst_rank}"


@dataclass(frozen=True)
class Leaderboard:
    """A ranked board; it shows itself as a table in a notebook.

    Parameters
    ----------
    challenge, board, metric
        Names of the challenge, the board and the metric that ranks.
    rows
        The ranked results, the best first.
    unranked
        The results that are not ranked, with the reason.
    visible
        The smallest difference that is visible: half of the pairs of entries have to differ by
        more to be shown to differ. None with fewer than two entries.
    separable
        Number of pairs of entries that are shown to differ.
    test_rows
        Number of test rows that the score is computed from.
    """

    challenge: str
    board: str
    metric: str
    rows: list[Row]
    unranked: list[tuple[Result, str]]
    visible: float | None = None
    separable: int = 0
    test_rows: int = 0

    def __repr__(self) -> str:
        """Return a few lines: the board and the first of its rows."""
        return card.text(self._card())

    def _repr_html_(self) -> str:
        return card.html(self._card())

    @property
    def visible_words(self) -> str:
        """What the board can show, in words; "" with fewer than two entries."""
        if self.visible is None:
            return ""
        pairs = len(self.rows) * (len(self.rows) - 1) // 2
        return (
            f"smallest visible difference: {self.visible:.3f} with {self.test_rows:,} test rows; "
            f"{self.separable:,} of {plural(pairs, 'pair')} of entries are separable"
        )

    def sensitivity(self) -> list[Weightings]:
        """Return how the order depends on the weights of tasks, splits and metrics."""
        results = [row.result for row in self.rows]
        names = [f"{each.submission.submitter}: {each.submission.method}" for each in results]
        return sensitivity.of_results(results, names)

    def _card(self) -> Card:
        lines = [
            (
                row.ranks,
                f"{row.result.submission.submitter}: {row.result.submission.method}",
                with_interval(row.score),
            )
            for row in self.rows
        ]
        notes = [
            f"not ranked: {result.submission.submitter}: {result.submission.method}, "
            f"{results.name_of(result)} ({reason})"
            for result, reason in self.unranked
        ]
        grids = [Grid(("ranks", "submission", "score [95 %]"), lines)] if lines else []
        facts = [f"{len(lines):,} ranked, {len(self.unranked):,} not ranked"]
        facts += [words] if (words := self.visible_words) else []
        title = f"Leaderboard {self.challenge}/{self.board}, by {self.metric}"
        return Card(title, facts, grids, notes, listed=True)


@one_thread()
def rank(
    challenge: Challenge,
    board: str,
    found: Iterable[Result],
    *,
    data: Mapping[str, TaskData] | None = None,
) -> Leaderboard:
    """Rank the results of a board.

    A result is ranked if its board is frozen and unchanged, and if its score is that of its own
    predictions. Of several results with the same training sets only the earliest is ranked.
    Each entry has the ranks that noise leaves open; see `dataperf.statistics.ranks`. Only ``verify`` shows that the
    predictions are those of the submission.

    Parameters
    ----------
    challenge, board
        The installed board.
    found
        Results, of any board.
    data
        The data of the board's tasks if it is loaded already.
    """
    tasks = challenges.tasks_of(challenge, board)
    metric = " and ".join(dict.fromkeys(task.metric for task in tasks.values()))
    mine = [r for r in found if r.challenge == challenge.name and r.board == board]
    if not mine:
        return Leaderboard(challenge.name, board, metric, [], [])
    judge = _judge(challenge, board, data)
    entries: dict[str, tuple[Result, Score]] = {}
    unranked = []
    for number, result in enumerate(sorted(mine, key=lambda each: each.provenance.started)):
        try:
            with stage(f"{board}: checking result", number, len(mine)):
                score = judge(result)
        except DataperfError as error:
            unranked.append((result, in_one_line(str(error))))
            continue
        except Exception as error:  # one odd record must not end the board for everyone
            what = f"a defect of dataperf: {type(error).__name__}: {error}"
            unranked.append((result, in_one_line(what)))
            continue
        same = entries.setdefault(_trained_on(result), (result, score))[0]
        if same is not result:
            unranked.append((result, in_one_line(_repeats(result, same))))
    rows, ranks = _ranked(list(entries.values()))
    first = next(iter(entries.values()), None)
    return Leaderboard(
        challenge.name,
        board,
        metric,
        rows,
        unranked,
        ranks.visible,
        int(ranks.better.sum()),
        sum(term.outcome.rows for term in first[1].terms) if first else 0,
    )


def _repeats(result: Result, first: Result) -> str:
    """Return why a result is not ranked: another one trained on the same."""
    who, times = first.submission.submitter, [r.provenance.started for r in (first, result)]
    said = f"the same as {who}'s, which came first: {times[0]}, this one {times[1]}"
    if result.submission.submitter == who:
        return said
    return f"{said}; the times are those of the records, so decide yourself who was first"


def _trained_on(result: Result) -> str:
    """Return a digest that differs between entries: the training sets and the scores."""
    parts = [
        [name, run.training_set, run.weight]
        for name, part in result.tasks.items()
        for run in part.training_runs
    ]
    scores = [[part.score.value, part.summary] for part in result.tasks.values()]
    return files.digest_json([parts, scores])


def _judge(
    challenge: Challenge, board: str, loaded: Mapping[str, TaskData] | None
) -> Callable[[Result], Score]:
    """Return a function that gives a result's score from its predictions, or refuses it."""
    data = loaded or submission.board_data(challenge, board)
    digests = challenges.digests(challenge, board)
    version = evaluate.numeric_version(challenge, board)
    unfrozen = freezing.unfrozen_parts(challenge, board, data=data)
    here = data_digest(data)

    def judge(result: Result) -> Score:
        record = result.provenance
        if result.status != "scored":
            raise DataperfError(f"failed: {result.error or ''}")
        for wrong in record_form.times(result):  # they decide who was first
            raise DataperfError(wrong)
        if result.rules != "strict":
            raise DataperfError("scored by the official rules, which can be cheated")
        if not record.frozen or unfrozen:
            loose = ", ".join(record.unfrozen or unfrozen) or "when it was scored"
            raise DataperfError(f"not frozen: {loose}")
        if record.digests.get("board") != digests["board"]:
            other = [
                name
                for name in digests
                if "/" in name and digests[name] != record.digests.get(name)
            ]
            raise DataperfError(f"another version of the board{_named(other)}")
        if record.numeric_version != version:
            raise DataperfError(f"numeric version {record.numeric_version}; here: {version}")
        used = record.digests.get("data", "nothing")
        if used != here:
            raise DataperfError(f"other data: the result used {used[:16]}, here is {here[:16]}")
        score = recompute(challenge, board, data, result).score
        record_check.check(result)
        return score

    return judge


def _named(changed: Sequence[str]) -> str:
    return f": {', '.join(changed)} differ" if changed else ""


@dataclass(frozen=True)
class Recomputed:
    """What a record's predictions give: plans by task, outcomes by task and split, and the score."""

    plans: Mapping[str, Plan]
    outcomes: Mapping[str, Mapping[str, Outcome]]
    metrics: Mapping[str, Any]
    score: Score


def recompute(
    challenge: Challenge, board: str, data: Mapping[str, TaskData], result: Result
) -> Recomputed:
    """Compute the score again from the record's predictions; raise if the record has another."""
    answer, tasks = result.submission, challenges.tasks_of(challenge, board)
    if (answer.challenge, answer.board) != (challenge.name, board):
        raise DataperfError("its submission is to another board")
    official = result.rules == "official"
    submission.check(answer, challenge, data, official=official)
    plans = evaluate.plans_of(challenge, answer, data, official=official)
    metrics, found = evaluate.metrics_of(tasks), {}
    others = sorted(result.tasks.keys() - tasks.keys())
    if others:
        raise DataperfError(f"scores of {shown(others[0])}, which is not a task of the board")
    for name, task in tasks.items():
        if name not in result.tasks:
            raise DataperfError(f"no scores of {name}")
        _check_training_sets(data[name], plans[name], result.tasks[name])
        run = _kept_run(task, data[name], plans[name], result.tasks[name])
        found[name] = evaluate.outcomes(task, data[name], plans[name], run)
        _check_splits(task, metrics, found[name], result.tasks[name])
    score = scorecard.board_score(tasks, plans, found, metrics)
    if result.score is None or result.score.value != score.value:
        raise DataperfError("its score is not that of its predictions")
    return Recomputed(plans, found, metrics, score)


def _check_training_sets(data: TaskData, plan: Plan, kept: TaskScores) -> None:
    wanted = [(training_set_digest(data, each), each.weight) for each in plan.sets]
    if [(run.training_set, run.weight) for run in kept.training_runs] != wanted:
        raise DataperfError("its submission is not what was trained on")


def _kept_run(task: Task, data: TaskData, plan: Plan, kept: TaskScores) -> Run:
    predictions = {}
    for name, test in data.tests.items():
        parts = [run.predictions[name] for run in kept.training_runs if name in run.predictions]
        if len(parts) != len(plan.sets) or name not in kept.splits:
            raise DataperfError(f"no scores or predictions of {name}")
        expected = (len(task.seeds), len(test.labels))
        for shape in map(results.shape_of, parts):  # before anything is decoded
            if shape != expected:
                raise DataperfError(f"predictions of {name} have shape {shape}, not {expected}")
        arrays = [results.decode(part) for part in parts]
        for array in arrays:
            if array.min() < 0 or array.max() >= len(task.classes):
                raise DataperfError(f"predictions of {name} are not class ids")
        predictions[name] = np.concatenate(arrays)
    return Run(predictions, weights_of(task, plan), 0.0, 0.0, 0)


def _check_splits(
    task: Task, metrics: Mapping[str, Any], found: Mapping[str, Outcome], kept: TaskScores
) -> None:
    others = sorted(kept.splits.keys() - task.splits.keys())
    if others:
        raise DataperfError(f"scores on {shown(others[0])}, which is not a split of the board")
    for name in task.splits:
        headline, scores = task.headline(name), kept.splits[name]
        value = statistics.average(metrics[headline], found[name])
        recorded = scores.metrics.get(headline)
        if recorded is None or scores.metric != headline or recorded.value != value:
            raise DataperfError(f"its score on {name} is not that of its predictions")


def _ranked(entries: list[tuple[Result, Score]]) -> tuple[list[Row], Ranks]:
    scored = [(result, score, score.interval()) for result, score in entries]
    up = not scored or scored[0][1].higher_is_better
    scored.sort(key=lambda each: each[2].value or 0.0, reverse=up)
    report(f"comparing {len(scored):,} results")
    found = statistics.ranks([score for _, score, _ in scored])
    rows = [
        Row(best, worst, result, estimate)
        for best, worst, (result, _, estimate) in zip(found.best, found.worst, scored, strict=True)
    ]
    return rows, found


def plain(board: Leaderboard) -> dict[str, object]:
    """Return a board as JSON: one object a row, and what was not ranked."""
    return {
        "challenge": board.challenge,
        "board": board.board,
        "metric": board.metric,
        "visible": board.visible,
        "separable": board.separable,
        "test_rows": board.test_rows,
        "rows": [
            {
                "rank": row.rank,
                "worst_rank": row.worst_rank,
                "submitter": row.result.submission.submitter,
                "method": row.result.submission.method,
                "score": row.score.model_dump(),
                "tasks": {
                    name: {
                        "score": part.score.model_dump(),
                        "splits": {
                            split: each.metrics[each.metric].model_dump()
                            for split, each in part.splits.items()
                        },
                    }
                    for name, part in row.result.tasks.items()
                },
                "submission": row.result.provenance.digests["submission"],
            }
            for row in board.rows
        ],
        "sensitivity": sensitivity.plain(board.sensitivity()),
        "unranked": [
            {
                "submitter": result.submission.submitter,
                "file": results.name_of(result),
                "reason": reason,
            }
            for result, reason in board.unranked
        ],
    }
