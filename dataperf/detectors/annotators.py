"""Agreement of annotators: rows that they disagree on, and annotators who stand out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.basics.wording import plural
from dataperf.evidence import agreement, discretize, measures
from dataperf.evidence.agreement import Consensus, Votes
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Annotator agreement"

#: Krippendorff's limits of alpha: reliable, good for tentative conclusions; below `POOR` is poor.
RELIABLE, TENTATIVE, POOR = 0.8, 0.667, 0.4
#: An annotator stands out if the accuracy is this far below the median, and significantly so.
BELOW, ALPHA = 0.1, 0.01
#: Maximum number of pairs of annotators listed, and of classes for which kappa is computed.
PAIRS, CLASSES = 500, 2000


def find(evidence: Evidence) -> Finding | str:
    """Find rows that annotators disagree on, and annotators who disagree with the others.

    A row is listed if two answers to it differ, or if the consensus differs from the given label.
    ``suggested`` is the consensus of Dawid & Skene's model (`dataperf.evidence.agreement`), and
    ``confidence`` is its probability. ``score`` is 1 minus the probability of the given label; if
    that label is missing, it is the share of unequal pairs of answers. With a single annotator
    column, the given label counts as the second annotator.

    An annotator stands out if the accuracy against the consensus is at least 0.1 below the median,
    and Holm's adjusted p-value of a binomial test is at most 0.01.

    Severity, by Krippendorff's alpha: none from 0.8, low from 0.667, medium from 0.4, otherwise
    high; at least medium if an annotator stands out.
    """
    rows = evidence.rows
    if not rows.annotators:
        return "no annotator columns were given"
    answers = {name: np.asarray(each) for name, each in rows.annotators.items()}
    if len(answers) == 1:
        answers[rows.label] = rows.labels
    names = list(answers)
    votes = agreement.votes(np.stack([answers[name] for name in names]), len(rows.classes))
    if not (votes.of_row >= 2).any():
        return "no row has answers of two annotators"
    found = agreement.consensus(votes, rows.labels)
    numbers: dict[str, float | int | str | None] = {
        name: None if np.isnan(value) else value
        for name, value in agreement.coefficients(votes).items()
    }
    people = _people(names, votes, found)
    pairs = _pairs(names, [answers[name] for name in names], len(rows.classes))
    table = _rows(rows, votes, found)
    away = table["given"].notna() & (table["given"] != table["suggested"])
    numbers |= {
        "annotators": len(names),
        "rows": len(table),
        "rows_with_two_answers": int((votes.of_row >= 2).sum()),
        "rows_with_another_suggestion": int(away.sum()),
        "standing_out": int(people["stands_out"].sum()),
        "cohen_kappa": float(pairs["kappa"].mean()) if pairs["kappa"].notna().any() else None,
        "pairs_left_out": max(0, len(names) * (len(names) - 1) // 2 - PAIRS),
        "consensus": found.model,
    }
    return Finding(
        kind="annotators",
        title=title,
        sentence=_sentence(numbers, people),
        severity=_severity(numbers),
        table=table,
        numbers=numbers,
        tables={"annotators": people, "pairs": pairs},
    )


def _rows(rows: Rows, votes: Votes, found: Consensus) -> pd.DataFrame:
    differing = agreement.disagreement(votes)
    other = (found.labels >= 0) & (rows.labels >= 0) & (found.labels != rows.labels)
    picked = np.flatnonzero((np.nan_to_num(differing) > 0) | other)
    score = np.where(np.isnan(found.of_given), np.nan_to_num(differing), 1 - found.of_given)
    picked = picked[np.argsort(-score[picked], kind="stable")]
    return discretize.row_table(
        rows,
        picked,
        score[picked],
        given=discretize.class_names(rows, rows.labels[picked]),
        suggested=discretize.class_names(rows, found.labels[picked]),
        confidence=found.confidence[picked],
        answers=votes.of_row[picked],
        disagreement=differing[picked],
    )


def _people(names: list[str], votes: Votes, found: Consensus) -> pd.DataFrame:
    """Return a table with a line for each annotator, the least accurate first."""
    import pandas as pd

    total = np.bincount(votes.annotator, minlength=len(names))
    compared, same = _against_others(votes)
    share = statistics.ratio(same, compared)
    facts = {
        "annotator": names,
        "answers": total,
        "accuracy": found.accuracy,
        "compared": compared,
        "agreement": share,
        "stands_out": _stand_out(found.accuracy, total, share, compared),
    }
    table = pd.DataFrame(facts)
    return table.sort_values("accuracy", kind="stable", ignore_index=True)


def _against_others(votes: Votes) -> tuple[IntArray, IntArray]:
    """Return each annotator's number of pairs of answers with others, and of equal pairs."""
    of_row = votes.of_row
    key = votes.row * votes.classes + votes.answer
    _, place, counts = np.unique(key, return_inverse=True, return_counts=True)
    compared = np.bincount(votes.annotator, of_row[votes.row] - 1, votes.annotators)
    same = np.bincount(votes.annotator, counts[place] - 1, votes.annotators)
    return compared.astype(np.intp), same.astype(np.intp)


