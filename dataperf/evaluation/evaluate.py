"""The one flow: a challenge and a submission to a Result.

    submission -> track.check -> track.plans -> fixed_model.fit, predict
               -> metrics, detection, balance, cost -> Result -> store

Library, command line, notebooks and servers all come through `evaluate`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dataperf import plugin_calls, registry
from dataperf.basics import files
from dataperf.basics.progress import report
from dataperf.basics.threads import one_thread
from dataperf.definitions import freezing, submission
from dataperf.definitions import loading as challenges
from dataperf.definitions.data import data_digest
from dataperf.errors import DataperfError, TrainingFailed
from dataperf.evaluation import engines, metric_guard, provenance, scorecard
from dataperf.evaluation.train import Run, train, training_runs_of
from dataperf.records import (
    Challenge,
    Cost,
    Plan,
    Provenance,
    Result,
    Submission,
    Task,
    TaskData,
    TaskScores,
)
from dataperf.statistics import Outcome

#: Name of the digest of the whole submission, next to that of the answer ("submission").
RECORD = "submission_record"


@one_thread()
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
        ``"strict"`` refuses every answer that the rules of the board do not allow; ``"official"``
        accepts what the official evaluator accepts, and its results are never ranked.

    Returns
    -------
    Result
        With status ``"failed"`` if the frozen model could not be trained on the answer or could
        not predict, or if the score is not defined.

    Raises
    ------
    Invalid
        If the submission is not valid; every problem is listed, and nothing was trained.
    DataperfError
        If a user's own track or metric fails, or memory runs out. The answer is not the cause,
        so there is no result.
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
                RECORD: record_digest(answer),
            },
            numeric_version=numeric_version(challenge, answer.board),
            frozen=not unfrozen,
            unfrozen=unfrozen,
            versions=provenance.versions(challenges.files_of(challenge, answer.board)),
            machine=provenance.machine(),
            started=started.isoformat(timespec="milliseconds"),
            seconds=round(time.perf_counter() - clock, 3),
        ),
        **scores,
    )


def numeric_version(challenge: Challenge, board: str) -> str:
    """Return the numeric version of a board's models.

    Raises
    ------
    DataperfError
        If a user's own model raises, or returns anything but a text.
    """
    names = dict.fromkeys(task.model for task in challenges.tasks_of(challenge, board).values())
    return "; ".join(era_of(registry.load("fixed_models", name)) for name in names)


def era_of(model: Any) -> str:
    """Return the numeric version of one loaded model; DataperfError if a user's own model fails."""
    with plugin_calls.calling("fixed_models", model):
        found = model.era()
    if not isinstance(found, str):
        what = f"{plugin_calls.named('fixed_models', model)}: its numeric version is {found!r:.100}"
        raise DataperfError(f"{what}, expected a text")
    return found


def answer_digest(answer: Submission) -> str:
    """Return the sha256 of challenge, board and answer; submitter and method do not count."""
    return files.digest_json([answer.challenge, answer.board, answer.answer])


def record_digest(answer: Submission) -> str:
    """Return the sha256 of the whole submission: the answer, who made it, and how."""
    return files.digest_json(answer.model_dump(mode="json"))


def plans_of(
    challenge: Challenge,
    answer: Submission,
    data: Mapping[str, TaskData],
    *,
    official: bool = False,
) -> dict[str, Plan]:
    """Return the training plan of a valid submission, by task."""
    track = registry.load("tracks", challenge.track)
    content = track.Answer.model_validate(answer.answer)
    rules = challenges.rules_of(challenge, answer.board)
    with plugin_calls.calling("tracks", track, "plans(answer, rules, data, *, official)"):
        plans: dict[str, Plan] = track.plans(content, rules, data, official=official)
    return plans


