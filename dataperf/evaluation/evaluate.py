"""The one flow: a challenge and a submission to a Result.

    submission -> track.check -> track.plans -> fixed_model.fit, predict
               -> metrics, detection, balance, cost -> Result -> store

Library, command line, notebooks and servers all come through `evaluate`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics import files
from dataperf.basics.threads import one_thread
from dataperf.definitions import freezing, submission
from dataperf.definitions import loading as challenges
from dataperf.definitions.data import data_digest as data_digest
from dataperf.errors import DataperfError
from dataperf.evaluation import metric_guard, provenance, results, scorecard
from dataperf.records import (
    Challenge,
    Cost,
    FloatArray,
    IntArray,
    Plan,
    Provenance,
    Result,
    Submission,
    Task,
    TaskData,
    TaskScores,
    TestSplit,
    TrainingRun,
    TrainingSet,
)
from dataperf.statistics import Outcome


@dataclass(frozen=True)
class Run:
    """A frozen model trained on every set of a plan: what it predicted and what that took.

    ``predictions`` are of shape (sets x seeds, rows), ``weights`` the shares of their lines
    in the score, None if all are alike.
    """

    predictions: dict[str, NDArray[np.intp]]
    weights: FloatArray | None
    train_seconds: float
    predict_seconds: float
    model_size: int


def evaluate(
    challenge: Challenge | str,
    answer: Submission | Path | str,
    *,
    board: str | None = None,
    data: Mapping[str, TaskData] | None = None,
    rules: Literal["strict", "official"] = "strict",
) -> Result:
    """Check a submission, train the frozen model on it, and score what the model predicts.

    Parameters
    ----------
    challenge
        A challenge or its name.
    answer
        A submission or the path of its file or folder.
    board
        The board, for files in formats that do not name one.
    data
        The data of the board's tasks if it is loaded already.
    rules
        ``"strict"`` refuses every way to cheat that we know; ``"official"`` accepts what the
        official evaluator accepts, and its result is never ranked.

    Returns
    -------
    Result
        With status ``"failed"`` if the model could not be trained on the answer.

    Raises
    ------
    Invalid
        If the submission is not valid; every problem is listed, and nothing was trained.
    DataperfError
        If a user's own metric fails: that is not the participant's doing.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    challenge, official = challenges.of(challenge), rules == "official"
    if not isinstance(answer, Submission):
        answer = submission.read(Path(answer), challenge, board, official=official)
    data = data or submission.board_data(challenge, answer.board)
    warnings = submission.check(answer, challenge, data, official=official)
    tasks = challenges.tasks_of(challenge, answer.board)
    unfrozen = freezing.unfrozen_parts(challenge, answer.board, data=data)
    scores = _scores(challenge, answer, data, official)
    digests = challenges.digests(challenge, answer.board)
    return Result(
        schema_version=2,
        challenge=challenge.name,
        challenge_version=challenge.version,
        board=answer.board,
        rules=rules,
        submission=answer,
        warnings=warnings,
        metric=" and ".join(dict.fromkeys(task.metric for task in tasks.values())),
        provenance=Provenance(
            digests={
                **digests,
                "data": data_digest(data),
                "submission": answer_digest(answer),
            },
            numeric_version=numeric_version(challenge, answer.board),
            frozen=not unfrozen,
            unfrozen=unfrozen,
            versions=provenance.versions(),
            machine=provenance.machine(),
            started=started.isoformat(timespec="milliseconds"),
            seconds=round(time.perf_counter() - clock, 3),
        ),
        **scores,
    )


def numeric_version(challenge: Challenge, board: str) -> str:
    """Return the numeric version of a board's models."""
    names = dict.fromkeys(task.model for task in challenges.tasks_of(challenge, board).values())
    return "; ".join(str(registry.load("fixed_models", name).era()) for name in names)


def answer_digest(answer: Submission) -> str:
    """Return the sha256 of what is answered; who answers and how does not count."""
    return files.digest_json([answer.challenge, answer.board, answer.answer])


def plans_of(
    challenge: Challenge,
    answer: Submission,
    data: Mapping[str, TaskData],
    *,
    official: bool = False,
) -> dict[str, Plan]:
    """Return what a valid submission asks to train, by task."""
    track = registry.load("tracks", challenge.track)
    told = track.Answer.model_validate(answer.answer)
    rules = challenges.rules_of(challenge, answer.board)
    plans: dict[str, Plan] = track.plans(told, rules, data, official=official)
    return plans


