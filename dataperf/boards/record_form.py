"""Check the parts of a record that running it again does not show: who, when, and the order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dataperf.basics import validation
from dataperf.definitions import loading
from dataperf.evaluation import evaluate
from dataperf.records import Result

#: How far clocks of two machines may differ, so that a start is not in the future.
CLOCKS = timedelta(days=1)


def problems(kept: Result) -> Iterator[str]:
    """Yield what is wrong with a record by itself.

    Parameters
    ----------
    kept
        The record.
    """
    answer, record = kept.submission, kept.provenance
    for part in ("challenge", "board"):
        inside, outside = getattr(answer, part), getattr(kept, part)
        if inside != outside:
            words = f"{validation.shown(inside)}, the record {validation.shown(outside)}"
            yield f"submission.{part}: the submission names {words}"
    recorded = record.digests.get(evaluate.RECORD)
    if recorded not in (None, evaluate.record_digest(answer)):
        yield (
            "submission: who made it, or how, is not what was scored "
            f"(submitter {validation.shown(answer.submitter)}, division {answer.division}; also "
            "method, description, code_url and declared_cost)"
        )
    yield from times(kept)
    track = kept.own_data.get("track")
    if loading.is_own(kept.challenge):
        own = f"{loading.OWN}{str(track).replace('_', '-')}"
        if track is not None and own != kept.challenge:
            yield f"own_data.track: {validation.shown(track)}, but the challenge is {kept.challenge}"
    elif kept.own_data:
        yield f"own_data: there, but {kept.challenge} is not a challenge of own data"


def times(kept: Result) -> Iterator[str]:
    """Yield what is wrong with the form of the record's times."""
    record = kept.provenance
    expected = "expected ISO 8601 in UTC with milliseconds, 2026-01-31T09:00:00.000+00:00"
    shown = validation.shown(record.started)
    try:
        started = datetime.fromisoformat(record.started)
        same = started.isoformat(timespec="milliseconds") == record.started
        if not same or started.utcoffset() != timedelta(0):
            yield f"provenance.started: {shown}, {expected}"
        elif started > datetime.now(UTC) + CLOCKS:
            yield f"provenance.started: {shown} lies in the future"
    except ValueError:
        yield f"provenance.started: {shown}, {expected}"
    seconds = {"provenance.seconds": record.seconds}
    if kept.cost is not None:
        seconds["cost.train_seconds"] = kept.cost.train_seconds
        seconds["cost.predict_seconds"] = kept.cost.predict_seconds
    for name, value in seconds.items():
        if value < 0:
            yield f"{name}: {value} is less than no time"


def notes(kept: Result) -> Iterator[str]:
    """Yield what cannot be compared for lack of a digest."""
    if evaluate.RECORD not in kept.provenance.digests:
        yield "who made the submission was not compared: the record has no digest of it"


def differences(kept: Result, new: Result) -> Iterator[str]:
    """Yield what differs in a record that was run again, besides its scores.

    Parameters
    ----------
    kept, new
        The record, and the result of running it again.
    """
    for name in sorted(kept.provenance.digests.keys() - new.provenance.digests.keys()):
        yield f"provenance.digests: {validation.shown(name)} is not a part of this result"
    before, after = (each.cost and each.cost.train_rows for each in (kept, new))
    if before != after:
        yield f"cost.train_rows differs: {before} then, {after} now"
    for part in ("tasks", "summary"):
        then, now = (each.model_dump(mode="json")[part] for each in (kept, new))
        yield from _orders(then, now, part)


def _orders(before: Any, after: Any, place: str) -> Iterator[str]:
    """Yield the first place where two equal values list their keys in another order."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if list(before) != list(after):
            if before.keys() == after.keys():
                order = f"{', '.join(before)} then, {', '.join(after)} now"
                yield f"{place}: the order differs: {order}"
            return
        for key in before:
            yield from _orders(before[key], after[key], f"{place}.{key}")