def _scores(
    challenge: Challenge, answer: Submission, data: Mapping[str, TaskData], official: bool
) -> dict[str, Any]:
    """Return the parts of a result that depend on the training: scores, or the error."""
    tasks = challenges.tasks_of(challenge, answer.board)
    track = registry.load("tracks", challenge.track)
    metrics = metrics_of(tasks)
    plans = plans_of(challenge, answer, data, official=official)
    try:
        runs = {name: train(task, data[name], plans[name]) for name, task in tasks.items()}
    except TrainingFailed as error:
        return _failed(error.reason)
    report("computing scores and intervals")
    called = [("metrics", registry.load("metrics", name)) for name in metrics]
    with plugin_calls.naming(*called, ("tracks", track)):
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
            where = metric_guard.undefined(tasks, found, metrics)
            return _failed(f"the score is not defined: {where}")
        summary = _summary(track, challenge, answer, data, parts)
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


def _failed(reason: str) -> dict[str, Any]:
    return {"status": "failed", "error": reason, "score": None}


def _summary(
    track: Any,
    challenge: Challenge,
    answer: Submission,
    data: Mapping[str, TaskData],
    parts: Mapping[str, TaskScores],
) -> dict[str, Any]:
    """Return the track's summary of the whole board."""
    if not hasattr(track, "summarize_board"):
        return {}
    content = track.Answer.model_validate(answer.answer)
    rules = challenges.rules_of(challenge, answer.board)
    summary: dict[str, Any] = track.summarize_board(content, rules, data, parts)
    return summary


def metrics_of(tasks: Mapping[str, Task]) -> dict[str, Any]:
    """Load every metric that the tasks use; return them by name."""
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
    summary, curves = {}, {}
    if hasattr(track, "summarize"):
        summary, curves = track.summarize(plan, task, data, found)
    return TaskScores(
        score=score,
        splits=splits,
        detection=scorecard.detection(data, chosen, plan.ranking, plan.flags),
        balance=scorecard.balance(task, data, chosen),
        summary=summary,
        notes=track.notes(summary, task) if hasattr(track, "notes") else [],
        curves=curves,
        training_runs=training_runs_of(data, plan, run),
    )


@dataclass(frozen=True)
class _Evaluation:
    """Evaluate one submission. A copy in another process loads the data again."""

    challenge: Challenge
    rules: Literal["strict", "official"]
    loaded: Mapping[str, Mapping[str, TaskData]]

    def __call__(self, answer: Submission) -> Result:
        data = self.loaded.get(answer.board)
        return evaluate(self.challenge, answer, data=data, rules=self.rules)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Evaluation, (self.challenge, self.rules, {})


def evaluate_all(
    challenge: Challenge | str,
    answers: Sequence[Submission],
    *,
    jobs: int = 1,
    engine: str | None = None,
    rules: Literal["strict", "official"] = "strict",
) -> Iterator[Result]:
    """Evaluate many submissions; results come in the order of the submissions.

    Parameters
    ----------
    challenge
        A challenge or its name.
    answers
        Checked or unchecked submissions; an invalid one raises before any is trained.
    jobs
        How many to evaluate at a time. Scores do not depend on it.
    engine
        Where they are evaluated; see `dataperf.evaluation.engines.run`. Scores do not depend
        on it.
    rules
        See `evaluate`.

    Yields
    ------
    Result
        As `evaluate` returns it.

    Raises
    ------
    NotFound
        If there is no such engine.
    DataperfError
        As `evaluate` does, or if the engine fails.
    """
    challenge = challenges.of(challenge)
    loaded = {
        board: submission.board_data(challenge, board)
        for board in dict.fromkeys(answer.board for answer in answers)
    }
    for board in loaded:
        freezing.unfrozen_parts(challenge, board)  # raises if a frozen file has changed
    for answer in answers:
        data = loaded[answer.board]
        submission.check(answer, challenge, data, official=rules == "official")
    function = _Evaluation(challenge, rules, loaded)
    yield from engines.run(function, answers, engine=engine, jobs=jobs)
