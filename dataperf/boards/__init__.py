"""What stands around a score: leaderboards, reference points, baselines, reruns, safety models.

It imports `evaluation` and everything below; `report`, `authoring`, `api` and `cli` may import it.
"""
