"""Reference points: scores of random selections, baselines, whole pool, clean pool and oracle.

``dataperf freeze`` computes them once for every board and writes them to
``reference_points.json`` in the challenge's folder. They are shown next to every score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import registry, statistics
from dataperf.basics import files, json_files, threads, validation
from dataperf.boards import baselines
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.errors import Invalid
from dataperf.evaluation import engines, evaluate, scorecard
from dataperf.evaluation.train import Run, train
from dataperf.records import (
    Challenge,
    Count,
    IntArray,
    Number,
    Plan,
    Record,
    Submission,
    Task,
    TaskData,
    TestSplit,
    TrainingSet,
    Truth,
    replace,
)

FILE = "reference_points.json"
RANDOM_SELECTIONS = 100
STRATEGY_RUNS = 12
WHOLE, CLEAN, ORACLE = "whole pool", "clean pool", "oracle"


class Point(Record):
    """One reference point.

    Parameters
    ----------
    title
        What the frozen model was trained on.
    runs
        Number of training sets, each with another seed.
    scores
        For each split, the mean and the ends of the central 95 % range over the runs.
    defect_share
        Mean share of defective rows in the training sets, 0 to 1; null where defects are unknown.
    """

    title: str
    runs: Count
    scores: dict[str, tuple[Number, Number, Number]]
    defect_share: Number | None = None


class ReferencePoints(Record):
    """The reference points of a board; valid only for the board digest they were made with.

    Parameters
    ----------
    board
        sha256 digest of the board.
    split
        The ranking split.
    higher_is_better
        Whether a higher score ranks first.
    points
        Reference points, by name.
    random_scores
        Sorted scores of random selections; empty if there are none.
    """

    board: str
    split: str
    higher_is_better: bool
    points: dict[str, Point]
    random_scores: list[Number]

    def place(self, score: float) -> tuple[int, int, int]:
        """Return how many random selections are worse, how many are level, and their number."""
        scores = np.array(self.random_scores)
        level = np.isclose(scores, score)
        worse = (scores < score if self.higher_is_better else scores > score) & ~level
        return int(worse.sum()), int(level.sum()), len(scores)


def load(challenge: Challenge, board: str) -> ReferencePoints | None:
    """Return a board's reference points, or None if there are none for the board as it is now."""
    if challenges.is_own(challenge.name):
        return None
    path = challenges.folder_of(challenge) / FILE
    if not path.is_file():
        return None
    try:
        boards = json_files.parse_json(path.read_bytes(), str(path))
        content = boards.get(board) if isinstance(boards, dict) else None
        found = validation.validate(ReferencePoints, content, str(path)) if content else None
    except Invalid:
        return None
    digest = challenges.digests(challenge, board)["board"]
    return found if found and found.board == digest else None


def load_all(challenge: Challenge) -> dict[str, ReferencePoints]:
    """Return the reference points of every board that has some."""
    found = {board: load(challenge, board) for board in challenge.boards}
    return {board: points for board, points in found.items() if points is not None}


def keep(challenge: Challenge, found: dict[str, ReferencePoints]) -> None:
    """Write the reference points of a challenge's boards."""
    lines = {board: reference.model_dump(mode="json") for board, reference in sorted(found.items())}
    path = challenges.folder_of(challenge) / FILE
    files.write_whole(path, (json_files.compact_json(lines)).encode())


@threads.one_thread()
def compute(
    challenge: Challenge,
    board: str,
    *,
    engine: str | None = None,
    jobs: int = 1,
) -> ReferencePoints:
    """Train on every reference training set of a board.

    Parameters
    ----------
    challenge : Challenge
    board : str
    engine : str or None
    jobs : int
        See `dataperf.evaluation.engines.run`. The points do not depend on them.

    Returns
    -------
    ReferencePoints
    """
    data = submission.board_data(challenge, board)
    tasks = challenges.tasks_of(challenge, board)
    metrics = evaluate.metrics_of(tasks)
    points: dict[str, Point] = {}
    random_scores: list[float] = []
    for name, title, answers in _answers(challenge, board, data):
        plans = [evaluate.plans_of(challenge, answer, data) for answer in answers]
        scores = list(
            engines.run(
                _Trained(challenge, board, data),
                answers,
                engine=engine,
                jobs=jobs,
                words=f"{board}, {name}",
            )
        )
        points[name] = _point(title, data, plans, scores)
        if _is_random_baseline(name):
            ranking = next(iter(scores[0]))
            random_scores = sorted(round(score[ranking], 6) for score in scores)
    if hasattr(registry.load("tracks", challenge.track), "selected") and len(tasks) == 1:
        points |= _without_strategy(challenge, board, tasks, data, metrics)
    first = next(iter(points.values()))
    return ReferencePoints(
        board=challenges.digests(challenge, board)["board"],
        split=next(iter(first.scores)),
        higher_is_better=metrics[next(iter(tasks.values())).metric].higher_is_better,
        points=points,
        random_scores=random_scores,
    )


