"""Reference points of a board, and the scores that others published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dataperf.boards.reference_points import ReferencePoints
from dataperf.records import Result
from dataperf.records.card import number
from dataperf.report.cells import defect_share, table

#: The marks around the table of reference points in a challenge's README.
MARKS = ("<!-- headroom -->", "<!-- /headroom -->")
#: Names that a table shows in other words: "trained on nothing" would be untrue.
SHOWN = {"nothing": "unchanged pool"}


def reference_table(reference: ReferencePoints, result: Result | None = None) -> RenderableType:
    """Return a table of reference points, with a line for a result if one is given."""
    columns = list(next(iter(reference.points.values())).scores)
    with_defects = any(point.defect_share is not None for point in reference.points.values())
    rows = [
        (
            point.scores[columns[0]][0],
            [
                SHOWN.get(name, name),
                *(_cell(point.scores[column]) for column in columns),
                "-" if point.defect_share is None else f"{point.defect_share:.1%}",
            ],
        )
        for name, point in reference.points.items()
    ]
    if result is not None and result.score and result.score.value is not None:
        own = [number(value) for value in _own_scores(result, columns)]
        rows.append((result.score.value, ["> this submission", *own, defect_share(result)]))
    up = reference.higher_is_better
    ordered = [row for _, row in sorted(rows, key=lambda pair: -pair[0] if up else pair[0])]
    title = (
        "REFERENCE POINTS: the same frozen model trained on other selections (mean [95 % range])"
    )
    heads = ["trained on", *columns, *(["defective"] * with_defects)]
    drawn = table(*heads, rows=[row[: len(heads)] for row in ordered])
    return Group(Text(title, style="italic"), drawn)


def _own_scores(result: Result, columns: Sequence[str]) -> list[float | None]:
    """Return a result's scores under the names that reference points use."""
    found: dict[str, float | None] = {"score": result.score.value if result.score else None}
    for name, part in result.tasks.items():
        found[name] = part.score.value
        if len(result.tasks) == 1:
            found |= {n: each.metrics[each.metric].value for n, each in part.splits.items()}
    return [found.get(column) for column in columns]


def published_table(scores: Mapping[str, float | None], *, up: bool = True) -> RenderableType:
    """Return a table of the scores that others reported, the best (``up``: the highest) first."""
    ordered = sorted(scores.items(), key=lambda pair: pair[1] or 0.0, reverse=up)
    rows = [[name, number(value)] for name, value in ordered]
    return table("method", "score", rows=rows, title="PUBLISHED (by others, not computed here)")


def headroom(found: Mapping[str, ReferencePoints]) -> str:
    """Return the reference points of several boards as one Markdown table."""
    points = [point for reference in found.values() for point in reference.points.values()]
    splits = list(dict.fromkeys(split for point in points for split in point.scores))
    splits.sort(
        key=lambda split: split != "score"
    )  # the score that ranks, if it is not the metric of a split
    with_defects = any(point.defect_share is not None for point in points)
    heads = [*splits, *(["defective"] * with_defects)]
    lines = ["| board | trained on | " + " | ".join(heads) + " |"]
    lines.append("| --- | --- |" + " ---: |" * len(heads))
    for board, reference in found.items():
        ordered = sorted(
            reference.points.items(),
            key=lambda pair: next(iter(pair[1].scores.values()))[0],
            reverse=not reference.higher_is_better,
        )
        for name, point in ordered:
            cells = " | ".join(
                _cell(point.scores[split]) if split in point.scores else "-" for split in splits
            )
            share = "-" if point.defect_share is None else f"{point.defect_share:.1%}"
            lines.append(
                f"| {board} | {SHOWN.get(name, name)} | {cells} |" + f" {share} |" * with_defects
            )
    return "\n".join(lines)


def _cell(score: tuple[float, float, float]) -> str:
    mean, low, high = score
    return number(mean) if low == high else f"{number(mean)} [{low:.2f}, {high:.2f}]"


def with_headroom(text: str, found: Mapping[str, ReferencePoints]) -> str:
    """Return a challenge's README with its table of reference points filled in."""
    head, mark, rest = text.partition(MARKS[0])
    _, end, tail = rest.partition(MARKS[1])
    if not (mark and end and found):
        return text
    return f"{head}{mark}\n{headroom(found)}\n{end}{tail}"
