"""How far annotators agree, which rows they differ on, and who differs from all others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.evidence import agreement, discretize, measures
from dataperf.evidence.agreement import Consensus, Votes
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Evidence, Finding, Severity
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

title = "Annotator agreement"

#: Krippendorff's customary limits of alpha: reliable, and enough for tentative conclusions.
RELIABLE, TENTATIVE, POOR = 0.8, 0.667, 0.4
#: An annotator stands out this far below the median accuracy of all, beyond chance.
BELOW, ALPHA = 0.1, 0.01
#: Pairs of annotators that get a line each, and classes above which they get no kappa.
PAIRS, CLASSES = 500, 2000


def find(evidence: Evidence) -> Finding | str:
    """Return rows on which annotators differ, with the label they point to, and who differs.

    A row is listed if two answers to it differ, or if they point to another label than the
    given one. ``suggested`` is the consensus of Dawid & Skene's model (``audit.agreement``), its
    ``confidence`` a probability; ``score`` is one minus the probability of the given label, and
    where that is missing, the share of pairs of answers that differ. With a single annotator
    column, the given label is the other annotator.

    An annotator stands out whose accuracy against the consensus is at least 0.1 below the
    median of all, and by a binomial test with Holm's adjusted p-value of at most 0.01.

    Severity: by Krippendorff's alpha: none from 0.8, low from 0.667, medium from 0.4, high
    below; at least medium if an annotator stands out.
    """
    rows = evidence.rows
    if not rows.annotators:
        return "no annotator columns were named"
    answers = {name: np.asarray(each) for name, each in rows.annotators.items()}
    if len(answers) == 1:
        answers[rows.label] = rows.labels
    names = list(answers)
    votes = agreement.votes(np.stack([answers[name] for name in names]), len(rows.classes))
    if not (votes.of_row >= 2).any():
        return "no row was answered by two annotators"
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
    """Return a line for every annotator, the one who differs most first."""
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
    """Return of every annotator the pairs of answers with others, and how many are the same."""
    of_row = votes.of_row
    key = votes.row * votes.classes + votes.answer
    _, place, counts = np.unique(key, return_inverse=True, return_counts=True)
    compared = np.bincount(votes.annotator, of_row[votes.row] - 1, votes.annotators)
    same = np.bincount(votes.annotator, counts[place] - 1, votes.annotators)
    return compared.astype(np.intp), same.astype(np.intp)


def _stand_out(
    accuracy: FloatArray, total: IntArray, share: FloatArray, compared: IntArray
) -> NDArray[np.bool_]:
    """Say who is right, and agrees with others, far less often than the median annotator."""
    from scipy.stats import binom

    known = np.isfinite(accuracy) & (compared > 0)
    out = np.zeros(len(accuracy), dtype=bool)
    if known.sum() < 3:  # of two who differ, none can be told to be the worse one
        return out
    middle = float(np.median(accuracy[known]))
    p = binom.cdf(np.round(accuracy[known] * total[known]), total[known], middle)
    below = (accuracy[known] <= middle - BELOW) & (statistics.holm(p) <= ALPHA)
    out[known] = below & (share[known] < np.median(share[known]))
    return out


def _pairs(names: list[str], answers: list[IntArray], classes: int) -> pd.DataFrame:
    """Return agreement and Cohen's kappa of every pair that answered a row in common."""
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
    how = "Krippendorff's alpha is not defined" if alpha is None else f"alpha {alpha:.2f}"
    text = (
        f"{numbers['annotators']:,} annotators agree on {numbers['agreement']:.1%} of their pairs"
        f" of answers ({how}); on {numbers['rows_with_another_suggestion']:,} rows they point to"
        " another label than the given one"
    )
    out = people[people["stands_out"]]
    if len(out):
        worst: Any = out.iloc[0]
        text += (
            f"; {worst['annotator']} is right on only {worst['accuracy']:.1%},"
            f" half of all on {people['accuracy'].median():.1%} or more"
        )
    return text + "."
