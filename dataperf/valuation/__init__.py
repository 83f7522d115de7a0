"""Data values of rows: exact KNN-Shapley values, sampled values and influence.

It imports `basics`, `records`, `statistics` and the registry; `detectors`, `strategies` and `curation` may import it.
"""
