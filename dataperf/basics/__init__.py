"""Files, JSON, validation, wording and progress: code that does not depend on the domain.

It imports only `errors`, `records` and other modules of this folder; every other folder may import it.
"""
