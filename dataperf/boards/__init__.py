"""Around a score: leaderboards, reference points, baselines, verification, safety models.

It imports `evaluation` and everything below; `report`, `authoring`, `api` and `cli` may import it.
"""
