"""Choose which samples of the pool to train on, up to the board's budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, StrictBool, StrictInt, Tag

from dataperf import selection_helpers
from dataperf.errors import DataperfError, Invalid, Problem, did_you_mean
from dataperf.records import IntArray, Plan, Pool, Record, Suspects, TaskData, TrainingSet
from dataperf.tracks._checks import MOST_SHOWN, few, no_official, repeated, unknown_ids

#: Pools of own data with more rows get fewer random draws.
MANY_ROWS, FEW_DRAWS = 20_000, 5
TRIAL_RULES = {"budget": 9}


class Rules(Record):
    """A board's limits.

    Parameters
    ----------
    budget
        Maximum number of samples in a selection.
    missing_class
        Whether a class without samples is an error or a warning.
    official
        Whether this is a board of DataPerf's speech selection, which has official rules.
    """

    OLD_KEYS = {"cap": "budget"}

    budget: Annotated[StrictInt, Field(ge=1)]
    missing_class: Literal["error", "warning"] = "warning"
    official: StrictBool = False


def _form(value: Any) -> str:
    return "(by class)" if isinstance(value, dict) else "(ids)"


Samples = Annotated[
    Annotated[dict[str, list[str]], Tag("(by class)")] | Annotated[list[str], Tag("(ids)")],
    Discriminator(_form),
]


class Answer(Record):
    """The samples to train on.

    Parameters
    ----------
    samples
        Ids grouped by their class, ``{"one": ["one/clip_0001"], ...}``, or a plain list.
    ranking
        Optional: ids of the pool from most to least likely to be wrong.
    flags
        Optional: ids of rows of the pool that are flagged as wrong.
    """

    samples: Samples
    ranking: list[str] | None = None
    flags: list[str] | None = None


def read(content: Mapping[str, Any], *, official: bool) -> dict[str, Any] | None:
    """Return the answer in DataPerf's speech format, or None if the format is another.

    Where a list of ids is expected, the official evaluator also accepts an object and uses its
    keys. It ignores unknown keys.
    """
    if not {"targets", "nontargets"} & set(content) or "answer" in content:
        return None
    missing = [key for key in ("targets", "nontargets") if key not in content]
    if missing:
        raise Invalid("submission", [Problem("missing-key", key, "required") for key in missing])
    targets, nontargets = content["targets"], content["nontargets"]
    extra = {key: value for key, value in content.items() if key not in ("targets", "nontargets")}
    if not isinstance(targets, dict) or "nontarget" in targets:
        return {"samples": content}
    if official:
        samples = {**targets, "nontarget": nontargets}
        return {"samples": {k: list(v) if isinstance(v, dict) else v for k, v in samples.items()}}
    return {"samples": {**targets, "nontarget": nontargets}, **extra}


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    (task,) = data.values()
    problems = _problems(answer, rules, task)
    if rules.official:
        problems += _official_problems(answer, task)
    if not official:
        return problems
    if not rules.official:
        return no_official()
    accepted = ("duplicate-id", "missing-class")
    return [problem for problem in problems if problem.rule not in accepted]


def _problems(answer: Answer, rules: Rules, data: TaskData) -> list[Problem]:
    rows = data.pool.row_of
    pairs = list(_pairs(answer))
    problems = [
        *_unknown_labels(answer, data),
        *unknown_ids("answer.samples", (name for _, name in pairs), data),
        *repeated("answer.samples", (name for _, name in pairs)),
        *_misfiled(pairs, rows, data),
    ]
    if len(pairs) > rules.budget:
        what = f"{len(pairs):,} samples"
        problems.append(Problem("over-budget", "answer.samples", what, f"at most {rules.budget:,}"))
    if not pairs:
        problems.append(Problem("empty", "answer.samples", "no samples at all"))
    else:
        problems += _missing_classes(pairs, rows, rules, data)
    for field in ("ranking", "flags"):
        listed = getattr(answer, field) or []
        problems += unknown_ids(f"answer.{field}", listed, data)
        problems += repeated(f"answer.{field}", listed)
    return problems


def _official_problems(answer: Answer, data: TaskData) -> list[Problem]:
    """Return a problem for each side without samples, which the official model cannot train on."""
    if not isinstance(answer.samples, dict):
        return [Problem("wrong-type", "answer.samples", "a list", "ids grouped by their word")]
    rest = data.pool.classes[0]
    targets = [name for word, ids in answer.samples.items() if word != rest for name in ids]
    sides = {"targets": targets, "nontargets": answer.samples.get(rest, [])}
    return [Problem("empty", side, "no samples at all") for side, ids in sides.items() if not ids]


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return one training set, with its rows in pool order.

    The frozen model's probability calibration depends on the order of rows. If the answer's
    order counted, it would be a free parameter.
    """
    ((name, task),) = data.items()
    rows = task.pool.row_of
    if official and isinstance(answer.samples, dict):
        chosen = _official_set(answer.samples, rows, task.pool.classes[0])
    else:
        numbers = np.sort(np.array([rows[each] for _, each in _pairs(answer)], dtype=np.intp))
        chosen = TrainingSet(numbers, task.pool.labels[numbers])
    return {name: Plan([chosen], ranking=answer.ranking, flags=answer.flags)}


