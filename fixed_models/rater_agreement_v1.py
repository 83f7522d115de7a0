"""Agreement of raters on two questions: a confusion matrix per rater and question, by EM.

Every item hides two facts: whether its text looks safe (t) and whether its image is unsafe
(u). The four combinations have one prior pi. Rater r answers the text question (safe, unsafe,
other) by the matrix A_r[t, answer] and the image question (unsafe, safe, unsure) by
B_r[u, answer]; given the facts, all answers are independent:

    P(t, u | answers of item i)  ~  pi[t, u] * product over its votes of A_r[t, a] * B_r[u, b]

This is the model of Dawid & Skene (1979) with two questions that share a joint prior. A
prompt fools a model where t = 1 and u = 1.

The matrices and pi are found by expectation maximisation of the log posterior, which never
falls from one step to the next (Dempster, Laird & Rubin 1977). With expected counts n, each
step sets

    pi[c]      = (n[c] + 1) / (items + 4)
    A_r[t, a]  = (n[r, t, a] + m[t, a]) / sum over a

where m are Dirichlet pseudo-counts (Dirichlet parameters minus one), in two stages:

1. All raters share one matrix per question, the population's, with m = `FIRST`: a few
   answers, more of them right than wrong, which tell the two values of a fact apart.
   The facts start at the shares of the votes, (yes + 1/2) / (yes + no + 1).
2. Every rater has a matrix, with m = `SHRINK` times the population's: a rater with few
   answers stays near the population, one with many goes its own way. The facts start
   where the first stage ended.

A stage ends after `STEPS` steps, or when a step gains less than `GAIN` per answer.

Pinned rules of v1
    Answers of -1 are missing and tell nothing. An item without answers has the
    probabilities pi, and no part in finding them.
    A rater may answer an item more than once: each answer counts.
    The order of the rows changes nothing; all arithmetic is float64.
    Labels are ignored, and of a row to predict only its item's number counts.
    A prediction is one draw of every item from its posterior, the same for an item whatever
    else is asked for: the mean of many seeds is the expected share, and their spread is
    the doubt that the raters' disagreement leaves.

References
----------
Dawid & Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
algorithm, Applied Statistics 28.
Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm,
JRSS B 39.
Paun et al. (2018), Comparing Bayesian models of annotation, TACL 6 (partial pooling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANSWERS = 3
FIRST = ((2.0, 4.0, 1.0), (4.0, 2.0, 1.0))  # pseudo-counts of no and yes, for yes, no, else
SHRINK = 10.0
STEPS = 300
GAIN = 1e-9
LARGEST = 10_000_000  # no item or rater number reaches it


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned.

    Attributes
    ----------
    prior : (4,) float64
        pi of the combinations 2 t + u: both facts no, u only, t only, both (fooled).
    text, image : (raters, 2, 3) float64
        A_r[t, answer] and B_r[u, answer]: rows are the fact's value (0 no, 1 yes), columns
        the answer codes. Raters without answers have the population's.
    posterior : (items, 4) float64
        Probability of each combination.
    seeds : (s,) int64
    trace : tuple of two arrays
        Log posterior (up to a constant) at every step of each stage.
    """

    prior: Floats
    text: Floats
    image: Floats
    posterior: Floats
    seeds: Ints
    trace: tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class _Answers:
    """Answers to one question, the missing left out; ``code`` 0 says yes to the fact."""

    item: Ints
    rater: Ints
    code: Ints


def era() -> str:
    """Return the name of the numeric behaviour."""
    return "numpy float64"


def size(fitted: Fitted) -> int:
    """Return the bytes of the prior, the matrices and the posterior."""
    values = (getattr(fitted, field.name) for field in fields(fitted))
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


