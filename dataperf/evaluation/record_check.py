"""Check that the parts of a result fit together: what a type cannot say of a stranger's record.

Everything that ranks, prints or verifies a result relies on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dataperf.basics.validation import shown
from dataperf.errors import Invalid, Problem
from dataperf.records import Detection, Result, SplitScores, TaskScores

#: Digests that every result names; a scored one also names its data.
DIGESTS = ("board", "submission")
#: Maximum number of problems in one message: a record can have any number of parts.
MOST = 10


def check(result: Result, subject: str = "result") -> None:
    """Raise Invalid if the parts of a result do not fit together.

    Parameters
    ----------
    result
        A record whose fields have the right types.
    subject
        What is checked, usually a file's name.
    """
    problems = [problem for problem, _ in zip(_problems(result), range(MOST), strict=False)]
    if problems:
        raise Invalid(subject, problems)


def _problems(result: Result) -> Iterator[Problem]:
    scored = result.status == "scored"
    for name in (*DIGESTS, *["data"] * scored):
        if name not in result.provenance.digests:
            yield _missing(f"provenance.digests.{name}")
    if (result.submission.challenge, result.submission.board) != (result.challenge, result.board):
        other = f"{result.submission.challenge}/{result.submission.board}"
        what = f"its submission is to {other}"
        yield Problem("another-board", "submission", what, f"{result.challenge}/{result.board}")
    if not scored:
        return
    if result.score is None:
        yield _missing("score")
    if result.cost is None:
        yield _missing("cost")
    if not result.tasks:
        yield _missing("tasks")
    for name, part in result.tasks.items():
        yield from _task_problems(f"tasks.{_key(name)}", part)


def _task_problems(place: str, part: TaskScores) -> Iterator[Problem]:
    if not part.splits:
        yield _missing(f"{place}.splits")
    if not part.training_runs:
        yield _missing(f"{place}.training_runs")
    for name, split in part.splits.items():
        yield from _split_problems(f"{place}.splits.{_key(name)}", split)
    if part.detection is not None:
        yield from _defect_problems(f"{place}.detection.by_defect", part.detection)


def _split_problems(place: str, split: SplitScores) -> Iterator[Problem]:
    if split.metric not in split.metrics:
        yield _missing(f"{place}.metrics.{_key(split.metric)}", "the headline metric's score")
    classes = len(split.per_class)
    if [len(line) for line in split.confusion] != [classes] * classes:
        what = f"{len(split.confusion):,} rows for {classes:,} classes"
        yield Problem("bad-confusion", f"{place}.confusion", what, "a row and a column a class")
    if (found := split.worst_group) is None:
        return
    expected: dict[str, tuple[type, ...]] = {"group": (str,), "value": (int, float), "rows": (int,)}
    for key, kinds in expected.items():
        value = found.get(key)
        wrong = isinstance(value, bool) or not isinstance(value, kinds)
        if wrong or (isinstance(value, int | float) and abs(value) >= 2**63):
            word = "a text" if str in kinds else "a number"
            what = shown(value) if key in found else "missing"
            yield Problem("wrong-type", f"{place}.worst_group.{key}", what, word)


def _defect_problems(place: str, found: Detection) -> Iterator[Problem]:
    for kind, counts in found.by_defect.items():
        for key in {"pool", "selected"} - set(counts):
            yield _missing(f"{place}.{_key(kind)}.{key}")


def _missing(where: str, expected: str = "") -> Problem:
    return Problem("missing-key", where, "this key is required", expected)


def _key(name: str) -> str:
    return shown(name, 40)[1:-1]
