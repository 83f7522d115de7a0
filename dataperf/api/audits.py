"""Audit a data set and write the outputs, whose places are checked before the data is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataperf.api import output_paths
from dataperf.basics.progress import report
from dataperf.curation.audit import Audit, audit
from dataperf.curation.submission import tracks
from dataperf.errors import DataperfError
from dataperf.own_data.options import default_track

#: Said of a submission that changes nothing.
EMPTY = (
    "the submission changes nothing: no label is called wrong{among}. --budget N takes the N most "
    "suspicious rows instead; look at them first"
)


@dataclass(frozen=True)
class AuditRequest:
    """What to audit and what to write.

    Parameters
    ----------
    source
        The data, as `dataperf.audit` takes it.
    reading
        How to read it: ``label``, ``id``, ``split`` and so on; None means the default.
    detectors
        Names of the detectors to run; None runs all.
    seed
        Random seed.
    report, submission, csv
        Where to write the report, the submission and the tables; None writes none.
    track, budget, all_rows
        Track and budget of the submission, and whether it also judges the test rows.
    """

    source: Any
    reading: Mapping[str, Any] = field(default_factory=dict)
    detectors: Sequence[str] | None = None
    seed: int = 0
    report: Path | None = None
    submission: Path | None = None
    csv: Path | None = None
    track: str | None = None
    budget: int | None = None
    all_rows: bool = False

    @property
    def written(self) -> list[Path]:
        """The places that are written to."""
        return [each for each in (self.report, self.submission, self.csv) if each is not None]


def run(request: AuditRequest, *, on_message: Callable[[str], None] = lambda words: None) -> Audit:
    """Audit a data set and write what the request names.

    ``on_message`` is called with what a user should know of what was written.

    Raises
    ------
    Invalid
        If a place cannot be written to or an option is wrong; then no data is read.
    DataperfError
        If a track or a budget is given but no submission, or the data cannot be read.
    """
    options = {"--budget": request.budget, "--track": request.track}
    options["--all-rows"] = request.all_rows or None
    if request.submission is None and any(value is not None for value in options.values()):
        option = next(name for name, value in options.items() if value is not None)
        raise DataperfError(f"{option} needs --submission, the file to write")
    output_paths.check(
        {"--report": request.report, "--submission": request.submission},
        {"--csv": request.csv},
        chosen={"--track": (request.track or default_track(), tracks())},
    )
    reading = {name: value for name, value in request.reading.items() if value is not None}
    detectors, seed = request.detectors, request.seed
    found = audit(request.source, detectors=detectors, seed=seed, **reading)
    if request.csv is not None:
        report("writing tables")
        found.to_csv(request.csv)
    if request.report is not None:
        report("writing the report")
        found.report(request.report)
    if request.submission is not None:
        report("writing the submission")
        content = found.to_submission(
            request.track,
            path=request.submission,
            budget=request.budget,
            seed=seed,
            all_rows=request.all_rows,
        )
        if not any(content["answer"].values()):
            among = "" if request.all_rows else " among the rows to train on, judged on their own"
            on_message(EMPTY.format(among=among))
    return found
