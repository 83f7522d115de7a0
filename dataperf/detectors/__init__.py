"""Detectors: one file for each kind of finding of an audit.

A detector imports `evidence`, `statistics`, `records` and below; other code loads detectors
through the registry and may import none but for `curation`.
"""
