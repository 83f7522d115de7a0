"""Nearest neighbours of every row: ours compared with faiss and scikit-learn, with recall.

    python benchmarks/neighbours.py [--rows 50000] [--columns 256] [--data clusters]
                                    [--way "ours, lists"]

Every line is a new process with one thread. Seconds are processor seconds; ratios are relative to
faiss's flat index; recall is measured on 500 rows. scikit-learn searches for a tenth of the rows;
its seconds are multiplied by ten.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

K = 10
WAYS = ("faiss flat", "ours, exact", "ours, by size", "ours, lists", "scikit-learn")
DATA = ("clusters", "one cloud")


def made(data: str, rows: int, columns: int) -> np.ndarray:
    random = np.random.default_rng(0)
    noise = random.standard_normal(size=(rows, columns), dtype=np.float32)
    if data == "one cloud":
        return noise
    centres = 2 * random.standard_normal(size=(100, columns), dtype=np.float32)
    noise += centres[random.integers(0, 100, rows)]
    return noise


def found_by(way: str, features: np.ndarray) -> np.ndarray:
    if way == "faiss flat":
        import faiss

        faiss.omp_set_num_threads(1)
        index = faiss.IndexFlatL2(features.shape[1])
        index.add(features)
        return index.search(features, K + 1)[1]
    if way == "scikit-learn":
        from sklearn.neighbors import NearestNeighbors

        some = features[: max(1, len(features) // 10)]
        return NearestNeighbors(n_neighbors=K + 1).fit(features).kneighbors(some)[1]
    from dataperf.evidence.neighbours import nearest

    exact = {"ours, exact": True, "ours, lists": False}.get(way)
    return nearest(features, k=K, exact=exact).rows


def recall(features: np.ndarray, found: np.ndarray) -> float:
    from dataperf.evidence.neighbours import nearest_in

    some = np.random.default_rng(1).choice(len(found), min(500, len(found)), replace=False)
    true = nearest_in(features, features[some], K + 1).rows
    shares = []
    for row, line in zip(some.tolist(), true):
        others = set(line.tolist()) - {row}
        shares.append(len(others & set(found[row].tolist())) / K)
    return float(np.minimum(shares, 1).mean())


def run(way: str, data: str, rows: int, columns: int) -> None:
    found_by(way, made(data, 3000, columns))  # load compiled code, import libraries
    features = made(data, rows, columns)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = found_by(way, features)
    seconds = (time.process_time() - start) * rows / len(found)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(json.dumps({"seconds": seconds, "more": more, "recall": recall(features, found)}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--columns", type=int, default=256)
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--data", choices=DATA, action="append")
    parser.add_argument("--here", action="store_true", help="run one line in this process")
    given = parser.parse_args()
    if given.here:
        run(given.way[0], given.data[0], given.rows, given.columns)
        return
    for data in given.data or DATA:
        print(f"{data}: {given.rows:,} rows, {given.columns} columns, k = {K}")
        limit = 0.0
        for way in given.way or WAYS:
            words = [sys.executable, __file__, "--here", "--way", way, "--data", data]
            words += ["--rows", str(given.rows), "--columns", str(given.columns)]
            done = subprocess.run(
                words,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            one = json.loads(done.stdout)
            limit = limit or one["seconds"]
            print(
                f"  {way:<14} {one['seconds']:8.2f} s {one['seconds'] / limit:6.2f} x"
                f" {one['more']:6} MiB more  recall {one['recall']:.4f}"
            )


if __name__ == "__main__":
    main()
