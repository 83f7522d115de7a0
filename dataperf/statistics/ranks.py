"""The ranks that each entry of a board may have, from all pairs of entries at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.records import FloatArray
from dataperf.statistics.jackknife import SEED, Spread, joint_df, spread
from dataperf.statistics.scores import Score

#: Share of the draws that the largest quotient stays under. Aiming at 96 % gives the 95 % that is
#: stated: in simulations of small tests, 0.95 gave 93.5 to 95 %.
_LEVEL = 0.96
_DRAWS = 4000  # draws of the largest difference
_FEWER_DRAWS = 2000  # the same for a board of over `_MANY` entries, which takes one step
_MANY = 200
_FEW_PARTS = 120  # with fewer independent parts of a test, all pairs count
_ROWS_ADDED = 4  # rows on which two entries differ beyond those that are seen


@dataclass(frozen=True)
class Ranks:
    """The ranks that each entry may have, and which entries are shown to be better than which.

    Parameters
    ----------
    best, worst : list of int
        The smallest and largest rank of each entry; 1 is the best.
    better : (entries, entries) array of bool
        ``better[i, j]`` says that entry i is shown to be better than entry j.
    visible : float or None
        The difference that half of the pairs would have to exceed to be shown; None without
        pairs that can be compared.

    Examples
    --------
    >>> Ranks([1], [1], np.zeros((1, 1), dtype=bool), None).best
    [1]
    """

    best: list[int]
    worst: list[int]
    better: NDArray[np.bool_]
    visible: float | None


def ranks(scores: Sequence[Score]) -> Ranks:
    """Return the ranks that each entry may have.

    An entry's smallest rank is one more than the number of entries that are shown to be better;
    its largest is the number of entries that it is not shown to beat. With a probability of 95 %,
    the ranks by the true scores are all within, and no pair is shown in the wrong order, however
    many entries there are.

    Parameters
    ----------
    scores : sequence of Score
        One for each entry, of the same tests; in any order.

    Returns
    -------
    Ranks
        An entry without an interval is never shown to be better or worse.

    Notes
    -----
    All pairs are compared at once: a pair is shown to differ if its difference, divided by its
    standard error, exceeds what the largest of all such quotients exceeds in 5 % of samples of
    equal entries (max-T, step-down: Romano & Wolf, Exact and Approximate Stepdown Methods for
    Multiple Hypothesis Testing, Journal of the American Statistical Association 100, 2005; ranks:
    Mogstad, Romano, Shaikh & Wilhelm, Inference for Ranks, Review of Economic Studies 91, 2024).
    The largest is drawn from the normal distribution of the entries' joint jackknife covariance.
    The standard error of a pair has four rows of difference added. So copies of an entry, and
    near-copies, add nothing to what the largest quotient is: they cost nobody a rank. The variance by chance of seeds is pooled over the entries.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> from dataperf.statistics import Outcome, Term
    >>> truth = np.array([0, 1] * 50)
    >>> good = Score((Term(accuracy, Outcome(truth, truth[None], 2)),))
    >>> bad = Score((Term(accuracy, Outcome(truth, 0 * truth[None], 2)),))
    >>> found = ranks([bad, good, good])
    >>> found.best, found.worst
    ([3, 1, 1], [3, 2, 2])
    """
    values = np.array([score.value for score in scores], dtype=np.float64)
    up = not scores or scores[0].higher_is_better
    return ranks_of(values, _joint(scores), higher_is_better=up)


def ranks_of(values: FloatArray, joint: Joint, *, higher_is_better: bool = True) -> Ranks:
    """Return the ranks that each entry may have, from scores and their joint covariance.

    Parameters
    ----------
    values : (entries,) array of float64
        The scores; nan where not defined.
    joint : Joint
        How chance moves them.
    higher_is_better : bool
        Whether a higher score is better.

    Returns
    -------
    Ranks
        See ``ranks``.

    Examples
    --------
    >>> ranks_of(np.array([0.1, 0.9]), Joint(np.eye(2) / 100, np.zeros(2), 99.0)).best
    [2, 1]
    """
    count = len(values)
    better = np.zeros((count, count), dtype=bool)
    known = np.isfinite(values) & (np.diagonal(joint.covariance) >= 0) if count else values > 0
    visible = None
    if known.sum() > 1:
        places = np.flatnonzero(known)
        part, visible = _better(values[places], joint.take(places))
        better[np.ix_(places, places)] = part if higher_is_better else part.T
    return Ranks(
        (1 + better.sum(axis=0)).tolist(), (count - better.sum(axis=1)).tolist(), better, visible
    )


@dataclass(frozen=True)
class Joint:
    """How chance moves several scores together.

    Parameters
    ----------
    covariance : (entries, entries) array of float64
        Covariance of the scores; -1 on the diagonal for an entry without an interval.
    added : (entries,) array of float64
        Half of what is added to the variance of each pair of entries, for each of them.
    df : float
        Degrees of freedom of the variances.

    Examples
    --------
    >>> Joint(np.eye(2), np.zeros(2), 99.0).take(np.array([0])).covariance.shape
    (1, 1)
    """

    covariance: FloatArray
    added: FloatArray
    df: float

    def take(self, places: NDArray[np.intp]) -> Joint:
        """Return the part of some entries.

        Parameters
        ----------
        places : array of int
            Numbers of the entries.

        Returns
        -------
        Joint

        Examples
        --------
        >>> Joint(np.eye(2), np.zeros(2), 99.0).take(np.array([1])).added
        array([0.])
        """
        return Joint(self.covariance[np.ix_(places, places)], self.added[places], self.df)


def _joint(scores: Sequence[Score]) -> Joint:
    """Return the joint jackknife covariance; the variance of an entry without one is -1."""
    count = len(scores)
    covariance, added = np.zeros((count, count)), np.zeros(count)
    missing, dfs = np.zeros(count, dtype=bool), []
    by_rows = by_lines = line_df = 0.0
    for place in range(len(scores[0].terms) if scores else 0):
        terms = [score.terms[place] for score in scores]
        found = [spread(term.metric, term.outcome) for term in terms]
        missing |= np.array([each is None for each in found])
        scaled = [
            None if each is None else each.times(term.scale)
            for each, term in zip(found, terms, strict=True)
        ]
        groups: dict[Hashable, list[int]] = {}
        for entry, term in enumerate(terms):
            if scaled[entry] is not None:
                groups.setdefault(term.outcome.items_key, []).append(entry)
        for members in groups.values():
            parts = np.stack([_known(scaled[entry]).parts for entry in members])
            gram = np.einsum("ip,jp->ij", parts, parts)
            covariance[np.ix_(members, members)] += gram
        here = [each for each in scaled if each is not None]
        pooled = _pooled([each for each in here if each.line_variance > 0])
        for entry, each in enumerate(scaled):
            if each is not None:
                covariance[entry, entry] += each.draws + (pooled if each.line_variance > 0 else 0)
                added[entry] += _ROWS_ADDED / 2 * each.unit**2
                dfs.append(each.parts_df)
                by_rows += each.row_variance
                by_lines += each.line_variance
                line_df += each.line_df if each.line_variance > 0 else 0.0
    np.fill_diagonal(covariance, np.where(missing, -1.0, np.diagonal(covariance)))
    df = joint_df((by_rows, by_lines), (min(dfs, default=1.0), max(line_df, 1.0)))
    return Joint(covariance, added, df)


def _known(found: Spread | None) -> Spread:
    assert found is not None
    return found


def _pooled(found: Sequence[Spread]) -> float:
    """Return the mean variance by chance of the lines."""
    if not found:
        return 0.0
    dfs = np.array([each.line_df for each in found])
    return float(np.array([each.line_variance for each in found]) @ dfs / dfs.sum())


def _better(values: FloatArray, joint: Joint) -> tuple[NDArray[np.bool_], float]:
    """Return which entry is shown to have a higher value than which, and the visible difference."""
    count = len(values)
    variances = np.diagonal(joint.covariance)
    between = variances[:, None] + variances - 2 * joint.covariance
    errors = np.sqrt(np.maximum(between, 0.0) + joint.added[:, None] + joint.added)
    np.fill_diagonal(errors, np.inf)
    errors = np.where(errors > 0, errors, np.inf)
    quotients = np.abs(values[:, None] - values) / errors
    draws = _drawn(joint.covariance, _DRAWS if count <= _MANY else _FEWER_DRAWS)
    distinct = _distinct(between <= joint.added[:, None] + joint.added)
    open_pairs, limit = np.isfinite(errors), np.inf
    while open_pairs.any():
        largest = _largest(draws, np.where(open_pairs, 1 / errors, 0.0))
        first = not np.isfinite(limit)
        pairs = min(int(open_pairs.sum()) // 2, distinct * (distinct - 1) // 2)
        limit = _t_limit(float(np.quantile(largest, _LEVEL)), joint.df, pairs)
        if first:
            visible = limit * float(np.median(errors[np.isfinite(errors)]))
        shown = open_pairs & (quotients > limit)
        open_pairs = open_pairs & ~shown
        if not shown.any() or count > _MANY:
            break
    apart = np.isfinite(errors) & ((quotients > limit) | ~open_pairs)
    return apart & (values[:, None] > values), visible


def _distinct(alike: NDArray[np.bool_]) -> int:
    """Return the number of entries that are not near-copies of an earlier one."""
    return int((~np.tril(alike, -1).any(axis=1)).sum())


def _t_limit(limit: float, df: float, pairs: int) -> float:
    """Return the limit of Student's t with the same tail as a limit of the normal distribution.

    Variances are estimated, from few parts of a test too, and the largest of many quotients lies far
    out, where the tails differ most. From few parts the covariances say too little about how entries
    move together, so that all pairs count (Bonferroni).
    """
    from scipy.special import ndtr, stdtrit

    tail = float(ndtr(-limit))
    if df < _FEW_PARTS:
        tail = min(tail, (1 - _LEVEL) / 2 / max(pairs, 1))
    return float(-stdtrit(df, tail))


def _drawn(covariance: FloatArray, draws: int) -> NDArray[np.float32]:
    """Draw from the normal distribution of a covariance that may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normal = np.random.RandomState(SEED).standard_normal((draws, len(covariance)))
    return np.asarray(normal @ root.T, dtype=np.float32)


def _largest(draws: NDArray[np.float32], weights: FloatArray) -> NDArray[np.float32]:
    """Return the largest weighted difference of any two columns, in each draw."""
    largest = np.zeros(len(draws), dtype=np.float32)
    by_entry, weights = np.ascontiguousarray(draws.T), weights.astype(np.float32)
    for one in range(1, len(by_entry)):
        used = np.flatnonzero(weights[one, :one])
        for start in range(0, len(used), 64):
            others = used[start : start + 64]
            apart = np.abs(by_entry[others] - by_entry[one])
            apart *= weights[one, others][:, None]
            np.maximum(largest, apart.max(axis=0), out=largest)
    return largest
