"""What stands around a score: leaderboards, reference points, baselines, reruns, safety models.

It imports `evaluation` and everything below; `own_data`, `report`, `authoring` and `cli` may import it.
"""
