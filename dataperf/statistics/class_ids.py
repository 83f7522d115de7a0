"""Whole numbers that must lie in a range: class ids, row numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_ids(ids: NDArray[Any], classes: int, what: str) -> None:
    if ids.size == 0:
        return
    if not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"{what}: whole numbers expected, not {ids.dtype}")
    if ids.min() < 0 or ids.max() >= classes:
        raise ValueError(f"{what}: {ids.min()} to {ids.max()}, expected 0 to {classes - 1}")
