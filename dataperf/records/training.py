"""Training sets, and the plan that a track makes of a submission."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from dataperf.records.data import IntArray


@dataclass(frozen=True)
class TrainingSet:
    """Rows of the pool, with labels, that the frozen model is trained on.

    Parameters
    ----------
    rows : (n,) array of int
        Row numbers of the pool; the order may matter to the model.
    labels : (n,) array of int
        Class ids to train with.
    weight : float
        Share of its score in the task's score, which is the weighted mean over the task's
        training sets.

    Examples
    --------
    >>> import numpy as np
    >>> TrainingSet(np.array([0, 2]), np.array([1, 0])).weight
    1.0
    """

    rows: IntArray
    labels: IntArray
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What is trained and scored for one task of a submission.

    Parameters
    ----------
    sets : list of TrainingSet
        All different: equal sets are trained once, with a higher weight.
    scale, offset : float
        The task's score is ``scale * metric + offset`` (the offset may be a price).
    ranking : list of str or None
        Ids of the pool, the most suspect first.
    flags : list of str or None
        Ids that the submission marks as wrong.
    steps : (steps,) array of int or None
        For a series along a budget: the index in ``sets`` of the set trained on at each step.
    places : (steps,) array of int or None
        Number of rows of the budget that are spent at each step.
    roles : mapping of str to tuple of int
        For sets that are compared: the indices in ``sets`` of each role.
    lines_are_sampled : bool
        Whether the sets are a random sample of those that the answer could have given.
    tested : array of int or None
        Row numbers of the test rows that count, if the submission determines them; None for all.
    seeds_are_draws : bool
        Whether every seed's predictions are one draw from what is uncertain of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> Plan([TrainingSet(np.array([0, 2]), np.array([1, 0]))]).scale
    1.0
    """

    sets: list[TrainingSet]
    scale: float = 1.0
    offset: float = 0.0
    ranking: list[str] | None = None
    flags: list[str] | None = None
    steps: IntArray | None = None
    places: IntArray | None = None
    roles: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    lines_are_sampled: bool = False
    tested: IntArray | None = None
    seeds_are_draws: bool = False
