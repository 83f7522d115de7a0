"""What an audit writes is accepted by the evaluation of the same data: random tables of all kinds.

By default the models are replaced by random suspects, which ask for more than real ones do. With
DATAPERF_TABLES=200 in the environment, so many tables are audited and evaluated in earnest.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import os
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import dataperf
from dataperf.curation import submission as writing
from dataperf.definitions import submission as definitions
from dataperf.detectors import label_errors
from dataperf.errors import DataperfError
from dataperf.evidence.collect import Collected
from dataperf.own_data import evaluate as own
from dataperf.reading.read import read
from dataperf.registry import entries
from dataperf.tracks import cleaning

TABLES, IN_EARNEST = 200, int(os.environ.get("DATAPERF_TABLES", "2"))
EMPTY = {"schema_version": 2, "challenge": "own-repair", "board": "own", "answer": {}}
SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": ";"}


def numbers(random, n):
    return random.normal(50, 20, n)


def point(values, form):
    return [form(value) for value in values]


def comma(value):
    return f"{value:.2f}".replace(".", ",")


def day(number):
    return pd.Timestamp("2021-01-01") + pd.Timedelta(int(number), "D")


#: Columns of features by what they hold.
FEATURES = {
    "float": lambda r, n: numbers(r, n).round(3).tolist(),
    "integer": lambda r, n: r.integers(0, 9, n).tolist(),
    "half missing": lambda r, n: [None if v < 45 else float(v) for v in numbers(r, n)],
    "decimal comma": lambda r, n: point(numbers(r, n), comma),
    "thousands": lambda r, n: point(numbers(r, n), lambda v: f"{v * 1000:,.1f}"),
    "per cent": lambda r, n: point(numbers(r, n), lambda v: f"{v:.1f}%"),
    "money": lambda r, n: point(numbers(r, n), lambda v: f"${abs(v):.0f}"),
    "brackets": lambda r, n: point(numbers(r, n), lambda v: f"({v:.0f})" if v < 50 else f"{v:.0f}"),
    "unit": lambda r, n: point(numbers(r, n), lambda v: f"{v:.1f} kg"),
    "units": lambda r, n: point(r.integers(1, 9, n), lambda v: f"{v} {['kg', 'g'][v % 2]}"),
    "clock": lambda r, n: point(r.integers(0, 1440, n), lambda v: f"{v // 60:02}:{v % 60:02}"),
    "date": lambda r, n: point(r.integers(0, 900, n), lambda v: str(day(v))[:10]),
    "moment": lambda r, n: point(r.integers(0, 900, n), lambda v: day(v).isoformat() + "Z"),
    "day first": lambda r, n: point(r.integers(0, 900, n), lambda v: f"{day(v):%d/%m/%Y}"),
    "unix_time": lambda r, n: (1_600_000_000 + r.integers(0, 10**7, n)).tolist(),
    "questions": lambda r, n: ["?" if v < 30 else f"{v:.2f}" for v in numbers(r, n)],
    "words among numbers": lambda r, n: ["low" if v < 45 else f"{v:.2f}" for v in numbers(r, n)],
    "words": lambda r, n: r.choice(
        ["red", "blue", "NA", "None", "", "a, b", 'say "x"'], n
    ).tolist(),
    "codes": lambda r, n: [f"{v:03}" for v in r.integers(0, 30, n)],
    "truth": lambda r, n: [bool(v) for v in r.integers(0, 2, n)],
    "sentence": lambda r, n: [" ".join(r.choice(["a", "dog", "ran", "far"], 6)) for _ in range(n)],
    "lines": lambda r, n: [f"first\nsecond {v}" for v in r.integers(0, 5, n)],
    "Unnamed: 0": lambda r, n: r.permutation(n).tolist(),
    "user_id": lambda r, n: [None, *(7_205_759_406_317_970_000 + r.integers(0, 9, n)).tolist()][:n],
    "constant": lambda r, n: [1] * n,
    "empty": lambda r, n: [None] * n,
}
#: Labels by what they hold; the weight of the last class is small.
LABELS = {
    "words": ["cat", "dog", "bird"],
    "blanks and case": ["cat", "dog", " cat", "Dog", "dog."],
    "Unicode": ["caf\u00e9", "cafe\u0301", "th\u00e9"],
    "integers": [0, 1, 2],
    "codes": ["01", "02", "10"],
    "halves": [0.5, 1.0, 1.5],
    "truth": [True, False],
    "missing words": ["NA", "None", "cat", "dog", "null", None],
    "dates": ["2021-01-01", "2021-02-01"],
    "long": list(range(7_205_759_406_317_970_000, 7_205_759_406_317_970_004)),
    "comma": ["1,5", "2,5", "3"],
    "unknown": ["?", "a", "b"],
    "many": [f"c{number}" for number in range(12)],
}


def table(seed):
    """Return a random table and the options to read it with."""
    random = np.random.default_rng(seed)
    n = int(random.choice([1, 2, 3, 5, 8, 13, 30, 60]))
    names = random.choice(list(FEATURES), int(random.integers(1, 6)), replace=False)
    columns = {str(name): FEATURES[name](random, n) for name in names}
    classes = LABELS[str(random.choice(list(LABELS)))]
    weights = np.ones(len(classes))
    weights[-1] = random.choice([0.1, 1.0])
    columns["y"] = [classes[at] for at in random.choice(len(classes), n, p=weights / weights.sum())]
    options = {"label": "y"}
    if random.random() < 0.3:
        who = random.choice(["p1", "p2", "p3", "NA", None], n).tolist()
        columns["who"], options["group"] = who, "who"
    if random.random() < 0.2:
        columns["part"] = random.choice(["train", "test"], n, p=[0.8, 0.2]).tolist()
        options["split"] = "part"
    if random.random() < 0.2:
        columns["key"], options["id"] = [f"r{number}" for number in range(n)], "key"
    if random.random() < 0.2:
        columns["right"], options["true_label"] = list(columns["y"]), "right"
    if random.random() < 0.2:
        options["merge_labels"] = True
    if random.random() < 0.2:
        options["missing"] = ["?", "None"]
    if random.random() < 0.1:
        options["decimal"] = str(random.choice([",", "."]))
    return columns, options


def written(columns, seed, folder):
    """Return a table as a file of some kind, or as a data frame."""
    kind = [".csv", ".tsv", ".txt", ".jsonl", ".json", ".parquet", "frame"][seed % 7]
    path = folder / f"t{seed}{kind}"
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    if kind in SEPARATORS:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=SEPARATORS[kind], lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if v is None else v for v in row.values()] for row in rows])
        path.write_text(text.getvalue())
    elif kind == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif kind == ".json":
        path.write_text(json.dumps(rows))
    elif kind == "frame":
        return pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})
    else:
        frame = pd.DataFrame(columns)
        frame.astype({c: str for c in frame if frame[c].map(type).nunique() > 2}).to_parquet(path)
    return path


def suspects(monkeypatch, random):
    """Replace the models by random probabilities, and the flags by random rows."""

    def probabilities(self):
        return random.dirichlet(np.ones(len(self.rows.classes)), len(self.rows)).astype(np.float32)

    def find(evidence):
        rows = np.flatnonzero(evidence.rows.labels >= 0)
        flagged = random.random(len(rows)) < random.choice([0.1, 0.9, 1.0])
        return SimpleNamespace(table=pd.DataFrame({"row": rows, "flagged": flagged}))

    monkeypatch.setattr(Collected, "probabilities", property(probabilities))
    monkeypatch.setattr(label_errors, "find", find)


@pytest.fixture
def quick(monkeypatch):
    """Look at the files of plug-ins once only."""
    monkeypatch.setattr(entries.Entry, "defines", functools.cache(entries.Entry.defines))


def accepted(source, content, options):
    """Check a submission as the evaluation does: the data is read again."""
    track = content["challenge"].removeprefix("own-")
    budget = cleaning.own_budget(content["answer"]) if track == "cleaning" else None
    made = own.load(source, **options, track=track, budget=budget)
    definitions.check(definitions.parse(content, made[0], subject="own"), *made)


def records(path):
    """Return the cells of a CSV file or the objects of a JSON file."""
    if path.suffix in SEPARATORS:
        with path.open(newline="") as file:
            head, *rows = csv.reader(file, delimiter=SEPARATORS[path.suffix])
        return [dict(zip(head, row, strict=True)) for row in rows if row]
    text = path.read_text()
    return (
        json.loads(text) if path.suffix == ".json" else [json.loads(r) for r in text.splitlines()]
    )


def check_written_back(source, content, options, folder):
    """Apply nothing, then the submission: no other value of the file changes."""
    how = {
        key: options[key] for key in ("label", "id", "missing", "merge_labels") if key in options
    }
    if isinstance(source, pd.DataFrame):
        same = dataperf.apply(EMPTY, source, **how).data
        pd.testing.assert_frame_equal(same, source)
        return
    out = folder / f"out{source.suffix}"
    dataperf.apply(EMPTY, source, output=out, **how)
    assert out.read_bytes() == source.read_bytes()
    done = dataperf.apply(content, source, output=out, **how)
    if source.suffix == ".parquet":
        return
    gone = {change.row for change in done.changes if change.action == "drop"}
    before = [row for number, row in enumerate(records(source)) if number not in gone]
    after = records(out)
    assert [{**row, "y": 0} for row in after] == [{**row, "y": 0} for row in before]
    moved = sum(a["y"] != b["y"] for a, b in zip(after, before, strict=True))
    assert moved <= sum(change.action == "relabel" for change in done.changes)


def test_what_an_audit_writes_is_accepted(tmp_path, monkeypatch, quick):
    wrote, refusals = 0, []
    for seed in range(TABLES):
        columns, options = table(seed)
        random = np.random.default_rng(seed)
        try:
            source = written(columns, seed, tmp_path)
        except (TypeError, ValueError, OverflowError):  # Parquet cannot hold it
            continue
        suspects(monkeypatch, random)
        try:
            rows = read(source if isinstance(source, pd.DataFrame) else str(source), **options)
            track = str(random.choice(["repair", "repair", "selection", "cleaning"]))
            track = track if track != "cleaning" or rows.truth is not None else "repair"
            budget = None if random.random() < 0.5 else int(random.integers(1, 40))
            how = writing.Options(track, None if track == "selection" else budget)
            content = writing.make(rows, Collected(rows, 0), how, version="0")
        except DataperfError as error:
            refusals.append(str(error))
            continue
        accepted(source, content, options)
        if track != "cleaning":
            check_written_back(source, content, options, tmp_path)
        wrote += 1
    assert wrote > TABLES / 3, refusals
    assert not any("submission:" in each for each in refusals), refusals


@pytest.mark.parametrize("seed", range(IN_EARNEST))
def test_what_a_real_audit_writes_is_accepted(tmp_path, seed):
    columns, options = table(2000 + seed)
    try:
        source = written(columns, seed, tmp_path)
        rows = read(source if isinstance(source, pd.DataFrame) else str(source), **options)
        found = dataperf.audit(rows, detectors=["label_errors", "duplicates"])
        content = found.to_submission()
    except (DataperfError, TypeError, ValueError, OverflowError) as error:
        assert isinstance(error, DataperfError) or source.suffix == ".parquet"
        return
    result = dataperf.evaluate_data(source, content, on_message=lambda words: None, **options)
    assert 0 <= result.score.value <= 1
    check_written_back(source, content, options, tmp_path)
