"""Labels that models which did not see them would not have given."""

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

#: With fewer rows nothing can be learned; of smaller classes nothing can be said.
FEWEST, FEWEST_OF_CLASS = 20, 3


def find(evidence: Any) -> Finding | str:
    """Rank all labels by how far another class is likelier, and flag the worst.

    The threshold is the one with the highest expected F1; how many of the flagged labels are
    really wrong is estimated by injecting errors (see `dataperf.evidence.calibration`). Nothing is
    flagged where the interval of the share of errors begins at zero. Errors between classes that
    look alike cannot be told from right labels of hard rows, so both are estimates from below;
    the table holds every row that another class is likelier for, flagged or not.
    The column ``confident_learning`` says what the cleanlab package would flag (Northcutt, Jiang &
    Chuang, Confident learning, JAIR 70, 2021, section 3), which takes no account of chance.
    """
    rows = evidence.rows
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    judged = np.flatnonzero((rows.labels >= 0) & (counts[rows.labels] >= FEWEST_OF_CLASS))
    if len(judged) < FEWEST:
        return f"only {len(judged)} rows in classes of at least {FEWEST_OF_CLASS}; {FEWEST} needed"
    if len(np.unique(rows.labels[judged])) < 2:
        return f"only one class has at least {FEWEST_OF_CLASS} rows"
    chances = evidence.probabilities
    given = rows.labels[judged]
    scores, suggested = calibration.margins(chances[judged], given)
    evidence.progress("injecting errors", 0, None)
    found = calibration.calibrate(
        scores,
        chances,
        rows.labels,
        judged,
        again=evidence.relabelled,
        seed=evidence.seed,
    )
    best = found.best()
    flagged = (scores >= found.thresholds[best]) & (found.share_low > 0)
    also = _confident_learning(chances[judged], given)
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


def _confident_learning(chances: NDArray[np.float32], given: IntArray) -> NDArray[np.bool_]:
    from cleanlab.filter import find_label_issues

    present = np.unique(given)  # the package wants classes 0, 1, 2, ... without a gap
    part = chances[:, present].astype(np.float64)
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
    """Return every row that another class is likelier for, the worst first."""
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
            f"{numbers['flagged']:,} of {judged:,} labels are flagged; of these about "
            f"{numbers['expected_real']:,.0f} [{numbers['low']:,.0f}, {numbers['high']:,.0f}] are "
            f"expected to be wrong. In all at least {numbers['noise_rate']:.1%} of labels seem "
            f"wrong; confident learning alone would flag {plain}."
        )
    if not numbers["confident_learning"]:
        return f"None of the {judged:,} labels looks wrong."
    return (
        f"No label of {judged:,} is flagged: right labels of hard rows would look no better. "
        f"Confident learning alone would flag {plain}. Errors between classes that look alike "
        "can only be told by looking: begin with the first rows of the table."
    )


def _severity(found: calibration.Calibration, plain: int) -> Severity:
    """High from 5 % of wrong labels on, medium from 1 %, low from any at all.

    Low too if confident learning would flag 1 %: those may be errors, or right but hard.
    """
    if found.share_low >= 0.05:
        return "high"
    if found.share_low > 0 and found.share >= 0.01:
        return "medium"
    return "low" if found.share_low > 0 or plain >= 0.01 * found.scored else "none"


def _transition(
    classes: tuple[str, ...], given: IntArray, suggested: IntArray, flagged: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return how often each class is given for each, believing the flags: rows sum to 1."""
    import pandas as pd

    counts = statistics.confusion(np.where(flagged, suggested, given), given, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return pd.DataFrame(shares, index=pd.Index(classes, name="true"), columns=list(classes))


def _thresholds(found: calibration.Calibration) -> pd.DataFrame:
    """Return what is expected at every threshold, for users who want another one."""
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