def _answers(
    challenge: Challenge, board: str, data: Mapping[str, TaskData]
) -> Iterator[tuple[str, str, list[Submission]]]:
    """Yield the name, title and different answers of every baseline.

    Our own baselines count on every board; a user's only on boards of the user's challenges.
    """
    listed = registry.find("challenges").get(challenge.name)
    own_board = listed is not None and not listed.ours
    track = registry.load("tracks", challenge.track)
    selections, runs = getattr(track, "PICKS", (RANDOM_SELECTIONS, STRATEGY_RUNS))
    for entry in registry.find("strategies").values():
        strategy = registry.load("strategies", entry.name)
        if challenge.track not in strategy.tracks or not (entry.ours or own_board):
            continue
        seeds = range(selections if _is_random_baseline(entry.name) else runs)
        found: dict[str, Submission] = {}
        for seed in seeds:
            if entry.ours:
                answer = baselines.raw_answer(challenge, board, strategy, data, seed=seed)
                made = Submission(
                    schema_version=2, challenge=challenge.name, board=board, answer=answer
                )
            else:  # a user's strategy may break the rules, so it is checked
                made = baselines.answer(challenge, board, entry.name, seed=seed, data=data)
            found.setdefault(evaluate.answer_digest(made), made)
        yield entry.name, entry.description(), list(found.values())
    rules = challenges.rules_of(challenge, board)
    known = track.references(rules, data) if hasattr(track, "references") else {}
    for name, (title, answer) in known.items():
        made = Submission(schema_version=2, challenge=challenge.name, board=board, answer=answer)
        yield name, title, [made]


def _is_random_baseline(name: str) -> bool:
    """Return whether a strategy is a random baseline of ours, with which scores are compared."""
    entry = registry.find("strategies").get(name)
    return entry is not None and entry.ours and name.startswith("random")


@dataclass(frozen=True)
class _Trained:
    """Train on one answer. A copy in another process loads the data again."""

    challenge: Challenge
    board: str
    data: Mapping[str, TaskData] | None

    def __call__(self, answer: Submission) -> dict[str, float]:
        data = self.data or submission.board_data(self.challenge, self.board)
        tasks = challenges.tasks_of(self.challenge, self.board)
        plans = evaluate.plans_of(self.challenge, answer, data)
        return _values(tasks, data, plans, evaluate.metrics_of(tasks))

    def __reduce__(self) -> tuple[Any, ...]:
        return _Trained, (self.challenge, self.board, None)


def _values(
    tasks: Mapping[str, Task],
    data: Mapping[str, TaskData],
    plans: Mapping[str, Plan],
    metrics: Mapping[str, Any],
) -> dict[str, float]:
    """Return the board's score and its parts without intervals; the ranking score comes first."""
    found = {}
    for name, task in tasks.items():
        run = train(task, data[name], plans[name])
        found[name] = evaluate.outcomes(task, data[name], plans[name], run)
    score = scorecard.board_score(tasks, plans, found, metrics).value
    if len(tasks) > 1:
        parts = {
            name: scorecard.board_score(
                {name: task}, {name: plans[name]}, {name: found[name]}, metrics
            ).value
            for name, task in tasks.items()
        }
        return {"score": score, **parts}
    ((name, task),) = tasks.items()
    splits = {
        split: statistics.average(metrics[task.headline(split)], found[name][split])
        for split in task.splits
    }
    if len(task.ranking) > 1 or (plans[name].scale, plans[name].offset) != (1.0, 0.0):
        return {"score": score, **splits}
    first = task.ranking[0]
    return {first: splits[first], **splits}


