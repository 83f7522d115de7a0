"""How many test rows and seeds show a difference, and how small a difference can be shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dataperf.records import FloatArray
from dataperf.statistics.estimates import LEVEL
from dataperf.statistics.jackknife import Spread, joint_df, spread
from dataperf.statistics.outcomes import Outcome, same_items
from dataperf.statistics.scores import Score, Term

#: Probability with which a plan shows a difference that is there.
POWER = 0.8
#: More test rows or seeds than this count as "no number is enough".
MOST_ROWS, MOST_SEEDS = 10**8, 10**4

_NORMAL_DF = 1e4  # from here on Student's t is normal
_NORMAL_SHIFT = 25.0  # from here on the noncentral t is nearly normal, and hard to compute


@dataclass(frozen=True)
class PairVariance:
    """The variance of a paired difference, by what is drawn by chance.

    Parameters
    ----------
    rows : float
        Variance by the test rows, at the number of rows that were measured and with very many
        seeds.
    both : float
        Variance by the rows within one seed, at that number of rows.
    seeds : float
        Variance by one seed, with very many test rows.
    added : float
        What the test adds for rows on which the two may differ, at that number of rows.
    count : int
        Number of test rows that were measured.
    seed_count : int
        Number of seeds that were measured; 1 if seeds are not by chance.
    parts : float
        Number of independent parts of the test: rows, or groups of rows.

    Examples
    --------
    >>> made = PairVariance(rows=0.0005, both=0.0, seeds=0.0, added=0.0, count=400,
    ...                     seed_count=1, parts=400)
    >>> made.rows_needed(0.02)
    3927
    """

    rows: float
    both: float
    seeds: float
    added: float
    count: int
    seed_count: int
    parts: float

    def power(
        self,
        difference: float,
        rows: float | None = None,
        seeds: int | None = None,
        comparisons: int = 1,
    ) -> float:
        """Return the probability that a true difference is shown.

        Parameters
        ----------
        difference : float
            The true difference.
        rows, seeds : int, optional
            Number of test rows and seeds; those that were measured by default. Several tests
            grow in proportion.
        comparisons : int
            Number of comparisons that the p-value is corrected for (Bonferroni).

        Returns
        -------
        float
            0 to 1.

        Notes
        -----
        The distribution of the test's quotient is the noncentral t; Johnson, Kotz & Balakrishnan,
        Continuous Univariate Distributions 2 (1995), chapter 31. The degrees of freedom are those
        of the test.

        Examples
        --------
        >>> made = PairVariance(0.0001, 0.0, 0.0, 0.0, 400, 1, 400)
        >>> round(made.power(0.028), 2)
        0.8
        """
        from scipy.special import nctdtr, ndtr, stdtrit

        more = (self.count if rows is None else rows) / self.count
        count = self.seed_count if seeds is None else seeds
        per_seed = self.seeds + self.both / more
        true = self.rows / more + per_seed / count
        by_rows = (self.rows + self.both / count) / more + self.added / more**2
        by_seeds = per_seed / count if count > 1 and self.seed_count > 1 else 0.0
        df = joint_df((by_rows, by_seeds), (max(self.parts * more - 1, 1.0), max(count - 1, 1)))
        limit = float(stdtrit(df, 1 - (1 - LEVEL) / 2 / comparisons))
        seen = by_rows + by_seeds
        if true <= 0:
            return float(abs(difference) > limit * np.sqrt(seen))
        shift, limit = abs(difference) / np.sqrt(true), limit * np.sqrt(seen / true)
        if df > _NORMAL_DF or shift > _NORMAL_SHIFT:
            return float(ndtr((shift - limit) / np.sqrt(1 + limit**2 / (2 * df))))
        return float(1 - nctdtr(df, shift, limit))

    def rows_needed(
        self,
        difference: float,
        seeds: int | None = None,
        power: float = POWER,
        comparisons: int = 1,
    ) -> int | None:
        """Return how many test rows show a difference with a given power.

        Parameters
        ----------
        difference : float
            The true difference.
        seeds : int, optional
            Number of seeds; as measured by default.
        power : float
            Probability, 0 to 1.
        comparisons : int
            See `power`.

        Returns
        -------
        int or None
            None if no number of rows is enough, because seeds matter too much.

        Examples
        --------
        >>> PairVariance(0.0001, 0.0, 0.001, 0.0, 400, 3, 400).rows_needed(0.01) is None
        True
        """
        least = max(2, int(np.ceil(2 * self.count / self.parts)))
        return _least(
            lambda rows: self.power(difference, rows, seeds, comparisons) >= power, least, MOST_ROWS
        )

    def seeds_needed(
        self,
        difference: float,
        rows: int | None = None,
        power: float = POWER,
        comparisons: int = 1,
    ) -> int | None:
        """Return how many seeds show a difference with a given power.

        Parameters
        ----------
        difference : float
            The true difference.
        rows : int, optional
            Number of test rows; as measured by default.
        power, comparisons
            See `rows_needed`.

        Returns
        -------
        int or None
            None if no number of seeds is enough, because the test has too few rows.

        Examples
        --------
        >>> PairVariance(0.00001, 0.0, 0.001, 0.0, 400, 3, 400).seeds_needed(0.02)
        26
        """
        if self.seed_count < 2:
            return 1 if self.power(difference, rows, 1, comparisons) >= power else None
        return _least(
            lambda seeds: self.power(difference, rows, seeds, comparisons) >= power, 2, MOST_SEEDS
        )

    def visible(
        self,
        rows: int | None = None,
        seeds: int | None = None,
        power: float = POWER,
        comparisons: int = 1,
    ) -> float:
        """Return the smallest difference that is shown with a given power.

        Parameters
        ----------
        rows, seeds : int, optional
            As in `power`.
        power, comparisons
            See `rows_needed`.

        Returns
        -------
        float

        Examples
        --------
        >>> round(PairVariance(0.0001, 0.0, 0.0, 0.0, 400, 1, 400).visible(), 3)
        0.028
        """
        low, high = 0.0, 1e-6
        while self.power(high, rows, seeds, comparisons) < power and high < 1e6:
            high *= 2
        for _ in range(50):
            middle = (low + high) / 2
            enough = self.power(middle, rows, seeds, comparisons) >= power
            low, high = (low, middle) if enough else (middle, high)
        return high

    def times(self, factor: float) -> PairVariance:
        """Return the variances times a factor.

        Parameters
        ----------
        factor : float
            What every variance is multiplied by.

        Returns
        -------
        PairVariance

        Examples
        --------
        >>> PairVariance(0.5, 0.0, 0.0, 0.0, 400, 1, 400).times(2.0).rows
        1.0
        """
        names = ("rows", "both", "seeds", "added")
        changed = {name: getattr(self, name) * factor for name in names}
        return dataclasses.replace(self, **changed)


def pair_variance(a: Score, b: Score) -> PairVariance | None:
    """Measure the variance of the difference of two scores, by source.

    Parameters
    ----------
    a, b : Score
        With equally many terms; see ``score_difference``.

    Returns
    -------
    PairVariance or None
        None where a score has no interval.

    Notes
    -----
    An analysis of variance of the jackknife's influences, rows by seeds (two-way random effects):
    Searle, Casella & McCulloch, Variance Components (1992), chapter 4.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> good = Score((Term(accuracy, Outcome(truth, truth[None], 2)),))
    >>> bad = Score((Term(accuracy, Outcome(truth, 0 * truth[None], 2)),))
    >>> found = pair_variance(good, bad)
    >>> found.count, round(found.rows, 4)
    (100, 0.0025)
    """
    found = [_of_terms(one, other) for one, other in zip(a.terms, b.terms, strict=True)]
    parts = [each for each in found if each is not None]
    if not parts or len(parts) < len(found):
        return None
    return PairVariance(
        rows=sum(each.rows for each in parts),
        both=sum(each.both for each in parts),
        seeds=sum(each.seeds for each in parts),
        added=sum(each.added for each in parts),
        count=sum(each.count for each in parts),
        seed_count=min(each.seed_count for each in parts),
        parts=min(each.parts for each in parts),
    )


def _of_terms(one: Term, other: Term) -> PairVariance | None:
    a, b = spread(one.metric, one.outcome), spread(other.metric, other.outcome)
    if a is None or b is None:
        return None
    a, b = a.times(one.scale), b.times(other.scale)
    paired = same_items(one.outcome, other.outcome)
    by_rows = float(((a.parts - b.parts) ** 2).sum()) if paired else a.row_variance + b.row_variance
    by_rows += a.draws + b.draws if paired else 0.0
    seeds = min(max(len(a.lines), 1), max(len(b.lines), 1))
    both = 0.0
    if paired and len(a.lines) == len(b.lines) > 1:
        by_seeds = float((a.lines - b.lines).var(ddof=1))
        each = _by_seed(one) - _by_seed(other)
        both = float(each.var(axis=0, ddof=1).sum())
    else:
        by_seeds = a.line_variance * max(len(a.lines), 1) + b.line_variance * max(len(b.lines), 1)
    return PairVariance(
        rows=max(by_rows - both / seeds, 0.0),
        both=both,
        seeds=max(by_seeds - both, 0.0),
        added=a.unit**2 + b.unit**2,
        count=one.outcome.rows,
        seed_count=seeds,
        parts=min(a.parts_df, b.parts_df) + 1,
    )


def _by_seed(term: Term) -> FloatArray:
    """Return how much each part of the test moves the value of each seed, (seeds, parts)."""
    outcome, found = term.outcome, []
    for line in outcome.predicted:
        part = Outcome(outcome.truth, line[None], outcome.classes, outcome.clusters)
        alone: Spread | None = spread(term.metric, part)
        assert alone is not None
        found.append(alone.parts * term.scale)
    return np.stack(found)


def _least(enough: Callable[[int], bool], low: int, most: int) -> int | None:
    """Return the smallest whole number that is enough, None if ``most`` is not."""
    if enough(low):
        return low
    high = low
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
