"""Which rows of own data are tested on: those that a column calls so, or some that are drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics.validation import SHARE
from dataperf.basics.wording import plural
from dataperf.errors import Invalid, Problem
from dataperf.reading.draw import split as drawn
from dataperf.records import IntArray, TextArray

#: The value that a column of parts has in the rows to test on, and those that are plainly pool.
TEST, POOL = "test", ("train", "pool")
LEFT_OUT = "left out"
MOST_SHOWN, MOST_GROUPS = 12, 5


class Rows(Protocol):
    """What is needed of `dataperf.records.rows.Rows`."""

    @property
    def name(self) -> str: ...
    @property
    def ids(self) -> TextArray: ...
    @property
    def features(self) -> NDArray[np.float32]: ...
    @property
    def label(self) -> str: ...
    @property
    def labels(self) -> IntArray: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def split(self) -> TextArray | None: ...
    @property
    def groups(self) -> TextArray | None: ...
    @property
    def truth(self) -> IntArray | None: ...
    @property
    def roles(self) -> Mapping[str, str]: ...
    @property
    def split_named(self) -> bool: ...
    @property
    def strange_truths(self) -> Mapping[str, int]: ...


def by_column(rows: Rows) -> bool:
    """Return whether a column of the data calls some rows test."""
    return rows.split is not None and bool((rows.split == TEST).any())


def in_test(rows: Rows, *, seed: int = 0, test_share: float = SHARE) -> NDArray[np.bool_]:
    """Return which rows are tested on: those that the source calls ``test``, else by `split`.

    Raises
    ------
    Invalid
        If the caller named a column of parts and it calls no row test, every labelled row or
        none, or only some rows of a group.
    DataperfError
        If no split can be drawn.
    """
    if not by_column(rows):
        if rows.split_named:
            raise Invalid(rows.name, [_no_test(rows)])
        return drawn(rows.ids, rows.labels, rows.groups, seed=seed, test_share=test_share)
    called = rows.split == TEST
    tested: NDArray[np.bool_] = called & (rows.labels >= 0)
    problems = []
    if not tested.any():
        problems.append(Problem("no-test", _place(rows), "no row called test has a label"))
    if not (~called & (rows.labels >= 0)).any():
        problems.append(Problem("no-pool", _place(rows), "every labelled row is called test"))
    if rows.groups is not None:
        problems += _parted(rows, np.intersect1d(rows.groups[called], rows.groups[~called]))
    if problems:
        raise Invalid(rows.name, problems)
    return tested


def parts(
    rows: Rows, *, seed: int = 0, test_share: float = SHARE, track: str = "repair"
) -> TextArray:
    """Return the part of every row.

    Returns
    -------
    (n,) array of str
        ``test``, ``pool``, or ``left out``: a row without a label that would be tested on if it
        had one, and any row without a label where the track cannot give it one.
    """
    tested = in_test(rows, seed=seed, test_share=test_share)
    left = rows.labels < 0
    if getattr(registry.load("tracks", track), "GIVES_LABELS", False):
        left = left & _beside(rows, tested)
    return np.where(left, LEFT_OUT, np.where(tested, TEST, "pool"))


def _beside(rows: Rows, tested: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows belong to the test, labelled or not: called so, or of a tested group."""
    if by_column(rows):
        return np.asarray(rows.split == TEST)
    if rows.groups is not None:
        return np.isin(rows.groups, rows.groups[tested])
    return tested


def notes(rows: Rows, part: TextArray) -> list[str]:
    """Return lines on what became of rows whose part is not plain from the data.

    Parameters
    ----------
    rows
        The data.
    part : (n,) array of str
        As `parts` returns it.
    """
    lines = []
    if by_column(rows):
        assert rows.split is not None
        counts = Counter(rows.split[part == "pool"].tolist())
        if set(counts) - set(POOL):
            lines.append(f"pool: {_counted(counts)}")
    left = part == LEFT_OUT
    if count := int(left.sum()):
        called = int((left & (rows.split == TEST)).sum()) if by_column(rows) else 0
        more = f", {called:,} of them called test" if called else ""
        lines.append(f"left out: {plural(count, 'row')} without a label{more}")
    return lines


def told(rows: Rows) -> str:
    """Return in words how the rows to test on are chosen."""
    if by_column(rows):
        return f"as the column {rows.roles.get('split', 'split')} says"
    return "whole groups" if rows.groups is not None else "the same share of every class"


def _no_test(rows: Rows) -> Problem:
    assert rows.split is not None
    counts = Counter(rows.split.tolist())
    alike = [value for value in counts if value.strip().casefold() == TEST]
    rename = f' (rename "{alike[0]}")' if alike else ""
    expected = f'the value "{TEST}" in the rows to test on{rename}; without --split some are drawn'
    return Problem(
        "no-test", _place(rows), f'no row is called "{TEST}": {_counted(counts)}', expected
    )


def _parted(rows: Rows, both: TextArray) -> Iterable[Problem]:
    if len(both):
        shown = ", ".join(both[:MOST_GROUPS].tolist())
        more = f" and {len(both) - MOST_GROUPS:,} more" if len(both) > MOST_GROUPS else ""
        what = f"{len(both):,} {'group is' if len(both) == 1 else 'groups are'} in test and in pool"
        place = f'{_place(rows)}, group "{rows.roles.get("group", "group")}"'
        expected = "each group on one side; or leave --split or --group out"
        yield Problem("parted-groups", place, f"{what}: {shown}{more}", expected)


def _place(rows: Rows) -> str:
    return f'split "{rows.roles.get("split", "split")}"'


def _counted(counts: Counter[str]) -> str:
    """Return values and how many rows have each, the most frequent first."""
    most = counts.most_common(MOST_SHOWN)
    shown = ", ".join(f"{' '.join(value.split())[:60]} {count:,}" for value, count in most)
    more = f" and {len(counts) - MOST_SHOWN:,} more values" if len(counts) > MOST_SHOWN else ""
    return shown + more
