"""Your own data as a challenge: split it, evaluate submissions on it, write a challenge folder.

It imports `reading`, `evidence`, `evaluation` and everything below; `boards`, `authoring`, `api`
and `cli` may import it.
"""
