"""Baselines that write an answer: one file a strategy."""
