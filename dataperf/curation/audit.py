"""Audit a data set with one call: read it, run every detector, keep what they find."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dataperf import registry, statistics
from dataperf.basics.progress import Progress, report
from dataperf.basics.threads import one_thread
from dataperf.basics.wording import plural
from dataperf.curation import options
from dataperf.curation.audit_record import Audit
from dataperf.errors import Invalid
from dataperf.evaluation import provenance
from dataperf.evidence import calibration
from dataperf.evidence.collect import Collected
from dataperf.records.findings import SEVERITIES, Finding
from dataperf.records.rows import Rows

__all__ = ["Audit", "audit"]

#: Most numbers in the table of probabilities, and most classes; labels of the rarest classes
#: beyond these count as missing.
MOST_PROBABILITIES, MOST_CLASSES = 500_000_000, 500


@one_thread()
def audit(
    data: Any,
    *,
    label: Any = None,
    detectors: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress = report,
    **reading: Any,
) -> Audit:
    """Look for label errors, duplicates, outliers, leaks and more in a labelled data set.

    Parameters
    ----------
    data
        A pandas or Hugging Face ``datasets`` object; the path of a CSV, Parquet or JSON-lines
        file; the path of a folder of images or sounds with one subfolder for each class;
        ``(features, labels)`` arrays; ``"hf:NAME"``; the name of a dataset that comes with
        dataperf; ``"challenge:NAME/BOARD"``, the pool that participants see; or `Rows`.
    label
        The label column.
    detectors
        Names of the detectors to run; None runs all.
    seed
        Random seed; the same seed gives the same findings.
    progress
        Called with a few words, the work done and the total work (None if unknown).
    **reading
        How to read the data: ``id``, ``split``, ``group``, ``true_label``, ``annotators``,
        ``sensitive``, ``embedding``, ``drop``, ``decimal``, ``missing``, ``merge_labels``; see `dataperf.reading.read.read`.

    Returns
    -------
    Audit

    Raises
    ------
    Invalid
        If an option is unknown or has a wrong value; every problem is listed.
    DataperfError
        If the data cannot be read or has fewer than two classes.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> features = np.concatenate([random.normal(0, 1, (60, 4)), random.normal(6, 1, (60, 4))])
    >>> labels = np.repeat(["cat", "dog"], 60)
    >>> labels[3] = "dog"
    >>> found = audit((features, labels)).table("label_errors")
    >>> found[["row", "given", "suggested"]].values.tolist()
    [[3, 'dog', 'cat']]
    """
    from dataperf.reading import read as sources

    started = time.perf_counter()
    wrong = options.problems(detectors, seed, progress=progress, others=reading, read=sources.read)
    if wrong and (isinstance(data, Rows) or any("option" in each.rule for each in wrong)):
        raise Invalid("audit", wrong)
    if not isinstance(data, Rows):
        data = sources.read(data, label=label, progress=progress, wrong=wrong, **reading)
    rows, notes = _bounded(data)
    names, seed = _detectors(detectors), int(seed)
    seconds = {"reading": round(time.perf_counter() - started, 3)}
    evidence = Collected(rows, seed, on_progress=progress, seconds=seconds)
    notes += rows.remarks
    if rows.groups is not None and not evidence.can_group:
        notes += ("all labelled rows belong to one group, so the groups are ignored",)
    findings, skipped = _run(names, evidence, seconds, progress)
    seconds["total"] = round(time.perf_counter() - started, 3)
    memory = provenance.peak_memory()
    return Audit(rows, tuple(findings), skipped, evidence, notes, seconds, peak_memory=memory)


def _run(
    names: Sequence[str], evidence: Collected, seconds: dict[str, float], progress: Progress
) -> tuple[list[Finding], dict[str, str]]:
    """Return what detectors find, the most severe first, and why others did not apply."""
    findings, skipped = [], {}
    for name in names:
        progress(name.replace("_", " "), 0, None)
        started, shared = time.perf_counter(), sum(seconds.values())
        found = registry.load("detectors", name).find(evidence)
        took = time.perf_counter() - started - (sum(seconds.values()) - shared)
        seconds[name] = round(took, 3)
        if isinstance(found, str):
            skipped[name] = found
        else:
            findings.append(_scored_by_true_labels(found, evidence))
    findings.sort(key=lambda each: -SEVERITIES.index(each.severity))
    return findings, skipped


def _detectors(wanted: Any) -> list[str]:
    """Return the names of the detectors to run, label errors first if all run."""
    chosen = options.names(wanted)
    if chosen is not None:
        return [registry.get("detectors", name).name for name in chosen]
    return sorted(registry.find("detectors"), key=lambda name: (name != "label_errors", name))


def _bounded(rows: Rows) -> tuple[Rows, tuple[str, ...]]:
    """Return rows with at most as many classes as can be judged, and a note on the others."""
    most = max(2, min(MOST_CLASSES, MOST_PROBABILITIES // max(1, len(rows))))
    if len(rows.classes) <= most:
        return rows, ()
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    largest = np.sort(np.argsort(-counts, kind="stable")[:most])
    place = np.full(len(rows.classes) + 1, -1, dtype=np.intp)
    place[largest] = np.arange(most)
    left = len(rows.classes) - most
    note = (
        f"{len(rows.classes):,} classes: only the {most} largest are judged; labels of the other "
        f"{left:,} ({plural(int(counts.sum() - counts[largest].sum()), 'row')}) count as missing"
    )
    annotators = {name: place[each] for name, each in rows.annotators.items()}
    return replace(
        rows,
        labels=place[rows.labels],
        classes=tuple(rows.classes[number] for number in largest),
        truth=None if rows.truth is None else place[rows.truth],
        annotators=annotators,
    ), (note,)


def _scored_by_true_labels(found: Finding, evidence: Collected) -> Finding:
    """Add to label errors how good ranking and flags are, where true labels are known."""
    rows = evidence.rows
    if found.kind != "label_errors" or rows.truth is None:
        return found
    known = np.flatnonzero((rows.labels >= 0) & (rows.truth >= 0))
    wrong = np.zeros(len(rows), dtype=bool)
    wrong[known] = rows.truth[known] != rows.labels[known]
    count = int(wrong.sum())
    numbers: dict[str, Any] = {"truly_wrong": count}
    for name in ("flagged", "doubtful"):
        marked = np.zeros(len(rows), dtype=bool)
        marked[found.table.loc[found.table[name], "row"].to_numpy()] = True
        numbers[f"{name}_truly_wrong"] = int(wrong[marked].sum())
        if name == "flagged" and 0 < count < len(known):
            hits = wrong[known][marked[known]]
            numbers["precision"] = float(hits.mean()) if len(hits) else None
            numbers["recall"] = float(marked[wrong].mean())
    if 0 < count < len(known):
        scores = calibration.margins(evidence.probabilities[known], rows.labels[known])[0]
        numbers |= statistics.ranking_scores(scores, wrong[known])
    numbers = {**found.numbers, **numbers}
    names = np.array([*rows.classes, ""], dtype=object)
    table = found.table.assign(true_label=names[rows.truth[found.table["row"].to_numpy()]])
    sentence = f"{found.sentence} {_truth(numbers, len(known))}"
    return replace(found, numbers=numbers, table=table, sentence=sentence)


def _truth(numbers: dict[str, Any], known: int) -> str:
    """Return what the true labels say of the flags, in a sentence."""
    wrong = numbers["truly_wrong"]
    words = f"Truth: {wrong:,} of {known:,} labels {'is' if wrong == 1 else 'are'} wrong"
    for name, each in (("flagged", "precision"), ("doubtful", "")):
        if numbers[name]:
            hits = numbers[f"{name}_truly_wrong"]
            words += f", {hits:,} of the {numbers[name]:,} {name} ones"
            if each and wrong:
                words += f" (precision {hits / numbers[name]:.0%}, recall {hits / wrong:.0%})"
    return words + "."