def _stand_out(
    accuracy: FloatArray, total: IntArray, share: FloatArray, compared: IntArray
) -> NDArray[np.bool_]:
    """Return who is much less accurate, and agrees less, than the median annotator."""
    from scipy.stats import binom

    known = np.isfinite(accuracy) & (compared > 0)
    out = np.zeros(len(accuracy), dtype=bool)
    if known.sum() < 3:  # of two annotators, neither is known to be the worse one
        return out
    middle = float(np.median(accuracy[known]))
    p = binom.cdf(np.round(accuracy[known] * total[known]), total[known], middle)
    below = (accuracy[known] <= middle - BELOW) & (statistics.holm(p) <= ALPHA)
    out[known] = below & (share[known] < np.median(share[known]))
    return out


def _pairs(names: list[str], answers: list[IntArray], classes: int) -> pd.DataFrame:
    """Return agreement and Cohen's kappa of each pair of annotators with common rows."""
    import pandas as pd

    lines: list[dict[str, Any]] = []
    for a, b in itertools.islice(itertools.combinations(range(len(names)), 2), PAIRS):
        both = (answers[a] >= 0) & (answers[b] >= 0)
        if not both.any():
            continue
        agreed = float((answers[a][both] == answers[b][both]).mean())
        kappa = float("nan")
        if classes <= CLASSES:
            table = measures.crossed(answers[a], answers[b], (classes, classes))
            kappa = measures.kappa(table)
        pair = {"first": names[a], "second": names[b], "rows": int(both.sum())}
        lines.append({**pair, "agreement": agreed, "kappa": kappa})
    table = pd.DataFrame(lines, columns=["first", "second", "rows", "agreement", "kappa"])
    return table.sort_values("kappa", kind="stable", ignore_index=True)


def _severity(numbers: dict[str, Any]) -> Severity:
    alpha = numbers["krippendorff_alpha"]
    found: Severity = "none"
    if alpha is not None and alpha < RELIABLE:
        found = "low" if alpha >= TENTATIVE else "medium" if alpha >= POOR else "high"
    return discretize.gravest(found, "medium" if numbers["standing_out"] else "none")


def _sentence(numbers: dict[str, Any], people: pd.DataFrame) -> str:
    alpha = numbers["krippendorff_alpha"]
    how = "undefined" if alpha is None else f"{alpha:.2f}"
    text = (
        f"{numbers['annotators']:,} annotators agree on {numbers['agreement']:.1%} of their pairs"
        f" of answers (Krippendorff's alpha {how}); on"
        f" {plural(numbers['rows_with_another_suggestion'], 'row')} their consensus is not the given label"
    )
    out = people[people["stands_out"]]
    if len(out):
        worst: Any = out.iloc[0]
        text += (
            f"; {worst['annotator']} is correct on only {worst['accuracy']:.1%} of the rows"
            f" (median annotator {people['accuracy'].median():.1%})"
        )
    return text + "."
