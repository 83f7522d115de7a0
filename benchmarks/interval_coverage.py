"""In how many samples of known populations do the printed intervals hold the true value?

    python benchmarks/interval_coverage.py            # all tables (about 20 minutes on 2 cores)
    python benchmarks/interval_coverage.py --quick    # a few cells of each

Every population is a joint distribution of true and predicted classes, so the true value of each
metric is known. A row of a table is one population and design; a cell is the share of samples whose
95 % interval holds the true value, and the mean width of the interval.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from dataperf import statistics
from dataperf.metrics import (
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    f1,
    macro_f1,
    precision,
    recall,
    weighted_f1,
    worst_class_recall,
)
from dataperf.statistics import Outcome, Score, Term

METRICS = {
    "accuracy": accuracy,
    "balanced": balanced_accuracy,
    "macro-F1": macro_f1,
    "weighted-F1": weighted_f1,
    "kappa": cohen_kappa,
    "worst": worst_class_recall,
}
OF_TWO = {"recall": recall, "precision": precision, "F1": f1}
SIZES = (30, 50, 160, 320, 1000, 3000)


def population(k: int, level: float, imbalanced: bool) -> np.ndarray:
    """Return the joint probabilities of (true, predicted) classes; the last class is rarest."""
    shares = np.geomspace(1, 0.1, k) if imbalanced and k > 2 else np.ones(k)
    if imbalanced and k == 2:
        shares = np.array([0.9, 0.1])
    shares = shares / shares.sum()
    half = 0.04 if level < 0.9 else 0.02
    right = np.clip(level + np.linspace(half, -half, k), 0.0, 0.995)
    wrong = np.tile(shares, (k, 1))
    np.fill_diagonal(wrong, 0.0)
    wrong *= ((1 - right) / wrong.sum(axis=1))[:, None]
    np.fill_diagonal(wrong, right)
    return np.asarray(shares[:, None] * wrong)


def truth_of(metric: Any, joint: np.ndarray) -> float:
    return float(metric.from_counts(np.round(joint * 1e12)))


def drawn(random: np.random.RandomState, joint: np.ndarray, rows: int) -> Outcome:
    k = len(joint)
    cells = random.choice(k * k, rows, p=(joint / joint.sum()).ravel())
    return Outcome(cells // k, (cells % k)[None], k)


def single(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[float, float, float]]]:
    """Count how often intervals of one sample hold the truth."""
    joint = population(cell["k"], cell["level"], cell["imbalanced"])
    metrics = METRICS | (OF_TWO if cell["k"] == 2 else {})
    true = {name: truth_of(metric, joint) for name, metric in metrics.items()}
    random = np.random.RandomState(cell["seed"])
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in metrics}
    for _ in range(cell["runs"]):
        outcome = drawn(random, joint, cell["rows"])
        for name, each in statistics.intervals(metrics, outcome).items():
            if each.low is not None:
                held = each.low - 1e-9 <= true[name] <= each.high + 1e-9
                found[name].append((held, each.high - each.low, each.high <= each.low))
    return cell, {n: tuple(np.mean(v, axis=0)) if v else (np.nan,) * 3 for n, v in found.items()}


def several_seeds(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows and seeds are both drawn: each row has its difficulty, each seed its luck."""
    random = np.random.RandomState(cell["seed"])
    held, widths = [], []
    for _ in range(cell["runs"]):
        luck = random.normal(0, cell["seed_sd"], (cell["seeds"], 1))
        hard = random.normal(0, cell["row_sd"], cell["rows"])
        p = np.clip(cell["level"] + hard + luck, 0, 1)
        right = (random.rand(cell["seeds"], cell["rows"]) < p).astype(np.intp)
        each = statistics.interval(accuracy, Outcome(np.ones(cell["rows"], np.intp), right, 2))
        held.append(each.low <= cell["level"] <= each.high)
        widths.append(each.high - each.low)
    return cell, {"accuracy": (np.mean(held), np.mean(widths), 0.0)}


