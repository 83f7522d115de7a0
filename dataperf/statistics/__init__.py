"""Intervals, paired tests, ties, random references, ranking and balance scores (pure).

It imports `records` and `contracts`; plug-ins and everything above may import it.
"""

from __future__ import annotations

from dataperf.statistics.balance import imbalance_ratio, normalized_entropy, total_variation
from dataperf.statistics.confusion_matrices import confusion, mean_over_classes, ratio
from dataperf.statistics.differences import Difference, difference, p_values
from dataperf.statistics.estimates import LEVEL, gap, interval, intervals
from dataperf.statistics.outcomes import Outcome, average, per_seed, same_items, score_of
from dataperf.statistics.random_selection import random_selection
from dataperf.statistics.rankings import flag_scores, ranking_scores, suspicion_of
from dataperf.statistics.resampling import RESAMPLES, SEED, SLOW_RESAMPLES
from dataperf.statistics.scores import Score, Term, score_difference
from dataperf.statistics.ties import group_ties, holm

__all__ = [
    "LEVEL",
    "RESAMPLES",
    "SEED",
    "SLOW_RESAMPLES",
    "Difference",
    "Outcome",
    "Score",
    "Term",
    "average",
    "confusion",
    "difference",
    "flag_scores",
    "gap",
    "group_ties",
    "holm",
    "imbalance_ratio",
    "interval",
    "intervals",
    "mean_over_classes",
    "normalized_entropy",
    "p_values",
    "per_seed",
    "random_selection",
    "ranking_scores",
    "ratio",
    "same_items",
    "score_difference",
    "score_of",
    "suspicion_of",
    "total_variation",
]
