"""Are the audit's claims about wrong labels true? Simulations with known errors.

    python benchmarks/label_error_claims.py [--runs 2] [--seed 100] [--quick] [--table errors]

Three tables, each line a mean over runs. *errors*: eight data sets, three kinds of noise, 0 to 40 %
of the labels changed. *overlap*: overlapping classes whose labels are all right. *hard*: overlap
and errors together, few rows, every row twice, a corner of the data relabelled. Precision and recall are those of the
flagged labels, as estimated ("said") and in truth; "holds" is the share of runs whose interval
of the number of wrong labels among the flagged holds the true number. AP is the average precision
of the ranking. Everything is drawn by seed: ``--runs 2 --seed 100`` draws
with the seeds 100 and 101. ``--quick`` takes
three data sets, three rates and up to 500 rows. A full draw of all three takes about an hour.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))
import label_error_data as data

QUICK_TABLES, QUICK_RATES, QUICK_SIZES = (
    ("wine", "breast cancer", "categories, 2 classes"),
    (0.0, 0.1, 0.4),
    (300, 500),
)
TABLES = ("errors", "overlap", "hard")


@dataclass(frozen=True)
class Run:
    """What one audit said, and the truth."""

    case: data.Case
    flagged: int
    doubtful: int
    said: float
    low: float
    high: float
    recall_said: float
    hits: int
    wrong: int
    ap: float

    @property
    def holds(self) -> bool:
        return self.low - 0.05 <= self.hits <= self.high + 0.05  # rounded to one digit


def run(case: data.Case) -> Run:
    """Audit a case, without its true labels, and compare what is said with them."""
    import pandas as pd
    from sklearn.metrics import average_precision_score

    import dataperf

    given = [f"class {number}" for number in case.given]
    if isinstance(case.features, pd.DataFrame):
        found = dataperf.audit(
            case.features.assign(label=given), label="label", detectors=["label_errors"]
        )
    else:
        found = dataperf.audit((case.features, np.array(given)), detectors=["label_errors"])
    finding = found.finding("label_errors")
    numbers, table, wrong = finding.numbers, finding.table, case.given != case.truth
    hits = int(wrong[table.loc[table["flagged"], "row"].to_numpy()].sum())
    names = ("flagged", "doubtful", "expected_real", "low", "high")
    flagged, doubtful, *rest = (numbers[name] for name in names)
    recall = numbers["recall_estimate"] or 0.0
    ap = average_precision_score(wrong, found.scores()) if wrong.any() else np.nan
    return Run(case, flagged, doubtful, *rest, recall, hits, int(wrong.sum()), float(ap))


def errors_table(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the first table: by kind of noise, then by data set."""
    head = (
        f"{'noise, data set':<26}{'runs':>5}{'flags':>6}  precision      recall         holds    AP"
    )
    yield head + "\n" + f"{'':<37}  said  true    said  true"
    groups = [("all", list(runs))]
    for key in (lambda each: each.case.kind, lambda each: each.case.name):
        names = dict.fromkeys(key(each) for each in runs)
        groups += [(name, [each for each in runs if key(each) == name]) for name in names]
    for name, part in groups:
        yield errors_line(name, part)


def errors_line(name: str, part: Sequence[Run]) -> str:
    flags = [each for each in part if each.flagged]
    aps = [each.ap for each in part if np.isfinite(each.ap)]
    ap = f"{np.mean(aps):7.3f}" if aps else "      -"
    start = f"{name:<26}{len(part):5}{len(flags):6}"
    if not flags:
        return f"{start}{'-':>7}{'-':>6}{'-':>8}{'-':>6}{'-':>8}{ap}"
    means = [
        np.mean([each.said / each.flagged for each in flags]),
        np.mean([each.hits / each.flagged for each in flags]),
        np.mean([each.recall_said for each in flags]),
        np.mean([each.hits / max(each.wrong, 1) for each in flags]),
        np.mean([each.holds for each in flags]),
    ]
    columns = zip(means, (7, 6, 8, 6, 8), strict=True)
    return start + "".join(f"{value:{width}.3f}" for value, width in columns) + ap


def overlap_table(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the second table: labels that are all right."""
    yield f"{'classes':<40}{'runs':>5}{'calls wrong':>12}{'flagged':>8}{'doubtful':>9}"
    everything = [("all", list(runs))]
    for key in (
        lambda each: each.case.kind,
        lambda each: f"{each.case.kind}, {each.case.name.partition(', ')[0]}",
        lambda each: each.case.name.partition(", ")[2],
    ):
        names = dict.fromkeys(key(each) for each in runs)
        everything += [(name, [each for each in runs if key(each) == name]) for name in names]
    for name, part in everything:
        claims = sum(each.flagged > 0 for each in part)
        flagged, doubtful = (
            np.mean([getattr(e, n) for e in part]) for n in ("flagged", "doubtful")
        )
        yield f"{name:<40}{len(part):5}{claims:12}{flagged:8.1f}{doubtful:9.1f}"


def hard_table(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the third table: a line for each kind, size and share of errors."""
    yield f"{'data':<52}{'errors':>7}{'runs':>5}{'claims':>7}{'flagged':>8}{'wrong':>6}{'said':>15}{'holds':>6}{'AP':>7}"
    keys = dict.fromkeys((each.case.kind, each.case.name, each.case.rate) for each in runs)
    for kind, name, rate in keys:
        part = [e for e in runs if (e.case.kind, e.case.name, e.case.rate) == (kind, name, rate)]
        flags = [each for each in part if each.flagged]
        aps = [each.ap for each in part if np.isfinite(each.ap)]
        start = f"{f'{kind}, {name}':<52}{rate:7.2f}{len(part):5}{len(flags):7}"
        ap = f"{np.mean(aps):7.3f}" if aps else "      -"
        if not flags:
            yield f"{start}{'-':>8}{'-':>6}{'-':>15}{'-':>6}{ap}"
            continue
        flagged, hits, low, high, holds = (
            np.mean([getattr(each, name) for each in flags])
            for name in ("flagged", "hits", "low", "high", "holds")
        )
        said = f"{low:.0f} to {high:.0f}"
        yield f"{start}{flagged:8.1f}{hits:6.1f}{said:>15}{holds:6.2f}{ap}"


def cases(table: str, seeds: Iterable[int], quick: bool) -> Iterable[data.Case]:
    """Return the cases of a table."""
    if table == "errors":
        return data.with_errors(seeds, *((QUICK_TABLES, QUICK_RATES) if quick else ()))
    if table == "overlap":
        return data.overlapping(seeds, *((QUICK_SIZES,) if quick else ()))
    return itertools.islice(data.hard(seeds), 12) if quick else data.hard(seeds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1, help="number of draws of each case")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first draw")
    parser.add_argument("--quick", action="store_true", help="a few data sets, up to 500 rows")
    parser.add_argument("--table", choices=TABLES, action="append", help="only this table")
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.runs)
    printers = {"errors": errors_table, "overlap": overlap_table, "hard": hard_table}
    for table in given.table or TABLES:
        done = []
        for case in cases(table, seeds, given.quick):
            done.append(run(case))
            if sys.stderr.isatty():
                print(f"\r{table}: {len(done)} audits", end="", file=sys.stderr, flush=True)
        print(f"\n{table.upper()}: {len(done)} audits")
        print("\n".join(printers[table](done)), flush=True)


if __name__ == "__main__":
    main()
