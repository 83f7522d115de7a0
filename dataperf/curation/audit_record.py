"""The record of an audit: its findings, and how they are shown, written and explained."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf import __version__
from dataperf.basics import files
from dataperf.basics.progress import report
from dataperf.basics.threads import one_thread
from dataperf.basics.wording import no_formula
from dataperf.curation import as_json
from dataperf.errors import DataperfError, Invalid, NotFound, Problem
from dataperf.evidence import calibration
from dataperf.evidence.collect import Collected
from dataperf.evidence.models import FOLDS
from dataperf.evidence.regression import Probabilities
from dataperf.records import FloatArray
from dataperf.records.findings import Finding, Neighbours
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from dataperf.curation.submission import Action

#: Rows up to which all of them count in a data value, and how many of more rows count.
ALL_ROWS, SAMPLED_ROWS = 10_000, 2_000


@dataclass(frozen=True, repr=False)
class Audit:
    """What an audit found. It shows itself in notebooks and writes reports and submissions.

    Parameters
    ----------
    rows
        The data as it was read.
    findings
        The most severe first.
    skipped
        Detectors that did not apply: name to reason.
    evidence
        Models and neighbours on which the findings rest.
    notes
        What was changed in the data before the audit.
    seconds
        Wall-clock time of each part, in seconds.
    version
        Version of dataperf.
    peak_memory
        Peak memory of the process when the audit was done, in bytes.

    Examples
    --------
    >>> import numpy as np
    >>> import dataperf
    >>> random = np.random.default_rng(0)
    >>> features = np.concatenate([random.normal(0, 1, (60, 4)), random.normal(6, 1, (60, 4))])
    >>> labels = np.repeat(["cat", "dog"], 60)
    >>> labels[3] = "dog"
    >>> found = dataperf.audit((features, labels), detectors=["label_errors"])
    >>> [each.kind for each in found.findings], found.table()["row"].tolist()
    (['label_errors'], [3])
    """

    rows: Rows
    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]
    evidence: Collected
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
        """Class probabilities of every row, (n, k) float32, predicted out of fold."""
        return self.evidence.probabilities

    @functools.cached_property
    @one_thread()
    def values(self) -> FloatArray:
        """Data value of each row for a nearest-neighbour classifier, (n,); nan without a label.

        Exact KNN-Shapley values (`dataperf.valuation.knn_shapley`): each fifth of the rows is
        predicted from the other four fifths. Of more than 10,000 rows, 2,000 sampled rows are
        predicted.
        """
        from dataperf.valuation import knn_shapley

        return knn_shapley.own_values(
            self.rows.features,
            self.rows.labels,
            folds=min(FOLDS, len(self.evidence.labelled)),
            seed=self.evidence.seed,
            most=None if len(self.rows) <= ALL_ROWS else SAMPLED_ROWS,
            progress=lambda share: report("data values", round(100 * share), 100),
        )

    def values_table(self) -> pd.DataFrame:
        """Return all labelled rows with their data values, the lowest value first.

        Returns
        -------
        DataFrame
            ``row``, ``id``, ``value`` and ``given`` (the label).
        """
        import pandas as pd

        order = np.argsort(self.values, kind="stable")
        order = order[np.isfinite(self.values[order])]
        names = np.array(self.rows.classes, dtype=object)
        columns = {"row": order, "id": self.rows.ids[order], "value": self.values[order]}
        return pd.DataFrame({**columns, "given": names[self.rows.labels[order]]})

    def finding(self, kind: str) -> Finding:
        """Return the finding of one detector.

        Raises
        ------
        NotFound
            If no detector has that name.
        DataperfError
            If the detector did not apply; the message says why.
        """
        for found in self.findings:
            if found.kind == kind:
                return found
        kind = kind if isinstance(kind, str) else repr(kind)
        if kind in self.skipped:
            raise DataperfError(f"{kind}: {self.skipped[kind]}")
        raise NotFound("finding", kind, [found.kind for found in self.findings])

    def table(self, kind: str = "label_errors") -> pd.DataFrame:
        """Return the table of one finding, the worst row first; raises as `finding` does."""
        return self.finding(kind).table

    def scores(self, kind: str = "label_errors") -> FloatArray:
        """Return a suspicion score for every row, (n,): higher is worse, 0 if not in the table.

        Raises
        ------
        DataperfError
            If the finding is not about single rows, or as `finding` raises.
        """
        scores = np.zeros(len(self.rows))
        if kind == "label_errors":
            known = self.evidence.labelled
            margins = calibration.margins(self.probabilities[known], self.rows.labels[known])[0]
            scores[known] = (margins + 1) / 2
            return scores
        table = self.table(kind)
        if not {"row", "score"} <= set(table.columns):
            raise DataperfError(f"{kind} is not about single rows")
        np.maximum.at(scores, table["row"].to_numpy(), table["score"].to_numpy(float))
        return scores

    @one_thread()
    def explain(self, row: int, *, method: str = "neighbours") -> pd.DataFrame:
        """Explain why the label of a row is suspicious.

        Parameters
        ----------
        row
            Row number, from 0.
        method
            ``"neighbours"``: the most similar rows with their labels. ``"shap"`` or ``"lime"``:
            how much each column supports the suggested label over the given one; both need
            ``pip install 'dataperf[explain]'``.

        Returns
        -------
        DataFrame
            See `dataperf.curation.explain`; ``attrs["sentence"]`` says the same in words.

        Raises
        ------
        Invalid
            If there is no such row, or it has no label.
        NotFound
            If there is no such method.
        Unavailable
            If the package of the method is not installed.
        """
        from dataperf.curation import explain

        rows = self.rows
        explain.check_row(rows, row)
        method = method if isinstance(method, str) else repr(method)
        if method == "neighbours":
            return explain.neighbours_of(rows, self.neighbours, row)
        methods = {"shap": explain.shap_values, "lime": explain.lime_values}
        if method not in methods:
            raise NotFound("way to explain", method, ["neighbours", *methods])
        probabilities = self.probabilities[row].copy()
        probabilities[rows.labels[row]] = -1.0
        model, suggested = self.evidence.regression_for(row), int(probabilities.argmax())
        return methods[method](model, rows, row, suggested=suggested, seed=self.evidence.seed)

    @one_thread()
    def to_submission(
        self,
        track: str | None = None,
        *,
        path: Path | str | None = None,
        budget: int | None = None,
        action: Action = "auto",
        seed: int = 0,
        test_share: float = 0.2,
        submitter: str = "anonymous",
        all_rows: bool = False,
    ) -> dict[str, Any]:
        """Turn the label errors into a submission, and write it to a file if a path is given.

        Parameters
        ----------
        track
            Name of a track that an audit can answer (`dataperf.curation.submission.tracks`); None
            takes the track of the challenge whose pool was audited, otherwise the default track of
            own data.
        path
            File to write.
        budget
            Maximum number of rows in the answer; None takes the flagged rows.
        action
            What to do with flagged rows, if the track can do both: ``"auto"``, ``"drop"`` or
            ``"relabel"``.
        seed, test_share
            Random seed of the test part, and its share of all rows; the evaluator must get the
            same.
        submitter
            Name of the submitter.
        all_rows
            Whether rows that the evaluator would test on are judged and changed too: to clean a
            file with `dataperf.apply`, where no proof is wanted. No evaluation accepts it.

        Returns
        -------
        dict
            The content of a submission file.

        Raises
        ------
        Invalid
            If an option has a wrong value; every problem is listed.
        DataperfError
            If no row would be left to train on, the challenge is on another track, or the file
            cannot be written.
        """
        from dataperf.curation import submission

        options = submission.Options(
            track=track,
            budget=budget,
            action=action,
            seed=seed,
            test_share=test_share,
            submitter=submitter,
            all_rows=all_rows,
        )
        content = submission.make(self.rows, self.evidence, options, version=self.version)
        if path is not None:
            _write(_path(path), submission.dump(content).encode())
        return content

    @one_thread()
    def report(self, path: Path | str, *, title: str | None = None) -> Path:
        """Write the audit as one HTML file without any links to other files; return its path."""
        from dataperf.curation import page

        target = _path(path)
        _write(target, page.page(self, title=title).encode())
        return target

    def to_csv(self, folder: Path | str) -> list[Path]:
        """Write every table of every finding as a CSV file; return the paths.

        They are reports for people: a text that begins like a formula gets an apostrophe in front,
        so that no spreadsheet runs it. `to_dict` holds every value as it is.
        """
        target, written = _path(folder), []
        for found in self.findings:
            tables = {found.kind: found.table}
            tables |= {f"{found.kind}-{name}": each for name, each in found.tables.items()}
            for name, table in tables.items():
                text = _without_formulas(table).to_csv(index=table.index.name is not None)
                _write(target / f"{name}.csv", text.encode())
                written.append(target / f"{name}.csv")
        return written

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the evidence as values that JSON can hold."""
        return as_json.audit(self)

    def plot_map(self, **options: Any) -> Figure:
        """Draw the rows as a map, flagged ones ringed; see `dataperf.curation.plots.plot_map`."""
        from dataperf.curation import plots

        return plots.plot_map(self, **options)

    def plot_balance(self) -> Figure:
        """Draw the number of rows of each class."""
        from dataperf.curation import plots

        return plots.plot_balance(self)

    def plot_label_errors(self, *, most: int = 24) -> Figure:
        """Draw the most suspicious labels with their rows, at most ``most``."""
        from dataperf.curation import plots

        return plots.plot_label_errors(self, most=most)

    def plot_noise(self) -> Figure:
        """Draw how often each true class carries each given label."""
        from dataperf.curation import plots

        return plots.plot_noise(self)

    def plot_slices(self, *, most: int = 15) -> Figure:
        """Draw the model error in the weak slices, at most ``most``."""
        from dataperf.curation import plots

        return plots.plot_slices(self, most=most)

    def plot_values(self, *, bins: int = 60) -> Figure:
        """Draw a histogram of the data values."""
        from dataperf.curation import plots

        return plots.plot_values(self, bins=bins)

    def _repr_html_(self) -> str:
        from dataperf.curation import notebook

        return notebook.html(self)

    def __repr__(self) -> str:
        from dataperf.curation import terminal

        return terminal.summary(self)


def _path(place: Any) -> Path:
    """Return a place as a path; refuse what is not a path."""
    try:
        return Path(place)
    except TypeError as error:
        what = f"it is {place!r}"
        problem = Problem("wrong-type", "path", what, "a text or a pathlib.Path")
        raise Invalid("place to write", [problem]) from error


def _write(target: Path, content: bytes) -> None:
    try:
        files.write_whole(target, content)
    except (OSError, ValueError) as error:  # ValueError: the name holds a NUL
        raise DataperfError(f"{target} cannot be written: {error}") from error


def _without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts, heads and index no spreadsheet runs as formulas."""

    def safe(value: Any) -> Any:
        return no_formula(value) if isinstance(value, str) else value

    texts = [name for name in table.columns if table[name].dtype.kind not in "biufcmM"]
    found = table.assign(**{name: table[name].map(safe) for name in texts})
    found.index = found.index.map(safe) if found.index.dtype.kind == "O" else found.index
    return found.rename(columns=safe)
