"""Reference points that give a score its place: chance, baselines, whole pool, clean pool, oracle.

They are computed once for every board by ``dataperf freeze``, kept as ``anchors.json`` in
the challenge's folder, and shown beside every score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dataperf import challenge as challenges
from dataperf import evaluation, files, registry, submission
from dataperf.errors import Invalid
from dataperf.records import (
    Challenge,
    Count,
    IntArray,
    Number,
    Pool,
    Record,
    Task,
    TaskData,
    Test,
    TrainingSet,
    Truth,
    replace,
)

FILE = "anchors.json"
RANDOM_PICKS = 100
STRATEGY_RUNS = 12
WHOLE, CLEAN, ORACLE = "whole pool", "clean pool", "oracle"


class Point(Record):
    """One reference point.

    Parameters
    ----------
    title
        What was trained on.
    runs
        How many training sets, each of another seed.
    scores
        By split: mean, and the lowest and highest of the central 95 % of the runs.
    let_in
        Mean share of defective rows in the training sets; None where the truth is unknown.
    """

    title: str
    runs: Count
    scores: dict[str, tuple[Number, Number, Number]]
    let_in: Number | None = None


class Anchors(Record):
    """A board's reference points; valid only for the board digest they were made with."""

    board: str
    split: str
    higher_is_better: bool
    points: dict[str, Point]
    random_scores: list[Number]

    def percentile(self, score: float) -> float:
        """Return the share of random picks that score worse, ties counted half."""
        scores, same = np.array(self.random_scores), np.mean(np.isclose(self.random_scores, score))
        worse = scores < score if self.higher_is_better else scores > score
        return float(np.mean(worse & ~np.isclose(scores, score)) + same / 2)


def load(challenge: Challenge, board: str) -> Anchors | None:
    """Return a board's reference points, or None if there are none for what it is now."""
    path = challenges.folder_of(challenge) / FILE
    if not path.is_file():
        return None
    try:
        boards = submission.parse_json(path.read_bytes(), str(path))
        content = boards.get(board) if isinstance(boards, dict) else None
        found = challenges.validate(Anchors, content, str(path)) if content else None
    except Invalid:
        return None
    digest = challenges.digests(challenge, board)["board"]
    return found if found and found.board == digest else None


def keep(challenge: Challenge, found: dict[str, Anchors]) -> None:
    """Write the reference points of a challenge's boards."""
    lines = {board: anchors.model_dump(mode="json") for board, anchors in sorted(found.items())}
    path = challenges.folder_of(challenge) / FILE
    files.write_whole(path, (submission.compact_json(lines)).encode())


def compute(
    challenge: Challenge, board: str, *, progress: Callable[[str], None] = lambda step: None
) -> Anchors:
    """Train on every reference training set of a board.

    Parameters
    ----------
    challenge, board
        A board whose rules have a ``cap``.
    progress
        Called with a few words before each point.
    """
    data = submission.task_data(challenge, board)
    task = challenge.tasks[challenge.boards[board].task]
    rules = challenges.rules_of(challenge, board)
    metric = registry.load("metrics", task.metric)
    up = metric.higher_is_better
    if data.truth is not None:
        data = _with_clean_pool(data, data.truth)
    points: dict[str, Point] = {}
    random_scores: list[float] = []
    oracles: list[tuple[float, TrainingSet, dict[str, float]]] = []
    for name, title, sets in _training_sets(challenge, data, rules):
        progress(name)
        runs = [evaluation.train(task, data, chosen) for chosen in sets]
        scores = [evaluation.headline(task, data, run) for run in runs]
        if name.startswith(ORACLE):
            own = [_on_clean_pool(task, metric, run, data) for run in runs]
            oracles += zip(own, sets, scores, strict=True)
            continue
        points[name] = _point(title, task, data, sets, scores)
        if name == "random":
            random_scores = sorted(round(score[task.split], 6) for score in scores)
    if oracles:
        choose = max if up else min
        _, best, score = choose(oracles, key=lambda each: each[0])
        title = f"of {len(oracles)} clean picks the best on the clean pool: knows the truth"
        points[ORACLE] = _point(title, task, data, [best], [score])
    return Anchors(
        board=challenges.digests(challenge, board)["board"],
        split=task.split,
        higher_is_better=up,
        points=points,
        random_scores=random_scores,
    )


def _training_sets(
    challenge: Challenge, data: TaskData, rules: Any
) -> Iterator[tuple[str, str, list[TrainingSet]]]:
    everything = np.arange(len(data.pool))
    clean = everything[data.truth.defects == ""] if data.truth is not None else None
    for entry in registry.find("strategies").values():
        strategy = registry.load("strategies", entry.name)
        if challenge.track not in strategy.tracks or not entry.ours:
            continue
        runs = RANDOM_PICKS if entry.name == "random" else STRATEGY_RUNS
        title = entry.description()
        yield entry.name, title, _picks(strategy, data, everything, rules, runs)
        if clean is not None:
            oracle = f"{ORACLE}:{entry.name}"
            yield oracle, entry.name, _picks(strategy, data, clean, rules, STRATEGY_RUNS)
    yield WHOLE, "every row, errors and all", [TrainingSet(everything, data.pool.labels)]
    if clean is not None:
        title = "every row without a defect"
        yield CLEAN, title, [TrainingSet(clean, data.pool.labels[clean])]


def _picks(
    strategy: Any, data: TaskData, rows: IntArray, rules: Any, runs: int
) -> list[TrainingSet]:
    pool = data.pool
    part: Pool = replace(
        pool,
        ids=pool.ids[rows],
        features=pool.features[rows],
        labels=pool.labels[rows],
        columns={name: column[rows] for name, column in pool.columns.items()},
    )
    row_of = {str(name): row for row, name in enumerate(pool.ids)}
    sets = []
    for seed in range(runs):
        with evaluation.one_thread():
            samples = strategy.answer(part, rules, seed=seed)["samples"]
        names = [name for filed in samples.values() for name in filed]
        chosen = np.sort(np.array([row_of[name] for name in names], dtype=np.intp))
        sets.append(TrainingSet(chosen, pool.labels[chosen]))
    return sets


def _point(
    title: str,
    task: Task,
    data: TaskData,
    sets: list[TrainingSet],
    scores: list[dict[str, float]],
) -> Point:
    table = {name: np.array([score[name] for score in scores]) for name in task.splits}
    let_in = None
    if data.truth is not None:
        defects = data.truth.defects
        let_in = round(float(np.mean([np.mean(defects[chosen.rows] != "") for chosen in sets])), 6)
    return Point(
        title=title,
        runs=len(sets),
        scores={
            name: (
                round(float(values.mean()), 6),
                round(float(np.percentile(values, 2.5)), 6),
                round(float(np.percentile(values, 97.5)), 6),
            )
            for name, values in table.items()
        },
        let_in=let_in,
    )


def _with_clean_pool(data: TaskData, truth: Truth) -> TaskData:
    """Return the data with one more test: the pool's rows without a defect."""
    clean = truth.defects == ""
    test = Test(data.pool.ids[clean], data.pool.features[clean], truth.labels[clean], None)
    more: TaskData = replace(data, tests={**data.tests, CLEAN: test})
    return more


def _on_clean_pool(task: Task, metric: Any, run: evaluation.Run, data: TaskData) -> float:
    """Return the ranking metric on the clean pool, mean over seeds: what an oracle goes by."""
    truth = data.tests[CLEAN].labels
    scores = [metric.score(truth, row, classes=len(task.classes)) for row in run.predictions[CLEAN]]
    return float(np.mean(scores))
