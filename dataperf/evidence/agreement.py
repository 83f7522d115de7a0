"""Agreement of annotators and the label they point to (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray, IntArray

#: Largest number of classes, and of rows times classes, for a matrix per annotator.
FULL_CLASSES, FULL_CELLS = 20, 20_000_000
STEPS, GAIN = 100, 1e-4
#: Pseudo-answers of every annotator: so many in all on the diagonal and off it.
RIGHT, WRONG = 2.0, 1.0


@dataclass(frozen=True)
class Votes:
    """Every answer given: (v,) arrays of row, annotator and class id."""

    row: IntArray
    annotator: IntArray
    answer: IntArray
    rows: int
    annotators: int
    classes: int

    @property
    def of_row(self) -> IntArray:
        """How many answers each row has."""
        return np.bincount(self.row, minlength=self.rows)


@dataclass(frozen=True)
class Consensus:
    """What the annotators point to.

    Parameters
    ----------
    labels : (n,) array of int
        -1 where nobody answered.
    confidence : (n,) array of float
        Probability of that label.
    of_given : (n,) array of float
        Probability of the label as given; nan where it or all answers are missing.
    accuracy : (annotators,) array of float
        Probability that an answer of theirs is right; nan without answers.
    model
        ``dawid-skene``, or ``one-coin`` where matrices would be too large.
    """

    labels: IntArray
    confidence: FloatArray
    of_given: FloatArray
    accuracy: FloatArray
    model: str


def votes(answers: NDArray[np.integer], classes: int) -> Votes:
    """Return the answers of an (annotators, n) array, in which -1 is missing."""
    annotator, row = np.nonzero(answers >= 0)
    given = answers[annotator, row].astype(np.intp)
    return Votes(row, annotator, given, answers.shape[1], len(answers), classes)


def _counts(votes: Votes) -> Any:
    """Return a sparse (n, classes) table of answers."""
    from scipy.sparse import coo_array

    shape = (votes.rows, votes.classes)
    table = coo_array((np.ones(len(votes.row)), (votes.row, votes.answer)), shape=shape)
    return table.tocsr()


def coefficients(votes: Votes) -> dict[str, float]:
    """Return percent agreement, Fleiss' kappa and Krippendorff's alpha over all annotators.

    Returns
    -------
    dict
        ``agreement``: share of pairs of answers to one row that are the same (the mean over
        rows with two or more). ``fleiss_kappa``: for any number of answers a row.
        ``krippendorff_alpha``: nominal. nan where no row has two answers or there is one class.

    Notes
    -----
    J. Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 76
    (1971). K. Krippendorff, Computing Krippendorff's alpha-reliability (2011).

    Examples
    --------
    >>> found = coefficients(votes(np.array([[0, 0, 1, 1], [0, 1, 1, 1]]), 2))
    >>> {name: round(value, 3) for name, value in found.items()}
    {'agreement': 0.75, 'fleiss_kappa': 0.467, 'krippendorff_alpha': 0.533}
    """
    several = votes.of_row >= 2
    counts = _counts(votes)[np.flatnonzero(several)]
    total = votes.of_row[several].astype(np.float64)
    nothing = float("nan")
    if not len(total):
        return {"agreement": nothing, "fleiss_kappa": nothing, "krippendorff_alpha": nothing}
    same = np.asarray(counts.multiply(counts).sum(axis=1)).ravel() - total
    agreed = same / (total * (total - 1))
    shares = np.asarray(counts.sum(axis=0)).ravel()
    chance = float(((shares / total.sum()) ** 2).sum())
    kappa = (float(agreed.mean()) - chance) / (1 - chance) if chance < 1 else nothing
    pairable = total.sum()
    observed = 1 - float((same / (total - 1)).sum()) / pairable
    expected = 1 - float((shares * (shares - 1)).sum()) / (pairable * (pairable - 1))
    alpha = 1 - observed / expected if expected > 0 else nothing
    return {
        "agreement": float(agreed.mean()),
        "fleiss_kappa": kappa,
        "krippendorff_alpha": float(alpha),
    }


def disagreement(votes: Votes) -> FloatArray:
    """Return of every row the share of pairs of its answers that differ; nan under two answers."""
    counts = _counts(votes)
    total = votes.of_row.astype(np.float64)
    same = np.asarray(counts.multiply(counts).sum(axis=1)).ravel() - total
    return 1 - statistics.ratio(same, total * (total - 1))


def consensus(votes: Votes, given: IntArray) -> Consensus:
    """Return the label that answers point to, weighing annotators by how right they are.

    Expectation maximisation of Dawid & Skene's model: a confusion matrix for every annotator,
    with pseudo-counts (2 on the diagonal, 1 spread over the rest of a row), started at the
    shares of answers. Of more than twenty classes, or very many cells, an annotator has one
    probability of being right instead, wrong answers being spread evenly.

    Parameters
    ----------
    votes
        All answers.
    given : (n,) array of int
        The label as given, which takes no part; -1 where missing.

    Notes
    -----
    A. Dawid & A. Skene, Maximum likelihood estimation of observer error-rates using the EM
    algorithm, Applied Statistics 28 (1979).
    """
    small = votes.classes <= FULL_CLASSES and votes.rows * votes.classes <= FULL_CELLS
    return _dawid_skene(votes, given) if small else _one_coin(votes, given)


def _dawid_skene(votes: Votes, given: IntArray) -> Consensus:
    row, annotator, answer = votes.row, votes.annotator, votes.answer
    answered = votes.of_row > 0
    chances = _counts(votes).toarray() / np.maximum(votes.of_row, 1)[:, None]
    prior = np.full((votes.classes, votes.classes), WRONG / max(1, votes.classes - 1))
    np.fill_diagonal(prior, RIGHT)
    cell = annotator * votes.classes + answer
    for _ in range(STEPS):
        matrix = np.empty((votes.annotators, votes.classes, votes.classes))
        for truth in range(votes.classes):
            weights = chances[row, truth]
            found = np.bincount(cell, weights, votes.annotators * votes.classes)
            matrix[:, truth] = found.reshape(votes.annotators, votes.classes) + prior[truth]
        matrix /= matrix.sum(axis=2, keepdims=True)
        share = (chances[answered].sum(axis=0) + 1) / (answered.sum() + votes.classes)
        logits = np.tile(np.log(share), (votes.rows, 1))
        for truth in range(votes.classes):
            said = np.log(matrix[annotator, truth, answer])
            logits[:, truth] += np.bincount(row, said, votes.rows)
        logits -= logits.max(axis=1, keepdims=True)
        new = np.exp(logits)
        new /= new.sum(axis=1, keepdims=True)
        moved = float(np.abs(new - chances)[answered].max(initial=0.0))
        chances = new
        if moved < GAIN:
            break
    labels = np.where(answered, chances.argmax(axis=1), -1)
    known = answered & (given >= 0)
    of_given = np.full(votes.rows, np.nan)
    of_given[known] = chances[known, given[known]]
    right = np.bincount(annotator, chances[row, answer], votes.annotators)
    accuracy = statistics.ratio(right, np.bincount(annotator, minlength=votes.annotators))
    confidence = np.where(answered, chances.max(axis=1), np.nan)
    return Consensus(labels, confidence, of_given, accuracy, "dawid-skene")


def _one_coin(votes: Votes, given: IntArray) -> Consensus:
    """Only classes that somebody named have a chance; the others' is too small to matter."""
    key = votes.row * votes.classes + votes.answer
    cells, cell = np.unique(key, return_inverse=True)
    row, label = cells // votes.classes, cells % votes.classes
    chances = np.bincount(cell) / votes.of_row[row]
    total = np.bincount(votes.annotator, minlength=votes.annotators)
    for _ in range(STEPS):
        right = np.bincount(votes.annotator, chances[cell], votes.annotators)
        accuracy = (right + RIGHT) / (total + RIGHT + WRONG)
        weight = np.log(accuracy * (votes.classes - 1) / (1 - accuracy))
        logits = np.bincount(cell, weight[votes.annotator])
        top = np.full(votes.rows, -np.inf)
        np.maximum.at(top, row, logits)
        new = np.exp(logits - top[row])
        new /= np.bincount(row, new, votes.rows)[row]
        moved = float(np.abs(new - chances).max(initial=0.0))
        chances = new
        if moved < GAIN:
            break
    order = np.lexsort((label, -chances, row))
    rows, first = np.unique(row[order], return_index=True)
    labels, confidence = np.full(votes.rows, -1), np.full(votes.rows, np.nan)
    labels[rows], confidence[rows] = label[order][first], chances[order][first]
    of_given = np.where((votes.of_row > 0) & (given >= 0), 0.0, np.nan)
    same = given[row] == label
    of_given[row[same]] = chances[same]
    accuracy = statistics.ratio(right, total)
    return Consensus(labels.astype(np.intp), confidence, of_given, accuracy, "one-coin")