def _scores(
    challenge: Challenge, answer: Submission, data: Mapping[str, TaskData], official: bool
) -> dict[str, Any]:
    tasks = challenges.tasks_of(challenge, answer.board)
    track = registry.load("tracks", challenge.track)
    metrics = metrics_of(tasks)
    try:
        plans = plans_of(challenge, answer, data, official=official)
        runs = {name: train(task, data[name], plans[name]) for name, task in tasks.items()}
        found = {
            name: outcomes(task, data[name], plans[name], runs[name])
            for name, task in tasks.items()
        }
        parts = {
            name: _task_scores(
                track, task, data[name], plans[name], runs[name], found[name], metrics
            )
            for name, task in tasks.items()
        }
        scores = [part.score for part in parts.values()]
        score = scores[0]
        if len(scores) > 1:
            score = scorecard.board_score(tasks, plans, found, metrics).interval()
        if score.value is None:
            raise ValueError(
                f"the score is not defined: {metric_guard.undefined(tasks, found, metrics)}"
            )
    except DataperfError:
        raise
    except (Exception, SystemExit) as error:
        metric_guard.refuse(metrics, error)
        return {"status": "failed", "error": f"{type(error).__name__}: {error}", "score": None}
    summary = {}
    if hasattr(track, "summarize_board"):
        told = track.Answer.model_validate(answer.answer)
        rules = challenges.rules_of(challenge, answer.board)
        summary = track.summarize_board(told, rules, data, parts)
    return {
        "status": "scored",
        "score": score,
        "tasks": parts,
        "summary": summary,
        "cost": Cost(
            train_rows=sum(len(chosen.rows) for plan in plans.values() for chosen in plan.sets),
            train_seconds=round(sum(run.train_seconds for run in runs.values()), 4),
            predict_seconds=round(sum(run.predict_seconds for run in runs.values()), 4),
            peak_memory=provenance.peak_memory(),
            model_size=sum(run.model_size for run in runs.values()),
        ),
    }


def metrics_of(tasks: Mapping[str, Task]) -> dict[str, Any]:
    """Return every metric that some tasks use, loaded."""
    names = dict.fromkeys(name for task in tasks.values() for name in challenges.metric_names(task))
    return {name: metric_guard.metric(registry.load("metrics", name)) for name in names}


def outcomes(task: Task, data: TaskData, plan: Plan, run: Run) -> dict[str, Outcome]:
    """Return what was predicted for the test rows that count, by split."""
    return scorecard.outcomes(task, data.tests, run.predictions, run.weights, plan)


def _task_scores(
    track: Any,
    task: Task,
    data: TaskData,
    plan: Plan,
    run: Run,
    found: Mapping[str, Outcome],
    loaded: Mapping[str, Any],
) -> TaskScores:
    metrics = {name: loaded[name] for name in challenges.metric_names(task)}
    chosen = plan.sets[0]
    splits = scorecard.split_scores(task, found, metrics)
    score = splits[task.ranking[0]].metrics[task.metric]
    if len(task.ranking) > 1 or (plan.scale, plan.offset) != (1.0, 0.0):
        score = scorecard.board_score({"": task}, {"": plan}, {"": found}, metrics).interval()
    told = ({}, {}) if not hasattr(track, "summarize") else track.summarize(plan, task, data, found)
    return TaskScores(
        score=score,
        splits=splits,
        detection=scorecard.detection(data, chosen, plan.ranking, plan.flags),
        balance=scorecard.balance(task, data, chosen),
        summary=told[0],
        notes=track.notes(told[0], task) if hasattr(track, "notes") else [],
        curves=told[1],
        training_runs=training_runs_of(data, plan, run),
    )


def train(task: Task, data: TaskData, plan: Plan) -> Run:
    """Train a task's frozen model on every training set of a plan and predict every split.

    One BLAS thread, so that the number of cores cannot move a last digit.
    """
    model = registry.load("fixed_models", task.model)
    told: dict[str, Any] = {"classes": len(task.classes), "seeds": tuple(task.seeds)}
    if data.prompts is not None:
        told["prompts"] = data.prompts
    predictions: dict[str, list[NDArray[np.intp]]] = {name: [] for name in data.tests}
    seconds, size = [0.0, 0.0], 0
    with one_thread():
        clock = time.perf_counter()
        for fitted in _fitted(model, data, plan, told):
            trained = time.perf_counter()
            for name, test in data.tests.items():
                found = np.asarray(model.predict(fitted, test.features))
                predictions[name].append(_checked(task, test, found))
            done = time.perf_counter()
            seconds = [seconds[0] + trained - clock, seconds[1] + done - trained]
            clock, size = done, int(model.size(fitted))
    if size < 0:
        raise ValueError(f"{task.model} says that it takes {size} bytes")
    together = {name: np.concatenate(found) for name, found in predictions.items()}
    return Run(together, weights_of(task, plan), seconds[0], seconds[1], size)


