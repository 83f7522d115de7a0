"""Label errors: labels that out-of-fold models reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf import statistics
from dataperf.evidence import calibration, error_counts
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Finding, Severity

if TYPE_CHECKING:
    import pandas as pd

title = "Label errors"

#: Minimum number of rows, and of rows of a class, to judge labels.
FEWEST, FEWEST_OF_CLASS = 20, 3
#: Nothing is claimed if more than this share of the suspicious rows lie between classes that models
#: do not separate: their errors look like correct labels, and clear classes must not hide that.
MOST_BETWEEN = 0.2


def find(evidence: Any) -> Finding | str:
    """Rank labels by margin (best other class minus given label) and flag the worst.

    The threshold has the highest expected F1. How many of the flagged labels are wrong is
    estimated by injecting errors (see `dataperf.evidence.calibration`). Labels are only called
    wrong (column ``flagged``) where the estimate can distinguish errors from correct labels of hard rows.
    Where it cannot, because classes overlap or there are few rows, the same rows are ``doubtful``
    and nothing is claimed of them. The table has all rows for which another class is more
    probable, flagged or not. The column ``confident_learning`` marks the rows that the package
    cleanlab would flag (Northcutt, Jiang & Chuang, Confident learning, JAIR 70, 2021, section 3),
    without a correction for chance.
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
    suspicious = (scores >= found.thresholds[found.best]) & (scores > 0)
    accuracy = float((scores <= 0).mean())
    between = _between_weak(given, np.where(scores > 0, suggested, given), len(rows.classes))
    reason = _why_not(found, accuracy, given, between[suspicious])
    flagged, doubtful = (suspicious & (not reason), suspicious & bool(reason))
    also = _confident_learning(probabilities[judged], given)
    table = _table(evidence, judged, scores, suggested, flagged, doubtful, also)
    numbers = _numbers(found, flagged, doubtful, also) | {"models_right": round(accuracy, 4)}
    return Finding(
        kind="label_errors",
        title=title,
        sentence=_sentence(numbers, reason, "columns" if rows.media is None else "features"),
        severity=_severity(numbers),
        table=table,
        numbers=numbers,
        tables={
            "transition": _transition(rows.classes, given, suggested, flagged),
            "thresholds": _thresholds(found),
        },
    )


def _between_weak(given: IntArray, predicted: IntArray, classes: int) -> NDArray[np.bool_]:
    """Return which predictions swap two classes that models do not separate, (m,).

    Of two classes, models must avoid the share `dataperf.evidence.error_counts.LEAST_SKILL` of the
    errors of guessing, with equal weight for both classes. A correct prediction swaps nothing.
    """
    counts = statistics.confusion(given, predicted, classes)

    def missed(true: IntArray, other: IntArray) -> FloatArray:
        wrong = counts[true, other]
        found: FloatArray = wrong / np.maximum(wrong + counts[true, true], 1)
        return found

    errors = (missed(given, predicted) + missed(predicted, given)) / 2
    swapped: NDArray[np.bool_] = given != predicted
    return swapped & (errors > (1 - error_counts.LEAST_SKILL) / 2)


def _why_not(
    found: error_counts.Calibration, accuracy: float, given: IntArray, between: NDArray[np.bool_]
) -> str:
    """Return why no label can be called wrong: overlap, pairs, few or weak; "" if labels can be.

    ``between`` says which suspicious rows swap two classes that models do not separate.
    """
    guessed = float(np.bincount(given).max()) / len(given)
    if 1 - accuracy > (1 - error_counts.LEAST_SKILL) * (1 - guessed):
        return "weak"
    if not found.separates_errors:
        return "few" if found.rise < error_counts.LEAST_RISE else "overlap"
    if between.sum() > MOST_BETWEEN * len(between):
        return "pairs"
    return "" if found.low[found.best] >= 1 else "few"


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
    doubtful: NDArray[np.bool_],
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
            "doubtful": doubtful[kept],
            "given": names[rows.labels[at]],
            "suggested": names[suggested[kept]],
            "confidence": evidence.probabilities[at, suggested[kept]].astype(np.float64),
            "given_confidence": evidence.probabilities[at, rows.labels[at]].astype(np.float64),
            "confident_learning": also[kept],
        }
    )


