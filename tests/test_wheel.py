"""The wheel alone, in an empty environment and another folder, lists and evaluates."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What an audit's page is made of.
PAGE = (".html", ".css", ".js")


def test_wheel_works_in_an_empty_environment(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        shipped = set(file.namelist())
    shown = [path for path in (ROOT / "dataperf" / "curation").rglob("*") if path.suffix in PAGE]
    assert len(shown) > 10
    assert {path.relative_to(ROOT).as_posix() for path in shown} <= shipped
    venv.create(tmp_path / "empty", with_pip=True)
    scripts = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "-q", wheel], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def dataperf(*words: str) -> str:
        run = subprocess.run(
            [scripts / "dataperf", *words],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    listed = dataperf("list")
    for name in ("speech-selection", "voting_svm_lr_v1", "noisy_spoken_digits", "macro_f1"):
        assert name in listed
    assert "better than" in dataperf("evaluate", "--challenge", "speech-selection")
    code = "import dataperf; print(dataperf.__file__)"
    found = subprocess.run(
        [scripts / "python", "-c", code], cwd=elsewhere, env=environment, capture_output=True
    )
    assert str(tmp_path / "empty") in found.stdout.decode()
