"""``dataperf pool``: what a participant may see of a board, as a file with the same values."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from own_board import run

import dataperf
from dataperf.api import pool_files
from dataperf.records import Pool

BOARD = "speech-selection/digits-60"


def read(path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype={"id": str})
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])


@pytest.mark.parametrize("ending", pool_files.ENDINGS)
def test_a_file_holds_what_the_pool_holds(tmp_path, ending):
    path, pool = tmp_path / f"pool{ending}", dataperf.pool(BOARD)
    text = run("pool", BOARD, "-o", path)
    assert f"wrote {path}: {len(pool):,} rows" in text
    assert f'a submission names the first row "{pool.ids[0]}"' in text
    frame = read(path)
    features = [f"feature_{number}" for number in range(pool.features.shape[1])]
    assert [*frame.columns] == [*pool.frame.columns, *features]
    assert np.array_equal(frame[features].to_numpy(), pool.features)
    for column in pool.frame.columns:
        assert frame[column].tolist() == pool.frame[column].tolist()


def test_values_are_written_as_they_are(tmp_path):
    ids = np.array(["007", "=1+1", 'a "b", c\n', "\u00e9"])
    labels = np.array([0, 1, -1, 0])
    pool = Pool(ids, np.array([[0.1], [1e-300], [1 / 3], [2.0]]), labels, ("no", "yes"), {})
    for ending in pool_files.ENDINGS:
        path = tmp_path / f"pool{ending}"
        path.write_bytes(pool_files._content(pool_files._frame(pool), ending))
        frame = read(path)
        assert frame["id"].tolist() == ids.tolist()
        assert frame["label"].isna().tolist() == [False, False, True, False]
        assert frame["feature_0"].tolist() == pool.features[:, 0].tolist()


def test_each_task_has_its_file(tmp_path):
    text = run("pool", "vision-selection/digits", "-o", tmp_path / "v.csv", "--json")
    rows = json.loads(text)
    assert [row["wrote"] for row in rows] == [
        str(tmp_path / f"v-{task}.csv") for task in dataperf.pool("vision-selection/digits")
    ]


def test_wrong_places_are_refused(tmp_path):
    assert "[form]" in run("pool", BOARD, "-o", tmp_path / "pool.xls", code=2)
    assert "name one of" in run("pool", "digit-cleaning", "-o", tmp_path / "p.csv", code=2)
    (tmp_path / "p.csv").write_text("mine")
    assert "--force" in run("pool", BOARD, "-o", tmp_path / "p.csv", code=2)
    assert (tmp_path / "p.csv").read_text() == "mine"
    assert "bad-target" in run("pool", BOARD, "-o", tmp_path / "p.csv" / "p.csv", code=2)
    run("pool", BOARD, "-o", tmp_path / "p.csv", "--force")
    assert (tmp_path / "p.csv").read_text().startswith("id,label,speaker,feature_0")
