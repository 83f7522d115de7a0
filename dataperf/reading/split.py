"""Which rows of own data are test rows: those that a column marks, or a random draw."""

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
from dataperf.reading import draw
from dataperf.records import IntArray, TextArray

#: Values of a split column: test rows, and rows that are certainly in the pool.
TEST, POOL = "test", ("train", "pool")
LEFT_OUT = "left out"
MOST_SHOWN, MOST_GROUPS = 12, 5


class Rows(Protocol):
    """The part of `dataperf.records.rows.Rows` that is needed here."""

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
    """Return whether a column of the data marks some rows as test."""
    return rows.split is not None and bool((rows.split == TEST).any())


def in_test(rows: Rows, *, seed: int = 0, test_share: float = SHARE) -> NDArray[np.bool_]:
    """Return which rows are test rows: those marked ``test`` by a column, else a random draw.

    Parameters
    ----------
    rows
        The data.
    seed, test_share
        Random seed, and share of the labelled rows, of the draw; see `draw.split`.

    Returns
    -------
    (n,) array of bool

    Raises
    ------
    Invalid
        If the caller named a split column that marks no row as test, marks all labelled rows,
        or splits a group.
    DataperfError
        If there are too few rows to draw from.
    """
    if not by_column(rows):
        if rows.split_named:
            raise Invalid(rows.name, [_no_test(rows)])
        return draw.split(rows.ids, rows.labels, rows.groups, seed=seed, test_share=test_share)
    marked = rows.split == TEST
    tested: NDArray[np.bool_] = marked & (rows.labels >= 0)
    problems = []
    if not tested.any():
        problems.append(Problem("no-test", _place(rows), "no test row has a label"))
    if not (~marked & (rows.labels >= 0)).any():
        problems.append(Problem("no-pool", _place(rows), "every labelled row is a test row"))
    if rows.groups is not None:
        problems += _parted(rows, np.intersect1d(rows.groups[marked], rows.groups[~marked]))
    if problems:
        raise Invalid(rows.name, problems)
    return tested


def parts(rows: Rows, *, seed: int = 0, test_share: float = SHARE, track: str) -> TextArray:
    """Return whether each row is in the test, in the pool, or left out.

    Parameters
    ----------
    rows
        The data.
    seed, test_share
        As in `in_test`.
    track
        Name of the track. Only if its answers give labels (``GIVES_LABELS``) can a row of the pool
        be without one.

    Returns
    -------
    (n,) array of str
        ``test``, ``pool`` or ``left out``. Left out are rows without a label: those that belong to
        the test if answers give labels, all of them otherwise.

    Raises
    ------
    Invalid, DataperfError
        As `in_test` does.
    """
    tested = in_test(rows, seed=seed, test_share=test_share)
    left = rows.labels < 0
    if getattr(registry.load("tracks", track), "GIVES_LABELS", False):
        left = left & _belongs_to_test(rows, tested)
    return np.where(left, LEFT_OUT, np.where(tested, TEST, "pool"))


def _belongs_to_test(rows: Rows, tested: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows belong to the test, with a label or not: marked, or of a test group."""
    if by_column(rows):
        return np.asarray(rows.split == TEST)
    if rows.groups is not None:
        return np.isin(rows.groups, rows.groups[tested])
    return tested


def notes(rows: Rows, part: TextArray) -> list[str]:
    """Return notes on rows whose part does not follow from the data alone.

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
        marked = int((left & (rows.split == TEST)).sum()) if by_column(rows) else 0
        more = f", {marked:,} of them test rows" if marked else ""
        lines.append(f"left out: {plural(count, 'row')} without a label{more}")
    return lines


def how_chosen(rows: Rows) -> str:
    """Return in words how the test rows are chosen."""
    if by_column(rows):
        return f"by the column {rows.roles.get('split', 'split')}"
    return "whole groups" if rows.groups is not None else "the same share of every class"


def _no_test(rows: Rows) -> Problem:
    assert rows.split is not None
    counts = Counter(rows.split.tolist())
    alike = [value for value in counts if value.strip().casefold() == TEST]
    rename = f' (rename "{alike[0]}")' if alike else ""
    expected = f'the value "{TEST}" in the test rows{rename}; without --split they are drawn'
    return Problem(
        "no-test", _place(rows), f'no row has the value "{TEST}": {_counted(counts)}', expected
    )


def _parted(rows: Rows, both: TextArray) -> Iterable[Problem]:
    if len(both):
        shown = ", ".join(both[:MOST_GROUPS].tolist())
        more = f" and {len(both) - MOST_GROUPS:,} more" if len(both) > MOST_GROUPS else ""
        what = f"{len(both):,} {'group is' if len(both) == 1 else 'groups are'} in test and in pool"
        place = f'{_place(rows)}, group "{rows.roles.get("group", "group")}"'
        expected = "each group on one side; or run without --split or --group"
        yield Problem("parted-groups", place, f"{what}: {shown}{more}", expected)


def _place(rows: Rows) -> str:
    return f'split "{rows.roles.get("split", "split")}"'


def _counted(counts: Counter[str]) -> str:
    """Return values with their number of rows, the most frequent first."""
    most = counts.most_common(MOST_SHOWN)
    shown = ", ".join(f"{' '.join(value.split())[:60]} {count:,}" for value, count in most)
    more = f" and {len(counts) - MOST_SHOWN:,} more values" if len(counts) > MOST_SHOWN else ""
    return shown + more
