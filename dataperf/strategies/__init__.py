"""Baseline strategies that write a submission: one file per strategy.

A strategy imports `selection_helpers`, `tracks`, `statistics` and below; other code loads
strategies through the registry; only strategies may import one.
"""
