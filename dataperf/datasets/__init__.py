"""Datasets, each with its digest, licence and card: one file per dataset.

A dataset imports `sources`, `records` and other datasets; other code loads datasets through the
registry; only datasets may import one.
"""
