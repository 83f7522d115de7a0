"""The scorecard of one training run: scores by split, detection, balance (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.basics import files
from dataperf.contracts import Metric
from dataperf.records import (
    Balance,
    Detection,
    Estimate,
    FloatArray,
    IntArray,
    Plan,
    SplitScores,
    Task,
    TaskData,
    TestSplit,
    TrainingSet,
    Truth,
)
from dataperf.statistics import Outcome, Score, Term
from dataperf.statistics.margins import MANY_CLASSES

#: Depths of precision@k and recall@k.
DEPTHS = (10, 25, 50, 100, 200, 400)
#: Columns with more values than this are measures or ids, not groups to balance.
MOST_VALUES = 100
#: Minimum number of rows of a group that can be the worst group.
LEAST_ROWS = 10
#: How ``Detection.by_defect`` names rows whose given class is wrong, whatever the kind.
WRONG_CLASS = "(wrong class)"


def split_scores(
    task: Task, found: Mapping[str, Outcome], metrics: Mapping[str, Metric]
) -> dict[str, SplitScores]:
    """Score every split.

    Parameters
    ----------
    task
        The task.
    found
        What was predicted, by split; see `outcomes`.
    metrics
        Every metric that the task names, loaded.

    Returns
    -------
    dict of str to SplitScores
        The headline metric comes first; on the ranking split, the ranking metric comes next. An
        out-of-distribution split also has a gap, its score minus that of the ranking split, if
        both have the same headline metric.
    """
    first = task.ranking[0]
    scored = {}
    for name, split in task.splits.items():
        headline, gap = task.headline(name), None
        if split.ood and headline == task.headline(first) and name != first:
            gap = statistics.gap(metrics[headline], found[name], found[first])
        scored[name] = _one(task, name, found[name], metrics, gap)
    return scored


def outcomes(
    task: Task,
    tests: Mapping[str, TestSplit],
    predictions: Mapping[str, NDArray[Any]],
    weights: FloatArray | None = None,
    plan: Plan | None = None,
) -> dict[str, Outcome]:
    """Return what was predicted for the rows that count of every split, with the truth.

    ``weights`` are the weights of the lines of predictions, None if they are equal. ``plan``
    describes the lines and which rows count; by default, all rows do.
    """
    options: dict[str, Any] = {}
    if plan is not None:
        options = {
            "lines_are_sampled": plan.lines_are_sampled,
            "seeds_are_draws": plan.seeds_are_draws,
        }
    if plan is not None and plan.tested is not None:
        tests = {name: test.take(plan.tested) for name, test in tests.items()}
        predictions = {name: each[:, plan.tested] for name, each in predictions.items()}
        options["items"] = files.digest_json(plan.tested.tolist())
    k = len(task.classes)
    return {
        name: Outcome(test.labels, predictions[name], k, test.groups, weights, **options)
        for name, test in tests.items()
    }


def board_score(
    tasks: Mapping[str, Task],
    plans: Mapping[str, Plan],
    found: Mapping[str, Mapping[str, Outcome]],
    metrics: Mapping[str, Metric],
) -> Score:
    """Return the score that ranks: the mean over tasks of ``scale * metric + offset``.

    The metric of a task with one ranking split is taken on that split. For a task with several
    ranking splits, it is the mean of their headline metrics.
    """
    terms = []
    for name, task in tasks.items():
        share = plans[name].scale / (len(tasks) * len(task.ranking))
        for split in task.ranking:
            headline = (len(task.ranking) > 1 and task.splits[split].metric) or task.metric
            terms.append(Term(metrics[headline], found[name][split], share))
    offset = sum(plans[name].offset for name in tasks) / len(tasks)
    return Score(tuple(terms), offset)


def _one(
    task: Task,
    name: str,
    outcome: Outcome,
    metrics: Mapping[str, Metric],
    gap: Estimate | None,
) -> SplitScores:
    split, headline = task.splits[name], task.headline(name)
    ranking = [task.metric] if name == task.ranking[0] else []
    others = task.metrics if split.metrics is None else split.metrics
    names = dict.fromkeys([headline, *ranking, *others])
    used = {name: metrics[name] for name in names}
    few = len(task.classes) <= MANY_CLASSES
    return SplitScores(
        title=split.title,
        ood=split.ood,
        metric=headline,
        metrics=statistics.intervals(used, outcome),
        per_seed={
            name: [_number(value) for value in statistics.per_seed(metric, outcome)]
            for name, metric in used.items()
        }
        if outcome.weights is None
        else {},
        gap=gap,
        per_class=_per_class(task.classes, outcome),
        confusion=[
            [round(float(value), 6) for value in row]
            for row in outcome.mean(np.moveaxis(outcome.counts, 0, -1).astype(np.float64))
        ]
        if few
        else [],
        worst_group=_worst_group(metrics[headline], outcome),
        rows=outcome.rows,
    )


def _per_class(classes: Sequence[str], outcome: Outcome) -> dict[str, dict[str, float | None]]:
    """Return precision, recall and F1 of each class, averaged over seeds that define them.

    Precision is undefined where a class is never predicted,
    recall where it has no rows, F1 where it has neither.
    """
    counts = outcome.margins
    hits = np.diagonal(counts, axis1=-2, axis2=-1)  # type: ignore[call-overload]
    truth, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    by_seed = {
        "precision": statistics.ratio(hits, predicted),
        "recall": statistics.ratio(hits, truth),
        "f1": statistics.ratio(2 * hits, truth + predicted),
    }
    return {
        name: {
            key: _mean_of_defined(values[:, place], outcome.weights)
            for key, values in by_seed.items()
        }
        | {"support": float(truth[0, place])}
        for place, name in enumerate(classes)
    }


def _worst_group(metric: Metric, outcome: Outcome) -> dict[str, Any] | None:
    """Return the group with the worst mean over seeds; None with fewer than two groups.

    Groups of fewer than ``LEAST_ROWS`` rows are left out: the worst of many small groups is bad by
    chance.
    """
    if outcome.clusters is None:
        return None
    scored: list[tuple[float, str, int]] = []
    for group in np.unique(outcome.clusters):
        rows = outcome.clusters == group
        part = Outcome(
            outcome.truth[rows],
            outcome.predicted[:, rows],
            outcome.classes,
            weights=outcome.weights,
        )
        value = statistics.average(metric, part)
        if np.isfinite(value) and part.rows >= LEAST_ROWS:
            scored.append((value, str(group), part.rows))
    if len(scored) < 2:
        return None
    sign = 1 if metric.higher_is_better else -1
    value, group, count = min(scored, key=lambda each: (sign * each[0], each[1]))
    return {"group": group, "value": value, "rows": count}


def detection(
    data: TaskData,
    chosen: TrainingSet,
    ranking: Sequence[str] | None,
    flags: Sequence[str] | None,
) -> Detection | None:
    """Count the known defects among the selected rows, and score the ranking and flags.

    Parameters
    ----------
    data
        The data. The result is None if the truth is not known, or if the pool has neither labels
        nor defects.
    chosen
        The training set.
    ranking, flags
        Ids of the pool from most to least suspicious, and ids that the answer flags as wrong.

    Returns
    -------
    Detection or None
        A row of the pool is wrong if it has a defect or a wrong given class. It counts as
        selected if it is in the training set, unless the answer corrects its class. A correct
        row that is trained under a wrong class counts as selected too. Rows count once, however
        often they occur. ``by_defect`` has the number in the pool and the number selected, for
        each kind of defect and for rows with a wrong class of any kind.

    Notes
    -----
    The reference is a random selection from the pool with the given labels. An answer that
    corrects labels can do better than any selection.
    """
    if data.truth is None:
        return None
    if (data.pool.labels < 0).all() and not (data.truth.defects != "").any():
        return None
    bad, selected_defects = _wrong_rows(data, data.truth, chosen)
    wrong_class = (data.truth.labels != data.pool.labels) & (data.pool.labels >= 0)
    total, errors, picked = len(bad), int(bad.sum()), len(np.unique(chosen.rows))
    entered = int(selected_defects.sum())
    within = min(max(entered, picked + errors - total, 0), errors, picked)
    reference, p_value = statistics.random_selection(
        total, errors, picked=picked, selected_defects=within
    )
    kinds = {kind: data.truth.defects == kind for kind in np.unique(data.truth.defects[bad])}
    kinds.pop("", None)
    kinds[WRONG_CLASS] = wrong_class | (selected_defects & ~bad)
    return Detection(
        selected=picked,
        selected_defects=entered,
        share=entered / picked if picked else 0.0,
        pool_share=errors / total if total else 0.0,
        random=reference,
        p_value=p_value,
        by_defect={
            str(kind): {
                "pool": int((rows & bad).sum()),
                "selected": int((rows & selected_defects).sum()),
            }
            for kind, rows in kinds.items()
        },
        ranking=_ranking(data, bad, ranking, flags),
    )


def wrong_labels(data: TaskData, chosen: TrainingSet) -> tuple[IntArray, IntArray]:
    """Return the rows that a submission itself gave a wrong label.

    Parameters
    ----------
    data
        The data. Nothing is found if its truth is not known.
    chosen
        The training set.

    Returns
    -------
    (m,) array of int
        Row numbers of the pool, in the order of the training set.
    (m,) array of int
        The class ids that the submission gave them. The pool has another label for them, or none.
    """
    none = np.zeros(0, dtype=np.intp)
    if data.truth is None:
        return none, none
    truth, given = data.truth.labels[chosen.rows], data.pool.labels[chosen.rows]
    judged = (chosen.labels >= 0) & (truth >= 0)
    wrong = judged & (chosen.labels != truth) & (chosen.labels != given)
    return chosen.rows[wrong], chosen.labels[wrong]


def _wrong_rows(
    data: TaskData, truth: Truth, chosen: TrainingSet
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows of the pool are wrong, and which wrong rows are trained on."""
    wrong_class = (truth.labels != data.pool.labels) & (data.pool.labels >= 0)
    bad = wrong_class | (truth.defects != "")
    trained_wrong = (chosen.labels != truth.labels[chosen.rows]) & (chosen.labels >= 0)
    selected_defects = np.zeros(len(bad), dtype=bool)
    selected_defects[chosen.rows[trained_wrong | (bad & ~wrong_class)[chosen.rows]]] = True
    return bad, selected_defects


