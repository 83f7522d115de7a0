"""Around a score: leaderboards, reference points, baselines, verification, safety models.

It imports `evaluation` and everything below; `own_data`, `report`, `authoring` and `cli` may import it.
"""
