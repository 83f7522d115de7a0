"""Scores made of several tests, their intervals, and the difference of two scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dataperf.contracts import Metric
from dataperf.records import Estimate, FloatArray
from dataperf.statistics.differences import Difference, difference_of
from dataperf.statistics.estimates import estimate_of
from dataperf.statistics.outcomes import Outcome, average, same_items
from dataperf.statistics.resampling import averages, side_by_side


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
            See ``dataperf.statistics.interval``.

        Examples
        --------
        >>> from dataperf.metrics import accuracy
        >>> truth = np.array([0, 1] * 50)
        >>> Score((Term(accuracy, Outcome(truth, truth[None], 2)),)).interval().value
        1.0
        """
        drawn = [_drawn(term, stream=stream) for stream, term in enumerate(self.terms)]
        return estimate_of(self.value, _total(drawn) + self.offset, [t.outcome for t in self.terms])


def _drawn(term: Term, *, stream: int, resamples: int | None = None) -> FloatArray:
    """Return the term's part of the score in every resample."""
    drawn = averages({"": term.metric}, term.outcome, resamples=resamples, stream=stream)[""]
    return term.scale * drawn


def _total(drawn: Sequence[FloatArray]) -> FloatArray:
    shortest = min(map(len, drawn))
    total: FloatArray = np.sum([each[:shortest] for each in drawn], axis=0)
    return total


def score_difference(a: Score, b: Score, *, resamples: int | None = None) -> Difference:
    """Compare two scores: ``a`` minus ``b``, paired wherever their tests are of the same items.

    Parameters
    ----------
    a, b : Score
        With equally many terms. Tests of different items (where each answer is tested on its own
        items) are resampled independently.
    resamples : int, optional
        As in ``interval``.

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
    drawn = []
    for stream, (one, other) in enumerate(zip(a.terms, b.terms, strict=True)):
        if same_items(one.outcome, other.outcome):
            pair = [one.outcome, other.outcome]
            both = side_by_side(one.metric, pair, resamples=resamples, stream=stream)
            drawn.append(one.scale * both[:, 0] - other.scale * both[:, 1])
            continue
        independent = _drawn(other, stream=stream + len(a.terms), resamples=resamples)
        drawn.append(_drawn(one, stream=stream, resamples=resamples) - independent)
    outcomes = [term.outcome for term in (*a.terms, *b.terms)]
    return difference_of(a.value - b.value, _total(drawn) + a.offset - b.offset, outcomes)
