"""Writing plug-ins: templates, scaffolds, and trials that check a plug-in against its contract.

It imports everything below the command line; only `api` and `cli` may import it.
"""
