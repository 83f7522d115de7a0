"""Sources of real data, each with its digest, licence and card: one file a dataset.

A dataset imports `sources`, `records` and other datasets; other code loads datasets through the
registry and may import none.
"""
