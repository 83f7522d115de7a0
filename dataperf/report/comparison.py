"""A comparison of results as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dataperf.basics.wording import plural, shorten
from dataperf.boards.compare import Comparison, Line, Pair
from dataperf.boards.disagreements import Disagreement, TrainingDifference
from dataperf.boards.verdicts import p_value
from dataperf.errors import printable
from dataperf.records.card import number
from dataperf.report.cells import table

#: Test rows and ids that are listed; JSON has all.
MOST_ROWS, MOST_IDS = 6, 8


def comparison(found: Comparison) -> RenderableType:
    """Return results compared: verdicts, differences by split and class, rows that differ."""
    head = f"{found.challenge}/{found.board}, compared by {found.metric}"
    parts: list[RenderableType] = [Text(head, style="bold")]
    parts += [Text(printable(f"{letter}  {name}")) for letter, name in found.names.items()]
    parts.append(Text(""))
    parts += [Text(pair.verdict, style="bold green") for pair in found.pairs]
    parts += [Text(""), _lines("SCORE", [pair.score for pair in found.pairs])]
    parts += [Text(""), _lines("SPLITS", found.splits)]
    if found.classes:
        parts += [Text(""), _lines("CLASSES", found.classes)]
    parts.append(Text("p: corrected for the lines of the same table (Holm); intervals are not"))
    detailed = len(found.pairs) == 1
    for pair in found.pairs:
        parts += [Text(""), *_rows(pair, detailed)]
    parts += [Text(f"note: {note}", style="yellow") for note in found.notes]
    return Group(*parts)


def _lines(title: str, lines: Sequence[Line]) -> RenderableType:
    rows = [
        [
            f"{line.a} - {line.b}  {line.where}",
            line.metric,
            f"{line.rows:,}",
            number(line.values[0]),
            number(line.values[1]),
            _difference(line),
            p_value(line.p_value).removeprefix("p = ").removeprefix("p "),
        ]
        for line in lines
    ]
    heads = (title, "metric", "rows", "first", "second", "difference [95 %]", "p")
    return table(*heads, rows=rows)


def _difference(line: Line) -> str:
    found = line.difference
    if found.value is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.value:+.3f}"
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _rows(pair: Pair, detailed: bool) -> list[RenderableType]:
    a, b = pair.score.a, pair.score.b
    parts: list[RenderableType] = [
        Text(f"{a} and {b}: TEST ROWS WHERE THEY DISAGREE", style="italic")
    ]
    for each in pair.disagreements:
        right = f"{each.only_a:,} only {a} has right, {each.only_b:,} only {b}"
        more = f"{each.both_wrong:,} wrong in two ways"
        parts.append(Text(f"{each.split}: of {plural(each.rows, 'row')} {right}, {more}"))
    first = next((each for each in pair.disagreements if each.examples), None)
    if detailed and first is not None:
        parts.append(_examples(first, a, b))
    parts.append(Text(f"{a} and {b}: TRAINING ROWS THAT DIFFER", style="italic"))
    for task in pair.training:
        parts += [Text(printable(line)) for line in _training(task, a, b, detailed)]
    return parts


def _examples(found: Disagreement, a: str, b: str) -> RenderableType:
    """Return a few rows of each kind, with their content."""
    kinds = (found.only_a, found.only_b, found.both_wrong)
    chosen, start = [], 0
    for count in kinds:
        chosen += found.examples[start : start + min(count, -(-MOST_ROWS // len(kinds)))]
        start += count
    rows = [
        [
            printable(each.id),
            each.truth,
            *each.predicted,
            printable(", ".join(f"{name} {value}" for name, value in each.content.items())[:120]),
        ]
        for each in chosen
    ]
    return table(f"on {found.split}", "true", f"{a} says", f"{b} says", "content", rows=rows)


def _training(found: TrainingDifference, a: str, b: str, detailed: bool) -> list[str]:
    only = [(a, found.only_a), (b, found.only_b)]
    counts = [f"{found.shared:,} shared", *(f"{len(ids):,} only in {name}" for name, ids in only)]
    if found.relabelled:
        counts.append(f"{len(found.relabelled):,} with another label")
    lines = [f"{found.task}: {', '.join(counts)}"]
    if detailed:
        lines += [f"  only in {name}: {shorten(ids, MOST_IDS)}" for name, ids in only if ids]
        relabelled = [f"{each} ({one} / {two})" for each, one, two in found.relabelled]
        lines += [f"  other label: {shorten(relabelled, MOST_IDS)}"] if relabelled else []
    return lines
