"""Audit a data set: find, explain, show and repair what is wrong with it.

It imports `evidence`, `valuation`, `detectors`, `reading` and everything below; `report` and
`cli` may import it.
"""
