"""Rank anybody's table of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataperf.api import arguments
from dataperf.api.arguments import NOTHING, TEXT, TEXTS, Expected, one_of
from dataperf.boards import score_ranking
from dataperf.boards.score_ranking import ScoreRanking
from dataperf.boards.score_table import Columns

FLAG = Expected("True or False", lambda value: isinstance(value, bool))


def rank_scores(
    scores: Any,
    *,
    lower_is_better: bool = False,
    entry: str | None = None,
    item: str | None = None,
    task: str | None = None,
    seed: str | None = None,
    score: str | None = None,
    drop: Sequence[str] = (),
    entries_in: str | None = None,
    missing: str = "items",
) -> ScoreRanking:
    """Rank the entries of any table of scores, with the ranks that chance leaves open.

    A wide table has a line for each entry and a column for each item or task, or the other way
    round. A long table has one score a line. Where items are known, they are the sample; where
    only means of tasks are known, the tasks are.

    Parameters
    ----------
    scores
        A CSV, TSV, Parquet, JSON-lines or JSON file; a data frame; a dict of columns; a list of
        dicts.
    lower_is_better
        Whether a lower score is better.
    entry, item, task, seed, score
        Names of columns. By default they are found by usual names, such as ``model``, ``item_id``,
        ``task_name``, ``seed`` and ``score``.
    drop
        Columns to leave out.
    entries_in
        ``"rows"`` or ``"columns"``: where the entries of a wide table are.
    missing
        What is left out where scores are missing: ``"items"`` or ``"entries"``.

    Returns
    -------
    ScoreRanking
        ``rows`` with rank intervals and scores, ``separable`` pairs, and ``visible``, the smallest
        difference that the table can show.

    Raises
    ------
    Invalid
        If an argument has a wrong type, columns are unknown, scores are not numbers, or too little
        is left to rank. All problems are listed.

    Examples
    --------
    >>> import dataperf
    >>> table = [{"model": "a", **dict.fromkeys("stuvwxyz", 1)}]
    >>> table += [{"model": "b", **dict.fromkeys("stuvwxyz", 0)}]
    >>> [(row.ranks, row.name) for row in dataperf.rank_scores(table).rows]
    [('1', 'a'), ('2', 'b')]
    """
    arguments.check(
        "rank_scores",
        lower_is_better=(lower_is_better, FLAG),
        entry=(entry, TEXT | NOTHING),
        item=(item, TEXT | NOTHING),
        task=(task, TEXT | NOTHING),
        seed=(seed, TEXT | NOTHING),
        score=(score, TEXT | NOTHING),
        drop=(drop, TEXTS),
        entries_in=(entries_in, one_of("rows", "columns") | NOTHING),
        missing=(missing, one_of("items", "entries")),
    )
    columns = Columns(entry, item, task, seed, score, tuple(drop), entries_in, missing)
    return score_ranking.rank(scores, columns, lower_is_better=lower_is_better)
