"""Processor time, wall-clock time and peak memory of whole processes on official data of full size.

    python benchmarks/make_inputs.py --scale full --out DIR     (once, 2 GB)
    python benchmarks/official.py DIR

Every line is a new process: first with an empty cache, then again. The phases are measured in a
separate process, in processor seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINES = {
    "speech, one en-60": ("speech-selection", "speech", ["submissions/clean/en_60_train.json"], ""),
    "vision, 3 concepts": (
        "vision-selection",
        "vision",
        ["data/train_sets/random_true"],
        "official",
    ),
    "debugging, 1 task": (
        "vision-debugging",
        "debugging",
        ["submissions/01g317-flipped_good.txt"],
        "01g317-flipped",
    ),
    "acquisition, 1 market": ("data-acquisition", "acquisition", ["submission/even"], "market-0"),
}

PHASES = """
import atexit, json, sys, time
start = time.process_time()
import dataperf.cli.app
from dataperf.definitions import submission
from dataperf.evaluation import evaluate, results, scorecard
from dataperf.sources import tables
spent = {"import": time.process_time() - start}
depth = []
def timed(module, name, phase):
    function = getattr(module, name)
    def call(*args, **options):
        clock, depth_before = time.process_time(), len(depth)
        depth.append(0.0)
        try:
            return function(*args, **options)
        finally:
            whole = time.process_time() - clock
            spent[phase] = spent.get(phase, 0.0) + whole - depth.pop()
            if depth:
                depth[-1] += whole
    setattr(module, name, call)
timed(submission, "board_data", "read data")
timed(tables, "_check_table", "check data")
timed(tables, "_write_cache", "write cache")
timed(submission, "read", "read submission")
timed(submission, "check", "check submission")
timed(evaluate, "plans_of", "plan")
timed(evaluate, "train", "train, predict")
timed(evaluate, "_task_scores", "statistics")
timed(scorecard, "board_score", "statistics")
timed(results, "keep", "keep result")
atexit.register(lambda: print("PHASES", json.dumps(spent), file=sys.stderr))
dataperf.cli.app.main()
"""


def run(words: list[str], folder: Path, cache: Path, phases: bool = False) -> tuple[float, ...]:
    """Return processor seconds, wall seconds and peak MiB of a process, and its phases."""
    code = ["-c", PHASES] if phases else ["-m", "dataperf"]
    environment = {**os.environ, "DATAPERF_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *code, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    error = process.stderr.read() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(words)}\n{error}")
    found = [line for line in error.splitlines() if line.startswith("PHASES")]
    spent = json.loads(found[0].removeprefix("PHASES")) if found else {}
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, spent


def main() -> None:
    source = Path(sys.argv[1]).resolve()
    print(f"{'':<34}{'CPU s':>8}{'wall s':>8}{'MiB':>7}")
    for name, (challenge, part, files, board) in LINES.items():
        paths = [str(source / part / file) for file in files]
        words = ["evaluate", "-c", challenge, "--data-dir", str(source / part), *paths]
        words += ["-b", board] * bool(board) + ["--rules", "official"]
        if name.startswith("speech"):
            hundred = [*words[:5], *_hundred(Path(paths[0])), "--rules", "official"]
        with tempfile.TemporaryDirectory() as temporary:
            cache = Path(temporary) / "cache"
            line(f"{name}, first", run(words, Path(temporary), cache))
            line(f"{name}, again", run(words, Path(temporary), cache))
            if name.startswith("speech"):
                line("speech, 100 in one call, each", run(hundred, Path(temporary), cache), 100)
            shutil.rmtree(cache)
            for when in ("first", "again"):
                spent = run(words, Path(temporary), cache, phases=True)[3]
                shown = ", ".join(f"{k} {v:.2f}" for k, v in spent.items() if v >= 0.005)
                print(f"    phases, {when}: {shown}")


def line(name: str, found: tuple[float, ...], share: int = 1) -> None:
    processor, wall, memory = found[:3]
    print(f"{name:<34}{processor / share:8.3f}{wall / share:8.3f}{memory:7.0f}", flush=True)


def _hundred(path: Path) -> list[str]:
    """Write a hundred submissions like one: other clips of the same words."""
    import random

    import yaml

    content = json.loads(path.read_text())
    rows = path.parents[2] / "dataperf_en_data" / "allowed_training_set.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    allowed = yaml.load(rows.read_text(), loader)
    folder = Path(tempfile.mkdtemp())
    made = []
    for number in range(100):
        draw = random.Random(number)
        targets = {
            word: draw.sample(allowed["targets"][word], len(ids))
            for word, ids in content["targets"].items()
        }
        nontargets = draw.sample(sorted(allowed["nontargets"]), len(content["nontargets"]))
        made.append(folder / f"en_60_{number}.json")
        made[-1].write_text(json.dumps({"targets": targets, "nontargets": nontargets}))
    return [str(each) for each in made]


if __name__ == "__main__":
    main()
