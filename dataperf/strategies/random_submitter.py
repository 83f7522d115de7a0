"""Hand in the prompts of one randomly chosen submitter."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataperf.records import Pool
from dataperf.tracks.prompts import different

tracks = ("prompts",)


def answer(pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
    """Return a submitter with enough prompts for the board.

    The first seeds take all such submitters in turn.

    Parameters
    ----------
    pool
        The fact ``prompts`` is used.
    rules
        The board's limits; ``min_prompts`` is used.
    seed
        Position in a shuffled list of submitters.

    Returns
    -------
    dict
        ``{"submitter": name}``.
    """
    prompts = pool.facts["prompts"]
    names = list(dict.fromkeys(prompt["submitter"] for prompt in prompts))
    enough = [name for name in names if len(different(prompts, name)) >= rules.min_prompts] or names
    order = np.random.RandomState(0).permutation(len(enough))
    return {"submitter": enough[order[seed % len(enough)]]}