def _ranking(
    data: TaskData,
    bad: NDArray[np.bool_],
    ranking: Sequence[str] | None,
    flags: Sequence[str] | None,
) -> dict[str, Any] | None:
    if ranking is None and flags is None:
        return None
    row_of = data.pool.row_of
    scores: dict[str, Any] = {}
    if ranking is not None:
        order: IntArray = np.array([row_of[name] for name in ranking], dtype=np.intp)
        depths = [depth for depth in DEPTHS if depth <= len(bad)]
        scores |= statistics.ranking_scores(
            statistics.suspicion_of(order, len(bad)), bad, ks=depths
        )
    if flags is not None:
        flagged = np.zeros(len(bad), dtype=bool)
        flagged[np.array([row_of[name] for name in flags], dtype=np.intp)] = True
        found = statistics.flag_scores(flagged, bad)
        scores |= {f"flags_{name}": value for name, value in found.items()}
    return {name: None if value is None else float(value) for name, value in scores.items()}


def balance(task: Task, data: TaskData, chosen: TrainingSet) -> dict[str, Balance]:
    """Measure how evenly the training set covers the classes and every visible column.

    Parameters
    ----------
    task, data
        The task and its data.
    chosen
        The training set. Without rows or without labels, the result is empty.

    Returns
    -------
    dict of str to Balance
        ``"class"`` and the visible columns. Classes are compared with the task's shares (equal by
        default; 0 for a class that it does not name), columns with the pool's own shares.
        Columns of floats and columns with over ``MOST_VALUES`` distinct values are left out.
    """
    if not len(chosen.rows) or chosen.labels.min() < 0:
        return {}
    wanted = task.balance or dict.fromkeys(task.classes, 1.0)
    counts = np.bincount(chosen.labels, minlength=len(task.classes))
    shares = np.array([wanted.get(name, 0.0) for name in task.classes])
    against = "the task's shares" if task.balance else "equal shares"
    found = {"class": _balance(task.classes, counts, shares, against)}
    for name, column in data.pool.columns.items():
        if name == "class" or np.issubdtype(column.dtype, np.floating):
            continue
        values, codes = np.unique(column.astype(str), return_inverse=True)
        if len(values) > MOST_VALUES:
            continue
        pool = np.bincount(codes, minlength=len(values))
        own = np.bincount(codes[chosen.rows], minlength=len(values))
        found[name] = _balance(values.tolist(), own, pool, "the pool's shares")
    return found


def _balance(
    names: Sequence[str], counts: IntArray, reference: NDArray[Any], against: str
) -> Balance:
    return Balance(
        counts={name: int(count) for name, count in zip(names, counts, strict=True)},
        normalized_entropy=statistics.normalized_entropy(counts),
        imbalance_ratio=statistics.imbalance_ratio(counts),
        total_variation=statistics.total_variation(counts, reference),
        reference=against,
    )


def _mean_of_defined(values: FloatArray, weights: FloatArray | None) -> float | None:
    defined = np.isfinite(values)
    if not (defined if weights is None else defined & (weights > 0)).any():
        return None
    shares = None if weights is None else weights[defined]
    return round(float(np.average(values[defined], weights=shares)), 6)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
