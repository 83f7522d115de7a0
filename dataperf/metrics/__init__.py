"""One number from truth and predictions: one file a metric.

A metric imports `statistics` and `records`; other code loads metrics through the registry and may
import none.
"""
