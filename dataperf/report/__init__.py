"""Results and leaderboards to text that people read (pure: nothing is printed here).

It imports `boards`, `definitions` and `records`; only `authoring` and `cli` may import it.
"""

from __future__ import annotations

from dataperf.report.boards import challenge_page, leaderboard, short_table
from dataperf.report.points import MARKS, headroom, with_headroom
from dataperf.report.scorecard import scorecard

__all__ = [
    "MARKS",
    "challenge_page",
    "headroom",
    "leaderboard",
    "scorecard",
    "short_table",
    "with_headroom",
]
