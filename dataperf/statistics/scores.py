"""Scores made of several tests, their intervals, and the difference of two scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import Estimate
from dataperf.statistics.differences import Difference, difference_of, paired_variance
from dataperf.statistics.estimates import fewest_groups, interval, total
from dataperf.statistics.jackknife import joint_df, spread
from dataperf.statistics.outcomes import Outcome, average, same_items


@dataclass(frozen=True)
class Term:
    """A metric of one outcome, and its factor in a score.

    Parameters
    ----------
    metric : Metric
        What is measured.
    outcome : Outcome
        What was predicted.
    scale : float
        The metric is multiplied by it.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> Term(accuracy, Outcome(np.array([0, 1]), np.array([[0, 0]]), 2), scale=2.0).scale
    2.0
    """

    metric: Metric
    outcome: Outcome
    scale: float = 1.0


@dataclass(frozen=True)
class Score:
    """The score that ranks: a sum of metrics of independent tests, plus a constant.

    Parameters
    ----------
    terms : tuple of Term
        At least one; tests that share no items.
    offset : float
        Added to the sum.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> term = Term(accuracy, Outcome(np.array([0, 1]), np.array([[0, 0]]), 2), scale=2.0)
    >>> Score((term,), offset=0.5).value
    1.5
    """

    terms: tuple[Term, ...]
    offset: float = 0.0

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher score is better, as for the metric of the first term."""
        return self.terms[0].metric.higher_is_better

    @property
    def value(self) -> float:
        """The score; nan where a metric is not defined."""
        if len(self.terms) == 1 and self.terms[0].scale == 1.0 and self.offset == 0.0:
            return average(self.terms[0].metric, self.terms[0].outcome)
        parts = [term.scale * average(term.metric, term.outcome) for term in self.terms]
        return float(np.sum(parts) + self.offset)

    def interval(self) -> Estimate:
        """Return the score with its 95 % interval over the items of all tests.

        Returns
        -------
        Estimate
            See ``dataperf.statistics.interval``; those of several tests are joined as independent.

        Examples
        --------
        >>> from dataperf.metrics import accuracy
        >>> truth = np.array([0, 1] * 50)
        >>> Score((Term(accuracy, Outcome(truth, truth[None], 2)),)).interval().value
        1.0
        """
        parts = [(term.scale, interval(term.metric, term.outcome)) for term in self.terms]
        if len(parts) == 1 and parts[0][0] == 1.0 and self.offset == 0.0:
            return parts[0][1]
        groups = fewest_groups([term.outcome for term in self.terms])
        found = total(parts, offset=self.offset, groups=groups)
        return found.model_copy(update={"value": self.value if np.isfinite(self.value) else None})


def score_difference(a: Score, b: Score) -> Difference:
    """Compare two scores: ``a`` minus ``b``, paired wherever their tests are of the same items.

    Parameters
    ----------
    a, b : Score
        With equally many terms. Tests of different items (where each answer is tested on its own
        items) are independent.

    Returns
    -------
    Difference
        See ``difference``.

    Raises
    ------
    ValueError
        If the scores have different numbers of terms.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> truth = np.array([0, 1] * 50)
    >>> good = Score((Term(accuracy, Outcome(truth, truth[None], 2)),))
    >>> bad = Score((Term(accuracy, Outcome(truth, 0 * truth[None], 2)),))
    >>> score_difference(good, bad).estimate.value
    0.5
    """
    variances: list[float] = []
    dfs: list[float] = []
    for one, other in zip(a.terms, b.terms, strict=True):
        found = _apart(one, other)
        if found is None:
            variances = []
            break
        variances.append(found[0])
        dfs.append(found[1])
    joint = (sum(variances), joint_df(tuple(variances), tuple(dfs))) if variances else None
    groups = fewest_groups([term.outcome for term in (*a.terms, *b.terms)])
    return difference_of(a.value - b.value, joint, groups=groups)


def _apart(one: Term, other: Term) -> tuple[float, float] | None:
    """Return the variance of the difference of two terms, and its degrees of freedom."""
    a, b = spread(one.metric, one.outcome), spread(other.metric, other.outcome)
    if a is None or b is None:
        return None
    if same_items(one.outcome, other.outcome):
        found = paired_variance(a.times(one.scale), b.times(other.scale))
        assert found is not None
        return found
    first, second = a.times(one.scale), b.times(other.scale)
    return first.variance + second.variance, joint_df(
        (first.variance, second.variance), (first.df, second.df)
    )
