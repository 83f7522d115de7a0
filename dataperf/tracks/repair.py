"""Drop and relabel rows of a data set; the gain in the score is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictInt

from dataperf import registry, statistics
from dataperf.errors import Problem, did_you_mean
from dataperf.records import (
    IntArray,
    Plan,
    Pool,
    Record,
    Suspects,
    TaskData,
    TextArray,
    TrainingSet,
)
from dataperf.statistics import Outcome
from dataperf.tracks._checks import MOST_SHOWN, few, no_official, repeated, unknown_ids
from dataperf.tracks._verdict import verdict

#: Number of random subsets of wrong labels that an oracle of the same budget corrects.
ORACLES = 5
#: Pools of own data with more rows get fewer random draws.
MANY_ROWS, FEW_DRAWS = 20_000, 5
#: Minimum probability of an audit's suggested label to replace the given one.
RELABEL_FROM = 0.5
#: What the summary says of the test rows.
DECIDING = ("test rows", "right only after", "right only before")
GIVES_LABELS = True
OWN_DEFAULT = True
TRIAL_RULES = {"budget": 9}


class Rules(Record):
    """A board's limits.

    Parameters
    ----------
    budget
        Maximum number of dropped and relabelled rows; None for all.
    random_draws
        Number of random drops of the same size, to compare with.
    """

    OLD_KEYS = {"most": "budget", "draws": "random_draws"}

    budget: Annotated[StrictInt, Field(ge=1)] | None = None
    random_draws: Annotated[StrictInt, Field(ge=2, le=1000)] = 20


class Answer(Record):
    """The rows of the pool to drop and to relabel; all others stay as they are.

    Parameters
    ----------
    drop
        Ids of rows to leave out. A number stands for the id with the same digits.
    relabel
        New class of each row, by id.
    """

    drop: list[StrictInt | str] = []
    relabel: dict[str, str] = {}


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: this track reads no foreign JSON format."""


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    if official:
        return no_official()
    return [problem for part in data.values() for problem in _problems(answer, rules, part)]


def _problems(answer: Answer, rules: Rules, data: TaskData) -> Iterator[Problem]:
    dropped = [str(each) for each in answer.drop]
    expected = "only rows of the pool can be repaired; the split follows --seed and --test-share"
    for field, names in (("drop", dropped), ("relabel", answer.relabel)):
        yield from unknown_ids(f"answer.{field}", names, data, expected=expected)
    yield from repeated("answer.drop", dropped)
    both = [name for name in dict.fromkeys(dropped) if name in answer.relabel]
    if both:
        what = f"{few(both)}: dropped and relabelled"
        yield Problem("dropped-and-relabelled", "answer", what, "one of the two")
    yield from _strange_classes(answer, data)
    named = len(set(dropped) | set(answer.relabel))
    if rules.budget is not None and named > rules.budget:
        what = f"{named:,} rows dropped or relabelled"
        yield Problem("over-budget", "answer", what, f"at most {rules.budget:,}")
    yield from _emptied_classes(answer, data)
    if not named:
        yield Problem("empty", "answer", "nothing is dropped or relabelled", severity="warning")
    if data.truth is None:
        what = "tested against the labels as given: their own errors hide part of a gain"
        expected = "name the column with the true labels, where there is one"
        yield Problem("noisy-test", "", what, expected, severity="warning")


def _strange_classes(answer: Answer, data: TaskData) -> Iterator[Problem]:
    classes = data.pool.classes
    named = dict.fromkeys(answer.relabel.values())
    for word in [word for word in named if word not in classes][: 2 * MOST_SHOWN]:
        there = ", ".join(classes[:20]) + (", ..." if len(classes) > 20 else "")
        hint = did_you_mean(word[:60], classes) or f"classes: {there}"
        yield Problem("unknown-class", "answer.relabel", f"no class is named {word[:60]!r}", hint)
    idle = [
        name
        for name, word in answer.relabel.items()
        if name in data.pool.row_of and data.pool.labels[data.pool.row_of[name]] in _ids(word, data)
    ]
    if idle:
        what = f"{few(idle)}: given the class that they have already"
        yield Problem("no-change", "answer.relabel", what, severity="warning")


def _ids(word: str, data: TaskData) -> list[int]:
    return [data.pool.classes.index(word)] if word in data.pool.classes else []


def _emptied_classes(answer: Answer, data: TaskData) -> Iterator[Problem]:
    before = np.bincount(data.pool.labels[data.pool.labels >= 0], minlength=1)
    after = np.bincount(repaired(answer, data).labels, minlength=len(before))
    gone = [data.pool.classes[number] for number in np.flatnonzero(before) if not after[number]]
    if gone:
        what = f"no row of {few(gone)} is left"
        expected = "the model can never predict a class it has not seen"
        yield Problem("emptied-class", "answer", what, expected)


