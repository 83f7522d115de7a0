"""Label errors: labels that out-of-fold models reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.evidence import calibration
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Finding, Severity

if TYPE_CHECKING:
    import pandas as pd

title = "Label errors"

#: Minimum number of rows, and of rows of a class, to judge labels.
FEWEST, FEWEST_OF_CLASS = 20, 3


def find(evidence: Any) -> Finding | str:
    """Rank labels by margin (best other class minus given label) and flag the worst.

    The threshold has the highest expected F1. The number of flagged labels that are wrong is
    estimated by injecting errors (see `dataperf.evidence.calibration`). Nothing is flagged if the
    interval of the share of errors begins at 0. Errors between similar classes cannot be
    distinguished from correct labels of hard rows, so both estimates are lower bounds. The table
    has all rows for which another class is more probable, flagged or not. The column
    ``confident_learning`` marks the rows that the package cleanlab would flag (Northcutt, Jiang &
    Chuang, Confident learning, JAIR 70, 2021, section 3), without a correction for chance.
    """
    rows = evidence.rows
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    judged = np.flatnonzero((rows.labels >= 0) & (counts[rows.labels] >= FEWEST_OF_CLASS))
    if len(judged) < FEWEST:
        return f"only {len(judged)} rows in classes of at least {FEWEST_OF_CLASS}; {FEWEST} needed"
    if len(np.unique(rows.labels[judged])) < 2:
        return f"only one class has at least {FEWEST_OF_CLASS} rows"
    probabilities = evidence.probabilities
    given = rows.labels[judged]
    scores, suggested = calibration.margins(probabilities[judged], given)
    evidence.progress("injecting errors", 0, None)
    found = calibration.calibrate(
        scores,
        probabilities,
        rows.labels,
        judged,
        rerun=evidence.relabelled,
        seed=evidence.seed,
    )
    best = found.best()
    flagged = (scores >= found.thresholds[best]) & (found.share_low > 0)
    also = _confident_learning(probabilities[judged], given)
    table = _table(evidence, judged, scores, suggested, flagged, also)
    numbers = _numbers(found, best, flagged, also)
    return Finding(
        kind="label_errors",
        title=title,
        sentence=_sentence(numbers, len(judged)),
        severity=_severity(found, int(also.sum())),
        table=table,
        numbers=numbers,
        tables={
            "transition": _transition(rows.classes, given, suggested, flagged),
            "thresholds": _thresholds(found),
        },
    )


def _confident_learning(probabilities: NDArray[np.float32], given: IntArray) -> NDArray[np.bool_]:
    from cleanlab.filter import find_label_issues

    present = np.unique(given)  # the package needs classes 0, 1, 2, ... without gaps
    part = probabilities[:, present].astype(np.float64)
    part /= part.sum(axis=1, keepdims=True)
    flags: NDArray[np.bool_] = find_label_issues(
        np.searchsorted(present, given), part, n_jobs=1, filter_by="prune_by_noise_rate"
    )
    return flags


def _table(
    evidence: Any,
    judged: IntArray,
    scores: FloatArray,
    suggested: IntArray,
    flagged: NDArray[np.bool_],
    also: NDArray[np.bool_],
) -> pd.DataFrame:
    """Return a table of the rows for which another class is more probable, the worst first."""
    import pandas as pd

    rows = evidence.rows
    kept = np.flatnonzero((scores > 0) | flagged | also)
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    names = np.array(rows.classes, dtype=object)
    at = judged[kept]
    return pd.DataFrame(
        {
            "row": at,
            "id": rows.ids[at],
            "score": (scores[kept] + 1) / 2,
            "flagged": flagged[kept],
            "given": names[rows.labels[at]],
            "suggested": names[suggested[kept]],
            "confidence": evidence.probabilities[at, suggested[kept]].astype(np.float64),
            "given_confidence": evidence.probabilities[at, rows.labels[at]].astype(np.float64),
            "confident_learning": also[kept],
        }
    )


def _numbers(
    found: calibration.Calibration, best: int, flagged: NDArray[np.bool_], also: NDArray[np.bool_]
) -> dict[str, float | int | str | None]:
    count = int(flagged.sum())
    real = min(float(found.real[best]), count) if count else 0.0
    return {
        "judged": found.scored,
        "flagged": count,
        "threshold": (float(found.thresholds[best]) + 1) / 2 if count else None,
        "expected_real": round(real, 1),
        "low": round(min(float(found.low[best]), count), 1) if count else 0.0,
        "high": round(min(float(found.high[best]), count), 1) if count else 0.0,
        "precision_estimate": round(real / count, 4) if count else None,
        "recall_estimate": round(float(found.found[best]), 4) if count else None,
        "noise_rate": round(found.share, 5),
        "noise_low": round(found.share_low, 5),
        "noise_high": round(found.share_high, 5),
        "injected": found.injected,
        "confident_learning": int(also.sum()),
    }


def _sentence(numbers: dict[str, Any], judged: int) -> str:
    plain = f"{numbers['confident_learning']:,} ({numbers['confident_learning'] / judged:.1%})"
    if numbers["flagged"]:
        return (
            f"{numbers['flagged']:,} of {judged:,} labels are flagged; about "
            f"{numbers['expected_real']:,.0f} [{numbers['low']:,.0f}, {numbers['high']:,.0f}] of them are "
            f"expected to be wrong. At least {numbers['noise_rate']:.1%} of all labels are estimated "
            f"to be wrong. Confident learning would flag {plain}."
        )
    if not numbers["confident_learning"]:
        return f"None of the {judged:,} labels looks wrong."
    return (
        f"No label is flagged: the most suspicious of {judged:,} rows cannot be distinguished from "
        f"correct but hard ones. Confident learning would flag {plain}. Errors between similar "
        "classes can only be found by inspection: begin with the first rows of the table."
    )


def _severity(found: calibration.Calibration, plain: int) -> Severity:
    """Return high from 5 % wrong labels, medium from 1 %, low if there are any.

    Also low if confident learning would flag 1 %: these rows may be errors, or correct but hard.
    """
    if found.share_low >= 0.05:
        return "high"
    if found.share_low > 0 and found.share >= 0.01:
        return "medium"
    return "low" if found.share_low > 0 or plain >= 0.01 * found.scored else "none"


def _transition(
    classes: tuple[str, ...], given: IntArray, suggested: IntArray, flagged: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return the noise matrix if all flags were correct: true class by given class, rows sum to 1."""
    import pandas as pd

    counts = statistics.confusion(np.where(flagged, suggested, given), given, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return pd.DataFrame(shares, index=pd.Index(classes, name="true"), columns=list(classes))


def _thresholds(found: calibration.Calibration) -> pd.DataFrame:
    """Return the expected numbers at each threshold, for users who want another one."""
    import pandas as pd

    return pd.DataFrame(
        {
            "threshold": (found.thresholds + 1) / 2,
            "flagged": np.round(found.flagged),
            "expected_real": found.real,
            "low": found.low,
            "high": found.high,
            "recall": found.found,
        }
    )
