"""Baselines that write an answer: one file a strategy.

A strategy imports `selection_helpers`, `tracks`, `statistics` and below; other code loads
strategies through the registry and may import none.
"""