def repaired(answer: Answer, data: TaskData) -> TrainingSet:
    """Return the pool as the answer leaves it; rows without a label stay out."""
    row_of, labels = data.pool.row_of, data.pool.labels.copy()
    numbers = {word: number for number, word in enumerate(data.pool.classes)}
    for name, word in answer.relabel.items():
        if name in row_of and word in numbers:
            labels[row_of[name]] = numbers[word]
    for each in answer.drop:
        if str(each) in row_of:
            labels[row_of[str(each)]] = -1
    rows = np.flatnonzero(labels >= 0)
    return TrainingSet(rows, labels[rows])


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return the repaired pool, which gives the score, and the sets that it is compared with.

    These are the unchanged pool, and the pool without as many random rows. If the truth is
    known, they are also the pool with all labels corrected, and the pool with as many wrong
    labels corrected as the answer names rows.
    """
    return {name: _plan(answer, rules, part) for name, part in data.items()}


def _plan(answer: Answer, rules: Rules, data: TaskData) -> Plan:
    labels = data.pool.labels
    known = np.flatnonzero(labels >= 0)
    count = len({str(each) for each in answer.drop} | set(answer.relabel))
    parts: dict[str, list[TrainingSet]] = {
        "after": [repaired(answer, data)],
        "before": [TrainingSet(known, labels[known])],
    }
    if data.truth is not None:
        right = data.truth.labels
        wrong = known[labels[known] != right[known]]
        parts["oracle"] = [
            _put_right(known, labels, right, chosen)
            for chosen in random_subsets(wrong, count, ORACLES)
        ]
        parts["clean"] = [_put_right(known, labels, right, wrong)]
    parts["random"] = [
        TrainingSet(kept, labels[kept])
        for chosen in random_subsets(known, min(count, len(known) - 1), rules.random_draws)
        for kept in [np.setdiff1d(known, chosen)]
    ]
    return join_plans(parts)


def random_subsets(rows: IntArray, count: int, draws: int) -> list[IntArray]:
    """Return ``draws`` random subsets of ``count`` rows; only one if no other exists."""
    if count <= 0 or count >= len(rows):
        return [rows[: max(0, count)]]
    return [np.sort(np.random.RandomState(seed).permutation(rows)[:count]) for seed in range(draws)]


def _put_right(rows: IntArray, labels: IntArray, right: IntArray, chosen: IntArray) -> TrainingSet:
    mended = labels.copy()
    mended[chosen] = right[chosen]
    return TrainingSet(rows, mended[rows])


def join_plans(parts: Mapping[str, Sequence[TrainingSet]]) -> Plan:
    """Return one plan of all sets, equal ones once; only the first counts in the score."""
    sets: list[TrainingSet] = []
    places: dict[bytes, int] = {}
    roles: dict[str, tuple[int, ...]] = {}
    for role, members in parts.items():
        found = []
        for member in members:
            key = member.rows.tobytes() + member.labels.tobytes()
            if key not in places:
                places[key] = len(sets)
                sets.append(TrainingSet(member.rows, member.labels, float(not sets)))
            found.append(places[key])
        roles[role] = tuple(found)
    return Plan(sets, roles=roles)


def summarize(
    plan: Plan, task: Any, data: TaskData, found: Mapping[str, Outcome]
) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """Return the metric before and after, the gain, and the scores that it is compared with.

    The gain and its interval are paired: both models predict the same test rows
    (`dataperf.statistics.difference`). Random drops have a mean, a lowest and a highest score.
    """
    metric = registry.load("metrics", task.metric)
    whole = found[task.ranking[0]]
    parts = {role: _part(whole, plan, places) for role, places in plan.roles.items()}
    values = {role: statistics.average(metric, part) for role, part in parts.items()}
    numbers: dict[str, float | None] = {"before": values["before"], "after": values["after"]}
    numbers |= _difference("gain", metric, parts["after"], parts["before"])
    each = statistics.per_seed(metric, parts["random"])
    numbers |= {
        "random": values["random"],
        "random lowest": float(each.min()),
        "random highest": float(each.max()),
    }
    numbers |= _difference("over random", metric, parts["after"], parts["random"])
    numbers |= _deciding(parts["after"], parts["before"])
    if data.truth is not None:
        numbers |= {"oracle": values["oracle"], "clean": values["clean"]}
        numbers |= _done(plan, data)
    return {name: _number(value) for name, value in numbers.items()}, {}


def _deciding(after: Outcome, before: Outcome) -> dict[str, float | None]:
    """Count the test rows, and those that only one of the two models predicts right."""
    right, was = ((each.predicted == each.truth).all(axis=0) for each in (after, before))
    counts = (after.rows, (right & ~was).sum(), (was & ~right).sum())
    return {name: float(count) for name, count in zip(DECIDING, counts, strict=True)}


def _part(whole: Outcome, plan: Plan, places: Sequence[int]) -> Outcome:
    lines = whole.predicted.reshape(len(plan.sets), -1, whole.rows)[list(places)]
    predicted = lines.reshape(-1, whole.rows)
    return Outcome(whole.truth, predicted, whole.classes, whole.clusters)


def _difference(name: str, metric: Any, a: Outcome, b: Outcome) -> dict[str, float | None]:
    found = statistics.difference(metric, a, b)
    bounds = {f"{name} low": found.estimate.low, f"{name} high": found.estimate.high}
    return {name: found.estimate.value, **bounds, f"{name} p": found.p_value}


def _done(plan: Plan, data: TaskData) -> dict[str, float | None]:
    """Count the labels that the repair corrected, dropped and made wrong."""
    assert data.truth is not None
    right, given = data.truth.labels, data.pool.labels
    after = np.full(len(given), -1, dtype=np.intp)
    chosen = plan.sets[plan.roles["after"][0]]
    after[chosen.rows] = chosen.labels
    known = given >= 0
    wrong = known & (given != right)
    return {
        "wrong labels": float(wrong.sum()),
        "put right": float((wrong & (after == right)).sum()),
        "wrong dropped": float((wrong & (after < 0)).sum()),
        "spoiled": float((known & ~wrong & (after >= 0) & (after != right)).sum()),
        "right dropped": float((known & ~wrong & (after < 0)).sum()),
    }


def notes(summary: Mapping[str, float | None], task: Any) -> list[str]:
    """Return sentences on whether the repair helps; see `dataperf.tracks._verdict`."""
    return verdict(summary, registry.load("metrics", task.metric).higher_is_better)


def own_rules(pool: int, budget: int | None) -> dict[str, Any]:
    """Return a board's rules on own data, for a pool of ``pool`` rows."""
    draws = {"random_draws": FEW_DRAWS} if pool > MANY_ROWS else {}
    return ({} if budget is None else {"budget": budget}) | draws


