"""In how many simulated boards do the rank intervals of a table of scores hold the true ranks?

    python benchmarks/rank_audit.py             # 300 boards of each table (about 2 minutes)
    python benchmarks/rank_audit.py --runs 50   # fewer

Each table has entries with known true scores. A board counts as held if every true rank lies within
the printed interval. The share of pairs that are shown to differ, and shown in the wrong order, stands
next to it.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from dataperf.statistics.score_tables import rank_table


def right_or_wrong(random: np.random.RandomState, cell: dict[str, Any]) -> dict[str, Any]:
    """Items that are hard or easy for all; an entry has each right or wrong."""
    level = 0.7 + cell["spread"] * np.linspace(0.5, -0.5, cell["entries"])
    hard = np.clip(random.normal(0, 0.1, cell["items"]), -0.1, 0.1)
    table = random.rand(cell["entries"], cell["items"]) < level[:, None] + hard
    for _copy in range(cell.get("copies", 0)):  # near-copies of the best: one item moved
        table = np.vstack([table, table[0]])
        table[-1, random.randint(cell["items"])] ^= True
        level = np.append(level, level[0])
    return {"tasks": [table.astype(np.float64)], "true": level}


def several_seeds(random: np.random.RandomState, cell: dict[str, Any]) -> dict[str, Any]:
    """Scores from 0 to 1 in several tasks; each seed of an entry has its luck."""
    level = 0.6 + cell["spread"] * np.linspace(0.5, -0.5, cell["entries"])
    luck = random.normal(0, cell["seed_sd"], (cell["entries"], cell["seeds"], 1))
    tasks = []
    for items in cell["sizes"]:
        hard = random.normal(0, 0.2, items)
        noise = random.normal(0, 0.15, (cell["entries"], cell["seeds"], items))
        tasks.append(level[:, None, None] + luck + hard + noise)
    by_seed = np.mean([task.mean(axis=2) for task in tasks], axis=0)
    return {
        "tasks": [task.mean(axis=1) for task in tasks],
        "seeds": list(by_seed) if cell["seeds"] > 1 else [],
        "true": level,
    }


def means_of_tasks(random: np.random.RandomState, cell: dict[str, Any]) -> dict[str, Any]:
    """Entries by tasks, means only: tasks differ in level, and in how they suit entries."""
    level = 60 + cell["spread"] * np.linspace(0.5, -0.5, cell["entries"])
    hard = random.uniform(-30, 20, cell["items"])
    kinds = random.randint(0, 4, cell["items"])
    kind = random.normal(0, 1.5, (cell["entries"], cell["items"]))
    suit = random.standard_t(5, (cell["entries"], cell["items"])) * (1 + kinds) + kind
    return {"tasks": [level[:, None] + hard + suit], "true": level}


TABLES = {
    "right or wrong": (
        right_or_wrong,
        [
            {"entries": entries, "items": items, "spread": spread, **copies}
            for entries, items, spread, copies in (
                (10, 100, 0.0, {}),
                (10, 500, 0.2, {}),
                (40, 300, 0.0, {}),
                (40, 1000, 0.3, {}),
                (10, 300, 0.2, {"copies": 20}),
                (5, 20, 0.3, {}),
            )
        ],
    ),
    "tasks, items and seeds": (
        several_seeds,
        [
            {"entries": entries, "sizes": sizes, "seeds": seeds, "seed_sd": sd, "spread": spread}
            for entries, sizes, seeds, sd, spread in (
                (8, (50, 100, 400), 3, 0.01, 0.0),
                (8, (50, 100, 400), 3, 0.01, 0.1),
                (20, (100, 100), 2, 0.03, 0.0),
                (20, (30, 60, 90), 5, 0.03, 0.2),
                (8, (200,), 1, 0.0, 0.05),
            )
        ],
    ),
    "means of tasks": (
        means_of_tasks,
        [
            {"entries": entries, "items": items, "spread": spread}
            for entries, items, spread in (
                (10, 15, 0.0),
                (30, 56, 0.0),
                (30, 56, 8.0),
                (100, 41, 10.0),
                (20, 8, 5.0),
            )
        ],
    ),
}


def measured(name: str, cell: dict[str, Any], runs: int, seed: int = 0) -> tuple[float, ...]:
    """Return the shares of boards held, of boards with a wrong pair, and of pairs shown."""
    random, make = np.random.RandomState(seed), TABLES[name][0]
    held, wrong, shown = [], [], []
    for _ in range(runs):
        made = make(random, cell)
        true = made["true"]
        found = rank_table(made["tasks"], seeds=made.get("seeds", ())).ranks
        real = true[:, None] > true + 1e-12
        best = 1 + real.sum(axis=0)
        worst = len(true) - real.sum(axis=1)
        held.append((np.array(found.best) <= best).all() and (np.array(found.worst) >= worst).all())
        wrong.append((found.better & ~real).any())
        shown.append(found.better.sum() / max(1, real.sum()) if real.any() else 0.0)
    return float(np.mean(held)), float(np.mean(wrong)), float(np.mean(shown))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300, help="boards of each table")
    options = parser.parse_args()
    lowest = (2.0, "")
    for name, (_, cells) in TABLES.items():
        print(f"\n{name}")
        for seed, cell in enumerate(cells):
            held, wrong, shown = measured(name, cell, options.runs, seed)
            words = " ".join(f"{key} {value}" for key, value in cell.items())
            print(f"{words} | held {held:.3f}  a pair wrong {wrong:.3f}  pairs shown {shown:.2f}")
            lowest = min(lowest, (held, f"{name}: {words}"))
    print(f"\nlowest: {lowest[0]:.3f} ({lowest[1]}), {options.runs} boards of each table")


if __name__ == "__main__":
    main()
