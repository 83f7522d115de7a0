"""Time of whole processes: start-up, one evaluation per board, a check of 1,000,000 ids."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 3
BOARDS = ("digits-25", "digits-60", "digits-300")
CHALLENGE = ["--challenge", "speech-selection"]


def measure(name: str, *words: str, folder: Path) -> None:
    walls, processors = [], []
    for _ in range(RUNS):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-m", "dataperf", *words], cwd=folder, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        walls.append(time.perf_counter() - start)
        processors.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    wall, processor = statistics.median(walls), statistics.median(processors)
    print(f"{name:<40} {wall:8.2f} s wall {processor:8.2f} s processor")


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measure("dataperf --help", "--help", folder=folder)
        for board in BOARDS:
            answer = ["baseline", *CHALLENGE, "-b", board, "-s", "random", "-o", f"{board}.json"]
            subprocess.run([sys.executable, "-m", "dataperf", *answer], cwd=folder, check=True)
            measure(f"evaluate {board}", "evaluate", *CHALLENGE, f"{board}.json", folder=folder)
        submission = json.loads((folder / "digits-60.json").read_text())
        submission["answer"]["samples"] = [f"one/clip_{number}" for number in range(1_000_000)]
        (folder / "million.json").write_text(json.dumps(submission))
        measure("check of 1,000,000 ids", "check", *CHALLENGE, "million.json", folder=folder)


if __name__ == "__main__":
    main()
