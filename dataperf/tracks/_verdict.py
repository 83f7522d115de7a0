"""Whether a repair helps, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from dataperf.basics.wording import plural


def verdict(summary: Mapping[str, float | None], higher_is_better: bool) -> list[str]:
    """Return sentences on whether a repair helps.

    The gain is a statement about the test rows. Where the truth is known, a repair that spoils more
    labels than it puts right is not said to help, whatever the gain; where it is not, the
    sentences say how many test rows decide.

    Parameters
    ----------
    summary
        As `dataperf.tracks.repair.summarize` returns it.
    higher_is_better
        Whether a positive gain is an improvement.

    Examples
    --------
    >>> counts = {"put right": 3, "wrong dropped": 0, "spoiled": 150, "right dropped": 0}
    >>> gain = {"gain": 0.03, "gain low": 0.01, "gain high": 0.05, "before": 0.7, "after": 0.73}
    >>> print(*verdict(gain | counts | {"wrong labels": 160}, True), sep="\\n")
    the score rises, but the repair makes more labels wrong than it puts right
    of 160 wrong labels it puts 3 right and drops 0; of the others it makes 150 wrong and drops 0
    """
    first = _gain(summary, higher_is_better)
    words = [first]
    if "put right" in summary:
        right, dropped, wrong, lost = (
            f"{summary[name] or 0:,.0f}"
            for name in ("put right", "wrong dropped", "spoiled", "right dropped")
        )
        words.append(
            f"of {summary['wrong labels'] or 0:,.0f} wrong labels it puts {right} right and drops "
            f"{dropped}; of the others it makes {wrong} wrong and drops {lost}"
        )
    elif summary.get("test rows"):
        words.append(_tested(summary))
    over = (summary.get("over random low"), summary.get("over random high"))
    spans_zero = None not in over and float(over[0] or 0) <= 0.0 <= float(over[1] or 0)
    if first == "the repair helps" and spans_zero:
        words.append("dropping as many random rows does as well, within noise")
    return words


def _gain(summary: Mapping[str, float | None], higher_is_better: bool) -> str:
    gain, low, high = (summary[name] for name in ("gain", "gain low", "gain high"))
    if summary["before"] == summary["after"] and not low and not high:
        return "the repair changes nothing that is predicted: no gain shown"
    if gain is None or low is None or high is None:
        return "the gain has no interval, so none is shown"
    if low <= 0.0 <= high:
        return "the gain's interval contains zero: no gain shown"
    if (gain > 0) != higher_is_better:
        return "the repair harms"
    mended = (summary.get("put right") or 0) + (summary.get("wrong dropped") or 0)
    if (summary.get("spoiled") or 0) > mended:
        return "the score rises, but the repair makes more labels wrong than it puts right"
    return "the repair helps"


def _tested(summary: Mapping[str, float | None]) -> str:
    """Return what the verdict rests on, where the truth is not known."""
    after, before = (int(summary[f"right only {when}"] or 0) for when in ("after", "before"))
    rows = plural(int(summary["test rows"] or 0), "row")
    decide = f"{after + before:,} of {rows} held out"
    if not after + before:
        return f"{rows} held out, none decides: both models are right about the same rows"
    return (
        f"{decide} decide: {after:,} are right only after the repair, {before:,} only before. "
        "Right means equal to the label as given, which may itself be wrong"
    )
