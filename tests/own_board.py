"""A small challenge of a user's own, made by the command line in a folder of plug-ins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dataperf.cli import app
from dataperf.errors import DataperfError


def run(*words, code=0):
    """Return what a command printed, or its error."""
    found = CliRunner().invoke(app.app, [str(word) for word in words])
    if isinstance(found.exception, DataperfError):
        assert code == found.exception.exit_code, found.exception
        return str(found.exception)
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


def rows(folder: Path) -> Path:
    """Write a file of 120 rows of three classes, some labels wrong."""
    random = np.random.RandomState(0)
    right = np.arange(120) % 3
    frame = pd.DataFrame(random.normal(size=(120, 4)) + 2 * np.eye(4)[right], columns=list("efgh"))
    given = np.where(random.random_sample(120) < 0.1, (right + 1) % 3, right)
    frame["y"], frame["right"] = np.array(list("abc"))[given], np.array(list("abc"))[right]
    path = folder / "rows.csv"
    frame.to_csv(path, index=False)
    return path


def make(folder: Path) -> None:
    """Make the challenge ``ants`` with two answers, ``a.json`` and ``b.json``, in a folder."""
    columns = ["--label", "y", "--true-label", "right", "--track", "selection"]
    with pytest.MonkeyPatch.context() as patch:  # the commands set it too
        patch.setenv("DATAPERF_PATH", str(folder))
        run("new", "challenge", "ants", "--from-data", rows(folder), *columns, "--plugins", folder)
        for seed, name in enumerate(("a.json", "b.json")):
            words = ["-c", "ants", "-b", "own", "-s", "random", "--seed", seed]
            run("baseline", *words, "-o", folder / name)


def write(folder: Path, place: str, text: str) -> Path:
    """Write a plug-in."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('"""Mine."""\n' + text, encoding="utf-8")
    return path
