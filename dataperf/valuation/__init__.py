"""What a row is worth: exact KNN-Shapley, sampled values and influence.

It imports `basics`, `records`, `statistics` and the registry; `detectors`, `strategies` and `curation` may import it.
"""