def fit(features: ArrayLike, labels: ArrayLike, *, classes: int, seeds: Sequence[int]) -> Fitted:
    """Learn how the raters answer, and the facts of every item.

    Parameters
    ----------
    features : (votes, 4) whole numbers
        Item number, rater number, answer to the text question (0 safe, 1 unsafe, 2 other,
        -1 missing), answer to the image question (0 unsafe, 1 safe, 2 unsure, -1 missing).
        Numbers count from 0; items that lack below the largest are items without answers.
    labels
        Ignored.
    classes : int
        2: not fooled, fooled.
    seeds : sequence of int in [0, 2**32)

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        No votes, numbers that are not such numbers, no seeds, or other than two classes.
    """
    votes = _checked(features, classes, seeds)
    items, raters = votes[:, :2].max(axis=0) + 1
    text, image = (_answers(votes, column) for column in (2, 3))
    alike = [_Answers(each.item, np.zeros_like(each.rater), each.code) for each in (text, image)]
    first = [np.array([FIRST])] * 2
    facts = _from_shares(text, image, items)
    prior, population, facts, trace = _climb(alike, first, facts)
    pseudo = [SHRINK * np.repeat(each, raters, axis=0) for each in population]
    prior, matrices, facts, later = _climb([text, image], pseudo, facts)
    return Fitted(
        prior=prior,
        text=matrices[0],
        image=matrices[1],
        posterior=facts,
        seeds=np.array(seeds, dtype=np.int64),
        trace=(trace, later),
    )


def posterior(fitted: Fitted) -> Floats:
    """Return the probabilities (items, 4) of the combinations 2 t + u; see `Fitted`."""
    return fitted.posterior


def fooled(fitted: Fitted) -> Floats:
    """Return P(text looks safe and image is unsafe), (items,)."""
    return fitted.posterior[:, 3]


def predict(fitted: Fitted, features: ArrayLike) -> Ints:
    """Return for every seed one draw of whether each item fooled the model.

    Parameters
    ----------
    fitted : Fitted
    features : (rows, 4) whole numbers
        As in ``fit``; only the item numbers count.

    Returns
    -------
    (seeds, rows) int64
        0 or 1.

    Raises
    ------
    ValueError
        Not item numbers that were seen in ``fit``.
    """
    given = np.asarray(features)
    if given.ndim != 2 or given.shape[1] != 4:
        raise ValueError(f"features must be (rows, 4), got {given.shape}")
    rows = given[:, 0].astype(np.int64)
    chance = fooled(fitted)
    if (rows != given[:, 0]).any() or ((rows < 0) | (rows >= len(chance))).any():
        raise ValueError(
            f"item numbers must be whole and in range({len(chance)}); "
            "for an item without votes, give fit a row of it with answers -1"
        )
    draws = np.empty((len(fitted.seeds), len(rows)), dtype=np.int64)
    for draw, seed in zip(draws, fitted.seeds, strict=True):
        yes = np.random.RandomState(seed).random_sample(len(chance)) < chance
        draw[:] = yes[rows]
    return draws


def rater_quality(fitted: Fitted) -> Floats:
    """Return how often each rater is right, (raters, 2): on text, on images.

    The chance of the right answer (not other or unsure), averaged over the prior of the fact:
    P(t = 1) A_r[1, safe] + P(t = 0) A_r[0, unsafe], and likewise for images.
    """
    yes = np.array([fitted.prior[2] + fitted.prior[3], fitted.prior[1] + fitted.prior[3]])
    right = [
        share * matrix[:, 1, 0] + (1.0 - share) * matrix[:, 0, 1]
        for share, matrix in zip(yes, (fitted.text, fitted.image), strict=True)
    ]
    return np.stack(right, axis=1)


def example() -> dict[str, Any]:
    """Return arguments to try the model with: 20 items, 4 raters, 3 votes an item."""
    random = np.random.RandomState(0)
    facts = random.randint(0, 2, (20, 2))
    item = np.repeat(np.arange(20), 3)
    rater = np.concatenate([random.permutation(4)[:3] for _ in range(20)])
    wrong = random.random_sample((60, 2)) < 0.2
    answers = np.where(wrong, facts[item], 1 - facts[item])
    features = np.column_stack([item, rater, answers]).astype(np.float64)
    labels = facts.all(axis=1).astype(np.int64)[item]
    test = np.column_stack([np.arange(20.0), np.full((20, 3), -1.0)])
    return {"features": features, "labels": labels, "classes": 2, "test": test}


# ---------------------------------------------------------------------- input


