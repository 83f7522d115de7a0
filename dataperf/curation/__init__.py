"""The audit of a data set, and its findings as page, notebook cell, terminal text and submission.

It imports `evidence`, `valuation`, `detectors`, `reading` and everything below; `report`, `api`
and `cli` may import it.
"""
