"""Features written to the cache while they are read, whatever the disk does."""

from __future__ import annotations

import numpy as np
import pytest

from dataperf.sources import scratch
from dataperf.sources.scratch import Scratch

ROWS = np.arange(12.0).reshape(6, 2)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_CACHE", str(tmp_path))
    return tmp_path


def scratch_files(folder):
    return list(folder.glob(f"tables/{scratch.SCRATCH}*"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_come_back_from_the_file(cache, dtype):
    with Scratch(2, dtype) as rows:
        rows.append(ROWS[:1])
        rows.append(ROWS[1:1])
        rows.append(ROWS[1:].astype("int64"))
    found = rows.features()
    assert found.dtype == dtype and found.tolist() == ROWS.tolist()
    assert scratch.scratch_of(found) == scratch_files(cache)[0]


def test_no_rows_at_all(cache):
    with Scratch(3, "float32") as rows:
        pass
    assert rows.features().shape == (0, 3)


@pytest.mark.parametrize("space", [0, 1, 3])
def test_a_disk_that_fills_up_loses_nothing(cache, monkeypatch, space):
    """The write fails after some rows, in the midst of a block."""
    write, room = scratch._write, [128 + space * 16 + 5]

    def limited(file, content):
        part = content[: max(0, room[0])]
        room[0] -= len(content)
        write(file, part)
        if len(part) < len(content):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(scratch, "_write", limited)
    room[0] -= 128
    with Scratch(2, "float64") as rows:
        for start in range(0, 6, 2):
            rows.append(ROWS[start : start + 2])
    assert rows.features().tolist() == ROWS.tolist()
    assert scratch.scratch_of(rows.features()) is None
    assert not scratch_files(cache)


def test_a_cache_that_cannot_be_written(cache, monkeypatch):
    (cache / "tables").write_text("a file where the folder should be")
    with Scratch(2, "float32") as rows:
        rows.append(ROWS)
    assert rows.features().tolist() == ROWS.tolist()


def test_a_reader_that_fails_leaves_no_file(cache):
    with pytest.raises(ValueError, match="bad"), Scratch(2, "float32") as rows:
        rows.append(ROWS)
        raise ValueError("bad")
    assert not scratch_files(cache)


def test_rows_of_another_width_are_refused(cache):
    with pytest.raises(ValueError, match="3"), Scratch(2, "float32") as rows:
        rows.append(np.zeros((1, 3)))
