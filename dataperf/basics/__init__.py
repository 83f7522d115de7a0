"""Files, JSON, validation, wording, progress: code that knows none of our nouns.

It imports only `errors`, `records` and other modules of this folder; every other folder may import it.
"""