def grouped(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    random = np.random.RandomState(cell["seed"])
    held, widths, count = [], [], cell["groups"]
    for _ in range(cell["runs"]):
        sizes = random.randint(5, 60, count) if cell["unequal"] else np.full(count, 30)
        level = np.clip(random.normal(0.75, cell["group_sd"], count), 0, 1)
        names = np.repeat(np.arange(count), sizes)
        right = (random.rand(len(names)) < level[names]).astype(np.intp)
        each = statistics.interval(
            accuracy, Outcome(np.ones(len(names), np.intp), right[None], 2, names)
        )
        if each.low is not None:
            held.append(each.low <= 0.75 <= each.high)
            widths.append(each.high - each.low)
    return cell, {"accuracy": (np.mean(held), np.mean(widths), 0.0) if held else (np.nan,) * 3}


def paired(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two models of the same rows: how often does the interval of the gain hold the gain?"""
    joint = population(cell["k"], cell["level"], cell["imbalanced"])
    k, random = cell["k"], np.random.RandomState(cell["seed"])
    counts: dict[str, list[tuple[float, float, float]]] = {}
    # The second model puts a share of the wrong rows right, and spoils a share of the right ones.
    up, down = cell["changed"] / (1 - cell["level"]) * 0.7, cell["changed"] * 0.3 / cell["level"]
    after = joint * np.where(np.eye(k, dtype=bool), 1 - down, 1 - up)
    moved = joint * np.where(np.eye(k, dtype=bool), 0, up)
    after[np.arange(k), np.arange(k)] += moved.sum(axis=1)
    spoil = np.diagonal(joint) * down
    after[np.arange(k), (np.arange(k) + 1) % k] += spoil
    names = {"accuracy": accuracy, "macro-F1": macro_f1, "balanced": balanced_accuracy}
    true = {n: truth_of(m, after) - truth_of(m, joint) for n, m in names.items()}
    for _ in range(cell["runs"]):
        before = drawn(random, joint, cell["rows"])
        truth, old = before.truth, before.predicted[0]
        luck = random.rand(cell["rows"])
        new = np.where((old != truth) & (luck < up), truth, old)
        new = np.where((old == truth) & (luck < down), (truth + 1) % k, new)
        for name, metric in names.items():
            found = statistics.difference(metric, Outcome(truth, new[None], k), before)
            low, high = found.estimate.low, found.estimate.high
            counts.setdefault(name, []).append((low <= true[name] <= high, high - low, low == high))
    return cell, {name: tuple(np.mean(each, axis=0)) for name, each in counts.items()}


def board(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Boards of entries with known true scores: are ranks and separations right?"""
    random = np.random.RandomState(cell["seed"])
    count, rows, metric = cell["entries"], cell["rows"], METRICS[cell["metric"]]
    wrong_order = holds = apart = 0
    for _ in range(cell["runs"]):
        level = cell["level"] + cell["spread"] * np.linspace(-0.5, 0.5, count)
        hard = random.normal(0, cell["row_sd"], rows)
        truth = random.randint(0, cell["k"], rows)
        scores = []
        shown = np.concatenate([level, np.repeat(level[-1], cell["copies"])])
        for entry in range(count):
            right = random.rand(rows) < np.clip(level[entry] + hard, 0, 1)
            other = (truth + random.randint(1, cell["k"], rows)) % cell["k"]
            scores.append(np.where(right, truth, other))
        for _ in range(cell["copies"]):  # one prediction moved
            copy = scores[count - 1].copy()
            copy[random.randint(rows)] = random.randint(cell["k"])
            scores.append(copy)
        made = [Score((Term(metric, Outcome(truth, each[None], cell["k"])),)) for each in scores]
        found = statistics.ranks(made)
        real = shown[:, None] > shown + 1e-12
        wrong_order += bool((found.better & ~real)[:count, :count].any())
        apart += found.better[:count, :count].sum() / max(1, real[:count, :count].sum())
        best = 1 + (shown > shown[:, None] + 1e-12).sum(axis=1)
        worst = best + (np.abs(shown - shown[:, None]) < 1e-12).sum(axis=1) - 1
        inside = (np.array(found.best) <= best) & (np.array(found.worst) >= worst)
        holds += bool(inside.all())
    runs = cell["runs"]
    return cell, {
        "any pair shown wrongly": wrong_order / runs,
        "all ranks held": holds / runs,
        "pairs shown": apart / runs,
    }


def cells_of_single(runs: int, quick: bool) -> Iterator[dict[str, Any]]:
    for k in (2, 6, 20):
        for imbalanced in (False, True):
            for level in (0.75, 0.95):
                for rows in SIZES if not quick else (50, 320):
                    yield dict(k=k, imbalanced=imbalanced, level=level, rows=rows, runs=runs)


def cells_of_seeds(runs: int, quick: bool) -> Iterator[dict[str, Any]]:
    for seeds in (2, 3, 10):
        for seed_sd in (0.0, 0.02) if not quick else (0.02,):
            for rows in (100, 320, 1000) if not quick else (320,):
                yield dict(
                    seeds=seeds, seed_sd=seed_sd, rows=rows, level=0.7, row_sd=0.15, runs=runs
                )


def cells_of_groups(runs: int, quick: bool) -> Iterator[dict[str, Any]]:
    for groups in (4, 6, 10, 20, 40) if not quick else (4, 10):
        for group_sd in (0.0, 0.03, 0.10, 0.20) if not quick else (0.1,):
            for unequal in (False, True) if not quick else (False,):
                yield dict(groups=groups, group_sd=group_sd, unequal=unequal, runs=runs)


def cells_of_pairs(runs: int, quick: bool) -> Iterator[dict[str, Any]]:
    for k, imbalanced in ((2, False), (2, True), (6, False), (20, True)):
        for changed in (0.005, 0.02, 0.1) if not quick else (0.02,):
            for rows in (60, 200, 1000) if not quick else (200,):
                yield dict(
                    k=k, imbalanced=imbalanced, changed=changed, level=0.8, rows=rows, runs=runs
                )


def cells_of_boards(runs: int, quick: bool) -> Iterator[dict[str, Any]]:
    plain = dict(k=4, row_sd=0.15, metric="accuracy", copies=0)
    for entries in (2, 10, 40, 200) if not quick else (2, 10):
        for level, rows in ((0.75, 160), (0.95, 160), (0.75, 1000)):
            few = max(runs // 4, 20) if entries >= 200 else runs
            yield plain | dict(entries=entries, level=level, rows=rows, spread=0.0, runs=few)
    for entries, copies in ((10, 0), (10, 20), (10, 200), (40, 0)) if not quick else ((10, 20),):
        for spread in (0.15, 0.3):
            yield plain | dict(
                entries=entries, level=0.75, rows=320, spread=spread, copies=copies, runs=runs
            )
    for spread in (0.0, 0.2):
        yield plain | dict(
            entries=10, level=0.75, rows=320, spread=spread, metric="macro-F1", runs=runs
        )


TABLES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "one sample": (single, cells_of_single),
    "several seeds": (several_seeds, cells_of_seeds),
    "groups": (grouped, cells_of_groups),
    "paired gains": (paired, cells_of_pairs),
    "boards": (board, cells_of_boards),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=400, help="samples of each cell")
    parser.add_argument("--quick", action="store_true", help="few cells")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--table", choices=list(TABLES), action="append", help="only this table")
    options = parser.parse_args()
    began, worst = time.time(), {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for title in options.table or TABLES:
            simulate, cells_of = TABLES[title]
            print(f"\n{title}")
            cells = [c | {"seed": n} for n, c in enumerate(cells_of(options.runs, options.quick))]
            for cell, found in pool.map(simulate, cells):
                design = " ".join(f"{k} {v}" for k, v in cell.items() if k not in ("seed", "runs"))
                print(design, "|", "  ".join(_shown(name, each) for name, each in found.items()))
                sys.stdout.flush()
                for name, each in found.items():
                    if isinstance(each, tuple) and np.isfinite(each[0]):
                        worst[title] = min(
                            worst.get(title, (2.0, "")), (each[0], f"{name}, {design}")
                        )
    for title, (share, where) in worst.items():
        print(f"lowest coverage, {title}: {share:.3f} ({where})")
    print(f"{options.runs} samples a cell, {time.time() - began:.0f} s", file=sys.stderr)


def _shown(name: str, found: Any) -> str:
    if not isinstance(found, tuple):
        return f"{name} {found:.3f}"
    flat = f" ({found[2]:.0%} of no width)" if found[2] else ""
    return f"{name} {found[0]:.3f} [{found[1]:.3f}]{flat}"


if __name__ == "__main__":
    main()
