"""Anybody's data as a challenge: split it, evaluate submissions on it, write a challenge folder.

It imports `reading`, `boards`, `evaluation` and everything below; `authoring` and `cli` may import it.
"""
