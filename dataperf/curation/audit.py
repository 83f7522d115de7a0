"""One call audits a data set: read, look with every detector, keep what was found."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf import __version__, registry, statistics
from dataperf.basics import files
from dataperf.curation import as_json, options
from dataperf.errors import DataperfError, Invalid, NotFound
from dataperf.evaluation import provenance
from dataperf.evidence import calibration
from dataperf.evidence.collect import Collected
from dataperf.evidence.models import FOLDS, Probabilities, Progress
from dataperf.records import FloatArray
from dataperf.records.findings import SEVERITIES, Finding, Neighbours
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: The largest table of chances, in numbers; of more classes the rarest are left unlabelled.
MOST_CHANCES, MOST_CLASSES = 500_000_000, 500


@dataclass(frozen=True)
class Audit:
    """What an audit found; shows itself in notebooks, writes reports and manifests.

    Parameters
    ----------
    rows
        The data as it was read.
    findings
        The worst first.
    skipped
        Detectors that had nothing to look at, and why.
    evidence
        Models and neighbours that the findings rest on.
    notes
        What was done to the data on the way.
    seconds
        Wall clock of every part.
    version
        Of the toolkit.
    peak_memory
        The most bytes that the process had held when the audit was done.
    """

    rows: Rows
    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]
    evidence: Collected = field(repr=False)
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    version: str = __version__
    peak_memory: int = 0

    @property
    def neighbours(self) -> Neighbours:
        """The nearest other rows of every row."""
        return self.evidence.neighbours

    @property
    def probabilities(self) -> Probabilities:
        """Chances of every class for every row, (n, k), from models that did not see its label."""
        return self.evidence.probabilities

    @functools.cached_property
    def values(self) -> FloatArray:
        """What each row is worth to a nearest-neighbour classifier, (n,); nan without a label.

        Exact KNN-Shapley values (`dataperf.valuation.knn_shapley`) for telling the labels of each fifth
        of the rows from the other four; of more than 10,000 rows a sample of 2,000 values each.
        """
        from dataperf.valuation import knn_shapley

        most = None if len(self.rows) <= 10_000 else 2_000
        return knn_shapley.own_values(
            self.rows.features,
            self.rows.labels,
            folds=min(FOLDS, len(self.evidence.labelled)),
            seed=self.evidence.seed,
            most=most,
        )

    def worth(self) -> pd.DataFrame:
        """Return all labelled rows from the least worth to the most, with their values."""
        import pandas as pd

        order = np.argsort(self.values, kind="stable")
        order = order[np.isfinite(self.values[order])]
        names = np.array(self.rows.classes, dtype=object)
        told = {"row": order, "id": self.rows.ids[order], "value": self.values[order]}
        return pd.DataFrame({**told, "given": names[self.rows.labels[order]]})

    def finding(self, kind: str) -> Finding:
        """Return one finding.

        Raises
        ------
        NotFound
            If there is none of that kind; says so if its detector had nothing to look at.
        """
        for found in self.findings:
            if found.kind == kind:
                return found
        kind = kind if isinstance(kind, str) else repr(kind)
        if kind in self.skipped:
            raise DataperfError(f"{kind}: {self.skipped[kind]}")
        raise NotFound("finding", kind, [found.kind for found in self.findings])

    def table(self, kind: str = "label_errors") -> pd.DataFrame:
        """Return a finding's table, the worst first."""
        return self.finding(kind).table

    def scores(self, kind: str = "label_errors") -> FloatArray:
        """Return a number for every row, higher meaning worse; 0 for rows not in the table."""
        if kind == "label_errors":
            known = self.evidence.labelled
            found = np.zeros(len(self.rows))
            margins = calibration.margins(self.probabilities[known], self.rows.labels[known])[0]
            found[known] = (margins + 1) / 2
            return found
        table = self.table(kind)
        if not {"row", "score"} <= set(table.columns):
            raise DataperfError(f"{kind} is not about single rows")
        found = np.zeros(len(self.rows))
        np.maximum.at(found, table["row"].to_numpy(), table["score"].to_numpy(float))
        return found

    def explain(self, row: int, *, method: str = "neighbours") -> pd.DataFrame:
        """Say why a row's label is doubted.

        Parameters
        ----------
        row
            Its number.
        method
            ``"neighbours"``: the rows most like it, with their labels; ``"shap"`` and ``"lime"``:
            how much each column speaks for the suggested label and against the given one
            (both need ``pip install 'dataperf[explain]'``).
        """
        from dataperf.curation import explain

        rows = self.rows
        explain.exists(rows, row)
        method = method if isinstance(method, str) else repr(method)
        if method == "neighbours":
            return explain.neighbours_of(rows, self.neighbours, row)
        known = {"shap": explain.shap_values, "lime": explain.lime_values}
        if method not in known:
            raise NotFound("way to explain", method, ["neighbours", *known])
        chances = self.probabilities[row].copy()
        chances[rows.labels[row]] = -1.0
        model, suggested = self.evidence.regression_for(row), int(chances.argmax())
        return known[method](model, rows, row, suggested=suggested, seed=self.evidence.seed)

    def to_manifest(
        self, track: str | None = None, *, path: Path | str | None = None, **options: Any
    ) -> dict[str, Any]:
        """Turn the findings into a submission; see `dataperf.curation.manifest.manifest`."""
        from dataperf.curation import manifest

        made = manifest.manifest(self, track=track, **options)
        if path is not None:
            _write(Path(path), manifest.dump(made).encode())
        return made

    def report(self, path: Path | str, *, title: str | None = None) -> Path:
        """Write one page of HTML that needs nothing but itself."""
        from dataperf.curation import page

        target = Path(path)
        _write(target, page.page(self, title=title).encode())
        return target

    def to_csv(self, folder: Path | str) -> list[Path]:
        """Write every table of every finding as a CSV file; return them."""
        target, written = Path(folder), []
        for found in self.findings:
            tables = {found.kind: found.table}
            tables |= {f"{found.kind}-{name}": each for name, each in found.tables.items()}
            for name, table in tables.items():
                text = table.to_csv(index=table.index.name is not None)
                _write(target / f"{name}.csv", text.encode())
                written.append(target / f"{name}.csv")
        return written

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the evidence as plain values, for JSON."""
        return {
            "dataperf": self.version,
            "data": {
                "name": self.rows.name,
                "source": self.rows.source,
                "rows": len(self.rows),
                "features": self.rows.features.shape[1],
                "label": self.rows.label,
                "classes": list(self.rows.classes),
                "without_label": int((self.rows.labels < 0).sum()),
                "unreadable": [list(each) for each in self.rows.skipped],
            },
            "notes": list(self.notes),
            "findings": [as_json.finding(found) for found in self.findings],
            "nothing_to_look_at": dict(self.skipped),
            "seconds": dict(self.seconds),
            "peak_memory": self.peak_memory,
        }

    def plot_map(self, **options: Any) -> Figure:
        """Draw all rows as a map, flagged ones marked."""
        from dataperf.curation import plots

        return plots.plot_map(self, **options)

    def plot_balance(self, **options: Any) -> Figure:
        """Draw how many rows each class has."""
        from dataperf.curation import plots

        return plots.plot_balance(self, **options)

    def plot_label_errors(self, **options: Any) -> Figure:
        """Draw the most doubtful labels with their samples."""
        from dataperf.curation import plots

        return plots.plot_label_errors(self, **options)

    def plot_noise(self, **options: Any) -> Figure:
        """Draw which class is given for which."""
        from dataperf.curation import plots

        return plots.plot_noise(self, **options)

    def plot_slices(self, **options: Any) -> Figure:
        """Draw the weak slices."""
        from dataperf.curation import plots

        return plots.plot_slices(self, **options)

    def plot_values(self, **options: Any) -> Figure:
        """Draw what the rows are worth."""
        from dataperf.curation import plots

        return plots.plot_values(self, **options)

    def _repr_html_(self) -> str:
        from dataperf.curation import notebook

        return notebook.html(self)

    def __repr__(self) -> str:
        found = ", ".join(f"{each.kind}: {each.severity}" for each in self.findings)
        return f"Audit of {self.rows.name} ({len(self.rows):,} rows): {found}"


def audit(
    data: Any,
    *,
    label: Any = None,
    detectors: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress = lambda words, done, total: None,
    **reading: Any,
) -> Audit:
    """Look for everything that may be wrong with a labelled data set.

    Parameters
    ----------
    data
        A pandas or Hugging Face ``datasets`` object; the path of a CSV, Parquet or JSON-lines
        file, or of a folder of images or sounds with a subfolder for each class; ``(features,
        labels)`` arrays; ``"hf:NAME"``; the name of a dataset that comes with dataperf;
        ``"challenge:NAME/BOARD"``, the pool that participants see; or `Rows`.
    label
        The label column.
    detectors
        Names of the detectors to use; all of them by default.
    seed
        Of everything drawn; the same seed gives the same findings.
    progress
        Called with a few words, how much is done and out of how much (or None).
    **reading
        How to read the data: ``id``, ``split``, ``group``, ``true_label``, ``annotators``,
        ``sensitive``, ``embedding``, ``drop``; see `dataperf.reading.read.read`.

    Returns
    -------
    Audit

    Raises
    ------
    DataperfError
        If the data cannot be read or has no two classes.

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
    from threadpoolctl import threadpool_limits

    from dataperf.reading import read as sources

    started = time.perf_counter()
    wrong = options.problems(detectors, seed, others=reading, read=sources.read)
    if wrong and (isinstance(data, Rows) or any("option" in each.rule for each in wrong)):
        raise Invalid("audit", wrong)
    if not isinstance(data, Rows):
        data = sources.read(data, label=label, progress=progress, wrong=wrong, **reading)
    rows, notes = _bounded(data)
    chosen, seed = _detectors(detectors), int(seed)
    seconds = {"reading": round(time.perf_counter() - started, 3)}
    evidence = Collected(rows, seed, tell=progress, seconds=seconds)
    if rows.groups is not None and not evidence.can_group:
        notes += ("all labelled rows are of one group: rows are judged as if there were none",)
    findings, skipped = [], {}
    with threadpool_limits(limits=1):
        for name in chosen:
            progress(name.replace("_", " "), 0, None)
            clock, shared = time.perf_counter(), sum(seconds.values())
            found = registry.load("detectors", name).find(evidence)
            took = time.perf_counter() - clock - (sum(seconds.values()) - shared)
            seconds[name] = round(took, 3)
            if isinstance(found, str):
                skipped[name] = found
            else:
                findings.append(_held_to_truth(found, evidence))
    findings.sort(key=lambda each: -SEVERITIES.index(each.severity))
    seconds["total"] = round(time.perf_counter() - started, 3)
    held = provenance.peak_memory()
    return Audit(rows, tuple(findings), skipped, evidence, notes, seconds, peak_memory=held)


