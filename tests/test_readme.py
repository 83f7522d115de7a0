"""Every command of the README's sessions runs, and prints what the README says it prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def sessions() -> list[tuple[str, list[str]]]:
    """Return each command with the lines that the README shows below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def masked(lines: list[str]) -> list[str]:
    """Return lines without what every run has of its own: seconds, memory, a record's name."""
    kept = [line.rstrip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return [
        re.sub(r"[0-9.,]+ (s|MiB)|[0-9a-f]{32}", "#", line)
        if line.startswith(("COST", "kept as"))
        else line
        for line in kept
    ]


def test_sessions_run_and_print_what_is_shown(tmp_path):
    assert len(sessions()) >= 6
    for command, shown in sessions():
        words = shlex.split(command)
        assert words[0] == "dataperf"
        run = subprocess.run(
            [sys.executable, "-m", "dataperf", *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "COLUMNS"},
        )
        assert run.returncode == 0, f"{command}\n{run.stdout}{run.stderr}"
        assert run.stdout.strip()
        if shown:
            assert masked(run.stdout.splitlines()) == masked(shown), command


def test_first_command_and_test_command_are_there():
    text = README.read_text(encoding="utf-8")
    assert "pip install . && dataperf evaluate --challenge speech-selection" in text
    assert "pip install -e '.[dev]' && pytest" in text
