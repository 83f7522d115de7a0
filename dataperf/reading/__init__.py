"""Read any source into rows: files, folders, named data sets and tables in memory.

It imports `media`, `sources`, `definitions` and everything below them; `evidence`, `curation` and `own_data` may import it.
"""
