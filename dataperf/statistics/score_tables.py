"""Ranks from a table of scores: entries by items, in one or several tasks, with one or more seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dataperf.records import FloatArray
from dataperf.statistics.estimates import t_quantile
from dataperf.statistics.jackknife import joint_df
from dataperf.statistics.ranks import Joint, Ranks, ranks_of

#: Fewest items of a task that give an interval.
FEWEST_ITEMS = 4
#: A table with at most this many different scores is graded: right or wrong, or points.
MOST_GRADES = 11

_ITEMS_ADDED = 4  # items on which two entries differ beyond those that are seen, if graded


@dataclass(frozen=True)
class TableScores:
    """The mean scores of entries, their ranks, and how sure they are.

    Parameters
    ----------
    values : (entries,) array of float64
        The mean over tasks of the mean over items.
    errors : (entries,) array of float64
        Standard error of each, by chance of the items and of the seeds.
    df : float
        Degrees of freedom.
    ranks : Ranks
        The ranks that each entry may have.

    Examples
    --------
    >>> found = rank_table([np.array([[1.0, 0.0] * 40, [1.0, 1.0] * 40])])
    >>> found.values.tolist(), found.ranks.best
    ([0.5, 1.0], [2, 1])
    """

    values: FloatArray
    errors: FloatArray
    df: float
    ranks: Ranks

    @property
    def reach(self) -> FloatArray:
        """Half the width of each entry's 95 % interval (Student's t)."""
        return np.asarray(self.errors * t_quantile(self.df))


def rank_table(
    tasks: Sequence[FloatArray],
    *,
    seeds: Sequence[FloatArray] = (),
    higher_is_better: bool = True,
) -> TableScores:
    """Rank entries by their mean scores, with the ranks that chance leaves open.

    Parameters
    ----------
    tasks : sequence of (entries, items) array of float
        Scores in each task, without gaps; means over the seeds. At least ``FEWEST_ITEMS`` items.
    seeds : sequence of (seeds,) array of float
        For each entry the score of each of its seeds; empty if seeds are not known.
    higher_is_better : bool
        Whether a higher score is better.

    Returns
    -------
    TableScores

    Raises
    ------
    ValueError
        If a task has too few items, or another number of entries.

    Notes
    -----
    Items are compared in pairs: what makes an item hard for all entries cancels. Tasks count as
    they are, and their items as samples. Where seeds are known, their variance is pooled over the
    entries and added. Ranks: see ``ranks``. Where scores are graded (right or wrong), the standard
    error of a pair has four items of difference added, so that near-copies of an entry cost nobody
    a rank.

    Examples
    --------
    >>> table = np.random.RandomState(1).random_sample((3, 50))
    >>> rank_table([table]).ranks.worst
    [3, 3, 3]
    """
    count = len(tasks[0])
    if any(len(task) != count or task.shape[1] < FEWEST_ITEMS for task in tasks):
        raise ValueError(f"tasks of {count} entries and at least {FEWEST_ITEMS} items are needed")
    share = 1 / len(tasks)
    covariance, added, dfs = np.zeros((count, count)), 0.0, []
    for task in tasks:
        items = task.shape[1]
        away = task - task.mean(axis=1, keepdims=True)
        # A sum in a fixed order: a product by BLAS has other last digits on another processor.
        found = np.einsum("ip,jp->ij", away, away) / (items - 1) / items
        covariance += share**2 * found
        added += share**2 * _ITEMS_ADDED / 2 * _step(task) ** 2 / items**2
        dfs.append((share**2 * float(np.diagonal(found).mean()), float(items - 1)))
    variances, row_dfs = zip(*dfs, strict=True)
    by_items = joint_df(variances, row_dfs) if len(tasks) > 1 else row_dfs[0]
    of_seeds, seed_df = _seed_variance(seeds)
    if seed_df:
        covariance[np.diag_indices(count)] += of_seeds / np.array([len(each) for each in seeds])
    mean = of_seeds / np.mean([len(each) for each in seeds]) if seed_df else 0.0
    df = joint_df((sum(variances), float(mean)), (by_items, max(seed_df, 1.0)))
    values = share * np.sum([task.mean(axis=1) for task in tasks], axis=0)
    joint = Joint(covariance, np.full(count, added), df)
    ranks = ranks_of(values, joint, higher_is_better=higher_is_better)
    return TableScores(values, np.sqrt(np.diagonal(covariance) + added / 2), df, ranks)


def _step(task: FloatArray) -> float:
    """Return how much two entries differ on an item where they do, if scores are graded, else 0."""
    if len(np.unique(task)) > MOST_GRADES:
        return 0.0
    spread = task.max(axis=0) - task.min(axis=0)
    apart = spread[spread > 0]
    full = float(task.max() - task.min())
    return float(np.sqrt((apart**2).mean())) if len(apart) else full


def _seed_variance(seeds: Sequence[FloatArray]) -> tuple[float, float]:
    """Return the variance of one seed's score, pooled over entries, and its degrees of freedom."""
    several = [each for each in seeds if len(each) > 1]
    df = float(sum(len(each) - 1 for each in several))
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in several)
    return (squares / df, df) if df else (0.0, 0.0)