def own_example(pool: Pool, rules: Rules, task: str) -> dict[str, Any]:
    """Return a repair that drops one row of the largest class and relabels another."""
    most = len(pool) if rules.budget is None else rules.budget
    counts = np.bincount(pool.labels[pool.labels >= 0], minlength=len(pool.classes))
    by_name = np.argsort(np.array(pool.classes), kind="stable")
    first, *others = by_name[np.argsort(-counts[by_name], kind="stable")]
    rows = pool.ids[pool.labels == first][: min(2, most, int(counts.max()) - 1)].tolist()
    return {"drop": rows[:1], "relabel": {each: pool.classes[others[0]] for each in rows[1:]}}


def own_changes(answer: Answer, pool: Pool) -> tuple[NDArray[np.bool_], dict[int, int]]:
    """Return which rows stay, and the new class of rows that get another label."""
    row_of, classes = pool.row_of, {name: number for number, name in enumerate(pool.classes)}
    keep = np.ones(len(pool), dtype=bool)
    keep[[row_of[str(each)] for each in answer.drop if str(each) in row_of]] = False
    relabel = {
        row_of[name]: classes[word]
        for name, word in answer.relabel.items()
        if name in row_of and word in classes and pool.labels[row_of[name]] != classes[word]
    }
    return keep, relabel


def audit_answer(
    suspects: Suspects, *, task: str, budget: int | None, action: str
) -> dict[str, Any]:
    """Return the flagged rows, or the most suspicious ones, to relabel or to drop.

    ``"auto"`` relabels a row whose suggested class has a probability of at least 0.5.
    """
    order = np.argsort(-suspects.scores, kind="stable")
    if budget is None:
        order = order[suspects.flagged[order]]
    else:
        order = order[suspects.scores[order] > 0][:budget]
    drop: list[str] = []
    relabel: dict[str, str] = {}
    for row in order.tolist():
        likely = suspects.confidence[row] >= RELABEL_FROM
        if action == "relabel" or (action == "auto" and likely):
            relabel[str(suspects.ids[row])] = suspects.classes[suspects.suggested[row]]
        else:
            drop.append(str(suspects.ids[row]))
    return {"drop": drop, "relabel": relabel}


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return an answer that changes nothing, and an oracle that corrects labels up to the budget."""
    ((_, part),) = data.items()
    known: dict[str, tuple[str, dict[str, Any]]] = {}
    if part.truth is not None:
        given, right = part.pool.labels, part.truth.labels
        wrong = np.flatnonzero((given != right) & (given >= 0))[: rules.budget]
        names: TextArray = part.pool.ids[wrong]
        words = {
            str(name): part.pool.classes[number]
            for name, number in zip(names, right[wrong], strict=True)
        }
        known["oracle"] = ("every wrong label put right: knows the truth", {"relabel": words})
    return {"nothing": ("the pool as it is", {}), **known}


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