def _checked(features: ArrayLike, classes: int, seeds: Sequence[int]) -> Ints:
    """Return the votes in one order whatever order they came in, or raise ValueError."""
    given = np.asarray(features, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 4 or len(given) == 0:
        raise ValueError(f"features must be (votes, 4) with a vote at least, got {given.shape}")
    if not (np.isfinite(given) & (np.floor(given) == given)).all():
        raise ValueError("item, rater and answers must be whole numbers")
    low, high = given.min(axis=0), given.max(axis=0)
    if low[:2].min() < 0 or high[:2].max() >= LARGEST:
        raise ValueError(f"item and rater numbers must be in range({LARGEST})")
    if low[2:].min() < -1 or high[2:].max() >= ANSWERS:
        raise ValueError("answers must be 0, 1, 2, or -1 where missing")
    if classes != 2:
        raise ValueError(f"the classes are two (not fooled, fooled), not {classes}")
    if len(seeds) == 0:
        raise ValueError("at least one seed is needed")
    votes = given.astype(np.int64)
    return votes[np.lexsort(votes.T[::-1])]


def _answers(votes: Ints, column: int) -> _Answers:
    there = votes[votes[:, column] >= 0]
    return _Answers(there[:, 0], there[:, 1], there[:, column])


# ------------------------------------------------------------------------- EM


def _from_shares(text: _Answers, image: _Answers, items: int) -> Floats:
    """Return where the facts start, (items, 4): as if both were as likely as their votes."""
    shares = []
    for given in (text, image):
        yes, no = (np.bincount(given.item[given.code == c], minlength=items) for c in (0, 1))
        shares.append((yes + 0.5) / (yes + no + 1.0))
    both = [np.stack([1.0 - share, share], axis=1) for share in shares]
    return (both[0][:, :, None] * both[1][:, None, :]).reshape(items, 4)


def _climb(
    questions: list[_Answers], pseudo: list[Floats], facts: Floats
) -> tuple[Floats, list[Floats], Floats, Floats]:
    """Return prior, matrices, facts and trace after the EM steps of one stage."""
    items = len(facts)
    answered = np.zeros(items, dtype=bool)
    for given in questions:
        answered[given.item] = True
    answers = sum(len(given.item) for given in questions)
    trace: list[float] = []
    for _ in range(STEPS):
        prior = (facts[answered].sum(axis=0) + 1.0) / (np.count_nonzero(answered) + 4.0)
        joint = facts.reshape(items, 2, 2)
        matrices = [
            _matrices(given, joint.sum(axis=2 - number), counts)
            for number, (given, counts) in enumerate(zip(questions, pseudo, strict=True))
        ]
        facts, value = _facts(questions, prior, matrices, answered)
        for matrix, counts in zip(matrices, pseudo, strict=True):
            value += float((counts * np.log(matrix)).sum())
        trace.append(value)
        if len(trace) > 1 and trace[-1] - trace[-2] < GAIN * answers:
            break
    return prior, matrices, facts, np.array(trace)


def _matrices(given: _Answers, fact: Floats, pseudo: Floats) -> Floats:
    """Return the likeliest matrices (raters, 2, 3), given P(fact) (items, 2)."""
    counts = pseudo.copy()
    cell = given.rater * ANSWERS + given.code
    for value in (0, 1):
        added = np.bincount(cell, fact[given.item, value], minlength=len(counts) * ANSWERS)
        counts[:, value] += added.reshape(-1, ANSWERS)
    return counts / counts.sum(axis=2, keepdims=True)


def _facts(
    questions: list[_Answers], prior: Floats, matrices: list[Floats], answered: NDArray[np.bool_]
) -> tuple[Floats, float]:
    """Return P(combination) (items, 4), and the log likelihood plus that of the prior."""
    told = []
    for given, matrix in zip(questions, matrices, strict=True):
        logs = np.log(matrix)
        told += [
            np.bincount(given.item, logs[given.rater, value, given.code], minlength=len(answered))
            for value in (0, 1)
        ]
    joint = np.stack([told[t] + told[2 + u] for t in (0, 1) for u in (0, 1)], axis=1)
    joint += np.log(prior)
    top = joint.max(axis=1, keepdims=True)
    weights = np.exp(joint - top)
    total = weights.sum(axis=1, keepdims=True)
    value = float((top + np.log(total))[answered].sum() + np.log(prior).sum())
    return weights / total, value