def _numbers(
    found: error_counts.Calibration,
    flagged: NDArray[np.bool_],
    doubtful: NDArray[np.bool_],
    also: NDArray[np.bool_],
) -> dict[str, float | int | str | None]:
    count, at = int(flagged.sum()), found.best
    # thresholds are carried over, so the number of flagged rows can differ a little
    scale = max(count, int(doubtful.sum())) / max(float(found.flagged[at]), 1e-12)
    real, low, high = (float(each[at]) * scale for each in (found.real, found.low, found.high))
    return {
        "judged": found.scored,
        "flagged": count,
        "doubtful": int(doubtful.sum()),
        "threshold": (float(found.thresholds[at]) + 1) / 2 if count else None,
        "expected_real": round(real, 1) if count else 0.0,
        "low": round(low, 1) if count else 0.0,
        "high": round(high, 1) if count else 0.0,
        "at_most": round(high, 1) if doubtful.any() else 0.0,
        "precision_estimate": round(real / count, 4) if count else None,
        "recall_estimate": round(min(1.0, float(found.found[at])), 4) if count else None,
        "noise_rate": round(found.share, 5) if count else 0.0,
        "noise_low": round(found.share_low, 5) if count else 0.0,
        "noise_high": round(found.share_high, 5),
        "rise": round(found.rise, 3),
        "rise_error": round(found.rise_error, 3),
        "injected": found.injected,
        "confident_learning": int(also.sum()),
    }


def _sentence(numbers: dict[str, Any], reason: str, columns: str) -> str:
    judged, count, doubtful = (numbers[name] for name in ("judged", "flagged", "doubtful"))
    share = numbers["confident_learning"] / judged
    plain = f"Confident learning would flag {numbers['confident_learning']:,} ({share:.1%})."
    right = f"{numbers['models_right']:.0%}"
    if count:
        return (
            f"{count:,} of {judged:,} labels {'is' if count == 1 else 'are'} flagged; "
            f"{_between(numbers['low'], numbers['high'])} of them are expected to be wrong. "
            f"Of errors like the injected ones, the flags find {numbers['recall_estimate']:.0%}. "
            + plain
        )
    if not doubtful and not numbers["confident_learning"]:
        return f"None of the {judged:,} labels looks wrong."
    hard = (
        f"cannot be separated by these {columns}: models get {right} of the labels right, so "
        "errors cannot be distinguished from correct but hard rows, and no label is called wrong."
    )
    why = {
        "weak": f"Models get {right} of the labels right: nothing can be said of single labels.",
        "overlap": f"These classes {hard}",
        "pairs": f"Some of these classes {hard}",
    }
    few = (
        f"No label is called wrong: too few of {judged:,} rows are suspicious to distinguish "
        "errors from correct but hard rows."
    )
    some = (
        f"{doubtful:,} {'label is' if doubtful == 1 else 'labels are'} doubtful: between none and "
        f"{'all' if numbers['at_most'] >= doubtful - 0.5 else format(numbers['at_most'], ',.0f')} "
        "of them may be wrong. "
    )
    if reason == "overlap" and doubtful < 0.01 * judged:
        reason = "few"
    return f"{why.get(reason, few)} {some if doubtful else ''}{plain}"


def _between(low: float, high: float) -> str:
    """Return an interval of counts in words: rounded down and up to whole rows."""
    first, last = int(np.floor(low)), int(np.ceil(high))
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def _severity(numbers: dict[str, Any]) -> Severity:
    """Return high if 5 % of the labels or more are expected to be wrong, medium from 1 %.

    The lower end of the interval decides about high. Low if any label is flagged, or if 1 % are
    doubtful or flagged by confident learning: these rows may be errors, or correct but hard.
    """
    if numbers["noise_low"] >= 0.05:
        return "high"
    if numbers["flagged"] and numbers["noise_rate"] >= 0.01:
        return "medium"
    most = max(numbers["doubtful"], numbers["confident_learning"])
    return "low" if numbers["flagged"] or most >= 0.01 * numbers["judged"] else "none"


def _transition(
    classes: tuple[str, ...], given: IntArray, suggested: IntArray, flagged: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return the noise matrix if all flags were correct: true class by given class, rows sum to 1."""
    import pandas as pd

    counts = statistics.confusion(np.where(flagged, suggested, given), given, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return pd.DataFrame(shares, index=pd.Index(classes, name="true"), columns=list(classes))


def _thresholds(found: error_counts.Calibration) -> pd.DataFrame:
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
