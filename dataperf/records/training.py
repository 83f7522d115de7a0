"""What a fixed model is trained on, and what a track makes of an answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.records.data import FloatArray, IntArray, TextArray


@dataclass(frozen=True)
class TrainingSet:
    """What the frozen model is trained on: row numbers of the pool and their class ids.

    ``weight`` is the share of its score in the task's score, which is the weighted mean
    over the task's training sets.
    """

    rows: IntArray
    labels: IntArray
    weight: float = 1.0


@dataclass(frozen=True)
class Suspects:
    """Rows of a pool as an audit judges them, for a track that makes an answer of them.

    Parameters
    ----------
    ids : (n,) array of str
    labels : (n,) array of int
        Class ids as given; -1 for rows without a label.
    classes : tuple of str
    scores : (n,) array of float64
        Suspicion scores: probability of the likeliest other class minus that of the given one.
    suggested : (n,) array of int
        Class ids.
    confidence : (n,) array of float64
        Probability of the suggested class.
    flagged : (n,) array of bool
    """

    ids: TextArray
    labels: IntArray
    classes: tuple[str, ...]
    scores: FloatArray
    suggested: IntArray
    confidence: FloatArray
    flagged: NDArray[np.bool_]


@dataclass(frozen=True)
class Plan:
    """What a track makes of an answer to one task.

    Parameters
    ----------
    sets : list of TrainingSet
        All different; what is the same is trained once and weighs more.
    scale, offset : float
        The task's score is ``scale * metric + offset`` (a price may be part of it).
    ranking, flags : list of str or None
        Ids of the pool from most to least suspect, and ids held to be wrong.
    steps : (budget + 1,) array of int or None
        For a series along a budget: which of ``sets`` is trained on after each step.
    places : (budget + 1,) array of int or None
        How much of the budget is spent at each step.
    roles : mapping of str to tuple of int
        For sets that are compared: which of ``sets`` stand for what.
    lines_are_sampled : bool
        Whether the sets are a sample of those that might have come of the same answer.
    tested : array of int or None
        Which rows of every test count, where an answer is tested on what it hands in.
    seeds_are_draws : bool
        Whether every seed's predictions are one draw from what is uncertain of the rows.
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