def weights_of(task: Task, plan: Plan) -> FloatArray | None:
    """Return the share of every line of predictions; None if there is one training set."""
    shares = np.array([chosen.weight for chosen in plan.sets])
    return np.repeat(shares, len(task.seeds)) if len(plan.sets) > 1 else None


def _fitted(model: Any, data: TaskData, plan: Plan, told: dict[str, Any]) -> Iterator[Any]:
    """Train on every set of a plan; a model that knows how shares what sets of one pool share."""
    for rows, labels in _runs(plan.sets):
        if len(labels) > 1 and hasattr(model, "fit_series"):
            yield from model.fit_series(data.pool.features[rows], labels, **told)
        else:
            for each in labels:
                yield model.fit(_picked(data.pool.features, rows), each, **told)


def _runs(sets: Sequence[TrainingSet]) -> Iterator[tuple[IntArray, list[IntArray]]]:
    """Yield rows with all the labellings of them that follow each other."""
    first = 0
    for last in range(1, len(sets) + 1):
        if last == len(sets) or not np.array_equal(sets[last].rows, sets[first].rows):
            yield sets[first].rows, [chosen.labels for chosen in sets[first:last]]
            first = last


def _picked(features: NDArray[Any], rows: IntArray) -> NDArray[Any]:
    """Return some rows; of a mapped file each brings in its neighbours, which may go again."""
    if 8 * len(rows) > len(features):
        return features[rows]
    picked = np.empty((len(rows), features.shape[1]), dtype=features.dtype)
    for start in range(0, len(rows), 32):
        picked[start : start + 32] = features[rows[start : start + 32]]
        files.release(features)
    return picked


def _checked(task: Task, test: TestSplit, predicted: NDArray[Any]) -> NDArray[np.intp]:
    wanted = (len(task.seeds), len(test.labels))
    if predicted.shape != wanted:
        raise ValueError(f"{task.model} predicted shape {predicted.shape}, expected {wanted}")
    if predicted.dtype.kind not in "iu" or predicted.min() < 0:
        raise ValueError(f"{task.model} predicted {predicted.dtype}, expected class ids")
    if predicted.max() >= len(task.classes):
        raise ValueError(f"{task.model} predicted class {predicted.max()}, there is no such")
    return predicted.astype(np.intp)


def training_set_digest(data: TaskData, chosen: TrainingSet) -> str:
    """Return the sha256 of a training set: its ids and labels, in order."""
    names = [str(name) for name in data.pool.ids[chosen.rows]]
    return files.digest_json([names, chosen.labels.tolist()])


def training_runs_of(data: TaskData, plan: Plan, run: Run) -> list[TrainingRun]:
    """Return the record of every training set of a plan."""
    seeds = next(len(found) for found in run.predictions.values()) // len(plan.sets)
    return [
        TrainingRun(
            training_set=training_set_digest(data, chosen),
            rows=len(chosen.rows),
            weight=chosen.weight,
            predictions={
                name: results.encode(found[place * seeds : (place + 1) * seeds])
                for name, found in run.predictions.items()
            },
        )
        for place, chosen in enumerate(plan.sets)
    ]


def _elsewhere(path: str | None, challenge: Challenge, rules: Any, answer: Submission) -> Result:
    """Evaluate in a worker, which may have been started under another DATAPERF_PATH."""
    if path is None:
        os.environ.pop("DATAPERF_PATH", None)
    else:
        os.environ["DATAPERF_PATH"] = path
    return evaluate(challenge, answer, rules=rules)


def evaluate_all(
    challenge: Challenge | str,
    answers: Sequence[Submission],
    *,
    jobs: int = 1,
    rules: Literal["strict", "official"] = "strict",
) -> Iterator[Result]:
    """Evaluate many submissions; results come in the order of the submissions.

    Parameters
    ----------
    challenge
        What they answer.
    answers
        Checked or unchecked submissions; an invalid one raises before any is trained.
    jobs
        Processes to use. Scores do not depend on it.
    rules
        See `evaluate`.
    """
    challenge = challenges.of(challenge)
    loaded = {
        board: submission.board_data(challenge, board)
        for board in dict.fromkeys(answer.board for answer in answers)
    }
    for board in loaded:
        freezing.unfrozen_parts(challenge, board)  # refuses what was frozen and has changed
    for answer in answers:
        data = loaded[answer.board]
        submission.check(answer, challenge, data, official=rules == "official")
    if jobs > 1 and len(answers) > 1:
        engine = registry.load("engines", "processes")
        function = partial(_elsewhere, os.environ.get("DATAPERF_PATH"), challenge, rules)
        yield from engine.run(function, answers, jobs=min(jobs, len(answers)))
    else:
        engine = registry.load("engines", "in_process")
        yield from engine.run(
            lambda answer: evaluate(challenge, answer, data=loaded[answer.board], rules=rules),
            answers,
            jobs=1,
        )
