"""The scorecard of one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from dataperf import registry, statistics
from dataperf.basics.wording import agreed, plural
from dataperf.boards import reference_points
from dataperf.boards.reference_points import ReferencePoints
from dataperf.definitions import loading as challenges
from dataperf.errors import ONLY_WARNING, DataperfError, printable
from dataperf.records import Detection, Estimate, Result, SafetyReport, SplitScores, TaskScores
from dataperf.records.card import Curve, number, with_interval
from dataperf.records.cards import curves, wrong_labels
from dataperf.report.cells import table
from dataperf.report.points import published_table, reference_table

#: Length of the longest bar of a curve.
BAR = 40
#: Where the rows with a wrong label are found.
LISTED = "dataperf evaluate --rows FILE lists them"


def full_scorecard(result: Result) -> RenderableType:
    """Return the scorecard of a result with all that is known of its board."""
    if challenges.is_own(result.challenge):
        return scorecard(result, None)
    challenge = challenges.load(result.challenge)
    points = reference_points.load(challenge, result.board)
    return scorecard(result, points, challenge.boards[result.board].published)


def scorecard(
    result: Result, reference: ReferencePoints | None, published: Mapping[str, float] | None = None
) -> RenderableType:
    """Return the scorecard of one result.

    Parameters
    ----------
    result
        The result.
    reference
        Reference points of its board, or None.
    published
        Scores that others published for its board.
    """
    who = f"{result.submission.submitter}: {result.submission.method or 'no method named'}"
    head = f"{result.challenge}/{result.board}   {who}"
    parts: list[RenderableType] = [Text(head, style="bold")]
    if result.status == "failed":
        why = printable(result.error or "")
        return Group(*parts, Text(f"FAILED, not ranked: {why}", style="red"))
    parts += [Text(_headline(result), style="bold green"), _place(result, reference), Text("")]
    if len(result.tasks) == 1:
        parts += _task_parts(*result.tasks.values())
    else:
        parts += [_task_table(result), Text("")]
        if wrong := wrong_labels(result):
            parts += [Text(f"{wrong}\n{LISTED}"), Text("")]
    drawn = [curve for task in result.tasks.items() for curve in curves(*task)]
    if drawn:
        parts += [_curve(drawn[0]) if len(drawn) == 1 else _curves(drawn), Text("")]
    if result.summary:
        parts += [Text(_listed(result.summary)), Text("")]
    if result.safety:
        parts += [_safety(result.safety), Text("")]
    parts.append(_cost(result))
    if reference is not None:
        parts += [Text(""), reference_table(reference, result)]
    if published:
        own = result.score.value if result.score else None
        up = reference is None or reference.higher_is_better
        parts += [Text(""), published_table({**published, "> this submission": own}, up=up)]
    parts += [
        Text(f"warning: {warning.removeprefix(ONLY_WARNING)}", style="yellow")
        for warning in result.warnings
    ]
    if result.rules == "official":
        parts.append(Text("not ranked: scored by the official rules, which can be cheated"))
    if not result.provenance.frozen:
        loose = ", ".join(result.provenance.unfrozen)
        parts.append(Text(f"not ranked: not frozen: {loose}", style="yellow"))
    return Group(*parts)


def _headline(result: Result) -> str:
    if len(result.tasks) == 1:
        (part,) = result.tasks.values()
        splits = list(part.splits)
        if result.score == part.splits[splits[0]].metrics.get(result.metric):
            return f"{result.metric} on {splits[0]}: {with_interval(result.score)}"
        return f"score, from {result.metric}: {with_interval(result.score)}"
    names = ", ".join(result.tasks) if len(result.tasks) < 5 else f"{len(result.tasks)} tasks"
    return f"{result.metric}, mean over {names}: {with_interval(result.score)}"


def _place(result: Result, reference: ReferencePoints | None) -> Text:
    if challenges.is_own(result.challenge):
        (part,) = result.tasks.values()
        rows = next(iter(part.splits.values())).rows
        return Text(
            f"own data {result.provenance.digests['data'][:16]}, {plural(rows, 'test row')}"
        )
    if reference is not None and not reference.random_scores:
        return Text("this board has no random selections to compare with")
    if reference is None:
        return Text("this version of the board has no reference points (dataperf freeze)")
    value = result.score.value if result.score else None
    if value is None:
        return Text("the score is not defined")
    better, level, runs = reference.place(value)
    words = f"better than {better} of {plural(runs, 'random selection')} of the same size"
    least = f"at least {statistics.lowest_share(better + level, runs):.1%} of all such"
    if level:
        return Text(f"{words}, level with {level}: not worse than {least}")
    return Text(f"{words}: {least}")


def _safety(reports: Mapping[str, SafetyReport]) -> RenderableType:
    """Return one line for each safety model."""
    lines = [Text("SAFETY MODELS (no part of the score)", style="italic")]
    for name, part in reports.items():
        found = part.numbers
        agrees = f"kappa with the raters {number(found.get('kappa'))}"
        over = (
            f"({found.get('judged') or 0:.0f} judged; {agrees}, {found.get('compared') or 0:.0f})"
        )
        if part.role == "text":
            safe = None if found.get("unsafe") is None else 1 - (found["unsafe"] or 0)
            lines.append(Text(f"{name}: prompts look safe {number(safe)} {over}"))
        elif part.role == "image":
            lines.append(Text(f"{name}: images unsafe {number(found.get('unsafe'))} {over}"))
        else:
            got = len(part.images) - part.images.count(None)
            line = f"{name}: {plural(got, 'image')} for {plural(len(part.images), 'prompt')}, from {part.option}"
            line += "; none is named by a prompt's id" * (got == 0)
            why = next(iter(part.failed.values()), "")
            lines.append(Text(line + f"; {len(part.failed)} failed: {why}" * bool(part.failed)))
    return Group(*lines)


def _listed(values: Mapping[str, float | None]) -> str:
    return "  ".join(f"{name} {_short(value)}" for name, value in values.items())


def _short(value: float | None) -> str:
    """Return a number with three digits; a count of 2 or more without any."""
    whole = value is not None and value == int(value) and abs(value) >= 2
    return f"{value:,.0f}" if whole else number(value)


def _task_table(result: Result) -> RenderableType:
    """Return one line for every task, with the numbers of its track."""
    keys = list(dict.fromkeys(key for part in result.tasks.values() for key in part.summary))
    splits = list(dict.fromkeys(key for part in result.tasks.values() for key in part.splits))
    rows, notes = [], []
    for name, part in result.tasks.items():
        first = next(iter(part.splits.values()))
        headlines = {key: each.metrics[each.metric].value for key, each in part.splits.items()}
        found = part.detection.ranking if part.detection else None
        rows.append(
            [
                name,
                with_interval(part.score),
                *(_short(part.summary.get(key)) for key in keys),
                *(number(headlines.get(key)) for key in splits[1:]),
                *([number(found.get("average_precision"))] if found else []),
            ]
        )
        others = [each for each in first.metrics if each != first.metric]
        if others:
            listed = ", ".join(f"{key} {number(first.metrics[key].value)}" for key in others)
            notes.append(Text(f"{name}: {listed}", style="dim"))
    ranked = any(part.detection and part.detection.ranking for part in result.tasks.values())
    heads = ("task", "score [95 %]", *keys, *splits[1:], *(["errors found, AP"] * ranked))
    return Group(table(*heads, rows=rows, title="BY TASK"), *notes)


def _task_parts(part: TaskScores) -> list[RenderableType]:
    parts: list[RenderableType] = [_split_table(part), Text("")]
    if "gain" in part.summary:
        parts += [_repair(part), Text("")]
    elif part.summary:
        parts += [Text(_listed(part.summary)), *map(Text, part.notes), Text("")]
    few = all(split.confusion for split in part.splits.values())
    if len(part.training_runs) == 1 and part.balance and few:
        parts += [_class_table(part), Text("")]
    if part.detection is not None and (len(part.training_runs) == 1 or part.detection.ranking):
        parts += [_detection(part.detection, series=len(part.training_runs) > 1), Text("")]
    if part.balance and len(part.training_runs) == 1:
        parts += [_balance(part), Text("")]
    return parts


def _repair(part: TaskScores) -> RenderableType:
    """Return the effect of a repair or a selection, and what it is compared with."""
    found = part.summary
    words = (
        ("the whole pool", "the selected rows", "as many random rows [range]", "THE SELECTION")
        if "chosen" in found
        else ("before", "after the repair", "as many random rows dropped [range]", "THE REPAIR")
    )

    metric = next(iter(part.splits.values())).metric
    up = _higher_is_better(metric)

    def line(name: str, key: str, low: str = "", high: str = "") -> list[str]:
        bounds = Estimate(value=found.get(key), low=found.get(low), high=found.get(high))
        return [name, with_interval(bounds)]

    def gain(name: str, key: str) -> list[str]:
        """Return a line whose number is positive if the metric became better."""
        value, low, high = (found.get(key + end) for end in ("", " low", " high"))
        if not up:
            value, low, high = (None if each is None else -each for each in (value, high, low))
        return [name, with_interval(Estimate(value=value, low=low, high=high))]

    rows = [
        line(words[0], "before"),
        line(words[1], "after"),
        gain("gain [95 %, paired]", "gain"),
        line(words[2], "random", "random lowest", "random highest"),
        gain("gain over those [95 %, paired]", "over random"),
    ]
    parts: list[RenderableType] = []
    if "oracle" in found:
        rows += [
            line("as many wrong labels corrected", "oracle"),
            line("all labels correct", "clean"),
        ]
        kinds = {
            "wrong labels": "wrong labels",
            "put right": "corrected",
            "wrong dropped": "wrong and dropped",
            "spoiled": "made wrong",
            "right dropped": "correct but dropped",
        }
        counts = ", ".join(
            f"{words} {found[name] or 0:.0f}" for name, words in kinds.items() if name in found
        )
        parts.append(Text(f"in the pool: {counts}"))
    head = metric if up else f"{metric} (lower is better)"
    drawn = table("trained on", head, rows=rows, title=words[3])
    return Group(drawn, *parts, *(Text(note, style="bold") for note in part.notes))


def _higher_is_better(metric: str) -> bool:
    """Return the direction of a metric; True for one that is not installed here."""
    try:
        return bool(registry.load("metrics", metric).higher_is_better)
    except DataperfError:
        return True


def _split_table(part: TaskScores) -> RenderableType:
    rows, notes = [], []
    for name, split in part.splits.items():
        worst = split.worst_group
        rows.append(
            [
                name + (" (OOD)" if split.ood else ""),
                split.metric,
                with_interval(split.metrics[split.metric]),
                with_interval(split.gap) if split.gap else "",
                _worst_group(worst) if worst else "",
            ]
        )
        others = [key for key in split.metrics if key != split.metric]
        listed = ", ".join(f"{key} {number(split.metrics[key].value)}" for key in others)
        if listed or _few_groups(split):
            notes.append(f"{name}: {listed}{_few_groups(split)}")
    columns = ("split", "metric", "score [95 %]", "gap to in-dist.", "worst group")
    drawn = table(*columns, rows=rows, title="ACCURACY AND OUT-OF-DISTRIBUTION")
    return Group(drawn, *(Text(note, style="dim") for note in notes))


def _worst_group(worst: Mapping[str, Any]) -> str:
    """Return the worst group with its number of rows, which says how much it means."""
    return f"{worst['group']} {number(worst['value'])} ({plural(worst['rows'], 'row')})"


def _few_groups(split: SplitScores) -> str:
    """Return a note where groups are few: too few for an interval, or for a close one."""
    groups = split.metrics[split.metric].groups
    if groups is None or groups >= statistics.MANY_GROUPS:
        return ""
    if groups < statistics.FEWEST_GROUPS:
        return f"; {plural(groups, 'group')}: too few for an interval"
    return f"; only {groups} groups: the interval is rough"


def _class_table(part: TaskScores) -> RenderableType:
    first, split = next(iter(part.splits.items()))
    counts = part.balance["class"].counts if "class" in part.balance else {}
    names = list(split.per_class)
    rows = [
        [
            name,
            str(counts.get(name, 0)),
            *(number(split.per_class[name].get(key)) for key in ("precision", "recall", "f1")),
            *(f"{value:.1f}" for value in split.confusion[place]),
        ]
        for place, name in enumerate(names)
    ]
    heads = ("class", "selected", "prec.", "recall", "F1", *(f"as {name}" for name in names))
    return table(*heads, rows=rows, title=f"BY CLASS, {first} (mean over seeds)")


def _detection(found: Detection, *, series: bool) -> RenderableType:
    if series:  # every set selects other rows; what counts is the order
        return Text(f"LABEL-ERROR DETECTION  {_ranking(found)}")
    if not found.pool_share:  # a pool without wrong labels: they are the submission's own
        rows = plural(found.selected, "selected row")
        words = agreed(found.selected_defects, f"of {rows} has", f"of {rows} have")
        return Text(f"LABELS  {words} a wrong label\n{LISTED}")
    low, high = found.random.low or 0, found.random.high or 0
    rows = f"the {plural(found.selected, 'selected row')}"
    lines = [
        Text("LABEL-ERROR DETECTION", style="italic"),
        Text(
            f"{agreed(found.selected_defects, f'of {rows} is', f'of {rows} are')} defective "
            f"({found.share:.1%}; pool {found.pool_share:.1%}). Random selection: "
            f"{number(found.random.value, 1)} [{low:.0f}, {high:.0f}], p = {found.p_value:.2g}"
        ),
    ]
    kinds = "  ".join(
        f"{kind} {part['selected']:.0f}/{part['pool']:.0f}"
        for kind, part in found.by_defect.items()
    )
    lines.append(Text(f"by type of defect, selected/in pool: {kinds}"))
    if found.ranking:
        lines.append(Text(f"ranking and flags: {_ranking(found)}"))
    return Group(*lines)


def _ranking(found: Detection) -> str:
    values = (found.ranking or {}).items()
    return "  ".join(f"{key} {number(value)}" for key, value in values if isinstance(value, float))


def _curve(curve: Curve) -> RenderableType:
    """Return some points of a curve, each with a bar from the lowest value to the highest."""
    low, high = min(curve.values), max(curve.values)
    return table(
        *(curve.across, curve.along, ""),
        rows=[
            [f"{x:,.0f}", number(y), "█" * round(BAR * (y - low) / ((high - low) or 1.0))]
            for x, y in curve.some()
        ],
        title=f"{curve.title}: {curve.along} after so many rows are {curve.across}",
        left=(0, 2),
    )


def _curves(found: Sequence[Curve]) -> RenderableType:
    """Return some points of several curves, a line each."""
    tasks = [curve.title.removeprefix("CURVE of ") for curve in found]
    title = f"CURVES: {found[0].along} after so many rows are {found[0].across}"
    if any(list(curve.places) != list(found[0].places) for curve in found):
        rows = [
            [name, ", ".join(f"{number(y)} at {x:,.0f}" for x, y in curve.some(4))]
            for name, curve in zip(tasks, found, strict=True)
        ]
        return table("task", "", rows=rows, title=title, left=(0, 1))
    rows = [[name, *(number(y) for _, y in curve.some(6))] for name, curve in zip(tasks, found)]
    return table("task", *(f"{x:,.0f}" for x, _ in found[0].some(6)), rows=rows, title=title)


def _balance(found: TaskScores) -> RenderableType:
    rows = [
        [
            name,
            number(part.normalized_entropy),
            number(part.imbalance_ratio, 2),
            number(part.total_variation),
            part.reference,
        ]
        for name, part in found.balance.items()
    ]
    heads = ("column", "norm. entropy", "imbalance", "total variation", "against")
    return table(*heads, rows=rows, title="CLASS BALANCE of the selected rows")


def _cost(result: Result) -> Text:
    cost = result.cost
    assert cost is not None
    sets = sum(len(part.training_runs) for part in result.tasks.values())
    over = f" in {sets:,} training sets" if sets > 1 else ""
    return Text(
        f"COST  {plural(cost.train_rows, 'training row')}{over}; trained in {cost.train_seconds:.2f} s, predicted in "
        f"{cost.predict_seconds:.2f} s; peak memory {cost.peak_memory / 2**20:,.0f} MiB; "
        f"model {cost.model_size / 1024:,.0f} KiB"
    )
