"""Intervals, paired tests, ranks, random references, ranking and balance scores (pure).

It imports `records` and `contracts`; plug-ins and everything above may import it.
"""

from __future__ import annotations

from dataperf.statistics.balance import imbalance_ratio, normalized_entropy, total_variation
from dataperf.statistics.confusion_matrices import confusion, mean_over_classes, ratio
from dataperf.statistics.differences import Difference, difference
from dataperf.statistics.estimates import LEVEL, gap, interval, intervals, lowest_share
from dataperf.statistics.jackknife import FEWEST_GROUPS, MANY_GROUPS, SEED, Spread, spread
from dataperf.statistics.multiple_tests import holm
from dataperf.statistics.outcomes import Outcome, average, per_seed, same_items, score_of
from dataperf.statistics.power import POWER, PairVariance, pair_variance
from dataperf.statistics.random_selection import random_selection
from dataperf.statistics.rankings import flag_scores, ranking_scores, suspicion_of
from dataperf.statistics.ranks import Ranks, ranks
from dataperf.statistics.score_tables import FEWEST_ITEMS, TableScores, rank_table
from dataperf.statistics.scores import Score, Term, score_difference
from dataperf.statistics.weightings import Sensitivity, sensitivity

__all__ = [
    "FEWEST_GROUPS",
    "FEWEST_ITEMS",
    "LEVEL",
    "MANY_GROUPS",
    "POWER",
    "SEED",
    "Difference",
    "Outcome",
    "PairVariance",
    "Ranks",
    "Score",
    "Sensitivity",
    "Spread",
    "TableScores",
    "Term",
    "average",
    "confusion",
    "difference",
    "flag_scores",
    "gap",
    "holm",
    "imbalance_ratio",
    "interval",
    "intervals",
    "lowest_share",
    "mean_over_classes",
    "normalized_entropy",
    "pair_variance",
    "per_seed",
    "random_selection",
    "ranking_scores",
    "rank_table",
    "ranks",
    "ratio",
    "same_items",
    "score_difference",
    "score_of",
    "sensitivity",
    "spread",
    "suspicion_of",
    "total_variation",
]
