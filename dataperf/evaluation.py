"""The one flow: a challenge and a submission to a Result.

    submission -> track.check -> track.training_sets -> fixed_model.fit, predict
               -> metrics, detection, balance, cost -> Result -> store

Library, command line, notebooks and servers all come through `evaluate`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import challenge as challenges
from dataperf import files, frozen, provenance, registry, results, scorecard, submission
from dataperf.errors import DataperfError
from dataperf.records import (
    Challenge,
    Cost,
    Provenance,
    Result,
    Submission,
    Task,
    TaskData,
    TrainingSet,
    Trial,
)


@dataclass(frozen=True)
class Run:
    """A frozen model trained on one training set: what it predicted and what that took."""

    predictions: dict[str, NDArray[np.intp]]
    train_seconds: float
    predict_seconds: float
    model_size: int


def evaluate(
    challenge: Challenge | str,
    answer: Submission | Path | str,
    *,
    board: str | None = None,
    data: TaskData | None = None,
) -> Result:
    """Check a submission, train the frozen model on it, and score what the model predicts.

    Parameters
    ----------
    challenge
        A challenge or its name.
    answer
        A submission or the path of its file.
    board
        The board, for files in formats that do not name one.
    data
        The board's data if it is loaded already.

    Returns
    -------
    Result
        With status ``"failed"`` if the model could not be trained on the answer.

    Raises
    ------
    Invalid
        If the submission is not valid; every problem is listed, and nothing was trained.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    challenge = challenges.of(challenge)
    if not isinstance(answer, Submission):
        answer = submission.read(Path(answer), challenge, board)
    data = data or submission.task_data(challenge, answer.board)
    warnings = submission.check(answer, challenge, data)
    task = challenge.tasks[challenge.boards[answer.board].task]
    unfrozen = frozen.unfrozen_parts(challenge, answer.board)
    scores = _scores(challenge, task, answer, data)
    digests = challenges.digests(challenge, answer.board)
    return Result(
        schema_version=1,
        challenge=challenge.name,
        challenge_version=challenge.version,
        board=answer.board,
        submission=answer,
        warnings=warnings,
        metric=task.metric,
        split=task.split,
        provenance=Provenance(
            digests={**digests, "data": data.digest, "submission": answer_digest(answer)},
            era=str(registry.load("fixed_models", task.model).era()),
            frozen=not unfrozen,
            unfrozen=unfrozen,
            versions=provenance.versions(),
            machine=provenance.machine(),
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - clock, 3),
        ),
        **scores,
    )


def answer_digest(answer: Submission) -> str:
    """Return the sha256 of what is answered; who answers and how does not count."""
    return files.digest_json([answer.challenge, answer.board, answer.answer])


def _scores(challenge: Challenge, task: Task, answer: Submission, data: TaskData) -> dict[str, Any]:
    track = registry.load("tracks", challenge.track)
    told = track.Answer.model_validate(answer.answer)
    rules = challenges.rules_of(challenge, answer.board)
    (chosen,) = track.training_sets(told, rules, data)
    metrics = {name: registry.load("metrics", name) for name in challenges.metric_names(task)}
    try:
        run = train(task, data, chosen)
        splits = scorecard.split_scores(task, data, run.predictions, metrics)
        if splits[task.split].metrics[task.metric].value is None:
            raise ValueError(f"{task.metric} is not defined on {task.split}")
    except DataperfError:
        raise
    except (Exception, SystemExit) as error:
        return {"status": "failed", "error": f"{type(error).__name__}: {error}", "score": None}
    return {
        "status": "scored",
        "score": splits[task.split].metrics[task.metric],
        "splits": splits,
        "detection": scorecard.detection(
            data, chosen, getattr(told, "ranking", None), getattr(told, "flags", None)
        ),
        "balance": scorecard.balance(task, data, chosen),
        "cost": Cost(
            samples=len(chosen.rows),
            train_seconds=round(run.train_seconds, 4),
            predict_seconds=round(run.predict_seconds, 4),
            peak_memory=provenance.peak_memory(),
            model_size=run.model_size,
        ),
        "trials": [trial_of(data, chosen, run)],
    }


