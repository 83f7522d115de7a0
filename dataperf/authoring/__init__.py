"""Writing plug-ins: templates, scaffolds, and trials that hold a plug-in to its contract.

It imports everything below the command line; only `api` and `cli` may import it.
"""
