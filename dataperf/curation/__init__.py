"""The audit of a data set, and its findings as page, notebook cell, terminal text and submission.

It may import everything up to the detectors; own data, authoring and commands may import it.
"""