def _detectors(wanted: Any) -> list[str]:
    chosen = options.names(wanted)
    if chosen is not None:
        return [registry.get("detectors", name).name for name in chosen]
    return sorted(registry.find("detectors"), key=lambda name: (name != "label_errors", name))


def _bounded(rows: Rows) -> tuple[Rows, tuple[str, ...]]:
    """Leave the labels of the rarest classes out where there are too many classes to judge."""
    most = max(2, min(MOST_CLASSES, MOST_CHANCES // max(1, len(rows))))
    if len(rows.classes) <= most:
        return rows, ()
    counts = np.bincount(rows.labels[rows.labels >= 0], minlength=len(rows.classes))
    kept = np.sort(np.argsort(-counts, kind="stable")[:most])
    place = np.full(len(rows.classes) + 1, -1, dtype=np.intp)
    place[kept] = np.arange(most)
    left = len(rows.classes) - most
    note = (
        f"{len(rows.classes):,} classes: only the {most} largest are judged; labels of the other "
        f"{left:,} ({int(counts.sum() - counts[kept].sum()):,} rows) count as missing"
    )
    annotators = {name: place[each] for name, each in rows.annotators.items()}
    return replace(
        rows,
        labels=place[rows.labels],
        classes=tuple(rows.classes[number] for number in kept),
        truth=None if rows.truth is None else place[rows.truth],
        annotators=annotators,
    ), (note,)


def _held_to_truth(found: Finding, evidence: Collected) -> Finding:
    """Say how good ranking and flags of labels are, where the truth is known."""
    rows = evidence.rows
    if found.kind != "label_errors" or rows.truth is None:
        return found
    known = np.flatnonzero((rows.labels >= 0) & (rows.truth >= 0))
    wrong = rows.truth[known] != rows.labels[known]
    flagged = np.zeros(len(rows), dtype=bool)
    flagged[found.table.loc[found.table["flagged"], "row"].to_numpy()] = True
    told: dict[str, Any] = {"truly_wrong": int(wrong.sum())}
    if wrong.any() and not wrong.all():
        scores = calibration.margins(evidence.probabilities[known], rows.labels[known])[0]
        told |= statistics.ranking_scores(scores, wrong)
        told["precision"] = float(wrong[flagged[known]].mean()) if flagged[known].any() else None
        told["recall"] = float(flagged[known][wrong].mean())
    return replace(found, numbers={**found.numbers, **told})


def _write(target: Path, content: bytes) -> None:
    try:
        files.write_whole(target, content)
    except (OSError, ValueError) as error:  # of a NUL in the name
        raise DataperfError(f"{target} cannot be written: {error}") from error
