"""Exact KNN-Shapley values: ours compared with a matrix product alone and with a plain formula.

    OMP_NUM_THREADS=1 python benchmarks/knn_shapley.py [--rows 50000] [--tests 5000]

Every line is a new process with one thread. It runs our code and a product of the same matrices,
which every exact method needs, three times in turn. The ratio compares the smallest processor
seconds of each. The plain formula sorts all distances with numpy, a block of tests at a time, for
a tenth of the tests; its seconds are multiplied by ten.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

#: Tests per block; the fastest size for the product alone.
BLOCK = 256
WAYS = ("ours", "ours, 2 classes", "plain")


def made(rows: int, tests: int, columns: int, classes: int):
    random = np.random.default_rng(0)
    centres = random.normal(size=(classes, columns))
    labels, truth = random.integers(0, classes, rows), random.integers(0, classes, tests)
    train = (centres[labels] + 2 * random.normal(size=(rows, columns))).astype(np.float32)
    return (
        train,
        labels,
        (centres[truth] + 2 * random.normal(size=(tests, columns))).astype(np.float32),
        truth,
    )


def product(train, labels, tests, truth) -> None:
    space = np.empty((BLOCK, len(train)), dtype=np.float32)
    for start in range(0, len(tests), BLOCK):
        some = tests[start : start + BLOCK]
        np.matmul(some, train.T, out=space[: len(some)])


def ours(train, labels, tests, truth) -> None:
    from dataperf.valuation.knn_shapley import knn_shapley

    knn_shapley(train, labels, tests, truth, k=5)


def plain(train, labels, tests, truth) -> None:
    from dataperf.strategies.knn_shapley import shapley

    norms = np.einsum("ij,ij->i", train, train)
    for start in range(0, len(tests), 64):
        some = tests[start : start + 64]
        shapley(norms - 2 * some @ train.T, labels, truth[start : start + 64], 5)


def run(way: str, rows: int, tests: int, columns: int) -> None:
    classes = 2 if "2 classes" in way else 10
    share = 10 if way == "plain" else 1
    data = made(rows, tests // share, columns, classes)
    work: Callable[..., None] = plain if way == "plain" else ours
    work(*made(200, 20, columns, classes))  # load compiled code, import libraries
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds: dict[Callable[..., None], list[float]] = {work: [], product: []}
    peak = before
    for _ in range(1 if way == "plain" else 3):
        for each, spent in seconds.items():
            start = time.process_time()
            each(*data)
            spent.append(share * (time.process_time() - start))
            if each is work:
                peak = max(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    found = {"seconds": min(seconds[work]), "limit": min(seconds[product])}
    print(json.dumps({**found, "more": (peak - before) // 1024}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--tests", type=int, default=5_000)
    parser.add_argument("--columns", type=int, default=256)
    parser.add_argument("--way", choices=WAYS)
    given = parser.parse_args()
    if given.way:
        run(given.way, given.rows, given.tests, given.columns)
        return
    print(f"{given.rows:,} rows, {given.tests:,} tests, {given.columns} columns")
    for way in WAYS:
        words = [sys.executable, __file__, "--way", way]
        for name in ("rows", "tests", "columns"):
            words += [f"--{name}", str(getattr(given, name))]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        ratio = found["seconds"] / found["limit"]
        print(
            f"{way:<16} {found['seconds']:8.2f} s, product {found['limit']:.2f} s,"
            f" {ratio:6.2f} x, {found['more']:5} MiB more",
            flush=True,
        )


if __name__ == "__main__":
    main()
