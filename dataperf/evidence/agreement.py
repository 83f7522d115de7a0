"""Agreement of annotators, and their consensus label (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.records import FloatArray, IntArray

#: Maximum number of classes, and of rows times classes, for one matrix per annotator.
FULL_CLASSES, FULL_CELLS = 20, 20_000_000
STEPS, GAIN = 100, 1e-4
#: Pseudo-counts per row of an annotator's matrix: on the diagonal, and in total off it.
RIGHT, WRONG = 2.0, 1.0


@dataclass(frozen=True)
class Votes:
    """All answers, as (v,) arrays of row, annotator and class id."""

    row: IntArray
    annotator: IntArray
    answer: IntArray
    rows: int
    annotators: int
    classes: int

    @property
    def of_row(self) -> IntArray:
        """Number of answers of each row, (rows,)."""
        return np.bincount(self.row, minlength=self.rows)


@dataclass(frozen=True)
class Consensus:
    """The label that the annotators agree on.

    Parameters
    ----------
    labels : (n,) array of int
        -1 for rows without answers.
    confidence : (n,) array of float
        Probability of that label.
    of_given : (n,) array of float
        Probability of the given label; nan if it or all answers are missing.
    accuracy : (annotators,) array of float
        Probability that an answer of the annotator is correct; nan without answers.
    model
        ``dawid-skene``, or ``one-coin`` if the matrices would be too large.
    """

    labels: IntArray
    confidence: FloatArray
    of_given: FloatArray
    accuracy: FloatArray
    model: str


def votes(answers: NDArray[np.integer], classes: int) -> Votes:
    """Return the answers in an (annotators, n) array of class ids; -1 is missing."""
    annotator, row = np.nonzero(answers >= 0)
    given = answers[annotator, row].astype(np.intp)
    return Votes(row, annotator, given, answers.shape[1], len(answers), classes)


def _counts(votes: Votes) -> Any:
    """Return the number of answers for each row and class, as a sparse (n, classes) table."""
    from scipy.sparse import coo_array

    shape = (votes.rows, votes.classes)
    table = coo_array((np.ones(len(votes.row)), (votes.row, votes.answer)), shape=shape)
    return table.tocsr()


def coefficients(votes: Votes) -> dict[str, float]:
    """Return percent agreement, Fleiss' kappa and Krippendorff's alpha over all annotators.

    Returns
    -------
    dict
        ``agreement`` is the share of equal pairs of answers to the same row (mean over rows with
        two or more answers). ``fleiss_kappa`` allows any number of answers per row.
        ``krippendorff_alpha`` is the nominal one. nan if no row has two answers, or there is only
        one class.

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
    """Return the share of unequal pairs of answers of each row, (n,); nan for fewer than 2 answers."""
    counts = _counts(votes)
    total = votes.of_row.astype(np.float64)
    same = np.asarray(counts.multiply(counts).sum(axis=1)).ravel() - total
    return 1 - statistics.ratio(same, total * (total - 1))


def consensus(votes: Votes, given: IntArray) -> Consensus:
    """Return the consensus label of each row, with annotators weighted by their accuracy.

    Dawid & Skene's model is fitted by expectation maximisation, starting at the shares of answers.
    Each annotator has a confusion matrix with pseudo-counts: 2 on the diagonal, and 1 spread over
    the rest of a row. With more than 20 classes or 20 million cells, each annotator has a single
    accuracy instead, and wrong answers are spread evenly.

    Parameters
    ----------
    votes
        All answers.
    given : (n,) array of int
        The given labels, -1 if missing. They do not influence the consensus.

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
    probabilities = _counts(votes).toarray() / np.maximum(votes.of_row, 1)[:, None]
    prior = np.full((votes.classes, votes.classes), WRONG / max(1, votes.classes - 1))
    np.fill_diagonal(prior, RIGHT)
    cell = annotator * votes.classes + answer
    for _ in range(STEPS):
        matrix = np.empty((votes.annotators, votes.classes, votes.classes))
        for truth in range(votes.classes):
            weights = probabilities[row, truth]
            found = np.bincount(cell, weights, votes.annotators * votes.classes)
            matrix[:, truth] = found.reshape(votes.annotators, votes.classes) + prior[truth]
        matrix /= matrix.sum(axis=2, keepdims=True)
        share = (probabilities[answered].sum(axis=0) + 1) / (answered.sum() + votes.classes)
        logits = np.tile(np.log(share), (votes.rows, 1))
        for truth in range(votes.classes):
            said = np.log(matrix[annotator, truth, answer])
            logits[:, truth] += np.bincount(row, said, votes.rows)
        logits -= logits.max(axis=1, keepdims=True)
        new = np.exp(logits)
        new /= new.sum(axis=1, keepdims=True)
        moved = float(np.abs(new - probabilities)[answered].max(initial=0.0))
        probabilities = new
        if moved < GAIN:
            break
    labels = np.where(answered, probabilities.argmax(axis=1), -1)
    known = answered & (given >= 0)
    of_given = np.full(votes.rows, np.nan)
    of_given[known] = probabilities[known, given[known]]
    right = np.bincount(annotator, probabilities[row, answer], votes.annotators)
    accuracy = statistics.ratio(right, np.bincount(annotator, minlength=votes.annotators))
    confidence = np.where(answered, probabilities.max(axis=1), np.nan)
    return Consensus(labels, confidence, of_given, accuracy, "dawid-skene")


def _one_coin(votes: Votes, given: IntArray) -> Consensus:
    """Consider only classes that an annotator named; all others are too improbable to matter."""
    key = votes.row * votes.classes + votes.answer
    cells, cell = np.unique(key, return_inverse=True)
    row, label = cells // votes.classes, cells % votes.classes
    probabilities = np.bincount(cell) / votes.of_row[row]
    total = np.bincount(votes.annotator, minlength=votes.annotators)
    for _ in range(STEPS):
        right = np.bincount(votes.annotator, probabilities[cell], votes.annotators)
        accuracy = (right + RIGHT) / (total + RIGHT + WRONG)
        weight = np.log(accuracy * (votes.classes - 1) / (1 - accuracy))
        logits = np.bincount(cell, weight[votes.annotator])
        top = np.full(votes.rows, -np.inf)
        np.maximum.at(top, row, logits)
        new = np.exp(logits - top[row])
        new /= np.bincount(row, new, votes.rows)[row]
        moved = float(np.abs(new - probabilities).max(initial=0.0))
        probabilities = new
        if moved < GAIN:
            break
    order = np.lexsort((label, -probabilities, row))
    rows, first = np.unique(row[order], return_index=True)
    labels, confidence = np.full(votes.rows, -1), np.full(votes.rows, np.nan)
    labels[rows], confidence[rows] = label[order][first], probabilities[order][first]
    of_given = np.where((votes.of_row > 0) & (given >= 0), 0.0, np.nan)
    same = given[row] == label
    of_given[row[same]] = probabilities[same]
    accuracy = statistics.ratio(right, total)
    return Consensus(labels.astype(np.intp), confidence, of_given, accuracy, "one-coin")
