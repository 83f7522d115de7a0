"""Results and leaderboards as text for a terminal; nothing is printed here.

It imports `boards`, `definitions` and `records`; only `authoring`, `api` and `cli` may import it.
"""

from __future__ import annotations

from dataperf.report.boards import challenge_page, leaderboard, short_table
from dataperf.report.comparison import comparison
from dataperf.report.plan import plan
from dataperf.report.points import MARKS, headroom, with_headroom
from dataperf.report.scorecard import full_scorecard, scorecard
from dataperf.report.scores import scores

__all__ = [
    "MARKS",
    "challenge_page",
    "comparison",
    "full_scorecard",
    "headroom",
    "leaderboard",
    "plan",
    "scorecard",
    "scores",
    "short_table",
    "with_headroom",
]
