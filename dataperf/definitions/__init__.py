"""From files to checked records: challenges, their data, what is frozen, and submissions.

It imports the registry, `sources` and everything below; `evaluation` and everything above may
import it.
"""