def _without_strategy(
    challenge: Challenge,
    board: str,
    tasks: Mapping[str, Task],
    data: Mapping[str, TaskData],
    metrics: Mapping[str, Any],
) -> dict[str, Point]:
    """Return the points that no strategy can make: whole pool, clean pool and oracle."""
    ((name, task),) = tasks.items()
    part = data[name]
    everything = np.arange(len(part.pool))
    rows = {WHOLE: everything}
    titles = {WHOLE: "every row, errors included"}
    if part.truth is not None:
        rows[CLEAN] = everything[part.truth.defects == ""]
        titles[CLEAN] = "every row without a defect"
    points = {}
    for point, chosen in rows.items():
        plan = {name: Plan([TrainingSet(chosen, part.pool.labels[chosen])])}
        values = _values(tasks, data, plan, metrics)
        points[point] = _point(titles[point], data, [plan], [values])
    if part.truth is None:
        return points
    with_clean = {name: _with_clean_pool(part, part.truth)}
    oracles = []
    for chosen_set in _clean_selections(challenge, board, part, rows[CLEAN]):
        plan = {name: Plan([chosen_set])}
        run = train(task, with_clean[name], plan[name])
        own = _on_clean_pool(task, metrics[task.metric], run, with_clean[name])
        oracles.append((own, plan))
    choose = max if metrics[task.metric].higher_is_better else min
    _, best = choose(oracles, key=lambda each: each[0])
    title = f"the best of {len(oracles)} clean selections on the clean pool (uses the truth)"
    return {**points, ORACLE: _point(title, data, [best], [_values(tasks, data, best, metrics)])}


def _clean_selections(
    challenge: Challenge, board: str, data: TaskData, clean: IntArray
) -> Iterator[TrainingSet]:
    rules = challenges.rules_of(challenge, board)
    track = registry.load("tracks", challenge.track)
    for entry in registry.find("strategies").values():
        strategy = registry.load("strategies", entry.name)
        if challenge.track in strategy.tracks and entry.ours:
            yield from _selections(track, strategy, data, clean, rules, STRATEGY_RUNS)


def _selections(
    track: Any, strategy: Any, data: TaskData, rows: IntArray, rules: Any, runs: int
) -> list[TrainingSet]:
    pool = data.pool
    part = pool.take(rows)
    sets = []
    for seed in range(runs):
        with threads.one_thread():
            chosen = rows[track.selected(strategy.answer(part, rules, seed=seed), part)]
        sets.append(TrainingSet(chosen, pool.labels[chosen]))
    return sets


def _point(
    title: str,
    data: Mapping[str, TaskData],
    plans: Sequence[Mapping[str, Plan]],
    scores: Sequence[Mapping[str, float]],
) -> Point:
    table = {name: np.array([score[name] for score in scores]) for name in scores[0]}
    return Point(
        title=title,
        runs=len(scores),
        scores={
            name: (
                round(float(values.mean()), 6),
                round(float(np.percentile(values, 2.5)), 6),
                round(float(np.percentile(values, 97.5)), 6),
            )
            for name, values in table.items()
        },
        defect_share=_defect_share(data, plans),
    )


def _defect_share(
    data: Mapping[str, TaskData], plans: Sequence[Mapping[str, Plan]]
) -> float | None:
    """Return the mean share of defective training rows; None where it has no meaning."""
    ((name, part),) = data.items() if len(data) == 1 else [("", None)]
    if part is None or part.truth is None:
        return None
    if any(plan[name].steps is not None or plan[name].roles for plan in plans):
        return None  # the sets have different defects
    defects = part.truth.defects
    if (part.pool.labels < 0).all() and not (defects != "").any():
        return None
    shares = [np.mean(defects[each.rows] != "") for plan in plans for each in plan[name].sets]
    return round(float(np.mean(shares)), 6)


def _with_clean_pool(data: TaskData, truth: Truth) -> TaskData:
    """Return the data with one more test split: the pool's rows without a defect."""
    clean = truth.defects == ""
    test = TestSplit(data.pool.ids[clean], data.pool.features[clean], truth.labels[clean], None)
    more: TaskData = replace(data, tests={**data.tests, CLEAN: test})
    return more


def _on_clean_pool(task: Task, metric: Any, run: Run, data: TaskData) -> float:
    """Return the ranking metric on the clean pool, mean over seeds; it chooses the oracle."""
    truth = data.tests[CLEAN].labels
    scores = [
        statistics.score_of(metric, truth, row, classes=len(task.classes))
        for row in run.predictions[CLEAN]
    ]
    return float(np.mean(scores))
