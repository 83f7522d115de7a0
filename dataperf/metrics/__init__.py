"""Metrics: one number from true and predicted classes, one file per metric.

A metric imports `statistics` and `records`; other code loads metrics through the registry; no
module may import one.
"""
