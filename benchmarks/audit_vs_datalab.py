"""Label errors found by dataperf and by cleanlab's Datalab on the same injected noise.

    python benchmarks/audit_vs_datalab.py [--rows 10000] [--data embeddings] [--quick]

Both get the same features and given labels, never the true labels. Datalab needs predicted
probabilities: out-of-fold ones of scikit-learn's LogisticRegression, as its documentation
recommends, and their time counts. Every line is a new process with one thread: average precision
of the label error score for the changed labels, processor and wall seconds from arrays to scores
(without imports, which are shown as start), and peak memory of the process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

NOISE = ("uniform", "class", "feature")
RATES = (0.05, 0.10, 0.20, 0.40)
DATA = ("embeddings", "mnist")
TOOLS = ("dataperf", "datalab")


def embeddings(rows: int, *, columns: int = 256, classes: int = 10):
    """Return overlapping clouds, three per class, distributed like embeddings of a good network."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, rows)
    middles = random.normal(size=(classes, columns)) * 0.12
    parts = middles[:, None] + random.normal(size=(classes, 3, columns)) * 0.12
    features = parts[labels, random.integers(0, 3, rows)]
    return (features + 0.35 * random.normal(size=(rows, columns))).astype(np.float32), labels


def mnist():
    from dataperf.datasets import mnist_5k

    table = mnist_5k.table(None)
    return table.features, np.unique(table.columns["digit"], return_inverse=True)[1]


def noisy(features: np.ndarray, truth: np.ndarray, noise: str, rate: float, seed: int):
    """Return labels of which a share is wrong.

    ``uniform``: any row, any other class. ``class``: any row, mostly the next class, some classes
    more often. ``feature``: rows near the border between two classes, the other class.
    """
    random = np.random.default_rng(seed)
    n, classes = len(truth), truth.max() + 1
    count, given = round(rate * n), truth.copy()
    if noise == "uniform":
        wrong = random.choice(n, count, replace=False)
        given[wrong] = (truth[wrong] + random.integers(1, classes, count)) % classes
    elif noise == "class":
        weight = np.linspace(0.2, 1.8, classes)[truth]
        wrong = random.choice(n, count, replace=False, p=weight / weight.sum())
        step = np.where(random.random(count) < 0.8, 1, random.integers(1, classes, count))
        given[wrong] = (truth[wrong] + step) % classes
    else:
        middles = np.stack([features[truth == label].mean(axis=0) for label in range(classes)])
        distances = (middles**2).sum(axis=1) - 2 * features @ middles.T
        own = distances[np.arange(n), truth]
        distances[np.arange(n), truth] = np.inf
        gap = distances.min(axis=1) - own  # small or negative where the other class is near
        scale = gap.std()
        wrong = np.argsort(gap / scale + random.gumbel(size=n))[:count]
        given[wrong] = distances[wrong].argmin(axis=1)
    return given


def by_dataperf(features: np.ndarray, given: np.ndarray) -> np.ndarray:
    import dataperf

    return dataperf.audit((features, given)).scores("label_errors")


def by_datalab(features: np.ndarray, given: np.ndarray) -> np.ndarray:
    from cleanlab import Datalab
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    model = LogisticRegression(max_iter=1000)
    probabilities = cross_val_predict(model, features, given, cv=5, method="predict_proba")
    lab = Datalab(data={"label": given}, label_name="label", task="classification", verbosity=0)
    with contextlib.redirect_stdout(io.StringIO()):
        lab.find_issues(features=features, pred_probs=probabilities)
    return 1 - lab.get_issues("label")["label_score"].to_numpy()


def run(tool: str, data: str, noise: str, rate: float, rows: int, seed: int) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    find = by_dataperf if tool == "dataperf" else by_datalab
    features, truth = mnist() if data == "mnist" else embeddings(rows)
    given = noisy(features, truth, noise, rate, seed)
    started = time.process_time()
    find(features[::10], truth[::10])  # imports and compiled code
    started = time.process_time() - started
    wall, processor = time.perf_counter(), time.process_time()
    scores = find(features, given)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(
        json.dumps(
            {
                "ap": average_precision_score(given != truth, scores),
                "auroc": roc_auc_score(given != truth, scores),
                "wall": wall,
                "processor": processor,
                "start": started,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000, help="number of rows of the embeddings")
    parser.add_argument("--data", choices=DATA, action="append")
    parser.add_argument("--noise", choices=NOISE, action="append")
    parser.add_argument("--rate", type=float, action="append")
    parser.add_argument("--tool", choices=TOOLS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="10 %% noise only")
    parser.add_argument("--here", action="store_true", help="run one line in this process")
    given = parser.parse_args()
    rates = given.rate or ([0.10] if given.quick else RATES)
    lines = itertools.product(given.data or DATA, given.noise or NOISE, rates, given.tool or TOOLS)
    if given.here:
        data, noise, rate, tool = next(lines)
        run(tool, data, noise, rate, given.rows, given.seed)
        return
    print(f"{'data':<11}{'noise':<9}{'rate':>5}  {'tool':<9}{'AP':>7}{'AUROC':>7}", end="")
    print(f"{'wall s':>9}{'CPU s':>8}{'start s':>9}{'peak MiB':>9}")
    for data, noise, rate, tool in lines:
        words = [sys.executable, __file__, "--here", "--data", data, "--noise", noise]
        words += ["--rate", str(rate), "--tool", tool, "--rows", str(given.rows)]
        done = subprocess.run(
            [*words, "--seed", str(given.seed)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(f"{data:<11}{noise:<9}{rate:5.0%}  {tool:<9}{done.stderr.strip()[-200:]}")
            continue
        one = json.loads(done.stdout.strip().splitlines()[-1])
        print(
            f"{data:<11}{noise:<9}{rate:5.0%}  {tool:<9}{one['ap']:7.3f}{one['auroc']:7.3f}"
            f"{one['wall']:9.1f}{one['processor']:8.1f}{one['start']:9.1f}{one['peak']:9}",
            flush=True,
        )


if __name__ == "__main__":
    main()