def train(task: Task, data: TaskData, chosen: TrainingSet) -> Run:
    """Train a task's frozen model on a training set and predict every split.

    One BLAS thread, so that the number of cores cannot move a last digit.
    """
    model = registry.load("fixed_models", task.model)
    with one_thread():
        start = time.perf_counter()
        fitted = model.fit(
            data.pool.features[chosen.rows],
            chosen.labels,
            classes=len(task.classes),
            seeds=tuple(task.seeds),
        )
        trained = time.perf_counter()
        found = {
            name: np.asarray(model.predict(fitted, test.features))
            for name, test in data.tests.items()
        }
        done = time.perf_counter()
    for name, predicted in found.items():
        wanted = (len(task.seeds), len(data.tests[name].labels))
        if predicted.shape != wanted:
            raise ValueError(f"{task.model} predicted shape {predicted.shape}, expected {wanted}")
        if predicted.dtype.kind not in "iu" or predicted.min() < 0:
            raise ValueError(f"{task.model} predicted {predicted.dtype}, expected class ids")
        if predicted.max() >= len(task.classes):
            raise ValueError(f"{task.model} predicted class {predicted.max()}, there is no such")
    predictions = {name: predicted.astype(np.intp) for name, predicted in found.items()}
    size = int(model.size(fitted))
    if size < 0:
        raise ValueError(f"{task.model} says that it takes {size} bytes")
    return Run(predictions, trained - start, done - trained, size)


def headline(task: Task, data: TaskData, run: Run) -> dict[str, float]:
    """Return each split's headline metric, mean over seeds, without intervals."""
    values = {}
    for name, split in task.splits.items():
        metric = registry.load("metrics", split.metric or task.metric)
        truth = data.tests[name].labels
        per_seed = [
            metric.score(truth, row, classes=len(task.classes)) for row in run.predictions[name]
        ]
        values[name] = float(np.mean(per_seed))
    return values


def training_set_digest(data: TaskData, chosen: TrainingSet) -> str:
    """Return the sha256 of a training set: its ids and labels, in order."""
    names = [str(name) for name in data.pool.ids[chosen.rows]]
    return files.digest_json([names, chosen.labels.tolist()])


def trial_of(data: TaskData, chosen: TrainingSet, run: Run) -> Trial:
    """Return the record of one training run."""
    return Trial(
        training_set=training_set_digest(data, chosen),
        rows=len(chosen.rows),
        predictions={name: results.encode(value) for name, value in run.predictions.items()},
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the numeric libraries that are loaded by now to one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def _elsewhere(path: str | None, challenge: Challenge, answer: Submission) -> Result:
    """Evaluate in a worker, which may have been started under another DATAPERF_PATH."""
    if path is None:
        os.environ.pop("DATAPERF_PATH", None)
    else:
        os.environ["DATAPERF_PATH"] = path
    return evaluate(challenge, answer)


def evaluate_all(
    challenge: Challenge | str, answers: Sequence[Submission], *, jobs: int = 1
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
    """
    challenge = challenges.of(challenge)
    loaded = {
        board: submission.task_data(challenge, board)
        for board in dict.fromkeys(answer.board for answer in answers)
    }
    for board in loaded:
        frozen.unfrozen_parts(challenge, board)  # refuses what was frozen and has changed
    for answer in answers:
        submission.check(answer, challenge, loaded[answer.board])
    if jobs > 1 and len(answers) > 1:
        engine = registry.load("engines", "processes")
        function = partial(_elsewhere, os.environ.get("DATAPERF_PATH"), challenge)
        yield from engine.run(function, answers, jobs=min(jobs, len(answers)))
    else:
        engine = registry.load("engines", "in_process")
        yield from engine.run(
            lambda answer: evaluate(challenge, answer, data=loaded[answer.board]), answers, jobs=1
        )
