"""Say where the reference points of a board lie too close together for the board to rank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dataperf.boards.reference_points import CLEAN, ORACLE, WHOLE, ReferencePoints
from dataperf.definitions import loading as challenges
from dataperf.records import Challenge, TaskData

#: Reference points that know the true labels, the strongest first, and the answer without changes.
KNOW_THE_TRUTH, NOTHING = (ORACLE, CLEAN), "nothing"
#: Of fewer rows that differ, all in favour of one side, a sign test gives p > 0.05.
FEWEST_ROWS = 6

Score = tuple[float, float, float]


def warnings(
    challenge: Challenge, board: str, found: ReferencePoints, data: Mapping[str, TaskData]
) -> list[str]:
    """Return a sentence for each pair of reference points that the board does not separate.

    The oracle should score above random answers, above the pool as it is and above the baselines,
    and the best baseline above random answers. A board where they do not ranks noise. One score is
    above another if it is better than the range of its runs and if, on a test of one split, the
    difference is at least `FEWEST_ROWS` test rows (or groups of rows).

    Parameters
    ----------
    challenge, board
        The board.
    found
        The reference points of the board.
    data
        The data of its tasks.
    """
    rows = _test_rows(challenge, board, found, data)
    return [f"{board}: {line}" for line in _lines(found, rows)]


def _test_rows(
    challenge: Challenge, board: str, found: ReferencePoints, data: Mapping[str, TaskData]
) -> int | None:
    """Return how many rows or groups the score is measured on; None if it is not their share."""
    scores = [each for point in found.points.values() for each in point.scores[found.split]]
    tasks = challenges.tasks_of(challenge, board)
    if len(tasks) > 1 or not all(0 <= each <= 1 for each in scores):
        return None
    ((name, task),) = tasks.items()
    if found.split != task.ranking[0]:
        return None
    test = data[name].tests[task.ranking[0]]
    return len(test.labels) if test.groups is None else len(set(test.groups.tolist()))


def _lines(found: ReferencePoints, rows: int | None) -> Iterator[str]:
    points = {name: point.scores[found.split] for name, point in found.points.items()}
    chance = {name: each for name, each in points.items() if name.startswith("random")}
    given = (*KNOW_THE_TRUTH, WHOLE, NOTHING, *chance)
    baselines = {name: each for name, each in points.items() if name not in given}
    best, luck = (_best(found, list(each.values())) for each in (baselines, chance))
    known = next((name for name in KNOW_THE_TRUTH if name in points), ORACLE)
    for name, upper, words, lower in (
        (known, points.get(known), "random answers", luck),
        (known, points.get(known), "the pool as it is", points.get(NOTHING)),
        (known, points.get(known), "the best baseline", best),
        ("best baseline", best, "random answers", luck),
    ):
        if upper is None or lower is None:
            continue
        if why := _why_not_above(found, upper, lower, rows):
            yield (
                f"the {name} ({_shown(upper)}) is not clearly above {words} ({_shown(lower)}): {why}"
            )


def _best(found: ReferencePoints, scores: list[Score]) -> Score | None:
    """Return the score with the best mean; None of none."""
    choose = max if found.higher_is_better else min
    return choose(scores, key=lambda each: each[0]) if scores else None


def _why_not_above(found: ReferencePoints, upper: Score, lower: Score, rows: int | None) -> str:
    """Return why one score is not clearly better than another; "" if it is."""
    end = lower[2] if found.higher_is_better else lower[1]
    gain = upper[0] - end if found.higher_is_better else end - upper[0]
    if gain <= 0:
        return "it is no better than their range"
    apart = abs(upper[0] - lower[0])
    if rows is not None and apart * rows < FEWEST_ROWS:
        return (
            f"the difference is {apart * rows:.1f} of {rows:,} test rows or groups, and fewer than "
            f"{FEWEST_ROWS} are not significant"
        )
    return ""


def _shown(score: Score) -> str:
    mean, low, high = score
    return f"{mean:.3f}" if low == high else f"{mean:.3f} [{low:.3f}, {high:.3f}]"