def _official_set(
    samples: Mapping[str, list[str]], rows: Mapping[str, int], rest: str
) -> TrainingSet:
    """Return rows and labels as DataPerf's speech evaluator makes them.

    Targets come first: words in the order of the file, the clips of a word in the order of its
    table, each once. Nontargets follow: words in order of first appearance, their clips in
    list order, with repeats. A target's class is its position among the words in the file, so
    a missing word shifts the others.
    """
    words = {word: number + 1 for number, word in enumerate(sorted(set(samples) - {rest}))}
    chosen: list[tuple[int, int]] = []
    for word, names in samples.items():
        if word != rest:
            chosen += [(row, words[word]) for row in sorted({rows[name] for name in names})]
    by_word: dict[str, list[str]] = {}
    for name in samples.get(rest, []):
        by_word.setdefault(name.partition("/")[0], []).append(name)
    chosen += [(rows[name], 0) for names in by_word.values() for name in names]
    numbers, labels = np.array(chosen, dtype=np.intp).T
    return TrainingSet(numbers, labels)


def selected(answer: Mapping[str, Any], pool: Pool) -> IntArray:
    """Return the rows of a pool that a strategy's answer chooses, in pool order."""
    names = [name for each in answer["samples"].values() for name in each]
    return np.sort(np.array([pool.row_of[name] for name in names], dtype=np.intp))


def own_rules(pool: int, budget: int | None) -> dict[str, Any]:
    """Return a board's rules on own data, for a pool of ``pool`` rows."""
    return {"budget": pool if budget is None else budget}


def own_compared(pool: int, budget: int | None) -> tuple[str, dict[str, Any]]:
    """Return the track and the rules that compare a selection with random ones."""
    draws = {"random_draws": FEW_DRAWS} if pool > MANY_ROWS else {}
    return "subset", own_rules(pool, budget) | draws


def own_example(pool: Pool, rules: Rules, task: str) -> dict[str, Any]:
    """Return one row of each of the three largest classes."""
    counts = np.bincount(pool.labels[pool.labels >= 0], minlength=len(pool.classes))
    by_name = np.argsort(np.array(pool.classes), kind="stable")
    largest = by_name[np.argsort(-counts[by_name], kind="stable")][: min(3, rules.budget)]
    return {
        "samples": {
            pool.classes[each]: pool.ids[pool.labels == each][:1].tolist()
            for each in largest.tolist()
            if counts[each]
        }
    }


def own_changes(answer: Answer, pool: Pool) -> tuple[NDArray[np.bool_], dict[int, int]]:
    """Return which rows stay, the selected ones, and no new labels."""
    keep = np.zeros(len(pool), dtype=bool)
    keep[[pool.row_of[name] for _, name in _pairs(answer) if name in pool.row_of]] = True
    return keep, {}


def audit_answer(
    suspects: Suspects, *, task: str, budget: int | None, action: str
) -> dict[str, Any]:
    """Return all rows that are not flagged or, within a budget, the least suspicious of each class.

    Raises
    ------
    DataperfError
        If no row would be left to train on.
    """
    labels = suspects.labels
    if budget is None:
        rows = np.flatnonzero(~suspects.flagged & (labels >= 0))
    else:  # as equal numbers of each class as possible
        ranked = [np.flatnonzero(labels == number) for number in range(len(suspects.classes))]
        ranked = [each[np.argsort(suspects.scores[each], kind="stable")] for each in ranked]
        counts = selection_helpers.per_class_counts([len(each) for each in ranked], budget)
        parts = [each[:count] for each, count in zip(ranked, counts, strict=True)]
        rows = np.sort(np.concatenate(parts))
    if not len(rows):
        raise DataperfError("no row would be left to train on; give another budget")
    samples: dict[str, list[str]] = {}
    for row in rows.tolist():
        samples.setdefault(suspects.classes[labels[row]], []).append(str(suspects.ids[row]))
    return {"samples": samples}


def _pairs(answer: Answer) -> Iterable[tuple[str | None, str]]:
    if isinstance(answer.samples, dict):
        for label, names in answer.samples.items():
            yield from ((label, name) for name in names)
    else:
        yield from ((None, name) for name in answer.samples)


def _unknown_labels(answer: Answer, data: TaskData) -> list[Problem]:
    labels = answer.samples if isinstance(answer.samples, dict) else {}
    return [
        Problem(
            "unknown-class",
            "answer.samples",
            f"no class is named {label[:60]!r}",
            did_you_mean(label[:60], data.pool.classes)
            or f"classes: {', '.join(data.pool.classes)}",
        )
        for label in list(labels)[:1000]
        if label not in data.pool.classes
    ][: MOST_SHOWN * 2]


def _misfiled(
    pairs: list[tuple[str | None, str]], rows: Mapping[str, int], data: TaskData
) -> list[Problem]:
    wrong: dict[tuple[str, str], list[str]] = {}
    for label, name in pairs:
        if label in data.pool.classes and name in rows:
            given = data.pool.classes[data.pool.labels[rows[name]]]
            if given != label:
                wrong.setdefault((str(label), given), []).append(name)
    return [
        Problem(
            "misfiled-id",
            f"answer.samples.{label}",
            f'{few(names)}: the pool\'s label is "{given}"',
            f'file them under "{given}"; labels cannot be changed here',
        )
        for (label, given), names in wrong.items()
    ]


def _missing_classes(
    pairs: list[tuple[str | None, str]], rows: Mapping[str, int], rules: Rules, data: TaskData
) -> list[Problem]:
    meant = {label for label, name in pairs if name not in rows}  # reported already as unknown ids
    present = {data.pool.classes[data.pool.labels[rows[name]]] for _, name in pairs if name in rows}
    missing = [name for name in data.pool.classes if name not in present | meant]
    if not missing:
        return []
    what = f"no samples of {', '.join(missing)}"
    expected = "the model can never predict a class it has not seen"
    return [Problem("missing-class", "answer.samples", what, expected, rules.missing_class)]
